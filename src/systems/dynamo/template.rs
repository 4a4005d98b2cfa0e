//! The pod of a role: what the framework of a multinode component takes away or changes for its leader and its workers.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/backend_vllm.go, backend_sglang.go and backend_trtllm.go, chart 1.5.0; the
//! same in 0.8.0.

use super::model::{Backend, Component, GraphSpec};
use super::plan::Role;
use crate::kernel::Duration;
use crate::workload::{PodTemplate, Probe};

/// The framework of a component: the graph's, or the one whose program it calls. Only workers have one.
pub fn backend(graph: &GraphSpec, component: &Component) -> Option<Backend> {
    component.component_type.is_worker().then(|| graph.backend.or(component.launch.backend)).flatten()
}

/// The pod of a role.
pub fn pod(graph: &GraphSpec, component: &Component, role: Role) -> PodTemplate {
    let mut template = (*component.template).clone();
    if role != Role::Worker {
        return template;
    }
    let Some(backend) = backend(graph, component) else { return template };
    if let Some(main) = template.containers.first_mut() {
        // Only the leader serves; whether a worker of TensorRT-LLM can be reached is asked all the same.
        main.startup_probe = None;
        main.liveness_probe = None;
        main.readiness_probe = (backend == Backend::Trtllm).then_some(SSH_PROBE);
    }
    template
}

/// True if the workers of a multinode component wait in an init container until their leader can be reached.
pub fn waits_for_leader(graph: &GraphSpec, component: &Component) -> bool {
    component.is_multinode() && backend(graph, component) == Some(Backend::Vllm) && component.launch.multiprocessing
}

/// Whether `mpirun` can reach a worker.
const SSH_PROBE: Probe = Probe {
    initial_delay: Duration::from_secs(20),
    period: Duration::from_secs(20),
    timeout: Duration::from_secs(5),
    success_threshold: 1,
    failure_threshold: 10,
};
