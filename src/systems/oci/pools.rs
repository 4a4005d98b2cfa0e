//! Shared pools: which there are for a recipe, and which one it gets.

use std::collections::BTreeSet;

use super::document::Recipe;
use super::options::{NodePools, Options};
use super::plan::{DEDICATED_LABEL, POOL_LABEL, Placement, SELECTOR_LABEL, SHAPE_LABEL, SHARED_LABEL};
use crate::timeline::Subject;
use crate::workload::World;

/// Where a recipe that shares nodes may run; `None` while there is no such pool. If there are several and the recipe
/// selects none, one is picked at random, as docs/sample_blueprints/platform_features/shared_node_pools has it.
///
/// With `node_pools: fleet` the nodes of the scenario count as shared, with `provision` only those that say so.
pub fn find(recipe: &Recipe, subject: Subject, options: &Options, world: &mut dyn World) -> Option<Placement> {
    let selector = recipe.shared_pool_selector.clone();
    let mut required: Vec<(&str, &str)> = Vec::new();
    if let Some(selector) = &selector {
        required.push((SELECTOR_LABEL, selector));
    } else if options.node_pools == NodePools::Provision {
        required.push((SHARED_LABEL, "true"));
    }
    let candidates: BTreeSet<Subject> =
        world.observed_nodes(&required).into_iter().filter(|(_, ready)| *ready).map(|(node, _)| node).collect();
    if candidates.is_empty() {
        return None;
    }
    let dedicated: BTreeSet<Subject> = with_label(world, DEDICATED_LABEL);
    let nodes: Vec<(Option<String>, Option<String>)> = world
        .observed_node_labels(SHAPE_LABEL)
        .into_iter()
        .zip(world.observed_node_labels(POOL_LABEL))
        .filter(|((node, _), _)| candidates.contains(node) && !dedicated.contains(node))
        .map(|((_, shape), (_, pool))| (shape, pool))
        .collect();
    let found = fitting(recipe, &nodes);
    let count = found.len() as u64;
    let pick = match count {
        0 => return None,
        1 => 0,
        _ if selector.is_some() => return Some(Placement::Shared { selector, pool: None }),
        _ => world.draw("oci/shared-pool", subject, 0, count),
    };
    let pool = found.into_iter().nth(pick as usize).flatten();
    Some(Placement::Shared { selector, pool })
}

/// The pools among these nodes (shape, pool) that a recipe may run in. Where no node has the shape, a recipe without GPUs may
/// run on nodes that tell no shape: flexible shapes are often given as plain figures.
fn fitting(recipe: &Recipe, nodes: &[(Option<String>, Option<String>)]) -> BTreeSet<Option<String>> {
    let pools = |wanted: Option<&str>| -> BTreeSet<Option<String>> {
        nodes.iter().filter(|(shape, _)| shape.as_deref() == wanted).map(|(_, pool)| pool.clone()).collect()
    };
    let Some(shape) = recipe.node_shape.as_deref() else {
        return nodes.iter().map(|(_, pool)| pool.clone()).collect();
    };
    let of_shape = pools(Some(shape));
    let needs_gpu = recipe.nvidia_gpus > 0 || recipe.amd_gpus > 0 || recipe.mig_slice.is_some();
    if of_shape.is_empty() && !needs_gpu { pools(None) } else { of_shape }
}

fn with_label(world: &dyn World, label: &str) -> BTreeSet<Subject> {
    world.observed_node_labels(label).into_iter().filter(|(_, value)| value.is_some()).map(|(node, _)| node).collect()
}

/// What a recipe waits for, in words.
pub fn wanted(recipe: &Recipe) -> String {
    let shape = recipe.node_shape.as_deref().unwrap_or("any");
    match &recipe.shared_pool_selector {
        Some(selector) => format!("waits for a shared pool `{selector}` of shape {shape}"),
        None => format!("waits for a shared pool of shape {shape}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(shape: Option<&str>, pool: &str) -> (Option<String>, Option<String>) {
        (shape.map(str::to_owned), Some(pool.to_owned()))
    }

    #[test]
    fn nodes_of_the_shape_come_first() {
        let recipe = Recipe { node_shape: Some("VM.GPU.A10.2".into()), nvidia_gpus: 1, ..Recipe::default() };
        let plain = node(None, "cpu");
        let fleet = [plain.clone(), node(Some("VM.GPU.A10.2"), "a10"), node(Some("BM.GPU4.8"), "a100")];
        assert_eq!(fitting(&recipe, &fleet), BTreeSet::from([Some("a10".to_owned())]));
        assert_eq!(
            fitting(&recipe, &[plain.clone(), fleet[2].clone()]),
            BTreeSet::new(),
            "a GPU is never looked for on a plain node"
        );
        let cpu = Recipe { nvidia_gpus: 0, ..recipe };
        assert_eq!(fitting(&cpu, &[plain, fleet[2].clone()]), BTreeSet::from([Some("cpu".to_owned())]));
    }
}
