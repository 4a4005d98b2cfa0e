//! The names that Grove makes of a graph's and its components', which must fit into a pod's: how a long name of a graph is cut, and what
//! is too long all the same.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/graph.go (PCSNameForDGD, LongestPodCliqueNameForDGDComponent) and
//! internal/consts/consts.go (MaxCombinedGroveResourceNameLength), chart 1.5.0.

use super::super::model::{Beside, Component};

/// The most characters of a PodCliqueSet, a scaling group and a clique together.
pub const GROVE_NAME_CHARS_MAX: usize = 45;
/// A name is never cut below this.
const CUT_CHARS_MIN: usize = 8;
/// Characters of the hash that makes a cut name unique, with the dash before it.
const SUFFIX_CHARS: usize = 5;

/// True if Grove renders the component as a scaling group: several nodes, pods beside the engine's, or because it is asked to.
pub fn uses_scaling_group(component: &Component) -> bool {
    let beside = component.memory_service.as_ref().is_some_and(|one| one.mode == Beside::InterPod);
    component.nodes.is_some_and(|nodes| nodes > 1) || beside || component.force_scaling_group
}

/// The longest name of a clique of the component: a role is written behind it.
pub fn longest_clique(component: &Component) -> String {
    let lower = component.name.to_lowercase();
    match component.nodes {
        Some(nodes) if nodes > 1 => format!("{lower}-ldr"),
        _ => lower,
    }
}

/// Characters that a component takes of the whole.
pub fn taken(component: &Component) -> usize {
    let own = component.name.to_lowercase().len();
    if uses_scaling_group(component) { own + longest_clique(component).len() } else { own }
}

/// The name of a graph's PodCliqueSet: the graph's, or its beginning and a hash of it if it is too long.
pub fn pod_clique_set_name(graph: &str, components: &[Component]) -> String {
    let most = components.iter().map(taken).max().unwrap_or(0);
    let budget = GROVE_NAME_CHARS_MAX.saturating_sub(most).max(CUT_CHARS_MIN);
    if graph.len() <= budget {
        return graph.to_owned();
    }
    let kept = graph.get(..budget - SUFFIX_CHARS).unwrap_or(graph);
    format!("{kept}-{:04x}", fnv32a(graph) & 0xffff)
}

/// FNV-1a with 32 bits, as Go's `hash/fnv` has it.
fn fnv32a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_go_does() {
        // Of golang/go, src/hash/fnv/fnv_test.go.
        assert_eq!([fnv32a(""), fnv32a("a"), fnv32a("ab")], [0x811c_9dc5, 0xe40c_292c, 0x4d25_05ca]);
    }
}
