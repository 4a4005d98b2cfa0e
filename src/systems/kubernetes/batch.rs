//! Jobs and CronJobs, with the API server's defaults and checks.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/batch/v1/defaults.go and pkg/apis/batch/validation/validation.go.

use std::sync::Arc;

use k8s_openapi::api::batch::v1 as batch;

use super::complaint::Findings;
use super::{figures, pod};
use crate::kernel::Duration;
use crate::workload::batch::{Concurrency, FailureAction, FailureMatch, FailureRule, SuccessRule};
use crate::workload::schedule::Schedule;
use crate::workload::{CronJobSpec, JobSpec, RestartPolicy};

/// Failed pods that a Job outlives.
const BACKOFF_LIMIT: u32 = 6;
/// The same where each index has a limit of its own.
const BACKOFF_LIMIT_PER_INDEX: u32 = i32::MAX as u32;

/// A Job; `path` is `spec`, or where a CronJob has it.
pub fn job(from: &batch::JobSpec, path: &str, findings: &mut Findings) -> JobSpec {
    let at = |field: &str| format!("{path}.{field}");
    let template = pod::template(&from.template, &[], &at("template"), findings);
    let policy_path = at("template.spec.restartPolicy");
    if template.restart_policy == RestartPolicy::Always {
        findings.required(policy_path, "valid values: \"OnFailure\", \"Never\"");
    } else if from.pod_failure_policy.is_some() && template.restart_policy != RestartPolicy::Never {
        let detail = "only \"Never\" is supported when podFailurePolicy is specified";
        findings.invalid_text(policy_path, "OnFailure", detail);
    }
    let names_pods = from.selector.as_ref().is_some_and(|selector| *selector != Default::default());
    if path != "spec" && from.selector.is_some() {
        findings.invalid(at("selector"), "{}", "`selector` will be auto-generated");
    } else if names_pods && from.manual_selector != Some(true) {
        findings.invalid(at("selector"), "{}", "`selector` not auto-generated");
    }
    let indexed = match from.completion_mode.as_deref() {
        None | Some("NonIndexed") => false,
        Some("Indexed") => true,
        Some(other) => {
            findings.unsupported(at("completionMode"), other, &["Indexed", "NonIndexed"]);
            false
        }
    };
    let mut completions = figures::optional_count(from.completions, &at("completions"), findings);
    let parallelism = figures::optional_count(from.parallelism, &at("parallelism"), findings);
    if completions.is_none() && parallelism.is_none() {
        completions = Some(1);
    }
    let per_index = figures::optional_count(from.backoff_limit_per_index, &at("backoffLimitPerIndex"), findings);
    let max_failed = figures::optional_count(from.max_failed_indexes, &at("maxFailedIndexes"), findings);
    check_indexed(from, indexed, &at, findings);
    let limit = if per_index.is_some() { BACKOFF_LIMIT_PER_INDEX } else { BACKOFF_LIMIT };
    let failure_policy = failure_policy(from, &at("podFailurePolicy.rules"), findings);
    let replaces_failed_only = match from.pod_replacement_policy.as_deref() {
        None => from.pod_failure_policy.is_some(),
        Some("Failed") => true,
        Some("TerminatingOrFailed") if from.pod_failure_policy.is_none() => false,
        Some(other) => {
            let both: &[&str] = &["Failed", "TerminatingOrFailed"];
            let supported = if from.pod_failure_policy.is_some() { &both[..1] } else { both };
            findings.unsupported(at("podReplacementPolicy"), other, supported);
            true
        }
    };
    if let Some(manager) = &from.managed_by
        && manager != "kubernetes.io/job-controller"
    {
        findings.note(at("managedBy"), "no other controller runs here: the built-in one handles this Job");
    }
    let ttl = figures::optional_count(from.ttl_seconds_after_finished, &at("ttlSecondsAfterFinished"), findings);
    JobSpec {
        completions,
        parallelism: parallelism.unwrap_or(1),
        backoff_limit: figures::count(from.backoff_limit, limit, &at("backoffLimit"), findings),
        indexed,
        backoff_limit_per_index: per_index,
        max_failed_indexes: max_failed,
        active_deadline: figures::seconds(from.active_deadline_seconds, &at("activeDeadlineSeconds"), findings),
        ttl_after_finished: ttl.map(|seconds| Duration::from_secs(seconds.into())),
        suspended: from.suspend.unwrap_or(false),
        replaces_failed_only,
        failure_policy,
        success_policy: success_policy(from, indexed, &at("successPolicy"), findings),
        template: Arc::new(template),
    }
}

fn check_indexed(from: &batch::JobSpec, indexed: bool, at: &impl Fn(&str) -> String, findings: &mut Findings) {
    if from.max_failed_indexes.is_some() && from.backoff_limit_per_index.is_none() {
        findings.required(at("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    if indexed && from.completions.is_none() {
        findings.required(at("completions"), "when completion mode is Indexed");
    }
    if let (true, Some(failed), Some(completions)) = (indexed, from.max_failed_indexes, from.completions)
        && failed > completions
    {
        findings.invalid(at("maxFailedIndexes"), failed, "must be less than or equal to completions");
    }
    if !indexed {
        let fields =
            [("backoffLimitPerIndex", from.backoff_limit_per_index), ("maxFailedIndexes", from.max_failed_indexes)];
        for (field, value) in fields {
            if let Some(value) = value {
                findings.invalid(at(field), value, "requires indexed completion mode");
            }
        }
    }
}

fn failure_policy(from: &batch::JobSpec, path: &str, findings: &mut Findings) -> Vec<FailureRule> {
    let mut rules = Vec::new();
    for (index, rule) in from.pod_failure_policy.iter().flat_map(|policy| &policy.rules).enumerate() {
        let path = format!("{path}[{index}]");
        let action = match rule.action.as_str() {
            "FailJob" => FailureAction::FailJob,
            "FailIndex" => {
                if from.backoff_limit_per_index.is_none() {
                    let detail = "requires the backoffLimitPerIndex to be set";
                    findings.invalid_text(format!("{path}.action"), "FailIndex", detail);
                }
                FailureAction::FailIndex
            }
            "Ignore" => FailureAction::Ignore,
            "Count" => FailureAction::Count,
            other => {
                let supported = &["Count", "FailIndex", "FailJob", "Ignore"];
                findings.unsupported(format!("{path}.action"), other, supported);
                FailureAction::Count
            }
        };
        let on = match (&rule.on_exit_codes, rule.on_pod_conditions.as_deref().unwrap_or_default()) {
            (Some(codes), []) => exit_codes(codes, &format!("{path}.onExitCodes"), findings),
            (None, []) => {
                findings.invalid(path, "{}", "specifying one of OnExitCodes and OnPodConditions is required");
                continue;
            }
            (None, conditions) => {
                let status = |one: &batch::PodFailurePolicyOnPodConditionsPattern| {
                    one.status.clone().unwrap_or_else(|| "True".to_owned())
                };
                FailureMatch::Conditions(conditions.iter().map(|one| (one.type_.clone(), status(one))).collect())
            }
            (Some(_), _) => {
                let detail = "specifying both OnExitCodes and OnPodConditions is not supported";
                findings.invalid(path, "{}", detail);
                continue;
            }
        };
        rules.push(FailureRule { action, on });
    }
    rules
}

fn exit_codes(
    from: &batch::PodFailurePolicyOnExitCodesRequirement,
    path: &str,
    findings: &mut Findings,
) -> FailureMatch {
    let included = match from.operator.as_str() {
        "In" => true,
        "NotIn" => false,
        other => {
            findings.unsupported(format!("{path}.operator"), other, &["In", "NotIn"]);
            true
        }
    };
    if from.values.is_empty() {
        findings.invalid(format!("{path}.values"), "null", "at least one value is required");
    }
    let mut codes = Vec::new();
    for (index, code) in from.values.iter().enumerate() {
        match u8::try_from(*code) {
            Ok(0) if included => {
                let detail = "must not be 0 for the In operator";
                findings.invalid(format!("{path}.values[{index}]"), 0, detail);
            }
            Ok(code) => codes.push(code),
            // Such a code is allowed, and no container of Linux ends with it.
            Err(_) => findings.note(format!("{path}.values[{index}]"), "no container ends with this code"),
        }
    }
    FailureMatch::ExitCodes { container: from.container_name.clone(), included, codes }
}

fn success_policy(from: &batch::JobSpec, indexed: bool, path: &str, findings: &mut Findings) -> Vec<SuccessRule> {
    let Some(policy) = &from.success_policy else { return Vec::new() };
    if !indexed {
        findings.invalid(path, "{}", "requires indexed completion mode");
    }
    let mut rules = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = format!("{path}.rules[{index}]");
        if rule.succeeded_count.is_none() && rule.succeeded_indexes.is_none() {
            findings.required(path.as_str(), "at least one of succeededCount or succeededIndexes must be specified");
        }
        let text = rule.succeeded_indexes.as_deref().unwrap_or("");
        let Some(indexes) = indexes(text) else {
            findings.invalid_text(format!("{path}.succeededIndexes"), text, "error parsing succeededIndexes");
            continue;
        };
        let count_path = format!("{path}.succeededCount");
        rules
            .push(SuccessRule { indexes, count: figures::optional_count(rule.succeeded_count, &count_path, findings) });
    }
    rules
}

/// `0,2-5` as pairs of first and last.
fn indexes(text: &str) -> Option<Vec<(u32, u32)>> {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let pair: (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if pair.0 > pair.1 || pairs.last().is_some_and(|before| before.1 >= pair.0) {
            return None;
        }
        pairs.push(pair);
    }
    Some(pairs)
}

/// A CronJob.
pub fn cron_job(from: &batch::CronJobSpec, findings: &mut Findings) -> CronJobSpec {
    let empty = batch::JobSpec::default();
    let job = job(from.job_template.spec.as_ref().unwrap_or(&empty), "spec.jobTemplate.spec", findings);
    check_schedule(&from.schedule, findings);
    if let Some(zone) = &from.time_zone {
        check_time_zone(zone, findings);
    }
    let concurrency = match from.concurrency_policy.as_deref() {
        None | Some("" | "Allow") => Concurrency::Allow,
        Some("Forbid") => Concurrency::Forbid,
        Some("Replace") => Concurrency::Replace,
        Some(other) => {
            findings.unsupported("spec.concurrencyPolicy", other, &["Allow", "Forbid", "Replace"]);
            Concurrency::Allow
        }
    };
    let deadline = "spec.startingDeadlineSeconds";
    CronJobSpec {
        schedule: from.schedule.clone(),
        time_zone: from.time_zone.clone(),
        starting_deadline: figures::seconds(from.starting_deadline_seconds, deadline, findings),
        concurrency,
        suspended: from.suspend.unwrap_or(false),
        successful_history: figures::count(
            from.successful_jobs_history_limit,
            3,
            "spec.successfulJobsHistoryLimit",
            findings,
        ),
        failed_history: figures::count(from.failed_jobs_history_limit, 1, "spec.failedJobsHistoryLimit", findings),
        job,
    }
}

/// `validateScheduleFormat`.
fn check_schedule(schedule: &str, findings: &mut Findings) {
    let path = "spec.schedule";
    if schedule.is_empty() {
        return findings.required(path, "");
    }
    // A zone before the fields is forbidden whatever follows.
    let fields = match schedule.split_once(' ') {
        Some((zone, fields)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => fields.trim(),
        _ => schedule,
    };
    if let Err(wrong) = Schedule::parse(fields, None) {
        findings.invalid_text(path, schedule, &wrong);
    }
    if schedule.contains("TZ") {
        let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        findings.invalid_text(path, schedule, detail);
    }
}

/// `validateTimeZone`.
fn check_time_zone(zone: &str, findings: &mut Findings) {
    let path = "spec.timeZone";
    let is_part = |part: &str| {
        let fits = |one: u8| one.is_ascii_alphanumeric() || b".-_+".contains(&one);
        !matches!(part, "" | "." | "..") && part.len() <= 14 && !part.starts_with('-') && part.bytes().all(fits)
    };
    if zone.is_empty() {
        findings.invalid_text(path, zone, "timeZone must be nil or non-empty string");
    } else if zone.eq_ignore_ascii_case("Local") {
        let detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        findings.invalid_text(path, zone, detail);
    } else if !zone.split('/').all(is_part) || !Schedule::knows_zone(zone) {
        findings.invalid_text(path, zone, &format!("unknown time zone {zone}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_indexes() {
        assert_eq!(indexes("0,2-5,9"), Some(vec![(0, 0), (2, 5), (9, 9)]));
        assert_eq!(indexes(""), Some(vec![]));
        for wrong in ["a", "3-1", "1,1", "2,1", "-", "1-"] {
            assert_eq!(indexes(wrong), None, "{wrong}");
        }
    }
}
