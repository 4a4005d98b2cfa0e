//! Startup orders that cliques name (`startsAfter`): known cliques, and no circle.
//! Source: ai-dynamo/grove, operator/internal/webhook/admission/pcs/validation/podcliquedeps.go.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use super::unique;
use crate::systems::grove::model::CliqueTemplate;
use crate::systems::kubernetes::custom::Findings;

/// Checks the cliques that one clique waits for.
pub fn names(clique: &str, starts_after: &[String], path: &str, findings: &mut Findings) {
    for name in starts_after {
        if name.trim().is_empty() {
            findings.required(path, "clique dependency must not be empty");
        }
        if name == clique {
            findings.invalid_text(path, name, "clique dependency cannot refer to itself");
        }
    }
    unique(starts_after.iter().map(String::as_str), path, findings);
}

/// Checks that every name is a clique's, and that no clique waits for itself by way of others.
pub fn dependencies(cliques: &[CliqueTemplate], path: &str, findings: &mut Findings) {
    let index = |name: &str| cliques.iter().position(|clique| clique.name == name);
    let mut unknown: Vec<&str> = Vec::new();
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<_> = cliques.iter().map(|_| graph.add_node(())).collect();
    for (from, clique) in cliques.iter().enumerate() {
        for name in &clique.spec.starts_after {
            match index(name) {
                Some(to) => {
                    graph.add_edge(nodes[from], nodes[to], ());
                }
                None if !unknown.contains(&name.as_str()) => unknown.push(name),
                None => {}
            }
        }
    }
    if !unknown.is_empty() {
        let detail = "unknown clique names found, all clique dependencies must be defined as cliques";
        findings.invalid_text(format!("{path}.startsAfter"), &unknown.join(","), detail);
    }
    for circle in tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1) {
        let mut members: Vec<usize> = circle.into_iter().map(petgraph::graph::NodeIndex::index).collect();
        members.sort_unstable();
        let members: Vec<&str> = members.into_iter().map(|index| cliques[index].name.as_str()).collect();
        findings.invalid_text(path, &members.join(" "), "clique must not have circular dependencies");
    }
}
