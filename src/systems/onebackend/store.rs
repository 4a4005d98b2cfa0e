//! What the Deploy Svc and the Registry Svc keep: rows of deployments, definitions, nodes and instances. It is what the services
//! believe; what runs, only the world knows. Who changes a row is the loops' concern.
//! Source: 1backend/1backend 1305defcf2, server/internal/services/deploy/types and server/internal/services/registry/types.

use std::collections::BTreeMap;

use super::model::{Definition, Deployment};
use super::profile::{NodeFacts, Options};
use crate::kernel::Time;
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::World;

/// The status of a deployment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum DeploymentStatus {
    /// It runs.
    Ok,
    /// It failed and is tried again.
    Error,
    /// It was saved, and nothing was done yet.
    #[default]
    Pending,
    /// It failed for good.
    Failed,
    /// It is being worked on.
    Deploying,
}

impl DeploymentStatus {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            DeploymentStatus::Ok => "OK",
            DeploymentStatus::Error => "Error",
            DeploymentStatus::Pending => "Pending",
            DeploymentStatus::Failed => "Failed",
            DeploymentStatus::Deploying => "Deploying",
        }
    }

    /// The word of the timeline.
    pub const fn state(self) -> &'static str {
        match self {
            DeploymentStatus::Ok => "ok",
            DeploymentStatus::Error => "error",
            DeploymentStatus::Pending => "pending",
            DeploymentStatus::Failed => "failed",
            DeploymentStatus::Deploying => "deploying",
        }
    }
}

/// The status of an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum InstanceStatus {
    /// Nobody looked yet.
    #[default]
    Unknown,
    /// It answers.
    Healthy,
    /// It answers slowly.
    Degraded,
    /// It does not answer.
    Unreachable,
    /// No code sets this.
    Error,
}

impl InstanceStatus {
    /// The word of the API.
    pub const fn text(self) -> &'static str {
        match self {
            InstanceStatus::Unknown => "Unknown",
            InstanceStatus::Healthy => "Healthy",
            InstanceStatus::Degraded => "Degraded",
            InstanceStatus::Unreachable => "Unreachable",
            InstanceStatus::Error => "Error",
        }
    }

    /// The word of the timeline.
    pub const fn state(self) -> &'static str {
        match self {
            InstanceStatus::Unknown => "unknown",
            InstanceStatus::Healthy => "healthy",
            InstanceStatus::Degraded => "degraded",
            InstanceStatus::Unreachable => "unreachable",
            InstanceStatus::Error => "error",
        }
    }
}

/// A row of the Deploy Svc.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentRow {
    /// As the timeline names it.
    pub subject: Subject,
    /// What was saved last.
    pub spec: Deployment,
    /// Its status.
    pub status: DeploymentStatus,
    /// What is said of its status.
    pub details: String,
    /// What led to its status.
    pub cause: Cause,
}

/// A row of the registry: an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceRow {
    /// Its id, which is its name in the timeline too.
    pub id: String,
    /// As the timeline names it.
    pub subject: Subject,
    /// The deployment that it is of; empty: it registered itself.
    pub deployment_id: String,
    /// Where it answers.
    pub url: String,
    /// The URL of its node; empty where nobody stored it.
    pub node_url: String,
    /// Its status.
    pub status: InstanceStatus,
    /// What is said of its status.
    pub details: String,
    /// The slug of the account that owns it; empty: it registered no slug.
    pub slug: String,
    /// True while it answers scans.
    pub heard: bool,
    /// While it answers: when it first did in a row; else when it last did; `None`: never.
    pub last_heartbeat: Option<Time>,
}

/// A row of the registry: a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeRow {
    /// Its id.
    pub id: String,
    /// As the timeline names it.
    pub subject: Subject,
    /// Where its services answer.
    pub url: String,
    /// What it tells of itself.
    pub facts: NodeFacts,
    /// True while its heartbeats come.
    pub heard: bool,
    /// While it is heard: when the first of its heartbeats in a row came; else when the last one did.
    pub last_heartbeat: Time,
    /// What its heartbeats began or ended with.
    pub cause: Cause,
}

/// All rows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Store {
    /// Deployments, in the order of their first save.
    pub deployments: Vec<DeploymentRow>,
    /// Definitions by id.
    pub definitions: BTreeMap<String, Definition>,
    /// Instances, in the order of their registration.
    pub instances: Vec<InstanceRow>,
    /// Nodes, in the order in which they were first heard of.
    pub nodes: Vec<NodeRow>,
}

impl Store {
    /// The position of a deployment.
    pub fn deployment(&self, id: &str) -> Option<usize> {
        self.deployments.iter().position(|row| row.spec.id == id)
    }

    /// Saves a deployment: a new one is Pending, an old one keeps its status and details. Nothing is written of it.
    /// Source: 1backend/1backend 1305defcf2, server/internal/services/deploy/http_save_deployments.go, saveDeployment.
    pub fn save(&mut self, mut spec: Deployment, cause: Cause, world: &mut dyn World) -> usize {
        if spec.replicas == 0 {
            spec.replicas = 1;
        }
        if let Some(known) = self.deployment(&spec.id) {
            self.deployments[known].spec = spec;
            return known;
        }
        let subject = Subject::new(Kind::Member, world.name(&spec.id));
        let status = DeploymentStatus::Pending;
        self.deployments.push(DeploymentRow { subject, spec, status, details: String::new(), cause });
        self.deployments.len() - 1
    }
}

impl InstanceRow {
    /// When it last answered a scan, as of now.
    pub fn heartbeat_at(&self, now: Time, options: &Options) -> Option<Time> {
        let at = self.last_heartbeat?;
        let interval = options.scan_interval;
        let since = if self.heard { now.since(at).nanos() / interval.nanos() } else { 0 };
        Some(at + interval * since)
    }

    /// What a scan made of it, which is written down if it is something else than before.
    pub fn scanned(&mut self, status: InstanceStatus, cause: Cause, options: &Options, world: &mut dyn World) -> Cause {
        let heard = matches!(status, InstanceStatus::Healthy | InstanceStatus::Degraded);
        if heard != self.heard {
            let now = world.now();
            // The scan that gets no answer is no heartbeat.
            self.last_heartbeat = if heard { Some(now) } else { self.heartbeat_at(now.before(), options) };
            self.heard = heard;
        }
        if self.status == status {
            return cause;
        }
        self.status = status;
        Cause::Entry(world.note(self.subject, status.state(), Why::NONE, cause))
    }
}

impl DeploymentRow {
    /// Gives it a status and what is said of it, and writes that down if it is another.
    pub fn become_status(&mut self, status: DeploymentStatus, details: &str, cause: Cause, world: &mut dyn World) {
        if self.status == status && self.details == details {
            return;
        }
        self.status = status;
        details.clone_into(&mut self.details);
        self.tell(cause, world);
    }

    /// Writes its status down, and why it has it.
    pub fn tell(&mut self, cause: Cause, world: &mut dyn World) {
        let why = if self.details.is_empty() { Why::NONE } else { Why::symbol(world.intern(&self.details)) };
        self.cause = Cause::Entry(world.note(self.subject, self.status.state(), why, cause));
    }
}
