//! A world between a controller and the simulated cluster that writes down what the controller sees and does.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use greenroom::kernel::{Symbol, Time};
use greenroom::timeline::{Cause, EntryId, Subject, Why};
use greenroom::workload::{Ask, AskId, Object, PodStatus, RecordChange, Status, Wake, World};

use crate::replay::{Change, Deed};

/// One wake: when, what the controller saw while it was awake, and why it was woken.
pub type Waking = (Time, Vec<Change>, Wake);

/// All that a controller saw and did.
#[derive(Debug, Default)]
pub struct Recording {
    /// Its wakes.
    pub wakings: Vec<Waking>,
    /// What it did.
    pub deeds: Vec<(Time, Deed)>,
    /// What it drew.
    pub draws: BTreeMap<(String, Subject, u64), u64>,
}

/// The recording world around another one, for one wake.
pub struct Recorder<'a> {
    inner: Box<dyn World + 'a>,
    recording: &'a mut Recording,
    seen: RefCell<Vec<Change>>,
    labels: BTreeSet<&'static str>,
}

impl<'a> Recorder<'a> {
    /// Records what happens through `inner`. Nodes are shown with these labels.
    pub fn new(inner: Box<dyn World + 'a>, recording: &'a mut Recording, labels: &[&'static str]) -> Recorder<'a> {
        Recorder { inner, recording, seen: RefCell::default(), labels: labels.iter().copied().collect() }
    }

    /// The end of the wake: what was seen goes into the recording.
    pub fn close(self, wake: Wake) {
        self.recording.wakings.push((self.inner.now(), self.seen.into_inner(), wake));
    }

    fn did(&mut self, deed: Deed) {
        self.recording.deeds.push((self.inner.now(), deed));
    }

    fn see_nodes(&self) {
        let mut own: BTreeMap<Subject, BTreeMap<String, String>> = BTreeMap::new();
        for label in &self.labels {
            for (node, value) in self.inner.observed_node_labels(label) {
                own.entry(node).or_default().extend(value.map(|value| ((*label).to_owned(), value)));
            }
        }
        for (node, ready) in self.inner.observed_nodes(&[]) {
            let labels = own.remove(&node).unwrap_or_default();
            self.seen.borrow_mut().push(Change::Node(node, ready, labels));
        }
    }
}

impl World for Recorder<'_> {
    fn route(&mut self, name: Subject, backends: Vec<greenroom::workload::Backend>, cause: Cause) {
        self.inner.route(name, backends, cause);
    }

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn intern(&mut self, text: &str) -> Symbol {
        self.inner.intern(text)
    }

    fn text(&self, symbol: Symbol) -> String {
        self.inner.text(symbol)
    }

    fn observed(&self, key: Subject) -> Option<Status> {
        let status = self.inner.observed(key);
        self.seen.borrow_mut().push(Change::Status(key, status));
        status
    }

    fn observed_spec(&self, key: Subject) -> Option<Object> {
        self.inner.observed_spec(key)
    }

    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)> {
        let pods = self.inner.observed_pods(workload);
        self.seen.borrow_mut().push(Change::Pods(workload, pods.clone()));
        pods
    }

    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)> {
        self.see_nodes();
        self.inner.observed_nodes(labels)
    }

    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)> {
        self.see_nodes();
        self.inner.observed_node_labels(label)
    }

    fn watch(&mut self, key: Subject) {
        self.did(Deed::Watch(key, true));
        self.inner.watch(key);
    }

    fn unwatch(&mut self, key: Subject) {
        self.did(Deed::Watch(key, false));
        self.inner.unwatch(key);
    }

    fn watch_nodes(&mut self) {
        self.inner.watch_nodes();
    }

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        self.did(Deed::Ask(ask.clone()));
        self.inner.ask(ask, cause)
    }

    fn wake_at(&mut self, at: Time, token: u64, cause: Cause) {
        self.did(Deed::WakeAt(at, token));
        self.inner.wake_at(at, token, cause);
    }

    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        self.did(Deed::Note(subject, became, why));
        self.inner.note(subject, became, why, cause)
    }

    fn publish(&mut self, subject: Subject, key: &str, value: &str, cause: Cause) {
        self.did(Deed::Publish(subject, key.to_owned(), value.to_owned()));
        self.inner.publish(subject, key, value, cause);
    }

    fn record(&self, name: &str) -> Option<(u64, String)> {
        self.inner.record(name)
    }

    fn commit(&mut self, changes: &[RecordChange]) -> bool {
        self.did(Deed::Commit(changes.to_vec()));
        self.inner.commit(changes)
    }

    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64 {
        let drawn = self.inner.draw(purpose, object, ordinal, bound);
        self.recording.draws.insert((purpose.to_owned(), object, ordinal), drawn);
        drawn
    }

    fn give_up(&mut self, limit: String) {
        self.inner.give_up(limit);
    }
}
