//! What a run would apply, without a cluster: the scenario is played in simulation, and each object that a controller asks for is
//! rendered as a live run would render it.

use std::sync::Arc;

use serde_json::Value;

use super::custom::is_custom;
use super::nodes::fleet;
use super::options::LiveOptions;
use super::refusals::refusals;
use super::render::{self, Rendering};
use super::session::{Failure, rendering};
use super::trouble::Trouble;
use crate::cluster::Cluster;
use crate::kernel::{Names, Symbol, Time};
use crate::rehearsal::{Options, Rehearsal, simulated};
use crate::scenario::Scenario;
use crate::timeline::{Cause, EntryId, Kind, Subject, Timeline, Why};
use crate::workload::{
    Ask, AskId, Backend, Counts, Disruption, Happening, LeaderWorkerSetSpec, Object, PodStatus, PodTemplate,
    RecordChange, Stage, Status, Struck, World,
};

/// An object that would be applied.
#[derive(Clone, Debug)]
pub struct Planned {
    /// When, as the simulation has it.
    pub at: Time,
    /// The object as it would be applied, or why it cannot be.
    pub object: Result<Value, String>,
}

/// What a live run is about to do, as far as a simulation of it can tell.
pub(super) struct Foreseen {
    /// How its objects are rendered. The names of all that it makes are known: a Deployment may name a class that its document
    /// has further down.
    pub rendering: Rendering,
    /// What it applies, in order.
    pub planned: Vec<Planned>,
}

/// What a live run of a scenario would apply, in order.
///
/// # Errors
/// What is wrong with the scenario, or what of it no live run can do.
pub fn dry_run(scenario: &Scenario, options: Options, live: &LiveOptions) -> Result<Vec<Planned>, Failure> {
    foresee(scenario, options, live).map(|foreseen| foreseen.planned)
}

/// Plays a scenario in simulation and renders what it asks for.
///
/// # Errors
/// What is wrong with the scenario, or what of it no live run can do.
pub(super) fn foresee(scenario: &Scenario, options: Options, live: &LiveOptions) -> Result<Foreseen, Failure> {
    let refused = refusals(scenario, live);
    if !refused.is_empty() {
        return Err(Trouble::Unsupported(refused).into());
    }
    let mut rendering = rendering(scenario, live, options.seed.unwrap_or(scenario.seed))?;
    let rehearsal = played(scenario, options)?;
    let Recorder { cluster, asked } = rehearsal.stage();
    let names = cluster.names();
    for (_, key, _) in asked {
        rendering.naming.learn(key.kind, names.text(key.namespace), &names.show(key.name));
    }
    let render = |(at, key, object): &(Time, Subject, Object)| Planned {
        at: *at,
        object: render::object(*key, object, names, &rendering).map_err(|unsupported| unsupported.to_string()),
    };
    let first = |object| Planned { at: Time::ZERO, object: Ok(object) };
    let mut planned = Vec::new();
    if live.fake_nodes {
        let nodes = fleet(scenario, &mut Names::default()).map_err(Trouble::Api)?;
        let nodes = nodes.iter().map(|(name, spec)| render::fleet::fake_node(&rendering.naming, name, spec));
        planned.extend(nodes.map(first));
    }
    let namespaces = scenario.cluster.namespaces.iter().map(String::as_str).chain([""]);
    planned.extend(namespaces.map(|name| first(render::fleet::namespace(&rendering.naming, name))));
    planned.extend(asked.iter().map(render));
    Ok(Foreseen { rendering, planned })
}

/// The scenario, played in simulation.
fn played(scenario: &Scenario, options: Options) -> Result<Rehearsal<Recorder>, Failure> {
    let cluster = simulated(scenario, options.seed.unwrap_or(scenario.seed)).map_err(Failure::Invalid)?;
    let recorder = Recorder { cluster, asked: Vec::new() };
    let mut rehearsal = Rehearsal::new(scenario, recorder, options).map_err(Failure::Invalid)?;
    while rehearsal.step(&mut []) {}
    Ok(rehearsal)
}

/// A simulated cluster that keeps what it is asked to apply.
struct Recorder {
    cluster: Cluster,
    asked: Vec<(Time, Subject, Object)>,
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

    fn effects(&self, standing: usize) -> u64 {
        self.cluster.effects(standing)
    }

    fn counts(&self, subject: Subject) -> Option<Counts> {
        self.cluster.counts(subject)
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

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        // What lives in greenroom is not applied itself: what it makes is.
        if let Ask::Apply { key, object, .. } = &ask
            && !is_custom(key.kind)
            && key.kind != Kind::NodePool
        {
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
}
