//! What is tried to make a scenario smaller, in a fixed order, until nothing of it makes it smaller any more: less goes wrong, less is
//! deployed, documents say less, there is less of each thing, times are round and short.

mod counts;
mod keys;
mod lists;
mod nodes;
mod times;
mod triggers;

use std::collections::BTreeSet;

use super::ddmin::ddmin;
use super::draft::{Draft, Spot};
use super::trial::Trial;

/// One way to make a scenario smaller.
type Pass = fn(&mut Trial<'_>, Draft) -> Draft;

/// The ways, in the order in which they are tried: those that take away most come first.
const PASSES: [Pass; 9] = [
    lists::disturbances,
    lists::parts,
    keys::documents,
    nodes::ordinals,
    counts::counts,
    times::spreads,
    triggers::triggers,
    times::lengths,
    keys::scenario,
];

/// The draft with all taken away that its failure does not need.
pub fn reduce(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    // Every pass makes it smaller or leaves it; a draft that was there before would come again for ever.
    let mut seen = BTreeSet::new();
    while seen.insert(draft.digest()) {
        for pass in PASSES {
            draft = pass(trial, draft).without_unread();
            if trial.is_cut_short() {
                return draft;
            }
        }
    }
    draft
}

/// The draft without those of these values that its failure does not need.
fn leave_out(trial: &mut Trial<'_>, draft: Draft, spots: &[Spot]) -> Draft {
    let mut smallest = draft.clone();
    ddmin(spots.len(), &mut |parts| {
        let mut tried: Vec<Vec<usize>> = Vec::new();
        let mut drafts = parts.map(|kept| {
            let left_out = (0..spots.len()).filter(|at| kept.binary_search(at).is_err());
            let left_out: Vec<Spot> = left_out.map(|at| spots[at].clone()).collect();
            tried.push(kept);
            draft.clone().without(&left_out)
        });
        let found = trial.first(&mut drafts);
        let (position, found) = found?;
        smallest = found;
        Some(tried.swap_remove(position))
    });
    smallest
}
