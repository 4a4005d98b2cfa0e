//! As many copies as are wanted, and the end of copies that have been breached for too long while the group as a whole is not.
//! Source: ai-dynamo/grove, operator/internal/controller/podcliquescalinggroup/components/podclique/{sync,podclique}.go.

use std::collections::BTreeSet;

use super::{Pass, clique};
use crate::systems::grove::family::{Stored, beside};
use crate::systems::grove::model::{PodClique, Resource};
use crate::systems::grove::names;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::pledges::pledge_start;
use crate::systems::grove::set::{left, starts_after_in};
use crate::systems::grove::status::PodCliqueStatus;
use crate::systems::machinery::Meta;
use crate::timeline::{Arg, Kind, Subject, Why};
use crate::workload::World;

impl Pass<'_> {
    /// Makes copies or takes some away, and goes on with an update.
    pub fn copies(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let wanted = self.group().spec.replicas;
        let there: BTreeSet<u32> =
            self.cliques().iter().filter(|(_, stored)| !stored.is_leaving()).map(|(copy, _)| *copy).collect();
        for copy in wanted..(there.len() as u32).max(wanted) {
            self.delete_copy(copy)?;
        }
        self.create_missing(world)?;
        let (ended, waiting) = self.breached(world);
        if self.is_updating() {
            if self.is_automatic() {
                self.go_on_updating(world)?;
            }
        } else {
            let lost = (ended.len() + waiting.len()) as u32;
            if wanted.saturating_sub(lost) < self.group().spec.min_available {
                // The group as a whole is breached: that is the set's affair.
                return Ok(());
            }
            if !ended.is_empty() {
                for copy in ended {
                    let cliques = self.cliques().into_iter().filter(|(of, _)| *of == copy);
                    let cliques: Vec<Subject> = cliques.map(|(_, stored)| stored.key).collect();
                    if self.grove.is_going((self.key, copy), &cliques, world) {
                        continue;
                    }
                    self.grove.taken_down.insert((self.key, copy), world.now());
                    let why = Why::with("copy {}: minAvailable breached", Arg::Count(copy.into()));
                    self.by.cause = self.grove.note(self.key, "Terminated", why, self.by.cause, world);
                    self.delete_copy(copy)?;
                }
                return Err(Stop::Requeue);
            }
        }
        if waiting.is_empty() { Ok(()) } else { Err(Stop::Requeue) }
    }

    /// Copies with a breach that has lasted, and with one that has not yet.
    fn breached(&self, world: &dyn World) -> (Vec<u32>, Vec<u32>) {
        let (delay, health) = (self.set.spec.template.termination_delay, self.grove.profile.health);
        let (mut ended, mut waiting) = (BTreeSet::new(), BTreeSet::new());
        for (copy, stored) in self.cliques() {
            match left(&stored, &clique(&stored).status.conditions, delay, world.now(), health) {
                Some(left) if left.is_zero() => ended.insert(copy),
                Some(_) => waiting.insert(copy),
                None => false,
            };
        }
        waiting.retain(|copy| !ended.contains(copy));
        (ended.into_iter().collect(), waiting.into_iter().collect())
    }

    /// Deletes the PodCliques of one copy.
    pub fn delete_copy(&mut self, copy: u32) -> Result<(), Stop> {
        for (of, stored) in self.cliques() {
            let is_there = self.grove.api.get(stored.key).is_some_and(|stored| !stored.is_leaving());
            if of == copy && is_there {
                self.grove.api.delete(stored.key, self.by)?;
            }
        }
        Ok(())
    }

    fn create_missing(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let Some(config) = self.config().cloned() else { return Err(Stop::Error) };
        for copy in 0..self.group().spec.replicas {
            for name in &config.cliques {
                let Some(template) = self.set.spec.template.clique(name).cloned() else { return Err(Stop::Error) };
                let full = names::clique(&self.name, copy, name);
                let key = beside(self.key, Kind::PodClique, &full, world);
                let there = self.grove.get(super::GROUPS, key);
                let gang = names::gang_of_copy(&self.set_name, self.replica, &self.name, copy, config.min_available);
                let base = names::replica(&self.set_name, self.replica);
                let mut labels = template.labels.clone();
                labels.extend(self.stored.meta.labels.clone());
                labels.insert(names::GROUP.to_owned(), self.name.clone());
                labels.insert(names::GROUP_REPLICA.to_owned(), copy.to_string());
                let hash = crate::systems::grove::hash::template(&template);
                labels.insert(names::TEMPLATE_HASH.to_owned(), crate::systems::grove::hash::text(hash));
                if gang != base {
                    labels.insert(names::BASE_GANG.to_owned(), base);
                }
                labels.insert(names::GANG.to_owned(), gang);
                let scaled = (copy >= config.min_available).then_some((&config, copy));
                let mut spec = template.spec.clone();
                spec.starts_after =
                    starts_after_in(&self.set_name, self.replica, &self.set.spec.template, &template, scaled);
                if let Some(there) = there {
                    // Under OnDelete the PodClique takes the new template; its pods do as they come back.
                    let Resource::PodClique(old) = &there.value else { return Err(Stop::Error) };
                    spec.replicas = old.spec.replicas;
                    if !self.is_automatic() && (old.spec != spec || there.meta.labels != labels) {
                        self.grove.api.patch(key, self.by, |stored| {
                            stored.meta.labels = labels;
                            if let Resource::PodClique(clique) = &mut stored.value {
                                clique.spec = spec;
                            }
                        })?;
                    }
                    continue;
                }
                self.grove.family.of_group(key, &full, self.key, copy);
                pledge_start(key, &spec.starts_after, &self.set.spec.template.cliques, world);
                let why = Why::with("pods: {}", Arg::Count(spec.replicas.into()));
                let value = PodClique { spec, status: PodCliqueStatus::default() };
                let mut stored = Stored::new(key, Resource::PodClique(Box::new(value)));
                stored.meta = Meta {
                    labels,
                    annotations: template.annotations.clone(),
                    owner: Some(self.stored.as_owner()),
                    finalizers: [names::CLIQUE_FINALIZER.to_owned()].into(),
                    ..Meta::default()
                };
                self.grove.create(stored, why, self.by, world)?;
            }
        }
        Ok(())
    }
}
