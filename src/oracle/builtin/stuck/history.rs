//! What the timeline says, at the end of a run, of those that may be stuck: when something last went on for each, and from whom
//! each comes. Read once, over the whole timeline, and only for whom it is asked.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::{Duration, Names, Time};
use crate::systems::standing::{Standing, standing_of};
use crate::timeline::{EntryId, Head, Kind, Subject, Timeline};

/// What is known of a subject that is no pod.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// Its first entry.
    pub first: EntryId,
    /// Its last entry that says how it stands, or its last.
    pub last: EntryId,
    /// How it stands, if its words say so.
    pub stands: Option<Standing>,
    /// When something last went on.
    pub moved: Time,
}

/// A pod that does not serve: since when nothing has gone on for it.
#[derive(Clone, Copy, Debug)]
pub struct Spell {
    /// Its first entry, since it was last made.
    pub first: EntryId,
    /// When it last came further than before.
    pub since: Time,
    /// Its last entry.
    pub last: EntryId,
    best: u8,
    ready_at: Option<Time>,
}

/// All that is asked about.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every subject of a kind that says how it stands, and those that were asked for.
    pub lives: BTreeMap<Subject, Life>,
    /// The pods that were asked for.
    pub spells: BTreeMap<Subject, Spell>,
}

/// How far on its way a pod is that became this; `None`: the word is no progress.
fn progress(became: &str) -> Option<u8> {
    Some(match became {
        "Pending" => 0,
        "Ungated" | "Nominated" => 1,
        "Scheduled" => 2,
        "Initializing" | "Pulling" => 3,
        "Running" => 4,
        "Serving" => 5,
        "Ready" | "Registered" => 6,
        "Terminating" => 7,
        _ => return None,
    })
}

/// Words of workloads that say that nothing goes on.
fn is_complaint(became: &str) -> bool {
    matches!(became, "ProgressDeadlineExceeded" | "FailedCreate" | "ReplicaFailure" | "FailedBinding")
}

impl History {
    /// Reads the timeline. A pod that was ready for `long` and is no longer begins a new spell.
    pub fn read(timeline: &Timeline, pods: &BTreeSet<Subject>, others: &BTreeSet<Subject>, long: Duration) -> History {
        let mut history = History::default();
        for (id, entry) in timeline.heads(0) {
            if entry.subject.kind == Kind::Pod {
                if pods.contains(&entry.subject) {
                    history.pod(id, &entry, long);
                }
                continue;
            }
            let stands = standing_of(&entry);
            if stands.is_none() && !others.contains(&entry.subject) {
                // What a subject does on its way is progress, if it is one that says how it stands.
                if let Some(life) = history.lives.get_mut(&entry.subject).filter(|_| !is_complaint(entry.became)) {
                    life.moved = entry.at;
                }
                continue;
            }
            let new = Life { first: id, last: id, stands, moved: entry.at };
            let life = history.lives.entry(entry.subject).or_insert(new);
            if life.stands == Some(Standing::Gone) && stands.is_some_and(|stands| stands != Standing::Gone) {
                *life = new;
            }
            if !is_complaint(entry.became) {
                life.moved = entry.at;
            }
            if stands.is_some() || life.stands.is_none() {
                life.last = id;
            }
            life.stands = stands.or(life.stands);
        }
        history
    }

    fn pod(&mut self, id: EntryId, entry: &Head, long: Duration) {
        let rank = progress(entry.became);
        let new = Spell { first: id, since: entry.at, last: id, best: 0, ready_at: None };
        let spell = self.spells.entry(entry.subject).or_insert(new);
        if entry.became == "Pending" {
            // Another of the same name.
            *spell = new;
        }
        spell.last = id;
        match rank {
            Some(rank) if rank > spell.best => (spell.best, spell.since) = (rank, entry.at),
            _ => {}
        }
        match entry.became {
            "Ready" => spell.ready_at = Some(entry.at),
            // The condition also forgets when it was ready.
            "NotReady" | "Error" | "CrashLoopBackOff" | "Killing" | "Unregistered" | "Unserved" | "Failed"
            | "Deleted"
                if spell.ready_at.take().is_some_and(|at| entry.at.since(at) >= long) =>
            {
                (spell.since, spell.best) = (entry.at, 4);
            }
            _ => {}
        }
    }
}

/// From whom a subject comes: on the way from its first entry to the scenario, the nearest subject of each kind, and those that
/// made it as clients of the API do, by its name.
pub fn makers(history: &History, names: &Names, timeline: &Timeline, subject: Subject, first: EntryId) -> Vec<Subject> {
    let mut makers: Vec<Subject> = Vec::new();
    for subject in timeline.chain(first).into_iter().filter_map(|id| timeline.head(id)).map(|entry| entry.subject) {
        let is_other = makers.iter().all(|known| known.kind != subject.kind);
        if is_other && !matches!(subject.kind, Kind::Node | Kind::Service | Kind::Fault | Kind::Action | Kind::Scenario)
        {
            makers.push(subject);
        }
    }
    if is_made(subject.kind) {
        let own = names.show(subject.name);
        let lives = history.lives.keys().filter(|one| makes(one.kind) && one.namespace == subject.namespace);
        let named = lives.filter(|one| **one != subject && is_named_after(&own, &names.show(one.name), subject.kind));
        makers.extend(named.copied());
    }
    makers
}

/// Custom resources, whose controllers make objects as any client of the API does: no cause leads through them.
const fn makes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Graph
            | Kind::Request
            | Kind::DynamoComponentDeployment
            | Kind::PodCliqueSet
            | Kind::LeaderWorkerSet
            | Kind::Rollout
    )
}

/// What such controllers make.
const fn is_made(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Graph
            | Kind::DynamoComponentDeployment
            | Kind::PodCliqueSet
            | Kind::PodClique
            | Kind::PodCliqueScalingGroup
            | Kind::LeaderWorkerSet
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::ReplicaSet
            | Kind::Job
    )
}

/// True if an object has its name from another: `chat-worker-97cb0ed0` from `chat`, the Job `profile-chat` from `chat`.
fn is_named_after(own: &str, other: &str, kind: Kind) -> bool {
    let follows = |rest: Option<&str>| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let precedes = |rest: Option<&str>| rest.is_some_and(|rest| rest.ends_with('-'));
    follows(own.strip_prefix(other)) || (kind == Kind::Job && precedes(own.strip_suffix(other)))
}
