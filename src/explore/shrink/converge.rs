//! What was found by comparing a run with another, said as an expectation that a scenario can have by itself: at the end a subject is
//! what it is without the faults.

use super::draft::{Draft, File};
use super::goal::Failure;
use super::tree::{Tree, keys};
use super::trial;
use crate::explore::Target;
use crate::oracle::builtin::rules;

/// The draft with an expectation more, which fails in it and holds in the plain one; `None` if there is none.
pub fn expecting(plain: &Draft, draft: Draft, target: &Target) -> Option<Draft> {
    if *target.rule != rules::DIVERGENCE {
        return None;
    }
    let run = trial::run(&plain.load().ok()?, usize::MAX).ok()?;
    let entries = run.timeline.since(0).map(|(_, entry)| entry);
    let last = entries.filter(|entry| entry.subject.show(&run.names) == target.subject).last()?;
    let state = Tree::one(&target.subject, Tree::text(last.became));
    let expected = with_entry(draft, Tree::one("final", state.clone()));
    let holds = trial::run(&with_entry(plain.clone(), Tree::one("final", state)).load().ok()?, usize::MAX).ok()?;
    let fails = trial::run(&expected.load().ok()?, usize::MAX).ok()?;
    let is_said = Failure::last_expectation(&holds).is_none() && Failure::last_expectation(&fails).is_some();
    is_said.then_some(expected)
}

fn with_entry(draft: Draft, entry: Tree) -> Draft {
    draft.edited(&File::Scenario, |tree| match tree.get_mut(&keys(&["expect"])) {
        Some(Tree::List(entries)) => entries.push(entry),
        _ => tree.set("expect", Tree::List(vec![entry])),
    })
}
