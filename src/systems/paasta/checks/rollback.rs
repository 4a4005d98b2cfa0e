//! rollback.yaml: validate_rollback_bounds.

use super::Findings;
use crate::systems::paasta::reading::{Folder, Role};
use crate::text::Node;
use crate::text::tree::Value;

/// A query that has no bound, or zero as its only one, decides nothing.
pub fn check(folder: &Folder, findings: &mut Findings) {
    let Some(file) = folder.file(Role::Rollback).filter(|file| findings.is_sound(file)) else { return };
    let Some(conditions) = file.root.get("conditions") else {
        return findings.problem(
            file,
            file.root.span,
            "Failed to load schema.: rollback, error: KeyError('conditions')",
        );
    };
    for (source, queries) in conditions.as_map().unwrap_or_default() {
        for query in queries.as_seq().unwrap_or_default() {
            let has = |key: &str| query.get(key).is_some_and(is_set);
            if !has("lower_bound") && !has("upper_bound") {
                let text = query.get("query").and_then(Node::as_str).unwrap_or_default();
                let (path, source) = (file.source.name(), &source.text);
                let message = format!("{path}:{source}: {text} needs one of lower_bound OR upper_bound set.");
                findings.problem(file, query.span, message);
            }
        }
    }
}

/// Zero counts as none, as in Python.
fn is_set(node: &Node) -> bool {
    match &node.value {
        Value::Int(number) => *number != 0,
        Value::Float(text) => text.bytes().any(|byte| matches!(byte, b'1'..=b'9')),
        _ => false,
    }
}
