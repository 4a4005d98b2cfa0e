//! Jobs: pods until enough have succeeded, or too many have failed.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/job (job_controller.go), pkg/controller/ttlafterfinished.
//!
//! Events of pods, and the controller's own writes of the status, are gathered for a second (`syncJobBatchPeriod`); only
//! a new or changed Job is looked at at once. `sync` is one look, `manage` makes and deletes pods, `tracking` knows which
//! pods are not accounted for, `backoff` waits, `indexes` and `policy` are what their names say.

mod backoff;
mod indexes;
mod manage;
mod policy;
mod sync;
mod tracking;

use backoff::Backoff;
use indexes::Intervals;
use tracking::Tracking;

use super::apply::ObjectId;
use super::pod::Owner;
use super::{Arg, Cause, Class, Cluster, CronJobId, Event, JobId, PodId, PodSetId, Subject, Why};
use crate::kernel::{Duration, EventId, Time};
use crate::timeline::EntryId;
use crate::workload::{JobSpec, JobStatus};

/// One Job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: JobSpec,
    /// Its pods.
    pub set: PodSetId,
    /// The CronJob that made it.
    pub cronjob: Option<CronJobId>,
    /// Which of them are accounted for.
    pub tracking: Tracking,
    /// Failures since the last success.
    pub backoff: Backoff,
    /// Indexes that have succeeded.
    pub succeeded: Intervals,
    /// Indexes that have failed for good.
    pub failed: Intervals,
    /// What watches were last told.
    pub status: JobStatus,
    /// The status with the writes that are on their way.
    pub written: JobStatus,
    /// True once a status was written.
    pub is_written: bool,
    /// When it is looked at next.
    pub due: Option<(Time, EventId)>,
    /// When the sync that goes on ends.
    pub busy_until: Time,
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

    /// Plans a sync after a while; an earlier one that is planned already stays (`AddAfter`).
    pub(super) fn queue_job(&mut self, id: JobId, after: Duration) {
        let job = self.job(id);
        if job.status.complete || job.status.gave_up || job.deleted {
            return;
        }
        let at = self.next_sync(job.busy_until).max(self.queue.now() + after);
        let due = self.bring_forward(job.due, at, Class::BUILT_IN, Event::Job(id));
        self.job_mut(id).due = Some(due);
    }

    /// Plans a sync for an event of a pod or the controller's own write.
    pub(super) fn queue_job_batched(&mut self, id: JobId) {
        self.queue_job(id, self.profile.job_sync_batch);
    }

    pub(super) fn create_job(&mut self, key: Subject, spec: JobSpec, cause: Cause) {
        let id = JobId(self.jobs.len() as u32);
        let base = self.names.show(key.name);
        let base = self.names.intern(&base);
        let family = u32::MAX - self.sets.len() as u32;
        let set = self.make_set(base, key, key, Owner::Job(id), family, &spec.template);
        let why = match spec.completions {
            Some(completions) => Why::with("{} completions", Arg::Count(completions.into())),
            None => Why::with("a work queue for {} pods", Arg::Count(spec.parallelism.into())),
        };
        let last = self.note(key, "Created", why, cause);
        self.jobs.push(Job {
            key,
            spec,
            set,
            cronjob: None,
            tracking: Tracking::default(),
            backoff: Backoff::default(),
            succeeded: Intervals::default(),
            failed: Intervals::default(),
            status: JobStatus::default(),
            written: JobStatus::default(),
            is_written: false,
            due: None,
            busy_until: Time::ZERO,
            deleted: false,
            last,
        });
        self.objects.insert(key, ObjectId::Job(id));
        self.journal_object(key);
        self.queue_job(id, Duration::ZERO);
    }

    /// A Job that is there may be suspended and resumed and may get another parallelism; the rest of it stands.
    pub(super) fn change_job(&mut self, id: JobId, spec: JobSpec, cause: Cause) -> Result<(), String> {
        let job = self.job(id);
        if job.spec == spec {
            return Ok(());
        }
        let mut same = job.spec.clone();
        (same.suspended, same.parallelism) = (spec.suspended, spec.parallelism);
        (same.active_deadline, same.ttl_after_finished) = (spec.active_deadline, spec.ttl_after_finished);
        same.backoff_limit = spec.backoff_limit;
        if spec.indexed && spec.completions == Some(spec.parallelism) {
            // An indexed Job may be scaled if both figures go together (elastic indexed Jobs).
            same.completions = spec.completions;
        }
        if same != spec {
            return Err("spec.template: field is immutable".to_owned());
        }
        let (key, was_suspended, wide) = (job.key, job.spec.suspended, job.spec.parallelism);
        let (became, why) = match (was_suspended, spec.suspended) {
            (false, true) => ("Suspended", Why::NONE),
            (true, false) => ("Resumed", Why::NONE),
            _ if wide != spec.parallelism => {
                let counts = [wide, spec.parallelism].map(|count| Arg::Count(count.into()));
                ("Changed", Why::with2("parallelism {} to {}", counts[0], counts[1]))
            }
            _ => ("Changed", Why::NONE),
        };
        let last = self.note(key, became, why, cause);
        let job = self.job_mut(id);
        (job.spec, job.last) = (spec, last);
        self.queue_job(id, Duration::ZERO);
        Ok(())
    }

    /// Deletes a Job and its pods.
    pub(super) fn delete_job(&mut self, id: JobId, cause: Cause) {
        self.job_mut(id).deleted = true;
        let job = self.job(id);
        let (key, set) = (job.key, job.set);
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.journal_object(key);
        self.delete_all_pods(set, Why::with("{} deleted", Arg::Subject(key)), Cause::Entry(entry));
        self.touch_object(key, Cause::Entry(entry));
        if let Some(cronjob) = self.job(id).cronjob {
            self.cronjob_job_changed(cronjob);
        }
    }

    /// Deletes all pods of a set, those that have ended among them.
    fn delete_all_pods(&mut self, set: PodSetId, why: Why, cause: Cause) {
        let mut pods: Vec<PodId> = self.pods_in(set).collect();
        pods.sort_unstable();
        for pod in pods {
            self.delete_pod(pod, why, cause);
        }
    }

    /// Handles [`Event::JobExpired`]: its `ttlSecondsAfterFinished` is over. It goes once its pods have gone.
    pub(super) fn on_job_expired(&mut self, id: JobId) {
        let job = self.job(id);
        if job.deleted || job.status.deleting {
            return;
        }
        let (key, set, cause) = (job.key, job.set, Cause::Entry(job.last));
        let length = Arg::Length(job.spec.ttl_after_finished.unwrap_or_default());
        let entry = self.note(key, "Expired", Why::with("{} after its end", length), cause);
        let job = self.job_mut(id);
        job.last = entry;
        job.status.deleting = true;
        job.written.deleting = true;
        self.journal_object(key);
        self.delete_all_pods(set, Why::with("{} expired", Arg::Subject(key)), Cause::Entry(entry));
        self.drop_expired_job(id);
    }

    /// The last step of a foreground deletion: nothing of the Job is left.
    fn drop_expired_job(&mut self, id: JobId) {
        let job = self.job(id);
        if job.deleted || !job.status.deleting || self.pods_in(job.set).next().is_some() {
            return;
        }
        let (key, cause) = (job.key, Cause::Entry(job.last));
        self.objects.remove(&key);
        self.delete_job(id, cause);
    }
}
