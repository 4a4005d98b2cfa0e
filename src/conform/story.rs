//! A run as it is compared: each subject with the states that both worlds can show, in order, and who owns it.

use std::collections::{BTreeMap, BTreeSet};

use super::Substrate;
use super::projection::{detail, is_compared, is_container_failure};
use crate::kernel::{Duration, Time};
use crate::rehearsal::RunResult;
use crate::timeline::{Arg, Entry, EntryId, Kind, Subject, render};

/// What a subject became, as far as it is compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct State {
    /// The word.
    pub word: &'static str,
    /// The part of its reason that belongs to it; mostly nothing.
    pub detail: String,
}

impl State {
    /// The state as people read it.
    pub fn text(&self) -> String {
        format!("{} {}", self.word, self.detail).trim_end().to_owned()
    }
}

/// A stay in a state.
#[derive(Clone, Debug)]
pub struct Step {
    /// The entry that began it.
    pub id: EntryId,
    /// When.
    pub at: Time,
    /// How long it lasted. An object that is gone was there as long as it lasted.
    pub lasted: Duration,
    /// What it is.
    pub state: State,
}

/// A subject of a run.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Its text.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its first entry.
    pub first: EntryId,
    /// Who made it, if it was a workload.
    pub owner: Option<String>,
    /// What it went through.
    pub steps: Vec<Step>,
    /// True if a container or an image of it failed.
    pub container_failed: bool,
}

impl Actor {
    /// Where it stands in the end.
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }
}

/// A run, read for a comparison.
pub struct Story<'a> {
    /// The run.
    pub run: &'a RunResult,
    /// The subjects that have a state that is compared, by their texts.
    pub actors: BTreeMap<String, Actor>,
}

/// The most owners that stand above a pod: a timeline from outside may name them in a circle.
const OWNERS_MAX: usize = 8;

/// True for what a subject becomes when it is no more.
pub fn is_gone(word: &str) -> bool {
    matches!(word, "Deleted" | "Removed" | "deleted" | "undeployed")
}

/// True for words about the endpoints of a Service. These are objects of their own, and watches of two kinds keep no order
/// between them: whether a Service changed before its endpoints did, or after, a live run cannot know.
fn is_of_endpoints(kind: Kind, word: &str) -> bool {
    kind == Kind::Service && matches!(word, "Ready" | "NoEndpoints")
}

/// Kinds that make pods, or make those who do.
const fn is_workload(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::LeaderWorkerSet
            | Kind::Rollout
            | Kind::Job
            | Kind::CronJob
            | Kind::AnalysisRun
    )
}

impl<'a> Story<'a> {
    /// Reads a run.
    pub fn of(run: &'a RunResult, substrate: Substrate) -> Story<'a> {
        let mut actors: BTreeMap<(Subject, bool), Actor> = BTreeMap::new();
        for (id, entry) in run.timeline.since(0).filter(|(_, entry)| entry.subject.kind != Kind::Scenario) {
            let shown = entry.subject.show(&run.names);
            let of_endpoints = is_of_endpoints(entry.subject.kind, entry.became);
            let actor = actors.entry((entry.subject, of_endpoints)).or_insert_with(|| Actor {
                name: if of_endpoints { format!("endpoints of {shown}") } else { shown },
                kind: entry.subject.kind,
                first: id,
                owner: named_owner(&entry, run),
                steps: Vec::new(),
                container_failed: false,
            });
            actor.container_failed |= is_container_failure(actor.kind, entry.became);
            let was = |word: &str| actor.steps.iter().any(|step| step.state.word == word);
            if is_compared(actor.kind, entry.became, substrate, was) {
                let why = render::why(&entry.why, &run.names);
                let state = State { word: entry.became, detail: detail(actor.kind, entry.became, &why) };
                actor.enter(id, entry.at, state.clone());
                // Endpoints go with their Service.
                if is_gone(entry.became)
                    && let Some(endpoints) = actors.get_mut(&(entry.subject, true))
                {
                    endpoints.enter(id, entry.at, state);
                }
            }
        }
        let mut actors: BTreeMap<String, Actor> =
            actors.into_values().filter(|actor| !actor.steps.is_empty()).map(|one| (one.name.clone(), one)).collect();
        let names: BTreeSet<String> =
            actors.values().filter(|actor| is_workload(actor.kind)).map(|actor| actor.name.clone()).collect();
        for actor in actors.values_mut() {
            actor.end(run.ended_at);
            if actor.owner.is_none() {
                actor.owner = likely_owner(actor, &names);
            }
        }
        Story { run, actors }
    }

    /// Every entry of the run with its subject's text.
    pub fn entries(&self) -> impl Iterator<Item = (EntryId, Entry, String)> {
        self.run.timeline.since(0).map(|(id, entry)| (id, entry, entry.subject.show(&self.run.names)))
    }

    /// The reason of an entry.
    pub fn why(&self, entry: &Entry) -> String {
        render::why(&entry.why, &self.run.names)
    }

    /// The workload that a subject belongs to in the end: a Deployment for the pods of its ReplicaSets.
    pub fn root(&self, name: &str) -> Option<&str> {
        let owner = |name: &str| self.actors.get(name).and_then(|actor| actor.owner.as_deref());
        let above = std::iter::successors(owner(name), |at| owner(at));
        above.take(OWNERS_MAX).last()
    }
}

impl Actor {
    fn enter(&mut self, id: EntryId, at: Time, state: State) {
        if self.steps.last().is_some_and(|last| last.state == state) {
            return;
        }
        if let Some(last) = self.steps.last_mut() {
            last.lasted = at.since(last.at);
        }
        self.steps.push(Step { id, at, lasted: Duration::ZERO, state });
    }

    fn end(&mut self, ended_at: Time) {
        let begun = self.steps.first().map_or(Time::ZERO, |first| first.at);
        if let Some(last) = self.steps.last_mut() {
            let gone = is_gone(last.state.word);
            last.lasted = if gone { last.at.since(begun) } else { ended_at.since(last.at) };
        }
    }
}

/// The workload that the first entry about a subject names: `created by ReplicaSet/web-r1`, `of Deployment/web`.
fn named_owner(first: &Entry, run: &RunResult) -> Option<String> {
    let named = first.why.args.iter().find_map(|arg| match arg {
        Arg::Subject(named) if is_workload(named.kind) => Some(named.show(&run.names)),
        _ => None,
    });
    let makes = matches!(first.subject.kind, Kind::Pod | Kind::ReplicaSet | Kind::Job | Kind::StatefulSet);
    let word = || {
        let why = render::why(&first.why, &run.names);
        let last = why.rsplit(' ').next()?;
        let kind = Kind::parse(last.split_once('/')?.0)?;
        is_workload(kind).then(|| last.to_owned())
    };
    makes.then(|| named.or_else(word)).flatten()
}

/// The workload whose name a subject's name begins with: `Rollout/web` of `ReplicaSet/web-r1`.
fn likely_owner(actor: &Actor, workloads: &BTreeSet<String>) -> Option<String> {
    let makers: &[Kind] = match actor.kind {
        Kind::Pod => &[Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job],
        Kind::ReplicaSet => &[Kind::Rollout],
        Kind::StatefulSet => &[Kind::LeaderWorkerSet],
        _ => return None,
    };
    let (base, _) = actor.name.split_once('/')?.1.rsplit_once('-')?;
    makers.iter().map(|maker| format!("{}/{base}", maker.text())).find(|name| workloads.contains(name))
}
