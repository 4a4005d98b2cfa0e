//! What the operator calls what it makes.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/graph.go, GetDCDResourceName and expandMultinodeRoles;
//! deploy/operator/internal/controller/dgd_scaling_adapters_reconciler.go, generateAdapterName.

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

/// The name of a component's LeaderWorkerSet: the first and only one, or in 0.8 that of one replica.
pub fn leader_worker_set(resource: &str, instance: u32) -> String {
    format!("{resource}-{instance}")
}

/// The clique of a role of a multinode component.
pub fn role(name: &str, suffix: &str) -> String {
    format!("{}-{suffix}", name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_lower_case_and_workers_carry_their_hash() {
        assert_eq!(component("llm", "VllmDecodeWorker"), "llm-vllmdecodeworker");
        assert_eq!(generation("llm", "decode", "0a1b2c3d"), "llm-decode-0a1b2c3d");
        assert_eq!(generation("llm", "Frontend", ""), "llm-frontend");
        assert_eq!(leader_worker_set("llm-decode", 0), "llm-decode-0");
    }
}
