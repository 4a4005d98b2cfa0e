//! PodGangs: a base gang for each replica, of the PodCliques in no group and the first copies of each scaling group; and one for
//! each copy beyond these. A gang is initialized once all pods of its PodCliques are there.
//! Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/components/podgang/{podgang,syncflow}.go.

use std::collections::BTreeSet;

use super::Pass;
use crate::systems::grove::family::{Stored, as_clique, as_gang, as_group, beside};
use crate::systems::grove::model::{
    CliqueTemplate, GroupTopology, PodGang, PodGangSpec, PodGroup, Resource, ScalingGroupConfig,
};
use crate::systems::grove::names;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::route::SETS;
use crate::systems::grove::status::{Condition, ConditionKind, PodGangStatus};
use crate::systems::machinery::Meta;
use crate::timeline::{Arg, Kind, Subject, Why};
use crate::workload::World;

/// A gang as it should be.
struct Expected {
    name: String,
    replica: u32,
    spec: PodGangSpec,
}

impl Pass<'_> {
    /// Makes the gangs what they should be; asks to be called again while pods are missing.
    pub fn gangs(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let expected = self.expected_gangs(world);
        let keys: Vec<Subject> =
            expected.iter().map(|gang| beside(self.key, Kind::PodGang, &gang.name, world)).collect();
        let wanted: BTreeSet<Subject> = keys.iter().copied().collect();
        for key in self.gangs_there().into_iter().filter(|key| !wanted.contains(key)) {
            if self.grove.get(SETS, key).is_some() {
                self.grove.api.delete(key, self.by)?;
            }
        }
        let mut again = Ok(());
        for (gang, key) in expected.into_iter().zip(keys) {
            let (is_whole, replica) = (self.pods_missing(&gang.spec, world) == Some(0), gang.replica);
            self.write_gang(key, gang, world)?;
            if !is_whole {
                self.grove.marks.due(self.key, replica);
                again = Err(Stop::Requeue);
                continue;
            }
            let initialized = self.grove.get(SETS, key);
            let initialized = initialized.as_deref().and_then(as_gang);
            if !initialized.is_some_and(|gang| gang.status.conditions.holds(ConditionKind::Initialized)) {
                self.initialized(key, true, world)?;
            }
        }
        again
    }

    /// The gangs that the replicas have, as far as this pass looks at them.
    fn gangs_there(&self) -> BTreeSet<Subject> {
        let family = &self.grove.family;
        match self.looks_at_all {
            true => family.members(self.key, Kind::PodGang).collect(),
            false => {
                self.replicas.iter().flat_map(|replica| family.of_replica(self.key, *replica, Kind::PodGang)).collect()
            }
        }
    }

    fn expected_gangs(&self, world: &mut dyn World) -> Vec<Expected> {
        let mut gangs = Vec::new();
        for replica in self.replicas.iter().copied() {
            gangs.push(self.base(replica, world));
        }
        for replica in self.replicas.iter().copied() {
            for config in &self.template().scaling_groups {
                self.scaled(replica, config, &mut gangs, world);
            }
        }
        gangs
    }

    fn base(&self, replica: u32, world: &mut dyn World) -> Expected {
        let mut spec = PodGangSpec {
            topology: self.template().topology.clone(),
            priority_class: self.template().priority_class.clone(),
            ..PodGangSpec::default()
        };
        for template in self.template().standalone() {
            let name = names::clique(&self.name, replica, &template.name);
            if let Some(group) = self.pod_group(name, template, world) {
                spec.groups.push(group);
            }
        }
        for config in &self.template().scaling_groups {
            let name = names::group(&self.name, replica, &config.name);
            let mut least = config.min_available;
            if self.grove.profile.idle_leaves_gang {
                least = least.min(self.copies(&name, config, world));
            }
            for copy in 0..least {
                let groups = self.copy(&name, copy, config, world);
                if let Some(topology) = &config.topology {
                    let names = groups.iter().map(|group| group.name.clone()).collect();
                    let of =
                        GroupTopology { name: format!("{name}-{copy}"), groups: names, topology: topology.clone() };
                    spec.group_topologies.push(of);
                }
                spec.groups.extend(groups);
            }
        }
        Expected { name: names::replica(&self.name, replica), replica, spec }
    }

    fn scaled(&self, replica: u32, config: &ScalingGroupConfig, gangs: &mut Vec<Expected>, world: &mut dyn World) {
        let name = names::group(&self.name, replica, &config.name);
        for copy in config.min_available..self.copies(&name, config, world) {
            let spec = PodGangSpec {
                groups: self.copy(&name, copy, config, world),
                topology: config.topology.clone().or_else(|| self.template().topology.clone()),
                priority_class: self.template().priority_class.clone(),
                ..PodGangSpec::default()
            };
            let gang = names::gang_of_copy(&self.name, replica, &name, copy, config.min_available);
            gangs.push(Expected { name: gang, replica, spec });
        }
    }

    /// How many copies a scaling group is to have.
    fn copies(&self, name: &str, config: &ScalingGroupConfig, world: &mut dyn World) -> u32 {
        let key = beside(self.key, Kind::PodCliqueScalingGroup, name, world);
        let group = self.grove.get(SETS, key);
        group.as_deref().and_then(as_group).map_or(config.replicas, |group| group.spec.replicas)
    }

    fn copy(&self, group: &str, copy: u32, config: &ScalingGroupConfig, world: &mut dyn World) -> Vec<PodGroup> {
        let templates = config.cliques.iter().filter_map(|name| self.template().clique(name));
        templates
            .filter_map(|template| self.pod_group(names::clique(group, copy, &template.name), template, world))
            .collect()
    }

    /// The part of a gang that is one PodClique; none for one that is idle, where that is known.
    fn pod_group(&self, name: String, template: &CliqueTemplate, world: &mut dyn World) -> Option<PodGroup> {
        let key = beside(self.key, Kind::PodClique, &name, world);
        let clique = self.grove.get(SETS, key);
        let is_idle = clique.as_deref().and_then(as_clique).is_some_and(|clique| clique.spec.replicas == 0);
        if is_idle && self.grove.profile.idle_leaves_gang {
            return None;
        }
        let pods = self.grove.pods.of(key).iter().filter(|pod| pod.seen.is_some_and(|seen| !seen.terminating));
        let mut pods: Vec<String> = pods.map(|pod| world.show(pod.key.name)).collect();
        pods.sort();
        let replicas_min = template.spec.min_available;
        Some(PodGroup { name, pods, replicas_min, topology: template.topology.clone() })
    }

    /// How many pods of a gang are still to come; `None` while a PodClique is.
    fn pods_missing(&self, spec: &PodGangSpec, world: &mut dyn World) -> Option<u32> {
        let mut missing = 0;
        for group in &spec.groups {
            let key = beside(self.key, Kind::PodClique, &group.name, world);
            let clique = self.grove.get(SETS, key)?;
            let wanted = as_clique(&clique)?.spec.replicas;
            missing += wanted.saturating_sub(group.pods.len() as u32);
        }
        Some(missing)
    }

    fn write_gang(&mut self, key: Subject, gang: Expected, world: &mut dyn World) -> Result<(), Stop> {
        let placed = self.scheduler_group(&gang.spec);
        match self.grove.get(SETS, key) {
            Some(there) => {
                let old = as_gang(&there).ok_or(Stop::Error)?;
                if old.spec != gang.spec {
                    self.grove.api.patch(key, self.by, |stored| {
                        if let Resource::PodGang(to) = &mut stored.value {
                            to.spec = gang.spec;
                        }
                    })?;
                }
                if let Some(placed) = placed {
                    self.grove.apply_group(key, placed, self.by.cause, world);
                }
            }
            None => {
                self.grove.family.of_set(key, &gang.name, self.key, gang.replica);
                let least: u32 = gang.spec.groups.iter().map(|group| group.replicas_min).sum();
                let why = Why::with("together: {} pods", Arg::Count(least.into()));
                let value = PodGang { spec: gang.spec, status: PodGangStatus::default() };
                let mut stored = Stored::new(key, Resource::PodGang(Box::new(value)));
                stored.meta =
                    Meta { labels: self.labels(gang.replica), owner: Some(self.stored.as_owner()), ..Meta::default() };
                self.grove.create(stored, why, self.by, world)?;
                if let Some(placed) = placed {
                    self.grove.apply_group(key, placed, self.by.cause, world);
                }
                self.initialized(key, false, world)?;
            }
        }
        Ok(())
    }

    /// Writes the condition `Initialized`.
    fn initialized(&mut self, key: Subject, is: bool, world: &dyn World) -> Result<(), Stop> {
        let reason = if is { "PodsCreated" } else { "PodsCreationPending" };
        let since = world.now().whole_seconds();
        self.grove.api.patch_status(key, self.by, |value| {
            let Resource::PodGang(gang) = value else { return };
            gang.status.phase = "Pending";
            gang.status.conditions.set(Condition { kind: ConditionKind::Initialized, holds: Some(is), reason, since });
        })?;
        Ok(())
    }
}
