//! How often controllers have their turn while time stands still. Two that write against each other wake each other for ever: a real cluster
//! is kept busy, and a run, where a turn takes no time, would never end. Who has a turn is `runtime`'s.

use std::collections::{BTreeMap, BTreeSet};

use super::runtime::ControllerId;
use crate::timeline::Subject;

/// More turns of one key, from one wake of its system on, are without end. What one wake writes concerns a key once for each object that it
/// looks after, and no graph or PodCliqueSet has so many.
pub(super) const TURNS_MAX: u32 = 10_000;

/// So many turns before the last one show who takes part.
const WATCHED: u32 = 100;

/// The turns since a system was woken.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    counts: BTreeMap<(ControllerId, Subject), u32>,
    /// Those that had a turn of late, once there were so many that it matters.
    late: BTreeSet<(ControllerId, Subject)>,
    is_endless: bool,
}

impl Turns {
    /// Counts anew.
    pub(super) fn begin(&mut self) {
        self.counts.clear();
        self.late.clear();
    }

    /// Counts a turn; true if it is one too many.
    pub(super) fn count(&mut self, controller: ControllerId, key: Subject) -> bool {
        let count = self.counts.entry((controller, key)).or_default();
        *count += 1;
        self.is_endless = *count > TURNS_MAX;
        if *count > TURNS_MAX - WATCHED || !self.late.is_empty() {
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
