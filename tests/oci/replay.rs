//! The third world, for tests alone: it knows no cluster. It shows a controller what a script or a recording says, and writes
//! down everything that the controller does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use greenroom::kernel::{Duration, Names, Symbol, Time};
use greenroom::timeline::{Cause, Entry, EntryId, Kind, Layer, ScenarioLine, Subject, Timeline, Why, render};
use greenroom::workload::{
    Action, Ask, AskId, Controller, DeploymentStatus, JobStatus, NodePoolStatus, Object, Outcome, PodPhase, PodStatus,
    RecordChange, Records, ServiceStatus, Status, Wake, World,
};

/// Something that the script brings about.
#[derive(Clone, Debug)]
pub enum Change {
    /// An object's status is now this; `None`: it is gone.
    Status(Subject, Option<Status>),
    /// The pods of a workload are now these.
    Pods(Subject, Vec<(Subject, PodStatus)>),
    /// A node is there: its name, whether it is ready, its labels.
    Node(Subject, bool, BTreeMap<String, String>),
}

/// Something that a controller did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// It asked for something.
    Ask(Ask),
    /// It set a timer.
    WakeAt(Time, u64),
    /// It wrote an entry.
    Note(Subject, &'static str, Why),
    /// It published a value.
    Publish(Subject, String, String),
    /// It began or ended a watch.
    Watch(Subject, bool),
    /// It wrote records.
    Commit(Vec<RecordChange>),
}

/// What is due at a time.
#[derive(Clone, Debug)]
enum Due {
    Change(Change),
    Wake(Wake, Cause),
}

/// The replaying world.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The names behind the ids.
    pub names: Names,
    /// What was noted.
    pub timeline: Timeline,
    /// What the controller did, a line each.
    pub transcript: String,
    /// What was published.
    pub published: BTreeMap<(String, String), String>,
    /// Durable records.
    pub records: Records,
    /// Outcomes of reads for a system's deployment (its name), used up one after the other before reads succeed.
    pub reads: BTreeMap<String, VecDeque<Outcome>>,
    /// Outcomes of writes of objects by name, used up likewise.
    pub writes: BTreeMap<String, VecDeque<Outcome>>,
    /// What the controller did, and when.
    pub deeds: Vec<(Time, Deed)>,
    /// Draws that a recording knows, by purpose, object and ordinal.
    pub draws: BTreeMap<(String, Subject, u64), u64>,
    /// True if asks are answered and timers ring by themselves; false when a recording says when.
    pub self_driven: bool,
    now: Time,
    line: Cause,
    agenda: BTreeMap<(Time, u8, u64), Due>,
    sequence: u64,
    asks: u32,
    statuses: BTreeMap<Subject, Status>,
    specs: BTreeMap<Subject, Object>,
    pods: BTreeMap<Subject, Vec<(Subject, PodStatus)>>,
    nodes: Vec<(Subject, bool, BTreeMap<String, String>)>,
    watched: BTreeSet<Subject>,
    watches_nodes: bool,
}

impl Default for Replay {
    fn default() -> Replay {
        let mut timeline = Timeline::default();
        let line = ScenarioLine { file: "script".into(), line: 1, column: 1, what: "deploy".into() };
        let line = Cause::Line(timeline.add_line(line));
        Replay {
            names: Names::default(),
            timeline,
            transcript: String::new(),
            published: BTreeMap::new(),
            records: Records::default(),
            reads: BTreeMap::new(),
            writes: BTreeMap::new(),
            deeds: Vec::new(),
            draws: BTreeMap::new(),
            self_driven: true,
            now: Time::ZERO,
            line,
            agenda: BTreeMap::new(),
            sequence: 0,
            asks: 0,
            statuses: BTreeMap::new(),
            specs: BTreeMap::new(),
            pods: BTreeMap::new(),
            nodes: Vec::new(),
            watched: BTreeSet::new(),
            watches_nodes: false,
        }
    }
}

/// An instant so many milliseconds after the start.
pub fn millis(count: u64) -> Time {
    Time::ZERO + Duration::from_millis(count)
}

impl Replay {
    /// A world that shows a recording, in which these names and draws were made.
    pub fn of_recording(names: Names, draws: BTreeMap<(String, Subject, u64), u64>) -> Replay {
        Replay { names, draws, self_driven: false, ..Replay::default() }
    }

    /// The subject of this text.
    pub fn subject(&mut self, text: &str) -> Subject {
        Subject::parse(text, &mut self.names).unwrap_or_else(|| panic!("{text} is no subject"))
    }

    /// Plans the submission.
    pub fn submit(&mut self, at: Time) {
        self.plan(at, 1, Due::Wake(Wake::Submitted, self.line));
    }

    /// Plans an undeployment.
    pub fn undeploy(&mut self, at: Time, name: &str) {
        self.plan(at, 1, Due::Wake(Wake::Action(Action::Undeploy(name.to_owned())), self.line));
    }

    /// Plans a change.
    pub fn change(&mut self, at: Time, change: Change) {
        self.plan(at, 2, Due::Change(change));
    }

    /// Plans that a Deployment has so many of its pods ready.
    pub fn deployment(&mut self, at: Time, name: &str, desired: u32, ready: u32) {
        let key = self.subject(&format!("Deployment/{name}"));
        let status = DeploymentStatus {
            observed_generation: 1,
            generation: 1,
            desired,
            replicas: desired,
            updated: desired,
            ready,
            available: ready,
            ..DeploymentStatus::default()
        };
        self.change(at, Change::Status(key, Some(Status::Deployment(status))));
    }

    /// Plans a Job's status.
    pub fn job(&mut self, at: Time, name: &str, status: JobStatus) {
        let key = self.subject(&format!("Job/{name}"));
        self.change(at, Change::Status(key, Some(Status::Job(status))));
    }

    /// Plans that a Service can be reached from outside or not.
    pub fn service(&mut self, at: Time, name: &str, ingress_ready: bool) {
        let key = self.subject(&format!("Service/{name}"));
        let status = ServiceStatus { ready_endpoints: 1, ingress_ready, selector: Symbol::EMPTY };
        self.change(at, Change::Status(key, Some(Status::Service(status))));
    }

    /// Plans a pool's status.
    pub fn pool(&mut self, at: Time, name: &str, desired: u32, ready: u32, failed: bool) {
        let key = self.subject(&format!("NodePool/{name}"));
        self.change(at, Change::Status(key, Some(Status::NodePool(NodePoolStatus { desired, ready, failed }))));
    }

    /// Plans that a workload has one pod in this condition.
    pub fn pod(&mut self, at: Time, workload: &str, phase: PodPhase, reason: &'static str, startup_failures: u32) {
        let key = self.subject(workload);
        let (_, name) = workload.split_once('/').expect("a subject");
        let pod = self.subject(&format!("Pod/{name}-r1-0"));
        let status = PodStatus {
            phase,
            ready: false,
            registered: false,
            terminating: false,
            gated: false,
            started: phase == PodPhase::Running,
            node: None,
            restarts: startup_failures,
            reason,
            startup_failures,
            created_at: at,
            serial: 0,
        };
        self.change(at, Change::Pods(key, vec![(pod, status)]));
    }

    /// Plans that an object and its pods are gone.
    pub fn gone(&mut self, at: Time, key: &str) {
        let key = self.subject(key);
        self.change(at, Change::Pods(key, Vec::new()));
        self.change(at, Change::Status(key, None));
    }

    /// Plans a ready node.
    pub fn node(&mut self, at: Time, name: &str, labels: &[(&str, &str)]) {
        let node = self.subject(&format!("Node/{name}"));
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.change(at, Change::Node(node, true, labels));
    }

    fn plan(&mut self, at: Time, class: u8, due: Due) {
        self.sequence += 1;
        self.agenda.insert((at, class, self.sequence), due);
    }

    /// Lets the script go on up to and with `until`. Refusals of actions come back.
    pub fn run(&mut self, controller: &mut dyn Controller, until: Time) -> Vec<String> {
        let mut refusals = Vec::new();
        while let Some(entry) = self.agenda.first_entry() {
            let (at, _, _) = *entry.key();
            if at > until {
                break;
            }
            let due = entry.remove();
            self.now = at;
            let (wake, cause) = match due {
                Due::Wake(wake, cause) => (Some(wake), cause),
                Due::Change(change) => self.apply(change),
            };
            if let Some(wake) = wake {
                refusals.extend(controller.wake(wake, cause, self).err());
            }
        }
        self.now = until;
        refusals
    }

    /// Wakes the controller as a recording says: first it is shown what it saw, then it is woken.
    pub fn replay(&mut self, at: Time, seen: Vec<Change>, wake: Wake, controller: &mut dyn Controller) {
        self.now = at;
        seen.into_iter().for_each(|change| self.take(change));
        let _ = controller.wake(wake, self.line, self);
    }

    /// A change and the wake that it leads to, if the controller watches for it.
    fn apply(&mut self, change: Change) -> (Option<Wake>, Cause) {
        let (subject, wake) = match &change {
            Change::Status(key, _) | Change::Pods(key, _) => {
                (*key, self.watched.contains(key).then_some(Wake::Changed(*key)))
            }
            Change::Node(node, ..) => (*node, self.watches_nodes.then_some(Wake::NodesChanged)),
        };
        self.take(change);
        let why = Why::NONE;
        let entry = Entry { at: self.now, subject, became: "Changed", why, cause: self.line, layer: Layer::Substrate };
        (wake, Cause::Entry(self.timeline.push(entry, &self.names)))
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Status(key, Some(status)) => {
                self.statuses.insert(key, status);
            }
            Change::Status(key, None) => {
                self.statuses.remove(&key);
            }
            Change::Pods(key, pods) => {
                self.pods.insert(key, pods);
            }
            Change::Node(node, ready, labels) => {
                self.nodes.retain(|(known, ..)| *known != node);
                self.nodes.push((node, ready, labels));
            }
        }
    }

    fn did(&mut self, deed: Deed) {
        self.deeds.push((self.now, deed));
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.transcript, "{} {line}", self.now).expect("writing to a string cannot fail");
    }

    /// The entries of the system, a line each: time, subject, state, why.
    pub fn entries(&self) -> Vec<String> {
        let system = self.timeline.since(0).filter(|(_, entry)| entry.layer == Layer::System);
        system.map(|(_, entry)| self.line_of(&entry)).collect()
    }

    fn line_of(&self, entry: &Entry) -> String {
        let why = render::why(&entry.why, &self.names);
        let line = format!("{} {} {} {why}", entry.at, entry.subject.show(&self.names), entry.became);
        line.trim_end().to_owned()
    }

    /// When a subject first became this.
    pub fn when(&self, subject: &str, became: &str) -> Option<Time> {
        let system = self.timeline.since(0).filter(|(_, entry)| entry.layer == Layer::System);
        let mut found =
            system.filter(|(_, entry)| entry.became == became && entry.subject.show(&self.names) == subject);
        found.next().map(|(_, entry)| entry.at)
    }

    /// The subjects on the way from the first entry of this kind back to the script: itself first.
    pub fn chain(&self, subject: &str, became: &str) -> Vec<String> {
        let mut found = self
            .timeline
            .since(0)
            .filter(|(_, entry)| entry.became == became && entry.subject.show(&self.names) == subject);
        let (id, _) = found.next().unwrap_or_else(|| panic!("{subject} never became {became}"));
        let show = |id: &EntryId| {
            let entry = self.timeline.get(*id).expect("an entry of the chain");
            format!("{} {}", entry.subject.show(&self.names), entry.became)
        };
        self.timeline.chain(id).iter().map(show).collect()
    }
}

impl World for Replay {
    // The system under test routes nothing.
    fn route(&mut self, _: Subject, _: Vec<greenroom::workload::Backend>, _: Cause) {}

    fn now(&self) -> Time {
        self.now
    }

    fn intern(&mut self, text: &str) -> Symbol {
        self.names.intern(text)
    }

    fn text(&self, symbol: Symbol) -> String {
        self.names.text(symbol).to_owned()
    }

    fn observed(&self, key: Subject) -> Option<Status> {
        self.statuses.get(&key).copied()
    }

    fn observed_spec(&self, key: Subject) -> Option<Object> {
        self.specs.get(&key).cloned()
    }

    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)> {
        self.pods.get(&workload).cloned().unwrap_or_default()
    }

    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)> {
        let has = |own: &BTreeMap<String, String>| {
            labels.iter().all(|(key, value)| own.get(*key).is_some_and(|own| own == value))
        };
        self.nodes.iter().filter(|(.., own)| has(own)).map(|(node, ready, _)| (*node, *ready)).collect()
    }

    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)> {
        self.nodes.iter().map(|(node, _, labels)| (*node, labels.get(label).cloned())).collect()
    }

    fn watch(&mut self, key: Subject) {
        self.did(Deed::Watch(key, true));
        self.watched.insert(key);
    }

    fn unwatch(&mut self, key: Subject) {
        self.did(Deed::Watch(key, false));
        self.watched.remove(&key);
    }

    fn watch_nodes(&mut self) {
        self.watches_nodes = true;
    }

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        self.did(Deed::Ask(ask.clone()));
        let id = AskId(self.asks);
        self.asks += 1;
        let verb = match &ask {
            Ask::Apply { .. } => "apply",
            Ask::Delete { .. } => "delete",
            Ask::Get { .. } => "get",
            Ask::PatchNode { .. } | Ask::PatchSelector { .. } => "patch",
            Ask::TellGroups { .. } => "tell",
            Ask::Scale { .. } => "scale",
            Ask::Ungate { .. } => "ungate",
            Ask::Evict { .. } => "evict",
            Ask::WriteStatus { .. } => "status",
            Ask::Measure { .. } => "measure",
        };
        let (key, serves) = (ask.key(), ask.serves());
        let line = format!("ask {verb} {} for {}", key.show(&self.names), serves.show(&self.names));
        self.tell(&line);
        if self.self_driven {
            let outcome = self.outcome(&ask);
            self.plan(self.now, 3, Due::Wake(Wake::Answered(id, outcome), cause));
        }
        id
    }

    fn wake_at(&mut self, at: Time, token: u64, cause: Cause) {
        self.did(Deed::WakeAt(at, token));
        self.tell(&format!("wake at {at} with {token}"));
        if self.self_driven {
            self.plan(at, 4, Due::Wake(Wake::Timer(token), cause));
        }
    }

    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        let entry = Entry { at: self.now, subject, became, why, cause, layer: Layer::System };
        self.did(Deed::Note(subject, became, why));
        let line = self.line_of(&entry);
        writeln!(self.transcript, "{line}").expect("writing to a string cannot fail");
        self.timeline.push(entry, &self.names)
    }

    fn publish(&mut self, subject: Subject, key: &str, value: &str, _: Cause) {
        self.did(Deed::Publish(subject, key.to_owned(), value.to_owned()));
        let subject = subject.show(&self.names);
        self.tell(&format!("publish {subject}.{key} {value}"));
        self.published.insert((subject, key.to_owned()), value.to_owned());
    }

    fn record(&self, name: &str) -> Option<(u64, String)> {
        self.records.get(name)
    }

    fn commit(&mut self, changes: &[RecordChange]) -> bool {
        self.did(Deed::Commit(changes.to_vec()));
        self.records.commit(changes)
    }

    /// Not random, but as good: a number by the names alone.
    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64 {
        if let Some(known) = self.draws.get(&(purpose.to_owned(), object, ordinal)) {
            return *known;
        }
        let text = format!("{purpose}/{}/{ordinal}", object.show(&self.names));
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        (hash >> 16) % bound.max(1)
    }

    fn give_up(&mut self, limit: String) {
        panic!("what was recorded reached no limit: {limit}");
    }
}

impl Replay {
    fn outcome(&mut self, ask: &Ask) -> Outcome {
        let key = ask.key();
        let name = self.names.show(key.name);
        match ask {
            Ask::Get { serves, .. } => {
                let planned = self.names.show(serves.name);
                match self.reads.get_mut(&planned).and_then(VecDeque::pop_front) {
                    Some(outcome) => outcome,
                    None => Outcome::Accepted(self.statuses.get(&key).copied()),
                }
            }
            Ask::PatchNode { .. } if !self.nodes.iter().any(|(node, ..)| *node == key) => Outcome::NotFound,
            _ => match self.writes.get_mut(&name).and_then(VecDeque::pop_front) {
                Some(outcome) => outcome,
                None => {
                    match ask {
                        Ask::Apply { object, .. } => drop(self.specs.insert(key, object.clone())),
                        Ask::Delete { .. } => drop(self.specs.remove(&key)),
                        Ask::WriteStatus { status, .. } => drop(self.statuses.insert(key, *status)),
                        _ => {}
                    }
                    if matches!(ask, Ask::Apply { .. }) && key.kind == Kind::Service {
                        let status = ServiceStatus { ready_endpoints: 0, ingress_ready: true, selector: Symbol::EMPTY };
                        self.statuses.entry(key).or_insert(Status::Service(status));
                    }
                    if matches!(ask, Ask::Delete { .. }) && key.kind == Kind::Service {
                        self.statuses.remove(&key);
                    }
                    Outcome::Accepted(None)
                }
            },
        }
    }

    /// A plain name, for outcomes with a reason.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        self.names.intern(text)
    }
}
