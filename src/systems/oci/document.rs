//! A document of OCI AI Blueprints as the rest of the system reads it: what decides how a deployment goes, and nothing else.
//! Values of environment variables and signed links are not here; they stay in the raw text of the recipe.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::text::{Node, Source, Span};
use crate::workload::Probe;

/// What is submitted.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its text.
    pub source: Source,
    /// The group's name; `None` for deployments that stand alone.
    pub group: Option<Named>,
    /// The members of the group, or the single deployments, in the order of the document.
    pub members: Vec<Member>,
}

/// A name and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One deployment of a document.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name in the group; of a single deployment, its deployment name.
    pub name: Named,
    /// The members that must be there first.
    pub depends_on: Vec<Named>,
    /// What it exports.
    pub exports: Vec<Named>,
    /// What to deploy.
    pub recipe: Recipe,
    /// The recipe as it is written.
    pub raw: Raw,
}

/// A recipe as it is written. It holds passwords and signed links, so that it does not show itself.
#[derive(Clone)]
pub struct Raw(pub Arc<Node>);

impl fmt::Debug for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(a recipe)")
    }
}

/// What a recipe is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// A workload that serves.
    #[default]
    Service,
    /// A workload that ends.
    Job,
    /// Labels or a MIG configuration for a node that is there.
    Update,
    /// Nodes that several deployments share.
    SharedNodePool,
    /// A team with quotas.
    Team,
}

impl Mode {
    /// The mode as a document has it.
    pub const fn text(self) -> &'static str {
        match self {
            Mode::Service => "service",
            Mode::Job => "job",
            Mode::Update => "update",
            Mode::SharedNodePool => "shared_node_pool",
            Mode::Team => "team",
        }
    }

    /// True for what runs in pods.
    pub const fn runs_pods(self) -> bool {
        matches!(self, Mode::Service | Mode::Job)
    }
}

/// What a recipe asks for, as far as it decides placement, readiness or order.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    /// What it is for.
    pub mode: Mode,
    /// The deployment's name.
    pub deployment_name: String,
    /// The recipe's id.
    pub recipe_id: Option<String>,
    /// The image.
    pub image: Option<String>,
    /// How many pods.
    pub replicas: u32,
    /// The shape of the nodes that it must run on.
    pub node_shape: Option<String>,
    /// Nodes of its own pool.
    pub node_pool_size: u32,
    /// True if it runs on nodes that others share.
    pub use_shared_pool: bool,
    /// The one shared pool that it runs on.
    pub shared_pool_selector: Option<String>,
    /// NVIDIA GPUs a pod.
    pub nvidia_gpus: u64,
    /// AMD GPUs a pod.
    pub amd_gpus: u64,
    /// A MIG slice a pod, instead of GPUs.
    pub mig_slice: Option<String>,
    /// CPUs a pod.
    pub cpu_count: Option<u64>,
    /// Memory a pod, in GB.
    pub memory_gb: Option<u64>,
    /// Ephemeral storage a pod, in GB.
    pub ephemeral_gb: Option<u64>,
    /// Boot volume of a node of its own pool, in GB.
    pub boot_volume_gb: Option<u64>,
    /// OCPUs of a node of its own pool, for flexible shapes.
    pub flex_ocpus: Option<u64>,
    /// Memory of a node of its own pool in GB, for flexible shapes.
    pub flex_memory_gb: Option<u64>,
    /// The most pods on a node of its own pool.
    pub pods_max: Option<u32>,
    /// The port that the container listens on.
    pub container_port: Option<u16>,
    /// The port of the service; 80 if the recipe has none.
    pub host_port: u16,
    /// True if nothing outside the cluster reaches it.
    pub ingress_disabled: bool,
    /// The domain of its public endpoint.
    pub endpoint_domain: Option<String>,
    /// The first label of its public endpoint.
    pub endpoint_subdomain: Option<String>,
    /// When its containers have started.
    pub startup_probe: Option<Probe>,
    /// Whether its containers are alive.
    pub liveness_probe: Option<Probe>,
    /// Whether its pods are ready.
    pub readiness_probe: Option<Probe>,
    /// Sources that are copied into a pod before it starts.
    pub inputs: u32,
    /// True if its pods are to be scaled by a metric.
    pub scales_pods: bool,
    /// True if its nodes are to be scaled.
    pub scales_nodes: bool,
    /// Nodes that one replica spans.
    pub multinode: Option<u32>,
    /// True if its nodes talk over RDMA.
    pub rdma: bool,
    /// The node that it updates.
    pub node_name: Option<String>,
    /// Labels for nodes.
    pub node_labels: BTreeMap<String, String>,
    /// The MIG configuration for nodes.
    pub mig_config: Option<String>,
    /// The team that it runs for.
    pub team: Option<String>,
    /// The pool that it makes.
    pub pool: SharedPool,
}

impl fmt::Debug for Recipe {
    /// What it is and whose: any text of it may have been resolved from something secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recipe")
            .field("mode", &self.mode)
            .field("name", &self.deployment_name)
            .finish_non_exhaustive()
    }
}

/// The pool that a `shared_node_pool` recipe makes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SharedPool {
    /// The shape of its nodes.
    pub shape: Option<String>,
    /// How many nodes.
    pub size: u32,
    /// Boot volume of a node, in GB.
    pub boot_volume_gb: Option<u64>,
    /// OCPUs of a node, for flexible shapes.
    pub flex_ocpus: Option<u64>,
    /// Memory of a node in GB, for flexible shapes.
    pub flex_memory_gb: Option<u64>,
    /// The name by which recipes ask for just this pool.
    pub selector: Option<String>,
    /// Availability domain and image are given, as RDMA needs them.
    pub has_domain_and_image: bool,
}

impl Document {
    /// The position of the member of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name.text == name)
    }
}
