//! How many pods of a Job there should be now: `manageJob` of pkg/controller/job/job_controller.go,
//! k8s.io/kubernetes v1.36.3.

use super::backoff;
use super::sync::Sync;
use crate::cluster::pen::Draft;
use crate::cluster::{Arg, Cluster, JobId, Why};
use crate::kernel::Duration;

impl Cluster {
    /// Makes pods up to what may run at once, after the back-off; takes away what is too much.
    pub(super) fn manage_job(&mut self, id: JobId, sync: &mut Sync) {
        let job = self.job(id);
        let wanted = if job.spec.suspended {
            0
        } else {
            match job.spec.completions {
                None if sync.succeeded > 0 => sync.active,
                None => job.spec.parallelism,
                Some(completions) => completions.saturating_sub(sync.succeeded).min(job.spec.parallelism),
            }
        };
        let most = self.profile.job_burst;
        if sync.active > wanted {
            let count = (sync.active - wanted).min(if job.spec.suspended { u32::MAX } else { most });
            return self.shrink_job(id, count, sync);
        }
        let terminating = if job.spec.replaces_failed_only { sync.terminating } else { 0 };
        let missing = wanted.saturating_sub(terminating + sync.active).min(most);
        if missing == 0 {
            return;
        }
        if job.spec.backoff_limit_per_index.is_none() {
            let wait = sync.backoff.remaining(&self.profile, self.queue.now());
            if !wait.is_zero() {
                return self.look_again(id, wait);
            }
        }
        let (set, cause) = (job.set, sync.cause);
        let mut count = missing;
        if job.spec.indexed {
            let indexes = self.pending_indexes(id, missing);
            let (indexes, wait) = self.indexes_that_may_start(id, indexes);
            if indexes.is_empty() && !wait.is_zero() {
                return self.look_again(id, wait);
            }
            count = indexes.len() as u32;
            self.job_mut(id).tracking.assigned.extend(indexes);
        }
        sync.active += count;
        for _ in 0..count {
            self.write(&mut sync.pen, Draft::CreatePod { set, ordinal: None, node: None, cause });
        }
        if self.profile.control_plane.write.is_zero() && !self.accesses.watched {
            // Pods that the API refused are not active.
            sync.active = self.set(set).active.len() as u32;
        }
    }

    /// `enqueueSyncJobWithDelay`.
    fn look_again(&mut self, id: JobId, wait: Duration) {
        let batch = self.profile.job_sync_batch;
        self.queue_job(id, wait.max(batch));
    }

    /// Pods that are too many do not count as failed.
    fn shrink_job(&mut self, id: JobId, count: u32, sync: &mut Sync) {
        let (key, set) = (self.job(id).key, self.job(id).set);
        let why = match self.job(id).spec.suspended {
            true => Why::with("{} is suspended", Arg::Subject(key)),
            false => Why::with("{} shrinks", Arg::Subject(key)),
        };
        for pod in self.go_first(set, count) {
            self.job_mut(id).tracking.release(pod);
            sync.ready -= u32::from(self.pod(pod).ready);
            sync.active -= 1;
            sync.terminating += 1;
            self.write(&mut sync.pen, Draft::DeletePod(pod, why, sync.cause));
        }
    }

    /// `firstPendingIndexes`.
    fn pending_indexes(&self, id: JobId, count: u32) -> Vec<u32> {
        let job = self.job(id);
        let free =
            |index: &u32| !job.tracking.active.contains(index) && !job.succeeded.has(*index) && !job.failed.has(*index);
        (0..job.spec.completions.unwrap_or(0)).filter(free).take(count as usize).collect()
    }

    /// With a limit per index each index waits for itself (`getPodCreationInfoForIndependentIndexes`).
    fn indexes_that_may_start(&self, id: JobId, indexes: Vec<u32>) -> (Vec<u32>, Duration) {
        let job = self.job(id);
        if job.spec.backoff_limit_per_index.is_none() {
            return (indexes, Duration::ZERO);
        }
        let now = self.queue.now();
        let wait = |index: &u32| match job.tracking.waiting.get(index) {
            None => Duration::ZERO,
            Some(failure) => {
                let (_, all) = job.tracking.failures.get(index).copied().unwrap_or_default();
                backoff::remaining(&self.profile, all, failure.at, now)
            }
        };
        let least = indexes.iter().map(wait).filter(|wait| !wait.is_zero()).min().unwrap_or_default();
        (indexes.into_iter().filter(|index| wait(index).is_zero()).collect(), least)
    }
}
