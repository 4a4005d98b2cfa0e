//! Single writes and reads, as a trigger or a search names them: whose, of what, and on which side of them something is to happen.
//! What counts as a write or a read of which system stands in docs/faults.md; the counting is a world's.

use super::api_fault::{About, ApiFault};
use crate::kernel::{Duration, Time};
use crate::timeline::{Kind, Subject};

/// One of Kubernetes' own controllers whose writes and reads can be told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BuiltIn {
    /// Of Deployments.
    Deployment,
    /// Of ReplicaSets.
    ReplicaSet,
    /// Of StatefulSets.
    StatefulSet,
    /// Of DaemonSets.
    DaemonSet,
    /// Of Jobs.
    Job,
    /// Of CronJobs.
    CronJob,
    /// Of HorizontalPodAutoscalers.
    HorizontalPodAutoscaler,
    /// The scheduler.
    Scheduler,
}

/// A process that Kubernetes' own controllers live in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Process {
    /// `kube-controller-manager`: all but the scheduler.
    ControllerManager,
    /// `kube-scheduler`.
    Scheduler,
}

impl Process {
    /// Both.
    pub const ALL: [Process; 2] = [Process::ControllerManager, Process::Scheduler];

    /// Its name.
    pub const fn text(self) -> &'static str {
        match self {
            Process::ControllerManager => "kube-controller-manager",
            Process::Scheduler => "kube-scheduler",
        }
    }

    /// The process of this name.
    pub fn parse(text: &str) -> Option<Process> {
        Process::ALL.into_iter().find(|process| process.text() == text)
    }
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 8] = [
        BuiltIn::Deployment,
        BuiltIn::ReplicaSet,
        BuiltIn::StatefulSet,
        BuiltIn::DaemonSet,
        BuiltIn::Job,
        BuiltIn::CronJob,
        BuiltIn::HorizontalPodAutoscaler,
        BuiltIn::Scheduler,
    ];

    /// Its name, as a scenario has it.
    pub const fn text(self) -> &'static str {
        match self {
            BuiltIn::Deployment => "deployment",
            BuiltIn::ReplicaSet => "replicaset",
            BuiltIn::StatefulSet => "statefulset",
            BuiltIn::DaemonSet => "daemonset",
            BuiltIn::Job => "job",
            BuiltIn::CronJob => "cronjob",
            BuiltIn::HorizontalPodAutoscaler => "horizontalpodautoscaler",
            BuiltIn::Scheduler => "scheduler",
        }
    }

    /// Those of this name: one, or all of a process.
    pub fn named(text: &str) -> Vec<BuiltIn> {
        let meant = |one: &BuiltIn| one.text() == text || one.process().text() == text;
        BuiltIn::ALL.into_iter().filter(meant).collect()
    }

    /// The process that it lives in.
    pub const fn process(self) -> Process {
        match self {
            BuiltIn::Scheduler => Process::Scheduler,
            _ => Process::ControllerManager,
        }
    }
}

/// Who writes or reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Actor {
    /// One of Kubernetes' own controllers.
    BuiltIn(BuiltIn),
    /// A system, by its number in the world.
    System(usize),
}

/// The side of a write or a read on which something happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Edge {
    /// The write was decided on, and is not done.
    BeforeWrite,
    /// The write is done, and nobody knows of it: not who watches, and not who wrote.
    AfterWrite,
    /// Nothing was read yet.
    BeforeRead,
    /// What was read decides what comes next, of which nothing is done.
    AfterRead,
}

impl Edge {
    /// The key as a scenario writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Edge::BeforeWrite => "before_write",
            Edge::AfterWrite => "after_write",
            Edge::BeforeRead => "before_read",
            Edge::AfterRead => "after_read",
        }
    }

    /// True for a write.
    pub const fn is_of_writes(self) -> bool {
        matches!(self, Edge::BeforeWrite | Edge::AfterWrite)
    }
}

/// What is written or read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accessed {
    /// Anything.
    Anything,
    /// Durable records of a system.
    Records,
    /// Objects of a kind.
    Kind(Kind),
    /// One object.
    Object(Subject),
}

impl Accessed {
    /// True if this is meant; no key is a record's.
    pub fn means(self, key: Option<Subject>) -> bool {
        match (self, key) {
            (Accessed::Anything, _) | (Accessed::Records, None) => true,
            (Accessed::Kind(kind), Some(key)) => kind == key.kind,
            (Accessed::Object(object), Some(key)) => object == key,
            _ => false,
        }
    }
}

/// A point of a run: the n-th write or read of something by somebody, and the side of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessPoint {
    /// Which side.
    pub edge: Edge,
    /// Of what.
    pub what: Accessed,
    /// By whom; nobody: by anybody.
    pub by: Vec<Actor>,
    /// The how many-th, from 1, counted from when the point is set.
    pub nth: u32,
    /// How long afterwards.
    pub after: Duration,
    /// The system that ends there: what is left of its turn is not done.
    pub ends: Option<usize>,
}

impl AccessPoint {
    /// True if this write or read is one that counts.
    pub fn means(&self, by: Actor, key: Option<Subject>) -> bool {
        self.what.means(key) && (self.by.is_empty() || self.by.contains(&by))
    }
}

/// A write or read that took place, of a world that keeps them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// When.
    pub at: Time,
    /// True for a write.
    pub is_write: bool,
    /// By whom.
    pub by: Actor,
    /// Of what; nothing is a record.
    pub key: Option<Subject>,
}

/// A point in the API of a control plane that keeps resources of its own: its controllers count it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnPoint {
    /// By which whoever drives the world is called.
    pub token: u64,
    /// Which side.
    pub edge: Edge,
    /// Of what.
    pub about: About,
    /// By which of its controllers; `None`: by any of them, or an operator.
    pub controller: Option<String>,
    /// The how many-th, from 1, counted from when the point is set.
    pub nth: u32,
    /// How long afterwards.
    pub after: Duration,
    /// What goes wrong there with this very write, or those of this very turn.
    pub fault: Option<ApiFault>,
}
