//! The constants of Argo Rollouts, each with its source. What a document says instead is in its spec.

use crate::kernel::Duration;
use crate::workload::IntOrPercent;

/// The constants of one release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Pods of a Rollout that names no number: utils/defaults/defaults.go, `DefaultReplicas`.
    pub replicas: u32,
    /// Old ReplicaSets that are kept: the same file, `DefaultRevisionHistoryLimit`.
    pub revision_history: u32,
    /// Successful and other AnalysisRuns that are kept: the same file, `DefaultAnalysisRun…HistoryLimit`.
    pub runs_kept: u32,
    /// `maxSurge` and `maxUnavailable`: the same file; "25", which `GetValueFromIntOrPercent` takes for a percentage.
    pub quarter: IntOrPercent,
    /// Without progress for so long, an update has timed out: the same file, `DefaultProgressDeadlineSeconds`.
    pub progress_deadline: Duration,
    /// How long old pods stay after the switch: the same file, `DefaultScaleDownDelaySeconds`.
    pub scale_down_delay: Duration,
    /// How long new pods stay after an abort: the same file, `DefaultAbortScaleDownDelaySeconds`.
    pub abort_scale_down_delay: Duration,
    /// Errors in a row that a metric puts up with: the same file, `DefaultConsecutiveErrorLimit`.
    pub consecutive_errors: u32,
    /// A Rollout that is invalid is looked at again after so long: rollout/controller.go, syncHandler.
    pub invalid_retry: Duration,
    /// A reconciliation that failed is repeated after so long, once it has failed for a while: utils/queue/queue.go, the most that
    /// `DefaultArgoRolloutsRateLimiter` waits.
    pub failure_retry: Duration,
    /// The same after the first failure; each further one in a row doubles it: the same file.
    pub first_retry: Duration,
    /// All Rollouts are looked at again so often, whatever happens: controller/controller.go, `DefaultRolloutResyncPeriod`.
    pub resync: Duration,
    /// Pods that could not be restarted are tried again after so long: rollout/restart.go, `restartPodCheckTime`.
    pub restart_retry: Duration,
    /// Added to the wait for a deadline: rollout/sync.go, requeueStuckRollout.
    pub deadline_skew: Duration,
    /// A measurement in error is repeated after so long: analysis/analysis.go, `DefaultErrorRetryInterval`.
    pub error_retry: Duration,
    /// Measurements of a metric that are kept, and their Jobs: the same file, `DefaultMeasurementHistoryLimit`.
    pub measurements_kept: usize,
}

/// argo-rollouts v1.10.1.
pub const V1_10: Profile = Profile {
    replicas: 1,
    revision_history: 10,
    runs_kept: 5,
    quarter: IntOrPercent::Percent(25),
    progress_deadline: Duration::from_secs(600),
    scale_down_delay: Duration::from_secs(30),
    abort_scale_down_delay: Duration::from_secs(30),
    consecutive_errors: 4,
    invalid_retry: Duration::from_secs(20),
    failure_retry: Duration::from_secs(10),
    first_retry: Duration::from_millis(1),
    resync: Duration::from_secs(900),
    restart_retry: Duration::from_secs(30),
    deadline_skew: Duration::from_secs(1),
    error_retry: Duration::from_secs(10),
    measurements_kept: 10,
};
