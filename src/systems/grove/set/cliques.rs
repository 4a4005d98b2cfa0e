//! The PodCliques that are in no scaling group: one of each for each replica.
//! Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/components/podclique/podclique.go.

use super::Pass;
use crate::systems::grove::family::{Stored, beside};
use crate::systems::grove::model::{CliqueTemplate, PodClique, Resource, ScalingGroupConfig, StartupType};
use crate::systems::grove::operator::Stop;
use crate::systems::grove::pledges::pledge_start;
use crate::systems::grove::route::SETS;
use crate::systems::grove::status::PodCliqueStatus;
use crate::systems::grove::{hash, names};
use crate::systems::machinery::Meta;
use crate::timeline::{Arg, Kind, Subject, Why};
use crate::workload::World;

impl Pass<'_> {
    /// Makes what is missing, brings what is there to its template, and deletes what is too much.
    pub fn cliques(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let replicas = self.set().spec.replicas;
        let excess: Vec<Subject> =
            self.grove.family.members(self.key, Kind::PodClique).filter(|_| self.looks_at_all).collect();
        for key in excess {
            let is_excess = self.grove.family.set_of(key).is_some_and(|(_, replica)| replica >= replicas);
            if is_excess && self.grove.get(SETS, key).is_some_and(|stored| !stored.is_leaving()) {
                self.grove.api.delete(key, self.by)?;
            }
        }
        let standalone: Vec<CliqueTemplate> = self.template().standalone().cloned().collect();
        for replica in self.replicas.clone() {
            for template in &standalone {
                self.clique(replica, template, world)?;
            }
        }
        Ok(())
    }

    fn clique(&mut self, replica: u32, template: &CliqueTemplate, world: &mut dyn World) -> Result<(), Stop> {
        let name = names::clique(&self.name, replica, &template.name);
        let key = beside(self.key, Kind::PodClique, &name, world);
        let mut labels = template.labels.clone();
        labels.extend(self.labels(replica));
        labels.insert(names::GANG.to_owned(), names::replica(&self.name, replica));
        labels.insert(names::TEMPLATE_HASH.to_owned(), hash::text(hash::template(template)));
        let mut spec = template.spec.clone();
        spec.starts_after = starts_after(self, replica, template, None);
        let there = self.grove.get(SETS, key);
        if let Some(there) = there {
            let Resource::PodClique(old) = &there.value else { return Err(Stop::Error) };
            // Whoever scales it says how many: an autoscaler's number is not taken back.
            spec.replicas = old.spec.replicas;
            if there.meta.labels == labels && old.spec == spec && there.meta.annotations == template.annotations {
                return Ok(());
            }
            let annotations = template.annotations.clone();
            self.grove.api.patch(key, self.by, |stored| {
                (stored.meta.labels, stored.meta.annotations) = (labels, annotations);
                if let Resource::PodClique(clique) = &mut stored.value {
                    clique.spec = spec;
                }
            })?;
            return Ok(());
        }
        if self.grove.profile.recovery_keeps_scale
            && let Some(size) = self.grove.sizes.get(&key)
        {
            spec.replicas = *size;
        }
        self.grove.family.of_set(key, &name, self.key, replica);
        pledge_start(key, &spec.starts_after, &self.template().cliques, world);
        let meta = Meta { labels, annotations: template.annotations.clone(), ..Meta::default() };
        create(self, key, meta, PodClique { spec, status: PodCliqueStatus::default() }, world)
    }
}

/// Creates a PodClique of the set.
fn create(
    pass: &mut Pass<'_>,
    key: Subject,
    mut meta: Meta,
    clique: PodClique,
    world: &mut dyn World,
) -> Result<(), Stop> {
    meta.owner = Some(pass.stored.as_owner());
    meta.finalizers.insert(names::CLIQUE_FINALIZER.to_owned());
    let why = Why::with("pods: {}", Arg::Count(clique.spec.replicas.into()));
    let mut stored = Stored::new(key, Resource::PodClique(Box::new(clique)));
    stored.meta = meta;
    pass.grove.create(stored, why, pass.by, world)?;
    Ok(())
}

/// The whole names of the PodCliques that a clique's pods wait for. Of a parent in a scaling group these are the copies of the
/// base gang; for a copy beyond these they are those of the same copy.
/// Source: identifyFullyQualifiedStartupDependencyNames, there and in podcliquescalinggroup/components/podclique/podclique.go.
pub(in crate::systems::grove) fn starts_after_in(
    set: &str,
    replica: u32,
    spec: &crate::systems::grove::model::PodCliqueSetTemplate,
    template: &CliqueTemplate,
    scaled: Option<(&ScalingGroupConfig, u32)>,
) -> Vec<String> {
    let parents: Vec<&str> = match spec.startup {
        StartupType::AnyOrder => Vec::new(),
        StartupType::InOrder => {
            let at = spec.cliques.iter().position(|clique| clique.name == template.name).unwrap_or(0);
            at.checked_sub(1).map(|before| spec.cliques[before].name.as_str()).into_iter().collect()
        }
        StartupType::Explicit => template.spec.starts_after.iter().map(String::as_str).collect(),
    };
    let mut found = Vec::new();
    for parent in parents {
        match (scaled, spec.group_of(parent)) {
            (Some((own, copy)), Some(group)) if own.name == group.name => {
                let group = names::group(set, replica, &group.name);
                found.push(names::clique(&group, copy, parent));
            }
            // A scaled gang waits for nothing outside of itself: the base gang is there before it.
            (Some(_), _) => {}
            (None, Some(group)) => {
                let name = names::group(set, replica, &group.name);
                found.extend((0..group.min_available).map(|copy| names::clique(&name, copy, parent)));
            }
            (None, None) => found.push(names::clique(set, replica, parent)),
        }
    }
    found
}

fn starts_after(
    pass: &Pass<'_>,
    replica: u32,
    template: &CliqueTemplate,
    scaled: Option<(&ScalingGroupConfig, u32)>,
) -> Vec<String> {
    starts_after_in(&pass.name, replica, pass.template(), template, scaled)
}
