//! What a scenario does to a run: faults and an operator's actions, and what sets them off.

use crate::kernel::{Duration, Time};
use crate::text::{Place, Source};
use crate::workload::{ApiTrouble, Edge, NodeDisruption, Process, Store};

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
    /// At a write or a read.
    Access(AccessTrigger),
}

/// A single write or read that sets something off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessTrigger {
    /// Which side of it.
    pub edge: Edge,
    /// What is written or read: a kind, a subject, or [`RECORD`]; `None`: anything.
    pub object: Option<String>,
    /// By whom: a controller or a system, or the name of a group, deployment or document; `None`: by anybody.
    pub by: Option<String>,
    /// The how many-th, from 1.
    pub occurrence: u32,
    /// How long afterwards.
    pub after: Duration,
}

/// The word for durable records, where an object can stand.
pub const RECORD: &str = "record";

impl AccessTrigger {
    /// What it waits for, in words: `before_write of Pod by replicaset`.
    pub fn describe(&self) -> String {
        let object = self.object.as_deref().unwrap_or("any");
        let by = self.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        format!("{} of {object}{by}", self.edge.text())
    }
}

/// What happens with a subject at an instant comes behind its peers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TieEntry {
    /// Where it stands.
    pub place: Place,
    /// The instant.
    pub at: Time,
    /// The subject.
    pub subject: String,
    /// Behind all with a lower number; from 1 to 1023.
    pub tie: u16,
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
    /// Images of a definition cannot be built.
    ImageBuildFail {
        /// The definition, by its name.
        definition: String,
        /// How many times; `None`: always.
        times: Option<u32>,
    },
    /// The controller of a system ends and is started again.
    ControllerRestart {
        /// A group or deployment of its document.
        of: String,
        /// How long it is away.
        lasts: Duration,
    },
    /// A process of Kubernetes' own controllers ends and is started again.
    ProcessRestart {
        /// Which.
        process: Process,
        /// How long it is away.
        lasts: Duration,
    },
    /// The clock of a node is wrong.
    ClockSkew {
        /// Which node.
        target: Target,
        /// By how much.
        by: Duration,
        /// True: it shows what is to come; false: what was.
        ahead: bool,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Watches or writes of controllers go wrong.
    Api(ApiEntry),
    /// A store in which pods are registered cannot be reached.
    StoreOutage {
        /// Which.
        store: Store,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// What watches a rollout sees a failure.
    Alarm {
        /// A step, a deploy group or a service.
        of: String,
        /// True: alerts fire; false: service level objectives are missed.
        alert: bool,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Readiness probes fail, again and again.
    ReadinessFlap {
        /// Of which pods.
        target: Target,
        /// How long they fail each time.
        lasts: Duration,
        /// From the start of one failure to the start of the next.
        every: Duration,
        /// How often.
        times: u32,
    },
    /// The quota of a namespace is used up by others.
    QuotaExhausted {
        /// The namespace.
        namespace: String,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Something is done to a node as a whole.
    Node {
        /// Which.
        target: Target,
        /// What.
        what: NodeDisruption,
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

/// A fault of watches or writes: where it strikes, and what goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiEntry {
    /// A group, deployment or document of the control plane; `None`: any.
    pub of: Option<String>,
    /// Whose reads or writes; `None`: those of all controllers.
    pub controller: Option<String>,
    /// A kind or a subject that is read or written; `None`: any.
    pub object: Option<String>,
    /// What goes wrong.
    pub trouble: ApiTrouble,
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
            FaultKind::ImageBuildFail { .. } => "image_build_fail",
            FaultKind::ControllerRestart { .. } | FaultKind::ProcessRestart { .. } => "controller_restart",
            FaultKind::ClockSkew { .. } => "clock_skew",
            FaultKind::Api(entry) => match entry.trouble {
                ApiTrouble::Lag { .. } => "watch_lag",
                ApiTrouble::MissedEvent { .. } => "missed_event",
                ApiTrouble::Conflict { .. } => "api_conflict",
                ApiTrouble::Error { .. } => "api_error",
                ApiTrouble::WebhookDown { .. } => "webhook_down",
                ApiTrouble::Restart { .. } => "controller_restart",
            },
            FaultKind::StoreOutage { .. } => "store_outage",
            FaultKind::Alarm { alert: false, .. } => "slo_failure",
            FaultKind::Alarm { alert: true, .. } => "alert_failure",
            FaultKind::ReadinessFlap { .. } => "readiness_flap",
            FaultKind::QuotaExhausted { .. } => "quota_exhausted",
            FaultKind::Node { what, .. } => node_fault(what),
            FaultKind::GpuLoss { .. } => "gpu_loss",
        }
    }
}

/// The name of a fault that strikes a node, as a scenario writes it.
const fn node_fault(what: &NodeDisruption) -> &'static str {
    match what {
        NodeDisruption::Silent { .. } => "node_silent",
        NodeDisruption::Cordon { .. } => "cordon",
        NodeDisruption::Uncordon => "uncordon",
        NodeDisruption::Taint { .. } => "taint",
        NodeDisruption::Untaint { .. } => "untaint",
        NodeDisruption::Drain(_) => "drain",
        NodeDisruption::Shutdown { .. } => "node_shutdown",
        NodeDisruption::Reclaim { .. } => "spot_reclaim",
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
            TargetKind::Workload => {
                &["Deployment", "Job", "StatefulSet", "DaemonSet", "LeaderWorkerSet", "Rollout", "ReplicaSet"]
            }
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
    /// How long before it writes the operator read what it writes; `None`: it is not asked who wrote since.
    pub read: Option<Duration>,
    /// What is done.
    pub kind: ActionKind,
}

/// What an operator does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ActionKind {
    /// Take down a group, a single deployment, or a set of manifests.
    Undeploy(String),
    /// Create or change what manifests describe.
    Apply(ActionDocument),
    /// Make what is there what manifests describe.
    Replace(ActionDocument),
    /// Delete a Kubernetes object.
    Delete(String),
    /// Give workloads other numbers of replicas.
    Scale(Vec<(String, u32)>),
    /// Replace the pods of a workload.
    Restart(String),
    /// Go back to an earlier template of a workload: this revision, or the one before.
    Rollback(String, Option<u32>),
    /// Stop rollouts of a Deployment, or suspend a Job or CronJob.
    Pause(String),
    /// Go on with what was paused.
    Resume(String),
    /// Promote a Rollout; fully if so said.
    Promote(String, bool),
    /// Abort the update of a Rollout.
    Abort(String),
    /// Begin an aborted update again.
    Retry(String),
    /// Open a gate.
    Click(String),
    /// Say that a step is done.
    Complete(String),
    /// Give a step up.
    Abandon(String),
    /// Roll a step forward again.
    Forward(String),
    /// Make a revision the one that a deployment runs.
    Activate(String, String),
    /// Say how much traffic goes to what is being rolled out, in percent.
    Weight(String, u32),
    /// Bring a commit of a service.
    Push(String, String),
    /// Mark a commit for a deploy group.
    Mark(String, String),
}

/// A document that an action names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionDocument {
    /// Its path as the scenario writes it.
    pub document: String,
    /// The document itself.
    pub source: Source,
}

impl ActionKind {
    /// The name of the action as a scenario writes it.
    pub const fn text(&self) -> &'static str {
        match self {
            ActionKind::Undeploy(_) => "undeploy",
            ActionKind::Apply(_) => "apply",
            ActionKind::Replace(_) => "replace",
            ActionKind::Delete(_) => "delete",
            ActionKind::Scale(_) => "scale",
            ActionKind::Restart(_) => "restart",
            ActionKind::Rollback(..) => "rollback",
            ActionKind::Pause(_) => "pause",
            ActionKind::Resume(_) => "resume",
            ActionKind::Promote(..) => "promote",
            ActionKind::Abort(_) => "abort",
            ActionKind::Retry(_) => "retry",
            ActionKind::Click(_) => "click",
            ActionKind::Complete(_) => "complete",
            ActionKind::Abandon(_) => "abandon",
            ActionKind::Forward(_) => "forward",
            ActionKind::Activate(..) => "activate",
            ActionKind::Weight(..) => "weight",
            ActionKind::Push(..) => "push",
            ActionKind::Mark(..) => "mark",
        }
    }

    /// The action and what it is about: `apply web-v2.yaml`, `scale Deployment/web to 4`.
    pub fn describe(&self) -> String {
        let word = self.text();
        match self {
            ActionKind::Undeploy(target)
            | ActionKind::Delete(target)
            | ActionKind::Restart(target)
            | ActionKind::Rollback(target, None)
            | ActionKind::Pause(target)
            | ActionKind::Resume(target)
            | ActionKind::Abort(target)
            | ActionKind::Retry(target)
            | ActionKind::Click(target)
            | ActionKind::Complete(target)
            | ActionKind::Abandon(target)
            | ActionKind::Forward(target)
            | ActionKind::Promote(target, false) => format!("{word} {target}"),
            ActionKind::Promote(target, true) => format!("{word} {target} fully"),
            ActionKind::Rollback(target, Some(revision)) => format!("{word} {target} to revision {revision}"),
            ActionKind::Activate(target, revision) => format!("{word} {revision} of {target}"),
            ActionKind::Weight(target, percent) => format!("{word} of {target} to {percent} %"),
            ActionKind::Push(service, commit) => format!("{word} {commit} of {service}"),
            ActionKind::Mark(group, commit) => format!("{word} {commit} for {group}"),
            ActionKind::Apply(document) | ActionKind::Replace(document) => format!("{word} {}", document.document),
            ActionKind::Scale(sizes) => {
                let sizes: Vec<String> = sizes.iter().map(|(target, count)| format!("{target} to {count}")).collect();
                format!("{word} {}", sizes.join(", "))
            }
        }
    }
}
