//! The live world: what a run knows of the cluster that it is on, and the record that it writes. It is one thread; what tasks
//! find out reaches it as messages. How a rehearsal drives it is in `stage`, how a controller sees it in `port`, what a
//! watch's event means in `mirror`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::answers::Answer;
use super::clock::Clock;
use super::connection::Connection;
use super::faults::Standing;
use super::message::Message;
use super::mirror::Mirror;
use super::nodes::DrainRun;
use super::options::LiveOptions;
use super::render::Rendering;
use super::request::{self, Requests};
use super::watch::Watches;
use crate::cluster::{Custom, Measurements, NodeSpec};
use crate::kernel::{Names, Streams, Symbol, Time};
use crate::rehearsal;
use crate::rehearsal::scheduling::Sighting;
use crate::scenario::Scenario;
use crate::timeline::{Cause, Entry, EntryId, Kind, Layer, ScenarioLine, Subject, Timeline, Why};
use crate::workload::{AskId, Drain, Happening, Object, Pledge, PodTemplate, Records, Traffic};

/// An object that a controller asked for.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    /// What was asked for last.
    pub object: Object,
    /// What led to the last ask.
    pub cause: Cause,
    /// True until it was seen, or its answer has waited long enough for that.
    pub is_awaited: bool,
}

/// A real cluster as the world of a run.
pub struct LiveCluster {
    pub(super) connection: Connection,
    pub(super) options: LiveOptions,
    pub(super) rendering: Rendering,
    pub(super) requests: Requests,
    pub(super) clock: Clock,
    pub(super) inbox: Receiver<Message>,
    pub(super) outbox: Sender<Message>,
    pub(super) watches: Watches,
    /// What is to be handled before anything else is read.
    pub(super) pending: VecDeque<Happening>,
    /// True while something happened since the last instant ended.
    pub(super) is_open: bool,
    /// When the instant that is open began.
    pub(super) opened_at: Option<Time>,
    pub(super) timeline: Timeline,
    /// How many entries the user was told of.
    told: usize,
    pub(super) names: Names,
    pub(super) streams: Streams,
    pub(super) mirror: Mirror,
    /// What controllers asked for, and is there or on its way.
    pub(super) applied: BTreeMap<Subject, Applied>,
    /// Every template that was asked for, by the number that its pods carry.
    pub(super) templates: Vec<std::sync::Arc<PodTemplate>>,
    pub(super) custom: BTreeMap<Subject, Custom>,
    /// What providers outside the cluster answer: those of the scenario, so that an analysis ends as it says.
    pub(super) measurements: Vec<Measurements>,
    pub(super) watchers: BTreeMap<Subject, BTreeSet<usize>>,
    pub(super) node_watchers: BTreeSet<usize>,
    pub(super) published: BTreeMap<(Subject, String), String>,
    /// How many pods each deployment wants whose system makes them one by one.
    pub(super) wanted: BTreeMap<Subject, u32>,
    /// What systems owe.
    pub(super) pledges: Vec<Pledge>,
    pub(super) records: Records,
    /// What systems route, and who served it so far.
    pub(super) traffic: Traffic,
    pub(super) asks: u32,
    pub(super) standing: Vec<Standing>,
    pub(super) drains: Vec<DrainRun>,
    /// Drains whose nodes are not cordoned yet.
    pub(super) drains_to_come: BTreeMap<Subject, Drain>,
    /// What made objects go that no document asked to go.
    pub(super) deletions: BTreeMap<Subject, Cause>,
    /// What is about to change nodes.
    pub(super) strikes: BTreeMap<Subject, Cause>,
    /// Nodes that the run made, as they were made, with what watches showed of them since.
    pub(super) node_specs: BTreeMap<Subject, NodeSpec>,
    /// Those that a watch has shown.
    pub(super) sighted_nodes: BTreeSet<Subject>,
    /// What was seen of the scheduler's work.
    pub(super) sightings: Vec<Sighting>,
    /// The pools that fake nodes belong to.
    pub(super) pools: BTreeMap<Subject, Subject>,
    /// Custom resources that are asked for and not there yet.
    pub(super) deferred: BTreeMap<AskId, Object>,
    /// Answers that wait until watches show what they are about: who reads after it has written is to find that.
    pub(super) answers: VecDeque<Answer>,
    /// Objects of faults, which are not written about.
    pub(super) hidden: BTreeSet<Subject>,
    /// Pods whose images a fault has changed.
    pub(super) spoiled: BTreeSet<Subject>,
    /// What went wrong beside the run: faults that the API refused.
    pub(super) troubles: Vec<String>,
    pub(super) scenario: std::sync::Arc<Scenario>,
    /// The line of the scenario's cluster: the cause of what nobody asked for.
    pub(super) origin: Cause,
    /// Namespaces on the cluster that are watched.
    pub(super) namespaces: BTreeSet<String>,
    /// Namespaces of the document that were deleted.
    pub(super) leaving: BTreeSet<Symbol>,
}

impl LiveCluster {
    /// The world of a run that has made nothing yet.
    pub(super) fn new(
        connection: Connection,
        scenario: &Scenario,
        options: LiveOptions,
        rendering: Rendering,
        seed: u64,
    ) -> LiveCluster {
        let (outbox, inbox) = channel();
        let mut timeline = Timeline::default();
        let place = &scenario.cluster.place;
        let what = "cluster".into();
        let line = ScenarioLine { file: place.file.clone(), line: place.line, column: place.column, what };
        let origin = Cause::Line(timeline.add_line(line));
        LiveCluster {
            rendering,
            requests: request::start(&connection, outbox.clone()),
            connection,
            options,
            clock: Clock::start(),
            inbox,
            outbox,
            watches: Watches::default(),
            pending: VecDeque::new(),
            is_open: false,
            opened_at: None,
            timeline,
            told: 0,
            names: Names::default(),
            streams: Streams::new(seed),
            mirror: Mirror::default(),
            applied: BTreeMap::new(),
            templates: Vec::new(),
            custom: BTreeMap::new(),
            measurements: rehearsal::measurements(scenario),
            watchers: BTreeMap::new(),
            node_watchers: BTreeSet::new(),
            published: BTreeMap::new(),
            wanted: BTreeMap::new(),
            pledges: Vec::new(),
            records: Records::default(),
            traffic: Traffic::default(),
            asks: 0,
            standing: Vec::new(),
            drains: Vec::new(),
            drains_to_come: BTreeMap::new(),
            deletions: BTreeMap::new(),
            strikes: BTreeMap::new(),
            node_specs: BTreeMap::new(),
            sighted_nodes: BTreeSet::new(),
            sightings: Vec::new(),
            pools: BTreeMap::new(),
            deferred: BTreeMap::new(),
            answers: VecDeque::new(),
            hidden: BTreeSet::new(),
            spoiled: BTreeSet::new(),
            troubles: Vec::new(),
            scenario: std::sync::Arc::new(scenario.clone()),
            origin,
            namespaces: BTreeSet::new(),
            leaving: BTreeSet::new(),
        }
    }

    /// Writes an entry about an object of the cluster.
    pub(super) fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        self.note_in(Layer::Substrate, subject, became, why, cause)
    }

    /// Writes an entry.
    pub(super) fn note_in(
        &mut self,
        layer: Layer,
        subject: Subject,
        became: &'static str,
        why: Why,
        cause: Cause,
    ) -> EntryId {
        let entry = Entry { at: self.clock.now(), subject, became, why, cause, layer };
        self.timeline.push(entry, &self.names)
    }

    /// Tells the user of what was written since the last time, by the rehearsal too.
    pub(super) fn tell_progress(&mut self) {
        for entry in self.told..self.timeline.len() {
            if let Some(progress) = &self.options.progress {
                progress(&self.timeline, &self.names, EntryId(entry as u32));
            }
        }
        self.told = self.timeline.len();
    }

    /// What led to an object's being as it is asked to be.
    pub(super) fn cause_of(&self, key: Subject) -> Cause {
        self.applied.get(&key).map_or(self.origin, |applied| applied.cause)
    }

    /// An object changed: those that watch it are told.
    pub(super) fn touch(&mut self, key: Subject, cause: Cause) {
        let Some(watchers) = self.watchers.get(&key) else { return };
        for controller in watchers.clone() {
            self.tell(controller, Some(key), cause);
        }
    }

    /// Nodes changed: those that watch nodes are told.
    pub(super) fn touch_nodes(&mut self, cause: Cause) {
        for controller in self.node_watchers.clone() {
            self.tell(controller, None, cause);
        }
    }

    fn tell(&mut self, controller: usize, subject: Option<Subject>, cause: Cause) {
        let told = |one: &Happening| {
            matches!(one, Happening::Changed { controller: other, subject: about, .. }
                if *other == controller && *about == subject)
        };
        if !self.pending.iter().any(told) {
            self.pending.push_back(Happening::Changed { controller, subject, cause });
        }
    }

    /// Watches a namespace of the cluster, once.
    pub(super) fn watch_namespace(&mut self, namespace: &str) {
        if self.namespaces.insert(namespace.to_owned()) {
            self.watches.namespace(&self.connection, namespace, &self.outbox);
        }
    }

    /// The name of an object on the cluster, and its namespace there; none for what has no namespace.
    pub(super) fn place_of(&self, key: Subject) -> (String, Option<String>) {
        let name = self.names.show(key.name);
        match key.kind {
            Kind::Node => (self.rendering.naming.reference(key.kind, &name), None),
            Kind::PriorityClass | Kind::StorageClass | Kind::PersistentVolume | Kind::Namespace => {
                (self.rendering.naming.name(key.kind, &name), None)
            }
            Kind::Pod => match self.mirror.pods.get(&key) {
                Some(pod) => (pod.name.clone(), Some(pod.namespace.clone())),
                None => {
                    let name = self.rendering.naming.name(key.kind, &name);
                    (name, Some(self.rendering.naming.namespace(self.names.text(key.namespace))))
                }
            },
            Kind::ReplicaSet => match self.mirror.sets.get(&key) {
                Some(set) => (set.name.clone(), Some(self.rendering.naming.namespace(self.names.text(key.namespace)))),
                None => (name, Some(self.rendering.naming.namespace(self.names.text(key.namespace)))),
            },
            _ => {
                let name = self.rendering.naming.name(key.kind, &name);
                (name, Some(self.rendering.naming.namespace(self.names.text(key.namespace))))
            }
        }
    }

    /// The number of a template among those that were asked for.
    pub(super) fn template_number(&mut self, template: &std::sync::Arc<PodTemplate>) -> usize {
        match self.templates.iter().position(|known| known == template) {
            Some(known) => known,
            None => {
                self.templates.push(std::sync::Arc::clone(template));
                self.templates.len() - 1
            }
        }
    }

    /// The present.
    pub(super) const fn present(&self) -> Time {
        self.clock.now()
    }
}
