//! Tron jobs: TronJobConfig.validate and TronActionConfig.validate. What Tron itself checks, its own `tronfig` does, which is
//! not part of PaaSTA.

use super::Findings;
use crate::systems::paasta::reading::{Folder, Origin};
use crate::text::Node;
use crate::text::tree::{Key, Value};

/// Executors that run an action on Kubernetes: KUBERNETES_EXECUTOR_NAMES.
const ON_KUBERNETES: [&str; 2] = ["paasta", "spark"];

/// Checks the actions of all jobs.
pub fn check(folder: &Folder, findings: &mut Findings) {
    for origin in folder.jobs() {
        let Some(node) = origin.fields.get("actions") else { continue };
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(key, node)| action(&origin, key, node, findings)),
            Value::Seq(_) => {
                findings.problem(origin.file, node.span, "AttributeError: 'list' object has no attribute 'items'");
            }
            _ => {}
        }
    }
}

fn action(origin: &Origin<'_>, key: &Key, node: &Node, findings: &mut Findings) {
    let name = format!("{}.{}", origin.key.text, key.text);
    let executor = node.get("executor").and_then(Node::as_str).unwrap_or("paasta");
    let has = |key: &str| node.get(key).is_some_and(|node| !node.is_null());
    let group = has("deploy_group") || origin.fields.get("deploy_group").is_some_and(|node| !node.is_null());
    if !group && ON_KUBERNETES.contains(&executor) {
        findings.problem(origin.file, key.span, format!("{name} must have a deploy_group set"));
    }
    let figures = [("cpus", "driver cores", "spark.driver.cores"), ("mem", "driver memory", "spark.driver.memory")];
    for (field, what, instead) in figures {
        if let Some(value) = node.get(field).filter(|_| executor == "spark") {
            let message = format!(
                "{name} is a Spark job. `{field}` config is not allowed. Please specify the {what} using `{instead}`."
            );
            findings.problem(origin.file, value.span, message);
        }
    }
}
