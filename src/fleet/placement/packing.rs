//! The policies `gpu-packing` and `gpu-clustering`: hkust-adsl/kubernetes-scheduler-simulator, pkg/simulator/plugin/
//! gpu_packing_score.go at 29a1e4c and gpu_clustering_score.go at b6567da. Pods without GPUs score 0 everywhere.

use super::gpus;
use super::state::NodeState;
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::GPU_MILLI;

/// The highest score of a plugin.
const SCORE_MAX: i16 = 100;
/// GPUs of the largest node in thousandths, by which clustering is scaled (`MaxSpecGpu`).
const LARGEST_GPU_MILLI: i64 = 8_000;

/// GPUs in use first, then free ones of a node in use, then a free node.
pub fn packing(gpus_of_node: u8, state: &NodeState, class: &PodClass) -> i16 {
    if class.gpus == 0 {
        return 0;
    }
    let free = gpus::survey(&state.gpus, GPU_MILLI).0;
    if free == i16::from(gpus_of_node) {
        return (SCORE_MAX / 3 - free).max(free);
    }
    // What is left is in ascending order, as the source takes it.
    let enough = state.gpus.iter().filter(|left| **left >= class.gpu_milli);
    let taken: (i16, i16) = enough.take(class.gpus.into()).fold((0, 0), |(free, percent), left| {
        (free + i16::from(*left == GPU_MILLI), percent + (i32::from(*left) * 100 / i32::from(GPU_MILLI)) as i16)
    });
    match taken {
        (0, percent) => (SCORE_MAX - percent / 10).max(SCORE_MAX / 2),
        (free, _) => (SCORE_MAX / 2 - free).max(SCORE_MAX / 3),
    }
}

/// Nodes that run pods of this bracket alone first, then those that run them among others, then idle ones.
pub fn clustering(state: &NodeState, class: &PodClass) -> i16 {
    if class.gpus == 0 {
        return 0;
    }
    let scale = i64::from(SCORE_MAX / 4);
    let full = (scale * (LARGEST_GPU_MILLI - i64::from(gpus::total(&state.gpus))) / LARGEST_GPU_MILLI) as i16;
    let own = 1 << class.bracket().0;
    // Pods without GPUs are of no cluster.
    let others = state.brackets & !1;
    full + match (others & own != 0, others.count_ones()) {
        (true, 1) => SCORE_MAX * 3 / 4,
        (true, _) => SCORE_MAX * 2 / 4,
        (false, 0) => SCORE_MAX / 4,
        (false, _) => 0,
    }
}
