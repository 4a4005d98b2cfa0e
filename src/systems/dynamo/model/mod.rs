//! What Dynamo's documents ask for, after conversion to one shape: that of `v1beta1`. What differs between the versions of the API is
//! kept where it decides something. How documents are read, and what becomes of them, is not known here.
//! Source of the shapes: ai-dynamo/dynamo, deploy/operator/api/v1beta1 and v1alpha1, chart 1.5.0.

mod component;
mod request;

use std::collections::BTreeMap;

pub use component::*;
pub use request::*;

use super::status::{AdapterStatus, CheckpointStatus, ComponentStatus, GraphStatus, ModelStatus, RequestStatus};
use crate::kernel::Duration;
use crate::workload::storage::ClaimSpec;
use crate::workload::{JobSpec, Written};

/// Annotations and labels, by key.
pub type Table = BTreeMap<String, String>;

/// The version of the API that a document was written in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ApiVersion {
    /// `nvidia.com/v1alpha1`.
    V1Alpha1,
    /// `nvidia.com/v1beta1`.
    #[default]
    V1Beta1,
}

impl ApiVersion {
    /// As documents write it, without the group.
    pub const fn text(self) -> &'static str {
        match self {
            ApiVersion::V1Alpha1 => "v1alpha1",
            ApiVersion::V1Beta1 => "v1beta1",
        }
    }
}

/// One object of Dynamo: its spec and its status. Names, labels and annotations are the store's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resource {
    /// A DynamoGraphDeployment.
    Graph(Box<Graph>),
    /// A DynamoComponentDeployment.
    Component(Box<ComponentDeployment>),
    /// A DynamoGraphDeploymentRequest.
    Request(Box<Request>),
    /// A DynamoGraphDeploymentScalingAdapter.
    Adapter(Adapter),
    /// A DynamoModel.
    Model(Model),
    /// A DynamoCheckpoint.
    Checkpoint(Checkpoint),
    /// A DynamoWorkerMetadata: what a worker says of itself. Nobody here reads it.
    WorkerMetadata,
}

/// A DynamoGraphDeployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Graph {
    /// What is asked for.
    pub spec: GraphSpec,
    /// What the operator wrote last.
    pub status: GraphStatus,
}

/// A DynamoComponentDeployment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ComponentDeployment {
    /// What is asked for.
    pub spec: ComponentDeploymentSpec,
    /// What the operator wrote last.
    pub status: ComponentStatus,
}

/// A DynamoGraphDeploymentRequest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// What is asked for.
    pub spec: RequestSpec,
    /// What the operator wrote last.
    pub status: RequestStatus,
}

/// A DynamoGraphDeploymentScalingAdapter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adapter {
    /// What is asked for.
    pub spec: AdapterSpec,
    /// What the operator wrote last.
    pub status: AdapterStatus,
}

/// A DynamoModel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Model {
    /// What is asked for.
    pub spec: ModelSpec,
    /// What the operator wrote last.
    pub status: ModelStatus,
}

/// A DynamoCheckpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// What is asked for.
    pub spec: CheckpointSpec,
    /// What the operator wrote last.
    pub status: CheckpointStatus,
}

/// What a graph asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GraphSpec {
    /// The version that the document was written in.
    pub api: ApiVersion,
    /// The framework; `None`: detected from the commands of the workers.
    pub backend: Option<Backend>,
    /// `spec.annotations`, for all components; a component's own win.
    pub annotations: Table,
    /// `spec.labels`, for all components; a component's own win.
    pub labels: Table,
    /// The priority class of the gangs; Grove alone knows it.
    pub priority_class: String,
    /// Where the gangs are packed; Grove alone knows it.
    pub topology: Option<Topology>,
    /// `experimental.kvTransferPolicy`, as one number: it may not be changed.
    pub kv_transfer: Option<u64>,
    /// `providerOverride`, as one number. What it says has no effect here.
    pub provider_override: Option<u64>,
    /// A restart that is asked for.
    pub restart: Option<Restart>,
    /// Claims of volumes that the graph makes or names (`pvcs` of v1alpha1).
    pub claims: Vec<GraphClaim>,
    /// The graph as the API keeps it, without its components, to be shown.
    pub written: Written,
    /// The components: in the order of the document, of v1alpha1 in the order of their names.
    pub components: Vec<Component>,
}

/// The framework that runs the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Backend {
    /// SGLang.
    Sglang,
    /// vLLM.
    Vllm,
    /// TensorRT-LLM.
    Trtllm,
}

impl Backend {
    /// As documents write it.
    pub const fn text(self) -> &'static str {
        match self {
            Backend::Sglang => "sglang",
            Backend::Vllm => "vllm",
            Backend::Trtllm => "trtllm",
        }
    }

    /// The framework of this name.
    pub fn parse(text: &str) -> Option<Backend> {
        [Backend::Sglang, Backend::Vllm, Backend::Trtllm].into_iter().find(|one| one.text() == text)
    }
}

/// Where pods are packed together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Topology {
    /// The ClusterTopology that names the levels; empty for a component, whose graph says it.
    pub name: String,
    /// The level within which all pods stand (`rack`); `None`: no constraint at this place.
    pub pack_domain: Option<String>,
}

/// A restart of components, one after the other or all at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restart {
    /// Another id is another restart.
    pub id: String,
    /// True for `Parallel`.
    pub parallel: bool,
    /// The order; empty: by name.
    pub order: Vec<String>,
}

/// A claim that a graph names in `pvcs`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GraphClaim {
    /// Its name.
    pub name: String,
    /// What is claimed, if the graph makes it (`create: true`).
    pub create: Option<ClaimSpec>,
}

/// What a scaling adapter asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AdapterSpec {
    /// How many replicas its component is to have.
    pub replicas: u32,
    /// The graph.
    pub graph: String,
    /// The component.
    pub component: String,
}

/// What a DynamoModel asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelSpec {
    /// Its name.
    pub name: String,
    /// The model that the workers serve.
    pub base: String,
    /// What it is.
    pub kind: ModelType,
    /// Where it is loaded from.
    pub uri: String,
}

/// What a DynamoModel is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ModelType {
    /// A model that the workers have loaded themselves.
    #[default]
    Base,
    /// Weights beside a base model, loaded into each worker.
    Lora,
    /// Any other adapter of a base model.
    Adapter,
}

impl ModelType {
    /// As documents write it.
    pub const fn text(self) -> &'static str {
        match self {
            ModelType::Base => "base",
            ModelType::Lora => "lora",
            ModelType::Adapter => "adapter",
        }
    }
}

/// What a DynamoCheckpoint asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckpointSpec {
    /// What is to be captured, as one number: equal identities share a checkpoint.
    pub identity: u64,
    /// The model of that identity.
    pub model: String,
    /// The framework of that identity.
    pub backend: Backend,
    /// The Job that captures it.
    pub job: JobSpec,
    /// How long that may take.
    pub deadline: Duration,
    /// The checkpoint as the API keeps it, to be shown.
    pub written: Written,
}
