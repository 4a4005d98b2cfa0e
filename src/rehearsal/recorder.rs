//! The simulated world with a list of all that its controllers ask it to apply.

use std::sync::Arc;

use crate::cluster::Cluster;
use crate::kernel::{Duration, Names, Symbol, Time};
use crate::timeline::{Cause, EntryId, Subject, Timeline, Why};
use crate::workload::asked::Short;
use crate::workload::leftover::Leftover;
use crate::workload::load::Excess;
use crate::workload::{
    Ask, AskId, Backend, Counts, Disruption, Happening, LeaderWorkerSetSpec, Object, Pledge, PodStatus, PodTemplate,
    RecordChange, Stage, Status, Struck, Traffic, World,
};

/// A simulated cluster that keeps what it is asked to apply.
#[derive(Clone)]
pub struct Recorder {
    cluster: Cluster,
    asked: Vec<(Time, Subject, Object)>,
}

impl Recorder {
    /// Keeps from now on what a cluster is asked to apply.
    pub const fn new(cluster: Cluster) -> Recorder {
        Recorder { cluster, asked: Vec::new() }
    }

    /// What was asked for, and when, in the order of asking.
    pub fn asked(&self) -> &[(Time, Subject, Object)] {
        &self.asked
    }
}

impl Stage for Recorder {
    fn now(&self) -> Time {
        self.cluster.now()
    }

    fn next(&mut self) -> Happening {
        self.cluster.next()
    }

    fn port(&mut self, controller: usize) -> Box<dyn World + '_> {
        let Recorder { cluster, asked } = self;
        Box::new(RecordingPort { port: cluster.port(controller), asked })
    }

    fn call_at(&mut self, at: Time, token: u64, late: bool) {
        self.cluster.call_at(at, token, late);
    }

    fn disrupt(&mut self, disruption: &Disruption, cause: Cause) -> Result<Struck, String> {
        self.cluster.disrupt(disruption, cause)
    }

    fn traffic(&self) -> Option<&Traffic> {
        self.cluster.traffic()
    }

    fn idle_behaviour(&self) -> Vec<usize> {
        self.cluster.idle_behaviour()
    }

    fn effects(&self, standing: usize) -> u64 {
        self.cluster.effects(standing)
    }

    fn counts(&self, subject: Subject) -> Option<Counts> {
        self.cluster.counts(subject)
    }

    fn told_wanted(&self, deployment: Subject) -> Option<u32> {
        self.cluster.told_wanted(deployment)
    }

    fn short(&self) -> Vec<Short> {
        self.cluster.short()
    }

    fn excess(&self, node: Subject, newcomers: &[Subject]) -> Vec<Excess> {
        self.cluster.excess(node, newcomers)
    }

    fn leftovers(&self) -> Vec<Leftover> {
        self.cluster.leftovers()
    }

    fn pods_asked(&self, subject: Subject) -> Option<u32> {
        Stage::pods_asked(&self.cluster, subject)
    }

    fn ready_endpoints(&self, service: Subject) -> Option<u32> {
        self.cluster.ready_endpoints(service)
    }

    fn observed_counts(&self, subject: Subject) -> Option<Counts> {
        self.cluster.observed_counts(subject)
    }

    fn gpus(&self) -> (u64, u64) {
        self.cluster.gpus()
    }

    fn published(&self, subject: Subject, key: &str) -> Option<&str> {
        self.cluster.published(subject, key)
    }

    fn pledges(&self) -> &[Pledge] {
        self.cluster.pledges()
    }

    fn timeline(&self) -> &Timeline {
        self.cluster.timeline()
    }

    fn timeline_mut(&mut self) -> (&mut Timeline, &mut Names) {
        self.cluster.timeline_mut()
    }

    fn names(&self) -> &Names {
        self.cluster.names()
    }
}

/// One controller's side of it.
struct RecordingPort<'a> {
    port: Box<dyn World + 'a>,
    asked: &'a mut Vec<(Time, Subject, Object)>,
}

impl World for RecordingPort<'_> {
    fn route(&mut self, name: Subject, backends: Vec<Backend>, cause: Cause) {
        self.port.route(name, backends, cause);
    }

    fn want(&mut self, deployment: Subject, pods: Option<u32>) {
        self.port.want(deployment, pods);
    }

    fn unwant(&mut self, pod: Subject) {
        self.port.unwant(pod);
    }

    fn has(&self, key: Subject) -> bool {
        self.port.has(key)
    }

    fn now(&self) -> Time {
        self.port.now()
    }

    fn intern(&mut self, text: &str) -> Symbol {
        self.port.intern(text)
    }

    fn text(&self, symbol: Symbol) -> String {
        self.port.text(symbol)
    }

    fn observed(&self, key: Subject) -> Option<Status> {
        self.port.observed(key)
    }

    fn observed_spec(&self, key: Subject) -> Option<Object> {
        self.port.observed_spec(key)
    }

    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)> {
        self.port.observed_pods(workload)
    }

    fn revisions(&self, workload: Subject) -> Vec<(u32, Arc<PodTemplate>)> {
        self.port.revisions(workload)
    }

    fn scale(&self, workload: Subject) -> Option<u32> {
        self.port.scale(workload)
    }

    fn is_leaving(&self, namespace: Symbol) -> bool {
        self.port.is_leaving(namespace)
    }

    fn admits(&self, namespace: Symbol) -> Result<(), String> {
        self.port.admits(namespace)
    }

    fn group_set(&self, key: Subject) -> Option<LeaderWorkerSetSpec> {
        self.port.group_set(key)
    }

    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)> {
        self.port.observed_nodes(labels)
    }

    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)> {
        self.port.observed_node_labels(label)
    }

    fn watch(&mut self, key: Subject) {
        self.port.watch(key);
    }

    fn unwatch(&mut self, key: Subject) {
        self.port.unwatch(key);
    }

    fn watch_nodes(&mut self) {
        self.port.watch_nodes();
    }

    fn resyncs(&mut self, every: Duration) {
        self.port.resyncs(every);
    }

    fn has_no_watches(&mut self) {
        self.port.has_no_watches();
    }

    fn fell_silent(&self, node: Subject) -> Option<Cause> {
        self.port.fell_silent(node)
    }

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        if let Ask::Apply { key, object, .. } = &ask {
            self.asked.push((self.port.now(), *key, object.clone()));
        }
        self.port.ask(ask, cause)
    }

    fn wake_at(&mut self, at: Time, token: u64, cause: Cause) {
        self.port.wake_at(at, token, cause);
    }

    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        self.port.note(subject, became, why, cause)
    }

    fn pledge(&mut self, pledge: Pledge) {
        self.port.pledge(pledge);
    }

    fn publish(&mut self, subject: Subject, key: &str, value: &str, cause: Cause) {
        self.port.publish(subject, key, value, cause);
    }

    fn record(&self, name: &str) -> Option<(u64, String)> {
        self.port.record(name)
    }

    fn commit(&mut self, changes: &[RecordChange]) -> bool {
        self.port.commit(changes)
    }

    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64 {
        self.port.draw(purpose, object, ordinal, bound)
    }

    fn give_up(&mut self, limit: String) {
        self.port.give_up(limit);
    }
}
