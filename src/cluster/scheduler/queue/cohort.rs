//! Cohorts: unschedulable pods that were rejected alike, with the same priority, at the same instant and after as many
//! failures. They are queued again, tried and rejected together; only the first of them is looked at.

use std::cmp::Reverse;
use std::collections::VecDeque;

use super::Turn;
use crate::cluster::PodId;
use crate::cluster::scheduler::rejection::Rejection;
use crate::kernel::Time;

/// A cohort; numbers of cohorts that are gone are given again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct CohortId(u32);

/// Where a cohort stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Unschedulable,
    Active,
    /// Until the window that begins here is over.
    Backoff(Time),
}

/// Pods that were rejected alike.
#[derive(Clone, Debug)]
pub(super) struct Cohort {
    pub rejection: Rejection,
    pub priority: i32,
    pub queued: Time,
    pub round: u64,
    pub failures: u32,
    pub state: State,
    /// Sequences and pods, ascending. Pods that are no longer in the cohort stay until they come first; the first is
    /// always in it.
    pods: VecDeque<(u64, PodId)>,
}

impl Cohort {
    /// A cohort without pods.
    pub fn new(rejection: Rejection, priority: i32) -> Cohort {
        let state = State::Unschedulable;
        Cohort { rejection, priority, queued: Time::ZERO, round: 0, failures: 0, state, pods: VecDeque::new() }
    }

    /// The turn of the first pod.
    pub fn turn(&self) -> Turn {
        let sequence = self.pods.front().map_or(0, |(sequence, _)| *sequence);
        Turn { priority: Reverse(self.priority), queued: self.queued, round: self.round, sequence }
    }

    /// The first pod.
    pub fn first(&self) -> Option<(u64, PodId)> {
        self.pods.front().copied()
    }

    /// The sequence of the last pod.
    pub fn last_sequence(&self) -> u64 {
        self.pods.back().map_or(0, |(sequence, _)| *sequence)
    }

    /// Puts a pod before the others.
    pub fn push_front(&mut self, sequence: u64, pod: PodId) {
        self.pods.push_front((sequence, pod));
    }

    /// Takes out the first pod, and those behind it that are no longer in the cohort.
    pub fn drop_first(&mut self, is_in: impl Fn(u64, PodId) -> bool) {
        self.pods.pop_front();
        while self.pods.front().is_some_and(|(sequence, pod)| !is_in(*sequence, *pod)) {
            self.pods.pop_front();
        }
    }

    /// True if `later` can stand behind this one: it differs in its pods alone, and they come after these.
    fn goes_before(&self, later: &Cohort) -> bool {
        self.state == State::Unschedulable
            && later.state == State::Unschedulable
            && (self.queued, self.round, self.priority) == (later.queued, later.round, later.priority)
            && self.failures == later.failures
            && self.rejection == later.rejection
            && self.first().is_some()
            && later.first().is_some_and(|(first, _)| self.last_sequence() < first)
    }
}

/// The table of cohorts.
#[derive(Clone, Default, Debug)]
pub(super) struct Cohorts {
    slots: Vec<Cohort>,
    spare: Vec<CohortId>,
    /// Those that were made or rejected last, the latest at the end.
    recent: VecDeque<CohortId>,
}

/// How many cohorts are looked at for one that a new one can join.
const RECENT_MAX: usize = 8;

impl Cohorts {
    /// Adds a cohort.
    pub fn add(&mut self, cohort: Cohort) -> CohortId {
        if let Some(id) = self.spare.pop() {
            self.slots[id.0 as usize] = cohort;
            return id;
        }
        self.slots.push(cohort);
        CohortId(self.slots.len() as u32 - 1)
    }

    /// Frees the number of a cohort without pods.
    pub fn free(&mut self, id: CohortId) {
        self.spare.push(id);
        self.recent.retain(|one| *one != id);
    }

    /// A cohort.
    pub fn get(&self, id: CohortId) -> &Cohort {
        &self.slots[id.0 as usize]
    }

    /// A cohort, to change it while it stands nowhere.
    pub fn get_mut(&mut self, id: CohortId) -> &mut Cohort {
        &mut self.slots[id.0 as usize]
    }

    /// Notes that a cohort was rejected now, and finds one that was rejected just before and that it can stand behind.
    pub fn behind_which(&mut self, id: CohortId) -> Option<CohortId> {
        self.recent.retain(|one| *one != id);
        let later = self.get(id);
        let found = self.recent.iter().rev().copied().find(|before| self.get(*before).goes_before(later));
        self.recent.push_back(id);
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
        found
    }

    /// Makes one cohort of two, of which the first comes before the second: the smaller one's pods move. Which cohort is
    /// left, which is empty now, and the pods that moved.
    pub fn join(&mut self, before: CohortId, later: CohortId) -> (CohortId, CohortId, Vec<(u64, PodId)>) {
        let keeps_first = self.get(before).pods.len() >= self.get(later).pods.len();
        let (left, empty) = if keeps_first { (before, later) } else { (later, before) };
        let moved: Vec<(u64, PodId)> = std::mem::take(&mut self.get_mut(empty).pods).into();
        let pods = &mut self.get_mut(left).pods;
        if keeps_first {
            pods.extend(moved.iter().copied());
        } else {
            moved.iter().rev().for_each(|one| pods.push_front(*one));
        }
        (left, empty, moved)
    }
}
