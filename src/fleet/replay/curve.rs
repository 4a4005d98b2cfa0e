//! The line that a replay draws: allocation and fragmentation, by what had come in percent of the fleet's GPUs. Floats in exact order:
//! this rounds and averages as the published results are (hkust-adsl/kubernetes-scheduler-simulator, experiments/analysis/
//! merge_alloc_discrete.py and merge_frag_discrete.py at 6bb7adb, on pandas), so that they can be compared digit by digit.

use crate::fleet::placement::fragmentation::centi_milli;

/// A point of the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CurvePoint {
    /// What had come, in percent of the fleet's GPUs.
    pub arrived_percent: u32,
    /// What pods held then, in hundredths of a percent of the fleet's GPUs: the mean over all moments of that percent.
    pub allocated: i32,
    /// The fragmentation then, in hundredths of a percent of the fleet's GPUs: the mean likewise.
    pub fragmented: i32,
}

/// What was seen after each pod.
#[derive(Clone, Default, Debug)]
pub struct Samples {
    gpus: f64,
    gpu_milli: u64,
    samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    arrived_percent: u32,
    /// In hundredths of a percent.
    allocated: u32,
    /// In hundredths of a thousandth of a GPU.
    fragmented: i64,
}

impl Samples {
    /// None so far, of a fleet with so many GPUs.
    pub fn new(gpus: u64, pods: usize) -> Samples {
        let samples = if gpus == 0 { Vec::new() } else { Vec::with_capacity(pods) };
        Samples { gpus: gpus as f64, gpu_milli: gpus * 1000, samples }
    }

    /// After a pod: what had come and what is in use, in thousandths of a GPU, and the fragmentation as `fragmentation::Amount` has it.
    pub fn add(&mut self, arrived_milli: u64, used_milli: u64, fragmentation_fixed: i64) {
        if self.gpu_milli == 0 {
            return;
        }
        self.samples.push(Sample {
            arrived_percent: self.arrived_percent(arrived_milli),
            allocated: self.allocated(used_milli),
            fragmented: centi_milli(fragmentation_fixed),
        });
    }

    /// Python's `round(arrived / gpus / 10, 0)`: to the even one of two that are as near.
    fn arrived_percent(&self, arrived_milli: u64) -> u32 {
        libm::rint(arrived_milli as f64 / self.gpus / 10.0) as u32
    }

    /// Python's `round(used / gpus / 10, 2)`, in hundredths. The quotient is rounded as the whole numbers say where these are not
    /// right between two; there the float decides, as in Python by its exact value.
    fn allocated(&self, used_milli: u64) -> u32 {
        let (scaled, whole) = (used_milli * 10_000, self.gpu_milli);
        let (below, rest) = (scaled / whole, scaled % whole);
        if rest * 2 != whole {
            return (below + u64::from(rest * 2 > whole)) as u32;
        }
        let text = format!("{:.2}", used_milli as f64 / self.gpus / 10.0);
        text.replace('.', "").parse().unwrap_or(below as u32)
    }

    /// The line: a point for each percent up to the last that was reached.
    pub fn curve(&self) -> Vec<CurvePoint> {
        let Some(last) = self.samples.last() else { return Vec::new() };
        // What had come only ever grows, so that the samples of a percent stand together.
        let from = |percent: u32| self.samples.partition_point(|sample| sample.arrived_percent < percent);
        let point = |percent: u32| {
            let mut these = &self.samples[from(percent)..from(percent + 1)];
            if these.is_empty() {
                these = &self.samples[from(percent.saturating_sub(1))..from(percent + 2)];
            }
            (!these.is_empty()).then(|| self.point(percent, these))
        };
        (0..=last.arrived_percent).filter_map(point).collect()
    }

    fn point(&self, arrived_percent: u32, samples: &[Sample]) -> CurvePoint {
        let allocated = mean(samples, |sample| f64::from(sample.allocated) / 100.0);
        let fragmented = mean(samples, |sample| sample.fragmented as f64 / 100.0);
        CurvePoint {
            arrived_percent,
            allocated: libm::rint(allocated * 100.0) as i32,
            fragmented: libm::rint(100.0 * fragmented / 1000.0 / self.gpus * 100.0) as i32,
        }
    }
}

/// pandas' mean, which is NumPy's sum over the count.
fn mean(samples: &[Sample], value: impl Fn(&Sample) -> f64 + Copy) -> f64 {
    pairwise_sum(samples, value) / samples.len() as f64
}

/// Values that NumPy adds up in one go.
const SUM_BLOCK: usize = 128;

/// The sum in NumPy's order (`pairwise_sum`, numpy/core/src/umath/loops_utils.h.src): eight sums beside each other, halves of long lists apart.
fn pairwise_sum(samples: &[Sample], value: impl Fn(&Sample) -> f64 + Copy) -> f64 {
    let count = samples.len();
    if count < 8 {
        return samples.iter().fold(0.0, |sum, sample| sum + value(sample));
    }
    if count > SUM_BLOCK {
        let half = count / 2 - count / 2 % 8;
        return pairwise_sum(&samples[..half], value) + pairwise_sum(&samples[half..], value);
    }
    let (eights, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, sample) in sums.iter_mut().zip(eight) {
            *sum += value(sample);
        }
    }
    let sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    rest.iter().fold(sum, |sum, sample| sum + value(sample))
}
