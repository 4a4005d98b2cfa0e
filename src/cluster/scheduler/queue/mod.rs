//! Which pod is tried next: the active queue, the back-off queue and the unschedulable pods (`PriorityQueue`,
//! k8s.io/kubernetes v1.36.3, pkg/scheduler/backend/queue). Scheduling takes no time here, so no event can come while a
//! pod is being tried.
//!
//! With `SchedulerPopFromBackoffQ` (beta, on) an empty active queue takes from the back-off queue before its time, so
//! back-off delays a pod only while others are waiting, or while the cluster has no node.
//!
//! Pods that were rejected alike wait as one cohort. When an event helps them, one is tried; if it is rejected as before,
//! so would the others be at this instant, and the whole cohort waits again. A full cluster with many pending pods
//! costs no more at each event than one with a few.

mod cohort;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cohort::{Cohort, CohortId, Cohorts, State};

use super::event::{self, ClusterEvent};
use super::rejection::{Plugins, Rejection};
use super::rules::{Backoff, SchedulerConfig};
use crate::cluster::PodId;
use crate::cluster::node::Nodes;
use crate::cluster::profile::scheduling::{BACKOFF_WINDOW as WINDOW, LEFTOVER_PERIOD, UNSCHEDULABLE_MAX};
use crate::cluster::template::{TemplateId, Templates};
use crate::kernel::mutation::{Mutation, is_on};
use crate::kernel::{Duration, Time};

/// The order of the active queue: priority, highest first, then the time of queueing, then the order in which pods were
/// queued at that time: by round, and within a round by the order in which they were added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Turn {
    priority: Reverse<i32>,
    queued: Time,
    round: u64,
    sequence: u64,
}

/// Who stands at a turn: one pod, or a cohort with its first pod.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Pod(PodId),
    Cohort(CohortId),
}

/// Where a pod is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Not in the queue: being tried.
    Away,
    /// In the active queue, in the list of those that came in order.
    Fresh,
    /// In the active queue, among the others.
    Active,
    /// Backing off after an error until the window that begins here is over; not to be taken early.
    ErrorBackoff(Time),
    /// With those that were rejected alike.
    Cohort(CohortId),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    /// The pod's turn; of a pod in a cohort only its sequence counts.
    turn: Turn,
    failures: u32,
    errors: u32,
}

/// From where a pod was taken that is queued again: pods of one origin come one after the other in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Origin {
    now: Time,
    backoff: Option<Time>,
    priority: i32,
    queued: Time,
    round: u64,
}

/// The pods that wait for a node.
#[derive(Clone, Default, Debug)]
pub struct SchedulingQueue {
    entries: Vec<Option<Entry>>,
    waiting: usize,
    /// Pods of the active queue that came in the order in which they go. Those that are no longer in it stay until they
    /// come first.
    fresh: VecDeque<(Turn, PodId)>,
    fresh_pods: usize,
    /// The others of the active queue.
    active: BTreeSet<(Turn, Who)>,
    backoff: BTreeSet<(Time, Turn, CohortId)>,
    error_backoff: BTreeSet<(Time, Turn, PodId)>,
    cohorts: Cohorts,
    unschedulable: BTreeMap<(TemplateId, Plugins), BTreeSet<CohortId>>,
    unschedulable_since: BTreeSet<(Time, CohortId)>,
    /// The pod that was popped last, its origin, and the cohort that it was taken from if others are left there.
    popped: Option<(PodId, Origin, Option<CohortId>)>,
    sequence: u64,
    round: u64,
    round_origin: Option<Origin>,
    round_last: u64,
    wait: Backoff,
}

impl SchedulingQueue {
    /// A queue in which rejected pods wait so long.
    pub fn new(wait: Backoff) -> SchedulingQueue {
        SchedulingQueue { wait, ..SchedulingQueue::default() }
    }

    /// A new pod waits for a node.
    pub fn add(&mut self, pod: PodId, priority: i32, now: Time) {
        self.forget(pod);
        self.sequence += 1;
        let sequence = self.sequence;
        let origin = Origin { now, backoff: None, priority: 0, queued: now, round: u64::MAX };
        let round = self.round_of(origin, sequence, sequence);
        let turn = Turn { priority: Reverse(priority), queued: now, round, sequence };
        let in_order = self.fresh.back().is_none_or(|(last, _)| *last < turn);
        let place = if in_order { Place::Fresh } else { Place::Active };
        self.put(pod, Entry { place, turn, failures: 0, errors: 0 });
    }

    /// The pod to try now, if there is one. It is out of the queue until it is [`SchedulingQueue::rejected`]. All pods
    /// that are due are to be popped before time goes on.
    pub fn pop(&mut self, now: Time) -> Option<PodId> {
        self.flush(now);
        let fresh = self.first_fresh().map(|(turn, pod)| (turn, Who::Pod(pod)));
        let active = self.active.first().copied();
        let (who, backoff) = match fresh.into_iter().chain(active).min() {
            Some((_, who)) => (who, None),
            None => self.backoff.first().map(|(until, _, cohort)| (Who::Cohort(*cohort), Some(*until)))?,
        };
        let (pod, cohort) = match who {
            Who::Pod(pod) => (pod, None),
            Who::Cohort(id) => (self.cohorts.get(id).first()?.1, Some(id)),
        };
        if let Some(id) = cohort {
            let cohort = self.cohorts.get(id);
            let (failures, turn) = (cohort.failures, cohort.turn());
            if let Some(entry) = &mut self.entries[pod.0 as usize] {
                (entry.failures, entry.turn) = (failures, turn);
            }
        }
        let turn = self.entry(pod)?.turn;
        self.take_out(pod);
        let origin = Origin { now, backoff, priority: turn.priority.0, queued: turn.queued, round: turn.round };
        let left = cohort.filter(|id| self.cohorts.get(*id).first().is_some());
        self.popped = Some((pod, origin, left));
        Some(pod)
    }

    /// When [`SchedulingQueue::pop`] may next give a pod if nothing else happens: `now` if it would at once.
    pub fn next_due(&self, now: Time) -> Option<Time> {
        if self.fresh_pods > 0 || !self.active.is_empty() || !self.backoff.is_empty() {
            return Some(now);
        }
        let after_error = self.error_backoff.first().map(|(until, ..)| *until + WINDOW);
        let leftover = self.unschedulable_since.first().map(|(since, _)| leftover_flush(*since));
        [after_error, leftover].into_iter().flatten().min().map(|due| due.max(now))
    }

    /// The pod that was popped last has no node.
    pub fn rejected(&mut self, pod: PodId, rejection: &Rejection, now: Time) {
        if is_on(Mutation::PodsForgotten) {
            self.popped = None;
            return self.forget(pod);
        }
        let Some(mut entry) = self.entry(pod).filter(|entry| entry.place == Place::Away) else { return };
        let popped = self.popped.take().filter(|(popped, ..)| *popped == pod);
        debug_assert!(popped.is_some(), "the pod that was popped last is rejected");
        let Turn { priority: Reverse(priority), queued, round, sequence } = entry.turn;
        let unknown = Origin { now, backoff: None, priority, queued, round };
        let (origin, left) = popped.map_or((unknown, None), |(_, origin, left)| (origin, left));
        if rejection.plugins.is_empty() {
            // `ErrNoNodesAvailable`: no plugin rejected the pod, so it is retried by time alone.
            entry.errors += 1;
            entry.turn.round = self.round_of(origin, sequence, sequence);
            entry.turn.queued = now;
            entry.place = Place::ErrorBackoff(self.wait.end(now, entry.errors));
            self.put(pod, entry);
            return;
        }
        let id = match left.filter(|id| self.cohorts.get(*id).rejection == *rejection) {
            // The others would be tried at this instant too, and be rejected as this one is.
            Some(id) => {
                self.lift(id);
                id
            }
            None => self.cohorts.add(Cohort::new(rejection.clone(), priority)),
        };
        self.cohorts.get_mut(id).push_front(sequence, pod);
        let round = self.round_of(origin, sequence, self.cohorts.get(id).last_sequence());
        let most = self.wait.failures_max();
        let cohort = self.cohorts.get_mut(id);
        (cohort.queued, cohort.round, cohort.state) = (now, round, State::Unschedulable);
        cohort.failures = (entry.failures + 1).min(most);
        (entry.errors, entry.place) = (0, Place::Cohort(id));
        self.entries[pod.0 as usize] = Some(entry);
        self.waiting += 1;
        self.settle(id);
    }

    /// The pod is placed or gone.
    pub fn forget(&mut self, pod: PodId) {
        self.take_out(pod);
        if let Some(entry) = self.entries.get_mut(pod.0 as usize) {
            *entry = None;
        }
    }

    /// The pods that wait for a node.
    pub fn pods(&self) -> impl Iterator<Item = PodId> + '_ {
        let there = |(index, entry): (usize, &Option<Entry>)| entry.is_some().then_some(PodId(index as u32));
        self.entries.iter().enumerate().filter_map(there)
    }

    /// Something happened: the unschedulable pods that it may help are queued again, through back-off.
    pub fn on_event(
        &mut self,
        event: &ClusterEvent,
        nodes: &Nodes,
        templates: &Templates,
        config: &SchedulerConfig,
        now: Time,
    ) {
        self.flush(now);
        let helped = |(template, plugins): (TemplateId, Plugins)| {
            let profile = config.profile_of(&templates.get(template).scheduler).unwrap_or(0);
            event::helps(event, nodes, templates, &config.profiles[profile], template, plugins)
        };
        let groups: Vec<(TemplateId, Plugins)> =
            self.unschedulable.keys().copied().filter(|key| helped(*key)).collect();
        for key in groups {
            for cohort in self.unschedulable.get(&key).cloned().unwrap_or_default() {
                self.requeue(cohort, now);
            }
        }
    }

    /// How many pods wait, in all.
    pub const fn len(&self) -> usize {
        self.waiting
    }

    /// True if no pod waits.
    pub const fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Moves what is due: back-off that is over, and pods that waited long without an event.
    fn flush(&mut self, now: Time) {
        let window = window_of(now);
        // A window that is not over counts as backing off still.
        while let Some((_, _, id)) = self.backoff.first().copied().filter(|(until, ..)| *until < window) {
            self.lift(id);
            self.cohorts.get_mut(id).state = State::Active;
            self.lower(id);
        }
        while let Some((_, _, pod)) = self.error_backoff.first().copied().filter(|(until, ..)| *until < window) {
            self.take_out(pod);
            if let Some(entry) = self.entry(pod) {
                self.put(pod, Entry { place: Place::Active, ..entry });
            }
        }
        while let Some((_, id)) = self.unschedulable_since.first().copied() {
            if leftover_flush(self.cohorts.get(id).queued) > now {
                break;
            }
            self.requeue(id, now);
        }
    }

    /// Queues an unschedulable cohort again.
    fn requeue(&mut self, id: CohortId, now: Time) {
        self.lift(id);
        let wait = self.wait;
        let cohort = self.cohorts.get_mut(id);
        let until = wait.end(cohort.queued, cohort.failures);
        cohort.state = if until < window_of(now) { State::Active } else { State::Backoff(until) };
        self.lower(id);
    }

    /// Puts a cohort that was rejected now in its place: it joins one that was rejected alike just before.
    fn settle(&mut self, id: CohortId) {
        match self.cohorts.behind_which(id) {
            None => self.lower(id),
            Some(before) => {
                self.lift(before);
                let (left, empty, moved) = self.cohorts.join(before, id);
                for (sequence, pod) in moved {
                    if let Some(entry) = &mut self.entries[pod.0 as usize]
                        && entry.place == Place::Cohort(empty)
                        && entry.turn.sequence == sequence
                    {
                        entry.place = Place::Cohort(left);
                    }
                }
                self.cohorts.free(empty);
                self.lower(left);
            }
        }
    }

    /// The round of pods that are queued now with sequences from `first` to `last`. A new round begins where their order
    /// would not be that of their sequences.
    fn round_of(&mut self, origin: Origin, first: u64, last: u64) -> u64 {
        let same_instant = self.round_origin.is_some_and(|one| one.now == origin.now);
        if same_instant && (self.round_origin == Some(origin) || first > self.round_last) {
            self.round_last = self.round_last.max(last);
        } else {
            self.round += 1;
            self.round_last = last;
        }
        self.round_origin = Some(origin);
        self.round
    }

    fn first_fresh(&mut self) -> Option<(Turn, PodId)> {
        while let Some((turn, pod)) = self.fresh.front().copied() {
            if self.entry(pod).is_some_and(|entry| entry.place == Place::Fresh && entry.turn == turn) {
                return Some((turn, pod));
            }
            self.fresh.pop_front();
        }
        None
    }

    fn put(&mut self, pod: PodId, entry: Entry) {
        let turn = entry.turn;
        match entry.place {
            Place::Away | Place::Cohort(_) => {}
            Place::Fresh => {
                self.fresh.push_back((turn, pod));
                self.fresh_pods += 1;
            }
            Place::Active => {
                self.active.insert((turn, Who::Pod(pod)));
            }
            Place::ErrorBackoff(until) => {
                self.error_backoff.insert((until, turn, pod));
            }
        }
        let at = pod.0 as usize;
        if self.entries.len() <= at {
            self.entries.resize(at + 1, None);
        }
        self.entries[at] = Some(entry);
        self.waiting += 1;
    }

    fn take_out(&mut self, pod: PodId) {
        let Some(entry) = self.entry(pod).filter(|entry| entry.place != Place::Away) else { return };
        let turn = entry.turn;
        match entry.place {
            Place::Away => {}
            Place::Fresh => self.fresh_pods -= 1,
            Place::Active => {
                self.active.remove(&(turn, Who::Pod(pod)));
            }
            Place::ErrorBackoff(until) => {
                self.error_backoff.remove(&(until, turn, pod));
            }
            Place::Cohort(id) if self.cohorts.get(id).first() == Some((turn.sequence, pod)) => {
                self.lift(id);
                let entries = &self.entries;
                self.cohorts.get_mut(id).drop_first(|sequence, pod| {
                    let is_in = |entry: Entry| entry.place == Place::Cohort(id) && entry.turn.sequence == sequence;
                    entries[pod.0 as usize].is_some_and(is_in)
                });
                self.lower(id);
            }
            // The others stand where they stood; this one is passed over when it comes first.
            Place::Cohort(_) => {}
        }
        self.entries[pod.0 as usize] = Some(Entry { place: Place::Away, ..entry });
        self.waiting -= 1;
    }

    /// Takes a cohort out of wherever it stands.
    fn lift(&mut self, id: CohortId) {
        let cohort = self.cohorts.get(id);
        match cohort.state {
            State::Active => {
                self.active.remove(&(cohort.turn(), Who::Cohort(id)));
            }
            State::Backoff(until) => {
                self.backoff.remove(&(until, cohort.turn(), id));
            }
            State::Unschedulable => {
                let key = (cohort.rejection.template, cohort.rejection.plugins);
                if let Some(group) = self.unschedulable.get_mut(&key) {
                    group.remove(&id);
                    if group.is_empty() {
                        self.unschedulable.remove(&key);
                    }
                }
                self.unschedulable_since.remove(&(cohort.queued, id));
            }
        }
    }

    /// Puts a cohort where its state says; one without pods goes.
    fn lower(&mut self, id: CohortId) {
        let cohort = self.cohorts.get(id);
        if cohort.first().is_none() {
            self.cohorts.free(id);
            return;
        }
        match cohort.state {
            State::Active => {
                self.active.insert((cohort.turn(), Who::Cohort(id)));
            }
            State::Backoff(until) => {
                self.backoff.insert((until, cohort.turn(), id));
            }
            State::Unschedulable => {
                let key = (cohort.rejection.template, cohort.rejection.plugins);
                self.unschedulable.entry(key).or_default().insert(id);
                self.unschedulable_since.insert((cohort.queued, id));
            }
        }
    }

    fn entry(&self, pod: PodId) -> Option<Entry> {
        self.entries.get(pod.0 as usize).copied().flatten()
    }
}

impl Backoff {
    /// The window in which back-off ends that begins then: `getBackoffTime`, backoff_queue.go.
    fn end(self, since: Time, failures: u32) -> Time {
        let doublings = failures.saturating_sub(1).min(self.failures_max());
        window_of(since + (self.initial * (1 << doublings)).min(self.max))
    }

    /// From this many failures on back-off is the longest.
    fn failures_max(self) -> u32 {
        (1..20).find(|failures| self.initial * (1 << (failures - 1)) >= self.max).unwrap_or(20)
    }
}

/// The start of the window that an instant is in; the epoch of a run is a whole second.
fn window_of(time: Time) -> Time {
    Time::from_nanos(time.nanos() / WINDOW.nanos() * WINDOW.nanos())
}

/// When a pod that has been unschedulable since then is queued again without an event.
fn leftover_flush(since: Time) -> Time {
    let longest = since + UNSCHEDULABLE_MAX;
    (longest + Duration::from_nanos(1)).ceil_to(Time::ZERO, LEFTOVER_PERIOD)
}
