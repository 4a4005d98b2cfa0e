//! The clock of a live run: real time since its start, as the kernel's times, and the timers that are set on it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration as StdDuration;

use tokio::time::Instant;

use crate::kernel::Time;
use crate::timeline::{Cause, Subject};

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timer {
    /// The rehearsal's own.
    Rehearsal(u64),
    /// A controller's.
    Controller {
        /// Which.
        controller: usize,
        /// Its token.
        token: u64,
        /// What led to it.
        cause: Cause,
    },
    /// The end of something that a fault began.
    FaultEnds(usize),
    /// An eviction of a drain that is tried again.
    EvictAgain(usize, Subject),
    /// A drain is given up.
    DrainTimeout(usize),
    /// Nothing happens, but observers look.
    Look,
}

/// Real time, and what is due when.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    now: Time,
    /// When, whether at the end of the instant, and which.
    due: BinaryHeap<Reverse<(Time, bool, usize)>>,
    timers: Vec<Timer>,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Clock {
        Clock { started: Instant::now(), now: Time::ZERO, due: BinaryHeap::new(), timers: Vec::new() }
    }

    /// The present as far as the run has come: it stands still while something is handled.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Begins to count from here on.
    pub fn restart(&mut self) {
        self.started = Instant::now();
    }

    /// Lets the present catch up with real time, but never over a timer that is due: it is to find the time that it was set for,
    /// by which its owner knows it.
    pub fn advance(&mut self) {
        let real = self.real();
        let reached = self.due.peek().map_or(real, |Reverse((at, ..))| real.min(*at));
        self.now = self.now.max(reached);
    }

    /// Real time since the start, in the whole milliseconds that a timeline shows.
    fn real(&self) -> Time {
        let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Time::from_nanos(elapsed / 1_000_000 * 1_000_000)
    }

    /// Sets a timer.
    pub fn set(&mut self, at: Time, late: bool, timer: Timer) {
        self.due.push(Reverse((at.max(self.now), late, self.timers.len())));
        self.timers.push(timer);
    }

    /// The next timer that is due. The present is its time then, although it may be a little later in reality.
    pub fn pop(&mut self) -> Option<Timer> {
        let Reverse((at, _, index)) = *self.due.peek()?;
        if at > self.now.max(self.real()) {
            return None;
        }
        self.due.pop();
        self.now = self.now.max(at);
        Some(self.timers[index])
    }

    /// How long it is until the next timer.
    pub fn wait(&self) -> StdDuration {
        let longest = StdDuration::from_secs(3600);
        let Some(Reverse((at, ..))) = self.due.peek() else { return longest };
        let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        StdDuration::from_nanos(at.nanos().saturating_sub(elapsed)).min(longest) + StdDuration::from_millis(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Duration;

    #[test]
    fn a_timer_finds_the_time_that_it_was_set_for_however_late_it_is() {
        let mut clock = Clock::start();
        let times = [1, 2].map(|millis| Time::ZERO + Duration::from_millis(millis));
        times.iter().rev().for_each(|at| clock.set(*at, false, Timer::Look));
        while clock.real() <= times[1] {}
        for at in times {
            // A message comes before the timers are looked at.
            clock.advance();
            assert_eq!(clock.pop(), Some(Timer::Look));
            assert_eq!(clock.now(), at);
        }
        clock.advance();
        assert!(clock.now() > times[1], "nothing holds the present back any more");
    }
}
