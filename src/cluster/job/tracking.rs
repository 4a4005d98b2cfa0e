//! Which pods of a Job have not been accounted for: what the finalizer `batch.kubernetes.io/job-tracking` does in the
//! source (tracking_utils.go of pkg/controller/job, k8s.io/kubernetes v1.36.3).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::backoff::Ended;
use crate::cluster::pod::Owner;
use crate::cluster::{Cluster, JobId, PodId, PodSetId};
use crate::kernel::Time;
use crate::workload::PodPhase;

/// The pods of a Job that count for something.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    /// Pods that have not ended.
    pub live: BTreeSet<PodId>,
    /// Pods that have succeeded and were not counted yet.
    pub succeeded: Vec<Ended>,
    /// Pods that have failed and were not counted yet.
    pub failed: Vec<Ended>,
    /// The index of every pod of an indexed Job, whatever became of it.
    pub indexes: BTreeMap<PodId, u32>,
    /// Indexes for the pods that are being made, in the order of their making.
    pub assigned: VecDeque<u32>,
    /// Indexes that have a pod which has not ended.
    pub active: BTreeSet<u32>,
    /// Of indexes with a limit of their own: the failed pod that is to be replaced.
    pub waiting: BTreeMap<u32, Failure>,
    /// How often each index has failed so far, those failures left out that are ignored, and all of them.
    pub failures: BTreeMap<u32, (u32, u32)>,
}

/// A failed pod of an index that waits for the next pod of its index before it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// When it failed.
    pub at: Time,
    /// False if a rule says that it is not to be counted.
    pub counts: bool,
}

impl Tracking {
    /// A pod is accounted for, or never will be.
    pub fn release(&mut self, pod: PodId) {
        if self.live.remove(&pod)
            && let Some(index) = self.indexes.get(&pod)
        {
            self.active.remove(index);
        }
    }
}

impl Cluster {
    /// A pod of a Job could not be made: its index is free again.
    pub(in crate::cluster) fn job_pod_refused(&mut self, set: PodSetId) {
        if let Owner::Job(id) = self.set(set).owner {
            self.job_mut(id).tracking.assigned.pop_front();
        }
    }

    /// A pod of a Job came, changed or went.
    pub(in crate::cluster) fn job_pod_changed(&mut self, id: JobId, pod_id: PodId) {
        let pod = *self.pod(pod_id);
        let failed_only = self.job(id).spec.replaces_failed_only;
        let now = self.queue.now().whole_seconds();
        let is_new = pod.phase == PodPhase::Pending && pod.node.is_none() && !pod.terminating;
        let job = self.job_mut(id);
        if is_new && !job.tracking.live.contains(&pod_id) {
            let index = job.tracking.assigned.pop_front();
            job.tracking.active.extend(index);
            job.tracking.indexes.extend(index.map(|index| (pod_id, index)));
            job.tracking.live.insert(pod_id);
        }
        let ended = match pod.phase {
            PodPhase::Succeeded => Some(true),
            PodPhase::Failed => Some(false),
            // A pod that is asked to go counts as failed, at once or when it is no more.
            _ if pod.gone || (pod.terminating && !failed_only) => Some(false),
            _ => None,
        };
        if let Some(succeeded) = ended
            && job.tracking.live.contains(&pod_id)
        {
            job.tracking.release(pod_id);
            let list = if succeeded { &mut job.tracking.succeeded } else { &mut job.tracking.failed };
            list.push((pod_id, now));
            job.last = pod.last;
        }
        if self.job(id).status.deleting {
            if pod.gone {
                self.drop_expired_job(id);
            }
            return;
        }
        self.queue_job_batched(id);
    }
}
