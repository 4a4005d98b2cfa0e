//! Writes of the built-in controllers. A controller looks at the world once at the start of a sync and then writes, one
//! call of the API after the other; who watches sees each write when the API has taken it. Where calls take no time, which
//! is the default, a write is done as soon as it is drafted.
//!
//! With a latency a sync lasts as long as its writes, and the same object is not looked at again before its end, as
//! with the work queues of k8s.io/client-go v0.36.3, util/workqueue/queue.go. Calls that the source sends side by side
//! (the batches of `slowStartBatch`) reach the API one after the other here, in the order of their making.

use super::access::Decided;
use super::pod::Owner;
use super::{
    AutoscalerId, Cause, Class, Cluster, ControlPlane, CronJobId, DaemonSetId, DeploymentId, Event, JobId, NodeId,
    PodId, PodSetId, ReplicaSetId, StatefulSetId, Subject, Symbol, Why,
};
use crate::kernel::{Duration, Name, Time};
use crate::timeline::Kind;
use crate::workload::{
    AutoscalerStatus, BuiltIn, DaemonSetStatus, DeploymentStatus, JobStatus, ReplicaSetStatus, StatefulSetStatus,
};

/// A write that has been decided on.
#[derive(Clone, Copy, Debug)]
pub enum Draft {
    /// A pod of a set, with this number or the next one, and for a node if it is for one alone.
    CreatePod {
        /// The set.
        set: PodSetId,
        /// The number; `None`: the next one.
        ordinal: Option<u32>,
        /// The node that a pod of a DaemonSet is for.
        node: Option<NodeId>,
        /// Why.
        cause: Cause,
    },
    /// A pod is asked to go.
    DeletePod(PodId, Why, Cause),
    /// A new ReplicaSet comes to be, with its first size.
    Appear(ReplicaSetId, Resize),
    /// A ReplicaSet gets another size.
    Scale(ReplicaSetId, Resize),
    /// An old ReplicaSet is forgotten.
    Forget(ReplicaSetId),
    /// The status of a Deployment.
    DeploymentStatus(DeploymentId, DeploymentStatus),
    /// The status of a DaemonSet.
    DaemonSetStatus(DaemonSetId, DaemonSetStatus),
    /// The status of a Job.
    JobStatus(JobId, JobStatus),
    /// The status of a StatefulSet.
    StatefulSetStatus(StatefulSetId, StatefulSetStatus),
    /// The status of a ReplicaSet.
    ReplicaSetStatus(ReplicaSetId, ReplicaSetStatus),
    /// A CronJob makes the Job of this time, in seconds since 1970.
    CreateJob(CronJobId, i64),
    /// A CronJob deletes one of its Jobs.
    DeleteJob(CronJobId, JobId),
    /// The status of a CronJob: what is so when it is written.
    CronJobStatus(CronJobId),
    /// An autoscaler gives its target another size.
    Rescale(AutoscalerId, Rescale),
    /// The status of an autoscaler.
    AutoscalerStatus(AutoscalerId, AutoscalerStatus),
}

/// A size of a ReplicaSet, and what its Deployment noted on it.
#[derive(Clone, Copy, Debug)]
pub struct Resize {
    /// How many pods it wants from now on.
    pub replicas: u32,
    /// How many pods its Deployment wants (`deployment.kubernetes.io/desired-replicas`).
    pub desired: u32,
    /// How many pods its Deployment allows (`deployment.kubernetes.io/max-replicas`).
    pub most: u32,
    /// Why.
    pub cause: Cause,
}

/// What an autoscaler asks of the scale of its target.
#[derive(Clone, Copy, Debug)]
pub struct Rescale {
    /// How many pods the target wanted when it was looked at.
    pub from: u32,
    /// How many it is to want.
    pub to: u32,
    /// Why, as its event says it.
    pub reason: Symbol,
}

/// Where the writes of one sync stand: when the API has taken the last of them.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    at: Time,
    /// What the last write was: several pods are made, or deleted, side by side.
    last: Option<std::mem::Discriminant<Draft>>,
    /// True for the sync of a Deployment.
    rollout: bool,
}

impl Pen {
    /// When the sync is over.
    pub const fn end(self) -> Time {
        self.at
    }

    /// The pen of a Deployment's sync.
    pub const fn of_rollout(self) -> Pen {
        Pen { rollout: true, ..self }
    }

    const fn step(&self, plane: &ControlPlane) -> Duration {
        if self.rollout { plane.rollout_write } else { plane.write }
    }
}

/// Writes that are on their way.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    slots: Vec<Option<Draft>>,
    free: Vec<u32>,
}

impl Drafts {
    /// All that are on their way, which do not arrive any more.
    pub fn take_all(&mut self) -> Vec<Draft> {
        self.slots.iter_mut().filter_map(Option::take).collect()
    }

    /// A write that is on its way.
    pub fn get(&self, slot: u32) -> Option<&Draft> {
        self.slots.get(slot as usize)?.as_ref()
    }
}

impl Cluster {
    /// From now on the control plane needs these times.
    pub fn set_control_plane(&mut self, control_plane: ControlPlane) {
        self.profile.control_plane = control_plane;
    }

    /// The start of a sync's writes.
    pub(super) fn pen(&self) -> Pen {
        Pen { at: self.queue.now(), last: None, rollout: false }
    }

    /// The next write of a sync.
    pub(super) fn write(&mut self, pen: &mut Pen, draft: Draft) {
        let plane = self.profile.control_plane;
        if plane.write.is_zero() {
            return self.take_draft(draft);
        }
        let kind = std::mem::discriminant(&draft);
        let is_pod = matches!(draft, Draft::CreatePod { .. } | Draft::DeletePod(..));
        let beside = is_pod && pen.last == Some(kind);
        pen.last = Some(kind);
        pen.at += if beside { plane.create } else { pen.step(&plane) };
        let slot = match self.drafts.free.pop() {
            Some(slot) => slot,
            None => {
                self.drafts.slots.push(None);
                self.drafts.slots.len() as u32 - 1
            }
        };
        self.drafts.slots[slot as usize] = Some(draft);
        self.schedule(pen.at, Class::DELIVERY, Event::Draft(slot));
    }

    /// A write that the API refuses, because the object has changed since it was read: it takes its time and does nothing.
    pub(super) fn write_in_vain(&mut self, pen: &mut Pen) {
        pen.at += pen.step(&self.profile.control_plane);
    }

    /// When an object is looked at that has just changed: once its controller has noticed, and is done with it.
    pub(super) fn next_sync(&self, busy_until: Time) -> Time {
        busy_until.max(self.queue.now() + self.profile.control_plane.notice)
    }

    /// Handles [`Event::Draft`].
    pub(super) fn on_draft(&mut self, slot: u32) {
        if let Some(draft) = self.drafts.slots[slot as usize].take() {
            self.drafts.free.push(slot);
            self.take_draft(draft);
        }
    }

    /// The API takes a write, unless somebody waits for it.
    fn take_draft(&mut self, draft: Draft) {
        if self.accesses.watched {
            self.line_up(Decided::Draft(draft));
        } else {
            self.perform_or_fail(draft);
        }
    }

    /// Whose write it is.
    pub(super) fn drafter(&self, draft: &Draft) -> BuiltIn {
        let set = match *draft {
            Draft::CreatePod { set, .. } => set,
            Draft::DeletePod(pod, ..) => self.pod(pod).set,
            Draft::Appear(..) | Draft::Scale(..) | Draft::Forget(_) | Draft::DeploymentStatus(..) => {
                return BuiltIn::Deployment;
            }
            Draft::DaemonSetStatus(..) => return BuiltIn::DaemonSet,
            Draft::JobStatus(..) => return BuiltIn::Job,
            Draft::StatefulSetStatus(..) => return BuiltIn::StatefulSet,
            Draft::ReplicaSetStatus(..) => return BuiltIn::ReplicaSet,
            Draft::CreateJob(..) | Draft::DeleteJob(..) | Draft::CronJobStatus(_) => return BuiltIn::CronJob,
            Draft::Rescale(..) | Draft::AutoscalerStatus(..) => return BuiltIn::HorizontalPodAutoscaler,
        };
        match self.set(set).owner {
            Owner::ReplicaSet(_) | Owner::Alone(_) => BuiltIn::ReplicaSet,
            Owner::StatefulSet(_) => BuiltIn::StatefulSet,
            Owner::DaemonSet(_) => BuiltIn::DaemonSet,
            Owner::Job(_) => BuiltIn::Job,
        }
    }

    /// The object that it writes.
    pub(super) fn drafted(&self, draft: &Draft) -> Subject {
        match *draft {
            Draft::CreatePod { set, ordinal, .. } => {
                let set = self.set(set);
                let name = Name::numbered(set.base, ordinal.unwrap_or(set.next_ordinal));
                Subject { kind: Kind::Pod, namespace: set.namespace, name }
            }
            Draft::DeletePod(pod, ..) => self.pod_subject(pod),
            Draft::Appear(id, _) | Draft::Scale(id, _) | Draft::Forget(id) | Draft::ReplicaSetStatus(id, _) => {
                self.replicaset(id).key
            }
            Draft::DeploymentStatus(id, _) => self.deployment(id).key,
            Draft::DaemonSetStatus(id, _) => self.daemonset(id).key,
            Draft::JobStatus(id, _) => self.job(id).key,
            Draft::StatefulSetStatus(id, _) => self.statefulset(id).key,
            Draft::CreateJob(id, due) => self.job_name(id, due),
            Draft::DeleteJob(_, job) => self.job(job).key,
            Draft::CronJobStatus(id) => self.cronjob(id).key,
            Draft::Rescale(id, _) => self.autoscaler(id).spec.target,
            Draft::AutoscalerStatus(id, _) => self.autoscaler(id).key,
        }
    }

    pub(super) fn perform(&mut self, draft: Draft) {
        match draft {
            Draft::CreatePod { set, ordinal, node, cause } => self.create_drafted(set, ordinal, node, cause),
            Draft::DeletePod(pod, why, cause) => self.delete_pod(pod, why, cause),
            Draft::Appear(id, size) => self.replicaset_appears(id, size),
            Draft::Scale(id, size) => self.scale_replicaset(id, size),
            Draft::Forget(id) => self.forget_replicaset(id),
            Draft::DeploymentStatus(id, status) => self.write_deployment_status(id, status),
            Draft::DaemonSetStatus(id, status) => self.write_daemonset_status(id, status),
            Draft::JobStatus(id, status) => self.write_job_status(id, status),
            Draft::StatefulSetStatus(id, status) => self.write_statefulset_status(id, status),
            Draft::ReplicaSetStatus(id, status) => self.write_replicaset_status(id, status),
            Draft::CreateJob(id, due) => self.create_due_job(id, due),
            Draft::DeleteJob(id, job) => self.delete_job_of(id, job),
            Draft::CronJobStatus(id) => self.write_cronjob_status(id),
            Draft::Rescale(id, scale) => self.rescale_target(id, scale),
            Draft::AutoscalerStatus(id, status) => self.write_autoscaler_status(id, status),
        }
    }

    fn create_drafted(&mut self, set: PodSetId, ordinal: Option<u32>, node: Option<NodeId>, cause: Cause) {
        if self.owner_is_gone(set) || self.is_full_of_pods(set) || self.namespaces.is_leaving(self.set(set).namespace) {
            return;
        }
        if self.admit_pod(set, cause) {
            self.create_pod(set, ordinal, node, cause);
        } else {
            self.job_pod_refused(set);
        }
    }
}
