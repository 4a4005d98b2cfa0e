//! The simulated cluster with a list of all objects that its controllers ask for.

use std::path::Path;
use std::sync::Arc;

use greenroom::cluster::Cluster;
use greenroom::kernel::{Names, Symbol, Time};
use greenroom::rehearsal::{Options, Rehearsal, simulated};
use greenroom::scenario::model::Scenario;
use greenroom::scenario::{Folder, load_from};
use greenroom::text::Source;
use greenroom::timeline::{Cause, EntryId, Subject, Timeline, Why};
use greenroom::workload::{
    Ask, AskId, Counts, Disruption, Happening, LeaderWorkerSetSpec, Object, PodStatus, PodTemplate, RecordChange,
    Stage, Status, Struck, World,
};

/// What was asked for, in the order of asking.
pub type Asked = Vec<(Subject, Object)>;

/// Plays a scenario to its end: the scenario, all that was asked for, and the names behind the ids.
pub fn asked(folder: &Path) -> (Scenario, Asked, Names) {
    let path = folder.join("scenario.yaml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let scenario = load_from(&Source::new(path.display().to_string(), text), &Folder::new(folder));
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
    let stage = Recorded { inner: simulated(&scenario, scenario.seed).expect("a cluster"), asked: Asked::new() };
    let mut rehearsal = Rehearsal::new(&scenario, stage, Options::default()).expect("documents");
    while rehearsal.step(&mut []) {}
    let Recorded { inner, asked } = rehearsal.stage();
    let (asked, names) = (asked.clone(), inner.names().clone());
    (scenario, asked, names)
}

struct Recorded {
    inner: Cluster,
    asked: Asked,
}

struct Port<'a> {
    inner: Box<dyn World + 'a>,
    asked: &'a mut Asked,
}

impl Stage for Recorded {
    fn now(&self) -> Time {
        self.inner.now()
    }

    fn next(&mut self) -> Happening {
        self.inner.next()
    }

    fn port(&mut self, controller: usize) -> Box<dyn World + '_> {
        Box::new(Port { inner: self.inner.port(controller), asked: &mut self.asked })
    }

    fn call_at(&mut self, at: Time, token: u64, late: bool) {
        self.inner.call_at(at, token, late);
    }

    fn disrupt(&mut self, disruption: &Disruption, cause: Cause) -> Result<Struck, String> {
        self.inner.disrupt(disruption, cause)
    }

    fn effects(&self, standing: usize) -> u64 {
        self.inner.effects(standing)
    }

    fn counts(&self, subject: Subject) -> Option<Counts> {
        self.inner.counts(subject)
    }

    fn ready_endpoints(&self, service: Subject) -> Option<u32> {
        self.inner.ready_endpoints(service)
    }

    fn observed_counts(&self, subject: Subject) -> Option<Counts> {
        self.inner.observed_counts(subject)
    }

    fn gpus(&self) -> (u64, u64) {
        self.inner.gpus()
    }

    fn published(&self, subject: Subject, key: &str) -> Option<&str> {
        self.inner.published(subject, key)
    }

    fn timeline(&self) -> &Timeline {
        self.inner.timeline()
    }

    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names) {
        self.inner.timeline_mut()
    }

    fn names(&self) -> &Names {
        self.inner.names()
    }
}

impl World for Port<'_> {
    fn route(&mut self, name: Subject, backends: Vec<greenroom::workload::Backend>, cause: Cause) {
        self.inner.route(name, backends, cause);
    }

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        if let Ask::Apply { key, object, .. } = &ask {
            self.asked.push((*key, object.clone()));
        }
        self.inner.ask(ask, cause)
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
        self.inner.observed(key)
    }

    fn observed_spec(&self, key: Subject) -> Option<Object> {
        self.inner.observed_spec(key)
    }

    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)> {
        self.inner.observed_pods(workload)
    }

    fn revisions(&self, workload: Subject) -> Vec<(u32, Arc<PodTemplate>)> {
        self.inner.revisions(workload)
    }

    fn scale(&self, workload: Subject) -> Option<u32> {
        self.inner.scale(workload)
    }

    fn is_leaving(&self, namespace: Symbol) -> bool {
        self.inner.is_leaving(namespace)
    }

    fn group_set(&self, key: Subject) -> Option<LeaderWorkerSetSpec> {
        self.inner.group_set(key)
    }

    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)> {
        self.inner.observed_nodes(labels)
    }

    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)> {
        self.inner.observed_node_labels(label)
    }

    fn watch(&mut self, key: Subject) {
        self.inner.watch(key);
    }

    fn unwatch(&mut self, key: Subject) {
        self.inner.unwatch(key);
    }

    fn watch_nodes(&mut self) {
        self.inner.watch_nodes();
    }

    fn wake_at(&mut self, at: Time, token: u64, cause: Cause) {
        self.inner.wake_at(at, token, cause);
    }

    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        self.inner.note(subject, became, why, cause)
    }

    fn publish(&mut self, subject: Subject, key: &str, value: &str, cause: Cause) {
        self.inner.publish(subject, key, value, cause);
    }

    fn record(&self, name: &str) -> Option<(u64, String)> {
        self.inner.record(name)
    }

    fn commit(&mut self, changes: &[RecordChange]) -> bool {
        self.inner.commit(changes)
    }

    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64 {
        self.inner.draw(purpose, object, ordinal, bound)
    }
}
