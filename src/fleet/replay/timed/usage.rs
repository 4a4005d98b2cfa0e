//! What is measured while a trace is played in time: waits, GPU-hours, and how much was in use at all.
//! How much was in use and fragmented when is in `line`.

use super::line::{Load, Step, UsagePoint, line, mean_fragmentation_centi_milli, share};

/// What was measured in time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timed {
    /// From the first pod to the last that left, in ms.
    pub span_ms: u64,
    /// How long pods waited for their first node; `None` if no pod was placed.
    pub waits: Option<Waits>,
    /// What was used, in thousandths of a GPU times ms; what was lost is a part of it.
    pub gpu_milli_ms: u128,
    /// What of it was lost, because the pod was preempted and started over.
    pub lost_gpu_milli_ms: u128,
    /// What was used of all that there was over the whole time, in hundredths of a percent.
    pub utilisation: u32,
    /// What the usual pods could not use on average over the whole time, in hundredths of a thousandth of a GPU.
    pub fragmentation_centi_milli: i64,
    /// The most that was in use at any time, in thousandths of a GPU.
    pub peak_gpu_milli: u64,
    /// The most pods that waited at any time.
    pub peak_waiting: u64,
    /// How often a pod was put out for another.
    pub preemptions: u64,
    /// The line of usage.
    pub usage: Vec<UsagePoint>,
}

/// How long pods waited for their first node, in ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waits {
    /// The median, by nearest rank over all that were placed.
    pub p50_ms: u64,
    /// The 99th percentile likewise.
    pub p99_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

/// What is kept on the way.
#[derive(Clone, Debug)]
pub(super) struct Usage {
    start_ms: u64,
    /// When the last run ended so far; that of a pod without GPUs may change nothing that steps show.
    ended_ms: u64,
    used_gpu_milli: u64,
    steps: Vec<Step>,
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
            ended_ms: start_ms,
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
        self.ended_ms = now_ms;
        self.gpu_milli_ms += u128::from(gpu_milli) * u128::from(now_ms - started_ms);
    }

    /// The run that is over was cut short.
    pub fn preempted(&mut self, gpu_milli: u64, started_ms: u64, now_ms: u64) {
        self.preemptions += 1;
        self.lost_gpu_milli_ms += u128::from(gpu_milli) * u128::from(now_ms - started_ms);
    }

    /// An instant is over, with so many pods that wait and such a fragmentation, as `fragmentation::Amount` has it.
    pub fn instant(&mut self, now_ms: u64, waiting: usize, fragmentation: i64) {
        let now = Load { used_gpu_milli: self.used_gpu_milli, waiting: waiting as u64, fragmentation };
        let step = Step { at_ms: now_ms - self.start_ms, now };
        match self.steps.last_mut() {
            Some(last) if last.at_ms == step.at_ms => *last = step,
            Some(last) if last.now == step.now => {}
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
        let span_ms = self.steps.last().map_or(0, |step| step.at_ms).max(self.ended_ms - self.start_ms);
        let loads = || self.steps.iter().map(|step| step.now);
        let all = u128::from(gpu_milli) * u128::from(span_ms);
        Timed {
            span_ms,
            waits: waits(&self.waits_ms),
            gpu_milli_ms: self.gpu_milli_ms,
            lost_gpu_milli_ms: self.lost_gpu_milli_ms,
            utilisation: share(self.gpu_milli_ms, all),
            fragmentation_centi_milli: mean_fragmentation_centi_milli(&self.steps, span_ms),
            peak_gpu_milli: loads().map(|load| load.used_gpu_milli).max().unwrap_or(0),
            peak_waiting: loads().map(|load| load.waiting).max().unwrap_or(0),
            preemptions: self.preemptions,
            usage: line(&self.steps, span_ms, gpu_milli),
        }
    }
}

fn waits(sorted_ms: &[u64]) -> Option<Waits> {
    let rank = |percent: usize| sorted_ms[(sorted_ms.len() * percent).div_ceil(100).max(1) - 1];
    sorted_ms.last().map(|longest| Waits { p50_ms: rank(50), p99_ms: rank(99), max_ms: *longest })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousandth of a GPU, as `fragmentation::Amount` has it.
    const FIXED: i64 = 1 << 24;

    #[test]
    fn waits_and_hours_are_counted() {
        let mut usage = Usage::new(1000, 3);
        assert!(usage.began(0, 1000, 0));
        usage.instant(1000, 0, FIXED * 400);
        assert!(usage.began(1, 500, 40));
        usage.instant(1040, 1, FIXED * 400);
        usage.preempted(1000, 1000, 1100);
        usage.ended(1000, 1000, 1100);
        assert!(!usage.began(0, 1000, 100));
        usage.instant(1100, 0, FIXED * 100);
        usage.ended(1000, 1100, 1240);
        usage.ended(500, 1040, 1240);
        usage.instant(1240, 0, FIXED * 2000);
        let timed = usage.result(2000);
        assert_eq!(timed.waits, Some(Waits { p50_ms: 0, p99_ms: 40, max_ms: 40 }));
        assert_eq!((timed.gpu_milli_ms, timed.lost_gpu_milli_ms), (100_000 + 140_000 + 100_000, 100_000));
        assert_eq!((timed.span_ms, timed.utilisation, timed.peak_gpu_milli), (240, 7083, 1500));
        assert_eq!(timed.usage.len(), 240);
        assert_eq!(timed.usage[0].utilisation, 5000);
        assert_eq!(timed.usage[100].utilisation, 7500);
        // 400 thousandths of a GPU for 100 ms, 100 for 140 ms; what is left at the end counts for no time.
        assert_eq!(timed.fragmentation_centi_milli, 22_500);
        assert_eq!([0, 99, 100, 239].map(|at| timed.usage[at].fragmented), [2000, 2000, 500, 500]);
        assert_eq!([0, 40, 99, 239].map(|at| timed.usage[at].allocated), [5000, 7500, 7500, 7500]);
    }

    #[test]
    fn the_time_ends_with_the_last_that_leaves() {
        let mut usage = Usage::new(0, 2);
        usage.began(0, 1000, 0);
        usage.began(1, 0, 0);
        usage.instant(0, 0, 0);
        usage.ended(1000, 0, 100);
        usage.instant(100, 0, 0);
        usage.ended(0, 0, 400);
        usage.instant(400, 0, 0);
        let timed = usage.result(1000);
        assert_eq!((timed.span_ms, timed.utilisation), (400, 2500));
    }

    #[test]
    fn nobody_placed_is_no_wait() {
        let mut usage = Usage::new(0, 1);
        usage.instant(0, 1, 0);
        let timed = usage.result(1000);
        assert_eq!((timed.waits, timed.span_ms, timed.peak_waiting, timed.usage), (None, 0, 1, Vec::new()));
    }
}
