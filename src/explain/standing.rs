//! Whether a subject that became something is well, is still on its way, has gone wrong, or is gone. Read from the word
//! alone, so that a kind that is added later is judged by the words that it shares with others.

use crate::timeline::Kind;

/// How a subject stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is what it is to be.
    Well,
    /// It is on its way there.
    Waiting,
    /// Something is wrong with it.
    Wrong,
    /// It was taken away, or is being.
    Gone,
    /// It says nothing by itself; its parts do.
    Silent,
}

/// How a subject of this kind stands that became this.
pub fn standing(kind: Kind, became: &str) -> Standing {
    match became {
        "Deleted" | "deleted" | "deleting" | "Terminating" | "Removed" | "Reclaimed" | "Expired" | "undeployed"
        | "undeploying" | "Drained" | "ShuttingDown" => Standing::Gone,
        "Failed"
        | "failed"
        | "Rejected"
        | "rejected"
        | "degraded"
        | "ProgressDeadlineExceeded"
        | "FailedCreate"
        | "ReplicaFailure"
        | "FailureTarget"
        | "FailedBinding"
        | "ProvisioningFailed"
        | "Lost"
        | "NotReady"
        | "Silent"
        | "Down"
        | "Error"
        | "CrashLoopBackOff"
        | "ImagePullBackOff"
        | "Unschedulable"
        | "FailedMount"
        | "CreateContainerConfigError"
        | "FailedAttachVolume"
        | "DrainFailed"
        | "GpuLost"
        | "NoEndpoints"
        | "MinAvailableBreached"
        | "Stale"
        | "Evicted"
        | "MissedSchedule" => Standing::Wrong,
        // A gang is what it is to be once its pods have nodes.
        "Scheduled" if matches!(kind, Kind::PodGang | Kind::PodGroup) => Standing::Well,
        "Ready" | "Serving" | "Registered" | "Succeeded" | "Complete" | "Available" | "Bound" | "monitoring"
        | "completed" | "ready" | "complete" | "SuccessCriteriaMet" | "successful" | "deployed" | "UpdateCompleted" => {
            Standing::Well
        }
        // A pod whose eviction was refused goes on as before, and so does a cordoned node.
        "EvictionRefused" => Standing::Well,
        _ if is_silent(kind) => Standing::Silent,
        _ => Standing::Waiting,
    }
}

/// Kinds of which nothing is to become: only what goes wrong with them counts.
const fn is_silent(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ReplicaSet
            | Kind::CronJob
            | Kind::Service
            | Kind::PodDisruptionBudget
            | Kind::PriorityClass
            | Kind::ResourceQuota
            | Kind::HorizontalPodAutoscaler
            | Kind::ConfigMap
            | Kind::Secret
            | Kind::Namespace
            | Kind::PersistentVolume
            | Kind::StorageClass
            | Kind::Adapter
            | Kind::PodGang
            | Kind::Node
            | Kind::Fault
            | Kind::Action
            | Kind::Scenario
    )
}

/// How far up a kind stands among those that make others: what it makes has a higher number.
pub const fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Group | Kind::Manifests | Kind::Request => 0,
        Kind::Member | Kind::Graph => 1,
        Kind::DynamoComponentDeployment | Kind::PodCliqueSet => 2,
        Kind::LeaderWorkerSet | Kind::CronJob | Kind::PodCliqueScalingGroup => 3,
        Kind::PodClique => 4,
        Kind::ReplicaSet | Kind::PodGang => 6,
        Kind::PodGroup
        | Kind::Pod
        | Kind::Service
        | Kind::PodDisruptionBudget
        | Kind::PriorityClass
        | Kind::ResourceQuota
        | Kind::HorizontalPodAutoscaler
        | Kind::ConfigMap
        | Kind::Secret
        | Kind::Namespace
        | Kind::PersistentVolumeClaim
        | Kind::StorageClass => 7,
        Kind::Node | Kind::PersistentVolume => 8,
        Kind::Fault | Kind::Action | Kind::Scenario => u8::MAX,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_how_its_subject_stands() {
        for (kind, became, expected) in [
            (Kind::Pod, "Unschedulable", Standing::Wrong),
            (Kind::Pod, "Pulling", Standing::Waiting),
            (Kind::Pod, "Ready", Standing::Well),
            (Kind::Pod, "Terminating", Standing::Gone),
            (Kind::ReplicaSet, "Scaled", Standing::Silent),
            (Kind::ReplicaSet, "FailedCreate", Standing::Wrong),
            (Kind::Deployment, "Changed", Standing::Waiting),
            (Kind::Member, "active", Standing::Waiting),
            (Kind::Group, "monitoring", Standing::Well),
        ] {
            assert_eq!(standing(kind, became), expected, "{became}");
        }
    }
}
