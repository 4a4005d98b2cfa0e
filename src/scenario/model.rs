//! A scenario after reading: checked, with every default of the scenario itself filled in, free of syntax.
//! Subjects and states are still texts; a run interns them. What only a system or the cluster knows stays `None`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

mod event;
mod expect;
mod oracles;
mod paasta;

pub use event::{
    AccessTrigger, ActionDocument, ActionEntry, ActionKind, ApiEntry, FaultEntry, FaultKind, RECORD, Target,
    TargetKind, TieEntry, Trigger,
};
pub use expect::{Condition, ExpectEntry, ExpectKind, ExportPattern, Mark, SubjectState, View};
pub use oracles::{ExpectedFinding, Oracles, STUCK_AFTER_DEFAULT};
pub use paasta::PaastaOptions;

use crate::cluster::scheduler::SchedulerProfile;
use crate::cluster::{BatchProfile, Expander, Load};
pub use crate::kernel::Distribution;
use crate::kernel::{Duration, Time};
use crate::systems::leaderworkerset;
use crate::systems::oci::options::{
    FailOn, Gate, JobGate, MonitoringWhen, Names, NodePools, Passes, References, UndeployedWhen, WaitFor,
};
use crate::text::{Diagnostic, Place, Source};
use crate::workload::AnalysisPhase;
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
    /// How many times as fast as its file says: every length of the file is divided by it already. What systems and
    /// Kubernetes bring along is not.
    pub speed: u32,
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
    /// Which code of Backend.AI is rehearsed, and its constants.
    pub backendai: crate::systems::backendai::Options,
    /// Which operator of Dynamo is rehearsed, and the switches of its chart.
    pub dynamo: crate::systems::dynamo::Options,
    /// What PaaSTA does where its documents do not say.
    pub paasta: PaastaOptions,
    /// What 1Backend's services do where its documents do not say.
    pub onebackend: crate::systems::onebackend::Options,
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
    /// Which of the things of one instant come last.
    pub ties: Vec<TieEntry>,
    /// What must be so.
    pub expect: Vec<ExpectEntry>,
    /// What the built-in oracles do.
    pub oracles: Oracles,
    /// What is read and has no effect in this version.
    pub notices: Vec<Diagnostic>,
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
    /// The LeaderWorkerSet that is installed.
    pub lws: leaderworkerset::Profile,
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
    pub names: Option<Names>,
    /// Time from one pass of the control plane to the next.
    pub pass_interval: Option<Duration>,
    /// Whether it looks without having been told of a change.
    pub passes: Option<Passes>,
    /// Time that the collection of a member's exports takes.
    pub export_latency: Option<Duration>,
    /// What dependents wait for.
    pub gate: Option<Gate>,
    /// What dependents of a job wait for.
    pub job_gate: Option<JobGate>,
    /// When a service is `monitoring`.
    pub monitoring_when: Option<MonitoringWhen>,
    /// When a deployment is `undeployed`.
    pub undeployed_when: Option<UndeployedWhen>,
    /// Which exports dependents wait for.
    pub wait_for: Option<WaitFor>,
    /// Which references a member may make.
    pub references: Option<References>,
    /// What makes a deployment `failed`.
    pub fail_on: Option<FailOn>,
    /// Where the nodes of recipes come from.
    pub node_pools: Option<NodePools>,
    /// The domain that public endpoints stand under.
    pub endpoint_domain: Option<String>,
    /// The image that copies object storage into a pod.
    pub storage_image: Option<String>,
    /// Failed pods that a job outlives.
    pub job_backoff_limit: Option<u32>,
    /// How long a node pool takes to come.
    pub provisioning: Option<Distribution>,
}

/// The label of a node that says which of several clusters it is in.
pub const CLUSTER_LABEL: &str = "greenroom.dev/cluster";

/// The cluster of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Where it stands.
    pub place: Place,
    /// The names of the clusters, if there are several: parts of one in which each node is in one of them, by the label
    /// [`CLUSTER_LABEL`].
    pub names: Vec<String>,
    /// Its nodes, in the order of the file.
    pub nodes: Vec<NodeEntry>,
    /// The scheduler.
    pub scheduler: SchedulerProfile,
    /// The batch schedulers beside it.
    pub batch_schedulers: Vec<BatchProfile>,
    /// How long a pool of nodes takes to come; `None`: as the profile has it.
    pub provisioning: Option<Distribution>,
    /// The most nodes of a shape that the provider has; a shape that is not here is not limited.
    pub capacity: BTreeMap<String, u32>,
    /// Bandwidth of image pulls, in bytes a second, of nodes that do not set their own.
    pub bandwidth: Option<u64>,
    /// Namespaces that are there from the start.
    pub namespaces: Vec<String>,
    /// Which of several pools that would help grows.
    pub expander: Expander,
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
    /// Other resources that pods can ask for, by name: what a live cluster lists.
    pub extended: BTreeMap<String, u64>,
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
    /// The fewest and the most nodes of a pool that grows and shrinks.
    pub autoscale: Option<[u32; 2]>,
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

impl NodeNaming {
    /// How many nodes there are from the start.
    pub const fn count(&self) -> u32 {
        match self {
            NodeNaming::One(_) => 1,
            NodeNaming::Pool { count, .. } => *count,
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        match self {
            NodeNaming::One(name) => vec![name.clone()],
            NodeNaming::Pool { pool, count } => (0..*count).map(|ordinal| format!("{pool}-{ordinal}")).collect(),
        }
    }
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
    /// Plain Kubernetes manifests.
    Kubernetes,
    /// Backend.AI.
    BackendAi,
    /// Services of PaaSTA.
    Paasta,
    /// Graphs of NVIDIA Dynamo.
    Dynamo,
    /// 1Backend's Deploy Svc.
    OneBackend,
}

impl SystemName {
    /// True if operators apply documents of it while it runs.
    pub const fn applies_documents(self) -> bool {
        match self {
            SystemName::Kubernetes | SystemName::Dynamo | SystemName::OneBackend => true,
            SystemName::Oci | SystemName::BackendAi | SystemName::Paasta => false,
        }
    }

    /// The name as a scenario writes it.
    pub const fn text(self) -> &'static str {
        match self {
            SystemName::Oci => "oci",
            SystemName::Kubernetes => "kubernetes",
            SystemName::BackendAi => "backendai",
            SystemName::Paasta => "paasta",
            SystemName::Dynamo => "dynamo",
            SystemName::OneBackend => "onebackend",
        }
    }

    /// True if its documents are folders.
    pub const fn reads_folders(self) -> bool {
        matches!(self, SystemName::Paasta)
    }

    /// True if operators act on the system's own objects, beside those of Kubernetes.
    pub const fn has_actions(self) -> bool {
        match self {
            SystemName::Oci | SystemName::Kubernetes => false,
            SystemName::BackendAi => true,
            SystemName::Paasta | SystemName::Dynamo | SystemName::OneBackend => true,
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
    /// The document itself, under a name that leads to it from where the user stands; empty for a folder.
    pub source: Source,
    /// The files of a document that is a folder.
    pub files: Vec<Source>,
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
    /// How many pods of the row must have nodes before any of them begins.
    pub together: Option<u32>,
    /// From the container's start to serving.
    pub start: Option<Distribution>,
    /// From readiness to being registered where those who send requests look it up.
    pub register: Option<Distribution>,
    /// How long the container of a Job runs.
    pub run: Option<Distribution>,
    /// The exit code of the container of a Job.
    pub exit: Option<u8>,
    /// Whether it crashes by itself.
    pub crash: Option<Crash>,
    /// How long it takes to stop once asked.
    pub stop: Option<Distribution>,
    /// What the workload uses, by metric, in the order of time.
    pub metrics: BTreeMap<String, Vec<Load>>,
    /// What measurements of an analysis say, in the order of time.
    pub measurements: Vec<(Time, AnalysisPhase)>,
    /// How steps of a pipeline build.
    pub build: Option<Build>,
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
    /// The name of the AnalysisTemplate.
    pub analysis: Option<String>,
    /// The name of its metric.
    pub metric: Option<String>,
    /// The name of a pipeline's step.
    pub step: Option<String>,
    /// The name of a definition that an image is built for.
    pub definition: Option<String>,
}

/// How a step of a pipeline that builds goes.
#[derive(Clone, PartialEq, Debug)]
pub struct Build {
    /// How long it takes; `None`: as the system has it.
    pub length: Option<Distribution>,
    /// It fails.
    pub fails: bool,
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
