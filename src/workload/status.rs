//! What a world shows of an object: its status, small enough to copy.

use crate::kernel::{Name, Time};

/// The status of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Of a Deployment.
    Deployment(DeploymentStatus),
    /// Of a Job.
    Job(JobStatus),
    /// Of a Service.
    Service(ServiceStatus),
    /// Of a Pod.
    Pod(PodStatus),
    /// Of a pool of nodes.
    NodePool(NodePoolStatus),
    /// Of a PodDisruptionBudget.
    PodDisruptionBudget(BudgetStatus),
    /// Of a ResourceQuota.
    ResourceQuota(QuotaStatus),
    /// Of a HorizontalPodAutoscaler.
    HorizontalPodAutoscaler(AutoscalerStatus),
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
    /// Pods that are not terminating.
    pub replicas: u32,
    /// Of these, pods of the newest template.
    pub updated: u32,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that have been ready for long enough.
    pub available: u32,
    /// True once a rollout went without progress for longer than its deadline.
    pub deadline_exceeded: bool,
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
}

/// batch/v1 JobStatus, as far as it decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JobStatus {
    /// Pods that are neither finished nor terminating.
    pub active: u32,
    /// Pods that ended well.
    pub succeeded: u32,
    /// Pods that failed.
    pub failed: u32,
    /// True once enough pods succeeded.
    pub complete: bool,
    /// True once too many pods failed.
    pub gave_up: bool,
}

/// What a Service shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServiceStatus {
    /// Ready pods behind it.
    pub ready_endpoints: u32,
    /// True once it can be reached from outside.
    pub ingress_ready: bool,
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
    /// True once it was asked to go.
    pub terminating: bool,
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
