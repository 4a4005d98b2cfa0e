//! What belongs to whom, for whoever made a PodCliqueSet and looks after it: its sets, and the pods below them.

use std::sync::Arc;

use super::Grove;
use super::family::{self, Stored, as_group, as_set};
use super::names;
use super::operator::Stop;
use crate::systems::machinery::Writer;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{Ask, World};

impl Grove {
    /// The PodCliqueSets that an object owns.
    pub fn sets_of(&self, owner: Subject) -> Vec<Subject> {
        self.api.owned(Kind::PodCliqueSet, owner).map(|set| set.key).collect()
    }

    /// The PodCliqueSets that nobody owns, and nobody has asked to go: those of documents.
    pub fn sets_of_nobody(&self) -> Vec<Subject> {
        let sets = self.api.list(Kind::PodCliqueSet).filter(|set| set.meta.owner.is_none() && !set.is_leaving());
        sets.map(|set| set.key).collect()
    }

    /// The PodCliques of the sets that an object owns, those of scaling groups too, in the order of their keys.
    pub fn cliques_made_for(&self, owner: Subject) -> Vec<&Arc<Stored>> {
        let sets = self.api.owned(Kind::PodCliqueSet, owner);
        let mut found: Vec<&Arc<Stored>> = sets
            .flat_map(|set| {
                let groups = self.api.owned(Kind::PodCliqueScalingGroup, set.key);
                let of_groups = groups.flat_map(|group| self.api.owned(Kind::PodClique, group.key));
                self.api.owned(Kind::PodClique, set.key).chain(of_groups)
            })
            .collect();
        found.sort_unstable_by_key(|clique| clique.key);
        found
    }

    /// What stands above all owners of an object of Grove's: whoever made the set. `None` if nobody did.
    pub fn maker_of(&self, key: Subject) -> Option<Subject> {
        let mut above = self.api.get(key)?.meta.owner?.key;
        while let Some(stored) = self.api.get(above) {
            above = stored.meta.owner?.key;
        }
        Some(above)
    }

    /// Whoever made the set that a pod belongs to.
    pub fn maker_of_pod(&self, pod: Subject) -> Option<Subject> {
        self.maker_of(self.pods.owner(pod)?)
    }

    /// The pods of a PodClique that were asked for and have not gone.
    pub fn pods_of(&self, clique: Subject) -> impl Iterator<Item = Subject> + '_ {
        self.pods.of(clique).iter().map(|pod| pod.key)
    }

    /// True for a PodClique of a replica, and of a copy, that its set and scaling group want.
    pub(super) fn is_asked_for(&self, clique: Subject) -> bool {
        let there = |key: Subject| self.api.get(key).filter(|stored| !stored.is_leaving());
        let of_set = self.family.set_of(clique).is_some_and(|(set, replica)| {
            there(set).and_then(|stored| as_set(stored)).is_some_and(|set| replica < set.spec.replicas)
        });
        let of_group = self.family.group_of(clique).is_none_or(|(group, copy)| {
            there(group).and_then(|stored| as_group(stored)).is_some_and(|group| copy < group.spec.replicas)
        });
        of_set && of_group
    }

    /// A set or a scaling group that is to go. What it owns goes after it, which is the garbage collector's to see to, or before it
    /// (operator/internal/controller/{podcliqueset,podcliquescalinggroup}/reconciledelete.go).
    pub(super) fn leave(&mut self, key: Subject, by: Writer, world: &mut dyn World) -> Result<(), Stop> {
        if self.profile.owners_wait {
            let owned: Vec<Arc<Stored>> =
                Grove::KINDS.iter().flat_map(|kind| self.api.owned(*kind, key)).map(Arc::clone).collect();
            for one in owned.iter().filter(|one| !one.is_leaving()) {
                self.api.delete(one.key, by)?;
            }
            self.drop_services(key, by.cause, world);
            if owned.iter().any(|one| self.api.get(one.key).is_some()) {
                return Err(Stop::Requeue);
            }
        }
        self.api.patch(key, by, |stored| stored.meta.finalizers.clear())?;
        Ok(())
    }

    /// The headless Services of a set that has gone go with it: it owns them (components/service/service.go).
    pub(super) fn drop_services(&mut self, set: Subject, cause: Cause, world: &mut dyn World) {
        let name = world.show(set.name);
        let Some(count) = self.services.remove(&set) else { return };
        for replica in 0..count {
            let key = family::beside(set, Kind::Service, &names::replica(&name, replica), world);
            self.ask_other(Ask::Delete { key, serves: set }, cause, world);
        }
    }
}
