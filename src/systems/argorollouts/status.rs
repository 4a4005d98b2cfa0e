//! The status of a Rollout as its controller keeps it, and its phase.
//! Source: argo-rollouts v1.10.1, pkg/apis/rollouts/v1alpha1/types.go and utils/rollout/rolloututil.go.

use super::conditions::{ConditionType, Conditions, reason};
use crate::kernel::Time;
use crate::workload::rollout::{BlueGreen, RolloutStrategy};
use crate::workload::{AnalysisPhase, RolloutPhase, RolloutSpec};

/// Why the controller has paused a Rollout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PauseReason {
    /// An analysis says neither yes nor no.
    Inconclusive,
    /// A step of a canary.
    CanaryStep,
    /// A blue-green update that waits for its promotion.
    BlueGreen,
}

impl PauseReason {
    /// The reason as the API writes it.
    pub const fn text(self) -> &'static str {
        match self {
            PauseReason::Inconclusive => "InconclusiveAnalysisRun",
            PauseReason::CanaryStep => "CanaryPauseStep",
            PauseReason::BlueGreen => "BlueGreenPause",
        }
    }
}

/// A pause, and since when, in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// Since when.
    pub since: Time,
}

/// What a Rollout remembers of an AnalysisRun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunNote {
    /// Its name.
    pub name: String,
    /// Where it stood.
    pub phase: Option<AnalysisPhase>,
    /// Why.
    pub message: String,
}

/// `status` of a Rollout. Hashes are texts; an empty one is none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// True while it is aborted.
    pub abort: bool,
    /// Its pauses.
    pub pauses: Vec<Pause>,
    /// True from the first pause of the controller's own until the user's promotion was dealt with.
    pub controller_pause: bool,
    /// When it was aborted.
    pub aborted_at: Option<Time>,
    /// The newest template.
    pub current: String,
    /// The canary's steps that `step` counts, as a number.
    pub steps: Option<u64>,
    /// Pods.
    pub replicas: u32,
    /// Pods of the newest template.
    pub updated: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// The step that the canary is at.
    pub step: Option<u32>,
    /// The generation of the spec that the rest is about.
    pub observed_generation: u32,
    /// Its conditions.
    pub conditions: Conditions,
    /// What the preview Service selects.
    pub preview: String,
    /// What the active Service selects.
    pub active: String,
    /// True once a preview of fewer pods was promoted and may grow.
    pub checkpoint: bool,
    /// The analysis before the promotion.
    pub pre_promotion: Option<RunNote>,
    /// The analysis after it.
    pub post_promotion: Option<RunNote>,
    /// The analysis of the canary's step.
    pub step_run: Option<RunNote>,
    /// The analysis in the canary's background.
    pub background_run: Option<RunNote>,
    /// Pods as an autoscaler counts them.
    pub hpa_replicas: u32,
    /// The template that an abort goes back to.
    pub stable: String,
    /// The restart that was carried out.
    pub restarted_at: Option<Time>,
    /// True while a user's full promotion goes on.
    pub promote_full: bool,
    /// Where it stands.
    pub phase: Option<RolloutPhase>,
    /// Why.
    pub message: String,
    /// The generation of the referenced workload that the rest is about.
    pub workload_generation: Option<u32>,
}

impl Status {
    /// The pause of a reason.
    pub fn pause(&self, reason: PauseReason) -> Option<Pause> {
        self.pauses.iter().find(|pause| pause.reason == reason).copied()
    }

    /// True unless an update goes on (`IsFullyPromoted`).
    pub fn is_fully_promoted(&self) -> bool {
        self.stable == self.current
    }

    /// `RolloutCompleted`: the newest template is stable.
    pub fn is_completed(&self) -> bool {
        !self.stable.is_empty() && self.is_fully_promoted()
    }

    /// The phase that goes with the rest, and why (`CalculateRolloutPhase`).
    pub fn set_phase(&mut self, spec: &RolloutSpec) {
        let (phase, message) = self.calculate_phase(spec);
        (self.phase, self.message) = (Some(phase), message);
    }

    fn calculate_phase(&self, spec: &RolloutSpec) -> (RolloutPhase, String) {
        for one in &self.conditions.0 {
            if one.about == ConditionType::InvalidSpec {
                return (RolloutPhase::Degraded, format!("{}: {}", one.about.text(), one.message));
            }
            if one.reason == reason::ABORTED || one.reason == reason::TIMED_OUT {
                return (RolloutPhase::Degraded, format!("{}: {}", one.reason, one.message));
            }
        }
        if spec.paused {
            return (RolloutPhase::Paused, "manually paused".to_owned());
        }
        if let Some(pause) = self.pauses.first() {
            return (RolloutPhase::Paused, pause.reason.text().to_owned());
        }
        match self.what_is_missing(spec) {
            Some(missing) => (RolloutPhase::Progressing, missing.to_owned()),
            None => (RolloutPhase::Healthy, String::new()),
        }
    }

    fn what_is_missing(&self, spec: &RolloutSpec) -> Option<&'static str> {
        if spec.restart_at.is_some() && spec.restart_at != self.restarted_at {
            return Some("rollout is restarting");
        }
        if self.updated < spec.replicas {
            return Some("more replicas need to be updated");
        }
        if self.available < self.updated {
            return Some("updated replicas are still becoming available");
        }
        let promoted = !self.stable.is_empty() && self.is_fully_promoted();
        match &spec.strategy {
            RolloutStrategy::BlueGreen(_) if self.active.is_empty() || self.active != self.current => {
                Some("active service cutover pending")
            }
            RolloutStrategy::BlueGreen(one) if !promoted && self.waits_for_analysis(one) => {
                Some("waiting for analysis to complete")
            }
            RolloutStrategy::BlueGreen(_) if !promoted => Some("waiting for post-promotion verification to complete"),
            RolloutStrategy::Canary(_) if self.replicas > self.updated => Some("old replicas are pending termination"),
            RolloutStrategy::Canary(_) if !promoted => Some("waiting for all steps to complete"),
            _ => None,
        }
    }

    fn waits_for_analysis(&self, strategy: &BlueGreen) -> bool {
        let ended = |note: &RunNote| note.phase.is_some_and(AnalysisPhase::is_completed);
        strategy.post_promotion.is_some() && !self.post_promotion.as_ref().is_some_and(ended)
    }
}
