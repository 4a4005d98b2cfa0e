//! Nodes of pools that faults name: the first of a pool serves as well as its seventh, and lets the pool be smaller.

use super::lists::node_lists;
use crate::explore::shrink::draft::{Draft, File};
use crate::explore::shrink::tree::{Tree, keys};
use crate::explore::shrink::trial::Trial;

/// Has faults and actions name earlier nodes of their pools.
pub fn ordinals(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    for pool in pools(&draft) {
        for ordinal in named(&draft, &pool) {
            let mut earlier =
                (0..ordinal).map(|other| renamed(&draft, &format!("{pool}-{ordinal}"), &format!("{pool}-{other}")));
            if let Some((_, found)) = trial.first(&mut earlier) {
                draft = found;
            }
        }
    }
    draft
}

fn pools(draft: &Draft) -> Vec<String> {
    let lists = node_lists(draft);
    let nodes = lists.iter().filter_map(|list| draft.scenario.get(list)).flat_map(Tree::items);
    nodes.filter_map(|node| node.key("pool")?.as_text().map(str::to_owned)).collect()
}

/// The ordinals above 0 of a pool's nodes that faults and actions name, each once.
fn named(draft: &Draft, pool: &str) -> Vec<u32> {
    let mut ordinals = Vec::new();
    for list in ["faults", "actions"] {
        let Some(tree) = draft.scenario.key(list) else { continue };
        tree.visit(&mut |_, value| {
            let name = value.as_text().map(|text| text.strip_prefix("Node/").unwrap_or(text));
            let ordinal = name.and_then(|name| name.strip_prefix(pool)?.strip_prefix('-')?.parse().ok());
            ordinals.extend(ordinal.filter(|ordinal: &u32| *ordinal > 0));
        });
    }
    ordinals.sort_unstable();
    ordinals.dedup();
    ordinals
}

fn renamed(draft: &Draft, from: &str, to: &str) -> Draft {
    draft.clone().edited(&File::Scenario, |tree| {
        for list in ["faults", "actions"] {
            let Some(list) = tree.get_mut(&keys(&[list])) else { continue };
            list.each_text(&mut |text| {
                if text.strip_prefix("Node/").unwrap_or(text) == from {
                    *text = text.replace(from, to);
                }
            });
        }
    })
}
