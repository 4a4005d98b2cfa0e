//! HorizontalPodAutoscalers, of autoscaling/v2.

use k8s_openapi::api::autoscaling::v2;

use super::figures::milli;
use super::{Draft, Pods, Unsupported};
use crate::kernel::Duration;
use crate::timeline::Kind;
use crate::workload::policy::{AutoscalerSpec, Metric, MetricTarget, ScalingPolicy, ScalingRules, ScalingSelect};

/// A metric may miss its target by a tenth where nothing else is said: k8s.io/kubernetes v1.36.3,
/// pkg/controller/podautoscaler/config/v1alpha1/defaults.go.
const TOLERANCE_PERMILLE: u32 = 100;
/// The past that counts when it shrinks: the same file.
const DOWN_WINDOW: Duration = Duration::from_secs(300);

/// An autoscaler.
pub fn autoscaler(draft: &Draft<'_>, from: &AutoscalerSpec) -> Result<v2::HorizontalPodAutoscaler, Unsupported> {
    let (kind, name) = (from.target.kind, draft.names.show(from.target.name));
    if !matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet) {
        let what = format!("target {}/{name}", kind.text());
        return Err(draft.unsupported(&what, "it is a custom resource that greenroom plays itself"));
    }
    if let Pods::Kwok(conducts) | Pods::StandIn { conducts, .. } = &draft.rendering.pods
        && conducts.has_load(&name)
    {
        let what = format!("load of {}/{name} (`behaviour.metrics`)", kind.text());
        return Err(draft.unsupported(&what, "nothing on the cluster would measure it: scale by an action instead"));
    }
    let metrics = from.metrics.iter().map(|one| metric(draft, one)).collect::<Result<Vec<_>, _>>()?;
    let spec = v2::HorizontalPodAutoscalerSpec {
        behavior: behavior(draft, from)?,
        max_replicas: draft.count(from.replicas_max, "maxReplicas")?,
        metrics: Some(metrics),
        min_replicas: Some(draft.count(from.replicas_min, "minReplicas")?),
        scale_target_ref: v2::CrossVersionObjectReference {
            api_version: Some("apps/v1".to_owned()),
            kind: kind.text().to_owned(),
            name,
        },
    };
    Ok(v2::HorizontalPodAutoscaler { metadata: draft.metadata(), spec, status: None })
}

/// A metric. The model does not keep of which sort it was: CPU, memory and shares of requests are resources, what has an average is
/// counted for each pod, and what has a value comes from outside.
fn metric(draft: &Draft<'_>, from: &Metric) -> Result<v2::MetricSpec, Unsupported> {
    let mut target = v2::MetricTarget::default();
    let type_ = match from.target {
        MetricTarget::UtilizationPercent(percent) => {
            target.average_utilization = Some(draft.count(percent, "averageUtilization")?);
            "Utilization"
        }
        MetricTarget::AverageValueMilli(amount) => {
            target.average_value = Some(milli(amount));
            "AverageValue"
        }
        MetricTarget::ValueMilli(amount) => {
            target.value = Some(milli(amount));
            "Value"
        }
    };
    target.type_ = type_.to_owned();
    let name = from.name.clone();
    let identifier = v2::MetricIdentifier { name: name.clone(), selector: None };
    let is_value = matches!(from.target, MetricTarget::ValueMilli(_));
    let is_share = matches!(from.target, MetricTarget::UtilizationPercent(_));
    let mut spec = v2::MetricSpec::default();
    let sort = match &from.container {
        Some(container) if !is_value => {
            let container = container.clone();
            spec.container_resource = Some(v2::ContainerResourceMetricSource { container, name, target });
            "ContainerResource"
        }
        Some(container) => {
            let what = format!("metric {name} of container {container}");
            return Err(draft.unsupported(&what, "a resource of a container has an average and no value"));
        }
        None if is_value => {
            spec.external = Some(v2::ExternalMetricSource { metric: identifier, target });
            "External"
        }
        None if is_share || matches!(name.as_str(), "cpu" | "memory") => {
            spec.resource = Some(v2::ResourceMetricSource { name, target });
            "Resource"
        }
        None => {
            spec.pods = Some(v2::PodsMetricSource { metric: identifier, target });
            "Pods"
        }
    };
    spec.type_ = sort.to_owned();
    Ok(spec)
}

/// How it may change; nothing where nothing was said, which is not the same as the defaults of something.
fn behavior(
    draft: &Draft<'_>,
    from: &AutoscalerSpec,
) -> Result<Option<v2::HorizontalPodAutoscalerBehavior>, Unsupported> {
    let silent = |rules: &ScalingRules, window: Duration| {
        rules.policies.is_empty()
            && rules.select == ScalingSelect::Max
            && rules.stabilization_window == window
            && rules.tolerance_permille == TOLERANCE_PERMILLE
    };
    if silent(&from.up, Duration::ZERO) && silent(&from.down, DOWN_WINDOW) {
        return Ok(None);
    }
    if from.up.policies.is_empty() || from.down.policies.is_empty() {
        return Err(
            draft.unsupported("behavior without policies", "the API would fill its defaults in: write the policies")
        );
    }
    let (scale_up, scale_down) = (Some(rules(draft, &from.up)?), Some(rules(draft, &from.down)?));
    Ok(Some(v2::HorizontalPodAutoscalerBehavior { scale_down, scale_up }))
}

fn rules(draft: &Draft<'_>, from: &ScalingRules) -> Result<v2::HPAScalingRules, Unsupported> {
    let select = match from.select {
        ScalingSelect::Max => "Max",
        ScalingSelect::Min => "Min",
        ScalingSelect::Disabled => "Disabled",
    };
    let tolerance = u64::from(from.tolerance_permille);
    Ok(v2::HPAScalingRules {
        policies: Some(from.policies.iter().map(|one| policy(draft, one)).collect::<Result<_, _>>()?),
        select_policy: Some(select.to_owned()),
        stabilization_window_seconds: Some(
            draft.short_seconds(from.stabilization_window, "stabilizationWindowSeconds")?,
        ),
        tolerance: (from.tolerance_permille != TOLERANCE_PERMILLE).then(|| milli(tolerance)),
    })
}

fn policy(draft: &Draft<'_>, from: &ScalingPolicy) -> Result<v2::HPAScalingPolicy, Unsupported> {
    Ok(v2::HPAScalingPolicy {
        type_: if from.percent { "Percent" } else { "Pods" }.to_owned(),
        value: draft.count(from.value, "value of a policy")?,
        period_seconds: draft.short_seconds(from.period, "periodSeconds of a policy")?,
    })
}
