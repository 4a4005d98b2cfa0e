//! How much of a node's free GPUs the usual pods cannot use, and the usual pods themselves. Floats in exact order: this repeats
//! `GetTypicalPods`, `GetNodePodFrag` and `NodeGpuShareFragAmount` of hkust-adsl/kubernetes-scheduler-simulator at 29a1e4c,
//! pkg/utils/frag.go, operation by operation; their sums decide which node a pod goes to.

use std::collections::BTreeMap;

use super::gpus::{self, GpusLeft};
use crate::fleet::demand::Trace;
use crate::fleet::inventory::ModelSet;

/// How popular the usual pods are together, in percent (`podPopularityThreshold` of the published runs).
const POPULARITY_PERCENT: f64 = 95.0;

/// The pods that a fleet is usually asked for, with the share of each.
#[derive(Clone, Default, Debug)]
pub struct Typical {
    pods: Vec<TypicalPod>,
    shapes: Vec<Shape>,
}

#[derive(Clone, Copy, Debug)]
struct TypicalPod {
    share: f64,
    cpu_milli: u32,
    /// What it asks of GPUs, as an index.
    shape: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shape {
    gpu_milli: i16,
    gpus: u8,
    models: ModelSet,
}

/// Why a part of the free GPUs is of no use to a pod. The order is that in which the source sums up.
#[derive(Clone, Copy, Debug)]
enum Lack {
    Both,
    Gpu,
    Cpu,
    PureCpu,
    PureCpuLacking,
    Model,
}

const LACKS: usize = 6;

/// What of a node's free GPUs a shape cannot use: if the node has CPU enough, and if not.
#[derive(Clone, Copy, Debug)]
struct Waste {
    with_cpu: (f64, Lack),
    without: (f64, Lack),
}

/// Place to work in, so that nothing is allocated for a node.
#[derive(Clone, Default, Debug)]
pub struct Scratch {
    wastes: Vec<Waste>,
}

impl Typical {
    /// The most popular pods of a trace: memory does not count, and those that ask for the same are one.
    pub fn of(trace: &Trace) -> Typical {
        let mut counts: BTreeMap<(u32, i16, u8, &str), (f64, ModelSet)> = BTreeMap::new();
        let mut by_class = vec![0_u32; trace.classes.len()];
        trace.pods.iter().for_each(|class| by_class[*class as usize] += 1);
        for (class, count) in trace.classes.keys().zip(by_class) {
            let key = (class.cpu_milli, class.gpu_milli, class.gpus, &*class.spec);
            counts.entry(key).or_insert((0.0, class.models)).0 += f64::from(count);
        }
        let mut sorted: Vec<_> = counts.into_iter().collect();
        // The most first; of equals, the largest first, which is the order of the map turned round.
        sorted.reverse();
        sorted.sort_by(|(_, (one, _)), (_, (other, _))| other.total_cmp(one));
        let total = trace.pods.len() as f64;
        let expected = POPULARITY_PERCENT * total / 100.0;
        let mut typical = Typical::default();
        let mut so_far = 0.0;
        let all = sorted.len();
        for ((cpu_milli, gpu_milli, gpus, _), (count, models)) in sorted {
            if so_far >= expected {
                break;
            }
            so_far += count;
            let shape = typical.shape(Shape { gpu_milli, gpus, models });
            typical.pods.push(TypicalPod { share: count / total, cpu_milli, shape });
        }
        if typical.pods.len() < all {
            let kept = so_far / total;
            typical.pods.iter_mut().for_each(|pod| pod.share /= kept);
        }
        typical
    }

    fn shape(&mut self, shape: Shape) -> u32 {
        let at = self.shapes.iter().position(|known| *known == shape).unwrap_or_else(|| {
            self.shapes.push(shape);
            self.shapes.len() - 1
        });
        at as u32
    }

    /// How many pods count as usual.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// True if there are none: a trace without pods.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }

    /// The fragmentation of a node, in thousandths of a GPU: of what is left of its GPUs, how much the usual pods cannot use.
    pub fn amount(&self, scratch: &mut Scratch, model: ModelSet, cpu_milli: u32, gpus: &GpusLeft) -> Amount {
        let left = f64::from(gpus::total(gpus));
        scratch.wastes.clear();
        scratch.wastes.extend(self.shapes.iter().map(|shape| shape.waste(model, gpus, left)));
        let mut sums = [0.0; LACKS];
        for pod in &self.pods {
            let waste = &scratch.wastes[pod.shape as usize];
            let (amount, lack) = if cpu_milli >= pod.cpu_milli { waste.with_cpu } else { waste.without };
            sums[lack as usize] += pod.share * amount;
        }
        Amount::new(sums.iter().fold(0.0, |sum, one| sum + one))
    }
}

impl Shape {
    fn waste(&self, model: ModelSet, gpus: &GpusLeft, left: f64) -> Waste {
        if self.gpu_milli == 0 {
            return Waste { with_cpu: (left, Lack::PureCpu), without: (left, Lack::PureCpuLacking) };
        }
        if !model.meets(self.models) {
            return Waste { with_cpu: (left, Lack::Model), without: (left, Lack::Model) };
        }
        let (enough, scraps) = gpus::survey(gpus, self.gpu_milli);
        if enough >= i16::from(self.gpus) {
            // The pod fits, and still cannot use the GPUs that have less left than it asks of each.
            Waste { with_cpu: (f64::from(scraps), Lack::Gpu), without: (left, Lack::Cpu) }
        } else {
            Waste { with_cpu: (left, Lack::Gpu), without: (left, Lack::Both) }
        }
    }
}

/// The fragmentation of a node.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// In thousandths of a GPU, as the source has it.
    pub(super) exact: f64,
    /// The same as a whole number, in 2^-24 thousandths of a GPU, so that sums do not depend on their order.
    pub fixed: i64,
}

impl Amount {
    fn new(exact: f64) -> Amount {
        Amount { exact, fixed: libm::round(exact * 16_777_216.0) as i64 }
    }
}

/// A sum of whole numbers as [`Amount`] has them, in hundredths of a thousandth of a GPU.
pub fn centi_milli(fixed: i64) -> i64 {
    libm::rint(fixed as f64 / 16_777_216.0 * 100.0) as i64
}
