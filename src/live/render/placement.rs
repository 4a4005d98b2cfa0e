//! Where pods may and want to be: selectors, affinity, spread.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::figures::some;
use super::{Draft, RUN, Unsupported, keyed, label_key};
use crate::workload::selector::{Namespaces, PodTerm};
use crate::workload::{LabelSelector, NodeRequirement, NodeTerm, Operator, PodTemplate};

/// The labels of a revision, which controllers give their pods. Source: k8s.io/api v0.36.3, apps/v1/types.go.
const REVISION_LABELS: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];

/// A label selector.
pub fn selector(from: &LabelSelector) -> meta::LabelSelector {
    without(from, &[])
}

fn without(from: &LabelSelector, keys: &[&str]) -> meta::LabelSelector {
    let kept = from.requirements.iter().filter(|one| !keys.contains(&one.key.as_str()));
    let requirement = |one: &NodeRequirement| meta::LabelSelectorRequirement {
        key: label_key(&one.key).to_owned(),
        operator: operator(one.operator).to_owned(),
        values: some(one.values.clone()),
    };
    meta::LabelSelector {
        match_labels: some(keyed(&from.match_labels)),
        match_expressions: some(kept.map(requirement).collect()),
    }
}

/// The selector of a term; `None` for one that means no object at all, as a document without one does.
fn of_term(from: &LabelSelector, keys: &[&str]) -> Option<meta::LabelSelector> {
    let never = |one: &NodeRequirement| one.key.is_empty() && one.values.is_empty();
    (!from.requirements.iter().any(never)).then(|| without(from, keys))
}

const fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
        Operator::Gt => "Gt",
        Operator::Lt => "Lt",
    }
}

/// A term of requirements on nodes.
pub fn node_term(from: &NodeTerm) -> core::NodeSelectorTerm {
    let requirement = |one: &NodeRequirement| core::NodeSelectorRequirement {
        key: one.key.clone(),
        operator: operator(one.operator).to_owned(),
        values: some(one.values.clone()),
    };
    core::NodeSelectorTerm {
        match_expressions: some(from.requirements.iter().map(requirement).collect()),
        match_fields: None,
    }
}

/// Labels of a revision that the terms of a template compare with its own value: `matchLabelKeys` in the document. The value in the
/// model is the template's number, which no pod on a cluster has.
pub fn revision_keys(template: &PodTemplate) -> Vec<&'static str> {
    let affinity = &template.affinity;
    let terms = affinity.pods.iter().chain(&affinity.anti_pods);
    let terms = terms.chain(affinity.preferred_pods.iter().map(|one| &one.term)).map(|term| &term.selector);
    let selectors: Vec<_> = terms.chain(template.spread.iter().map(|one| &one.selector)).collect();
    let compares = |key: &str, one: &NodeRequirement| {
        let own = template.labels.get(key).map(std::slice::from_ref);
        one.key == key && own == Some(one.values.as_slice())
    };
    let is_compared = |key: &&str| selectors.iter().any(|one| one.requirements.iter().any(|one| compares(key, one)));
    REVISION_LABELS.into_iter().filter(is_compared).collect()
}

/// Those of `keys` that a selector compares in this way.
fn compared(selector: &LabelSelector, keys: &[&str], operator: Operator) -> Option<Vec<String>> {
    let of = selector.requirements.iter().filter(|one| one.operator == operator && keys.contains(&one.key.as_str()));
    some(of.map(|one| one.key.clone()).collect())
}

/// Required node terms and everything beyond.
pub fn affinity(draft: &Draft<'_>, from: &PodTemplate) -> Option<core::Affinity> {
    if from.node_terms.is_empty() && from.affinity.is_empty() {
        return None;
    }
    let keys = revision_keys(from);
    let term = |term: &PodTerm| pod_term(draft, term, &keys);
    let preferred = |sign: i32| {
        let of = from.affinity.preferred_pods.iter().filter(move |one| one.weight.signum() == sign);
        let weighted = of
            .map(|one| core::WeightedPodAffinityTerm { weight: one.weight.abs(), pod_affinity_term: term(&one.term) });
        some(weighted.collect::<Vec<_>>())
    };
    let nodes = core::NodeAffinity {
        required_during_scheduling_ignored_during_execution: some(from.node_terms.iter().map(node_term).collect())
            .map(|node_selector_terms| core::NodeSelector { node_selector_terms }),
        preferred_during_scheduling_ignored_during_execution: some(
            from.affinity
                .preferred_nodes
                .iter()
                .map(|one| core::PreferredSchedulingTerm { weight: one.weight, preference: node_term(&one.term) })
                .collect(),
        ),
    };
    let pods = core::PodAffinity {
        required_during_scheduling_ignored_during_execution: some(from.affinity.pods.iter().map(term).collect()),
        preferred_during_scheduling_ignored_during_execution: preferred(1),
    };
    let anti_pods = core::PodAntiAffinity {
        required_during_scheduling_ignored_during_execution: some(from.affinity.anti_pods.iter().map(term).collect()),
        preferred_during_scheduling_ignored_during_execution: preferred(-1),
    };
    Some(core::Affinity {
        node_affinity: (nodes != Default::default()).then_some(nodes),
        pod_affinity: (pods != Default::default()).then_some(pods),
        pod_anti_affinity: (anti_pods != Default::default()).then_some(anti_pods),
    })
}

/// A term on other pods; of all namespaces those of the run are meant.
fn pod_term(draft: &Draft<'_>, from: &PodTerm, keys: &[&str]) -> core::PodAffinityTerm {
    let naming = draft.naming();
    let (namespaces, all) = match &from.namespaces {
        Namespaces::Own => (None, false),
        Namespaces::Named(names) => (some(names.iter().map(|name| naming.namespace(name)).collect()), false),
        Namespaces::All => (None, true),
    };
    let of_run = meta::LabelSelector {
        match_labels: Some([(RUN.to_owned(), naming.run().to_owned())].into()),
        match_expressions: None,
    };
    core::PodAffinityTerm {
        label_selector: of_term(&from.selector, keys),
        match_label_keys: compared(&from.selector, keys, Operator::In),
        mismatch_label_keys: compared(&from.selector, keys, Operator::NotIn),
        namespace_selector: all.then_some(of_run),
        namespaces,
        topology_key: from.topology_key.clone(),
    }
}

/// How evenly the pods are to be spread.
pub fn spread(draft: &Draft<'_>, from: &PodTemplate) -> Result<Vec<core::TopologySpreadConstraint>, Unsupported> {
    let keys = revision_keys(from);
    let field = "topologySpreadConstraints";
    let mut constraints = Vec::new();
    for one in &from.spread {
        constraints.push(core::TopologySpreadConstraint {
            label_selector: of_term(&one.selector, &keys),
            match_label_keys: compared(&one.selector, &keys, Operator::In),
            max_skew: draft.count(one.max_skew, field)?,
            min_domains: draft.optional_count(one.min_domains, field)?,
            node_affinity_policy: (!one.honors_affinity).then(|| "Ignore".to_owned()),
            node_taints_policy: one.honors_taints.then(|| "Honor".to_owned()),
            topology_key: one.topology_key.clone(),
            when_unsatisfiable: if one.required { "DoNotSchedule" } else { "ScheduleAnyway" }.to_owned(),
        });
    }
    Ok(constraints)
}
