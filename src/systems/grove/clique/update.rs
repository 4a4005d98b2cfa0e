//! Updates of a PodClique that is in no scaling group: pods that are not ready go at once, ready ones one after the other, the
//! oldest first. Source: ai-dynamo/grove, operator/internal/controller/podclique/reconcilespec.go (processUpdate) and
//! components/pod/rollingupdate.go.

use super::Pass;
use crate::systems::grove::operator::Stop;
use crate::systems::grove::pods::Pod;
use crate::systems::grove::status::CliqueUpdate;
use crate::timeline::{Kind, Why};
use crate::workload::{PodPhase, World};

impl Pass<'_> {
    /// Begins an update, or begins it again for a newer template, if it is this clique's turn.
    pub fn begin_update(&mut self, world: &mut dyn World) -> Result<(), Stop> {
        let Some(generation) = self.set.status.generation_hash else { return Ok(()) };
        let is_standalone = self.stored.meta.owner.is_some_and(|owner| owner.key.kind == Kind::PodCliqueSet);
        let its_turn = is_standalone
            && self
                .set
                .status
                .update
                .is_some_and(|update| update.ended_at.is_none() && update.current == Some(self.replica));
        if self.is_automatic() && !its_turn || !self.needs_update(generation) {
            return Ok(());
        }
        let now = world.now().whole_seconds();
        if self.is_automatic() {
            self.by.cause = self.grove.note(self.key, "UpdateStarted", Why::NONE, self.by.cause, world);
        }
        let update = CliqueUpdate {
            started_at: now,
            ended_at: (!self.is_automatic()).then_some(now),
            set_hash: generation,
            template_hash: self.expected_hash,
            current: None,
            completed: Vec::new(),
        };
        self.write_status(|status| {
            status.update = Some(update);
            status.updated = 0;
        })
    }

    /// shouldResetOrTriggerUpdate.
    fn needs_update(&self, generation: u64) -> bool {
        let status = &self.clique().status;
        match &status.update {
            None => status.set_hash.is_some_and(|follows| follows != generation),
            Some(update) => update.set_hash != generation,
        }
    }

    /// One step of an update that goes on.
    pub fn go_on_updating(&mut self, found: &[Pod], world: &mut dyn World) -> Result<(), Stop> {
        let old: Vec<&Pod> =
            found.iter().filter(|pod| pod.hash != self.expected_hash && pod.shown().is_some()).collect();
        let ready = |pod: &&Pod| pod.seen.is_some_and(|seen| seen.ready);
        let forgets_starting = self.grove.profile.forgets_starting_pods;
        for pod in old.iter().filter(|pod| !ready(pod)) {
            let pending = pod.seen.is_some_and(|seen| seen.phase == PodPhase::Pending);
            if pending || !pod.is_starting() || !forgets_starting {
                self.dismiss(pod, world)?;
            }
        }
        let new_ready = found.iter().filter(|pod| pod.hash == self.expected_hash && ready(pod)).count();
        let update = self.clique().status.update.clone().ok_or(Stop::Error)?;
        if let Some(current) = &update.current {
            let is_there = found.iter().any(|pod| pod.shown().is_some() && world.show(pod.key.name) == *current);
            if is_there || new_ready < update.completed.len() + 1 {
                return Err(Stop::Requeue);
            }
        }
        let mut next: Vec<&&Pod> = old.iter().filter(|pod| ready(pod)).collect();
        next.sort_by_key(|pod| pod.seen.map(|seen| seen.created_at));
        let spec = &self.clique().spec;
        if let Some(next) = next.first() {
            if self.clique().status.ready < spec.min_available {
                return Err(Stop::Requeue);
            }
            let name = world.show(next.key.name);
            self.write_status(|status| {
                let Some(update) = &mut status.update else { return };
                update.completed.extend(update.current.replace(name));
            })?;
            self.dismiss(next, world)?;
            return Err(Stop::Requeue);
        }
        if self.grove.profile.update_waits_for_all && new_ready < spec.replicas as usize {
            return Err(Stop::Requeue);
        }
        self.by.cause = self.grove.note(self.key, "UpdateCompleted", Why::NONE, self.by.cause, world);
        let now = world.now().whole_seconds();
        self.write_status(|status| {
            let Some(update) = &mut status.update else { return };
            (update.ended_at, update.current) = (Some(now), None);
            update.completed.clear();
        })
    }
}
