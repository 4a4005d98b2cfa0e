//! What Dynamo's documents ask for of one component of a graph.

use std::sync::Arc;

use super::{ApiVersion, Backend, Table, Topology};
use crate::workload::{PodTemplate, Written};

/// What a component does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ComponentType {
    /// Takes requests in.
    Frontend,
    /// Serves a model, both phases of it.
    Worker,
    /// Serves the first phase.
    Prefill,
    /// Serves the second phase.
    Decode,
    /// Scales the others.
    Planner,
    /// Picks workers for a gateway.
    Epp,
    /// Any other word of v1alpha1, and none: it gets the defaults that all have.
    Other(String),
}

impl ComponentType {
    /// The type that documents write as `text`.
    pub fn parse(text: &str) -> ComponentType {
        match text {
            "frontend" => ComponentType::Frontend,
            "worker" => ComponentType::Worker,
            "prefill" => ComponentType::Prefill,
            "decode" => ComponentType::Decode,
            "planner" => ComponentType::Planner,
            "epp" => ComponentType::Epp,
            other => ComponentType::Other(other.to_owned()),
        }
    }

    /// As documents write it; empty if they say nothing.
    pub fn text(&self) -> &str {
        match self {
            ComponentType::Frontend => "frontend",
            ComponentType::Worker => "worker",
            ComponentType::Prefill => "prefill",
            ComponentType::Decode => "decode",
            ComponentType::Planner => "planner",
            ComponentType::Epp => "epp",
            ComponentType::Other(text) => text,
        }
    }

    /// True for those that serve a model: deploy/operator/internal/dynamo/graph.go, IsWorkerComponent.
    pub const fn is_worker(&self) -> bool {
        matches!(self, ComponentType::Worker | ComponentType::Prefill | ComponentType::Decode)
    }
}

/// A component of a graph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// What it does.
    pub component_type: ComponentType,
    /// `subComponentType` of v1alpha1; empty elsewhere.
    pub sub_type: String,
    /// How many replicas; 1 where the document says nothing.
    pub replicas: u32,
    /// True if the document says how many: without it `apply` leaves them as they are.
    pub says_replicas: bool,
    /// How many replicas must be there at least; Grove alone knows it.
    pub min_available: Option<u32>,
    /// Nodes of one replica, a pod on each; `None`: it is not multinode.
    pub nodes: Option<u32>,
    /// Whether a scaling adapter is made for it, as the version of the operator decides.
    pub scaling_adapter: bool,
    /// The pod of the component with the operator's defaults; of a multinode component that of a leader, before its framework's
    /// changes. `template::pod` gives the pod of a role.
    pub template: Arc<PodTemplate>,
    /// Why Kubernetes refuses such pods, if it does: whoever creates their workload fails.
    pub refusal: Option<String>,
    /// Annotations of its pods, and those that change what the operator does.
    pub annotations: Table,
    /// The namespace in Dynamo's own sense is the one that all graphs share.
    pub global_namespace: bool,
    /// Where its pods are packed.
    pub topology: Option<Topology>,
    /// The model that it serves, by which a DynamoModel finds its pods.
    pub model: Option<ModelRef>,
    /// Claims of devices beside the GPUs that its containers ask for.
    pub claims: Vec<DeviceClaim>,
    /// A GPU memory service beside its pods.
    pub memory_service: Option<MemoryService>,
    /// Shadows that take over when an engine fails.
    pub failover: Option<Failover>,
    /// Starts from a checkpoint.
    pub checkpoint: Option<CheckpointUse>,
    /// Rendered as a PodCliqueScalingGroup though it has one node.
    pub force_scaling_group: bool,
    /// It says what an endpoint picker reads.
    pub has_epp_config: bool,
    /// The words of the main container's command and arguments that decide how several nodes work together. They are never shown.
    pub launch: Launch,
    /// All that makes a new generation of workers when it is changed, as one number: neither replicas nor adapters nor the least
    /// that must be available.
    pub fingerprint: u64,
    /// The component as the API keeps it, to be shown.
    pub written: Written,
}

impl Component {
    /// Pods of one replica.
    pub fn nodes_each(&self) -> u32 {
        self.nodes.unwrap_or(1)
    }

    /// True for one whose replicas have several nodes.
    pub const fn is_multinode(&self) -> bool {
        self.nodes.is_some()
    }
}

/// What the command of a main container tells of how its nodes work together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Launch {
    /// The framework whose program is called, if one is.
    pub backend: Option<Backend>,
    /// vLLM on several nodes starts processes itself (`mp`), and its workers wait for the leader's port; else Ray starts them.
    pub multiprocessing: bool,
}

/// A model by its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModelRef {
    /// Its name.
    pub name: String,
    /// A revision of it; empty: any.
    pub revision: String,
}

/// A claim of devices by their class.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeviceClaim {
    /// The name in the pod.
    pub name: String,
    /// The ResourceClaim or the template of one.
    pub of: String,
    /// True for a template, of which each pod gets a claim of its own.
    pub is_template: bool,
}

/// Where something beside the engine runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Beside {
    /// In the engine's pod.
    #[default]
    IntraPod,
    /// In a pod of its own.
    InterPod,
}

/// A GPU memory service: it holds the weights, and engines come and go.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MemoryService {
    /// Where it runs.
    pub mode: Beside,
    /// The class of the devices that are claimed for it.
    pub device_class: String,
}

/// Engines that stand by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Failover {
    /// Where they run.
    pub mode: Beside,
    /// How many.
    pub shadows: u32,
}

/// How a component uses checkpoints.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CheckpointUse {
    /// True if pods are not made before the checkpoint is ready (`WaitForCheckpoint`).
    pub waits: bool,
    /// A DynamoCheckpoint that is there; empty: one is made.
    pub reference: String,
}

/// What a DynamoComponentDeployment asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ComponentDeploymentSpec {
    /// The version that the document was written in.
    pub api: ApiVersion,
    /// The framework.
    pub backend: Option<Backend>,
    /// The component.
    pub component: Component,
}
