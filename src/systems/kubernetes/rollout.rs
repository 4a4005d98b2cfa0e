//! Rollouts of Argo Rollouts, with the defaults and checks of their controller: what it would mark as `InvalidSpec` is refused,
//! as `kubectl argo rollouts lint` does. Source: argo-rollouts v1.10.1, pkg/apis/rollouts/v1alpha1/types.go,
//! pkg/apis/rollouts/validation/validation.go and utils/defaults/defaults.go.

use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::analysis_template::Reference;
use super::complaint::Findings;
use super::opaque::Opaque;
use super::rollout_strategy::{self, BlueGreen, Canary};
use super::{apps, figures};
use crate::kernel::Duration;
use crate::systems::argorollouts::profile::V1_10;
use crate::timeline::Kind;
use crate::workload::RolloutSpec;
use crate::workload::rollout::{Analysis, RolloutStrategy, ScaleDown, TemplateSource};

/// What a document says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    replicas: Option<i32>,
    selector: Option<LabelSelector>,
    template: Option<PodTemplateSpec>,
    workload_ref: Option<WorkloadRef>,
    min_ready_seconds: Option<i32>,
    rollback_window: Option<RollbackWindow>,
    strategy: Strategy,
    revision_history_limit: Option<i32>,
    paused: Option<bool>,
    progress_deadline_seconds: Option<i32>,
    progress_deadline_abort: Option<bool>,
    restart_at: Option<String>,
    analysis: Option<Limits>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WorkloadRef {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    scale_down: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RollbackWindow {
    revisions: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Limits {
    successful_run_history_limit: Option<i32>,
    unsuccessful_run_history_limit: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Strategy {
    blue_green: Option<BlueGreen>,
    canary: Option<Canary>,
}

/// An analysis that a strategy names.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisRef {
    /// Its templates.
    pub templates: Option<Vec<Reference>>,
    args: Option<Opaque>,
    dry_run: Option<Vec<super::analysis_template::DryRun>>,
    measurement_retention: Option<Opaque>,
    analysis_run_metadata: Option<Opaque>,
    /// For one in the background: the first step that it goes on beside.
    pub starting_step: Option<i32>,
}

impl AnalysisRef {
    /// The analysis; `None` if it names no template.
    pub fn analysis(&self, path: &str, findings: &mut Findings) -> Option<Analysis> {
        for (field, there) in [
            ("args", self.args.is_some()),
            ("measurementRetention", self.measurement_retention.is_some()),
            ("analysisRunMetadata", self.analysis_run_metadata.is_some()),
        ] {
            if there {
                findings.note(format!("{path}.{field}"), "this has no effect here");
            }
        }
        let templates: Vec<(String, bool)> = self.templates.iter().flatten().map(Reference::name).collect();
        let dry_run = self.dry_run.iter().flatten().map(|one| one.metric_name.clone()).collect();
        (!templates.is_empty()).then_some(Analysis { templates, dry_run })
    }
}

/// A length of time in whole seconds, if it is there.
pub fn seconds(value: Option<i32>, path: &str, findings: &mut Findings) -> Option<Duration> {
    figures::seconds(value.map(i64::from), path, findings)
}

/// A number of pods or a share of them; a text without `%` is a share too (`GetValueFromIntOrPercent`).
pub fn share(value: Option<&IntOrString>, path: &str, findings: &mut Findings) -> crate::workload::IntOrPercent {
    match value {
        None => V1_10.quarter,
        Some(IntOrString::String(text)) if text.parse::<u32>().is_ok() => {
            figures::int_or_percent(&IntOrString::String(format!("{text}%")), path, findings)
        }
        Some(value) => figures::int_or_percent(value, path, findings),
    }
}

/// A Rollout.
pub fn rollout(from: &Spec, findings: &mut Findings) -> RolloutSpec {
    let minimum = from.min_ready_seconds.unwrap_or(0);
    let default = i32::try_from(V1_10.progress_deadline.whole_secs()).unwrap_or(i32::MAX);
    let deadline = from.progress_deadline_seconds.unwrap_or(default);
    let path = "spec.progressDeadlineSeconds";
    let progress_deadline = seconds(Some(deadline), path, findings).unwrap_or(V1_10.progress_deadline);
    if deadline <= minimum {
        findings.invalid(path, deadline, "must be greater than minReadySeconds");
    }
    if from.restart_at.is_some() {
        findings.note("spec.restartAt", "a restart is an operator's action here: this has no effect");
    }
    let history_path = "spec.revisionHistoryLimit";
    let revision_history = figures::count(from.revision_history_limit, V1_10.revision_history, history_path, findings);
    let limits = from.analysis.as_ref();
    let mut kept = |value: Option<i32>, field: &str| {
        figures::count(value, V1_10.runs_kept, &format!("spec.analysis.{field}"), findings)
    };
    let successful_runs = kept(limits.and_then(|one| one.successful_run_history_limit), "successfulRunHistoryLimit");
    let unsuccessful = limits.and_then(|one| one.unsuccessful_run_history_limit);
    let unsuccessful_runs = kept(unsuccessful, "unsuccessfulRunHistoryLimit");
    let window = from.rollback_window.as_ref().and_then(|window| window.revisions);
    let min_ready = seconds(from.min_ready_seconds, "spec.minReadySeconds", findings).unwrap_or(Duration::ZERO);
    let (strategy, anti_affinity) = strategy(&from.strategy, revision_history, findings);
    RolloutSpec {
        replicas: figures::count(from.replicas, V1_10.replicas, "spec.replicas", findings),
        source: source(from, findings),
        min_ready,
        revision_history,
        paused: from.paused.unwrap_or(false),
        progress_deadline,
        progress_deadline_abort: from.progress_deadline_abort.unwrap_or(false),
        restart_at: None,
        rollback_window: figures::optional_count(window, "spec.rollbackWindow.revisions", findings),
        successful_runs,
        unsuccessful_runs,
        anti_affinity,
        strategy,
    }
}

fn strategy(
    from: &Strategy,
    revision_history: u32,
    findings: &mut Findings,
) -> (RolloutStrategy, Option<crate::workload::rollout::AntiAffinity>) {
    let path = "spec.strategy";
    match (&from.blue_green, &from.canary) {
        (Some(blue_green), None) => rollout_strategy::blue_green(blue_green, revision_history, findings),
        (None, Some(canary)) => rollout_strategy::canary(canary, findings),
        (Some(_), Some(_)) => {
            let shown = "\"blueGreen: true canary: true\"";
            findings.invalid(path, shown, "Multiple Strategies can not be listed");
            rollout_strategy::canary(&Canary::default(), &mut Findings::default())
        }
        (None, None) => {
            let detail = "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";
            findings.required(format!("{path}.strategy"), detail);
            rollout_strategy::canary(&Canary::default(), &mut Findings::default())
        }
    }
}

/// Its own template, or that of the workload that it names.
fn source(from: &Spec, findings: &mut Findings) -> TemplateSource {
    let Some(reference) = &from.workload_ref else {
        let empty = PodTemplateSpec::default();
        if from.selector.is_none() {
            findings.required("spec.selector", "Rollout has missing field '.spec.selector'");
        }
        let template = from.template.as_ref().unwrap_or(&empty);
        let selector = from.selector.as_ref();
        return TemplateSource::Own(match selector {
            Some(selector) => apps::template(template, selector, &[], "ReplicaSet", findings),
            None => std::sync::Arc::new(super::pod::template(template, &[], "spec.template", findings)),
        });
    };
    let path = "spec.workloadRef";
    if from.template.as_ref().is_some_and(|template| *template != PodTemplateSpec::default()) {
        findings.invalid("spec.template", "{…}", "template must be empty for workload reference rollout");
    }
    let (group, _) = super::kinds::group_version(reference.api_version.as_deref().unwrap_or(""));
    let kind = reference.kind.as_deref().unwrap_or("");
    let known = match (group, kind) {
        ("apps", "Deployment") => Kind::Deployment,
        ("apps", "ReplicaSet") => Kind::ReplicaSet,
        ("", "PodTemplate") => {
            findings.forbidden(path, "templates of pods that stand alone are not simulated: name a Deployment");
            Kind::Deployment
        }
        _ => {
            findings.invalid(path, "{…}", &format!("workload of type {group}/{kind} is not supported"));
            Kind::Deployment
        }
    };
    let name = reference.name.clone().unwrap_or_default();
    if name.is_empty() {
        findings.required(format!("{path}.name"), "");
    }
    let scale_down = match reference.scale_down.as_deref() {
        None | Some("" | "never") => ScaleDown::Never,
        Some("onsuccess") => ScaleDown::OnSuccess,
        Some("progressively") => ScaleDown::Progressively,
        Some(other) => {
            findings.unsupported(format!("{path}.scaleDown"), other, &["never", "onsuccess", "progressively"]);
            ScaleDown::Never
        }
    };
    TemplateSource::Workload { kind: known, name, scale_down }
}
