//! What subjects of each kind can become: the words of their entries. An expectation that names another word could never be
//! met, or always; so words are known beforehand, and debug builds hold every entry against them.

use super::Kind;
use crate::text::diagnostic::{nearest, quote};

/// The words that the entries of a kind's subjects can have; `None`: any.
pub const fn states(kind: Kind) -> Option<&'static [&'static str]> {
    Some(match kind {
        Kind::Pod => &[
            "Pending",
            "SchedulingGated",
            "Unschedulable",
            "Nominated",
            "Scheduled",
            "FailedMount",
            "FailedPrepareDynamicResources",
            "CreateContainerConfigError",
            "WaitsForVolume",
            "FailedAttachVolume",
            "WaitsForVolume",
            "Initializing",
            "Pulling",
            "ImagePullBackOff",
            "ErrImageNeverPull",
            "Running",
            "Serving",
            "Ready",
            "NotReady",
            "Registered",
            "Unregistered",
            "Unserved",
            "Ungated",
            "Killing",
            "Error",
            "CrashLoopBackOff",
            "Restarted",
            "EvictionRefused",
            "Terminating",
            "Succeeded",
            "Failed",
            "Rejected",
            "Deleted",
        ],
        Kind::LeaderWorkerSet => &[
            "Created",
            "Changed",
            "FailedCreate",
            "Progressing",
            "UpdateInProgress",
            "GroupRestarted",
            "Available",
            "Rejected",
            "Deleted",
        ],
        Kind::Rollout => &[
            "Created",
            "Changed",
            "FailedCreate",
            "Progressing",
            "Paused",
            "StepCompleted",
            "StepsSkipped",
            "Completed",
            "Healthy",
            "Degraded",
            "Restarted",
            "Rejected",
            "Deleted",
        ],
        Kind::AnalysisRun => &[
            "Created",
            "Running",
            "Measured",
            "Terminating",
            "Successful",
            "Failed",
            "Error",
            "Inconclusive",
            "Deleted",
        ],
        Kind::Deployment => &[
            "Created",
            "Changed",
            "Scaled",
            "FailedCreate",
            "ReplicaFailure",
            "ProgressDeadlineExceeded",
            "Complete",
            "Rejected",
            "Deleted",
        ],
        Kind::StatefulSet | Kind::DaemonSet => &[
            "Created",
            "Changed",
            "Scaled",
            "FailedCreate",
            "ProgressDeadlineExceeded",
            "Complete",
            "Rejected",
            "Deleted",
        ],
        Kind::ReplicaSet => &["Created", "Changed", "Scaled", "FailedCreate", "Complete", "Rejected", "Deleted"],
        Kind::Job => &[
            "Created",
            "Changed",
            "Suspended",
            "Resumed",
            "FailedCreate",
            "SuccessCriteriaMet",
            "FailureTarget",
            "Complete",
            "Failed",
            "Rejected",
            "Expired",
            "Deleted",
        ],
        Kind::CronJob => &[
            "Created",
            "Changed",
            "Scheduled",
            "MissedSchedule",
            "FailedCreate",
            "Skipped",
            "Suspended",
            "Resumed",
            "Rejected",
            "Deleted",
        ],
        Kind::Service => &["Created", "Changed", "Ready", "NoEndpoints", "Rejected", "Deleted"],
        Kind::PodDisruptionBudget => {
            &["Created", "Changed", "SufficientPods", "InsufficientPods", "SyncFailed", "Rejected", "Deleted"]
        }
        Kind::HorizontalPodAutoscaler => &[
            "Created",
            "Changed",
            "Rescaled",
            "ScalingActive",
            "ScalingLimited",
            "ScalingInactive",
            "ScalingDisabled",
            "FailedGetScale",
            "FailedUpdateScale",
            "Rejected",
            "Deleted",
        ],
        Kind::PersistentVolumeClaim => &[
            "Created",
            "Changed",
            "Pending",
            "FailedBinding",
            "Provisioning",
            "ProvisioningFailed",
            "Bound",
            "Lost",
            "Terminating",
            "Rejected",
            "Deleted",
        ],
        Kind::PersistentVolume => &[
            "Created",
            "Changed",
            "Available",
            "Bound",
            "Attached",
            "Detached",
            "Released",
            "Failed",
            "Rejected",
            "Deleted",
        ],
        Kind::PriorityClass
        | Kind::ResourceQuota
        | Kind::ConfigMap
        | Kind::Secret
        | Kind::StorageClass
        | Kind::AnalysisTemplate
        | Kind::ClusterAnalysisTemplate => &["Created", "Changed", "Rejected", "Deleted"],
        Kind::Namespace => &["Created", "Changed", "Rejected", "Terminating", "Deleted"],
        Kind::Node => &[
            "Changed",
            "Joined",
            "Ready",
            "NotReady",
            "Silent",
            "Down",
            "ClockWrong",
            "ClockRight",
            "Back",
            "Tainted",
            "Untainted",
            "Cordoned",
            "Uncordoned",
            "Draining",
            "DrainRefused",
            "DrainFailed",
            "Drained",
            "ShuttingDown",
            "Reclaimed",
            "Unneeded",
            "GpuLost",
            "GpuBack",
            "Labelled",
            "Reconfigured",
            "Removed",
        ],
        Kind::NodePool => {
            &["Created", "Changed", "Provisioning", "Autoscaled", "Growing", "Ready", "Failed", "Rejected", "Deleted"]
        }
        Kind::Manifests => {
            &["submitted", "progressing", "ready", "complete", "degraded", "failed", "rejected", "deleting", "deleted"]
        }
        Kind::Group => {
            &["submitted", "deploying", "monitoring", "degraded", "failed", "undeploying", "undeployed", "rejected"]
        }
        Kind::Member => &[
            "scheduled",
            "creating",
            "active",
            "monitoring",
            "completed",
            "failed",
            "undeploying",
            "undeployed",
            "rejected",
            "pending",
            "ready",
            "deploying",
            "provisioning",
            "awaiting_promotion",
            "initializing",
            "provisioned",
            "promoting",
            "finalizing",
            "draining",
            "rolling_back",
            "destroying",
            "destroyed",
            "ok",
            "error",
            "removed",
        ],
        Kind::Topology => &["Created", "Changed", "Rejected", "Deleted"],
        Kind::PodGroup | Kind::PodGang => {
            &["Created", "Changed", "Scheduled", "Unschedulable", "Stale", "Evicted", "Rejected", "Deleted"]
        }
        Kind::PodCliqueSet | Kind::PodClique | Kind::PodCliqueScalingGroup => &[
            "Created",
            "Failed",
            "Changed",
            "Scaled",
            "UpdateStarted",
            "UpdateCompleted",
            "MinAvailableBreached",
            "Available",
            "NotAvailable",
            "Terminated",
            "Rejected",
            "Deleted",
        ],
        Kind::DynamoComponentDeployment => {
            &["Created", "Changed", "Scaled", "Available", "Unavailable", "Failed", "Rejected", "Deleting", "Deleted"]
        }
        Kind::Graph => &[
            "created",
            "changed",
            "initializing",
            "pending",
            "rolling",
            "rolled",
            "restarting",
            "restarted",
            "restart_superseded",
            "successful",
            "failed",
            "rejected",
            "deleting",
            "deleted",
        ],
        Kind::Component => &["pending", "ready", "restarting", "scaled"],
        Kind::Request => &[
            "created",
            "changed",
            "pending",
            "profiling",
            "spec_change_rejected",
            "creation_failed",
            "deploying",
            "deployed",
            "ready",
            "failed",
            "deployment_deleted",
            "rejected",
            "deleting",
            "deleted",
        ],
        Kind::Adapter => &[
            "created",
            "changed",
            "asked",
            "scaled",
            "overwritten",
            "update_failed",
            "rejected",
            "deleting",
            "deleted",
        ],
        Kind::Model => &["created", "changed", "ready", "not_ready", "rejected", "deleting", "deleted"],
        Kind::Checkpoint => {
            &["created", "changed", "pending", "creating", "ready", "failed", "rejected", "deleting", "deleted"]
        }
        Kind::Controller => &["conflict", "failed", "ended", "started"],
        Kind::Definition => &["saved", "building", "built", "failed", "removed", "rejected"],
        Kind::Traffic => &["serving", "outage"],
        Kind::Gate => &["waiting", "opened", "aborted", "undeployed"],
        Kind::Route => &[
            "provisioning",
            "starting",
            "running",
            "healthy",
            "unhealthy",
            "degraded",
            "failed_to_start",
            "terminating",
            "terminated",
        ],
        Kind::ReplicaGroup => &["rolling", "scaling", "stable", "draining", "drained"],
        Kind::Instance => &[
            "created",
            "bouncing",
            "draining",
            "running",
            "done",
            "looping",
            "stopped",
            "not_deployed",
            "refused",
            "failed",
            "scheduled",
            "skipped",
            "succeeded",
            "starting",
            "registered",
            "unknown",
            "healthy",
            "degraded",
            "unreachable",
            "error",
            "removed",
        ],
        Kind::Step => &[
            "building",
            "built",
            "failed",
            "skipped",
            "start_deploy",
            "deploying",
            "deployed",
            "complete",
            "mfd_failed",
            "deploy_errored",
            "deploy_cancelled",
            "start_rollback",
            "rolling_back",
            "rolled_back",
            "abandon",
            "slos_started_failing",
            "slos_stopped_failing",
            "alertmanager_started_failing",
            "alertmanager_stopped_failing",
            "countdown",
            "countdown_cancelled",
            "warned",
            "timed_out",
            "undeployed",
            "raised",
        ],
        Kind::Revision => return None,
        Kind::Fault | Kind::Action | Kind::Scenario => return None,
    })
}

/// Why a word is no state of a kind, and what would be one; `None` if it is.
pub fn mistake(kind: Kind, word: &str) -> Option<(String, String)> {
    let known = states(kind)?;
    if known.contains(&word) {
        return None;
    }
    let near = nearest(word, known.iter().copied());
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its states are {}", known.join(", ")),
    };
    Some((format!("{} is no state of a {}", quote(word), kind.text()), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_word_is_told_with_the_nearest() {
        assert_eq!(mistake(Kind::Member, "failed"), None);
        assert_eq!(mistake(Kind::Fault, "anything"), None);
        let told = ("`faild` is no state of a deployment".to_owned(), "did you mean `failed`?".to_owned());
        assert_eq!(mistake(Kind::Member, "faild"), Some(told));
        assert!(mistake(Kind::Group, "xyz").is_some_and(|(_, help)| help.starts_with("its states are submitted")));
    }
}
