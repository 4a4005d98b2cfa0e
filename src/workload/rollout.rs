//! Argo Rollouts: what a Rollout and an AnalysisTemplate ask for, and the digest of their statuses that the API shows.
//! Shapes follow argo-rollouts v1.10.1, pkg/apis/rollouts/v1alpha1 (types.go, analysis_types.go); a reader fills the
//! defaults in. What is done about them is in `systems/argorollouts`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{IntOrPercent, JobSpec, PodTemplate};
use crate::kernel::{Duration, Symbol, Time};
use crate::timeline::Kind;

/// What a Rollout asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RolloutSpec {
    /// How many pods.
    pub replicas: u32,
    /// What they are made from.
    pub source: TemplateSource,
    /// How long a pod must be ready to count as available.
    pub min_ready: Duration,
    /// Old ReplicaSets that are kept.
    pub revision_history: u32,
    /// True while the user has stopped it (`spec.paused`).
    pub paused: bool,
    /// How long an update may go without progress before it is reported.
    pub progress_deadline: Duration,
    /// Such an update is aborted.
    pub progress_deadline_abort: bool,
    /// Pods that are older are replaced, in whole seconds.
    pub restart_at: Option<Time>,
    /// To how many revisions back a rollback skips steps and analysis; `None`: to none.
    pub rollback_window: Option<u32>,
    /// Successful AnalysisRuns that are kept.
    pub successful_runs: u32,
    /// Other AnalysisRuns that are kept.
    pub unsuccessful_runs: u32,
    /// New pods keep away from the nodes of stable ones.
    pub anti_affinity: Option<AntiAffinity>,
    /// How a new template replaces the old.
    pub strategy: RolloutStrategy,
}

/// How much new pods keep away from stable ones (`antiAffinity`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AntiAffinity {
    /// They are on no node together.
    Required,
    /// They are on other nodes if they can, with this weight.
    Preferred(u32),
}

/// Where a Rollout has its template from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TemplateSource {
    /// Its own.
    Own(Arc<PodTemplate>),
    /// That of another workload (`workloadRef`).
    Workload {
        /// Deployment or ReplicaSet.
        kind: Kind,
        /// Its name, in the same namespace.
        name: String,
        /// What becomes of the workload's own pods.
        scale_down: ScaleDown,
    },
}

/// When a referenced workload gives up its own pods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScaleDown {
    /// It keeps them.
    Never,
    /// Once the first revision is healthy.
    OnSuccess,
    /// As the first revision's pods get ready.
    Progressively,
}

/// How a Rollout brings a new template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RolloutStrategy {
    /// All new pods beside all old ones, then one switch of a Service.
    BlueGreen(BlueGreen),
    /// Some new pods among the old ones, step by step.
    Canary(Canary),
}

/// `spec.strategy.blueGreen`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlueGreen {
    /// The Service of the pods that serve.
    pub active_service: String,
    /// The Service of the newest pods.
    pub preview_service: Option<String>,
    /// New pods before the promotion; `None`: all.
    pub preview_replicas: Option<u32>,
    /// False: a user has to promote.
    pub auto_promotion: bool,
    /// It promotes by itself so long after the pause began; zero: never, or at once if `auto_promotion`.
    pub auto_promotion_after: Duration,
    /// Pods that may be missing while they are restarted.
    pub max_unavailable: IntOrPercent,
    /// How long old pods stay after the switch, if that is said.
    pub scale_down_delay: Option<Duration>,
    /// How many old ReplicaSets may stay for that long.
    pub scale_down_revisions: Option<u32>,
    /// How long new pods stay after an abort, if that is said; zero: for ever.
    pub abort_scale_down_delay: Option<Duration>,
    /// What must succeed before the switch.
    pub pre_promotion: Option<Analysis>,
    /// What must succeed after it.
    pub post_promotion: Option<Analysis>,
}

/// `spec.strategy.canary` without a traffic router: the weight is a share of the pods.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Canary {
    /// The Service of the newest pods.
    pub canary_service: Option<String>,
    /// The Service of the stable pods.
    pub stable_service: Option<String>,
    /// The way of an update.
    pub steps: Vec<CanaryStep>,
    /// Pods above the wanted number.
    pub max_surge: IntOrPercent,
    /// Pods that may be missing.
    pub max_unavailable: IntOrPercent,
    /// What goes on in the background, and from which step on.
    pub background: Option<(Analysis, Option<u32>)>,
    /// How many of the wanted pods suffice to go on; `None`: all.
    pub progress_threshold: Option<IntOrPercent>,
}

/// One step of a canary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CanaryStep {
    /// So many hundredths of the pods are new.
    SetWeight(u32),
    /// Nothing happens for so long; `None`: until a user promotes.
    Pause(Option<Duration>),
    /// This must succeed.
    Analysis(Analysis),
}

/// The AnalysisTemplates that an analysis runs together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Analysis {
    /// Their names, each with whether it is a ClusterAnalysisTemplate.
    pub templates: Vec<(String, bool)>,
    /// Metrics whose results do not count (`dryRun`).
    pub dry_run: Vec<String>,
}

/// What an AnalysisTemplate or ClusterAnalysisTemplate asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnalysisTemplateSpec {
    /// What is measured.
    pub metrics: Vec<AnalysisMetric>,
    /// Metrics whose results do not count.
    pub dry_run: Vec<String>,
    /// Templates that belong to it.
    pub templates: Vec<(String, bool)>,
}

/// Something that is measured again and again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnalysisMetric {
    /// Its name.
    pub name: String,
    /// From one measurement to the next; `None`: there is one.
    pub interval: Option<Duration>,
    /// From the start of the run to the first measurement.
    pub initial_delay: Duration,
    /// How many measurements; `None`: one, or without end if there is an interval.
    pub count: Option<u32>,
    /// How many may fail; `None`: it does not matter how many.
    pub failure_limit: Option<u32>,
    /// How many may be inconclusive.
    pub inconclusive_limit: u32,
    /// How many errors in a row are put up with.
    pub consecutive_error_limit: u32,
    /// So many successes in a row suffice; zero: they do not.
    pub consecutive_success_limit: u32,
    /// What measures.
    pub provider: MetricProvider,
}

/// What measures a metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MetricProvider {
    /// A Job: it succeeds or fails.
    Job(Box<JobSpec>),
    /// Something outside the cluster (`prometheus`, `web`, …).
    Outside(&'static str),
}

impl AnalysisMetric {
    /// How many measurements there are; `None`: without end.
    pub const fn effective_count(&self) -> Option<u32> {
        match (self.count, self.interval) {
            (None | Some(0), None) => Some(1),
            (None | Some(0), Some(_)) => None,
            (count, _) => count,
        }
    }
}

/// Where a measurement, a metric or an AnalysisRun stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AnalysisPhase {
    /// It has not begun.
    Pending,
    /// It goes on.
    Running,
    /// It went well.
    Successful,
    /// It went wrong.
    Failed,
    /// It could not be measured.
    Error,
    /// It says neither.
    Inconclusive,
}

impl AnalysisPhase {
    /// The phase as the API writes it.
    pub const fn text(self) -> &'static str {
        match self {
            AnalysisPhase::Pending => "Pending",
            AnalysisPhase::Running => "Running",
            AnalysisPhase::Successful => "Successful",
            AnalysisPhase::Failed => "Failed",
            AnalysisPhase::Error => "Error",
            AnalysisPhase::Inconclusive => "Inconclusive",
        }
    }

    /// True once nothing more happens (`AnalysisPhase.Completed`).
    pub const fn is_completed(self) -> bool {
        !matches!(self, AnalysisPhase::Pending | AnalysisPhase::Running)
    }
}

/// Where a Rollout stands as a whole (`status.phase`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RolloutPhase {
    /// An update is on its way.
    Progressing,
    /// It waits for a user or for a time to pass.
    Paused,
    /// It failed, and does not go on by itself.
    Degraded,
    /// All is as it should be.
    Healthy,
}

impl RolloutPhase {
    /// The phase as the API writes it.
    pub const fn text(self) -> &'static str {
        match self {
            RolloutPhase::Progressing => "Progressing",
            RolloutPhase::Paused => "Paused",
            RolloutPhase::Degraded => "Degraded",
            RolloutPhase::Healthy => "Healthy",
        }
    }
}

/// The status of a Rollout, as far as others read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RolloutStatus {
    /// Where it stands; `None` until its controller has looked at it.
    pub phase: Option<RolloutPhase>,
    /// Why; interned.
    pub message: Symbol,
    /// Pods that are wanted: this is the spec's.
    pub desired: u32,
    /// Pods that are there.
    pub replicas: u32,
    /// Of these, pods of the newest template.
    pub updated: u32,
    /// Pods that are ready; with blue-green those of the active ReplicaSet.
    pub ready: u32,
    /// Pods that have been ready for long enough, counted likewise.
    pub available: u32,
    /// The hash of the stable ReplicaSet; interned, as the others.
    pub stable: Symbol,
    /// The hash of the newest template.
    pub current: Symbol,
    /// The hash that the active Service selects.
    pub active: Symbol,
    /// The hash that the preview Service selects.
    pub preview: Symbol,
    /// The step of a canary.
    pub step: Option<u32>,
    /// The reasons of its pauses, with a space between them; interned.
    pub paused: Symbol,
    /// True while it is aborted.
    pub abort: bool,
    /// The generation of the spec that the rest is about.
    pub observed_generation: u32,
}

/// The status of an AnalysisRun, as far as others read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnalysisRunStatus {
    /// Where it stands; `None` until its controller has looked at it.
    pub phase: Option<AnalysisPhase>,
    /// Why; interned.
    pub message: Symbol,
}

/// A change to what a Service selects: labels to set, or to take out.
pub type SelectorPatch = BTreeMap<String, Option<String>>;
