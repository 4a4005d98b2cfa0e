//! deploy.yaml as the code reads it: what get_pipeline_deploy_group_configs of paasta_tools/utils.py raises.

use super::Findings;
use crate::systems::paasta::reading::{File, Folder, Role};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node};

/// What decides on crash loops and alerts.
const OF_TOP_LEVEL: [&str; 6] = [
    "alertmanager_rollback",
    "alertmanager_rollback_dry_run",
    "alertmanager_poll_interval_s",
    "enable_crashloop_auto_rollback",
    "min_restarts_for_crashloop_rollback",
    "crashloop_rollback_percentage_threshold",
];

/// Checks the pipeline.
pub fn check(folder: &Folder, findings: &mut Findings) {
    let Some(file) = folder.file(Role::Deploy) else { return };
    let Some(pipeline) = file.root.get("pipeline") else { return };
    let Some(items) = pipeline.as_seq() else {
        if !pipeline.is_null() && findings.is_sound(file) {
            findings.problem(file, pipeline.span, "the pipeline must be a list of steps");
        }
        return;
    };
    for item in items {
        match item.get("parallel").filter(|block| is_true(block)) {
            Some(block) => check_block(file, block, findings),
            None => check_step(file, item, findings),
        }
    }
}

fn check_block(file: &File, block: &Node, findings: &mut Findings) {
    let Some(members) = block.as_seq() else {
        return findings.problem(file, block.span, "a parallel block must be a list of steps");
    };
    for member in members {
        match member.get("step") {
            _ if member.as_map().is_none() => no_attribute(file, member, "get", findings),
            Some(name) if is_true(name) => {
                name_is_text(file, name, findings);
                not_found(file, member, findings);
            }
            _ => {
                let text = "PaaSTA passes over a member of a parallel block that has no `step`";
                findings.warning(file, member.span, text);
            }
        }
    }
}

/// _get_deploy_group_config of paasta_tools/cli/cmds/mark_for_deployment.py looks at steps of the top level alone.
fn not_found(file: &File, member: &Node, findings: &mut Findings) {
    for (key, _) in member.as_map().unwrap_or_default() {
        if OF_TOP_LEVEL.contains(&key.text.as_str()) {
            let text = format!("PaaSTA does not look at `{}` of a step in a parallel block", key.text);
            findings.warning(file, key.span, text);
        }
    }
}

fn check_step(file: &File, item: &Node, findings: &mut Findings) {
    if item.as_map().is_none() {
        return no_attribute(file, item, "get", findings);
    }
    match item.get("step") {
        Some(name) => name_is_text(file, name, findings),
        None => {
            let problem = Diagnostic::error(&file.source, item.span, "KeyError: 'step'");
            let problem = problem.note("whatever looks for deploy groups ends there, and so does every deployment");
            findings.report(file, problem.help("give the item a `step`, or a `parallel` block with steps"));
        }
    }
}

fn name_is_text(file: &File, name: &Node, findings: &mut Findings) {
    if name.as_str().is_none() {
        no_attribute(file, name, "startswith", findings);
    }
}

fn no_attribute(file: &File, node: &Node, attribute: &str, findings: &mut Findings) {
    let kind = match &node.value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::String(_) => "str",
        Value::Seq(_) => "list",
        Value::Map(_) => "dict",
    };
    findings.problem(file, node.span, format!("AttributeError: '{kind}' object has no attribute '{attribute}'"));
}

/// What counts as true in Python.
fn is_true(node: &Node) -> bool {
    match &node.value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) => *number != 0,
        Value::Float(text) => text.bytes().any(|byte| matches!(byte, b'1'..=b'9')),
        Value::String(text) => !text.is_empty(),
        Value::Seq(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
    }
}
