//! Services, budgets, priorities, quotas and autoscalers, with the API server's defaults and checks.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/{core,policy,scheduling,autoscaling}: defaults.go and validation.go of each.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::complaint::Findings;
use super::{figures, names, pod, selectors};
use crate::workload::policy::{
    BudgetBound, BudgetSpec, PriorityClassSpec, QuotaScope, QuotaSpec, SYSTEM_PRIORITY_CLASSES,
};
use crate::workload::{IntOrPercent, ServiceSpec};

/// The highest priority that a user may define.
const PRIORITY_MAX: i32 = 1_000_000_000;

/// A Service, and the name of its port of the pods where it has one. `None`: it leads to no pods.
pub fn service(from: &core::ServiceSpec, findings: &mut Findings) -> Option<(ServiceSpec, Option<String>)> {
    let kind = from.type_.as_deref().unwrap_or("ClusterIP");
    if !matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName") {
        let supported = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
        findings.unsupported("spec.type", kind, supported);
    }
    let ports = from.ports.as_deref().unwrap_or_default();
    let headless = from.cluster_ip.as_deref() == Some("None");
    if ports.is_empty() && !headless && kind != "ExternalName" {
        findings.required("spec.ports", "");
    }
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        if !(1..=65535).contains(&port.port) {
            findings.invalid(format!("{path}.port"), port.port, "must be between 1 and 65535, inclusive");
        }
        if ports.len() > 1 && port.name.as_ref().is_none_or(String::is_empty) {
            findings.required(format!("{path}.name"), "");
        }
    }
    let selector = from.selector.clone().unwrap_or_default();
    names::check_labels(&selector, "spec.selector", findings);
    if selector.is_empty() || kind == "ExternalName" {
        findings.note("spec.selector", "a Service without a selector leads to no pods here: it is left out");
        return None;
    }
    let first = ports.first();
    let port = first.map_or(0, |port| u16::try_from(port.port).unwrap_or(0));
    let (target_port, named) = match first.and_then(|port| port.target_port.as_ref()) {
        Some(IntOrString::Int(target)) if *target != 0 => (u16::try_from(*target).unwrap_or(port), None),
        Some(IntOrString::String(name)) if !name.is_empty() => match name.parse() {
            Ok(number) => (number, None),
            Err(_) => (port, Some(name.clone())),
        },
        _ => (port, None),
    };
    let publishes_unready = from.publish_not_ready_addresses == Some(true);
    Some((ServiceSpec { selector, port, target_port, ingress: kind == "LoadBalancer", publishes_unready }, named))
}

/// A PodDisruptionBudget.
pub fn budget(from: &policy::PodDisruptionBudgetSpec, findings: &mut Findings) -> BudgetSpec {
    let bound = match (&from.min_available, &from.max_unavailable) {
        (Some(_), Some(_)) => {
            findings.invalid("spec", "{}", "minAvailable and maxUnavailable cannot be both set");
            BudgetBound::MinAvailable(IntOrPercent::Int(0))
        }
        (Some(least), None) => BudgetBound::MinAvailable(figures::int_or_percent(least, "spec.minAvailable", findings)),
        (None, Some(most)) => {
            BudgetBound::MaxUnavailable(figures::int_or_percent(most, "spec.maxUnavailable", findings))
        }
        // Nothing is said: no pod need be available.
        (None, None) => BudgetBound::MinAvailable(IntOrPercent::Int(0)),
    };
    let always_evicts_unready = match from.unhealthy_pod_eviction_policy.as_deref() {
        None | Some("IfHealthyBudget") => false,
        Some("AlwaysAllow") => true,
        Some(other) => {
            let supported = &["AlwaysAllow", "IfHealthyBudget"];
            findings.unsupported("spec.unhealthyPodEvictionPolicy", other, supported);
            false
        }
    };
    let selector = from.selector.as_ref();
    BudgetSpec {
        selector: selector.map(|selector| selectors::selector(selector, "spec.selector", findings)),
        bound,
        always_evicts_unready,
    }
}

/// A PriorityClass.
pub fn priority_class(from: &scheduling::PriorityClass, name: &str, findings: &mut Findings) -> PriorityClassSpec {
    let value = from.value.unwrap_or(0);
    if name.starts_with("system-") {
        if let Some(wrong) = system_class(name, value, from.global_default.unwrap_or(false)) {
            let detail = "priority class names with 'system-' prefix are reserved for system use only. error: ";
            findings.forbidden("metadata.name", &format!("{detail}{wrong}"));
        }
    } else if value > PRIORITY_MAX {
        let detail = format!("maximum allowed value of a user defined priority is {PRIORITY_MAX}");
        findings.forbidden("value", &detail);
    }
    PriorityClassSpec {
        value,
        is_default: from.global_default.unwrap_or(false),
        preempts: pod::preempts(from.preemption_policy.as_deref(), "preemptionPolicy", findings),
    }
}

/// What is wrong with a class of Kubernetes' own, as a listing of a live cluster has them, if anything is.
/// Source: pkg/apis/scheduling/v1/helpers.go, IsKnownSystemPriorityClass.
fn system_class(name: &str, value: i32, is_default: bool) -> Option<String> {
    let Some((_, own)) = SYSTEM_PRIORITY_CLASSES.iter().find(|(own, _)| *own == name) else {
        return Some(format!("{name} is not a known system priority class"));
    };
    if value != *own {
        return Some(format!("value of {name} PriorityClass must be {own}"));
    }
    is_default.then(|| format!("globalDefault of {name} PriorityClass must be false"))
}

/// A ResourceQuota.
pub fn quota(from: &core::ResourceQuotaSpec, findings: &mut Findings) -> QuotaSpec {
    let mut hard = BTreeMap::new();
    for (name, amount) in from.hard.iter().flatten() {
        let path = format!("spec.hard[{name}]");
        let read = match name.as_str() {
            "cpu" | "requests.cpu" | "limits.cpu" => figures::milli(amount, &path, findings),
            _ => figures::units(amount, &path, findings),
        };
        hard.insert(name.clone(), read);
    }
    let mut scopes = Vec::new();
    for (index, scope) in from.scopes.iter().flatten().enumerate() {
        scopes.extend(quota_scope(scope, "Exists", &[], &format!("spec.scopes[{index}]"), findings));
    }
    let selector = from.scope_selector.as_ref().and_then(|selector| selector.match_expressions.as_ref());
    for (index, one) in selector.into_iter().flatten().enumerate() {
        let path = format!("spec.scopeSelector.matchExpressions[{index}]");
        let values = one.values.as_deref().unwrap_or_default();
        scopes.extend(quota_scope(&one.scope_name, &one.operator, values, &path, findings));
    }
    QuotaSpec { hard, scopes }
}

fn quota_scope(
    name: &str,
    operator: &str,
    values: &[String],
    path: &str,
    findings: &mut Findings,
) -> Option<QuotaScope> {
    Some(match name {
        "Terminating" => QuotaScope::Terminating(true),
        "NotTerminating" => QuotaScope::Terminating(false),
        "BestEffort" => QuotaScope::BestEffort(true),
        "NotBestEffort" => QuotaScope::BestEffort(false),
        "PriorityClass" => match operator {
            "In" | "Exists" => QuotaScope::PriorityClass { included: true, names: values.to_vec() },
            "NotIn" | "DoesNotExist" => QuotaScope::PriorityClass { included: false, names: values.to_vec() },
            other => {
                let supported = &["DoesNotExist", "Exists", "In", "NotIn"];
                findings.unsupported(format!("{path}.operator"), other, supported);
                return None;
            }
        },
        "CrossNamespacePodAffinity" | "VolumeAttributesClass" => {
            findings.note(path, "this scope has no effect here: the quota counts all pods");
            return None;
        }
        other => {
            findings.invalid_text(path, other, "unsupported scope");
            return None;
        }
    })
}
