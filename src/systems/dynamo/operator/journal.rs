//! What the operator tells beside the status of its objects: Kubernetes events, and counts for Prometheus.

use std::collections::BTreeMap;

use crate::kernel::Time;
use crate::timeline::Subject;

/// A Kubernetes event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// What it is about.
    pub about: Subject,
    /// True for `Warning`, false for `Normal`.
    pub is_warning: bool,
    /// Why, in a word.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub message: String,
    /// When it was first told.
    pub first: Time,
    /// When it was last told.
    pub last: Time,
    /// How often.
    pub count: u32,
}

/// How reconciliations of one controller ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// `result="success"`.
    pub success: u64,
    /// `result="requeue_after"`.
    pub requeue_after: u64,
    /// `result="error"`, and `reconcile_errors_total`.
    pub error: u64,
}

/// Events and counts.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    events: Vec<Event>,
    counts: BTreeMap<&'static str, Counts>,
    /// What graphs were last said to be.
    said: BTreeMap<Subject, &'static str>,
}

/// Events beyond this are dropped, the oldest first: an API server keeps them for an hour.
const EVENTS_MAX: usize = 1_000;

impl Journal {
    /// Tells of something. The same again only counts, as client-go's correlator has it.
    pub fn tell(&mut self, about: Subject, is_warning: bool, reason: &'static str, message: String, at: Time) {
        let same = |one: &&mut Event| one.about == about && one.reason == reason && one.message == message;
        if let Some(known) = self.events.iter_mut().find(same) {
            known.last = at;
            known.count += 1;
            return;
        }
        if self.events.len() == EVENTS_MAX {
            self.events.remove(0);
        }
        self.events.push(Event { about, is_warning, reason, message, first: at, last: at, count: 1 });
    }

    /// The events so far, in the order in which they were first told.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Remembers the last word about a graph.
    pub fn say(&mut self, graph: Subject, became: &'static str) {
        self.said.insert(graph, became);
    }

    /// The last word about a graph.
    pub fn said(&self, graph: Subject) -> Option<&'static str> {
        self.said.get(&graph).copied()
    }

    /// The counts of a controller, to be raised.
    pub fn counts_mut(&mut self, controller: &'static str) -> &mut Counts {
        self.counts.entry(controller).or_default()
    }

    /// The counts of all controllers that reconciled anything, by name.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, Counts)> {
        self.counts.iter().map(|(name, counts)| (*name, *counts))
    }
}
