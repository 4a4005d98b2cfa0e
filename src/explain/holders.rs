//! Who holds what a pod needs that fits on no node: the pods that have a place, and the nodes that take none.

use super::standing::Standing;
use super::view::View;
use super::{Content, Row, Section, Topic};
use crate::timeline::{Arg, Kind, Subject, render};

/// The most pods that are named.
const HOLDERS_MAX: usize = 8;
/// The most nodes that are named.
const NODES_MAX: usize = 6;

/// What a pod needs, as far as its refusal says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// GPUs.
    Gpus,
    /// Something else that pods hold.
    Room,
}

/// What an unschedulable pod lacks; `None` if it is no matter of who holds what.
pub fn need(view: &View<'_>, pod: Subject) -> Option<Need> {
    let entry = view.entry(view.latest(pod).filter(|_| pod.kind == Kind::Pod)?);
    if entry.became != "Unschedulable" {
        return None;
    }
    let why = render::why(&entry.why, &view.run.names);
    let gpus = ["gpu", "nvidia.com/", "amd.com/"].iter().any(|word| why.to_ascii_lowercase().contains(word));
    let held = ["Insufficient", "Too many pods", "free ports", "anti-affinity"].iter().any(|word| why.contains(word));
    match (gpus, held) {
        (true, _) => Some(Need::Gpus),
        (false, true) => Some(Need::Room),
        (false, false) => None,
    }
}

/// The pods that hold what this one needs, by node and then by how long they have held it.
pub fn holders(view: &View<'_>, pod: Subject, need: Need) -> Option<Section> {
    let mut held: Vec<_> = view
        .placements()
        .filter(|(other, _)| *other != pod)
        .filter_map(|(other, placement)| {
            let why = view.entry(placement).why;
            let has_gpus = why.args.iter().any(|arg| matches!(arg, Arg::Devices(_)))
                || render::why(&why, &view.run.names).contains("GPU");
            let node = view.node_of(placement)?.show(&view.run.names);
            (need == Need::Room || has_gpus).then(|| (node, placement, view.latest(other).unwrap_or(placement)))
        })
        .collect();
    held.sort();
    let left_out = held.len().saturating_sub(HOLDERS_MAX);
    let rows = held.into_iter().take(HOLDERS_MAX).map(|(_, entry, now)| Row { depth: 0, entry, now });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then_some(Section { topic: Topic::Holders(pod), content: Content::Rows(rows), left_out })
}

/// The nodes that take no pods, or were taken away.
pub fn nodes(view: &View<'_>, pod: Subject) -> Option<Section> {
    let closed = |subject: Subject, became: &str| {
        let stands = view.standing(subject);
        matches!(stands, Some(Standing::Wrong | Standing::Gone))
            || ["Cordoned", "Draining", "Tainted"].contains(&became)
    };
    let mut rows: Vec<_> = view
        .all()
        .filter(|(subject, id)| subject.kind == Kind::Node && closed(*subject, view.entry(*id).became))
        .map(|(subject, id)| (subject.show(&view.run.names), Row::new(0, id)))
        .collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let left_out = rows.len().saturating_sub(NODES_MAX);
    let rows: Vec<Row> = rows.into_iter().take(NODES_MAX).map(|(_, row)| row).collect();
    (!rows.is_empty()).then_some(Section { topic: Topic::Nodes(pod), content: Content::Rows(rows), left_out })
}
