//! What a request for a graph asks for.

use super::{ApiVersion, Backend, Table};
use crate::workload::{JobSpec, Written};

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
    /// The request as the API keeps it, to be shown.
    pub written: Written,
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
