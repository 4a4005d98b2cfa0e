//! CronJobs: a Job whenever their schedule says so.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/cronjob (cronjob_controllerv2.go, utils.go).
//!
//! The wall clock is the run's epoch and the time since. [`Schedule`] is cron itself.

use super::apply::ObjectId;
use super::pen::{Draft, Pen};
use super::{Arg, Cause, Class, Cluster, CronJobId, Event, JobId, Subject, Symbol, Why};
use crate::kernel::{Duration, EventId, Name, Time};
use crate::timeline::{EntryId, Kind};
use crate::workload::batch::Concurrency;
use crate::workload::schedule::Schedule;
use crate::workload::{CronJobSpec, CronJobStatus};

/// One CronJob.
#[derive(Clone, Debug)]
pub struct CronJob {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: Box<CronJobSpec>,
    schedule: Schedule,
    /// Its name, which those of its Jobs begin with.
    base: Symbol,
    /// When it was created, in seconds since 1970.
    created_at: i64,
    /// The last time for which it made a Job.
    last_scheduled: Option<i64>,
    /// Its Jobs that are there, in the order of their making.
    jobs: Vec<JobId>,
    /// Of these, those that have not ended.
    active: Vec<JobId>,
    /// The last time of which it was said that it was missed or left out.
    told: Option<i64>,
    /// What watches were last told.
    pub status: CronJobStatus,
    due: Option<(Time, EventId)>,
    /// True once it is deleted.
    pub deleted: bool,
    /// What it last did, or what last happened to it.
    pub last: EntryId,
}

impl Cluster {
    /// The wall-clock time at the start of the run, in seconds since 1970.
    pub fn set_epoch(&mut self, seconds: i64) {
        self.epoch = seconds;
    }

    fn wall_clock(&self) -> i64 {
        self.epoch + self.queue.now().since(Time::ZERO).whole_secs() as i64
    }

    pub(super) fn cronjob(&self, id: CronJobId) -> &CronJob {
        &self.cronjobs[id.0 as usize]
    }

    fn cronjob_mut(&mut self, id: CronJobId) -> &mut CronJob {
        &mut self.cronjobs[id.0 as usize]
    }

    /// Plans a sync; an earlier one that is planned already stays.
    pub(super) fn queue_cronjob(&mut self, id: CronJobId, at: Time) {
        let due = self.bring_forward(self.cronjob(id).due, at, Class::BUILT_IN, Event::CronJob(id));
        self.cronjob_mut(id).due = Some(due);
    }

    pub(super) fn create_cronjob(&mut self, key: Subject, spec: Box<CronJobSpec>, cause: Cause) -> Result<(), String> {
        let schedule = Schedule::parse(&spec.schedule, spec.time_zone.as_deref())?;
        let id = CronJobId(self.cronjobs.len() as u32);
        let text = self.names.intern(&spec.schedule);
        let last = self.note(key, "Created", Why::with("schedule: {}", Arg::Text(text)), cause);
        let created_at = self.wall_clock();
        let base = self.names.show(key.name);
        let base = self.names.intern(&base);
        self.cronjobs.push(CronJob {
            key,
            spec,
            schedule,
            base,
            created_at,
            last_scheduled: None,
            jobs: Vec::new(),
            active: Vec::new(),
            told: None,
            status: CronJobStatus::default(),
            due: None,
            deleted: false,
            last,
        });
        self.objects.insert(key, ObjectId::CronJob(id));
        self.journal_object(key);
        self.queue_cronjob(id, self.queue.now());
        Ok(())
    }

    pub(super) fn change_cronjob(&mut self, id: CronJobId, spec: Box<CronJobSpec>, cause: Cause) -> Result<(), String> {
        if self.cronjob(id).spec == spec {
            return Ok(());
        }
        let schedule = Schedule::parse(&spec.schedule, spec.time_zone.as_deref())?;
        let key = self.cronjob(id).key;
        let became = match (self.cronjob(id).spec.suspended, spec.suspended) {
            (false, true) => "Suspended",
            (true, false) => "Resumed",
            _ => "Changed",
        };
        let last = self.note(key, became, Why::NONE, cause);
        let cronjob = self.cronjob_mut(id);
        (cronjob.spec, cronjob.schedule, cronjob.last) = (spec, schedule, last);
        self.queue_cronjob(id, self.queue.now());
        Ok(())
    }

    /// Deletes a CronJob and its Jobs.
    pub(super) fn delete_cronjob(&mut self, id: CronJobId, cause: Cause) {
        let cronjob = self.cronjob_mut(id);
        cronjob.deleted = true;
        let (key, jobs) = (cronjob.key, std::mem::take(&mut cronjob.jobs));
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(entry));
        for job in jobs {
            let job = self.job(job).key;
            self.delete(job, Cause::Entry(entry));
        }
    }

    /// The name that rows of behaviour know a workload by: that of its CronJob, whose Jobs are named after minutes.
    pub(super) fn behaviour_name(&self, workload: Subject) -> String {
        if workload.kind == Kind::Job {
            let base = self.names.text(workload.name.base());
            let cronjob = self.names.find_name(base).map(|name| Subject { kind: Kind::CronJob, name, ..workload });
            if cronjob.is_some_and(|key| self.objects.contains_key(&key)) {
                return base.to_owned();
            }
        }
        self.names.show(workload.name)
    }

    /// A Job of a CronJob has ended or is no more.
    pub(super) fn cronjob_job_changed(&mut self, id: CronJobId) {
        if !self.cronjob(id).deleted {
            self.queue_cronjob(id, self.queue.now());
        }
    }

    /// Handles [`Event::CronJob`] (`sync`).
    pub(super) fn sync_cronjob(&mut self, id: CronJobId) {
        self.cronjob_mut(id).due = None;
        if self.cronjob(id).deleted {
            return;
        }
        self.drop_ended_jobs(id);
        let mut pen = self.pen();
        let mut writes = false;
        if !self.cronjob(id).spec.suspended {
            writes |= self.start_due_job(id, &mut pen);
            self.plan_next_job(id);
        }
        writes |= self.forget_ended_jobs(id, &mut pen);
        if writes || self.cronjob_status(id) != self.cronjob(id).status {
            self.write(&mut pen, Draft::CronJobStatus(id));
        }
    }

    /// What its status should say.
    fn cronjob_status(&self, id: CronJobId) -> CronJobStatus {
        let cronjob = self.cronjob(id);
        let seconds = |at: i64| Time::ZERO + Duration::from_secs(u64::try_from(at - self.epoch).unwrap_or(0));
        CronJobStatus {
            active: cronjob.active.len() as u32,
            last_schedule: cronjob.last_scheduled.map(seconds),
            ..cronjob.status
        }
    }

    pub(super) fn write_cronjob_status(&mut self, id: CronJobId) {
        let (status, cronjob) = (self.cronjob_status(id), self.cronjob(id));
        if !cronjob.deleted && status != cronjob.status {
            let (key, cause) = (cronjob.key, Cause::Entry(cronjob.last));
            self.cronjob_mut(id).status = status;
            self.journal_object(key);
            self.touch_object(key, cause);
        }
    }

    /// True for a Job that has come to its end.
    pub(super) fn has_ended(&self, job: JobId) -> bool {
        let status = &self.job(job).status;
        status.complete || status.gave_up
    }

    fn drop_ended_jobs(&mut self, id: CronJobId) {
        let mut jobs = std::mem::take(&mut self.cronjob_mut(id).jobs);
        jobs.retain(|job| !self.job(*job).deleted);
        let active = jobs.iter().copied().filter(|job| !self.has_ended(*job)).collect();
        let succeeded = jobs.iter().filter(|job| self.job(**job).status.complete);
        let last_success = succeeded.filter_map(|job| self.job(*job).status.completed_at).max();
        let cronjob = self.cronjob_mut(id);
        (cronjob.jobs, cronjob.active) = (jobs, active);
        cronjob.status.last_success = cronjob.status.last_success.max(last_success);
    }

    /// The last time up to now for which a Job is due, the deadline for late starts considered or not
    /// (`mostRecentScheduleTime`).
    fn latest_due(&self, id: CronJobId, considers_deadline: bool) -> Option<i64> {
        let (cronjob, now) = (self.cronjob(id), self.wall_clock());
        let mut from = cronjob.last_scheduled.unwrap_or(cronjob.created_at);
        if let Some(deadline) = cronjob.spec.starting_deadline.filter(|_| considers_deadline) {
            from = from.max(now - deadline.whole_secs() as i64);
        }
        let first = cronjob.schedule.next(from).filter(|first| *first <= now)?;
        let Some(second) = cronjob.schedule.next(first).filter(|second| *second <= now) else { return Some(first) };
        // The source steps over most of what was missed by the distance of the first two.
        let apart = second - first;
        let mut latest = first;
        let mut at = cronjob.schedule.next(first + ((now - first) / apart - 1) * apart)?;
        while at <= now {
            latest = at;
            at = cronjob.schedule.next(at)?;
        }
        Some(latest)
    }

    /// Makes the Job that is due, if there is one. True if anything is written.
    fn start_due_job(&mut self, id: CronJobId, pen: &mut Pen) -> bool {
        let Some(due) = self.latest_due(id, true) else { return false };
        let cronjob = self.cronjob(id);
        if cronjob.last_scheduled == Some(due) {
            return false;
        }
        let (now, key) = (self.wall_clock(), cronjob.key);
        let cause = Cause::Entry(cronjob.last);
        let too_late =
            cronjob.spec.starting_deadline.is_some_and(|deadline| due + (deadline.whole_secs() as i64) < now);
        let still_runs = cronjob.spec.concurrency == Concurrency::Forbid && !cronjob.active.is_empty();
        if too_late || still_runs {
            if self.cronjob_mut(id).told.replace(due) != Some(due) {
                let (became, why) = match too_late {
                    true => ("MissedSchedule", Why::text("its deadline for a late start is over")),
                    false => ("Skipped", Why::text("the last Job still runs and concurrencyPolicy is Forbid")),
                };
                self.note(key, became, why, cause);
            }
            return false;
        }
        if cronjob.spec.concurrency == Concurrency::Replace {
            for job in cronjob.active.clone() {
                self.write(pen, Draft::DeleteJob(id, job));
            }
        }
        self.write(pen, Draft::CreateJob(id, due));
        true
    }

    /// The Job of a time: its name is that of the minute.
    pub(super) fn job_name(&self, id: CronJobId, due: i64) -> Subject {
        let key = self.cronjob(id).key;
        let ordinal = u32::try_from(due / 60).unwrap_or(u32::MAX - 1);
        Subject { kind: Kind::Job, name: Name::numbered(self.cronjob(id).base, ordinal), ..key }
    }

    pub(super) fn create_due_job(&mut self, id: CronJobId, due: i64) {
        let job_key = self.job_name(id, due);
        if self.cronjob(id).deleted || self.objects.contains_key(&job_key) {
            return;
        }
        let (key, cause) = (self.cronjob(id).key, Cause::Entry(self.cronjob(id).last));
        if let Some(again_at) = self.refuse_owned(key, job_key, None) {
            self.queue_cronjob(id, again_at);
            return;
        }
        let late = Arg::Length(Duration::from_secs(u64::try_from(self.wall_clock() - due).unwrap_or(0)));
        let entry = self.note(key, "Scheduled", Why::with2("{}, {} late", Arg::Subject(job_key), late), cause);
        self.cronjob_mut(id).last = entry;
        let job = JobId(self.jobs.len() as u32);
        let spec = self.cronjob(id).spec.job.clone();
        self.create_job(job_key, spec, Cause::Entry(entry));
        self.job_mut(job).cronjob = Some(id);
        let cronjob = self.cronjob_mut(id);
        cronjob.jobs.push(job);
        cronjob.active.push(job);
        cronjob.last_scheduled = Some(due);
    }

    pub(super) fn delete_job_of(&mut self, id: CronJobId, job: JobId) {
        let cause = Cause::Entry(self.cronjob(id).last);
        self.delete(self.job(job).key, cause);
        self.drop_ended_jobs(id);
    }

    /// `nextScheduleTimeDuration`: a little after the next time, against clocks that differ.
    fn plan_next_job(&mut self, id: CronJobId) {
        let cronjob = self.cronjob(id);
        let from = self.latest_due(id, false).or(cronjob.last_scheduled).unwrap_or(cronjob.created_at);
        let Some(next) = cronjob.schedule.next(from) else { return };
        let since_start = u64::try_from(next - self.epoch).unwrap_or(0);
        let at = Time::ZERO + Duration::from_secs(since_start) + self.profile.cronjob_delay;
        if at > self.queue.now() {
            self.queue_cronjob(id, at);
        }
    }

    /// Ended Jobs beyond the history that is kept go, the oldest first (`cleanupFinishedJobs`). True if anything is written.
    fn forget_ended_jobs(&mut self, id: CronJobId, pen: &mut Pen) -> bool {
        let cronjob = self.cronjob(id);
        let of = |ended: fn(&super::job::Job) -> bool| -> Vec<JobId> {
            cronjob.jobs.iter().copied().filter(|job| ended(self.job(*job))).collect()
        };
        let succeeded = (of(|job| job.status.complete), cronjob.spec.successful_history as usize);
        let failed = (of(|job| job.status.gave_up), cronjob.spec.failed_history as usize);
        let mut writes = false;
        for (jobs, keep) in [succeeded, failed] {
            let surplus = jobs.len().saturating_sub(keep);
            for job in jobs.into_iter().take(surplus) {
                self.write(pen, Draft::DeleteJob(id, job));
                writes = true;
            }
        }
        writes
    }
}
