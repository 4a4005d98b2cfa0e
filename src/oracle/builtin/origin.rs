//! Where what was found comes from: the fault of the scenario that its chain of causes leads to, and else the action.

use crate::kernel::Names;
use crate::timeline::{EntryId, Kind, Subject, Timeline};

/// The nearest fault that led to an entry; `None`: no fault did.
pub fn fault(timeline: &Timeline, id: EntryId) -> Option<Subject> {
    nearest(timeline, id, Kind::Fault)
}

/// What to say at the end of a finding of where it comes from: `; explained by fault/lose-a-node`, `; after action/apply`, or
/// nothing. Ranking reads the first of these.
pub fn words(timeline: &Timeline, names: &Names, id: Option<EntryId>) -> String {
    let Some(id) = id else { return String::new() };
    if let Some(fault) = fault(timeline, id) {
        return format!("; explained by {}", fault.show(names));
    }
    match nearest(timeline, id, Kind::Action) {
        Some(action) => format!("; after {}", action.show(names)),
        None => String::new(),
    }
}

fn nearest(timeline: &Timeline, id: EntryId, kind: Kind) -> Option<Subject> {
    let subjects = timeline.chain(id).into_iter().filter_map(|id| timeline.get(id)).map(|entry| entry.subject);
    subjects.into_iter().find(|subject| subject.kind == kind)
}
