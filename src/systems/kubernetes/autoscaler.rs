//! HorizontalPodAutoscalers of autoscaling/v2 and v1, with the API server's defaults and checks.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/autoscaling/v2/defaults.go and pkg/apis/autoscaling/validation/validation.go.

use k8s_openapi::api::autoscaling::{v1, v2};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::complaint::Findings;
use super::figures;
use crate::kernel::Duration;
use crate::timeline::Kind;
use crate::workload::policy::{Metric, MetricTarget, ScalingPolicy, ScalingRules, ScalingSelect};

/// An autoscaler whose target is not interned yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Autoscaler {
    /// The kind and name of what it scales.
    pub target: (Kind, String),
    /// The fewest pods.
    pub replicas_min: u32,
    /// The most pods.
    pub replicas_max: u32,
    /// What it looks at.
    pub metrics: Vec<Metric>,
    /// How it grows.
    pub up: ScalingRules,
    /// How it shrinks.
    pub down: ScalingRules,
}

/// The use of CPU that is aimed at where nothing is said (`DefaultCPUUtilization`).
const UTILIZATION: i32 = 80;
/// The past that counts when it shrinks: k8s.io/kubernetes v1.36.3, pkg/controller/podautoscaler/config/v1alpha1/defaults.go.
const DOWN_WINDOW: u32 = 300;
/// A metric may miss its target by a tenth: the same file.
const TOLERANCE_PERMILLE: u32 = 100;
const PERIOD: Duration = Duration::from_secs(15);
/// The longest window (`MaxStabilizationWindowSeconds`) and period (`MaxPeriodSeconds`).
const WINDOW_MAX: u32 = 3600;
const PERIOD_MAX: i32 = 1800;

/// An autoscaler of autoscaling/v1: one share of CPU.
pub fn first(from: &v1::HorizontalPodAutoscalerSpec, findings: &mut Findings) -> Option<Autoscaler> {
    let target = v2::MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(from.target_cpu_utilization_percentage.unwrap_or(UTILIZATION)),
        ..Default::default()
    };
    let resource = v2::ResourceMetricSource { name: "cpu".to_owned(), target };
    let metric = v2::MetricSpec { type_: "Resource".to_owned(), resource: Some(resource), ..Default::default() };
    let scale = &from.scale_target_ref;
    let spec = v2::HorizontalPodAutoscalerSpec {
        behavior: None,
        max_replicas: from.max_replicas,
        metrics: Some(vec![metric]),
        min_replicas: from.min_replicas,
        scale_target_ref: v2::CrossVersionObjectReference {
            api_version: scale.api_version.clone(),
            kind: scale.kind.clone(),
            name: scale.name.clone(),
        },
    };
    autoscaler(&spec, findings)
}

/// An autoscaler; `None` if it scales what is not known here.
pub fn autoscaler(from: &v2::HorizontalPodAutoscalerSpec, findings: &mut Findings) -> Option<Autoscaler> {
    let least = from.min_replicas.unwrap_or(1);
    // 0 is behind the feature gate HPAScaleToZero, which is off (pkg/features/kube_features.go).
    if least < 1 {
        findings.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
    }
    if from.max_replicas < 1 {
        findings.required("spec.maxReplicas", "must be set and greater than 0");
    } else if from.max_replicas < least {
        let detail = "must be greater than or equal to `minReplicas`";
        findings.invalid("spec.maxReplicas", from.max_replicas, detail);
    }
    let scale = &from.scale_target_ref;
    for (field, text) in [("kind", &scale.kind), ("name", &scale.name)] {
        if text.is_empty() {
            findings.required(format!("spec.scaleTargetRef.{field}"), "");
        }
    }
    let mut metrics = Vec::new();
    for (index, metric) in from.metrics.iter().flatten().enumerate() {
        metrics.extend(self::metric(metric, &format!("spec.metrics[{index}]"), findings));
    }
    if from.metrics.as_ref().is_none_or(Vec::is_empty) {
        let target = MetricTarget::UtilizationPercent(UTILIZATION.unsigned_abs());
        metrics.push(Metric { name: "cpu".to_owned(), container: None, target });
    }
    let behavior = from.behavior.as_ref();
    let (up, down) = (up_default(), down_default());
    let mut up = rules(behavior.and_then(|one| one.scale_up.as_ref()), up, "spec.behavior.scaleUp", findings);
    let mut down = rules(behavior.and_then(|one| one.scale_down.as_ref()), down, "spec.behavior.scaleDown", findings);
    if behavior.is_none() {
        // Policies are defaults of a behaviour that is there; without one the controller goes by its own limits
        // (pkg/apis/autoscaling/v2/defaults.go, SetDefaults_HorizontalPodAutoscalerBehavior).
        up.policies.clear();
        down.policies.clear();
    }
    let kind = match Kind::parse(&scale.kind) {
        Some(
            kind @ (Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet | Kind::LeaderWorkerSet | Kind::Rollout),
        ) => kind,
        _ => {
            findings.note("spec.scaleTargetRef.kind", "nothing of this kind can be scaled here: it is left out");
            return None;
        }
    };
    Some(Autoscaler {
        target: (kind, scale.name.clone()),
        replicas_min: least.max(0).unsigned_abs(),
        replicas_max: from.max_replicas.max(0).unsigned_abs(),
        metrics,
        up,
        down,
    })
}

fn metric(from: &v2::MetricSpec, path: &str, findings: &mut Findings) -> Option<Metric> {
    let (name, container, source) = match from.type_.as_str() {
        "Resource" => from.resource.as_ref().map(|one| (one.name.clone(), None, &one.target)),
        "ContainerResource" => {
            from.container_resource.as_ref().map(|one| (one.name.clone(), Some(one.container.clone()), &one.target))
        }
        "Pods" => from.pods.as_ref().map(|one| (one.metric.name.clone(), None, &one.target)),
        "Object" => from.object.as_ref().map(|one| (one.metric.name.clone(), None, &one.target)),
        "External" => from.external.as_ref().map(|one| (one.metric.name.clone(), None, &one.target)),
        other => {
            let supported = &["ContainerResource", "External", "Object", "Pods", "Resource"];
            findings.unsupported(format!("{path}.type"), other, supported);
            return None;
        }
    }
    .or_else(|| {
        let mut field = from.type_.clone();
        field[..1].make_ascii_lowercase();
        findings.required(format!("{path}.{field}"), "must populate information for the given metric source");
        None
    })?;
    let at = format!("{path}.{}.target", lower_first(&from.type_));
    let target = target(&from.type_, source, &at, findings)?;
    Some(Metric { name, container, target })
}

/// What is aimed at. Of which type the target says to be counts for objects alone: pkg/controller/podautoscaler/horizontal.go,
/// the functions computeStatusFor….
fn target(of: &str, from: &v2::MetricTarget, at: &str, findings: &mut Findings) -> Option<MetricTarget> {
    if from.type_.is_empty() {
        findings.required(format!("{at}.type"), "must specify a metric target type");
    }
    if !matches!(from.type_.as_str(), "Utilization" | "Value" | "AverageValue") {
        let detail = "must be either Utilization, Value, or AverageValue";
        findings.invalid_text(format!("{at}.type"), &from.type_, detail);
    }
    let mut positive = |amount: &Quantity, field: &str| {
        let path = format!("{at}.{field}");
        let before = findings.complaints.len();
        let read = figures::milli(amount, &path, findings);
        if read == 0 && findings.complaints.len() == before {
            findings.invalid_text(path, &amount.0, "must be positive");
        }
        read
    };
    let value = from.value.as_ref().map(|amount| positive(amount, "value"));
    let average = from.average_value.as_ref().map(|amount| positive(amount, "averageValue"));
    let share = from.average_utilization;
    if let Some(percent) = share.filter(|percent| *percent < 1) {
        findings.invalid(format!("{at}.averageUtilization"), percent, "must be greater than 0");
    }
    let share = share.map(|percent| MetricTarget::UtilizationPercent(percent.max(0).unsigned_abs()));
    let (value, average) = (value.map(MetricTarget::ValueMilli), average.map(MetricTarget::AverageValueMilli));
    match of {
        "Pods" => {
            if average.is_none() {
                findings.required(format!("{at}.averageValue"), "must specify a positive target averageValue");
            }
            average
        }
        "Object" => {
            if value.is_none() && average.is_none() {
                let detail = "must set either a target value or averageValue";
                findings.required(format!("{at}.averageValue"), detail);
                return None;
            }
            let target = match from.type_.as_str() {
                "Value" => value,
                "AverageValue" => average,
                _ => None,
            };
            if target.is_none() {
                let message =
                    "the target has no figure of its type: the autoscaler cannot go by it, and it is left out here";
                findings.note(format!("{at}.type"), message);
            }
            target
        }
        "External" => {
            if value.is_none() && average.is_none() {
                let detail = "must set either a target value for metric or a per-pod target";
                findings.required(format!("{at}.averageValue"), detail);
            }
            if value.is_some() && average.is_some() {
                let detail = "may not set both a target value for metric and a per-pod target";
                findings.forbidden(format!("{at}.value"), detail);
            }
            average.or(value)
        }
        _ => {
            if share.is_none() && average.is_none() {
                let detail = "must set either a target raw value or a target utilization";
                findings.required(format!("{at}.averageUtilization"), detail);
            }
            if share.is_some() && average.is_some() {
                let detail = "may not set both a target raw value and a target utilization";
                findings.forbidden(format!("{at}.averageValue"), detail);
            }
            average.or(share)
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Four pods or as many again in 15 s, whichever is more.
fn up_default() -> ScalingRules {
    ScalingRules {
        stabilization_window: Duration::ZERO,
        policies: vec![
            ScalingPolicy { percent: false, value: 4, period: PERIOD },
            ScalingPolicy { percent: true, value: 100, period: PERIOD },
        ],
        select: ScalingSelect::Max,
        tolerance_permille: TOLERANCE_PERMILLE,
    }
}

/// All pods in 15 s, after five minutes of asking for less.
fn down_default() -> ScalingRules {
    ScalingRules {
        stabilization_window: Duration::from_secs(DOWN_WINDOW.into()),
        policies: vec![ScalingPolicy { percent: true, value: 100, period: PERIOD }],
        select: ScalingSelect::Max,
        tolerance_permille: TOLERANCE_PERMILLE,
    }
}

/// Rules, each gap filled from the defaults.
fn rules(
    from: Option<&v2::HPAScalingRules>,
    mut rules: ScalingRules,
    path: &str,
    findings: &mut Findings,
) -> ScalingRules {
    let Some(from) = from else { return rules };
    let at = format!("{path}.stabilizationWindowSeconds");
    if let Some(window) = figures::optional_count(from.stabilization_window_seconds, &at, findings) {
        if window > WINDOW_MAX {
            findings.invalid(at, window, &format!("must be less than or equal to {WINDOW_MAX}"));
        }
        rules.stabilization_window = Duration::from_secs(window.into());
    }
    match from.select_policy.as_deref() {
        None => {}
        Some("Max") => rules.select = ScalingSelect::Max,
        Some("Min") => rules.select = ScalingSelect::Min,
        Some("Disabled") => rules.select = ScalingSelect::Disabled,
        Some(other) => {
            findings.unsupported(format!("{path}.selectPolicy"), other, &["Disabled", "Max", "Min"]);
        }
    }
    if let Some(policies) = &from.policies {
        rules.policies = policies
            .iter()
            .enumerate()
            .map(|(index, policy)| self::policy(policy, &format!("{path}.policies[{index}]"), findings))
            .collect();
        if policies.is_empty() {
            findings.required(format!("{path}.policies"), "must specify at least one Policy");
        }
    }
    if let Some(tolerance) = &from.tolerance {
        let permille = figures::milli(tolerance, &format!("{path}.tolerance"), findings);
        rules.tolerance_permille = u32::try_from(permille).unwrap_or(u32::MAX);
    }
    rules
}

fn policy(from: &v2::HPAScalingPolicy, path: &str, findings: &mut Findings) -> ScalingPolicy {
    if !matches!(from.type_.as_str(), "Pods" | "Percent") {
        findings.unsupported(format!("{path}.type"), &from.type_, &["Percent", "Pods"]);
    }
    for (field, value) in [("value", from.value), ("periodSeconds", from.period_seconds)] {
        if value <= 0 {
            findings.invalid(format!("{path}.{field}"), value, "must be greater than zero");
        }
    }
    if from.period_seconds > PERIOD_MAX {
        let detail = format!("must be less than or equal to {PERIOD_MAX}");
        findings.invalid(format!("{path}.periodSeconds"), from.period_seconds, &detail);
    }
    ScalingPolicy {
        percent: from.type_ == "Percent",
        value: from.value.max(0).unsigned_abs(),
        period: Duration::from_secs(u64::from(from.period_seconds.max(0).unsigned_abs())),
    }
}
