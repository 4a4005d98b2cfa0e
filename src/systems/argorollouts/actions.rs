//! What a user does to a Rollout beyond its spec: patches of its status, as `kubectl argo rollouts` makes them.
//! Source: argo-rollouts v1.10.1, pkg/kubectl-argo-rollouts/cmd/{promote,abort,retry}.

use super::Rollout;
use super::status::Status;
use crate::timeline::Cause;
use crate::workload::rollout::RolloutStrategy;
use crate::workload::{AnalysisPhase, RolloutSpec, World};

impl Rollout {
    /// `promote`: ends a pause, or skips a canary's step; `full` skips all that is left, analyses too. A user's own pause is
    /// of the spec, and whoever has that ends it.
    pub fn promote(&mut self, full: bool, cause: Cause, world: &mut dyn World) {
        let mut status = self.status.clone();
        if full {
            status.promote_full |= status.current != status.stable;
        } else if self.step_is_inconclusive() && !status.pauses.is_empty() && status.controller_pause {
            status.pauses.clear();
            status.controller_pause = false;
            status.step = self.next_step();
        } else if !status.pauses.is_empty() {
            status.pauses.clear();
        } else if let Some(next) = self.next_step() {
            status.step = Some(next);
        }
        self.patch(status, cause, world);
    }

    /// `abort`: back to the stable pods.
    pub fn abort(&mut self, cause: Cause, world: &mut dyn World) {
        self.patch(Status { abort: true, ..self.status.clone() }, cause, world);
    }

    /// `retry rollout`: an aborted update begins again.
    pub fn retry(&mut self, cause: Cause, world: &mut dyn World) {
        self.patch(Status { abort: false, ..self.status.clone() }, cause, world);
    }

    /// What it asks for.
    pub const fn spec(&self) -> &RolloutSpec {
        &self.spec
    }

    /// The step after the one that a canary is at; the last at most.
    fn next_step(&self) -> Option<u32> {
        let RolloutStrategy::Canary(strategy) = &self.spec.strategy else { return None };
        let steps = strategy.steps.len() as u32;
        (steps > 0).then(|| (self.status.step.unwrap_or(0) + 1).min(steps))
    }

    fn step_is_inconclusive(&self) -> bool {
        let note = self.status.step_run.as_ref();
        note.is_some_and(|note| note.phase == Some(AnalysisPhase::Inconclusive))
    }

    /// The user writes the status, and the controller sees it.
    fn patch(&mut self, status: Status, cause: Cause, world: &mut dyn World) {
        if !self.deleted && status != self.status {
            self.write_status(status, cause, world);
            self.told = Some(cause);
        }
        self.plan(cause, world);
    }
}
