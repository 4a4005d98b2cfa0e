//! Lists of a scenario: what goes wrong and what an operator does, what is deployed, how workloads behave, nodes.

use super::leave_out;
use crate::explore::shrink::draft::{Draft, File, Spot};
use crate::explore::shrink::tree::{Step, keys};
use crate::explore::shrink::trial::Trial;

/// Faults, actions and the order of what happens at one instant: what a search plays with.
pub fn disturbances(trial: &mut Trial<'_>, draft: Draft) -> Draft {
    let mut spots = items(&draft, &keys(&["faults"]));
    spots.extend(items(&draft, &keys(&["actions"])));
    spots.extend(items(&draft, &keys(&["ties"])));
    leave_out(trial, draft, &spots)
}

/// What is deployed, how it behaves, and on which nodes; each list by itself, and the nodes of all clusters together.
pub fn parts(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    for list in [&["deploy"][..], &["behaviour"], &["clusters"], &["cluster", "namespaces"]] {
        let spots = items(&draft, &keys(list));
        draft = leave_out(trial, draft, &spots);
    }
    for path in draft.documents.keys().rev().cloned().collect::<Vec<String>>() {
        // Of a document that is a folder some files may not be needed.
        let mut without = draft.clone();
        without.documents.remove(&path);
        draft = trial.holds(without).unwrap_or(draft);
    }
    let spots: Vec<Spot> = node_lists(&draft).iter().flat_map(|list| items(&draft, list)).collect();
    leave_out(trial, draft, &spots)
}

/// Where lists of nodes stand.
pub fn node_lists(draft: &Draft) -> Vec<Vec<Step>> {
    let clusters = draft.scenario.key("clusters").map_or(0, |clusters| clusters.items().len());
    let several =
        (0..clusters).map(|at| vec![Step::Key("clusters".to_owned()), Step::Index(at), Step::Key("nodes".to_owned())]);
    std::iter::once(keys(&["cluster", "nodes"])).chain(several).collect()
}

/// The items of a list of the scenario.
pub fn items(draft: &Draft, list: &[Step]) -> Vec<Spot> {
    let count = draft.scenario.get(list).map_or(0, |list| list.items().len());
    let path = |at| [list, &[Step::Index(at)]].concat();
    (0..count).map(|at| Spot { file: File::Scenario, path: path(at) }).collect()
}
