//! The scheduler written plainly: every node is filtered and scored for every pod, as kube-scheduler does it. The
//! index must choose the same node always; tests compare them.

use std::collections::BTreeMap;

use super::filter;
use super::preorder::preorder;
use super::rejection::{Detail, Rejection, Verdict};
use super::rules::{Rules, Ruleset, Weights};
use super::score::{self, SpreadWeights};
use crate::cluster::node::{Node, NodeId, Nodes};
use crate::cluster::template::{SpreadId, Template, TemplateId, Templates};

/// The weights of the default profile: apis/config/v1/default_plugins.go.
const WEIGHTS: Weights = Weights { taints: 3, affinity: 2, fit: 1, spread: 2, pods: 2, balanced: 1, images: 1 };

/// The node for a pod, or why there is none.
pub(super) fn place(
    rules: &Ruleset,
    nodes: &Nodes,
    templates: &Templates,
    id: TemplateId,
    spread: SpreadId,
) -> Result<NodeId, Rejection> {
    let template = templates.get(id);
    let mut feasible: Vec<(NodeId, &Node)> = Vec::new();
    let mut verdicts: BTreeMap<Verdict, u32> = BTreeMap::new();
    for (node_id, node) in nodes.in_order() {
        match verdict(&rules.rules, node, template) {
            Verdict::FITS => feasible.push((node_id, node)),
            verdict => *verdicts.entry(verdict).or_default() += 1,
        }
    }
    match feasible.as_slice() {
        [] => return Err(Rejection::new(id, Detail::new(verdicts.into_iter().collect()))),
        [(only, _)] => return Ok(*only),
        _ => {}
    }
    let mut totals: Vec<i64> = feasible.iter().map(|(_, node)| score::own_score(rules, node, template)).collect();
    add_spread(&mut totals, nodes, &feasible, template, spread);
    add_taints(&mut totals, &feasible, template);
    add_preferred(&mut totals, &rules.rules, &feasible, template);
    for (total, (_, node)) in totals.iter_mut().zip(&feasible) {
        let held = template.images.iter().filter(|image| node.has_image(**image));
        let bytes = held.filter_map(|image| nodes.image(*image));
        let bytes = bytes.map(|state| state.scaled_bytes(nodes.len())).sum();
        *total += score::image_score(bytes, template.containers as usize);
    }
    let best = totals.iter().max().expect("two nodes or more");
    let ranks = (0..feasible.len()).filter(|rank| totals[*rank] == *best);
    let rank = ranks.min_by_key(|rank| preorder(*rank)).expect("one has the best score");
    Ok(feasible[rank].0)
}

fn verdict(rules: &Rules, node: &Node, template: &Template) -> Verdict {
    match filter::verdict_on_kind(rules, node, template) {
        Verdict::FITS => filter::verdict_on_resources(rules, node, template),
        other => other,
    }
}

fn add_spread(totals: &mut [i64], nodes: &Nodes, feasible: &[(NodeId, &Node)], template: &Template, spread: SpreadId) {
    if spread == SpreadId::NONE {
        return;
    }
    let mut in_zone: BTreeMap<Option<&str>, u32> = feasible.iter().map(|(_, node)| (node.zone(), 0)).collect();
    for (_, node) in nodes.in_order().filter(|(_, node)| template.matches_labels(&node.labels)) {
        if let Some(count) = in_zone.get_mut(&node.zone()) {
            *count += node.spread_count(spread);
        }
    }
    let weights = SpreadWeights::new(feasible.len(), in_zone.len());
    let raw = |node: &Node| weights.raw(node.spread_count(spread), node.zone().map(|_| in_zone[&node.zone()]));
    let raw: Vec<i64> = feasible.iter().map(|(_, node)| raw(node)).collect();
    let (min, max) = (*raw.iter().min().expect("not empty"), *raw.iter().max().expect("not empty"));
    for (total, raw) in totals.iter_mut().zip(raw) {
        *total += WEIGHTS.spread * score::normal_spread(raw, min, max);
    }
}

fn add_taints(totals: &mut [i64], feasible: &[(NodeId, &Node)], template: &Template) {
    let disliked: Vec<u32> = feasible.iter().map(|(_, node)| score::disliked_taints(node, template)).collect();
    let max = *disliked.iter().max().expect("not empty");
    for (total, disliked) in totals.iter_mut().zip(disliked) {
        *total += WEIGHTS.taints * score::normal_taints(disliked, max);
    }
}

fn add_preferred(totals: &mut [i64], rules: &Rules, feasible: &[(NodeId, &Node)], template: &Template) {
    let preferred: Vec<u32> = feasible.iter().map(|(_, node)| score::preferred(rules, node, template)).collect();
    let max = *preferred.iter().max().expect("not empty");
    for (total, preferred) in totals.iter_mut().zip(preferred) {
        *total += WEIGHTS.affinity * score::normal_preferred(preferred, max);
    }
}
