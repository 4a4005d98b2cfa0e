//! Limits on the number of events. A run that loops for ever ends with a sentence that says so instead of hanging.

use std::fmt;

use super::Time;

/// How many events a run may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Events at one instant. More than this means that virtual time stands still.
    pub events_per_instant: u64,
    /// Events in the whole run.
    pub events_per_run: u64,
}

impl Limits {
    /// Events that may wait at the same time; a slot has 24 bits in the key of an event.
    pub const PENDING: u32 = 1 << 24;
    /// Events that can ever be scheduled; a sequence number has 32 bits in the key of an event, and none is 0.
    pub const SCHEDULED: u64 = (1 << 32) - 1;
}

impl Default for Limits {
    /// 20 million an instant: 200 events for each of 100,000 pods. 4 billion a run: the sequence numbers end soon after.
    fn default() -> Limits {
        Limits { events_per_instant: 20_000_000, events_per_run: 4_000_000_000 }
    }
}

/// The limit that a run hit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LimitError {
    /// Too many events at one instant.
    Instant {
        /// The instant.
        at: Time,
        /// How many are allowed.
        limit: u64,
    },
    /// Too many events in all.
    Run {
        /// How many are allowed.
        limit: u64,
    },
    /// Too many events wait at the same time.
    Pending {
        /// When that was found.
        at: Time,
        /// How many may wait.
        limit: u64,
    },
}

impl fmt::Display for LimitError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitError::Instant { at, limit } => write!(
                out,
                "more than {limit} events at {at}: time stands still; look at the last entries of the timeline for two \
                 parts that answer each other without delay, or raise the limit of events an instant"
            ),
            LimitError::Run { limit } => write!(
                out,
                "more than {limit} events in the run; end it sooner with `until`, or look at the timeline for something \
                 that repeats"
            ),
            LimitError::Pending { at, limit } => write!(
                out,
                "more than {limit} events wait at {at}; use fewer pods and nodes, or split the scenario in several"
            ),
        }
    }
}

impl std::error::Error for LimitError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_to_do() {
        let at = Time::from_nanos(451_250_000_000);
        let shown = LimitError::Instant { at, limit: 20 }.to_string();
        assert!(shown.starts_with("more than 20 events at 00:07:31.250: time stands still;"), "{shown}");
        assert!(LimitError::Run { limit: 7 }.to_string().contains("more than 7 events in the run; end it sooner"));
        assert!(LimitError::Pending { at, limit: 9 }.to_string().contains("use fewer pods"));
    }
}
