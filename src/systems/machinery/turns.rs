//! How often controllers have their turn while time stands still. Two that write against each other wake each other for ever: a real cluster
//! is kept busy, and a run, where a turn takes no time, would never end. Who has a turn is `runtime`'s.

use std::collections::{BTreeMap, BTreeSet};

use super::runtime::ControllerId;
use crate::kernel::Time;
use crate::timeline::Subject;

/// More turns of one key, from one wake of its system on, are without end. What one wake writes concerns a key once for each object that it
/// looks after, and no graph or PodCliqueSet has so many.
pub(super) const TURNS_MAX: u32 = 10_000;

/// More turns of one key at one instant are without end too, whatever woke the system between them: its pods come one by one, and none has
/// so many.
const INSTANT_MAX: u32 = 100_000;

/// So many turns before the last one show who takes part.
const WATCHED: u32 = 100;

/// How often one key had its turn.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// In which wake last.
    wake: u32,
    /// Since then.
    in_wake: u32,
    /// At this instant.
    in_instant: u32,
}

/// The turns of an instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    at: Time,
    /// How often the system was woken.
    wake: u32,
    counts: BTreeMap<(ControllerId, Subject), Count>,
    /// Those that had a turn of late, once there were so many that it matters.
    late: BTreeSet<(ControllerId, Subject)>,
    is_endless: bool,
}

impl Turns {
    /// The system was woken.
    pub(super) fn begin(&mut self) {
        self.wake = self.wake.wrapping_add(1);
        self.late.clear();
    }

    /// Counts a turn; true if it is one too many.
    pub(super) fn count(&mut self, controller: ControllerId, key: Subject, now: Time) -> bool {
        if std::mem::replace(&mut self.at, now) != now {
            self.counts.clear();
        }
        let count = self.counts.entry((controller, key)).or_default();
        if std::mem::replace(&mut count.wake, self.wake) != self.wake {
            count.in_wake = 0;
        }
        count.in_wake += 1;
        count.in_instant += 1;
        self.is_endless = count.in_wake > TURNS_MAX || count.in_instant > INSTANT_MAX;
        let nearly = count.in_wake > TURNS_MAX - WATCHED || count.in_instant > INSTANT_MAX - WATCHED;
        if nearly || !self.late.is_empty() {
            self.late.insert((controller, key));
        }
        self.is_endless
    }

    /// True once there was one too many.
    pub(super) const fn are_endless(&self) -> bool {
        self.is_endless
    }

    /// Those that take part.
    pub(super) fn late(&self) -> impl Iterator<Item = (ControllerId, Subject)> {
        self.late.iter().copied()
    }
}
