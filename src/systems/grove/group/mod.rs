//! The controller of PodCliqueScalingGroups: so many copies of some cliques, updates copy by copy; and the status.
//! Source: ai-dynamo/grove, operator/internal/controller/podcliquescalinggroup/.

mod copies;
mod status;
mod update;

use super::family::{Stored, as_clique, as_group, as_set};
use super::model::{PodClique, PodCliqueScalingGroup, PodCliqueSet, Resource, ScalingGroupConfig, UpdateStrategy};
use super::operator::{Grove, Stop};
use super::route::GROUPS;
use super::status::PodCliqueScalingGroupStatus;
use crate::systems::machinery::{Item, Writer};
use crate::timeline::Subject;
use crate::workload::World;

/// One pass over one PodCliqueScalingGroup.
pub(super) struct Pass<'p> {
    pub grove: &'p mut Grove,
    pub key: Subject,
    pub by: Writer,
    /// The group, with the status as this pass has written it.
    pub stored: Stored,
    /// Its name.
    pub name: String,
    /// Its set.
    pub set: PodCliqueSet,
    /// The set's name.
    pub set_name: String,
    /// The replica of the set that it is of.
    pub replica: u32,
}

/// Reconciles one PodCliqueScalingGroup.
pub(super) fn reconcile(grove: &mut Grove, item: Item, world: &mut dyn World) -> Result<(), Stop> {
    let Some(stored) = grove.get(GROUPS, item.key) else { return Ok(()) };
    let by = grove.writer(item, world);
    if stored.is_leaving() {
        return grove.leave(item.key, by, world);
    }
    let (set_key, replica) = grove.family.set_of(item.key).ok_or(Stop::Error)?;
    let set = grove.get(GROUPS, set_key).ok_or(Stop::Error)?;
    let set = as_set(&set).cloned().ok_or(Stop::Error)?;
    let (name, set_name) = (world.show(item.key.name), world.show(set_key.name));
    let stored = Stored::clone(&stored);
    let mut pass = Pass { grove, key: item.key, by, stored, name, set, set_name, replica };
    let spec = pass.spec(world);
    pass.status(world)?;
    spec
}

impl Pass<'_> {
    pub fn group(&self) -> &PodCliqueScalingGroup {
        as_group(&self.stored).expect("a pass is over a PodCliqueScalingGroup")
    }

    /// What the set's template says of it.
    pub fn config(&self) -> Option<&ScalingGroupConfig> {
        let groups = &self.set.spec.template.scaling_groups;
        groups.iter().find(|group| super::names::group(&self.set_name, self.replica, &group.name) == self.name)
    }

    /// Changes the status in this pass and in the API.
    pub fn write_status(&mut self, change: impl FnOnce(&mut PodCliqueScalingGroupStatus)) -> Result<(), Stop> {
        let Resource::PodCliqueScalingGroup(group) = &mut self.stored.value else { return Err(Stop::Error) };
        change(&mut group.status);
        let status = group.status.clone();
        self.grove.api.patch_status(self.key, self.by, |value| {
            if let Resource::PodCliqueScalingGroup(group) = value {
                group.status = status;
            }
        })?;
        Ok(())
    }

    /// True while Grove replaces copies of it.
    pub fn is_updating(&self) -> bool {
        self.group().status.update.as_ref().is_some_and(|update| update.ended_at.is_none())
    }

    pub fn is_automatic(&self) -> bool {
        self.set.spec.strategy == UpdateStrategy::RollingRecreate
    }

    /// Its PodCliques as they are shown, with their copy.
    pub fn cliques(&self) -> Vec<(u32, std::sync::Arc<Stored>)> {
        let keys = self.grove.family.cliques_of(self.key);
        let found = keys.filter_map(|key| {
            let (_, copy) = self.grove.family.group_of(key)?;
            Some((copy, self.grove.get(GROUPS, key)?))
        });
        found.collect()
    }

    fn spec(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        self.begin_update(world)?;
        self.copies(world)?;
        let generation = self.stored.meta.generation;
        if self.group().status.observed_generation != Some(generation) {
            self.write_status(|status| status.observed_generation = Some(generation))?;
        }
        Ok(())
    }
}

/// The PodClique in a stored object of that kind.
pub(super) fn clique(stored: &Stored) -> &PodClique {
    as_clique(stored).expect("the family has PodCliques alone")
}
