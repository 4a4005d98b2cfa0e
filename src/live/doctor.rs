//! Whether a cluster will do: one check after the other, each with what was found.

use serde_json::json;

use super::access;
use super::cleanup::cleanup;
use super::connection::{Connection, connect};
use super::machines::{gpus, is_open, nodes_there, none_open};
use super::notices::Notices;
use super::options::LiveOptions;
use super::render::fleet::{KWOK_ANNOTATION, KWOK_LABEL};
use super::render::{MANAGED_BY, RUN};
use super::session::make_nodes;
use super::trouble::Trouble;

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Check {
    /// What.
    pub what: &'static str,
    /// What was found, or what is wrong with it.
    pub found: Result<String, Trouble>,
}

/// Looks at a cluster. With `fake_nodes` a node is made for a moment, to see whether kwok plays it.
pub fn diagnose(context: &str, options: &LiveOptions, notices: Notices) -> Vec<Check> {
    let mut checks = Vec::new();
    let connection =
        match connect(context, notices).and_then(|connection| connection.check_version().map(|()| connection)) {
            Ok(connection) => connection,
            Err(trouble) => return vec![Check { what: "API server", found: Err(trouble) }],
        };
    checks.push(Check { what: "API server", found: Ok(format!("{context}, {}", connection.version)) });
    let rights = access::check(&connection, options).map(|()| "all that a run needs".to_owned());
    checks.push(Check { what: "rights", found: rights });
    checks.push(Check { what: "nodes", found: nodes(&connection, options) });
    if options.fake_nodes {
        checks.push(Check { what: "kwok", found: kwok(&connection, options) });
    }
    checks
}

/// The nodes that are there, and their GPUs.
fn nodes(connection: &Connection, options: &LiveOptions) -> Result<String, Trouble> {
    let found = nodes_there(connection, options)?;
    let ready = found.iter().filter(|node| is_open(node));
    let gpus = gpus(ready.clone());
    let ready = ready.count();
    if ready == 0 && !options.fake_nodes {
        return Err(Trouble::Nodes(none_open(options)));
    }
    let gpus: Vec<String> = gpus.into_iter().map(|(resource, count)| format!("{count} {resource}")).collect();
    let gpus = if gpus.is_empty() { "no GPU".to_owned() } else { gpus.join(", ") };
    Ok(format!("{ready} of {} ready, {gpus}", found.len()))
}

/// Makes a node for a moment.
fn kwok(connection: &Connection, options: &LiveOptions) -> Result<String, Trouble> {
    let name = format!("greenroom-{}-doctor", options.run);
    let body = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": { (MANAGED_BY.0): MANAGED_BY.1, (RUN): options.run, (KWOK_LABEL.0): KWOK_LABEL.1 },
            "annotations": { (KWOK_ANNOTATION.0): KWOK_ANNOTATION.1 },
        },
        "spec": { "taints": [{ "key": RUN, "value": options.run, "effect": "NoSchedule" }] },
        "status": { "capacity": { "pods": "1" }, "allocatable": { "pods": "1" }, "phase": "Running" },
    });
    let made = connection.until_interrupted(make_nodes(connection, &[body]));
    let cleaned = cleanup(connection, Some(&options.run))?;
    if let Some(left) = cleaned.left.first() {
        return Err(Trouble::Api(left.clone()));
    }
    made.map(|()| "it plays nodes".to_owned())
}
