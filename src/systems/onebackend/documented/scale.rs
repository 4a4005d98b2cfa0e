//! Autoscaling by the use of CPU, as a function of the load and what was wanted before.
//! Source: the page of Deploy Svc at 1backend/1backend 1305defcf2: more instances above `cpuThreshold`, between `minReplicas` and
//! `maxReplicas`. *Assumed*: as many as bring the average down to the threshold; none more or less within the tolerance; fewer only
//! after the load was low for a while, and then the most that was wanted in that time.

use super::super::model::{AutoScaling, REPLICAS_MAX};
use super::super::profile::Documented;
use crate::kernel::{Duration, Time};

/// What an autoscaler remembers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    /// What was wanted, and when, the oldest first.
    wanted: Vec<(Time, u32)>,
}

/// Between how many instances there are to be.
pub fn bounds(scaling: &AutoScaling) -> (u32, u32) {
    let positive = |number: i32| u32::try_from(number).ok().filter(|number| *number > 0);
    let least = positive(scaling.min_replicas).unwrap_or(1).min(REPLICAS_MAX);
    let most = positive(scaling.max_replicas).unwrap_or(REPLICAS_MAX).min(REPLICAS_MAX);
    (least, most.max(least))
}

/// How many instances the load asks for: `used` of `each` times `current` are used, both in thousandths of a core.
pub fn wanted(scaling: &AutoScaling, settings: &Documented, current: u32, used: u64, each: u64) -> u32 {
    let (least, most) = bounds(scaling);
    let threshold = u64::try_from(scaling.cpu_threshold).unwrap_or(0);
    if threshold == 0 || each == 0 || current == 0 {
        return current.clamp(least, most);
    }
    let percent = percent(current, used, each);
    let slack = threshold * u64::from(settings.tolerance_percent);
    if percent.abs_diff(threshold) * 100 <= slack {
        return current.clamp(least, most);
    }
    let wanted = (used * 100).div_ceil(threshold * each);
    u32::try_from(wanted).unwrap_or(u32::MAX).clamp(least, most)
}

/// The average use in percent.
pub fn percent(current: u32, used: u64, each: u64) -> u64 {
    used.saturating_mul(100) / (each * u64::from(current)).max(1)
}

impl Memory {
    /// Holds a wish for fewer back until it has been there for long enough, and remembers it. The first thing to remember is what
    /// there is.
    pub fn settle(&mut self, now: Time, current: u32, wanted: u32, window: Duration) -> u32 {
        if self.wanted.is_empty() {
            self.wanted.push((now, current));
        }
        self.wanted.retain(|(at, _)| *at + window >= now);
        self.wanted.push((now, wanted));
        let most = self.wanted.iter().map(|(_, wanted)| *wanted).max().unwrap_or(wanted);
        if wanted >= current { wanted } else { most.min(current) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_brought_down_to_the_threshold_within_bounds() {
        let scaling = AutoScaling { min_replicas: 2, max_replicas: 5, cpu_threshold: 80 };
        let wanted = |current, used| wanted(&scaling, &Documented::default(), current, used, 500);
        assert_eq!(wanted(2, 0), 2);
        // 85 % is within a tenth of the threshold, 100 % is not.
        assert_eq!(wanted(2, 850), 2);
        assert_eq!(wanted(2, 1000), 3);
        assert_eq!(wanted(2, 90_000), 5);
        assert_eq!(wanted(5, 1000), 3);
    }

    #[test]
    fn fewer_come_only_after_a_while() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let mut memory = Memory::default();
        let mut settle =
            |seconds, current, wanted| memory.settle(at(seconds), current, wanted, Duration::from_secs(60));
        assert_eq!(settle(0, 4, 2), 4);
        assert_eq!(settle(30, 4, 3), 4);
        assert_eq!(settle(60, 4, 2), 4);
        assert_eq!(settle(61, 4, 2), 3);
        assert_eq!(settle(75, 3, 5), 5);
        assert_eq!(settle(90, 5, 2), 5);
    }
}
