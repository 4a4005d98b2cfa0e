//! What might mend a finding: changes of the documents or of the cluster. Which of them do is found by running them.

use super::document::{Written, find, replaced};
use crate::scenario::Scenario;
use crate::scenario::model::NodeNaming;
use crate::systems::kubernetes::Identity;
use crate::text::Source;

/// The most objects that a line names.
const OBJECTS_SHOWN_MAX: usize = 3;

/// A change that might mend something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A field of an object gets another value, which is JSON.
    Field {
        /// The object.
        object: Identity,
        /// Its field: `spec`, `strategy`.
        path: Vec<String>,
        /// The value.
        value: String,
    },
    /// A pool has so many more nodes.
    Nodes {
        /// The pool, or the node that gets company.
        pool: String,
        /// How many more.
        more: u32,
    },
}

impl Change {
    /// A field of an object gets another value.
    pub fn field(object: &Identity, path: &[&str], value: impl Into<String>) -> Change {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        Change::Field { object: object.clone(), path, value: value.into() }
    }

    /// The change in a line: `Deployment/web: spec.strategy.rollingUpdate.maxUnavailable: 1`.
    pub fn text(&self) -> String {
        match self {
            Change::Field { object, path, value } => {
                format!("{}: {}: {}", object.show(), path.join("."), plain(value))
            }
            Change::Nodes { pool, more: 1 } => format!("1 more node like {pool}"),
            Change::Nodes { pool, more } => format!("{more} more nodes like {pool}"),
        }
    }

    /// The text that the change edits, before and after it; `None` for one of the cluster.
    pub fn edit(&self, scenario: &Scenario) -> Option<(Source, Source)> {
        match self {
            Change::Field { object, path, value } => {
                let written: Written = find(scenario, object)?;
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let changed = written.with(&path, value)?;
                Some((written.source, changed))
            }
            Change::Nodes { .. } => None,
        }
    }

    /// The scenario with the change; `None` if it cannot be made.
    pub fn made(&self, scenario: &Scenario) -> Option<Scenario> {
        match self {
            Change::Field { .. } => self.edit(scenario).map(|(_, changed)| replaced(scenario, &changed)),
            Change::Nodes { pool, more } => {
                let mut scenario = scenario.clone();
                let nodes = &mut scenario.cluster.nodes;
                let index = nodes.iter().position(|entry| name(&entry.naming) == pool)?;
                let alone = match &mut nodes[index].naming {
                    NodeNaming::Pool { count, .. } => {
                        *count += more;
                        None
                    }
                    NodeNaming::One(name) => Some(name.clone()),
                };
                if let Some(alone) = alone {
                    let mut another = nodes[index].clone();
                    another.naming = NodeNaming::Pool { pool: format!("{alone}-more"), count: *more };
                    nodes.push(another);
                }
                Some(scenario)
            }
        }
    }
}

/// Changes that are made together, in a line: the same field of several objects is told once.
pub fn told(changes: &[Change]) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut rest: Vec<&Change> = changes.iter().collect();
    while let Some(first) = rest.first().copied() {
        let alike = |other: &&Change| match (first, other) {
            (Change::Field { path, value, .. }, Change::Field { path: other, value: same, .. }) => {
                path == other && value == same
            }
            _ => first == *other,
        };
        let (same, others): (Vec<&Change>, Vec<&Change>) = rest.into_iter().partition(alike);
        rest = others;
        told.push(match (first, same.len()) {
            (Change::Field { path, value, .. }, count @ 2..) => {
                let objects = same.iter().take(OBJECTS_SHOWN_MAX).filter_map(|change| match change {
                    Change::Field { object, .. } => Some(object.show()),
                    Change::Nodes { .. } => None,
                });
                let shown = objects.collect::<Vec<_>>().join(", ");
                let more = match count.saturating_sub(OBJECTS_SHOWN_MAX) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("{shown}{more}: {}: {}", path.join("."), plain(value))
            }
            _ => first.text(),
        });
    }
    told.join(" and ")
}

/// The name of a node entry.
pub fn name(naming: &NodeNaming) -> &str {
    match naming {
        NodeNaming::One(name) | NodeNaming::Pool { pool: name, .. } => name,
    }
}

/// JSON as YAML's flow form is mostly written: keys without quotes.
fn plain(value: &str) -> String {
    value.replace('"', "").replace(':', ": ").replace(":  ", ": ")
}
