//! How a new template reaches the groups of a LeaderWorkerSet: from the last group down, so many at once as may be missing,
//! beside groups that are there for the time of the update alone (`rollingUpdateParameters`).

use super::LeaderWorkerSet;
use super::groups::States;
use crate::timeline::{Arg, Why};
use crate::workload::{Ask, World};

impl LeaderWorkerSet {
    /// The surge, which is never more than there are groups.
    fn surge(&self) -> u32 {
        self.spec.max_surge.rounded_up(self.spec.replicas).min(self.spec.replicas)
    }

    /// How many groups there should be while so many are not ready: a surplus group goes with each that gets ready.
    fn wanted_with(&self, unready: u32) -> u32 {
        let surge = self.surge();
        let spared = match self.profile.keeps_surge_while_none_may_miss {
            true => self.spec.max_unavailable.rounded_down(self.spec.replicas),
            false => 1,
        };
        self.spec.replicas + if unready <= surge { unready.saturating_sub(spared) } else { surge }
    }

    /// A new template: what is there keeps the old one, until it is its turn.
    pub(super) fn begin_update(&mut self, world: &mut dyn World) {
        let partition = self.spec.replicas.min(self.replicas).max(self.spec.partition);
        let grows = self.profile.keeps_surge_while_none_may_miss && self.replicas < self.spec.replicas;
        let replicas = if grows { self.spec.replicas } else { self.wanted_with(self.spec.replicas) };
        (self.partition, self.replicas) = (partition, replicas);
        self.write_leaders(world);
        self.reconcile(world);
    }

    /// Looks at everything and does what is to be done now.
    pub(super) fn reconcile(&mut self, world: &mut dyn World) {
        self.look_at_groups(world);
        let states = self.states(world);
        let (partition, replicas) = self.next_step(&states);
        let partition = partition.max(self.spec.partition.min(self.partition));
        if (partition, replicas) != (self.partition, self.replicas) || self.wanted != self.spec.replicas {
            (self.partition, self.replicas) = (partition, replicas);
            self.write_leaders(world);
        }
        self.judge(&states, world);
    }

    /// The partition and the number of groups.
    fn next_step(&self, states: &States) -> (u32, u32) {
        let wanted = self.spec.replicas;
        if self.partition == 0 && (self.replicas == wanted || self.wanted != wanted) {
            return (0, wanted);
        }
        let unready = wanted - states.count(wanted, |one| one.ready && one.updated);
        let replicas = self.wanted_with(unready);
        let most = wanted + self.surge();
        if self.wanted != wanted {
            return (self.partition.min(most), replicas);
        }
        let missing = self.spec.max_unavailable.rounded_down(wanted);
        let step = i64::from(missing) + i64::from(self.surge()) - (i64::from(most) - i64::from(self.replicas));
        (step_partition(states, step, self.partition, self.profile.passes_updated), replicas)
    }

    /// Writes down whether all groups are ready, when that changes (`updateConditions`).
    fn judge(&mut self, states: &States, world: &mut dyn World) {
        let wanted = self.spec.replicas;
        let own = states.count.min(wanted);
        let from = self.spec.partition.min(self.partition);
        let ready = states.count(wanted, |one| one.ready);
        let outdated = own.saturating_sub(from)
            > states.count(own, |one| one.updated) - states.count(from.min(own), |one| one.updated);
        let became = match () {
            () if ready == wanted && !outdated && states.count == wanted => "Available",
            () if outdated && self.revision > 1 => "UpdateInProgress",
            () => "Progressing",
        };
        if became != self.became {
            self.became = became;
            let why = Why::with2("{} of {} groups ready", Arg::Count(ready.into()), Arg::Count(wanted.into()));
            let cause = self.cause();
            self.note(became, why, cause, world);
            let available = became == "Available";
            world.ask(Ask::TellGroups { key: self.key, available, serves: self.serves }, self.cause());
        }
    }
}

/// The next partition (`rollingUpdatePartition`): it only ever falls. `passes_updated`: groups that are ready and new do not end
/// the search for groups that may be replaced.
fn step_partition(states: &States, step: i64, current: u32, passes_updated: bool) -> u32 {
    let (count, known) = (i64::from(states.count), states.known.len() as i64);
    let last = states.known.iter().rev().take_while(|one| one.ready && one.updated).count() as i64;
    // Groups that were never seen are the last, and not done.
    let done = if count > known { 0 } else { last };
    let least = (count - done - step).max(0);
    let first = u32::try_from(least).unwrap_or(u32::MAX);
    let unavailable = least.min(count) - i64::from(states.count(first, |one| one.ready));
    let mut partition = least + unavailable;
    // Groups that are not ready anyway may be replaced without making anything worse.
    let mut group = partition.min(count - 1);
    while group >= least && group >= 0 {
        if group >= known {
            group = least.max(known);
        }
        let state = states.of(u32::try_from(group).unwrap_or(u32::MAX));
        if state.ready && !(passes_updated && state.updated) {
            break;
        }
        partition = group;
        group -= 1;
    }
    u32::try_from(partition).unwrap_or(u32::MAX).min(current)
}

#[cfg(test)]
mod tests {
    use super::super::groups::State;
    use super::*;

    fn states(text: &str) -> States {
        let state = |one: char| State { ready: one != 'x', updated: one == 'n' };
        States { known: text.chars().map(state).collect(), count: text.len() as u32 }
    }

    #[test]
    fn the_partition_falls_by_what_may_be_missing() {
        // Four old groups and two new ones beside them, none of these ready: nothing more than the step is touched.
        assert_eq!(step_partition(&states("ooooxx"), 4, 4, true), 2);
        assert_eq!(step_partition(&states("ooooxn"), 4, 4, true), 1);
        assert_eq!(step_partition(&states("oooonn"), 4, 4, true), 0);
        assert_eq!(step_partition(&states("ooox"), 1, 3, true), 3);
        assert_eq!(step_partition(&states("ooon"), 1, 3, true), 2);
        assert_eq!(step_partition(&states("nnnn"), 1, 1, true), 0);
    }

    #[test]
    fn a_new_group_ends_the_search_in_releases_that_get_stuck() {
        // Four old groups that never get ready, and a new one beside them that is (#567).
        assert_eq!(step_partition(&states("xxxxn"), 1, 4, true), 3);
        assert_eq!(step_partition(&states("xxxxn"), 1, 4, false), 4);
    }

    #[test]
    fn groups_that_are_broken_anyway_do_not_hold_it_up() {
        assert_eq!(step_partition(&states("xxxx"), 1, 4, true), 3);
        assert_eq!(step_partition(&states("xoox"), 1, 4, true), 3);
        // The last two were never seen.
        let states = States { count: 4, ..states("oo") };
        assert_eq!(step_partition(&states, 1, 4, true), 3);
        assert_eq!(step_partition(&States { count: u32::MAX - 1, ..states }, 1, u32::MAX, true), 4_294_967_293);
    }
}
