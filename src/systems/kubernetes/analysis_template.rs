//! AnalysisTemplates and ClusterAnalysisTemplates of Argo Rollouts, with the checks of their controller.
//! Source: argo-rollouts v1.10.1, pkg/apis/rollouts/v1alpha1/analysis_types.go and utils/analysis/factory.go (ValidateMetric).

use k8s_openapi::api::batch::v1::JobSpec;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::batch;
use super::complaint::Findings;
use super::opaque::Opaque;
use crate::kernel::Duration;
use crate::systems::argorollouts::profile::V1_10;
use crate::text::duration;
use crate::workload::AnalysisTemplateSpec;
use crate::workload::rollout::{AnalysisMetric, MetricProvider};

/// What a document says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    metrics: Option<Vec<Metric>>,
    args: Option<Opaque>,
    dry_run: Option<Vec<DryRun>>,
    measurement_retention: Option<Opaque>,
    templates: Option<Vec<Reference>>,
}

/// A template that is named.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Reference {
    template_name: String,
    cluster_scope: Option<bool>,
}

impl Reference {
    /// Its name, and whether it is a ClusterAnalysisTemplate.
    pub fn name(&self) -> (String, bool) {
        (self.template_name.clone(), self.cluster_scope.unwrap_or(false))
    }
}

/// A metric whose results do not count.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct DryRun {
    /// Its name.
    pub metric_name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metric {
    name: String,
    interval: Option<String>,
    initial_delay: Option<String>,
    count: Option<IntOrString>,
    success_condition: Option<String>,
    failure_condition: Option<String>,
    failure_limit: Option<IntOrString>,
    inconclusive_limit: Option<IntOrString>,
    consecutive_error_limit: Option<IntOrString>,
    consecutive_success_limit: Option<IntOrString>,
    provider: Provider,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Provider {
    job: Option<Job>,
    prometheus: Option<Opaque>,
    kayenta: Option<Opaque>,
    web: Option<Opaque>,
    datadog: Option<Opaque>,
    wavefront: Option<Opaque>,
    new_relic: Option<Opaque>,
    cloud_watch: Option<Opaque>,
    graphite: Option<Opaque>,
    influxdb: Option<Opaque>,
    sky_walking: Option<Opaque>,
    plugin: Option<Opaque>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Job {
    metadata: Option<Opaque>,
    spec: JobSpec,
}

/// A length of time as Go writes it: `1h30m`, `1.5s`, `250ms`.
pub fn go_duration(text: &str) -> Option<Duration> {
    // Our own form has days and clock times too.
    if text == "0" { Some(Duration::ZERO) } else { duration::parse(text).ok().filter(|_| !text.contains([':', 'd'])) }
}

/// An AnalysisTemplate.
pub fn analysis_template(from: &Spec, findings: &mut Findings) -> AnalysisTemplateSpec {
    for (field, there) in
        [("args", from.args.is_some()), ("measurementRetention", from.measurement_retention.is_some())]
    {
        if there {
            findings.note(format!("spec.{field}"), "this has no effect here");
        }
    }
    let mut metrics: Vec<AnalysisMetric> = Vec::new();
    for (index, one) in from.metrics.iter().flatten().enumerate() {
        let path = format!("spec.metrics[{index}]");
        if metrics.iter().any(|known| known.name == one.name) {
            findings.invalid(&path, "{…}", &format!("metrics[{index}]: duplicate name '{}'", one.name));
        }
        metrics.push(metric(one, index, &path, findings));
    }
    let templates: Vec<(String, bool)> = from.templates.iter().flatten().map(Reference::name).collect();
    if metrics.is_empty() && templates.is_empty() {
        findings.invalid("spec.metrics", "[]", "no metrics specified");
    }
    let dry_run = from.dry_run.iter().flatten().map(|one| one.metric_name.clone()).collect();
    AnalysisTemplateSpec { metrics, dry_run, templates }
}

fn metric(from: &Metric, index: usize, path: &str, findings: &mut Findings) -> AnalysisMetric {
    let mut number = |value: &Option<IntOrString>, field: &str| match value {
        None => None,
        Some(IntOrString::Int(count)) => Some(i64::from(*count)),
        Some(IntOrString::String(text)) => match text.parse::<i64>() {
            Ok(count) => Some(count),
            Err(_) => {
                findings
                    .note(format!("{path}.{field}"), "arguments are not resolved here: taken as if it were left out");
                None
            }
        },
    };
    let count = number(&from.count, "count");
    let failures = number(&from.failure_limit, "failureLimit").unwrap_or(0);
    let inconclusive = number(&from.inconclusive_limit, "inconclusiveLimit").unwrap_or(0);
    let errors = number(&from.consecutive_error_limit, "consecutiveErrorLimit");
    let successes = number(&from.consecutive_success_limit, "consecutiveSuccessLimit").unwrap_or(0);
    let mut length = |value: &Option<String>, field: &str| {
        let text = value.as_ref().filter(|text| !text.is_empty())?;
        let read = go_duration(text);
        if read.is_none() {
            findings.invalid_text(format!("{path}.{field}"), text, &format!("invalid {field} string"));
        }
        read
    };
    let interval = length(&from.interval, "interval");
    let initial_delay = length(&from.initial_delay, "initialDelay").unwrap_or(Duration::ZERO);
    let wanted = count.unwrap_or(0);
    let wrong = match () {
        () if successes < 0 => Some("consecutiveSuccessLimit must be >= 0".to_owned()),
        () if failures < -1 => Some("failureLimit must be >= 0, or -1 to be disabled".to_owned()),
        () if successes == 0 && failures == -1 => {
            Some("failureLimit and consecutiveSuccessLimit cannot both be disabled".to_owned())
        }
        () if inconclusive < 0 => Some("inconclusiveLimit must be >= 0".to_owned()),
        () if errors.is_some_and(|errors| errors < 0) => Some("consecutiveErrorLimit must be >= 0".to_owned()),
        () if wanted > 0 && failures >= 0 && wanted < failures + successes => Some(format!(
            "count ({wanted}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {successes}) if both >= 0"
        )),
        () if wanted > 0 && wanted < successes => Some("count must be >= consecutiveSuccessLimit".to_owned()),
        () if wanted > 0 && wanted < inconclusive => Some("count must be >= inconclusiveLimit".to_owned()),
        () if wanted > 1 && interval.is_none() => Some("interval must be specified when count > 1".to_owned()),
        () => None,
    };
    if let Some(wrong) = wrong {
        findings.invalid(path, "{…}", &format!("metrics[{index}]: {wrong}"));
    }
    let count_of = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
    AnalysisMetric {
        name: from.name.clone(),
        interval,
        initial_delay,
        count: count.map(count_of),
        failure_limit: (failures >= 0).then(|| count_of(failures)),
        inconclusive_limit: count_of(inconclusive),
        consecutive_error_limit: errors.map_or(V1_10.consecutive_errors, count_of),
        consecutive_success_limit: count_of(successes),
        provider: provider(from, index, path, findings),
    }
}

fn provider(from: &Metric, index: usize, path: &str, findings: &mut Findings) -> MetricProvider {
    let one = &from.provider;
    let outside = [
        ("prometheus", one.prometheus),
        ("kayenta", one.kayenta),
        ("web", one.web),
        ("datadog", one.datadog),
        ("wavefront", one.wavefront),
        ("newRelic", one.new_relic),
        ("cloudWatch", one.cloud_watch),
        ("graphite", one.graphite),
        ("influxdb", one.influxdb),
        ("skyWalking", one.sky_walking),
        ("plugin", one.plugin),
    ];
    let named: Vec<&'static str> = outside.iter().filter(|(_, there)| there.is_some()).map(|(name, _)| *name).collect();
    let count = named.len() + usize::from(one.job.is_some());
    if count != 1 {
        let wrong = if count == 0 { "no provider specified" } else { "multiple providers specified" };
        findings.invalid(path, "{…}", &format!("metrics[{index}]: {wrong}"));
    }
    if from.success_condition.is_some() || from.failure_condition.is_some() {
        let told = "conditions are not evaluated: the scenario's `behaviour` says what each measurement is";
        let field = if from.success_condition.is_some() { "successCondition" } else { "failureCondition" };
        findings.note(format!("{path}.{field}"), told);
    }
    match &one.job {
        Some(job) => {
            let _ = job.metadata;
            let spec = batch::job(&job.spec, &format!("{path}.provider.job.spec"), findings);
            MetricProvider::Job(Box::new(spec))
        }
        None => MetricProvider::Outside(named.first().copied().unwrap_or("none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lengths_as_go_writes_them() {
        let millis = |text| go_duration(text).map(|length| length.nanos() / 1_000_000);
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("1.5s"), Some(1_500));
        assert_eq!(millis("250ms"), Some(250));
        assert_eq!(millis("0"), Some(0));
        for wrong in ["", "5", "m", "5x", "-5s", "1d", "1:00:00", "{{args.wait}}"] {
            assert_eq!(go_duration(wrong), None, "{wrong}");
        }
    }
}
