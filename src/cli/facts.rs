//! What is known of a scenario from its own file, without its documents: enough to choose it by.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;

use crate::scenario::documents::read_text;
use crate::scenario::schema;
use crate::text::Source;
use crate::text::tree::{self, Node, Value};

/// The keys of a fault or an action that say when, not what.
const NO_KINDS: [&str; 5] = ["name", "at", "on", "after", "read"];

/// What a scenario file says of itself.
#[derive(Debug, Default)]
pub struct Facts {
    /// The scenario's name.
    pub name: Option<String>,
    /// The systems that it deploys with.
    pub systems: BTreeSet<String>,
    /// The kinds of its faults: `node_down`.
    pub faults: BTreeSet<String>,
    /// The kinds of its actions: `scale`.
    pub actions: BTreeSet<String>,
}

impl Facts {
    /// Reads the file; `None` if that fails.
    pub fn of(path: &Path) -> Option<Facts> {
        let text = read_text(path).ok()?;
        let root = tree::parse(&Source::new(path.to_string_lossy(), text)).ok()?;
        let system = |deploy: &Node| deploy.get("system").and_then(text_of);
        Some(Facts {
            name: root.get("name").and_then(text_of),
            systems: list(&root, "deploy").filter_map(system).collect(),
            faults: list(&root, "faults").flat_map(keys).collect(),
            actions: list(&root, "actions").flat_map(keys).collect(),
        })
    }
}

fn text_of(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn list<'a>(root: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    let nodes: &[Node] = match root.get(key).map(|node| &node.value) {
        Some(Value::Seq(nodes)) => nodes,
        _ => &[],
    };
    nodes.iter()
}

fn keys(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Map(entries) => entries.iter().map(|(key, _)| key.text.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The systems that a scenario can deploy with.
pub fn known_systems() -> Vec<String> {
    let schema = schema();
    let names = schema["$defs"]["DeployFile"]["properties"]["system"]["enum"].as_array();
    names.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The kinds of faults that a scenario can have.
pub fn known_faults() -> Vec<String> {
    kinds("FaultFile")
}

/// The kinds of actions that a scenario can have.
pub fn known_actions() -> Vec<String> {
    kinds("ActionFile")
}

fn kinds(of: &str) -> Vec<String> {
    let schema = schema();
    let keys = schema["$defs"][of]["properties"].as_object().into_iter().flat_map(|keys| keys.keys());
    keys.filter(|key| !NO_KINDS.contains(&key.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema is made from the types; if its parts were named otherwise, every filter would be refused.
    #[test]
    fn what_is_known_is_found_in_the_schema() {
        let has = |known: Vec<String>, word: &str| known.iter().any(|known| known == word);
        assert!(has(known_systems(), "oci") && has(known_faults(), "pod_kill") && has(known_actions(), "scale"));
        assert!(!has(known_faults(), "at") && !has(known_actions(), "name"));
    }
}
