//! The line that a replay in time draws: what was in use, fragmented and waiting, in stretches of equal length. It is made of steps, which
//! say what holds from an instant on.

use crate::fleet::placement::fragmentation::centi_milli;

/// Points of the line of usage.
const POINTS: u64 = 240;

/// A stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsagePoint {
    /// When it ends, in ms since the first pod.
    pub until_ms: u64,
    /// What was in use on average, in hundredths of a percent of the fleet's GPUs.
    pub utilisation: u32,
    /// What pods held right before its end, likewise.
    pub allocated: u32,
    /// What the usual pods could not use on average, likewise.
    pub fragmented: u32,
    /// How many pods waited right before its end.
    pub waiting: u64,
}

/// What holds from an instant on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// In ms since the first pod.
    pub at_ms: u64,
    pub now: Load,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Load {
    pub used_gpu_milli: u64,
    pub waiting: u64,
    /// As `fragmentation::Amount` has it.
    pub fragmentation: i64,
}

/// A share in hundredths of a percent.
pub(super) fn share(part: u128, whole: u128) -> u32 {
    (part * 10_000).checked_div(whole).unwrap_or(0) as u32
}

/// Steps, looked at from the first on, one stretch of time after the other.
struct Stretches<'a> {
    steps: &'a [Step],
    next: usize,
    now: Load,
}

/// What was in use and fragmented in a stretch of time, summed up over its ms.
#[derive(Clone, Copy, Default, Debug)]
struct Sum {
    length_ms: u64,
    gpu_milli_ms: u128,
    fragmentation_ms: i128,
}

impl Stretches<'_> {
    /// The stretch that follows the last; `now` is then what holds at its end.
    fn take(&mut self, from_ms: u64, until_ms: u64) -> Sum {
        let mut sum = Sum { length_ms: until_ms - from_ms, ..Sum::default() };
        let mut since_ms = from_ms;
        while let Some(step) = self.steps.get(self.next).filter(|step| step.at_ms < until_ms) {
            sum.add(self.now, step.at_ms - since_ms);
            (since_ms, self.now) = (step.at_ms, step.now);
            self.next += 1;
        }
        sum.add(self.now, until_ms - since_ms);
        sum
    }
}

impl Sum {
    fn add(&mut self, load: Load, length_ms: u64) {
        self.gpu_milli_ms += u128::from(load.used_gpu_milli) * u128::from(length_ms);
        self.fragmentation_ms += i128::from(load.fragmentation) * i128::from(length_ms);
    }

    fn mean_fragmentation_centi_milli(self) -> i64 {
        let mean = self.fragmentation_ms.checked_div(self.length_ms.into());
        centi_milli(mean.unwrap_or(0) as i64).max(0)
    }
}

/// The mean of what the usual pods could not use from the first pod to the end, in hundredths of a thousandth of a GPU.
pub(super) fn mean_fragmentation_centi_milli(steps: &[Step], span_ms: u64) -> i64 {
    Stretches { steps, next: 0, now: Load::default() }.take(0, span_ms).mean_fragmentation_centi_milli()
}

/// The line of a replay in a fleet with so much of GPUs.
pub(super) fn line(steps: &[Step], span_ms: u64, gpu_milli: u64) -> Vec<UsagePoint> {
    let mut points = Vec::new();
    let mut stretches = Stretches { steps, next: 0, now: Load::default() };
    let edge_ms = |point: u64| (u128::from(span_ms) * u128::from(point) / u128::from(POINTS)) as u64;
    for point in 0..POINTS {
        let (from_ms, until_ms) = (edge_ms(point), edge_ms(point + 1));
        if until_ms == from_ms {
            continue;
        }
        let sum = stretches.take(from_ms, until_ms);
        let fragmented = sum.mean_fragmentation_centi_milli() as u128;
        points.push(UsagePoint {
            until_ms,
            utilisation: share(sum.gpu_milli_ms, u128::from(gpu_milli) * u128::from(until_ms - from_ms)),
            allocated: share(stretches.now.used_gpu_milli.into(), gpu_milli.into()),
            fragmented: share(fragmented, u128::from(gpu_milli) * 100),
            waiting: stretches.now.waiting,
        });
    }
    points
}
