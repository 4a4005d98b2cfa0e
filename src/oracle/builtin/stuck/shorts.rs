//! Workloads that have fewer pods than are asked for: whether something goes on for each, since when not, and what waits.

use std::collections::BTreeMap;

use super::View;
use super::history::makers;
use crate::kernel::Time;
use crate::systems::standing::Standing;
use crate::timeline::{EntryId, Kind, Subject, render};
use crate::workload::asked::{Short, Unready};

/// A workload that is short of pods, with what the timeline says of it.
pub struct Case {
    /// The workload.
    pub subject: Subject,
    /// The entry that it began with, if there is one.
    pub first: Option<EntryId>,
    /// When something last went on for it.
    pub since: Time,
    /// True if something is planned that goes on for it, or if it waits by its own spec.
    pub comes: bool,
    /// What is to be said of it.
    pub detail: String,
    /// The entry that shows it.
    pub evidence: Option<EntryId>,
}

/// Kinds that make pods one by one; what no workload of Kubernetes owns is told under them.
const fn makes_pods(kind: Kind) -> bool {
    matches!(kind, Kind::Member | Kind::PodClique | Kind::Instance | Kind::AnalysisRun)
}

/// Pods that stand alone, brought together under who made them.
pub fn merged(view: &View<'_>, shorts: Vec<Short>) -> Vec<Short> {
    let timeline = view.stage.timeline();
    let mut merged: Vec<Short> = Vec::with_capacity(shorts.len());
    let mut places: BTreeMap<Subject, usize> = BTreeMap::new();
    for mut short in shorts {
        if short.subject.kind == Kind::Pod {
            let first = short.pods.first().and_then(|pod| view.history.spells.get(&pod.pod)).map(|spell| spell.first);
            let maker = first.and_then(|first| {
                let makers = makers(&view.history, view.stage.names(), timeline, short.subject, first);
                makers.into_iter().find(|one| makes_pods(one.kind))
            });
            if let Some(maker) = maker.or_else(|| short.parts.first().copied()) {
                short.subject = maker;
                short.parts = Vec::new();
            }
        }
        match places.get(&short.subject).map(|place| &mut merged[*place]) {
            Some(known) => {
                known.wanted += short.wanted;
                known.there += short.there;
                known.comes |= short.comes;
                known.paused |= short.paused;
                known.parts.extend(short.parts);
                known.pods.extend(short.pods);
                known.gone.extend(short.gone);
            }
            None => {
                places.insert(short.subject, merged.len());
                merged.push(short);
            }
        }
    }
    merged
}

/// The cases of workloads, in their order.
pub fn cases(view: &View<'_>, shorts: Vec<Short>) -> Vec<Case> {
    shorts.into_iter().map(|short| case(view, short)).collect()
}

fn case(view: &View<'_>, short: Short) -> Case {
    let history = &view.history;
    let own = history.lives.get(&short.subject);
    let moved = short.parts.iter().chain([&short.subject]).filter_map(|one| history.lives.get(one));
    let pods = short.pods.iter().map(|pod| &pod.pod).chain(&short.gone);
    let spells = pods.filter_map(|pod| history.spells.get(pod));
    let since = moved.map(|life| life.moved).chain(spells.map(|spell| spell.since)).max();
    let waits = short.pods.iter().filter(|pod| !pod.comes);
    // A pod that is asked to go and cannot is named only where no other waits in its place.
    let waiting = waits.min_by_key(|pod| (pod.leaves, history.spells.get(&pod.pod).map(|spell| spell.since)));
    let last = || short.parts.iter().rev().chain([&short.subject]).find_map(|one| history.lives.get(one));
    // Where none waits, and nobody says that something is missing, the end of the pod that went last shows what it is.
    let went = short.gone.iter().filter_map(|pod| history.spells.get(pod)).max_by_key(|spell| spell.since);
    let is_well = own.and_then(|life| life.stands).is_none_or(|stands| stands == Standing::There);
    let went = went.filter(|spell| is_well && since == Some(spell.since)).map(|spell| spell.last);
    let evidence = waiting.map(|pod| pod.last).or(went).or_else(|| last().map(|life| life.last));
    let first = own.map(|life| life.first).or_else(|| {
        let pod = short.pods.first().and_then(|pod| history.spells.get(&pod.pod));
        pod.map(|spell| spell.first)
    });
    let since = since.unwrap_or(Time::ZERO);
    Case {
        subject: short.subject,
        first,
        since,
        comes: short.comes || short.paused || short.pods.iter().any(|pod| pod.comes),
        detail: detail(view, &short, since, waiting, evidence),
        evidence,
    }
}

fn detail(view: &View<'_>, short: &Short, since: Time, waiting: Option<&Unready>, evidence: Option<EntryId>) -> String {
    let names = view.stage.names();
    let missing = short.wanted.saturating_sub(short.there);
    let what = match short.subject.kind {
        Kind::Job => format!("{missing} of {} completions are missing", short.wanted),
        _ => format!("{missing} of {} pods {} missing", short.wanted, if missing == 1 { "is" } else { "are" }),
    };
    let length = view.stage.now().since(since);
    let last = evidence.and_then(|id| view.stage.timeline().get(id)).map(|entry| {
        let why = render::why(&entry.why, names);
        let colon = if why.is_empty() { "" } else { ": " };
        format!("{} is {}{colon}{why}", entry.subject.show(names), entry.became)
    });
    let last = last.unwrap_or_default();
    match waiting {
        Some(_) => format!("{what} and for {length} nothing goes on: {last}"),
        None => format!("{what} and nobody has made them for {length}: {last}"),
    }
}
