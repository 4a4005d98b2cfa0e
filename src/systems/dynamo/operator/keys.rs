//! The annotations and labels that change what the operator does, or by which it finds what it made.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/consts/consts.go and internal/controller/deployment_strategy.go.

/// `false` has a graph rendered without Grove though its gate is on.
pub const ENABLE_GROVE: &str = "nvidia.com/enable-grove";
/// What a graph is rendered as; written by the operator, and final.
pub const PROVIDER: &str = "nvidia.com/workload-provider";
/// The hash of the generation of workers that serves; during a rollout the old one.
pub const CURRENT_HASH: &str = "nvidia.com/current-worker-hash-v2";
/// The hash of a worker's generation, as a label.
pub const WORKER_HASH: &str = "nvidia.com/dynamo-worker-hash";
/// The id of the restart that a component has come through.
pub const RESTART_AT: &str = "nvidia.com/restartAt";
/// `RollingUpdate` or `Recreate`.
pub const STRATEGY: &str = "nvidia.com/deployment-strategy";
/// Pods above the wanted number.
pub const MAX_SURGE: &str = "nvidia.com/deployment-rolling-update-max-surge";
/// Pods that may be missing.
pub const MAX_UNAVAILABLE: &str = "nvidia.com/deployment-rolling-update-max-unavailable";
/// `RollingRecreate` or `OnDelete`.
pub const GROVE_UPDATE: &str = "nvidia.com/grove-update-strategy";
/// `etcd` or `kubernetes`: how the workers of a graph are found.
pub const DISCOVERY: &str = "nvidia.com/dynamo-discovery-backend";
/// The queue of KAI.
pub const KAI_QUEUE: &str = "nvidia.com/kai-scheduler-queue";
/// The queue of KAI where a graph names none.
pub const KAI_QUEUE_DEFAULT: &str = "dynamo";
/// The label by which KAI reads a pod's queue.
pub const KAI_QUEUE_LABEL: &str = "kai.scheduler/queue";
/// The name of the graph, as a label.
pub const GRAPH: &str = "nvidia.com/dynamo-graph-deployment-name";
/// The name of the component, as a label.
pub const COMPONENT: &str = "nvidia.com/dynamo-component";
/// Its type, as a label.
pub const COMPONENT_TYPE: &str = "nvidia.com/dynamo-component-type";
/// The name of the resource whose pods they are, as a label.
pub const SELECTOR: &str = "nvidia.com/selector";
/// What keeps a graph until the operator has let go of it.
pub const FINALIZER: &str = "nvidia.com/finalizer";
/// By which pods of vLLM say how several nodes start: `mp` or `ray`, in any case.
pub const EXECUTOR: &str = "nvidia.com/vllm-distributed-executor-backend";

/// True for a value of [`EXECUTOR`] that somebody knows.
pub fn is_executor(value: &str) -> bool {
    ["mp", "ray"].iter().any(|known| value.eq_ignore_ascii_case(known))
}
