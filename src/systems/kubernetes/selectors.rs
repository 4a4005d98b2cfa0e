//! Label selectors and node terms of a manifest, into those of the model.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::complaint::Findings;
use super::names;
use crate::workload::{LabelSelector, NodeRequirement, NodeTerm, Operator};

/// The label that every node carries with its own name.
const HOSTNAME: &str = "kubernetes.io/hostname";

/// The operators of a label selector requirement.
const LABEL_OPERATORS: &[(&str, Operator)] = &[
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
];

/// A label selector.
pub fn selector(from: &meta::LabelSelector, path: &str, findings: &mut Findings) -> LabelSelector {
    let match_labels = from.match_labels.clone().unwrap_or_default();
    names::check_labels(&match_labels, &format!("{path}.matchLabels"), findings);
    let mut requirements = Vec::new();
    for (index, one) in from.match_expressions.iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = one.values.clone().unwrap_or_default();
        names::check_key(&one.key, &format!("{path}.key"), findings);
        if let Some(operator) = operator(&one.operator, LABEL_OPERATORS, &path, findings) {
            check_values(operator, &values, &path, findings);
            requirements.push(NodeRequirement { key: one.key.clone(), operator, values });
        }
    }
    LabelSelector { match_labels, requirements }
}

/// A selector that may be left out, and then means nothing at all: no object.
pub fn selector_or_none(from: Option<&meta::LabelSelector>, path: &str, findings: &mut Findings) -> LabelSelector {
    match from {
        Some(from) => selector(from, path, findings),
        None => {
            let never = NodeRequirement { key: String::new(), operator: Operator::In, values: Vec::new() };
            LabelSelector { match_labels: Default::default(), requirements: vec![never] }
        }
    }
}

/// True if the selector of the document means every object.
pub fn is_empty(from: &meta::LabelSelector) -> bool {
    from.match_labels.as_ref().is_none_or(|labels| labels.is_empty())
        && from.match_expressions.as_ref().is_none_or(|requirements| requirements.is_empty())
}

/// Requirements on a node that hold together.
pub fn node_term(from: &core::NodeSelectorTerm, path: &str, findings: &mut Findings) -> NodeTerm {
    let mut requirements = Vec::new();
    let all = [
        ("Gt", Operator::Gt),
        ("Lt", Operator::Lt),
        ("In", Operator::In),
        ("NotIn", Operator::NotIn),
        ("Exists", Operator::Exists),
        ("DoesNotExist", Operator::DoesNotExist),
    ];
    for (index, one) in from.match_expressions.iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = one.values.clone().unwrap_or_default();
        names::check_key(&one.key, &format!("{path}.key"), findings);
        if let Some(operator) = operator(&one.operator, &all, &path, findings) {
            check_values(operator, &values, &path, findings);
            requirements.push(NodeRequirement { key: one.key.clone(), operator, values });
        }
    }
    for (index, one) in from.match_fields.iter().flatten().enumerate() {
        let path = format!("{path}.matchFields[{index}]");
        if one.key != "metadata.name" {
            findings.invalid_text(format!("{path}.key"), &one.key, "not a valid field selector key");
        }
        let some = &LABEL_OPERATORS[..2];
        if let Some(operator) = operator(&one.operator, some, &path, findings) {
            let values = one.values.clone().unwrap_or_default();
            requirements.push(NodeRequirement { key: HOSTNAME.to_owned(), operator, values });
        }
    }
    NodeTerm { requirements }
}

fn operator(text: &str, known: &[(&str, Operator)], path: &str, findings: &mut Findings) -> Option<Operator> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, operator)| *operator);
    if found.is_none() {
        findings.invalid_text(format!("{path}.operator"), text, "not a valid selector operator");
    }
    found
}

fn check_values(operator: Operator, values: &[String], path: &str, findings: &mut Findings) {
    let path = format!("{path}.values");
    match operator {
        Operator::In | Operator::NotIn if values.is_empty() => {
            findings.required(path, "must be specified when `operator` is 'In' or 'NotIn'");
        }
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
            findings.forbidden(path, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        Operator::Gt | Operator::Lt if values.len() != 1 => {
            findings.required(path, "must be specified single value when `operator` is 'Lt' or 'Gt'");
        }
        _ => {}
    }
}
