//! The policy `fgd`. Floats in exact order: `calculateGpuShareFragExtendScore`, hkust-adsl/kubernetes-scheduler-simulator at 5b6b304,
//! pkg/simulator/plugin/fgd_score.go. Weng et al., "Beware of Fragmentation", USENIX ATC 2023.

use super::fragmentation::{Amount, Scratch, Typical};
use super::gpus::{self, GpuMask, GpusLeft};
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::ModelSet;

/// A node as the policy looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Rest<'a> {
    /// The model of its GPUs.
    pub model: ModelSet,
    /// CPU left.
    pub cpu_milli: u32,
    /// GPUs left.
    pub gpus: &'a GpusLeft,
    /// Its fragmentation as it is.
    pub amount: Amount,
}

/// The score of a node that takes the pod.
pub fn score(typical: &Typical, scratch: &mut Scratch, rest: Rest<'_>, class: &PodClass) -> i16 {
    best(typical, scratch, rest, class).0
}

/// The GPUs that the pod is given there.
pub fn choose(typical: &Typical, scratch: &mut Scratch, rest: Rest<'_>, class: &PodClass) -> GpuMask {
    if class.shares() { best(typical, scratch, rest, class).1 } else { gpus::first_free(rest.gpus, class.gpus) }
}

fn best(typical: &Typical, scratch: &mut Scratch, rest: Rest<'_>, class: &PodClass) -> (i16, GpuMask) {
    let cpu_milli = rest.cpu_milli - class.cpu_milli;
    let mut after = |gpus: &GpusLeft| gain(rest.amount, typical.amount(scratch, rest.model, cpu_milli, gpus));
    if !class.shares() {
        let mut gpus = *rest.gpus;
        gpus::take(&mut gpus, gpus::first_free(rest.gpus, class.gpus), class.gpu_milli);
        return (after(&gpus), 0);
    }
    let mut best: Option<(i16, GpuMask)> = None;
    for (at, left) in rest.gpus.iter().enumerate() {
        // Of GPUs with the same left the first decides: the others give the same score.
        if *left < class.gpu_milli || rest.gpus[..at].contains(left) {
            continue;
        }
        let mut gpus = *rest.gpus;
        gpus[at] -= class.gpu_milli;
        let score = after(&gpus);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, 1 << at));
        }
    }
    best.unwrap_or((0, 0))
}

/// How much less is fragmented, between 0 and 100; 50 where nothing changes.
fn gain(before: Amount, after: Amount) -> i16 {
    let share = (before.exact - after.exact) / 1000.0;
    (1.0 / (1.0 + libm::exp(-share)) * 100.0) as i16
}
