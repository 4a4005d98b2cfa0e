//! What can happen inside the cluster. Events are small and hold ids only; what they mean is decided where they are handled.

use super::{
    AutoscalerId, BudgetId, ClaimId, ContainerId, CronJobId, DaemonSetId, DeploymentId, JobId, NodeId, PodId, PodSetId,
    PoolId, QuotaId, ReplicaSetId, StatefulSetId, VolumeId,
};
use crate::kernel::Symbol;
use crate::workload::{BatchScheduler, Process};

/// An event of the simulation. `run` tells which start of a container an event belongs to: later ones make it stale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A timer of the rehearsal.
    Rehearsal(u32),
    /// Something that a controller of a system is to be told.
    Parcel(u32),
    /// Several things changed that only an observer at the end of the instant cares about.
    Deployment(DeploymentId),
    /// A write of a built-in controller reaches the API.
    Draft(u32),
    /// A process of Kubernetes' own controllers is there again.
    ProcessStart(Process),
    /// A clock that was wrong is set right.
    ClockRight(u32),
    /// The monitor finds that a node whose clock was set back renews nothing.
    LeaseStale(u32),
    /// A kubelet whose node was found silent posts that it is well.
    StatusPosted(u32),
    /// What waited for a fault or an action at a write or read goes on.
    Held,
    /// A Deployment may have gone without progress for too long.
    ProgressDeadline(DeploymentId),
    /// A ReplicaSet is to be compared with its pods.
    ReplicaSet(ReplicaSetId),
    /// A DaemonSet is to be compared with its nodes.
    DaemonSet(DaemonSetId),
    /// A StatefulSet is to be compared with its pods.
    StatefulSet(StatefulSetId),
    /// A CronJob may have to make a Job.
    CronJob(CronJobId),
    /// A Job that ended has stayed for as long as it should.
    JobExpired(JobId),
    /// A Job is to be compared with its pods.
    Job(JobId),
    /// The scheduler looks at its queue.
    Schedule,
    /// A batch scheduler looks at its groups.
    GangCycle(BatchScheduler),
    /// An image pull on a node ended.
    Pulled(NodeId, u32),
    /// An image may be tried again.
    PullAgain(ContainerId, u32),
    /// A kubelet tries again to create a container whose environment was not there.
    CreateContainer(ContainerId, u32),
    /// An init container ended.
    InitDone(ContainerId, u32),
    /// The application in a container answers.
    Serving(ContainerId, u32),
    /// A container's probes have found it ready.
    Ready(ContainerId, u32),
    /// A startup or liveness probe has run out of tries.
    ProbeKill(ContainerId, u32),
    /// A container ended by itself.
    Exited(ContainerId, u32),
    /// A container that was told to stop has stopped.
    Stopped(ContainerId, u32),
    /// A container is started again after its back-off.
    Restart(ContainerId, u32),
    /// Those who send requests to a pod come to know of it, if it is still ready.
    Register(PodId, u32),
    /// The lease of a pod's registration runs out unless it was renewed.
    LeaseEnds(PodId, u32),
    /// A process has no lease that it needs, unless its store is back.
    ProcessLeaseEnds(ContainerId, u32),
    /// A store can be reached again.
    StoreBack,
    /// A pod has been ready for long enough.
    Available(PodId, u32),
    /// All containers of a terminating pod have stopped.
    Gone(PodId),
    /// A node joins.
    Join(PoolId, u32),
    /// A node of the scenario joins late.
    JoinLate(u32),
    /// The node controller finds that a node has fallen silent.
    Silent(NodeId, u32),
    /// The node controller hands out NoExecute taints.
    TaintPass,
    /// The node controller looks at the nodes that are not ready, and at their zones.
    NodeMonitor,
    /// A cordon or a taint that was set for a while ends.
    Passed(u32),
    /// The notice that a provider gave of a node has run out.
    Reclaimed(NodeId),
    /// The cloud controller finds that a node's machine is no more.
    CloudCheck(NodeId),
    /// The time of a group of pods in the shutdown of their node has run out.
    ShutdownStep(NodeId, u32),
    /// A drain tries to evict a pod again.
    EvictAgain(u32, PodId),
    /// The time of a drain has run out.
    DrainTimeout(u32),
    /// A budget is to be compared with its pods.
    Budget(BudgetId),
    /// What a quota's namespace uses is counted again.
    Quota(QuotaId),
    /// The owner of a set tries again to create a pod that the API refused.
    CreateAgain(PodSetId),
    /// Readiness probes begin to fail, or stop.
    Flap(u32),
    /// The namespace controller looks at a namespace that is to go.
    Namespace(Symbol),
    /// A kubelet tries again to mount what a pod needs.
    Mount(PodId),
    /// An autoscaler looks at its metrics.
    Autoscaler(AutoscalerId),
    /// A volume was made for a claim.
    VolumeProvisioned(ClaimId),
    /// The binder of volumes makes a round.
    VolumeSync,
    /// A volume has come to a node.
    VolumeAttached(VolumeId, NodeId),
    /// A volume has left a node.
    VolumeDetached(VolumeId, NodeId),
    /// The reconciler of attachments looks whether a volume may leave a node.
    Detach(VolumeId, NodeId),
    /// A pod that names a node that is not there is collected.
    NodelessPod(PodId),
    /// The scheduler looks whether the claims of a pod are bound.
    PreBind(PodId),
    /// A pod has been active on its node for as long as it may.
    PodDeadline(PodId),
    /// A node had its time to unmount a volume.
    DetachOverdue(VolumeId, NodeId),
    /// The cluster autoscaler looks for pods without room and for nodes without use.
    ScanNodes,
    /// The collector of pods makes a round.
    PodGc,
    /// A pod's toleration of its node's taints has run out.
    Evict(PodId, NodeId),
    /// A node comes back.
    Back(NodeId, u32),
    /// Lost GPUs of a node come back.
    DevicesBack(NodeId, u64),
    /// Pods of a node that left are collected.
    Orphans(NodeId),
}
