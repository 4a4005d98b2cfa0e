//! The end of a reconciliation: whether the update moves, is complete or has timed out, and the status that is written.
//! Source: argo-rollouts v1.10.1, rollout/sync.go (persistRolloutStatus, calculateRolloutConditions, requeueStuckRollout)
//! and utils/conditions/conditions.go.

use super::conditions::{ConditionType, Truth, reason};
use super::pass::Pass;
use super::profile::V1_10;
use super::status::Status;
use crate::workload::rollout::{CanaryStep, RolloutStrategy};

impl Pass<'_> {
    /// Writes the next status, if it is another than the one that is there (`persistRolloutStatus`).
    pub fn persist(&mut self) {
        self.next.observed_generation = self.ro.generation;
        self.next.workload_generation = (self.ro.workload_generation > 0).then_some(self.ro.workload_generation);
        self.abort_if_overdue();
        let mut next = std::mem::take(&mut self.next);
        self.pause.write(&self.ro.status, self.now.whole_seconds(), &mut next);
        self.judge(&mut next);
        next.set_phase(&self.ro.spec);
        if next == self.ro.status {
            return self.wait_for_deadline();
        }
        self.write(next);
    }

    /// Writes a status.
    pub fn write(&mut self, status: Status) {
        self.ro.write_status(status, self.cause, self.world);
    }

    /// An update that is overdue is aborted, if the spec says so (`evaluateProgressDeadlineAbort`).
    fn abort_if_overdue(&mut self) {
        let aborts = self.ro.spec.progress_deadline_abort && !self.pause.is_aborted(&self.ro.status);
        if aborts
            && !self.next.is_completed()
            && !self.makes_progress(&self.next)
            && !self.takes_its_time()
            && self.has_timed_out(&self.ro.status)
        {
            let message = self.about_new("timed out progressing");
            self.pause.abort(message);
        }
    }

    /// `ReplicaSet "web-r2" has timed out progressing.`
    fn about_new(&self, what: &str) -> String {
        match self.new {
            Some(new) => format!("ReplicaSet {:?} has {what}.", self.set(new).name),
            None => format!("Rollout {:?} has {what}.", self.ro.name),
        }
    }

    /// Writes the conditions (`calculateRolloutConditions`).
    fn judge(&self, next: &mut Status) {
        let is_paused = !next.pauses.is_empty() || self.ro.spec.paused;
        let is_aborted = self.pause.is_aborted(&self.ro.status);
        let healthy = self.is_healthy(next);
        let mut became_unhealthy = false;
        if !is_paused && healthy {
            let message = "Rollout is healthy".to_owned();
            next.conditions.set(self.condition(ConditionType::Healthy, Truth::True, reason::HEALTHY, message));
        } else if self.ro.status.conditions.get(ConditionType::Healthy).is_some() {
            let message = "Rollout is not healthy".to_owned();
            let condition = self.condition(ConditionType::Healthy, Truth::False, reason::HEALTHY, message);
            became_unhealthy = next.conditions.set(condition);
        }
        if is_aborted {
            let mut message = format!("Rollout aborted update to revision {}", self.ro.revision);
            if !self.pause.abort_message.is_empty() {
                message = format!("{message}: {}", self.pause.abort_message);
            }
            next.conditions.set(self.condition(ConditionType::Progressing, Truth::False, reason::ABORTED, message));
        } else {
            self.judge_progress(next, healthy, became_unhealthy);
        }
        let (truth, message) = match self.has_minimum(next) {
            true => (Truth::True, "Rollout has minimum availability"),
            false => (Truth::False, "Rollout does not have minimum availability"),
        };
        let about = ConditionType::Available;
        next.conditions.set(self.condition(about, truth, reason::AVAILABLE, message.to_owned()));
        let truth = if next.is_completed() { Truth::True } else { Truth::False };
        let message = reason::COMPLETED.to_owned();
        next.conditions.set(self.condition(ConditionType::Completed, truth, reason::COMPLETED, message));
    }

    /// The condition `Progressing` of an update that is not aborted.
    fn judge_progress(&self, next: &mut Status, healthy: bool, became_unhealthy: bool) {
        let about = ConditionType::Progressing;
        if healthy {
            let name = self.new.map_or("", |new| self.set(new).name.as_str());
            let message = format!("ReplicaSet {name:?} has successfully progressed.");
            next.conditions.set(self.condition(about, Truth::True, reason::NEW_AVAILABLE, message));
        } else if self.makes_progress(next) || became_unhealthy {
            let (reason, message) = match next.is_fully_promoted() && became_unhealthy {
                true => (reason::NOT_AVAILABLE, "Rollout does not have minimum availability".to_owned()),
                false => (
                    reason::UPDATED,
                    match self.new {
                        Some(new) => format!("ReplicaSet {:?} is progressing.", self.set(new).name),
                        None => format!("Rollout {:?} is progressing.", self.ro.name),
                    },
                ),
            };
            // What moves says so anew each time: the deadline counts from there.
            let mut condition = self.condition(about, Truth::True, reason, message);
            if let Some(current) = self.ro.status.conditions.get(about) {
                if current.truth == Truth::True {
                    condition.since = current.since;
                }
                next.conditions.remove(about);
            }
            next.conditions.set(condition);
        } else if !self.takes_its_time() && self.has_timed_out(next) {
            let message = self.about_new("timed out progressing");
            next.conditions.set(self.condition(about, Truth::False, reason::TIMED_OUT, message));
        }
    }

    /// The condition `Available`.
    fn has_minimum(&self, next: &Status) -> bool {
        match self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(_) => {
                self.with_hash(&next.active).is_some_and(|active| self.is_saturated(active))
            }
            RolloutStrategy::Canary(_) => self.sum(|status| status.available) >= self.ro.spec.replicas,
        }
    }

    /// All pods are new, available and served (`RolloutHealthy`).
    fn is_healthy(&self, next: &Status) -> bool {
        let wanted = self.ro.spec.replicas;
        let completed = match &self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(strategy) => {
                let previewed = strategy.preview_service.is_none() || next.preview == next.current;
                next.active == next.current && previewed
            }
            RolloutStrategy::Canary(strategy) => {
                let steps = strategy.steps.len() as u32;
                let walked = steps == 0 || next.step.is_none_or(|step| step == steps);
                walked && next.is_completed() && next.replicas == wanted
            }
        };
        let seen = self.ro.status.observed_generation == self.ro.generation;
        next.updated == wanted && next.available == wanted && seen && completed
    }

    /// Something has moved since the last look (`RolloutProgressing`).
    fn makes_progress(&self, next: &Status) -> bool {
        let status = &self.ro.status;
        let of_strategy = match self.ro.spec.strategy {
            RolloutStrategy::BlueGreen(_) => status.active != next.active || status.preview != next.preview,
            RolloutStrategy::Canary(_) => {
                let stepped = matches!((status.step, next.step), (Some(before), Some(after)) if before != after);
                status.stable != next.stable || stepped || status.steps != next.steps
            }
        };
        let old = |status: &Status| i64::from(status.replicas) - i64::from(status.updated);
        next.updated != status.updated
            || old(next) < old(status)
            || next.ready > status.ready
            || next.available > status.available
            || of_strategy
    }

    /// It waits for something that may take any time: no deadline counts (`isIndefiniteStep`,
    /// `isWaitingForReplicaSetScaleDown`).
    fn takes_its_time(&self) -> bool {
        self.is_at_indefinite_step() || self.others.iter().any(|place| self.set(*place).deadline.is_some())
    }

    fn is_at_indefinite_step(&self) -> bool {
        let step = self.current_step().map(|(step, _)| step);
        let paused = self.ro.status.conditions.get(ConditionType::Paused);
        matches!(step, Some(CanaryStep::Analysis(_) | CanaryStep::Pause(_)))
            || paused.is_some_and(|one| one.truth == Truth::True)
    }

    /// Nothing has moved for longer than the deadline (`RolloutTimedOut`).
    fn has_timed_out(&self, status: &Status) -> bool {
        let Some(progressing) = status.conditions.get(ConditionType::Progressing) else { return false };
        match progressing.reason {
            reason::ABORTED | reason::PAUSED => false,
            reason::TIMED_OUT => true,
            _ => progressing.updated_at + self.ro.spec.progress_deadline < self.now,
        }
    }

    /// Nothing has changed: the deadline may pass without any change (`requeueStuckRollout`).
    fn wait_for_deadline(&mut self) {
        let status = &self.ro.status;
        let Some(progressing) = status.conditions.get(ConditionType::Progressing) else { return };
        let is_paused = !status.pauses.is_empty() || self.ro.spec.paused;
        let ended = self.is_healthy(status) || progressing.reason == reason::TIMED_OUT;
        if ended || is_paused || status.abort || self.is_at_indefinite_step() {
            return;
        }
        let deadline = progressing.updated_at + self.ro.spec.progress_deadline + V1_10.deadline_skew;
        if deadline > self.now {
            self.ro.enqueue(deadline);
        }
    }
}
