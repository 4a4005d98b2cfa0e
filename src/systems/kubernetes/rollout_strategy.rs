//! The strategies of a Rollout, with the defaults and checks of its controller; sources as in `rollout`.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::analysis_template::go_duration;
use super::complaint::Findings;
use super::figures;
use super::opaque::Opaque;
use super::rollout::{AnalysisRef, seconds, share};
use crate::kernel::Duration;
use crate::workload::IntOrPercent;
use crate::workload::rollout::{self as model, AntiAffinity, CanaryStep, RolloutStrategy};

/// `spec.strategy.blueGreen`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct BlueGreen {
    active_service: Option<String>,
    preview_service: Option<String>,
    preview_replica_count: Option<i32>,
    auto_promotion_enabled: Option<bool>,
    auto_promotion_seconds: Option<i32>,
    max_unavailable: Option<IntOrString>,
    scale_down_delay_seconds: Option<i32>,
    scale_down_delay_revision_limit: Option<i32>,
    abort_scale_down_delay_seconds: Option<i32>,
    pre_promotion_analysis: Option<AnalysisRef>,
    post_promotion_analysis: Option<AnalysisRef>,
    anti_affinity: Option<Affinity>,
    preview_metadata: Option<Opaque>,
    active_metadata: Option<Opaque>,
}

/// `spec.strategy.canary`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Canary {
    canary_service: Option<String>,
    stable_service: Option<String>,
    steps: Option<Vec<Step>>,
    traffic_routing: Option<Opaque>,
    max_unavailable: Option<IntOrString>,
    max_surge: Option<IntOrString>,
    analysis: Option<AnalysisRef>,
    anti_affinity: Option<Affinity>,
    canary_metadata: Option<Opaque>,
    stable_metadata: Option<Opaque>,
    scale_down_delay_seconds: Option<i32>,
    scale_down_delay_revision_limit: Option<i32>,
    abort_scale_down_delay_seconds: Option<i32>,
    dynamic_stable_scale: Option<bool>,
    ping_pong: Option<Opaque>,
    min_pods_per_replica_set: Option<i32>,
    replica_progress_threshold: Option<Threshold>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Affinity {
    preferred_during_scheduling_ignored_during_execution: Option<Preferred>,
    required_during_scheduling_ignored_during_execution: Option<Opaque>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Preferred {
    weight: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Threshold {
    #[serde(rename = "type")]
    kind: Option<String>,
    value: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Step {
    set_weight: Option<i32>,
    pause: Option<Pause>,
    experiment: Option<Opaque>,
    analysis: Option<AnalysisRef>,
    set_canary_scale: Option<Opaque>,
    set_header_route: Option<Opaque>,
    set_mirror_route: Option<Opaque>,
    plugin: Option<Opaque>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Pause {
    duration: Option<IntOrString>,
}

fn anti_affinity(from: Option<&Affinity>, path: &str, findings: &mut Findings) -> Option<AntiAffinity> {
    let from = from?;
    let path = format!("{path}.antiAffinity");
    let preferred = from.preferred_during_scheduling_ignored_during_execution.as_ref();
    match (preferred, from.required_during_scheduling_ignored_during_execution) {
        (None, Some(_)) => Some(AntiAffinity::Required),
        (Some(preferred), None) => {
            let weight = preferred.weight.unwrap_or(0);
            if !(1..=100).contains(&weight) {
                let at = format!("{path}.preferredDuringSchedulingIgnoredDuringExecution.weight");
                findings.invalid(at, weight, "AntiAffinity weight must be between 1-100");
            }
            Some(AntiAffinity::Preferred(weight.unsigned_abs()))
        }
        _ => {
            findings.invalid(path, "{…}", "AntiAffinity must have exactly one strategy listed");
            None
        }
    }
}

fn notes(path: &str, fields: &[(&str, bool)], findings: &mut Findings) {
    for (field, there) in fields {
        if *there {
            findings.note(format!("{path}.{field}"), "this has no effect here");
        }
    }
}

/// A name that is given; an empty one is none.
fn named(name: Option<&String>) -> Option<String> {
    name.filter(|name| !name.is_empty()).cloned()
}

/// A blue-green strategy.
pub fn blue_green(
    from: &BlueGreen,
    revision_history: u32,
    findings: &mut Findings,
) -> (RolloutStrategy, Option<AntiAffinity>) {
    let path = "spec.strategy.blueGreen";
    let at = |field: &str| format!("{path}.{field}");
    let active_service = from.active_service.clone().unwrap_or_default();
    if active_service.is_empty() {
        findings.required(at("activeService"), "");
    } else if from.preview_service.as_ref() == Some(&active_service) {
        let detail = "This rollout uses the same service for the active and preview services, but two different \
            services are required.";
        findings.invalid_text("spec.strategy.activeService", &active_service, detail);
    }
    let limit_path = at("scaleDownDelayRevisionLimit");
    let scale_down_revisions = figures::optional_count(from.scale_down_delay_revision_limit, &limit_path, findings);
    if let Some(limit) = scale_down_revisions.filter(|limit| *limit > revision_history) {
        let detail = "This rollout's revision history limit can not be smaller than the rollout's scale down limit";
        findings.invalid("spec.strategy.scaleDownDelayRevisionLimit", limit, detail);
    }
    let metadata =
        [("previewMetadata", from.preview_metadata.is_some()), ("activeMetadata", from.active_metadata.is_some())];
    notes(path, &metadata, findings);
    let auto_promotion = from.auto_promotion_enabled.unwrap_or(true);
    if !auto_promotion && from.auto_promotion_seconds.is_some_and(|seconds| seconds > 0) {
        let told = "without autoPromotionEnabled this is ignored: a user has to promote";
        findings.note(at("autoPromotionSeconds"), told);
    }
    let wait = seconds(from.auto_promotion_seconds, &at("autoPromotionSeconds"), findings);
    let analysis = |from: &Option<AnalysisRef>, field: &str, findings: &mut Findings| {
        from.as_ref().and_then(|one| one.analysis(&at(field), findings))
    };
    let strategy = model::BlueGreen {
        active_service,
        preview_service: named(from.preview_service.as_ref()),
        preview_replicas: figures::optional_count(from.preview_replica_count, &at("previewReplicaCount"), findings),
        auto_promotion,
        auto_promotion_after: wait.unwrap_or(Duration::ZERO),
        max_unavailable: share(from.max_unavailable.as_ref(), &at("maxUnavailable"), findings),
        scale_down_delay: seconds(from.scale_down_delay_seconds, &at("scaleDownDelaySeconds"), findings),
        scale_down_revisions,
        abort_scale_down_delay: seconds(
            from.abort_scale_down_delay_seconds,
            &at("abortScaleDownDelaySeconds"),
            findings,
        ),
        pre_promotion: analysis(&from.pre_promotion_analysis, "prePromotionAnalysis", findings),
        post_promotion: analysis(&from.post_promotion_analysis, "postPromotionAnalysis", findings),
    };
    (RolloutStrategy::BlueGreen(strategy), anti_affinity(from.anti_affinity.as_ref(), path, findings))
}

/// A canary.
pub fn canary(from: &Canary, findings: &mut Findings) -> (RolloutStrategy, Option<AntiAffinity>) {
    let path = "spec.strategy.canary";
    let at = |field: &str| format!("{path}.{field}");
    let (canary_service, stable_service) = (named(from.canary_service.as_ref()), named(from.stable_service.as_ref()));
    if let Some(stable) = stable_service.as_ref().filter(|stable| canary_service.as_ref() == Some(stable)) {
        let detail = "This rollout uses the same service for the stable and canary services, but two different services \
            are required.";
        findings.invalid_text("spec.strategy.stableService", stable, detail);
    }
    if from.traffic_routing.is_some() {
        let detail = "traffic routers (Istio, NGINX, ALB, …) are not simulated: leave it out to rehearse a canary whose \
            weight is its share of the pods";
        findings.forbidden(at("trafficRouting"), detail);
    }
    if from.scale_down_delay_seconds.is_some() && from.traffic_routing.is_none() {
        let detail = "Canary scaleDownDelaySeconds can only be used with traffic routing";
        findings.invalid("spec.strategy.scaleDownDelaySeconds", from.scale_down_delay_seconds.unwrap_or(0), detail);
    }
    if from.dynamic_stable_scale == Some(true) && from.traffic_routing.is_none() {
        let detail = "Canary dynamicStableScale can only be used with traffic routing";
        findings.invalid("spec.strategy.dynamicStableScale", true, detail);
    }
    notes(
        path,
        &[
            ("canaryMetadata", from.canary_metadata.is_some()),
            ("stableMetadata", from.stable_metadata.is_some()),
            ("pingPong", from.ping_pong.is_some()),
            ("minPodsPerReplicaSet", from.min_pods_per_replica_set.is_some()),
            ("abortScaleDownDelaySeconds", from.abort_scale_down_delay_seconds.is_some()),
            ("scaleDownDelayRevisionLimit", from.scale_down_delay_revision_limit.is_some()),
        ],
        findings,
    );
    let max_surge = share(from.max_surge.as_ref(), &at("maxSurge"), findings);
    let max_unavailable = share(from.max_unavailable.as_ref(), &at("maxUnavailable"), findings);
    let is_zero = |share| matches!(share, IntOrPercent::Int(0) | IntOrPercent::Percent(0));
    if is_zero(max_surge) && is_zero(max_unavailable) {
        findings.invalid("spec.strategy.maxSurge", 0, "MaxSurge and MaxUnavailable both can not be zero");
    }
    let steps = from.steps.iter().flatten().enumerate();
    let steps: Vec<CanaryStep> =
        steps.filter_map(|(number, one)| step(one, &format!("{path}.steps[{number}]"), findings)).collect();
    let background = from.analysis.as_ref().and_then(|one| {
        let starting = figures::optional_count(one.starting_step, &at("analysis.startingStep"), findings);
        one.analysis(&at("analysis"), findings).map(|analysis| (analysis, starting))
    });
    let progress_threshold = threshold(from.replica_progress_threshold.as_ref(), findings);
    let strategy = model::Canary {
        canary_service,
        stable_service,
        steps,
        max_surge,
        max_unavailable,
        background,
        progress_threshold,
    };
    (RolloutStrategy::Canary(strategy), anti_affinity(from.anti_affinity.as_ref(), path, findings))
}

fn threshold(from: Option<&Threshold>, findings: &mut Findings) -> Option<IntOrPercent> {
    let from = from?;
    let path = "spec.strategy.canary.replicaProgressThreshold";
    let value = u32::try_from(from.value.unwrap_or(0)).ok()?;
    match from.kind.as_deref() {
        Some("Percentage") => Some(IntOrPercent::Percent(value)),
        Some("Pod") => Some(IntOrPercent::Int(value)),
        other => {
            findings.unsupported(format!("{path}.type"), other.unwrap_or(""), &["Percentage", "Pod"]);
            None
        }
    }
}

fn step(from: &Step, path: &str, findings: &mut Findings) -> Option<CanaryStep> {
    let missing = [
        ("experiment", from.experiment.is_some(), "experiments are not simulated"),
        ("plugin", from.plugin.is_some(), "step plugins are not simulated"),
        ("setCanaryScale", from.set_canary_scale.is_some(), "SetCanaryScale requires TrafficRouting to be set"),
        (
            "setHeaderRoute",
            from.set_header_route.is_some(),
            "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix",
        ),
        (
            "setMirrorRoute",
            from.set_mirror_route.is_some(),
            "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins",
        ),
    ];
    let outside = missing.iter().filter(|(_, there, _)| *there);
    let own = [from.set_weight.is_some(), from.pause.is_some(), from.analysis.is_some()];
    let count = outside.clone().count() + own.iter().filter(|there| **there).count();
    if count > 1 {
        let detail = "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
        findings.invalid(path, "{…}", detail);
        return None;
    }
    if let Some((field, _, detail)) = outside.clone().next() {
        findings.forbidden(format!("{path}.{field}"), detail);
        return None;
    }
    if let Some(weight) = from.set_weight {
        if !(0..=100).contains(&weight) {
            findings.invalid(format!("{path}.setWeight"), weight, "SetWeight needs to be between 0 and 100");
        }
        return Some(CanaryStep::SetWeight(weight.clamp(0, 100).unsigned_abs()));
    }
    if let Some(pause) = &from.pause {
        return Some(CanaryStep::Pause(pause.duration.as_ref().map(|length| lasts(length, path, findings))));
    }
    let analysis = from.analysis.as_ref().map(|one| one.analysis(&format!("{path}.analysis"), findings));
    match analysis {
        Some(analysis) => Some(CanaryStep::Analysis(analysis.unwrap_or_default())),
        None => {
            let detail =
                "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
            findings.invalid(path, "{}", detail);
            None
        }
    }
}

/// How long a pause lasts: seconds, or a text with units.
fn lasts(length: &IntOrString, path: &str, findings: &mut Findings) -> Duration {
    let whole = |seconds: i64| u64::try_from(seconds).ok().map(Duration::from_secs);
    let read = match length {
        IntOrString::Int(seconds) => whole(i64::from(*seconds)),
        IntOrString::String(text) => match text.parse::<i64>() {
            Ok(seconds) => whole(seconds),
            Err(_) => go_duration(text).map(|length| Duration::from_secs(length.whole_secs())),
        },
    };
    read.unwrap_or_else(|| {
        findings.invalid(format!("{path}.pause.duration"), -1, "Duration needs to be greater than 0");
        Duration::ZERO
    })
}
