//! The order of dependencies in a group: its cycles, and a topological order that follows the document where it may.

use std::collections::VecDeque;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::document::Document;

/// Who depends on whom, by position in the document. Names that are not in the group are left out.
pub fn dependencies(document: &Document) -> Vec<Vec<usize>> {
    let position = |name: &str| document.position(name);
    let mut all = Vec::with_capacity(document.members.len());
    for member in &document.members {
        let mut found: Vec<usize> = member.depends_on.iter().filter_map(|named| position(&named.text)).collect();
        found.sort_unstable();
        found.dedup();
        all.push(found);
    }
    all
}

/// One cycle of each knot of dependencies, shortest first found from its first member: `[a, b]` for a -> b -> a.
pub fn cycles(dependencies: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<NodeIndex> = dependencies.iter().map(|_| graph.add_node(())).collect();
    for (from, targets) in dependencies.iter().enumerate() {
        for to in targets {
            graph.add_edge(nodes[from], nodes[*to], ());
        }
    }
    let mut found: Vec<Vec<usize>> = tarjan_scc(&graph)
        .into_iter()
        .map(|knot| {
            let mut knot: Vec<usize> = knot.into_iter().map(NodeIndex::index).collect();
            knot.sort_unstable();
            knot
        })
        .filter(|knot| knot.len() > 1 || dependencies[knot[0]].contains(&knot[0]))
        .map(|knot| shortest_cycle(dependencies, knot[0], &knot))
        .collect();
    found.sort();
    found
}

/// The shortest way from `start` back to itself within its knot.
fn shortest_cycle(dependencies: &[Vec<usize>], start: usize, knot: &[usize]) -> Vec<usize> {
    let mut came_from: Vec<Option<usize>> = vec![None; dependencies.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &next in &dependencies[at] {
            if next == start {
                let mut path = vec![at];
                while let Some(before) = came_from[*path.last().expect("never empty")] {
                    path.push(before);
                }
                path.reverse();
                return path;
            }
            if came_from[next].is_none() && knot.binary_search(&next).is_ok() {
                came_from[next] = Some(at);
                queue.push_back(next);
            }
        }
    }
    unreachable!("a knot leads back to each of its members")
}

/// All members, dependencies before dependents, in the order of the document where that leaves a choice.
/// Members of a cycle and those behind it are left out.
pub fn topological(dependencies: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<usize> = dependencies.iter().map(Vec::len).collect();
    let mut dependents = vec![Vec::new(); dependencies.len()];
    for (member, targets) in dependencies.iter().enumerate() {
        for target in targets {
            dependents[*target].push(member);
        }
    }
    let mut ready: std::collections::BTreeSet<usize> =
        (0..dependencies.len()).filter(|member| missing[*member] == 0).collect();
    let mut order = Vec::with_capacity(dependencies.len());
    while let Some(member) = ready.pop_first() {
        order.push(member);
        for dependent in &dependents[member] {
            missing[*dependent] -= 1;
            if missing[*dependent] == 0 {
                ready.insert(*dependent);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_the_shortest_cycle_of_a_knot() {
        // 0 -> 1 -> 2 -> 0, and 1 -> 0: the shorter one is named.
        assert_eq!(cycles(&[vec![1], vec![0, 2], vec![0]]), [[0, 1]]);
        assert_eq!(cycles(&[vec![0]]), [[0]]);
        assert_eq!(cycles(&[vec![], vec![0], vec![0, 1]]), Vec::<Vec<usize>>::new());
        assert_eq!(cycles(&[vec![1], vec![0], vec![3], vec![2]]), [[0, 1], [2, 3]]);
    }

    #[test]
    fn follows_the_document_where_it_may() {
        assert_eq!(topological(&[vec![2], vec![], vec![]]), [1, 2, 0]);
        assert_eq!(topological(&[vec![1], vec![0], vec![]]), [2]);
    }

    fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1usize..12).prop_flat_map(|count| {
            let edges = proptest::collection::btree_set(0..count, 0..4);
            proptest::collection::vec(edges.prop_map(|edges| edges.into_iter().collect()), count)
        })
    }

    proptest! {
        #[test]
        fn either_there_is_an_order_or_a_cycle_is_named(graph in graphs()) {
            let found = cycles(&graph);
            for cycle in &found {
                for (index, member) in cycle.iter().enumerate() {
                    let next = cycle[(index + 1) % cycle.len()];
                    prop_assert!(graph[*member].contains(&next), "{cycle:?} is no cycle of {graph:?}");
                }
            }
            let order = topological(&graph);
            prop_assert_eq!(found.is_empty(), order.len() == graph.len());
            for (index, member) in order.iter().enumerate() {
                prop_assert!(graph[*member].iter().all(|target| order[..index].contains(target)));
            }
        }
    }
}
