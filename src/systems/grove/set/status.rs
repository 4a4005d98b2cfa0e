//! The status of a PodCliqueSet. Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/reconcilestatus.go.

use super::Pass;
use crate::systems::grove::family::{as_clique, as_group, beside};
use crate::systems::grove::names;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::route::SETS;
use crate::timeline::{Arg, Kind, Why};
use crate::workload::World;

impl Pass<'_> {
    /// Writes the status as PodCliques and scaling groups are shown now.
    pub fn status(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let replicas = self.set().spec.replicas;
        for replica in self.replicas.clone() {
            let fares = self.replica(replica, world);
            self.grove.marks.note(self.key, replica, fares);
        }
        let (available, updated) = self.grove.marks.counts(self.key);
        self.write_status(|status| {
            (status.replicas, status.available, status.updated) = (replicas, available, updated);
        })?;
        let why = Why::with2("replicas: {} of {}", Arg::Count(available.into()), Arg::Count(replicas.into()));
        let is_available = replicas > 0 && available == replicas;
        self.grove.tell(self.key, ("Available", "NotAvailable"), is_available, why, self.by.cause, world);
        Ok(())
    }

    /// Whether a replica is available, and updated besides.
    fn replica(&self, replica: u32, world: &mut dyn World) -> (bool, bool) {
        let (mut available, mut updated) = (true, true);
        for template in self.template().standalone() {
            let name = names::clique(&self.name, replica, &template.name);
            let key = beside(self.key, Kind::PodClique, &name, world);
            let stored = self.grove.get(SETS, key).filter(|stored| !stored.is_leaving());
            let clique = stored.as_deref().and_then(as_clique);
            available &=
                clique.is_some_and(|clique| clique.status.ready >= clique.spec.min_available || self.is_idle(clique));
            updated &=
                clique.is_some_and(|clique| clique.status.updated >= clique.spec.min_available || self.is_idle(clique));
        }
        for config in &self.template().scaling_groups {
            let name = names::group(&self.name, replica, &config.name);
            let key = beside(self.key, Kind::PodCliqueScalingGroup, &name, world);
            let stored = self.grove.get(SETS, key).filter(|stored| !stored.is_leaving());
            let group = stored.as_deref().and_then(as_group);
            available &= group.is_some_and(|group| group.status.available >= group.spec.min_available);
            let generation = self.set().status.generation_hash;
            updated &= group.is_some_and(|group| generation.is_some() && group.status.set_hash == generation);
        }
        (available, available && updated)
    }

    fn is_idle(&self, clique: &crate::systems::grove::model::PodClique) -> bool {
        self.grove.profile.idle_leaves_gang && clique.spec.replicas == 0
    }
}
