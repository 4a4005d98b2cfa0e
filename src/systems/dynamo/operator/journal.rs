//! What the operator tells beside the status of its objects: Kubernetes events, and counts for Prometheus.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::{Symbol, Time};
use crate::systems::machinery::{Finish, Refusal, Version};
use crate::timeline::{Kind, Subject};

/// A Kubernetes event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// What it is about.
    pub about: Subject,
    /// The id and the version of that, as whoever told it first had read it.
    pub read: Option<(Version, Version)>,
    /// True for `Warning`, false for `Normal`.
    pub is_warning: bool,
    /// Why, in a word.
    pub reason: Cow<'static, str>,
    /// Why, in a sentence.
    pub message: String,
    /// When it was first told.
    pub first: Time,
    /// When it was last told.
    pub last: Time,
    /// How often.
    pub count: u32,
}

/// How reconciliations of one kind of object in one namespace ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Without an error, and nothing to come back for.
    pub success: u64,
    /// To come back for after a time.
    pub requeue_after: u64,
    /// Errors that no retry can mend.
    pub terminal: u64,
    /// Errors by their kind, those among them.
    pub errors: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// All errors.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Both together.
    pub fn plus(mut self, other: &Counts) -> Counts {
        self.success += other.success;
        self.requeue_after += other.requeue_after;
        self.terminal += other.terminal;
        for (error, count) in &other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self
    }
}

/// The kind of an error, as the operator's metrics tell them apart: deploy/operator/internal/observability/metrics.go,
/// categorizeError. What has no kind there is `internal`.
const fn kind_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotFound => "not_found",
        Refusal::AlreadyExists => "already_exists",
        Refusal::Conflict => "conflict",
        Refusal::Invalid(_) => "validation",
        Refusal::Unavailable(_) | Refusal::Gone => INTERNAL,
    }
}

/// An error that is none of the API's.
const INTERNAL: &str = "internal";

/// Events and counts.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// In the order in which they were first told; those before the last [`EVENTS_MAX`] are no longer shown.
    events: Vec<Event>,
    /// The places of the events about an object, counted with those that were dropped.
    places: BTreeMap<Subject, Vec<usize>>,
    dropped: usize,
    /// By kind and namespace.
    counts: BTreeMap<(Kind, Symbol), Counts>,
    /// The kind of the error that the reconciliation at hand will end with, if it does.
    error: Option<&'static str>,
    /// Requests that the webhook denied, by kind and operation.
    denied: BTreeMap<(Kind, &'static str), u64>,
    /// What graphs were last said to be.
    said: BTreeMap<Subject, &'static str>,
    /// What components and models were last said to be, each with the object that it was said of, or is one of.
    said_of: BTreeMap<Subject, (Version, &'static str)>,
    /// Components of which a restart was told since.
    restarting: BTreeSet<Subject>,
}

/// Events beyond this are dropped, the oldest first: an API server keeps them for an hour.
const EVENTS_MAX: usize = 1_000;

impl Journal {
    /// Tells of something. The same again only counts, as client-go's correlator has it.
    pub fn tell(&mut self, told: Event) {
        let shown_from = self.dropped + self.events.len().saturating_sub(EVENTS_MAX);
        let places = self.places.entry(told.about).or_default();
        places.retain(|place| *place >= shown_from);
        for place in places.iter() {
            let known = &mut self.events[place - self.dropped];
            if known.reason == told.reason && known.message == told.message {
                known.last = told.last;
                known.count += 1;
                return;
            }
        }
        places.push(self.dropped + self.events.len());
        self.events.push(told);
        // Dropped by the thousand, so that one more costs next to nothing.
        if self.events.len() == 2 * EVENTS_MAX {
            self.events.drain(..EVENTS_MAX);
            self.dropped += EVENTS_MAX;
        }
    }

    /// The events so far, in the order in which they were first told.
    pub fn events(&self) -> &[Event] {
        &self.events[self.events.len().saturating_sub(EVENTS_MAX)..]
    }

    /// Remembers the last word about a graph.
    pub fn say(&mut self, graph: Subject, became: &'static str) {
        self.said.insert(graph, became);
    }

    /// Remembers the last word about an object with this id, or about a component of it; true if it is another than before.
    pub fn say_of(&mut self, id: Version, about: Subject, became: &'static str) -> bool {
        self.said_of.insert(about, (id, became)) != Some((id, became))
    }

    /// The last word about an object with this id, or about a component of it.
    pub fn said_of(&self, id: Version, about: Subject) -> Option<&'static str> {
        self.said_of.get(&about).filter(|(said_of, _)| *said_of == id).map(|(_, became)| *became)
    }

    /// Remembers that a component was said to be restarting, or that this is no longer the last word about it; gives whether it was.
    pub fn say_restarting(&mut self, component: Subject, is_last: bool) -> bool {
        if is_last { !self.restarting.insert(component) } else { self.restarting.remove(&component) }
    }

    /// The last word about a graph.
    pub fn said(&self, graph: Subject) -> Option<&'static str> {
        self.said.get(&graph).copied()
    }

    /// Remembers what an API refused: the error of the reconciliation at hand, if it ends with one.
    pub fn failed_with(&mut self, refusal: &Refusal) {
        self.error = Some(kind_of(refusal));
    }

    /// Counts a reconciliation that has ended.
    pub fn count(&mut self, object: Subject, finish: &Finish) {
        let counts = self.counts.entry((object.kind, object.namespace)).or_default();
        let error = self.error.take().unwrap_or(INTERNAL);
        match finish {
            Finish::Done => counts.success += 1,
            Finish::After(_) => counts.requeue_after += 1,
            Finish::Retry | Finish::Terminal => *counts.errors.entry(error).or_default() += 1,
        }
        counts.terminal += u64::from(*finish == Finish::Terminal);
    }

    /// The counts of all kinds that were reconciled, by kind and namespace.
    pub fn counts(&self) -> impl Iterator<Item = (&(Kind, Symbol), &Counts)> {
        self.counts.iter()
    }

    /// Counts a request that the webhook denied.
    pub fn deny(&mut self, kind: Kind, operation: &'static str) {
        *self.denied.entry((kind, operation)).or_default() += 1;
    }

    /// The requests that the webhook denied.
    pub fn denied(&self) -> impl Iterator<Item = (&(Kind, &'static str), &u64)> {
        self.denied.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Name, Names};

    #[test]
    fn the_same_is_counted_and_the_oldest_are_dropped() {
        let mut names = Names::default();
        let mut about = |number: usize| Subject {
            kind: Kind::Graph,
            namespace: Symbol::EMPTY,
            name: Name::plain(names.intern(&format!("graph {number}"))),
        };
        let told = |about: Subject, reason: &'static str| Event {
            about,
            read: None,
            is_warning: false,
            reason: reason.into(),
            message: String::new(),
            first: Time::ZERO,
            last: Time::ZERO,
            count: 1,
        };
        let mut journal = Journal::default();
        for _ in 0..2 {
            journal.tell(told(about(0), "Same"));
        }
        assert_eq!(journal.events().iter().map(|one| one.count).collect::<Vec<_>>(), [2]);
        for number in 1..=3 * EVENTS_MAX {
            journal.tell(told(about(number), "Other"));
        }
        assert_eq!(journal.events().len(), EVENTS_MAX);
        assert!(journal.events().iter().all(|one| one.reason == "Other" && one.count == 1));
        assert_eq!(journal.events().last().map(|one| one.about), Some(about(3 * EVENTS_MAX)));
        // What was dropped is new again.
        journal.tell(told(about(0), "Same"));
        assert_eq!(journal.events().last().map(|one| one.count), Some(1));
    }
}
