//! What one pass decides about pauses and aborts, until it is written into the status.
//! Source: argo-rollouts v1.10.1, rollout/pause.go.

use super::status::{Pause, PauseReason, Status};
use crate::kernel::{Duration, Time};
use crate::workload::rollout::BlueGreen;

/// What was decided.
#[derive(Clone, Debug, Default)]
pub struct PauseContext {
    add: Vec<PauseReason>,
    remove: Vec<PauseReason>,
    clear: bool,
    add_abort: bool,
    remove_abort: bool,
    /// Why it aborts.
    pub abort_message: String,
}

impl PauseContext {
    /// True once a pause was added in this pass.
    pub const fn has_added(&self) -> bool {
        !self.add.is_empty()
    }

    /// True if it is aborted, as far as is decided.
    pub const fn is_aborted(&self, status: &Status) -> bool {
        !self.remove_abort && (self.add_abort || status.abort)
    }

    /// Aborts it.
    pub fn abort(&mut self, message: String) {
        self.add_abort = true;
        self.abort_message = message;
    }

    /// Ends an abort.
    pub const fn remove_abort(&mut self) {
        self.remove_abort = true;
    }

    /// Adds a pause.
    pub fn add(&mut self, reason: PauseReason) {
        self.add.push(reason);
    }

    /// Ends a pause.
    pub fn remove(&mut self, reason: PauseReason) {
        self.remove.push(reason);
    }

    /// Ends all pauses.
    pub const fn clear(&mut self) {
        self.clear = true;
    }

    /// Writes what was decided into the next status (`CalculatePauseStatus`). `now` is in whole seconds.
    pub fn write(&self, status: &Status, now: Time, next: &mut Status) {
        if self.add_abort || (!self.remove_abort && status.abort) {
            next.abort = true;
            next.aborted_at = status.aborted_at.or(Some(now));
            return;
        }
        (next.abort, next.aborted_at) = (false, None);
        if self.clear {
            return;
        }
        let mut controller_pause = status.controller_pause;
        let kept = status.pauses.iter().filter(|pause| !self.remove.contains(&pause.reason));
        let mut pauses: Vec<Pause> = kept.copied().collect();
        for reason in &self.add {
            if status.pause(*reason).is_none() {
                pauses.push(Pause { reason: *reason, since: now });
                controller_pause = true;
            }
        }
        if !pauses.is_empty() {
            (next.pauses, next.controller_pause) = (pauses, controller_pause);
        }
    }

    /// True once a blue-green update need not wait any longer: a user has promoted it, or its time has come
    /// (`CompletedBlueGreenPause`).
    pub fn completed_blue_green(&self, status: &Status, strategy: &BlueGreen, now: Time) -> bool {
        if self.has_added() {
            return false;
        }
        if status.checkpoint {
            return true;
        }
        let pause = status.pause(PauseReason::BlueGreen);
        if strategy.auto_promotion {
            if strategy.auto_promotion_after.is_zero() {
                return true;
            }
            // A user who promotes it meanwhile ends the pause, and with it the wait: it begins anew.
            return pause.is_some_and(|pause| now >= pause.since + strategy.auto_promotion_after);
        }
        status.controller_pause && pause.is_none()
    }

    /// True once a pause of a canary is over (`CompletedCanaryPauseStep`).
    pub fn completed_canary_step(status: &Status, lasts: Option<Duration>, now: Time) -> bool {
        match (status.pause(PauseReason::CanaryStep), lasts) {
            (None, _) => status.controller_pause,
            (Some(pause), Some(lasts)) => now >= pause.since + lasts,
            (Some(_), None) => false,
        }
    }
}
