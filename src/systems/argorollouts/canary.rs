//! A canary: some new pods among the old ones, in steps. Without a traffic router the share of the pods is the share of the
//! traffic. Source: argo-rollouts v1.10.1, rollout/canary.go.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::pass::Pass;
use super::pause::PauseContext;
use super::sets::Places;
use super::status::PauseReason;
use crate::timeline::{Arg, Why};
use crate::workload::AnalysisPhase;
use crate::workload::rollout::{Canary, CanaryStep, RolloutStrategy};

impl Pass<'_> {
    /// The strategy, while it is a canary.
    pub fn canary_spec(&self) -> Option<&Canary> {
        match &self.ro.spec.strategy {
            RolloutStrategy::Canary(strategy) => Some(strategy),
            RolloutStrategy::BlueGreen(_) => None,
        }
    }

    /// The steps of a canary.
    pub fn steps(&self) -> &[CanaryStep] {
        self.canary_spec().map_or(&[], |strategy| &strategy.steps)
    }

    /// The step that it is at, and its number (`GetCurrentCanaryStep`).
    pub fn current_step(&self) -> Option<(&CanaryStep, u32)> {
        let number = self.ro.status.step.unwrap_or(0);
        self.steps().get(number as usize).map(|step| (step, number))
    }

    /// A number that is another for other steps (`ComputeStepHash`).
    fn steps_hash(&self) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(0x7374_6570, 0x6361_6e61);
        hasher.write(format!("{:?}", self.steps()).as_bytes());
        hasher.finish()
    }

    /// Another template or other steps than the status tells of (`PodTemplateOrStepsChanged`).
    fn update_changed(&self) -> bool {
        self.ro.status.steps != Some(self.steps_hash()) || self.template_changed()
    }

    /// `rolloutCanary`.
    pub fn canary(&mut self) {
        if self.update_changed() {
            return self.sync_canary();
        }
        // Pods that were just asked to go make what is counted of them wrong.
        if self.restart_pods() > 0 {
            return;
        }
        self.clean_up();
        self.switch_canary_services();
        self.reconcile_runs();
        if self.pause.has_added() || self.size_canary() || self.pause_canary() {
            return self.sync_canary();
        }
        self.sync_canary();
    }

    /// Sizes the ReplicaSets, one after the other: true if one was given another size (`reconcileCanaryReplicaSets`).
    pub fn size_canary(&mut self) -> bool {
        if self.is_halted() {
            return false;
        }
        self.remove_deadlines();
        if let Some(stable) = self.stable.filter(|stable| self.new != Some(*stable)) {
            let (_, size) = self.canary_sizes();
            if self.scale(stable, size) {
                return true;
            }
        }
        self.size_new() || self.shrink_old_canary()
    }

    /// Old ReplicaSets lose their pods, those that are not available first (`scaleDownOldReplicaSetsForCanary`).
    fn shrink_old_canary(&mut self) -> bool {
        let old: Places = self.others.iter().copied().filter(|place| self.set(*place).replicas > 0).collect();
        let mut shrunk = false;
        for place in &old {
            let available = self.available(*place);
            if available < self.set(*place).replicas {
                shrunk |= self.scale(*place, available);
            }
        }
        let wanted = self.ro.spec.replicas;
        let least = wanted - self.max_unavailable();
        let available = self.sum(|status| status.available);
        let Some(mut surplus) = available.checked_sub(least).filter(|surplus| *surplus > 0) else { return false };
        for place in self.newest_first(&old) {
            let size = self.set(place).replicas;
            if surplus == 0 || size == 0 {
                continue;
            }
            let left = size.saturating_sub(surplus);
            self.scale(place, left);
            surplus -= size - left;
            shrunk = true;
        }
        shrunk
    }

    /// A step that pauses: true while it does (`reconcileCanaryPause`).
    fn pause_canary(&mut self) -> bool {
        if self.ro.spec.paused || self.ro.status.promote_full {
            return false;
        }
        let Some((CanaryStep::Pause(lasts), _)) = self.current_step() else { return false };
        let lasts = *lasts;
        match (self.ro.status.pause(PauseReason::CanaryStep), lasts) {
            (None, _) if !self.ro.status.controller_pause => self.pause.add(PauseReason::CanaryStep),
            (Some(pause), Some(lasts)) if pause.since + lasts > self.now => self.ro.enqueue(pause.since + lasts),
            _ => {}
        }
        true
    }

    /// True once what the step wants is so (`completedCurrentCanaryStep`).
    fn step_is_completed(&self) -> bool {
        if self.ro.spec.paused {
            return false;
        }
        match self.current_step() {
            Some((CanaryStep::Pause(lasts), _)) => {
                PauseContext::completed_canary_step(&self.ro.status, *lasts, self.now)
            }
            Some((CanaryStep::SetWeight(_), _)) => self.is_at_canary_sizes(),
            Some((CanaryStep::Analysis(_), _)) => {
                self.runs.step.is_some_and(|run| self.run_phase(run) == Some(AnalysisPhase::Successful))
            }
            None => false,
        }
    }

    /// `syncRolloutStatusCanary`.
    fn sync_canary(&mut self) {
        self.count_base();
        self.next.available = self.sum(|status| status.available);
        self.next.hpa_replicas = self.sum(|status| status.replicas);
        self.next.stable.clone_from(&self.ro.status.stable);
        self.next.steps = Some(self.steps_hash());
        let steps = self.steps().len() as u32;
        let last = (steps > 0).then_some(steps);
        if self.update_changed() {
            self.reset();
            self.skip_steps(last);
            return self.persist();
        }
        let mut step = last.and(Some(self.ro.status.step.unwrap_or(0)));
        if self.ro.status.promote_full || self.is_rollback_within_window() {
            self.pause.clear();
            self.pause.remove_abort();
            step = last;
        }
        if let Some(why) = self.why_promote_canary() {
            self.promote_stable(why);
            return self.persist();
        }
        if self.pause.is_aborted(&self.ro.status) {
            self.next.step = if self.next.is_fully_promoted() { last } else { last.and(Some(0)) };
            return self.persist();
        }
        if self.step_is_completed() {
            let text = self.current_step().map_or(String::new(), |(step, _)| step.text());
            step = step.map(|step| step + 1);
            self.next.step_run = None;
            let done = Arg::Count(step.unwrap_or(0).into());
            let text = Arg::Text(self.world.intern(&text));
            let why = Why::with3("{} of {}: {}", done, Arg::Count(steps.into()), text);
            self.world.note(self.ro.key, "StepCompleted", why, self.cause);
            self.pause.remove(PauseReason::CanaryStep);
        }
        self.next.step = step;
        self.persist();
    }

    /// A rollback to the stable template, or to one within the window, takes no steps.
    fn skip_steps(&mut self, last: Option<u32>) {
        let Some(new) = self.new.filter(|_| last.is_some()) else { return };
        let why = if self.set(new).hash == self.ro.status.stable {
            "Rollback to stable ReplicaSets"
        } else if self.is_rollback_within_window() && self.set(new).replicas > 0 {
            "Rollback to active ReplicaSets within RollbackWindow"
        } else {
            return;
        };
        self.next.step = last;
        self.world.note(self.ro.key, "StepsSkipped", Why::text(why), self.cause);
    }

    /// Why the newest template becomes the stable one, if it does (`shouldFullPromote`).
    fn why_promote_canary(&self) -> Option<&'static str> {
        if self.stable.is_none() {
            return Some("Initial deploy");
        }
        let new = self.new?;
        let enough = self.available(new) >= self.ro.spec.replicas || self.is_far_enough(new, self.ro.spec.replicas);
        if self.pause.is_aborted(&self.ro.status) || !enough {
            return None;
        }
        if self.ro.status.promote_full {
            return Some("Full promotion requested");
        }
        if self.is_fast_rollback() {
            return Some(self.rollback_words());
        }
        let steps = self.steps().len();
        let walked = steps == 0 || self.ro.status.step == Some(steps as u32);
        walked.then_some("Completed all canary steps")
    }
}

impl CanaryStep {
    /// The step as events tell of it (`CanaryStepString`).
    fn text(&self) -> String {
        match self {
            CanaryStep::SetWeight(weight) => format!("setWeight: {weight}"),
            CanaryStep::Pause(None) => "pause".to_owned(),
            CanaryStep::Pause(Some(lasts)) => format!("pause: {lasts}"),
            CanaryStep::Analysis(_) => "analysis".to_owned(),
        }
    }
}
