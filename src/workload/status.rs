//! What a world shows of an object: its status, small enough to copy.

use super::gang::PodGroupStatus;
use super::rollout::{AnalysisRunStatus, RolloutStatus};
use crate::kernel::{Name, Symbol, Time};

/// The status of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Of a Deployment.
    Deployment(DeploymentStatus),
    /// Of a ReplicaSet.
    ReplicaSet(ReplicaSetStatus),
    /// Of a StatefulSet.
    StatefulSet(StatefulSetStatus),
    /// Of a DaemonSet.
    DaemonSet(DaemonSetStatus),
    /// Of a Job.
    Job(JobStatus),
    /// Of a CronJob.
    CronJob(CronJobStatus),
    /// Of a Service.
    Service(ServiceStatus),
    /// Of a Pod.
    Pod(PodStatus),
    /// Of a pool of nodes.
    NodePool(NodePoolStatus),
    /// Of an object whose status decides nothing, as a ConfigMap or a PriorityClass: it is there.
    Present,
    /// Of a PodDisruptionBudget.
    PodDisruptionBudget(BudgetStatus),
    /// Of a ResourceQuota.
    ResourceQuota(QuotaStatus),
    /// Of a PersistentVolumeClaim.
    PersistentVolumeClaim(ClaimStatus),
    /// Of a HorizontalPodAutoscaler.
    HorizontalPodAutoscaler(AutoscalerStatus),
    /// Of a Rollout.
    Rollout(RolloutStatus),
    /// Of an AnalysisRun.
    AnalysisRun(AnalysisRunStatus),
    /// Of a LeaderWorkerSet.
    LeaderWorkerSet(GroupSetStatus),
    /// Of a group of pods that are placed together.
    PodGroup(PodGroupStatus),
}

/// apps/v1 DeploymentStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeploymentStatus {
    /// The generation of the spec that the rest is about.
    pub observed_generation: u32,
    /// The generation of the spec that is there.
    pub generation: u32,
    /// Pods that are wanted.
    pub desired: u32,
    /// Pods that its ReplicaSets want together, beyond those that are available.
    pub unavailable: u32,
    /// Pods that are not terminating.
    pub replicas: u32,
    /// Of these, pods of the newest template.
    pub updated: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// Pods that are on their way out.
    pub terminating: u32,
    /// The condition `Available`; `None` until the controller has looked at it.
    pub minimum_available: Option<bool>,
    /// The condition `Progressing`.
    pub progressing: Option<Progressing>,
    /// The condition `ReplicaFailure`, which is there while pods cannot be created.
    pub replica_failure: bool,
}

/// The condition `Progressing` of a Deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progressing {
    /// Why it is as it is.
    pub reason: ProgressReason,
    /// When it was last updated, in whole seconds as the API keeps it.
    pub updated_at: Time,
}

/// The reasons of the condition `Progressing`.
/// Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/util/deployment_util.go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProgressReason {
    /// A ReplicaSet was made.
    NewReplicaSetCreated,
    /// A ReplicaSet of this template was there already.
    FoundNewReplicaSet,
    /// A ReplicaSet came closer to its size.
    ReplicaSetUpdated,
    /// The rollout is complete.
    NewReplicaSetAvailable,
    /// The Deployment is paused.
    DeploymentPaused,
    /// It goes on.
    DeploymentResumed,
    /// No progress for longer than the deadline.
    ProgressDeadlineExceeded,
}

impl ProgressReason {
    /// The reason as Kubernetes writes it.
    pub const fn text(self) -> &'static str {
        match self {
            ProgressReason::NewReplicaSetCreated => "NewReplicaSetCreated",
            ProgressReason::FoundNewReplicaSet => "FoundNewReplicaSet",
            ProgressReason::ReplicaSetUpdated => "ReplicaSetUpdated",
            ProgressReason::NewReplicaSetAvailable => "NewReplicaSetAvailable",
            ProgressReason::DeploymentPaused => "DeploymentPaused",
            ProgressReason::DeploymentResumed => "DeploymentResumed",
            ProgressReason::ProgressDeadlineExceeded => "ProgressDeadlineExceeded",
        }
    }

    /// The status that goes with the reason.
    pub const fn status(self) -> &'static str {
        match self {
            ProgressReason::ProgressDeadlineExceeded => "False",
            ProgressReason::DeploymentPaused | ProgressReason::DeploymentResumed => "Unknown",
            _ => "True",
        }
    }
}

impl DeploymentStatus {
    /// Complete as `DeploymentComplete` has it: all wanted pods are new and available, and none is left of the old.
    /// Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/util/deployment_util.go.
    pub const fn complete(&self) -> bool {
        self.updated == self.desired
            && self.replicas == self.desired
            && self.available == self.desired
            && self.observed_generation >= self.generation
    }

    /// True once a rollout went without progress for longer than its deadline.
    pub const fn deadline_exceeded(&self) -> bool {
        matches!(self.progressing, Some(Progressing { reason: ProgressReason::ProgressDeadlineExceeded, .. }))
    }
}

/// apps/v1 ReplicaSetStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReplicaSetStatus {
    /// The generation of the spec that the rest is about.
    pub observed_generation: u32,
    /// Pods that are wanted: this is the spec's.
    pub desired: u32,
    /// Pods that are neither finished nor terminating.
    pub replicas: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// Pods that are on their way out.
    pub terminating: u32,
    /// The condition `ReplicaFailure`: the API refused to create a pod at the last try.
    pub replica_failure: bool,
}

/// apps/v1 StatefulSetStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StatefulSetStatus {
    /// The generation of the spec that the rest is about.
    pub observed_generation: u32,
    /// The generation of the spec that is there.
    pub generation: u32,
    /// Pods that are wanted.
    pub desired: u32,
    /// Pods that are there.
    pub replicas: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// Pods of the revision that the last complete update brought.
    pub current: u32,
    /// Pods of the newest template.
    pub updated: u32,
    /// The number of the revision that `current` counts.
    pub current_revision: u32,
    /// The number of the revision that `updated` counts.
    pub update_revision: u32,
}

impl StatefulSetStatus {
    /// True once all wanted pods are new and available.
    pub const fn complete(&self) -> bool {
        self.updated == self.desired
            && self.replicas == self.desired
            && self.available == self.desired
            && self.observed_generation >= self.generation
    }
}

/// leaderworkerset/v1 LeaderWorkerSetStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupSetStatus {
    /// Groups that are wanted: this is the spec's.
    pub desired: u32,
    /// True while all of them are ready and of the newest template, as its controller wrote last.
    pub available: bool,
}

/// apps/v1 DaemonSetStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DaemonSetStatus {
    /// The generation of the spec that the rest is about.
    pub observed_generation: u32,
    /// The generation of the spec that is there.
    pub generation: u32,
    /// Nodes that should have a pod.
    pub desired: u32,
    /// Of these, nodes that have one.
    pub current: u32,
    /// Nodes that have one and should not.
    pub misscheduled: u32,
    /// Nodes whose pod is ready.
    pub ready: u32,
    /// Nodes whose pod has the newest template.
    pub updated: u32,
    /// Nodes whose pod has been ready for long enough.
    pub available: u32,
}

impl DaemonSetStatus {
    /// True once every node that should have a pod has a new one that is available.
    pub const fn complete(&self) -> bool {
        self.updated == self.desired
            && self.available == self.desired
            && self.misscheduled == 0
            && self.observed_generation >= self.generation
    }
}

/// batch/v1 JobStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JobStatus {
    /// Pods that are neither finished nor terminating.
    pub active: u32,
    /// Of these, pods that are ready.
    pub ready: u32,
    /// Pods that are on their way out.
    pub terminating: u32,
    /// Pods that ended well, or indexes that have.
    pub succeeded: u32,
    /// Pods that failed.
    pub failed: u32,
    /// What ends the Job, once that is decided (`SuccessCriteriaMet`, `FailureTarget`).
    pub ending: Option<JobEnd>,
    /// True once enough pods succeeded and all have ended.
    pub complete: bool,
    /// True once it has failed and all pods have ended.
    pub gave_up: bool,
    /// The condition `Suspended`; `None` if it never was.
    pub suspended: Option<bool>,
    /// When it became active, in whole seconds.
    pub started_at: Option<Time>,
    /// When it ended, in whole seconds.
    pub completed_at: Option<Time>,
    /// Indexes that have succeeded (`0-2,5`); interned.
    pub completed_indexes: Symbol,
    /// Indexes that have failed for good; interned.
    pub failed_indexes: Symbol,
    /// True while it is there only until its pods have gone.
    pub deleting: bool,
}

/// How a Job ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct JobEnd {
    /// True if it succeeds.
    pub success: bool,
    /// Why.
    pub reason: JobReason,
}

/// The reasons for the end of a Job. Source: k8s.io/api v0.36.3, batch/v1/types.go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum JobReason {
    /// As many pods have succeeded as were wanted.
    CompletionsReached,
    /// A rule on successes is met.
    SuccessPolicy,
    /// Too many pods have failed.
    BackoffLimitExceeded,
    /// It was active for too long.
    DeadlineExceeded,
    /// A rule on failures says so.
    PodFailurePolicy,
    /// Too many indexes have failed.
    MaxFailedIndexesExceeded,
    /// An index has failed, and no other is left to try.
    FailedIndexes,
}

impl JobReason {
    /// The reason as Kubernetes writes it.
    pub const fn text(self) -> &'static str {
        match self {
            JobReason::CompletionsReached => "CompletionsReached",
            JobReason::SuccessPolicy => "SuccessPolicy",
            JobReason::BackoffLimitExceeded => "BackoffLimitExceeded",
            JobReason::DeadlineExceeded => "DeadlineExceeded",
            JobReason::PodFailurePolicy => "PodFailurePolicy",
            JobReason::MaxFailedIndexesExceeded => "MaxFailedIndexesExceeded",
            JobReason::FailedIndexes => "FailedIndexes",
        }
    }
}

/// batch/v1 CronJobStatus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CronJobStatus {
    /// Jobs that have not ended.
    pub active: u32,
    /// The last time for which a Job was made.
    pub last_schedule: Option<Time>,
    /// When a Job last succeeded.
    pub last_success: Option<Time>,
}

/// What a Service shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServiceStatus {
    /// Ready pods behind it.
    pub ready_endpoints: u32,
    /// True once it can be reached from outside.
    pub ingress_ready: bool,
    /// What it selects now, as `kubectl` shows a selector (`app=web,tier=front`); interned.
    pub selector: Symbol,
}

/// A pod's phase.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PodPhase {
    /// Not all of its containers have started.
    Pending,
    /// Bound to a node, and a container is running or about to be started again.
    Running,
    /// Every container ended well and none is started again.
    Succeeded,
    /// Every container ended, one of them in failure.
    Failed,
    /// Its node has not been heard of.
    Unknown,
}

/// v1 PodStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PodStatus {
    /// Where it is in its life.
    pub phase: PodPhase,
    /// True while it serves its services.
    pub ready: bool,
    /// True while those who send requests to it know of it; as `ready` where they go by that alone.
    pub registered: bool,
    /// True once it was asked to go.
    pub terminating: bool,
    /// True while a scheduling gate keeps it from being placed.
    pub gated: bool,
    /// True once a container of it has run, init containers aside.
    pub started: bool,
    /// The node that it is bound to.
    pub node: Option<Name>,
    /// Restarts, over all its containers.
    pub restarts: u32,
    /// Why its container waits or ended: `ImagePullBackOff`, `CrashLoopBackOff`, `Error`, … ; empty if there is no reason.
    pub reason: &'static str,
    /// Restarts because a startup probe ran out of tries.
    pub startup_failures: u32,
    /// When it was created.
    pub created_at: Time,
    /// Which of the pods that were created at that instant and had its name: another number is another pod.
    pub serial: u32,
}

/// policy/v1 PodDisruptionBudgetStatus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BudgetStatus {
    /// Pods that it protects.
    pub expected: u32,
    /// Of these, pods that are ready and not on their way out.
    pub healthy: u32,
    /// Ready pods that there must be.
    pub desired: u32,
    /// Pods that may be evicted now.
    pub allowed: u32,
    /// False while the pods cannot be counted, because their owner has no scale: nothing may be evicted then.
    pub synced: bool,
}

/// What a HorizontalPodAutoscaler shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AutoscalerStatus {
    /// Pods that its target wanted when it looked last.
    pub current: u32,
    /// Pods that it should want.
    pub desired: u32,
}

/// v1 PersistentVolumeClaimStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClaimStatus {
    /// True once it has its volume.
    pub bound: bool,
    /// True once it was deleted and waits for its pods.
    pub terminating: bool,
}

/// How far a ResourceQuota is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QuotaStatus {
    /// How many amounts it bounds.
    pub bounds: u32,
    /// How many of them are used up.
    pub full: u32,
}

/// What a pool of nodes shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodePoolStatus {
    /// Nodes that are wanted.
    pub desired: u32,
    /// Nodes that have joined and are ready.
    pub ready: u32,
    /// True once the provider said that it cannot deliver.
    pub failed: bool,
}
