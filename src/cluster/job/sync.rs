//! One look at a Job: `syncJob` and `trackJobStatusAndRemoveFinalizers` of pkg/controller/job/job_controller.go,
//! k8s.io/kubernetes v1.36.3.
//!
//! The status is written up to twice in a sync: first what runs, and the condition that the end is decided; then, once
//! the pods that ended are released, the counts and the final condition.

use super::policy::succeeds_early;
use super::tracking::Failure;
use super::{Backoff, JobId};
use crate::cluster::pen::{Draft, Pen};
use crate::cluster::{Arg, Cause, Class, Cluster, Event, PodId, Why};
use crate::workload::batch::FailureAction;
use crate::workload::{JobEnd, JobReason, JobStatus, RestartPolicy};

/// What a sync has in hand.
pub struct Sync {
    pub pen: Pen,
    pub active: u32,
    pub ready: u32,
    pub terminating: u32,
    /// Successes, those not yet in the status among them.
    pub succeeded: u32,
    pub backoff: Backoff,
    pub cause: Cause,
}

impl Cluster {
    /// Handles [`Event::Job`].
    pub(in crate::cluster) fn sync_job(&mut self, id: JobId) {
        self.job_mut(id).due = None;
        self.restore_job_status(id);
        let job = self.job(id);
        let mut status = job.written;
        if job.deleted || status.complete || status.gave_up {
            return;
        }
        let set = self.set(job.set);
        let tracking = &job.tracking;
        let mut sync = Sync {
            pen: self.pen(),
            active: set.active.len() as u32,
            ready: set.ready,
            terminating: set.terminating,
            succeeded: status.succeeded + tracking.succeeded.len() as u32,
            backoff: job.backoff.after(&tracking.succeeded, &tracking.failed),
            cause: Cause::Entry(job.last),
        };
        if status.started_at.is_none() && !job.spec.suspended {
            status.started_at = Some(self.queue.now().whole_seconds());
        }
        let before = status;
        let mut end = self.decide_end(id, &status, &sync);
        self.settle_indexes(id, &mut status, &mut sync, &mut end);
        if end.is_some() {
            self.end_active_pods(id, end, &mut sync);
        } else {
            self.manage_job(id, &mut sync);
            let job = self.job(id);
            let enough = match job.spec.completions {
                None => sync.succeeded > 0,
                Some(completions) => sync.succeeded >= completions,
            };
            if enough && sync.active == 0 {
                end = Some(JobEnd { success: true, reason: JobReason::CompletionsReached });
            } else {
                self.note_suspension(id, &mut status);
            }
        }
        (status.active, status.ready, status.terminating) = (sync.active, sync.ready, sync.terminating);
        self.track(id, status, before, end, sync);
    }

    /// What ends the Job, before its pods are managed.
    fn decide_end(&mut self, id: JobId, status: &JobStatus, sync: &Sync) -> Option<JobEnd> {
        if status.ending.is_some() {
            return status.ending;
        }
        let job = self.job(id);
        let failure = |reason| Some(JobEnd { success: false, reason });
        let failed = job.tracking.failed.iter();
        let mut counted = status.failed;
        for (pod, _) in failed {
            match self.failure_action(id, *pod) {
                Some(FailureAction::FailJob) => return failure(JobReason::PodFailurePolicy),
                Some(FailureAction::Ignore) => {}
                _ => counted += 1,
            }
        }
        debug_assert!(sync.succeeded >= status.succeeded);
        if counted > job.spec.backoff_limit || self.restarted_too_often(id) {
            return failure(JobReason::BackoffLimitExceeded);
        }
        if let (Some(deadline), Some(started_at), false) =
            (job.spec.active_deadline, status.started_at, job.spec.suspended)
        {
            let now = self.queue.now();
            let due = started_at + deadline;
            if now >= due {
                return failure(JobReason::DeadlineExceeded);
            }
            self.queue_job(id, due.since(now));
        }
        None
    }

    /// With `OnFailure` it is restarts that count (`pastBackoffLimitOnFailure`).
    fn restarted_too_often(&self, id: JobId) -> bool {
        let job = self.job(id);
        if job.spec.template.restart_policy != RestartPolicy::OnFailure {
            return false;
        }
        let restarts = self.set(job.set).restarts;
        if job.spec.backoff_limit == 0 { restarts > 0 } else { restarts >= job.spec.backoff_limit }
    }

    /// Which indexes have succeeded, which have failed for good, and whether that ends the Job.
    fn settle_indexes(&mut self, id: JobId, status: &mut JobStatus, sync: &mut Sync, end: &mut Option<JobEnd>) {
        let job = self.job(id);
        if !job.spec.indexed {
            return;
        }
        let completions = job.spec.completions.unwrap_or(0);
        let index_of = |pod: &PodId| job.tracking.indexes.get(pod).copied().filter(|index| *index < completions);
        let new: Vec<u32> = job.tracking.succeeded.iter().filter_map(|(pod, _)| index_of(pod)).collect();
        let mut succeeded = job.succeeded.clone();
        for index in new {
            succeeded.insert(index);
        }
        sync.succeeded = succeeded.total();
        if let Some(limit) = job.spec.backoff_limit_per_index {
            self.settle_failed_indexes(id, limit);
            let job = self.job(id);
            let failed = job.failed.total();
            let text = job.failed.to_string();
            let reason = if job.spec.max_failed_indexes.is_some_and(|most| failed > most) {
                Some(JobReason::MaxFailedIndexesExceeded)
            } else if failed > 0 && failed + sync.succeeded >= completions {
                Some(JobReason::FailedIndexes)
            } else {
                None
            };
            *end = end.or(reason.map(|reason| JobEnd { success: false, reason }));
            status.failed_indexes = self.names.intern(&text);
        }
        if end.is_none() && succeeds_early(&self.job(id).spec.success_policy, &succeeded) {
            *end = Some(JobEnd { success: true, reason: JobReason::SuccessPolicy });
        }
        status.succeeded = succeeded.total();
        status.completed_indexes = self.names.intern(&succeeded.to_string());
        self.job_mut(id).succeeded = succeeded;
    }

    /// A failed index is not tried again; another failure waits for the next pod of its index before it is counted
    /// (`calculateFailedIndexes`, `getPodsWithDelayedDeletionPerIndex`).
    fn settle_failed_indexes(&mut self, id: JobId, limit: u32) {
        let failed = self.job(id).tracking.failed.clone();
        for (pod, at) in failed {
            let Some(index) = self.job(id).tracking.indexes.get(&pod).copied() else { continue };
            let action = self.failure_action(id, pod);
            let counts = action != Some(FailureAction::Ignore);
            let job = self.job_mut(id);
            let (counted, all) = job.tracking.failures.entry(index).or_default();
            let over = action == Some(FailureAction::FailIndex) || (counts && *counted >= limit);
            *counted += u32::from(counts);
            *all += 1;
            if over {
                job.failed.insert(index);
                job.tracking.waiting.remove(&index);
            } else {
                job.tracking.waiting.insert(index, Failure { at, counts });
            }
        }
    }

    /// The end is decided: pods that still run go. If the Job failed they count as failed.
    fn end_active_pods(&mut self, id: JobId, end: Option<JobEnd>, sync: &mut Sync) {
        let job = self.job(id);
        let (key, now) = (job.key, self.queue.now().whole_seconds());
        let mut pods = self.set(job.set).active.clone();
        pods.sort_unstable();
        for pod in pods {
            let job = self.job_mut(id);
            if job.tracking.live.contains(&pod) {
                job.tracking.release(pod);
                if end.is_some_and(|end| !end.success) {
                    job.tracking.failed.push((pod, now));
                }
            }
            let why = Why::with("{} ended", Arg::Subject(key));
            self.write(&mut sync.pen, Draft::DeletePod(pod, why, sync.cause));
            sync.terminating += 1;
        }
        (sync.active, sync.ready) = (0, 0);
    }

    /// The condition `Suspended`; a Job that is resumed starts its time again.
    fn note_suspension(&self, id: JobId, status: &mut JobStatus) {
        let suspended = self.job(id).spec.suspended;
        if suspended == status.suspended.unwrap_or(false) {
            return;
        }
        status.suspended = Some(suspended);
        if !suspended {
            status.started_at = Some(self.queue.now().whole_seconds());
        }
    }

    /// Writes the status, once or twice (`trackJobStatusAndRemoveFinalizers`).
    fn track(&mut self, id: JobId, mut status: JobStatus, before: JobStatus, end: Option<JobEnd>, mut sync: Sync) {
        let was_decided = status.ending;
        status.ending = end;
        let job = self.job(id);
        let indexed = job.spec.indexed;
        let tracking = &job.tracking;
        let has_news = !tracking.failed.is_empty() || !(indexed || tracking.succeeded.is_empty());
        let ends_pods = !tracking.failed.is_empty() || !tracking.succeeded.is_empty();
        let is_first = !job.is_written;
        if has_news || status != before || is_first {
            self.write(&mut sync.pen, Draft::JobStatus(id, status));
        }
        self.job_mut(id).backoff = sync.backoff;
        if ends_pods {
            self.write_in_vain(&mut sync.pen);
        }
        let flushed = status;
        self.count_ended(id, &mut status);
        let cause = sync.cause;
        if let Some(end) = end
            && sync.terminating == 0
        {
            (status.complete, status.gave_up) = (end.success, !end.success);
            status.completed_at = Some(self.queue.now().whole_seconds());
        }
        if status != flushed {
            self.write(&mut sync.pen, Draft::JobStatus(id, status));
        }
        debug_assert!(was_decided.is_none() || was_decided == end, "what is decided stays decided by {cause:?}");
        let job = self.job_mut(id);
        (job.written, job.is_written) = (status, true);
        job.busy_until = sync.pen.end();
    }

    /// Counts the pods that ended.
    fn count_ended(&mut self, id: JobId, status: &mut JobStatus) {
        let job = self.job(id);
        let per_index = job.spec.backoff_limit_per_index.is_some();
        let over = status.ending.is_some();
        let failed = job.tracking.failed.clone();
        let mut count = 0;
        let mut new = Vec::new();
        for (pod, _) in failed {
            new.extend(self.job(id).tracking.indexes.get(&pod).copied());
            let waits = per_index && !over && {
                let job = self.job(id);
                job.tracking.indexes.get(&pod).is_some_and(|index| job.tracking.waiting.contains_key(index))
            };
            if !waits && self.failure_action(id, pod) != Some(FailureAction::Ignore) {
                count += 1;
            }
        }
        let job = self.job_mut(id);
        // A failure that waited is counted once its index has a pod again, or nothing is tried any more.
        let active = &job.tracking.active;
        let assigned = &job.tracking.assigned;
        let done: Vec<u32> = job
            .tracking
            .waiting
            .keys()
            .copied()
            .filter(|index| over || active.contains(index) || assigned.contains(index))
            .collect();
        for index in done {
            let failure = job.tracking.waiting.remove(&index);
            let counted = over && new.contains(&index);
            count += u32::from(!counted && failure.is_some_and(|failure| failure.counts));
        }
        status.failed += count;
        if !job.spec.indexed {
            status.succeeded += job.tracking.succeeded.len() as u32;
        }
        job.tracking.succeeded.clear();
        job.tracking.failed.clear();
    }

    /// The API has taken a Job's status.
    pub(in crate::cluster) fn write_job_status(&mut self, id: JobId, status: JobStatus) {
        let job = self.job_mut(id);
        if job.deleted {
            return;
        }
        let before = std::mem::replace(&mut job.status, status);
        let (key, cause) = (job.key, Cause::Entry(job.last));
        let finished = (status.complete || status.gave_up) && !(before.complete || before.gave_up);
        if finished {
            let (became, why) = self.job_end_why(id, &status);
            let entry = self.note(key, became, why, cause);
            let job = self.job_mut(id);
            job.last = entry;
            if let Some((_, event)) = job.due.take() {
                self.queue.cancel(event);
            }
            if let Some(cronjob) = self.job(id).cronjob {
                self.cronjob_job_changed(cronjob);
            }
            if let (Some(ttl), Some(at)) = (self.job(id).spec.ttl_after_finished, status.completed_at) {
                let at = (at + ttl).max(self.queue.now());
                self.schedule(at, Class::BUILT_IN, Event::JobExpired(id));
            }
        } else {
            // The controller is told of its own write, and gathers that with the events of pods.
            self.queue_job_batched(id);
        }
        self.journal_object(key);
        let cause = Cause::Entry(self.job(id).last);
        self.touch_object(key, cause);
    }

    fn job_end_why(&self, id: JobId, status: &JobStatus) -> (&'static str, Why) {
        let spec = &self.job(id).spec;
        let failed = Arg::Count(status.failed.into());
        let Some(end) = status.ending else { return ("Complete", Why::NONE) };
        let why = match end.reason {
            JobReason::CompletionsReached => Why::with("{} succeeded", Arg::Count(status.succeeded.into())),
            JobReason::BackoffLimitExceeded => {
                let limit = Arg::Count(spec.backoff_limit.into());
                Why::with2("BackoffLimitExceeded: {} failed, limit {}", failed, limit)
            }
            JobReason::DeadlineExceeded => {
                let deadline = Arg::Length(spec.active_deadline.unwrap_or_default());
                Why::with("DeadlineExceeded: active for {}", deadline)
            }
            JobReason::SuccessPolicy => {
                Why::with("SuccessPolicy: indexes {} succeeded", Arg::Text(status.completed_indexes))
            }
            JobReason::PodFailurePolicy => Why::with("PodFailurePolicy: {} failed", failed),
            JobReason::MaxFailedIndexesExceeded => {
                Why::with("MaxFailedIndexesExceeded: indexes {} failed", Arg::Text(status.failed_indexes))
            }
            JobReason::FailedIndexes => Why::with("FailedIndexes: {}", Arg::Text(status.failed_indexes)),
        };
        (if end.success { "Complete" } else { "Failed" }, why)
    }
}
