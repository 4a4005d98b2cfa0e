//! Jobs and CronJobs as watches show them, and what is written of them.

use k8s_openapi::api::batch::v1::{CronJob, Job, JobCondition};

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::workloads::WorkloadSeen;
use super::{count, generation};
use crate::timeline::{Arg, Kind, Why};
use crate::workload::{CronJobStatus, JobEnd, JobReason, JobStatus, Status};

impl LiveCluster {
    pub(super) fn saw_job(&mut self, object: &Job) {
        let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
        let conditions = status.conditions.as_deref().unwrap_or_default();
        let holds = |name: &str| conditions.iter().find(|one| one.type_ == name && one.status == "True");
        let suspended = conditions.iter().find(|one| one.type_ == "Suspended").map(|one| one.status == "True");
        let indexes = status.completed_indexes.clone().unwrap_or_default();
        let failed_indexes = status.failed_indexes.clone().unwrap_or_default();
        let ending = end(holds("SuccessCriteriaMet").or_else(|| holds("Complete")), true)
            .or_else(|| end(holds("FailureTarget").or_else(|| holds("Failed")), false));
        let shown = JobStatus {
            active: count(status.active),
            ready: count(status.ready),
            terminating: count(status.terminating),
            succeeded: count(status.succeeded),
            failed: count(status.failed),
            ending,
            complete: holds("Complete").is_some(),
            gave_up: holds("Failed").is_some(),
            suspended,
            started_at: status.start_time.as_ref().map(|at| self.time_of(at)),
            completed_at: status.completion_time.as_ref().map(|at| self.time_of(at)),
            completed_indexes: self.names.intern(&indexes),
            failed_indexes: self.names.intern(&failed_indexes),
            deleting: object.metadata.deletion_timestamp.is_some(),
        };
        let desired = count(spec.parallelism.or(Some(1)));
        let seen = WorkloadSeen::of(Status::Job(shown), desired, generation(object.metadata.generation));
        let now = WorkloadSeen { paused: spec.suspend == Some(true), ..seen };
        let created = match spec.completions {
            Some(completions) => Why::with("{} completions", Arg::Count(count(Some(completions)).into())),
            None => Why::with("a work queue for {} pods", Arg::Count(desired.into())),
        };
        let Some((subject, before)) = self.keep((SeenKind::Job, Kind::Job), &object.metadata, now, created) else {
            return;
        };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::Job(was)) => was,
            _ => JobStatus::default(),
        };
        let cause = self.last_of(subject);
        let why = self.job_end(&shown, spec.backoff_limit);
        if let (Some(ending), None) = (shown.ending, was.ending) {
            let became = if ending.success { "SuccessCriteriaMet" } else { "FailureTarget" };
            let cause = self.note_next(subject, became, why, cause);
            if shown.complete || shown.gave_up {
                let became = if shown.complete { "Complete" } else { "Failed" };
                self.note_next(subject, became, why, cause);
            }
        } else if (shown.complete && !was.complete) || (shown.gave_up && !was.gave_up) {
            let became = if shown.complete { "Complete" } else { "Failed" };
            self.note_next(subject, became, why, cause);
        }
        self.told(subject, before.as_ref());
    }

    /// Why a Job ends, in words.
    fn job_end(&self, shown: &JobStatus, backoff_limit: Option<i32>) -> Why {
        let failed = Arg::Count(shown.failed.into());
        match shown.ending.map(|ending| ending.reason) {
            Some(JobReason::CompletionsReached) => Why::with("{} succeeded", Arg::Count(shown.succeeded.into())),
            Some(JobReason::BackoffLimitExceeded) => {
                let limit = Arg::Count(count(Some(backoff_limit.unwrap_or(6))).into());
                Why::with2("BackoffLimitExceeded: {} failed, limit {}", failed, limit)
            }
            Some(reason) => Why::text(reason.text()),
            None => Why::NONE,
        }
    }

    pub(super) fn saw_cronjob(&mut self, object: &CronJob) {
        let (spec, status) = (object.spec.clone(), object.status.clone().unwrap_or_default());
        let shown = CronJobStatus {
            active: status.active.map_or(0, |active| active.len() as u32),
            last_schedule: status.last_schedule_time.as_ref().map(|at| self.time_of(at)),
            last_success: status.last_successful_time.as_ref().map(|at| self.time_of(at)),
        };
        let seen = WorkloadSeen::of(Status::CronJob(shown), 0, generation(object.metadata.generation));
        let now = WorkloadSeen { paused: spec.suspend == Some(true), ..seen };
        let schedule = Arg::Text(self.names.intern(&spec.schedule));
        let created = Why::with("schedule: {}", schedule);
        let kept = self.keep((SeenKind::CronJob, Kind::CronJob), &object.metadata, now, created);
        if let Some((subject, before)) = kept {
            self.told(subject, before.as_ref());
        }
    }
}

/// What a condition says of the end of a Job.
fn end(condition: Option<&JobCondition>, success: bool) -> Option<JobEnd> {
    let reason = match condition?.reason.as_deref().unwrap_or_default() {
        "SuccessPolicy" => JobReason::SuccessPolicy,
        "BackoffLimitExceeded" => JobReason::BackoffLimitExceeded,
        "DeadlineExceeded" => JobReason::DeadlineExceeded,
        "PodFailurePolicy" => JobReason::PodFailurePolicy,
        "MaxFailedIndexesExceeded" => JobReason::MaxFailedIndexesExceeded,
        "FailedIndexes" => JobReason::FailedIndexes,
        _ if success => JobReason::CompletionsReached,
        _ => JobReason::BackoffLimitExceeded,
    };
    Some(JobEnd { success, reason })
}
