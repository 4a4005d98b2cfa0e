//! Jobs: pods until enough have succeeded, with a back-off that doubles with each failure since the last success.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/job (job_controller.go, backoff_utils.go).

use super::{Arg, Cause, Class, Cluster, Event, JobId, PodId, PodSetId, Subject, Why, pod::Owner};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;
use crate::workload::{JobSpec, JobStatus, PodPhase, RestartPolicy};

/// One Job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: JobSpec,
    /// Its pods.
    pub set: PodSetId,
    /// Failures since the last success.
    pub failures: u32,
    /// When a pod of it failed last.
    pub failed_at: Time,
    /// What watches were last told.
    pub status: JobStatus,
    /// True while a sync is planned for this instant.
    pub queued: bool,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

impl Cluster {
    pub(super) fn job(&self, id: JobId) -> &Job {
        &self.jobs[id.0 as usize]
    }

    pub(super) fn job_mut(&mut self, id: JobId) -> &mut Job {
        &mut self.jobs[id.0 as usize]
    }

    /// Plans a sync at the end of what else happens at this instant.
    pub(super) fn queue_job(&mut self, id: JobId) {
        if !std::mem::replace(&mut self.job_mut(id).queued, true) {
            let now = self.queue.now();
            self.schedule(now, Class::BUILT_IN, Event::Job(id));
        }
    }

    /// Handles [`Event::Job`].
    pub(super) fn sync_job(&mut self, id: JobId) {
        self.job_mut(id).queued = false;
        let job = self.job(id);
        let (mut status, set_id) = (job.status, job.set);
        if job.deleted || status.complete || status.gave_up {
            return;
        }
        let set = self.set(set_id);
        (status.succeeded, status.failed, status.active) = (set.succeeded, set.failed, set.active.len() as u32);
        status.gave_up = status.failed > job.spec.backoff_limit || self.restarted_too_often(id);
        status.complete = !status.gave_up && status.succeeded >= job.spec.completions.unwrap_or(1);
        if status.gave_up || status.complete {
            self.end_job(id, &mut status);
        } else {
            self.manage_job(id, &mut status);
        }
        if self.job(id).status != status {
            self.job_mut(id).status = status;
            let job = self.job(id);
            let (key, cause) = (job.key, Cause::Entry(job.last));
            self.touch_object(key, cause);
        }
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

    fn end_job(&mut self, id: JobId, status: &mut JobStatus) {
        let job = self.job(id);
        let (key, set, cause) = (job.key, job.set, Cause::Entry(job.last));
        let (became, why) = if status.complete {
            ("Complete", Why::with("{} succeeded", Arg::Count(status.succeeded.into())))
        } else {
            let limit = Arg::Count(job.spec.backoff_limit.into());
            ("Failed", Why::with2("BackoffLimitExceeded: {} failed, limit {}", Arg::Count(status.failed.into()), limit))
        };
        let entry = self.note(key, became, why, cause);
        self.job_mut(id).last = entry;
        self.delete_pods(set, Why::with("{} ended", Arg::Subject(key)), Cause::Entry(entry));
        status.active = 0;
    }

    /// Makes pods up to what may run at once, after the back-off; takes away what is too much.
    fn manage_job(&mut self, id: JobId, status: &mut JobStatus) {
        let now = self.queue.now();
        let job = self.job(id);
        let (key, set, cause) = (job.key, job.set, Cause::Entry(job.last));
        let wanted = job.spec.parallelism.min(job.spec.completions.unwrap_or(1) - status.succeeded);
        if status.active > wanted {
            for _ in wanted..status.active {
                if let Some(pod) = self.first_to_go(set) {
                    self.delete_pod(pod, Why::with("{} shrinks", Arg::Subject(key)), cause);
                }
            }
        } else if status.active < wanted {
            let ready_at = job.failed_at + self.job_backoff(job.failures);
            if job.failures > 0 && now < ready_at {
                self.schedule(ready_at, Class::BUILT_IN, Event::Job(id));
                return;
            }
            for _ in status.active..wanted {
                if !self.admit_pod(set) {
                    break;
                }
                self.create_pod(set, cause);
            }
        }
        status.active = wanted;
    }

    /// The wait after so many failures in a row (`getFinishTimeFromContainers` and `calculateBackoff` in backoff_utils.go).
    fn job_backoff(&self, failures: u32) -> Duration {
        match failures {
            0 => Duration::ZERO,
            _ => (self.profile.job_backoff * (1_u64 << (failures - 1).min(20))).min(self.profile.job_backoff_max),
        }
    }

    /// A pod of a set has finished.
    pub(super) fn pod_finished(&mut self, id: PodId, succeeded: bool, cause: Cause) {
        let now = self.queue.now();
        debug_assert!(matches!(self.pod(id).phase, PodPhase::Succeeded | PodPhase::Failed));
        if let (Owner::Job(job), Cause::Entry(entry)) = (self.set(self.pod(id).set).owner, cause) {
            let job = self.job_mut(job);
            job.last = entry;
            if succeeded {
                job.failures = 0;
            } else {
                job.failures += 1;
                job.failed_at = now;
            }
        }
    }

    /// Deletes a Job and its pods.
    pub(super) fn delete_job(&mut self, id: JobId, cause: Cause) {
        self.job_mut(id).deleted = true;
        let job = self.job(id);
        let (key, set) = (job.key, job.set);
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.delete_pods(set, Why::with("{} deleted", Arg::Subject(key)), Cause::Entry(entry));
        self.touch_object(key, Cause::Entry(entry));
    }
}
