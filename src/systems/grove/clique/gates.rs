//! When pods lose the gate that keeps them from their scheduler: those of a base gang once the PodGang names them, those of a
//! scaled gang once the base gang is placed besides.
//! Source: ai-dynamo/grove, operator/internal/controller/podclique/components/pod/syncflow.go (checkAndRemovePodSchedulingGates).

use super::{Pass, named};
use crate::systems::grove::family::{as_clique, as_gang, beside};
use crate::systems::grove::names;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::pods::Pod;
use crate::systems::grove::profile::BaseGate;
use crate::systems::grove::route::CLIQUES;
use crate::timeline::Kind;
use crate::workload::{Ask, World};

impl Pass<'_> {
    /// Takes gates off; asks to be called again while any is left.
    pub fn ungate(&mut self, found: &[Pod], world: &mut dyn World) -> Result<(), Stop> {
        let base_is_placed = self.base_is_placed(world)?;
        let own = world.show(self.key.name);
        let gang = self.stored.label(names::GANG).ok_or(Stop::Error)?.to_owned();
        let gang = beside(self.key, Kind::PodGang, &gang, world);
        let gang = self.grove.get(CLIQUES, gang);
        let groups = gang.as_deref().and_then(as_gang).map(|gang| gang.spec.groups.clone()).unwrap_or_default();
        let named = groups.into_iter().find(|group| group.name == own).map(|group| group.pods).unwrap_or_default();
        let mut left = false;
        for pod in found {
            if !pod.seen.is_some_and(|seen| seen.gated) {
                continue;
            }
            let name = world.show(pod.key.name);
            if !base_is_placed || !named.contains(&name) {
                left = true;
                continue;
            }
            self.grove.api.write_elsewhere(pod.key, false, self.by)?;
            let ask = Ask::Ungate { key: pod.key, gate: names::GATE.to_owned(), serves: self.key };
            self.grove.ask_other(ask, self.by.cause, world);
        }
        if left { Err(Stop::Requeue) } else { Ok(()) }
    }

    /// True if the base gang that this one waits for is placed, or if it waits for none.
    fn base_is_placed(&self, world: &mut dyn World) -> Result<bool, Stop> {
        let Some(base) = self.stored.label(names::BASE_GANG).map(str::to_owned) else { return Ok(true) };
        let base = beside(self.key, Kind::PodGang, &base, world);
        let base = self.grove.get(CLIQUES, base).ok_or(Stop::Error)?;
        for group in &as_gang(&base).ok_or(Stop::Error)?.spec.groups {
            let clique = named(self.key, &group.name, world);
            let clique = self.grove.get(CLIQUES, clique).ok_or(Stop::Error)?;
            let status = &as_clique(&clique).ok_or(Stop::Error)?.status;
            let pods = match self.grove.profile.base_gate {
                BaseGate::Ready => status.ready,
                BaseGate::Scheduled => status.scheduled,
            };
            if pods < group.replicas_min {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
