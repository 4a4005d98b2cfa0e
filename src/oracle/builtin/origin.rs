//! Where what was found comes from: the fault of the scenario that explains it, and else the action that it came after.
//!
//! A fault explains what its chain of causes leads to. It also explains what ends because of the node that it struck: of such a
//! pod the chain leads to its own last word, and of its node to the fault.

use crate::kernel::Names;
use crate::timeline::{Arg, EntryId, Kind, Subject, Timeline};

/// The fault that explains an entry; `None`: none does.
pub fn fault(timeline: &Timeline, id: EntryId) -> Option<Subject> {
    let chain: Vec<Subject> =
        timeline.chain(id).into_iter().filter_map(|id| timeline.head(id)).map(|entry| entry.subject).collect();
    let on_the_way = chain.iter().copied().find(|subject| subject.kind == Kind::Fault);
    on_the_way.or_else(|| {
        let mut pods: Vec<Subject> = Vec::new();
        for pod in chain.into_iter().filter(|subject| subject.kind == Kind::Pod) {
            if !pods.contains(&pod) {
                pods.push(pod);
            }
        }
        pods.into_iter().find_map(|pod| of_its_node(timeline, pod, id))
    })
}

/// The fault that struck the node of a pod, from when the pod came there and until an entry.
fn of_its_node(timeline: &Timeline, pod: Subject, until: EntryId) -> Option<Subject> {
    let earlier = || (0..until.0).rev().map(EntryId);
    let placed = earlier().find_map(|id| {
        timeline.head(id).filter(|entry| entry.subject == pod && entry.became == "Scheduled")?;
        let node = timeline.get(id)?.why.args.iter().find_map(|arg| match arg {
            Arg::Name(name) => Some(Subject::new(Kind::Node, *name)),
            _ => None,
        });
        Some((id, node?))
    });
    let (placed, node) = placed?;
    earlier().take_while(|id| *id > placed).find_map(|id| {
        let entry = timeline.head(id).filter(|entry| entry.subject == node)?;
        let is_struck =
            matches!(entry.became, "Down" | "Silent" | "NotReady" | "GpuLost" | "ShuttingDown" | "Reclaimed");
        is_struck.then(|| nearest(timeline, id, Kind::Fault)).flatten()
    })
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
    let subjects = timeline.chain(id).into_iter().filter_map(|id| timeline.head(id)).map(|entry| entry.subject);
    subjects.into_iter().find(|subject| subject.kind == kind)
}
