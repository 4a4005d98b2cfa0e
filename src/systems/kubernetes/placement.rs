//! Where the pods of a manifest may and want to be: tolerations, affinity, spread.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/core/validation/validation.go; matchLabelKeys: pkg/registry/core/pod/strategy.go,
//! applyMatchLabelKeysAndMismatchLabelKeys, and pkg/registry/core/pod/strategy.go, mutateTopologySpreadConstraints.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;

use super::complaint::Findings;
use super::{figures, selectors};
use crate::workload::selector::{Namespaces, PodTerm, Weighted};
use crate::workload::{
    Affinity, LabelSelector, NodeRequirement, NodeTerm, Operator, TaintEffect, Toleration, TopologySpread,
};

/// The label of a namespace with its own name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The labels of a pod and what its terms find wrong.
pub struct Placing<'a> {
    /// Labels of the pods; `matchLabelKeys` takes values from them.
    pub labels: &'a BTreeMap<String, String>,
    /// What is found.
    pub findings: &'a mut Findings,
}

/// Required node terms, and everything beyond.
pub fn affinity(from: Option<&core::Affinity>, path: &str, placing: &mut Placing<'_>) -> (Vec<NodeTerm>, Affinity) {
    let mut read = Affinity::default();
    let mut terms = Vec::new();
    let Some(from) = from else { return (terms, read) };
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(nodes) = &from.node_affinity {
        let path = format!("{path}.nodeAffinity");
        if let Some(required) = &nodes.required_during_scheduling_ignored_during_execution {
            let path = format!("{path}.{REQUIRED}.nodeSelectorTerms");
            if required.node_selector_terms.is_empty() {
                placing.findings.required(path.as_str(), "must have at least one node selector term");
            }
            for (index, term) in required.node_selector_terms.iter().enumerate() {
                terms.push(selectors::node_term(term, &format!("{path}[{index}]"), placing.findings));
            }
        }
        let preferred = nodes.preferred_during_scheduling_ignored_during_execution.iter().flatten();
        for (index, term) in preferred.enumerate() {
            let path = format!("{path}.{PREFERRED}[{index}]");
            check_weight(term.weight, &path, placing.findings);
            let node = selectors::node_term(&term.preference, &format!("{path}.preference"), placing.findings);
            read.preferred_nodes.push(Weighted { weight: term.weight, term: node });
        }
    }
    let empty = Vec::new();
    let pods = from.pod_affinity.as_ref();
    let anti = from.pod_anti_affinity.as_ref();
    let sides = [
        (
            "podAffinity",
            1,
            pods.and_then(|pods| pods.required_during_scheduling_ignored_during_execution.as_ref()),
            pods.and_then(|pods| pods.preferred_during_scheduling_ignored_during_execution.as_ref()),
        ),
        (
            "podAntiAffinity",
            -1,
            anti.and_then(|anti| anti.required_during_scheduling_ignored_during_execution.as_ref()),
            anti.and_then(|anti| anti.preferred_during_scheduling_ignored_during_execution.as_ref()),
        ),
    ];
    for (field, sign, required, preferred) in sides {
        let path = format!("{path}.{field}");
        for (index, term) in required.unwrap_or(&empty).iter().enumerate() {
            let term = pod_term(term, &format!("{path}.{REQUIRED}[{index}]"), placing);
            if sign > 0 { read.pods.push(term) } else { read.anti_pods.push(term) }
        }
        for (index, weighted) in preferred.into_iter().flatten().enumerate() {
            let path = format!("{path}.{PREFERRED}[{index}]");
            check_weight(weighted.weight, &path, placing.findings);
            let term = pod_term(&weighted.pod_affinity_term, &format!("{path}.podAffinityTerm"), placing);
            read.preferred_pods.push(Weighted { weight: sign * weighted.weight, term });
        }
    }
    (terms, read)
}

fn check_weight(weight: i32, path: &str, findings: &mut Findings) {
    if !(1..=100).contains(&weight) {
        findings.invalid(format!("{path}.weight"), weight, "must be in the range 1-100");
    }
}

fn pod_term(from: &core::PodAffinityTerm, path: &str, placing: &mut Placing<'_>) -> PodTerm {
    if from.topology_key.is_empty() {
        let detail = "can not be empty";
        placing.findings.required(format!("{path}.topologyKey"), detail);
    }
    let label_path = format!("{path}.labelSelector");
    let mut selector = selectors::selector_or_none(from.label_selector.as_ref(), &label_path, placing.findings);
    match_keys(&mut selector, from.match_label_keys.as_deref(), Operator::In, placing.labels);
    match_keys(&mut selector, from.mismatch_label_keys.as_deref(), Operator::NotIn, placing.labels);
    PodTerm { selector, namespaces: namespaces(from, path, placing.findings), topology_key: from.topology_key.clone() }
}

/// Adds requirements on keys, with the values that the pod itself has; keys that it does not have are passed over.
fn match_keys(
    selector: &mut LabelSelector,
    keys: Option<&[String]>,
    operator: Operator,
    labels: &BTreeMap<String, String>,
) {
    for key in keys.unwrap_or_default() {
        if let Some(value) = labels.get(key) {
            let values = vec![value.clone()];
            selector.requirements.push(NodeRequirement { key: key.clone(), operator, values });
        }
    }
}

fn namespaces(from: &core::PodAffinityTerm, path: &str, findings: &mut Findings) -> Namespaces {
    let named = from.namespaces.clone().unwrap_or_default();
    let Some(selector) = &from.namespace_selector else {
        return if named.is_empty() { Namespaces::Own } else { Namespaces::Named(named) };
    };
    if selectors::is_empty(selector) {
        return Namespaces::All;
    }
    let labels = selector.match_labels.clone().unwrap_or_default();
    match labels.get(NAMESPACE_NAME) {
        Some(name) if labels.len() == 1 && selector.match_expressions.as_ref().is_none_or(Vec::is_empty) => {
            let mut named = named;
            named.push(name.clone());
            Namespaces::Named(named)
        }
        _ => {
            let message = "namespaces have no labels here but their names: this selector is taken as all namespaces";
            findings.note(format!("{path}.namespaceSelector"), message);
            Namespaces::All
        }
    }
}

/// How evenly the pods are to be spread.
pub fn spread(
    from: Option<&[core::TopologySpreadConstraint]>,
    path: &str,
    placing: &mut Placing<'_>,
) -> Vec<TopologySpread> {
    let mut read = Vec::new();
    for (index, one) in from.unwrap_or_default().iter().enumerate() {
        let path = format!("{path}[{index}]");
        if one.max_skew <= 0 {
            placing.findings.invalid(format!("{path}.maxSkew"), one.max_skew, "must be greater than zero");
        }
        if one.topology_key.is_empty() {
            placing.findings.required(format!("{path}.topologyKey"), "can not be empty");
        }
        let required = match one.when_unsatisfiable.as_str() {
            "DoNotSchedule" => true,
            "ScheduleAnyway" => false,
            other => {
                let supported = &["DoNotSchedule", "ScheduleAnyway"];
                placing.findings.unsupported(format!("{path}.whenUnsatisfiable"), other, supported);
                false
            }
        };
        if let Some(least) = one.min_domains {
            if least <= 0 {
                placing.findings.invalid(format!("{path}.minDomains"), least, "must be greater than zero");
            } else if !required {
                let detail = format!(
                    "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}",
                    one.when_unsatisfiable
                );
                placing.findings.invalid(format!("{path}.minDomains"), least, &detail);
            }
        }
        let mut honors = |value: &Option<String>, field: &str, default: bool| match value.as_deref() {
            Some("Honor") => true,
            Some("Ignore") => false,
            Some(other) => {
                placing.findings.unsupported(format!("{path}.{field}"), other, &["Honor", "Ignore"]);
                default
            }
            None => default,
        };
        let honors_affinity = honors(&one.node_affinity_policy, "nodeAffinityPolicy", true);
        let honors_taints = honors(&one.node_taints_policy, "nodeTaintsPolicy", false);
        let label_path = format!("{path}.labelSelector");
        let mut selector = selectors::selector_or_none(one.label_selector.as_ref(), &label_path, placing.findings);
        match_keys(&mut selector, one.match_label_keys.as_deref(), Operator::In, placing.labels);
        read.push(TopologySpread {
            max_skew: one.max_skew.unsigned_abs(),
            topology_key: one.topology_key.clone(),
            required,
            selector,
            min_domains: one.min_domains.map(i32::unsigned_abs),
            honors_affinity,
            honors_taints,
        });
    }
    read
}

/// Consents to taints.
pub fn tolerations(from: Option<&[core::Toleration]>, path: &str, findings: &mut Findings) -> Vec<Toleration> {
    let mut read = Vec::new();
    for (index, one) in from.unwrap_or_default().iter().enumerate() {
        let path = format!("{path}[{index}]");
        let key = one.key.clone().filter(|key| !key.is_empty());
        let value = one.value.clone().unwrap_or_default();
        let operator = one.operator.as_deref().unwrap_or("Equal");
        match operator {
            "Exists" if !value.is_empty() => {
                let detail = "value must be empty when `operator` is 'Exists'";
                findings.invalid_text(format!("{path}.operator"), &value, detail);
            }
            "Equal" | "" if key.is_none() => {
                let detail =
                    "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
                let said = one.operator.as_deref().unwrap_or("");
                findings.invalid_text(format!("{path}.operator"), said, detail);
            }
            "Equal" | "Exists" | "" => {}
            // Behind the feature gate TaintTolerationComparisonOperators, which is off (pkg/features/kube_features.go).
            "Gt" | "Lt" => {
                findings.unsupported(format!("{path}.operator"), operator, &["Equal", "Exists", "Lt", "Gt"]);
            }
            other => findings.unsupported(format!("{path}.operator"), other, &["Equal", "Exists"]),
        }
        let effect = match one.effect.as_deref() {
            None | Some("") => None,
            Some(said) => {
                let effect = TaintEffect::of(said);
                if effect.is_none() {
                    let supported = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
                    findings.unsupported(format!("{path}.effect"), said, supported);
                }
                effect
            }
        };
        if one.toleration_seconds.is_some() && one.effect.as_deref() != Some("NoExecute") {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            findings.invalid_text(format!("{path}.effect"), one.effect.as_deref().unwrap_or(""), detail);
        }
        let seconds_path = format!("{path}.tolerationSeconds");
        let seconds = one.toleration_seconds.map(|seconds| seconds.max(0));
        read.push(Toleration {
            key,
            value: (operator != "Exists").then_some(value),
            effect,
            seconds: figures::seconds(seconds, &seconds_path, findings).map(|length| length.nanos() / 1_000_000_000),
        });
    }
    read
}
