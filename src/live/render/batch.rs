//! Jobs and CronJobs.

use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::figures::some;
use super::template::{Crew, template};
use super::{Draft, Unsupported, run_labels};
use crate::timeline::Kind;
use crate::workload::batch::{Concurrency, FailureAction, FailureMatch, FailureRule, SuccessRule};
use crate::workload::{CronJobSpec, JobSpec};

/// A Job.
pub fn job(draft: &Draft<'_>, from: &JobSpec) -> Result<batch::Job, Unsupported> {
    Ok(batch::Job { metadata: draft.metadata(), spec: Some(spec(draft, from)?), status: None })
}

fn spec(draft: &Draft<'_>, from: &JobSpec) -> Result<batch::JobSpec, Unsupported> {
    let success = from.success_policy.iter().map(|rule| success_rule(draft, rule)).collect::<Result<Vec<_>, _>>()?;
    // The pods of a CronJob are those of its Jobs, and rows of behaviour name the CronJob.
    let crew = Crew { kind: Kind::Job, ..Crew::of(draft, 0) };
    Ok(batch::JobSpec {
        active_deadline_seconds: from
            .active_deadline
            .map(|length| draft.seconds(length, "activeDeadlineSeconds"))
            .transpose()?,
        backoff_limit: Some(draft.count(from.backoff_limit, "backoffLimit")?),
        backoff_limit_per_index: draft.optional_count(from.backoff_limit_per_index, "backoffLimitPerIndex")?,
        completion_mode: Some(if from.indexed { "Indexed" } else { "NonIndexed" }.to_owned()),
        completions: draft.optional_count(from.completions, "completions")?,
        max_failed_indexes: draft.optional_count(from.max_failed_indexes, "maxFailedIndexes")?,
        parallelism: Some(draft.count(from.parallelism, "parallelism")?),
        pod_failure_policy: some(from.failure_policy.iter().map(failure_rule).collect())
            .map(|rules| batch::PodFailurePolicy { rules }),
        pod_replacement_policy: Some(
            if from.replaces_failed_only { "Failed" } else { "TerminatingOrFailed" }.to_owned(),
        ),
        success_policy: some(success).map(|rules| batch::SuccessPolicy { rules }),
        suspend: Some(from.suspended),
        template: template(draft, &crew, &from.template, &[])?,
        ttl_seconds_after_finished: from
            .ttl_after_finished
            .map(|length| draft.short_seconds(length, "ttlSecondsAfterFinished"))
            .transpose()?,
        ..batch::JobSpec::default()
    })
}

fn failure_rule(from: &FailureRule) -> batch::PodFailurePolicyRule {
    let action = match from.action {
        FailureAction::FailJob => "FailJob",
        FailureAction::FailIndex => "FailIndex",
        FailureAction::Ignore => "Ignore",
        FailureAction::Count => "Count",
    };
    let mut rule = batch::PodFailurePolicyRule { action: action.to_owned(), ..batch::PodFailurePolicyRule::default() };
    match &from.on {
        FailureMatch::ExitCodes { container, included, codes } => {
            rule.on_exit_codes = Some(batch::PodFailurePolicyOnExitCodesRequirement {
                container_name: container.clone(),
                operator: if *included { "In" } else { "NotIn" }.to_owned(),
                values: codes.iter().map(|code| i32::from(*code)).collect(),
            });
        }
        FailureMatch::Conditions(conditions) => {
            let pattern = |(type_, status): &(String, String)| batch::PodFailurePolicyOnPodConditionsPattern {
                type_: type_.clone(),
                status: Some(status.clone()),
            };
            rule.on_pod_conditions = Some(conditions.iter().map(pattern).collect());
        }
    }
    rule
}

fn success_rule(draft: &Draft<'_>, from: &SuccessRule) -> Result<batch::SuccessPolicyRule, Unsupported> {
    let range = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let ranges: Vec<String> = from.indexes.iter().map(range).collect();
    Ok(batch::SuccessPolicyRule {
        succeeded_count: draft.optional_count(from.count, "succeededCount")?,
        succeeded_indexes: some(ranges.join(",")),
    })
}

/// A CronJob; its Jobs carry the labels of the run as well.
pub fn cron_job(draft: &Draft<'_>, from: &CronJobSpec) -> Result<batch::CronJob, Unsupported> {
    let concurrency = match from.concurrency {
        Concurrency::Allow => "Allow",
        Concurrency::Forbid => "Forbid",
        Concurrency::Replace => "Replace",
    };
    let metadata = ObjectMeta { labels: Some(run_labels(draft.naming())), ..ObjectMeta::default() };
    let spec = batch::CronJobSpec {
        concurrency_policy: Some(concurrency.to_owned()),
        failed_jobs_history_limit: Some(draft.count(from.failed_history, "failedJobsHistoryLimit")?),
        job_template: batch::JobTemplateSpec { metadata: Some(metadata), spec: Some(spec(draft, &from.job)?) },
        schedule: from.schedule.clone(),
        starting_deadline_seconds: from
            .starting_deadline
            .map(|length| draft.seconds(length, "startingDeadlineSeconds"))
            .transpose()?,
        successful_jobs_history_limit: Some(draft.count(from.successful_history, "successfulJobsHistoryLimit")?),
        suspend: Some(from.suspended),
        time_zone: from.time_zone.clone(),
    };
    Ok(batch::CronJob { metadata: draft.metadata(), spec, status: None })
}
