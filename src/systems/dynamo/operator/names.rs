//! What the operator calls what it makes.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/graph.go, GetDCDResourceName, PCSNameForDGD and expandMultinodeRoles;
//! deploy/operator/internal/controller/dgd_scaling_adapters_reconciler.go, generateAdapterName.

/// The longest that a PodCliqueSet's name and the names below it may be together (`MaxCombinedGroveResourceNameLength`).
const COMBINED_NAME_MAX: usize = 45;
/// The shortest that a name is cut to (`minPCSNameLength`).
const SET_NAME_MIN: usize = 8;
/// What stands behind a multinode component's name in the names of its leader's and its workers' cliques.
pub const LEADER: &str = "ldr";
/// The same for its workers.
pub const WORKER: &str = "wkr";

/// The name of a component's own resource, or of a scaling adapter: `<graph>-<component lower case>`.
pub fn component(graph: &str, component: &str) -> String {
    format!("{graph}-{}", component.to_lowercase())
}

/// The name of a generation of workers; without a hash that of the component.
pub fn generation(graph: &str, name: &str, hash: &str) -> String {
    let base = component(graph, name);
    if hash.is_empty() { base } else { format!("{base}-{hash}") }
}

/// The name of a component's LeaderWorkerSet.
pub fn leader_worker_set(resource: &str) -> String {
    format!("{resource}-0")
}

/// The clique of a role of a multinode component.
pub fn role(name: &str, suffix: &str) -> String {
    format!("{}-{suffix}", name.to_lowercase())
}

/// The name of a graph's PodCliqueSet: the graph's own, cut where the names below it would grow too long. Of each component the
/// name and whether it is a scaling group are given.
pub fn clique_set(graph: &str, components: &[(&str, bool)]) -> String {
    let below = |(name, is_group): &(&str, bool)| {
        if *is_group { name.len() * 2 + 1 + LEADER.len() } else { name.len() }
    };
    let longest = components.iter().map(below).max().unwrap_or(0);
    let room = COMBINED_NAME_MAX.saturating_sub(longest).max(SET_NAME_MIN);
    if graph.len() <= room {
        return graph.to_owned();
    }
    format!("{}-{:04x}", &graph[..room - 5], fnv1a(graph) & 0xffff)
}

/// FNV-1a of 32 bits, as Go's hash/fnv has it.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_lower_case_and_workers_carry_their_hash() {
        assert_eq!(component("llm", "VllmDecodeWorker"), "llm-vllmdecodeworker");
        assert_eq!(generation("llm", "decode", "0a1b2c3d"), "llm-decode-0a1b2c3d");
        assert_eq!(generation("llm", "Frontend", ""), "llm-frontend");
        assert_eq!(leader_worker_set("llm-decode"), "llm-decode-0");
    }

    #[test]
    fn a_long_name_of_a_graph_is_cut_to_what_is_left() {
        let components = [("frontend", false), ("decode", true)];
        assert_eq!(clique_set("llama", &components), "llama");
        // decode twice, and -ldr: 45 - 16 = 29.
        let graph = "a-graph-whose-name-has-forty-letters-now";
        let name = clique_set(graph, &components);
        assert_eq!((name.len(), &name[..25]), (29, "a-graph-whose-name-has-fo"));
        assert_eq!(name, clique_set(graph, &components));
        assert_ne!(name, clique_set("a-graph-whose-name-has-forty-letters-too", &components));
        let long = "a-component-of-thirty-letters-";
        assert_eq!(clique_set(graph, &[(long, true)]).len(), SET_NAME_MIN);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // Test vectors of the FNV specification.
        assert_eq!(fnv1a(""), 0x811c_9dc5);
        assert_eq!(fnv1a("foobar"), 0xbf9c_f968);
    }
}
