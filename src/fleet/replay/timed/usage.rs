//! What is measured while a trace is played in time: waits, GPU-hours, and how much was in use when.

/// Points of the line of usage.
const POINTS: u64 = 240;

/// What was measured in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timed {
    /// From the first pod to the last that left, in ms.
    pub span_ms: u64,
    /// How long pods waited for their first node, in ms: the median, by nearest rank over all that were placed.
    pub wait_p50_ms: u64,
    /// The 99th percentile of the same.
    pub wait_p99_ms: u64,
    /// The longest wait.
    pub wait_max_ms: u64,
    /// What was used, in thousandths of a GPU times ms.
    pub gpu_milli_ms: u128,
    /// What of it was lost, because the pod was preempted and started over.
    pub lost_gpu_milli_ms: u128,
    /// What was used of all that there was over the whole time, in hundredths of a percent.
    pub utilisation: u32,
    /// The most that was in use at any time, in thousandths of a GPU.
    pub peak_gpu_milli: u64,
    /// The most pods that waited at any time.
    pub peak_waiting: u64,
    /// How often a pod was put out for another.
    pub preemptions: u64,
    /// The line of usage.
    pub usage: Vec<UsagePoint>,
}

/// A stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsagePoint {
    /// When it ends, in ms since the first pod.
    pub until_ms: u64,
    /// What was in use on average, in hundredths of a percent of the fleet's GPUs.
    pub utilisation: u32,
    /// How many pods waited at its end.
    pub waiting: u64,
}

/// What is kept on the way.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    start_ms: u64,
    used_gpu_milli: u64,
    /// What was in use and how many waited from when on.
    steps: Vec<(u64, u64, u64)>,
    waits_ms: Vec<u64>,
    placed: Vec<bool>,
    gpu_milli_ms: u128,
    lost_gpu_milli_ms: u128,
    preemptions: u64,
}

impl Usage {
    /// Nothing measured yet.
    pub fn new(start_ms: u64, pods: usize) -> Usage {
        Usage {
            start_ms,
            used_gpu_milli: 0,
            steps: Vec::new(),
            waits_ms: Vec::new(),
            placed: vec![false; pods],
            gpu_milli_ms: 0,
            lost_gpu_milli_ms: 0,
            preemptions: 0,
        }
    }

    /// A pod got a node; true if for the first time.
    pub fn began(&mut self, pod: u32, gpu_milli: u64, waited_ms: u64) -> bool {
        self.used_gpu_milli += gpu_milli;
        let first = !std::mem::replace(&mut self.placed[pod as usize], true);
        if first {
            self.waits_ms.push(waited_ms);
        }
        first
    }

    /// A run is over.
    pub fn ended(&mut self, gpu_milli: u64, started_ms: u64, now_ms: u64) {
        self.used_gpu_milli -= gpu_milli;
        self.gpu_milli_ms += u128::from(gpu_milli) * u128::from(now_ms - started_ms);
    }

    /// The run that is over was cut short.
    pub fn preempted(&mut self, gpu_milli: u64, started_ms: u64, now_ms: u64) {
        self.preemptions += 1;
        self.lost_gpu_milli_ms += u128::from(gpu_milli) * u128::from(now_ms - started_ms);
    }

    /// An instant is over.
    pub fn instant(&mut self, now_ms: u64, waiting: usize) {
        let step = (now_ms - self.start_ms, self.used_gpu_milli, waiting as u64);
        match self.steps.last_mut() {
            Some(last) if last.0 == step.0 => *last = step,
            Some(last) if (last.1, last.2) == (step.1, step.2) => {}
            _ => self.steps.push(step),
        }
    }

    /// What is in use now.
    pub const fn used_gpu_milli(&self) -> u64 {
        self.used_gpu_milli
    }

    /// True if a pod ever had a node.
    pub fn was_placed(&self, pod: u32) -> bool {
        self.placed[pod as usize]
    }

    /// The result, for a fleet with so much of GPUs.
    pub fn result(mut self, gpu_milli: u64) -> Timed {
        self.waits_ms.sort_unstable();
        let rank = |percent: usize| match self.waits_ms.len() {
            0 => 0,
            count => self.waits_ms[(count * percent).div_ceil(100).max(1) - 1],
        };
        let span_ms = self.steps.last().map_or(0, |(at, ..)| *at);
        let all = u128::from(gpu_milli) * u128::from(span_ms);
        Timed {
            span_ms,
            wait_p50_ms: rank(50),
            wait_p99_ms: rank(99),
            wait_max_ms: self.waits_ms.last().copied().unwrap_or(0),
            gpu_milli_ms: self.gpu_milli_ms,
            lost_gpu_milli_ms: self.lost_gpu_milli_ms,
            utilisation: share(self.gpu_milli_ms, all),
            peak_gpu_milli: self.steps.iter().map(|(_, used, _)| *used).max().unwrap_or(0),
            peak_waiting: self.steps.iter().map(|(.., waiting)| *waiting).max().unwrap_or(0),
            preemptions: self.preemptions,
            usage: line(&self.steps, span_ms, gpu_milli),
        }
    }
}

/// A share in hundredths of a percent.
fn share(part: u128, whole: u128) -> u32 {
    (part * 10_000).checked_div(whole).unwrap_or(0) as u32
}

/// Stretches of equal length, each with the mean of what was in use.
fn line(steps: &[(u64, u64, u64)], span_ms: u64, gpu_milli: u64) -> Vec<UsagePoint> {
    let mut points = Vec::new();
    let mut next = 0;
    let (mut used, mut waiting) = (0, 0);
    for point in 0..POINTS {
        let from = (u128::from(span_ms) * u128::from(point) / u128::from(POINTS)) as u64;
        let until = (u128::from(span_ms) * u128::from(point + 1) / u128::from(POINTS)) as u64;
        if until == from {
            continue;
        }
        let mut sum = 0;
        let mut since = from;
        while let Some((at, then_used, then_waiting)) = steps.get(next).copied().filter(|(at, ..)| *at < until) {
            sum += u128::from(used) * u128::from(at - since);
            (since, used, waiting) = (at, then_used, then_waiting);
            next += 1;
        }
        sum += u128::from(used) * u128::from(until - since);
        let utilisation = share(sum, u128::from(gpu_milli) * u128::from(until - from));
        points.push(UsagePoint { until_ms: until, utilisation, waiting });
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_and_hours_are_counted() {
        let mut usage = Usage::new(1000, 3);
        assert!(usage.began(0, 1000, 0));
        usage.instant(1000, 0);
        assert!(usage.began(1, 500, 40));
        usage.instant(1040, 1);
        usage.preempted(1000, 1000, 1100);
        usage.ended(1000, 1000, 1100);
        assert!(!usage.began(0, 1000, 100));
        usage.instant(1100, 0);
        usage.ended(1000, 1100, 1240);
        usage.ended(500, 1040, 1240);
        usage.instant(1240, 0);
        let timed = usage.result(2000);
        assert_eq!((timed.wait_p50_ms, timed.wait_p99_ms, timed.wait_max_ms), (0, 40, 40));
        assert_eq!((timed.gpu_milli_ms, timed.lost_gpu_milli_ms), (100_000 + 140_000 + 100_000, 100_000));
        assert_eq!((timed.span_ms, timed.utilisation, timed.peak_gpu_milli), (240, 7083, 1500));
        assert_eq!(timed.usage.len(), 240);
        assert_eq!(timed.usage[0].utilisation, 5000);
        assert_eq!(timed.usage[100].utilisation, 7500);
    }
}
