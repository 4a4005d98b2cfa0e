//! Where the copies of an instance may run.

use super::Fields;
use super::fields::number;
use crate::systems::paasta::model::{AntiAffinity, NodeRequirement, Placement, SpreadConstraint};
use crate::text::Node;

/// Reads the pool, selectors, anti-affinity and spread of an instance.
pub fn read(fields: &Fields<'_>) -> Placement {
    let mut placement = Placement {
        pool: fields.text("pool"),
        anti_affinity: kept_off(fields.get("anti_affinity")),
        anti_affinity_preferred: kept_off(fields.get("anti_affinity_preferred")),
        spread: fields.list("topology_spread_constraints").iter().map(spread).collect(),
        ..Placement::default()
    };
    for (label, selector) in fields.get("node_selectors").and_then(Node::as_map).unwrap_or_default() {
        match selector.as_str() {
            Some(value) => drop(placement.node_selectors.insert(label.text.clone(), value.to_owned())),
            None => requirements(&label.text, selector, &mut placement.node_requirements),
        }
    }
    placement
}

/// A list of values means one of them: raw_selectors_to_requirements of paasta_tools/kubernetes_tools.py.
fn requirements(label: &str, selector: &Node, out: &mut Vec<NodeRequirement>) {
    let items = selector.as_seq().unwrap_or_default();
    let values: Vec<String> = items.iter().filter_map(Node::as_str).map(str::to_owned).collect();
    if !values.is_empty() {
        out.push(NodeRequirement { label: label.to_owned(), operator: "In".to_owned(), values });
    }
    for item in items.iter().filter(|item| item.as_map().is_some()) {
        let fields = Fields::new(item, None);
        let Some(operator) = fields.text("operator") else { continue };
        let value = fields.get("value").and_then(number);
        let values = fields.texts("values").into_iter().chain(value).collect();
        out.push(NodeRequirement { label: label.to_owned(), operator, values });
    }
}

/// One map, or a list of them.
fn kept_off(node: Option<&Node>) -> Vec<AntiAffinity> {
    let Some(node) = node else { return Vec::new() };
    let items = node.as_seq().unwrap_or(std::slice::from_ref(node));
    let maps = items.iter().filter(|item| item.as_map().is_some());
    maps.map(|item| {
        let fields = Fields::new(item, None);
        AntiAffinity {
            service: fields.text("service"),
            instance: fields.text("instance"),
            weight: fields.count("weight").unwrap_or(1),
        }
    })
    .collect()
}

fn spread(node: &Node) -> SpreadConstraint {
    let fields = Fields::new(node, None);
    SpreadConstraint {
        topology_key: fields.text("topology_key"),
        is_required: fields.get("when_unsatisfiable").and_then(Node::as_str) == Some("DoNotSchedule"),
        max_skew: fields.count("max_skew").unwrap_or(1),
    }
}
