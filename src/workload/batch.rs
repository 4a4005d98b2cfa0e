//! Workloads that end: Jobs, and CronJobs that make them.
//! Shapes follow `k8s.io/api` v0.36.3, batch/v1; a reader fills the defaults in.

use std::sync::Arc;

use super::PodTemplate;
use crate::kernel::Duration;

/// What a Job asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobSpec {
    /// How many pods must succeed; `None`: one success ends the Job, as in a work queue.
    pub completions: Option<u32>,
    /// How many may run at once.
    pub parallelism: u32,
    /// How many may fail before the Job fails.
    pub backoff_limit: u32,
    /// `completionMode: Indexed`: each success counts for one index.
    pub indexed: bool,
    /// How many times one index may fail; the limit of the whole Job does not count then.
    pub backoff_limit_per_index: Option<u32>,
    /// Indexes that may fail before the Job fails.
    pub max_failed_indexes: Option<u32>,
    /// How long the Job may be active.
    pub active_deadline: Option<Duration>,
    /// How long it stays once it has ended; `None`: until it is deleted.
    pub ttl_after_finished: Option<Duration>,
    /// True while it makes no pods.
    pub suspended: bool,
    /// `podReplacementPolicy: Failed`: a pod is replaced once it has ended; else as soon as it terminates.
    pub replaces_failed_only: bool,
    /// Rules on failed pods; the first that matches counts.
    pub failure_policy: Vec<FailureRule>,
    /// Rules on successes that end the Job early.
    pub success_policy: Vec<SuccessRule>,
    /// What the pods are made from.
    pub template: Arc<PodTemplate>,
}

impl JobSpec {
    /// A Job with the defaults of `k8s.io/kubernetes` v1.36.3, pkg/apis/batch/v1/defaults.go: one completion, six failures.
    pub fn of(template: Arc<PodTemplate>) -> JobSpec {
        JobSpec {
            completions: Some(1),
            parallelism: 1,
            backoff_limit: 6,
            indexed: false,
            backoff_limit_per_index: None,
            max_failed_indexes: None,
            active_deadline: None,
            ttl_after_finished: None,
            suspended: false,
            replaces_failed_only: false,
            failure_policy: Vec::new(),
            success_policy: Vec::new(),
            template,
        }
    }
}

/// A rule of `podFailurePolicy`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailureRule {
    /// What happens.
    pub action: FailureAction,
    /// To which failures.
    pub on: FailureMatch,
}

/// What a failure rule does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FailureAction {
    /// The Job fails.
    FailJob,
    /// The index fails and is not tried again.
    FailIndex,
    /// The failure is not counted.
    Ignore,
    /// The failure is counted as any other.
    Count,
}

/// Which failures a rule is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FailureMatch {
    /// The exit code of a container.
    ExitCodes {
        /// The container; `None`: any.
        container: Option<String>,
        /// True: the code is one of these; false: it is none of these.
        included: bool,
        /// The codes.
        codes: Vec<u8>,
    },
    /// A condition of the pod (`DisruptionTarget`), each with its status.
    Conditions(Vec<(String, String)>),
}

/// A rule of `successPolicy`: the Job succeeds once this many of these indexes have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuccessRule {
    /// The indexes, as pairs of first and last; empty: all.
    pub indexes: Vec<(u32, u32)>,
    /// How many of them; `None`: all.
    pub count: Option<u32>,
}

/// What a CronJob asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CronJobSpec {
    /// The schedule, in cron's five fields or a macro (`@hourly`).
    pub schedule: String,
    /// The time zone of the schedule; `None`: UTC.
    pub time_zone: Option<String>,
    /// How late a Job may start.
    pub starting_deadline: Option<Duration>,
    /// What happens when the last Job still runs.
    pub concurrency: Concurrency,
    /// True while it makes no Jobs.
    pub suspended: bool,
    /// Successful Jobs that are kept.
    pub successful_history: u32,
    /// Failed Jobs that are kept.
    pub failed_history: u32,
    /// The Jobs.
    pub job: JobSpec,
}

/// `concurrencyPolicy` of a CronJob.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Concurrency {
    /// Both run.
    Allow,
    /// The new one is left out.
    Forbid,
    /// The old one is deleted.
    Replace,
}
