//! The policies `best-fit` and `dot-product`: CPU and GPUs as a vector. Floats in exact order: hkust-adsl/
//! kubernetes-scheduler-simulator, pkg/simulator/plugin/best_fit_score.go at 5b6b304 and dot_product_score.go at 29a1e4c, with the
//! settings of the published runs (`dimExtMethod: merge`, `normMethod: max`).

use super::gpus;
use super::state::NodeState;
use crate::fleet::demand::PodClass;

/// The largest node, by which both are scaled (`MaxSpecCpu`, `MaxSpecGpu`, pkg/type/open-gpu-share/utils).
const LARGEST: [f64; 2] = [128_000.0, 8_000.0];

/// Scores of nodes far larger than that end here, apart from the marks that a board keeps.
const SCORE_MIN: f64 = -30_000.0;

/// The less is left, the better.
pub fn best_fit(state: &NodeState, class: &PodClass) -> i16 {
    let free = [f64::from(state.cpu_milli), f64::from(gpus::total(&state.gpus))];
    let asked = [f64::from(class.cpu_milli), class.gpu_total() as f64];
    let mut rest = 0.0;
    for ((free, asked), largest) in free.into_iter().zip(asked).zip(LARGEST) {
        rest += (free - asked) / largest * 0.5;
    }
    ((1.0 - rest) * 100.0).max(SCORE_MIN) as i16
}

/// The less alike what is left and what is asked for are, the better.
pub fn dot_product(state: &NodeState, class: &PodClass) -> i16 {
    let free = [f64::from(state.cpu_milli), f64::from(gpus::total(&state.gpus))];
    let asked = [f64::from(class.cpu_milli), class.gpu_total() as f64];
    let mut product = 0.0;
    for ((free, asked), largest) in free.into_iter().zip(asked).zip(LARGEST) {
        product += free / largest * (asked / largest);
    }
    ((1.0 - product / 2.0) * 100.0).max(SCORE_MIN) as i16
}
