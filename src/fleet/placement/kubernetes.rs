//! The policies of kube-scheduler: what its plugins give a node for a pod that asks for resources alone (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/framework/plugins/noderesources). The other plugins give every node of a fleet the same. A share of a GPU, which
//! Kubernetes does not know, counts as so many thousandths of one.

use super::gpus;
use super::state::NodeState;
use crate::cluster::scheduler::balanced_allocation_score;
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::{GPU_MILLI, NodeKind};

/// What a container that asks for no CPU or no memory is taken to ask for: pkg/scheduler/util/pod_resources.go.
const UNASKED_CPU_MILLI: u32 = 100;
const UNASKED_MEMORY_MIB: u32 = 200;

/// What NodeResourcesFit takes a pod to ask for: CPU in thousandths, memory in MiB.
pub const fn scored(class: &PodClass) -> [u32; 2] {
    [
        if class.cpu_milli == 0 { UNASKED_CPU_MILLI } else { class.cpu_milli },
        if class.memory_mib == 0 { UNASKED_MEMORY_MIB } else { class.memory_mib },
    ]
}

/// NodeResourcesFit by LeastAllocated on CPU and memory, and BalancedAllocation.
pub fn default(kind: &NodeKind, state: &NodeState, class: &PodClass) -> i16 {
    let has = [kind.cpu_milli, kind.memory_mib].map(u64::from);
    let asked = state.scored.into_iter().zip(scored(class)).map(|(before, more)| u64::from(before) + u64::from(more));
    let mut sum = 0;
    let mut weights = 0;
    for (has, asked) in has.into_iter().zip(asked) {
        if let Some(score) = (has.saturating_sub(asked) * 100).checked_div(has) {
            sum += score;
            weights += 1;
        }
    }
    sum.checked_div(weights).unwrap_or(0) as i16 + balanced(kind, state, class)
}

/// NodeResourcesFit by MostAllocated on GPUs, and BalancedAllocation.
pub fn most_allocated(kind: &NodeKind, state: &NodeState, class: &PodClass) -> i16 {
    let has = u64::from(kind.gpus) * GPU_MILLI as u64;
    let fit = match class.gpu_total() {
        0 => 0,
        asked => {
            let left = gpus::total(&state.gpus) as u64;
            ((has - left + asked).min(has) * 100).checked_div(has).unwrap_or(0)
        }
    };
    fit as i16 + balanced(kind, state, class)
}

fn balanced(kind: &NodeKind, state: &NodeState, class: &PodClass) -> i16 {
    if class.cpu_milli == 0 && class.memory_mib == 0 {
        return 0;
    }
    let has = [u64::from(kind.cpu_milli), u64::from(kind.memory_mib)];
    let before = [has[0] - u64::from(state.cpu_milli), has[1] - u64::from(state.memory_mib)];
    let after = [before[0] + u64::from(class.cpu_milli), before[1] + u64::from(class.memory_mib)];
    balanced_allocation_score(before, after, has) as i16
}
