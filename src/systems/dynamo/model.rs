//! What Dynamo's documents ask for, after conversion to one shape: that of `v1beta1`. What differs between the versions of the API is
//! kept where it decides something. How documents are read, and what becomes of them, is not known here.
//! Source of the shapes: ai-dynamo/dynamo, deploy/operator/api/v1beta1 and v1alpha1, chart 1.5.0.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::status::{AdapterStatus, CheckpointStatus, ComponentStatus, GraphStatus, ModelStatus, RequestStatus};
use crate::kernel::Duration;
use crate::workload::storage::ClaimSpec;
use crate::workload::{JobSpec, PodTemplate};

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
    /// Claims of devices beside its GPUs, which no plain node has.
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

/// What a request asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestSpec {
    /// The version that the document was written in.
    pub api: ApiVersion,
    /// The model.
    pub model: String,
    /// `auto`, or a framework.
    pub backend: Option<Backend>,
    /// Whether the graph is applied once it is found; else it waits to be applied by hand.
    pub auto_apply: bool,
    /// True for `thorough`: the sweep is run on GPUs.
    pub thorough: bool,
    /// True if a mocker stands in for the engines of the graph.
    pub mocker: bool,
    /// The profiling Job, with the operator's defaults.
    pub job: JobSpec,
    /// A ConfigMap that the profiler reads, as name and key.
    pub config_map: Option<(String, String)>,
    /// The claim of the model's cache.
    pub model_cache: Option<String>,
    /// What is set of the hardware: without it the operator looks at the nodes.
    pub hardware: Hardware,
    /// Name, namespace, labels and annotations of the graph, where the request says them (`deploymentOverrides` of v1alpha1).
    pub graph: GraphMeta,
    /// True if the profiler measures on GPUs; else it computes. The Job's name tells it with chart 0.8.0.
    pub online: bool,
    /// The image of the profiler is known: without it no Job is made.
    pub has_image: bool,
    /// All of the spec as one number: in some phases it may not be changed.
    pub fingerprint: u64,
}

/// What is known of the hardware without looking.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hardware {
    /// The GPU's model, in the words of the profiler.
    pub gpu_sku: String,
    /// Its memory is given.
    pub says_memory: bool,
    /// GPUs that may be used.
    pub gpus: Option<u32>,
    /// GPUs of a node.
    pub gpus_per_node: Option<u32>,
}

/// What a request says of its graph.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GraphMeta {
    /// The graph's name; `None`: that of the request's making.
    pub name: Option<String>,
    /// The graph's namespace; `None`: that of the request.
    pub namespace: Option<String>,
    /// Labels that are added.
    pub labels: Table,
    /// Annotations that are added.
    pub annotations: Table,
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
}
