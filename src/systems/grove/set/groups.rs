//! The PodCliqueScalingGroups of each replica. Their size is the template's when they are made, and somebody else's from then on.
//! Source: ai-dynamo/grove, operator/internal/controller/podcliqueset/components/podcliquescalinggroup/podcliquescalinggroup.go.

use super::Pass;
use crate::systems::grove::family::{Stored, beside};
use crate::systems::grove::model::{PodCliqueScalingGroup, PodCliqueScalingGroupSpec, Resource};
use crate::systems::grove::names;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::route::SETS;
use crate::systems::grove::status::PodCliqueScalingGroupStatus;
use crate::systems::machinery::Meta;
use crate::timeline::{Arg, Kind, Subject, Why};
use crate::workload::World;

impl Pass<'_> {
    /// Makes what is missing and deletes what is too much.
    pub fn groups(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let replicas = self.set().spec.replicas;
        let configs = self.template().scaling_groups.clone();
        for replica in self.replicas.clone() {
            for config in &configs {
                let name = names::group(&self.name, replica, &config.name);
                let key = beside(self.key, Kind::PodCliqueScalingGroup, &name, world);
                if self.grove.get(SETS, key).is_some() {
                    continue;
                }
                self.grove.family.of_set(key, &name, self.key, replica);
                let spec = PodCliqueScalingGroupSpec {
                    replicas: config.replicas,
                    min_available: config.min_available,
                    cliques: config.cliques.clone(),
                };
                let why = Why::with("copies: {}", Arg::Count(spec.replicas.into()));
                let group = PodCliqueScalingGroup { spec, status: PodCliqueScalingGroupStatus::default() };
                let mut stored = Stored::new(key, Resource::PodCliqueScalingGroup(Box::new(group)));
                stored.meta = Meta {
                    labels: self.labels(replica),
                    owner: Some(self.stored.as_owner()),
                    finalizers: [names::GROUP_FINALIZER.to_owned()].into(),
                    ..Meta::default()
                };
                self.grove.create(stored, why, self.by, world)?;
            }
        }
        let groups = self.grove.family.members(self.key, Kind::PodCliqueScalingGroup);
        let excess: Vec<Subject> = groups.filter(|_| self.looks_at_all).collect();
        for key in excess {
            let is_excess = self.grove.family.set_of(key).is_some_and(|(_, replica)| replica >= replicas);
            if is_excess && self.grove.get(SETS, key).is_some_and(|stored| !stored.is_leaving()) {
                self.grove.api.delete(key, self.by)?;
            }
        }
        Ok(())
    }
}
