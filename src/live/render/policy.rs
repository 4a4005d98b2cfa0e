//! Services, budgets, priorities and quotas.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::figures::{milli, some, units};
use super::{Draft, INGRESS, Pods, TARGET_PORT, Unsupported, keyed, placement};
use crate::live::conduct::PORT;
use crate::timeline::Kind;
use crate::workload::ServiceSpec;
use crate::workload::policy::{BudgetBound, BudgetSpec, PriorityClassSpec, QuotaScope, QuotaSpec};

/// A Service. In front of stand-ins it leads to the port of the first container, and an annotation keeps the real one.
pub fn service(draft: &Draft<'_>, from: &ServiceSpec) -> core::Service {
    let mut metadata = draft.metadata();
    let mut annotate = |key: &str, value: String| {
        metadata.annotations.get_or_insert_default().insert(key.to_owned(), value);
    };
    let balanced = from.ingress && draft.rendering.owns_cluster;
    if from.ingress {
        annotate(INGRESS, "true".to_owned());
    }
    let mut target_port = from.target_port;
    if matches!(draft.rendering.pods, Pods::StandIn { .. }) && target_port != PORT {
        annotate(TARGET_PORT, target_port.to_string());
        target_port = PORT;
    }
    let port = core::ServicePort {
        port: i32::from(from.port),
        target_port: Some(IntOrString::Int(i32::from(target_port))),
        ..core::ServicePort::default()
    };
    // Only a headless Service may be without ports.
    let headless = from.port == 0;
    let spec = core::ServiceSpec {
        cluster_ip: headless.then(|| "None".to_owned()),
        ports: (!headless).then(|| vec![port]),
        selector: some(keyed(&from.selector)),
        publish_not_ready_addresses: from.publishes_unready.then_some(true),
        type_: Some(if balanced { "LoadBalancer" } else { "ClusterIP" }.to_owned()),
        ..core::ServiceSpec::default()
    };
    core::Service { metadata, spec: Some(spec), status: None }
}

/// A PodDisruptionBudget.
pub fn budget(draft: &Draft<'_>, from: &BudgetSpec) -> Result<policy::PodDisruptionBudget, Unsupported> {
    let (min_available, max_unavailable) = match from.bound {
        BudgetBound::MinAvailable(least) => (Some(draft.share(least, "minAvailable")?), None),
        BudgetBound::MaxUnavailable(most) => (None, Some(draft.share(most, "maxUnavailable")?)),
    };
    let spec = policy::PodDisruptionBudgetSpec {
        min_available,
        max_unavailable,
        selector: from.selector.as_ref().map(placement::selector),
        unhealthy_pod_eviction_policy: from.always_evicts_unready.then(|| "AlwaysAllow".to_owned()),
    };
    Ok(policy::PodDisruptionBudget { metadata: draft.metadata(), spec: Some(spec), status: None })
}

/// A PriorityClass.
pub fn priority_class(draft: &Draft<'_>, from: &PriorityClassSpec) -> Result<scheduling::PriorityClass, Unsupported> {
    if draft.name.starts_with("system-") {
        let why = "every cluster has it, and a run does not change it: leave it out of the manifests";
        return Err(Unsupported { what: draft.show(), why: why.to_owned() });
    }
    if from.is_default && !draft.rendering.owns_cluster {
        let why = "it would become the priority of everybody's pods: name the class in the pods, or use a cluster of your own";
        return Err(draft.unsupported("globalDefault", why));
    }
    Ok(scheduling::PriorityClass {
        metadata: draft.metadata(),
        value: Some(from.value),
        global_default: from.is_default.then_some(true),
        preemption_policy: (!from.preempts).then(|| "Never".to_owned()),
        ..scheduling::PriorityClass::default()
    })
}

/// A ResourceQuota. All scopes stand in its selector, which keeps their order.
pub fn quota(draft: &Draft<'_>, from: &QuotaSpec) -> core::ResourceQuota {
    let amount = |(name, amount): (&String, &u64)| {
        let is_cpu = matches!(name.as_str(), "cpu" | "requests.cpu" | "limits.cpu");
        (name.clone(), if is_cpu { milli(*amount) } else { units(*amount) })
    };
    let scopes = some(from.scopes.iter().map(|one| scope(draft, one)).collect());
    let spec = core::ResourceQuotaSpec {
        hard: some(from.hard.iter().map(amount).collect()),
        scope_selector: scopes.map(|all| core::ScopeSelector { match_expressions: Some(all) }),
        scopes: None,
    };
    core::ResourceQuota { metadata: draft.metadata(), spec: Some(spec), status: None }
}

fn scope(draft: &Draft<'_>, from: &QuotaScope) -> core::ScopedResourceSelectorRequirement {
    let (name, operator, values) = match from {
        QuotaScope::Terminating(true) => ("Terminating", "Exists", None),
        QuotaScope::Terminating(false) => ("NotTerminating", "Exists", None),
        QuotaScope::BestEffort(true) => ("BestEffort", "Exists", None),
        QuotaScope::BestEffort(false) => ("NotBestEffort", "Exists", None),
        QuotaScope::PriorityClass { included, names } => {
            let operator = match (included, names.is_empty()) {
                (true, true) => "Exists",
                (false, true) => "DoesNotExist",
                (true, false) => "In",
                (false, false) => "NotIn",
            };
            let refer = |name: &String| draft.naming().reference(Kind::PriorityClass, name);
            ("PriorityClass", operator, some(names.iter().map(refer).collect()))
        }
    };
    core::ScopedResourceSelectorRequirement { scope_name: name.to_owned(), operator: operator.to_owned(), values }
}
