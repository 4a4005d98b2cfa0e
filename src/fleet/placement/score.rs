//! What a node is worth to a pod under each policy. How a policy comes to it is in the file that has its name.

use super::fragmentation::{Amount, Scratch, Typical};
use super::policy::Policy;
use super::state::NodeState;
use super::{fgd, kubernetes, packing, vector};
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::Fleet;

/// What a node in a state that suffices for a pod is worth to it.
pub fn worth(
    fleet: &Fleet,
    policy: Policy,
    (typical, scratch): (&Typical, &mut Scratch),
    (state, amount): (&NodeState, Amount),
    class: &PodClass,
) -> i16 {
    let kind = &fleet.kinds[state.kind as usize];
    match policy {
        Policy::KubeDefault => kubernetes::default(kind, state, class),
        Policy::KubeMostAllocated => kubernetes::most_allocated(kind, state, class),
        Policy::Fgd => {
            let rest = fgd::Rest { model: kind.model, cpu_milli: state.cpu_milli, gpus: &state.gpus, amount };
            fgd::score(typical, scratch, rest, class)
        }
        Policy::BestFit => vector::best_fit(state, class),
        Policy::DotProduct => vector::dot_product(state, class),
        Policy::GpuPacking => packing::packing(kind.gpus, state, class),
        Policy::GpuClustering => packing::clustering(state, class),
        Policy::Random => 0,
    }
}
