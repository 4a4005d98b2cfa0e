//! A scenario after reading: checked, with every default of the scenario itself filled in, free of syntax.
//! Subjects and states are still texts; a run interns them. What only a system or the cluster knows stays `None`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use crate::kernel::Distribution;
use crate::kernel::{Duration, Time};
use crate::text::{Place, Source};
use crate::workload::pod::Taint;

/// One rehearsal, as its file describes it.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// The scenario's name.
    pub name: String,
    /// Its file, as the user named it.
    pub file: Arc<str>,
    /// Its text, for messages that only a run can give.
    pub source: Source,
    /// The folder of the file; documents are read below it.
    pub folder: PathBuf,
    /// The seed of all random draws.
    pub seed: u64,
    /// Where the run ends at the latest.
    pub until: Time,
    /// True if the run ends as soon as every expectation is decided.
    pub stop_when_settled: bool,
    /// Which entries of the timeline its snapshot holds.
    pub snapshot: SnapshotLayers,
    /// The wall-clock time of the start, in seconds since 1970-01-01T00:00:00Z.
    pub epoch: i64,
    /// Which Kubernetes is simulated.
    pub kubernetes: Kubernetes,
    /// What the OCI control plane does where its documents do not say.
    pub oci: OciOptions,
    /// The nodes and what is behind them.
    pub cluster: Cluster,
    /// The documents, in the order of the file.
    pub deploy: Vec<Deploy>,
    /// How workloads behave once placed; the first row that matches is used.
    pub behaviour: Vec<BehaviourRow>,
    /// What goes wrong.
    pub faults: Vec<FaultEntry>,
    /// What an operator does.
    pub actions: Vec<ActionEntry>,
    /// What must be so.
    pub expect: Vec<ExpectEntry>,
}

/// Which entries of the timeline a snapshot holds. What the scenario itself does is always among them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SnapshotLayers {
    /// Those of the system and of the substrate.
    #[default]
    All,
    /// Those of the system alone: the snapshot stays the same when a pod moves.
    System,
}

/// The Kubernetes profile of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Kubernetes {
    /// Where it stands; the start of the file if the scenario does not say.
    pub place: Place,
    /// The version: `1.36`.
    pub version: String,
    /// How long a change takes to reach whoever watches it; `None`: as the profile has it.
    pub watch_latency: Option<Duration>,
    /// How long the API takes to answer; `None`: as the profile has it.
    pub api_latency: Option<Duration>,
}

/// The OCI profile as far as the scenario sets it; the defaults are the system's.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OciOptions {
    /// Where it stands, if it does.
    pub place: Option<Place>,
    /// How objects are named.
    pub names: Option<OciNames>,
    /// Time from one pass of the control plane to the next.
    pub pass_interval: Option<Duration>,
    /// Time that the collection of a member's exports takes.
    pub export_latency: Option<Duration>,
    /// What dependents wait for.
    pub gate: Option<OciGate>,
    /// What dependents of a job wait for.
    pub job_gate: Option<OciJobGate>,
    /// Where the nodes of recipes come from.
    pub node_pools: Option<OciNodePools>,
    /// How long a node pool takes to come.
    pub provisioning: Option<Distribution>,
}

/// How the OCI control plane names what it makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OciNames {
    /// As the documents of the feature have it.
    Documented,
    /// In the canonical form of the Corrino control plane.
    Corrino,
}

/// The state of a member that lets its dependents go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OciGate {
    /// Its pods are ready and it is monitored.
    Monitoring,
    /// It has been submitted.
    Active,
}

/// The state of a job that lets its dependents go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OciJobGate {
    /// It has ended well.
    Completed,
    /// Its pods run.
    Monitoring,
}

/// Where the nodes of recipes come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OciNodePools {
    /// The nodes of the scenario are the fleet.
    Fleet,
    /// Each recipe without a shared pool gets a pool of its own.
    Provision,
}

/// The cluster of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Where it stands.
    pub place: Place,
    /// Its nodes, in the order of the file.
    pub nodes: Vec<NodeEntry>,
    /// The scheduler's profile: `kube-default`.
    pub scheduler: String,
    /// How long a pool of nodes takes to come; `None`: as the profile has it.
    pub provisioning: Option<Distribution>,
    /// The most nodes of a shape that the provider has; a shape that is not here is not limited.
    pub capacity: BTreeMap<String, u32>,
    /// Bandwidth of image pulls, in bytes a second, of nodes that do not set their own.
    pub bandwidth: Option<u64>,
}

/// A node, or a pool of equal nodes.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeEntry {
    /// Where it stands.
    pub place: Place,
    /// One node by its name, or a pool.
    pub naming: NodeNaming,
    /// The provider's shape (`VM.GPU.A10.2`); what follows is then set instead of the shape's own figures.
    pub shape: Option<String>,
    /// CPU in thousandths of a core.
    pub cpu_milli: Option<u64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Ephemeral storage in bytes.
    pub ephemeral_storage_bytes: Option<u64>,
    /// The most pods.
    pub pods: Option<u32>,
    /// GPUs.
    pub gpus: Option<Gpus>,
    /// Labels beside those that every node has.
    pub labels: BTreeMap<String, String>,
    /// Taints.
    pub taints: Vec<Taint>,
    /// The availability zone.
    pub zone: Option<String>,
    /// When the node joins, counted from the start of the run; `None`: it is there from the start.
    pub provisioned_after: Option<Distribution>,
    /// The MIG configuration of every GPU: `all-1g.10gb`.
    pub mig: Option<String>,
    /// Bandwidth of image pulls, in bytes a second.
    pub bandwidth: Option<u64>,
}

/// How the nodes of an entry are named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeNaming {
    /// One node.
    One(String),
    /// The nodes `pool-0`, `pool-1`, …
    Pool {
        /// The pool's name.
        pool: String,
        /// How many nodes.
        count: u32,
    },
}

/// The GPUs of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gpus {
    /// The name of the resource that pods ask for: `nvidia.com/gpu`.
    pub resource: String,
    /// The model: `A10`.
    pub model: Option<String>,
    /// How many.
    pub count: u32,
    /// Memory of one GPU in bytes.
    pub memory_bytes: Option<u64>,
}

/// The systems whose documents can be deployed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SystemName {
    /// OCI AI Blueprints.
    Oci,
}

impl SystemName {
    /// The name as a scenario writes it.
    pub const fn text(self) -> &'static str {
        match self {
            SystemName::Oci => "oci",
        }
    }
}

/// A document that is submitted.
#[derive(Clone, PartialEq, Debug)]
pub struct Deploy {
    /// Where it stands in the scenario.
    pub place: Place,
    /// When it is submitted.
    pub at: Time,
    /// The document's path as the scenario writes it.
    pub document: String,
    /// The document itself, under a name that leads to it from where the user stands.
    pub source: Source,
    /// What gives it its meaning.
    pub system: SystemName,
}

/// How some workloads behave.
#[derive(Clone, PartialEq, Debug)]
pub struct BehaviourRow {
    /// Where it stands.
    pub place: Place,
    /// Which workloads; all that are set must fit.
    pub matches: BehaviourMatch,
    /// How long a pull of the image takes.
    pub pull: Option<Distribution>,
    /// The size of the image in bytes; with the node's bandwidth it gives the time of a pull.
    pub image_size: Option<u64>,
    /// How long each init container runs.
    pub init: Option<Distribution>,
    /// From the container's start to serving.
    pub start: Option<Distribution>,
    /// From serving to being registered where the system's clients look it up.
    pub register: Option<Distribution>,
    /// How long the container of a Job runs.
    pub run: Option<Distribution>,
    /// The exit code of the container of a Job.
    pub exit: Option<u8>,
    /// Whether it crashes by itself.
    pub crash: Option<Crash>,
    /// How long it takes to stop once asked.
    pub stop: Option<Distribution>,
}

/// Which workloads a row of behaviour is for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BehaviourMatch {
    /// The name of the system's deployment.
    pub deployment: Option<String>,
    /// The name of the Kubernetes workload.
    pub workload: Option<String>,
    /// A glob over images.
    pub image: Option<String>,
    /// The kind of the Kubernetes workload: `Deployment`, `Job`.
    pub kind: Option<String>,
}

/// A container that ends by itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Crash {
    /// How long after its start.
    pub after: Distribution,
    /// How many times in each pod; `None`: every time.
    pub times: Option<u32>,
    /// The exit code; not zero.
    pub exit: u8,
}

/// When a fault or an action takes place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// At a time.
    At(Time),
    /// After a subject reached a state.
    On {
        /// The subject: `deployment/vllm`.
        subject: String,
        /// The state.
        reaches: String,
        /// The how many-th time, from 1.
        occurrence: u32,
        /// How long afterwards.
        after: Duration,
    },
}

/// A fault.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultEntry {
    /// Where it stands.
    pub place: Place,
    /// Its name; `fault-1`, `fault-2`, … by its position if the file gives none.
    pub name: String,
    /// When it strikes.
    pub trigger: Trigger,
    /// What it does.
    pub kind: FaultKind,
}

/// What a fault does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// Pods are deleted.
    PodKill {
        /// Which.
        target: Target,
        /// How many; `None`: all.
        count: Option<u32>,
    },
    /// A container ends.
    ContainerCrash {
        /// Whose.
        target: Target,
        /// With which exit code; not zero.
        exit_code: u8,
    },
    /// A node stops.
    NodeDown {
        /// Which.
        target: Target,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Pulls of an image fail.
    ImagePullFail {
        /// A glob over images.
        image: String,
        /// How many pulls; `None`: all.
        times: Option<u32>,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Containers that start from then on take longer.
    SlowStart {
        /// Whose.
        target: Target,
        /// Added to the time to serving.
        extra: Duration,
        /// Multiplied with it first, in percent.
        percent: u32,
    },
    /// The exports of a deployment cannot be read.
    ExportFail {
        /// The system's deployment, by its name.
        deployment: String,
        /// How many times; `None`: always.
        times: Option<u32>,
    },
    /// GPUs of a node are lost.
    GpuLoss {
        /// Of which node.
        target: Target,
        /// How many.
        count: u32,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
}

impl FaultKind {
    /// The name of the fault as a scenario writes it.
    pub const fn text(&self) -> &'static str {
        match self {
            FaultKind::PodKill { .. } => "pod_kill",
            FaultKind::ContainerCrash { .. } => "container_crash",
            FaultKind::NodeDown { .. } => "node_down",
            FaultKind::ImagePullFail { .. } => "image_pull_fail",
            FaultKind::SlowStart { .. } => "slow_start",
            FaultKind::ExportFail { .. } => "export_fail",
            FaultKind::GpuLoss { .. } => "gpu_loss",
        }
    }
}

/// What a fault is aimed at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// What `name` is the name of.
    pub kind: TargetKind,
    /// The name.
    pub name: String,
}

/// How a fault names what it is aimed at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetKind {
    /// What runs there: a system's deployment.
    Running,
    /// A node.
    Node,
    /// A system's deployment.
    Deployment,
    /// A pod.
    Pod,
    /// A Kubernetes workload: a Deployment or a Job.
    Workload,
}

impl TargetKind {
    /// The key as a scenario writes it.
    pub const fn text(self) -> &'static str {
        match self {
            TargetKind::Running => "running",
            TargetKind::Node => "node",
            TargetKind::Deployment => "deployment",
            TargetKind::Pod => "pod",
            TargetKind::Workload => "workload",
        }
    }
}

impl Target {
    /// The texts of the subjects that may be meant; the first that the run knows is.
    pub fn subjects(&self) -> Vec<String> {
        if self.name.contains('/') {
            return vec![self.name.clone()];
        }
        let kinds: &[&str] = match self.kind {
            TargetKind::Running | TargetKind::Deployment => &["deployment"],
            TargetKind::Node => &["Node"],
            TargetKind::Pod => &["Pod"],
            TargetKind::Workload => &["Deployment", "Job"],
        };
        kinds.iter().map(|kind| format!("{kind}/{}", self.name)).collect()
    }
}

/// An operator's action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionEntry {
    /// Where it stands.
    pub place: Place,
    /// Its name; the action's own word if the file gives none, with a number if there are several.
    pub name: String,
    /// When it takes place.
    pub trigger: Trigger,
    /// What is done.
    pub kind: ActionKind,
}

/// What an operator does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ActionKind {
    /// Take down a group or a single deployment.
    Undeploy(String),
}

impl ActionKind {
    /// The name of the action as a scenario writes it.
    pub const fn text(&self) -> &'static str {
        match self {
            ActionKind::Undeploy(_) => "undeploy",
        }
    }
}

/// Something that must be so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectEntry {
    /// Where it stands.
    pub place: Place,
    /// Whose view of the states counts.
    pub view: View,
    /// What must be so.
    pub kind: ExpectKind,
}

/// Whose view an expectation is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum View {
    /// The true state.
    #[default]
    Actual,
    /// What the system believes.
    Observed,
}

/// A subject and a state: `deployment/vllm` and `monitoring`.
pub type SubjectState = (String, String);

/// The kinds of expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectKind {
    /// At some instant all of these hold together.
    Eventually {
        /// The states, in the order of the file.
        states: Vec<SubjectState>,
        /// At the latest so long after the start; `None`: before the run ends.
        within: Option<Duration>,
    },
    /// The first state is reached before the second.
    Before {
        /// What comes first.
        first: SubjectState,
        /// What comes later.
        second: SubjectState,
    },
    /// A condition holds at every instant of a window.
    Always {
        /// The condition.
        condition: Condition,
        /// Where the window opens; `None`: at the start.
        from: Option<Mark>,
        /// Where it closes; `None`: at the end.
        until: Option<Mark>,
    },
    /// A condition holds at no instant of a window.
    Never {
        /// The condition.
        condition: Condition,
        /// Where the window opens; `None`: at the start.
        from: Option<Mark>,
        /// Where it closes; `None`: at the end.
        until: Option<Mark>,
    },
    /// Values that were published have a form.
    Export {
        /// The values, in the order of the file.
        values: Vec<ExportPattern>,
    },
    /// All of these hold when the run ends.
    Final {
        /// The states, in the order of the file.
        states: Vec<SubjectState>,
    },
    /// At some time all of these begin to hold together and go on for so long.
    StableFor {
        /// The states, in the order of the file.
        states: Vec<SubjectState>,
        /// For how long.
        length: Duration,
    },
}

impl ExpectKind {
    /// The states that the expectation waits for or speaks of, other than those of its window.
    pub fn states(&self) -> Vec<&SubjectState> {
        match self {
            ExpectKind::Eventually { states, .. }
            | ExpectKind::Final { states }
            | ExpectKind::StableFor { states, .. } => states.iter().collect(),
            ExpectKind::Before { first, second } => vec![first, second],
            ExpectKind::Always { condition: Condition::States(states), .. }
            | ExpectKind::Never { condition: Condition::States(states), .. } => states.iter().collect(),
            ExpectKind::Always { .. } | ExpectKind::Never { .. } | ExpectKind::Export { .. } => Vec::new(),
        }
    }

    /// The name of the expectation as a scenario writes it.
    pub const fn text(&self) -> &'static str {
        match self {
            ExpectKind::Eventually { .. } => "eventually",
            ExpectKind::Before { .. } => "before",
            ExpectKind::Always { .. } => "always",
            ExpectKind::Never { .. } => "never",
            ExpectKind::Export { .. } => "export",
            ExpectKind::Final { .. } => "final",
            ExpectKind::StableFor { .. } => "stable_for",
        }
    }
}

/// A value that a subject publishes, and its form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportPattern {
    /// The subject: `deployment/vllm`.
    pub subject: String,
    /// The key: `internal_dns_name`.
    pub key: String,
    /// A regular expression that is known to be well formed; it may match anywhere in the value.
    pub pattern: String,
}

/// What holds or does not hold at an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// All of these states together, in the order of the file.
    States(Vec<SubjectState>),
    /// An expression of the Common Expression Language that gives a boolean.
    Cel(String),
}

/// An end of a window of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A time.
    At(Time),
    /// The first instant at which all of these states hold together.
    States(Vec<SubjectState>),
    /// The instant of the action of this name.
    Action(String),
    /// The instant of the fault of this name.
    Fault(String),
}
