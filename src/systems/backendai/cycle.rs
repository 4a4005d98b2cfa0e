//! When a control loop looks: at every long cycle, and at a short one if somebody set its mark before. All loops count
//! from the same start. A mark is consumed by the short cycle that reads it, whether there is something to do or not.
//! Source: lablup/backend.ai, manager/sokovan/deployment/coordinator.py (DeploymentTaskSpec) and route/coordinator.py.

use crate::kernel::{Duration, Time};

/// The periods of a loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// How often it asks for its mark; `None`: it has none.
    pub short: Option<Duration>,
    /// How often it looks whatever the mark.
    pub long: Duration,
    /// When it first does either.
    pub initial_delay: Duration,
}

/// The mark of one loop: when the short cycle that reads it is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mark(Option<Time>);

impl Cycle {
    /// The first point of a grid after an instant.
    fn after(self, period: Duration, now: Time) -> Time {
        let origin = Time::ZERO + self.initial_delay;
        if now < origin {
            return origin;
        }
        let at = now.ceil_to(origin, period);
        if at == now { at + period } else { at }
    }

    /// True if an instant is a point of a grid.
    fn is_on(self, period: Duration, at: Time) -> bool {
        let origin = Time::ZERO + self.initial_delay;
        at >= origin && at.ceil_to(origin, period) == at
    }

    /// When it looks next: at the short cycle that reads its mark, or at the next long one. A mark that is due at this very instant is
    /// still to be read: the look that reads it consumes it.
    pub fn next(self, mark: Mark, now: Time) -> Time {
        let long = self.after(self.long, now);
        mark.0.filter(|at| *at >= now).map_or(long, |at| at.min(long))
    }

    /// How often it looks at this instant, which a timer brought about, and consumes the mark that is due.
    pub fn looks(self, mark: &mut Mark, now: Time) -> u32 {
        let marked = mark.0.is_some_and(|at| at == now);
        if mark.0.is_some_and(|at| at <= now) {
            mark.0 = None;
        }
        u32::from(marked) + u32::from(self.is_on(self.long, now))
    }

    /// Sets the mark. What is set at the instant of a short cycle is read by the one after it, unless that cycle has a mark to
    /// read and did not read it yet.
    pub fn set(self, mark: &mut Mark, now: Time) {
        let Some(short) = self.short else { return };
        if mark.0.is_none_or(|at| at < now) {
            mark.0 = Some(self.after(short, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CYCLE: Cycle = Cycle {
        short: Some(Duration::from_secs(5)),
        long: Duration::from_secs(30),
        initial_delay: Duration::from_secs(10),
    };

    fn at(seconds: u64) -> Time {
        Time::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn an_unmarked_loop_looks_at_long_cycles() {
        let next = |seconds| CYCLE.next(Mark::default(), at(seconds));
        assert_eq!([next(0), next(10), next(39), next(40)], [at(10), at(40), at(40), at(70)]);
    }

    #[test]
    fn a_mark_is_read_once_by_the_next_short_cycle() {
        let mut mark = Mark::default();
        CYCLE.set(&mut mark, at(41));
        assert_eq!(CYCLE.next(mark, at(41)), at(45));
        assert_eq!(CYCLE.looks(&mut mark, at(45)), 1);
        assert_eq!(CYCLE.looks(&mut mark, at(50)), 0);
        // Set at the instant of a cycle, it waits for the next one.
        CYCLE.set(&mut mark, at(50));
        assert_eq!(CYCLE.next(mark, at(50)), at(55));
    }

    #[test]
    fn a_mark_that_is_about_to_be_read_is_not_put_off() {
        let mut mark = Mark::default();
        CYCLE.set(&mut mark, at(41));
        CYCLE.set(&mut mark, at(45));
        assert_eq!(CYCLE.looks(&mut mark, at(45)), 1);
    }

    #[test]
    fn a_mark_that_is_due_now_is_read_now() {
        let mut mark = Mark::default();
        CYCLE.set(&mut mark, at(41));
        // Something comes up at the instant of the cycle, before it has looked.
        CYCLE.set(&mut mark, at(45));
        assert_eq!(CYCLE.next(mark, at(45)), at(45));
        assert_eq!(CYCLE.looks(&mut mark, at(45)), 1);
        assert_eq!(CYCLE.next(mark, at(45)), at(70));
    }

    #[test]
    fn a_mark_that_nobody_waited_for_is_consumed_in_passing() {
        let mut mark = Mark::default();
        CYCLE.set(&mut mark, at(41));
        assert_eq!(CYCLE.next(mark, at(60)), at(70));
        assert_eq!(CYCLE.looks(&mut mark, at(70)), 1, "the long cycle alone");
    }

    #[test]
    fn a_short_and_a_long_cycle_of_one_instant_are_two_looks() {
        let mut mark = Mark::default();
        CYCLE.set(&mut mark, at(36));
        assert_eq!(CYCLE.looks(&mut mark, at(40)), 2);
    }
}
