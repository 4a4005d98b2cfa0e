//! The scheduling queue written plainly: every pod that an event helps is moved, tried and put back by itself. The real
//! queue must give the same pods to the same nodes always; tests compare them.
//!
//! Which pod is tried next: the active queue, the back-off queue and the unschedulable pods (`PriorityQueue`,
//! k8s.io/kubernetes v1.36.3, pkg/scheduler/backend/queue). Scheduling takes no time here, so no event can come while a
//! pod is being tried.
//!
//! With `SchedulerPopFromBackoffQ` (beta, on) an empty active queue takes from the back-off queue before its time, so
//! back-off delays a pod only while others are waiting, or while the cluster has no node.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Backoff, SchedulerConfig, WINDOW, leftover_flush, window_of};
use crate::cluster::PodId;
use crate::cluster::node::Nodes;
use crate::cluster::scheduler::event::{self, ClusterEvent};
use crate::cluster::scheduler::rejection::{Plugins, Rejection};
use crate::cluster::template::{TemplateId, Templates};
use crate::kernel::Time;

/// The order of the active queue: priority, highest first, then the time of queueing, then the order of calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Turn {
    priority: std::cmp::Reverse<i32>,
    queued: Time,
    sequence: u64,
    pod: PodId,
}

/// Where a pod is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Not in the queue: never added, being tried, or placed.
    Away,
    /// In the active queue, in the list of those that came in order.
    Fresh,
    /// In the active queue, among the others.
    Active,
    /// Backing off until the window that begins here is over.
    Backoff(Time),
    /// Backing off after an error, not to be taken early.
    ErrorBackoff(Time),
    Unschedulable(TemplateId, Plugins),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    turn: Turn,
    failures: u32,
    errors: u32,
}

/// The pods that wait for a node.
#[derive(Clone, Default, Debug)]
pub struct PlainQueue {
    entries: Vec<Option<Entry>>,
    /// Pods of the active queue that came in the order in which they go. Those that are no longer in it stay until they
    /// come first.
    fresh: VecDeque<Turn>,
    fresh_pods: usize,
    /// The other pods of the active queue.
    active: BTreeSet<Turn>,
    backoff: BTreeSet<(Time, Turn)>,
    error_backoff: BTreeSet<(Time, Turn)>,
    unschedulable: BTreeMap<(TemplateId, Plugins), BTreeSet<Turn>>,
    waiting_since: BTreeSet<(Time, PodId)>,
    sequence: u64,
}

impl PlainQueue {
    /// A new pod waits for a node.
    pub fn add(&mut self, pod: PodId, priority: i32, now: Time) {
        self.forget(pod);
        let turn = Turn { priority: std::cmp::Reverse(priority), queued: now, sequence: self.next_sequence(), pod };
        let in_order = self.fresh.back().is_none_or(|last| *last < turn);
        let place = if in_order { Place::Fresh } else { Place::Active };
        self.put(Entry { place: Place::Away, turn, failures: 0, errors: 0 }, place);
    }

    /// The pod to try now, if there is one. It is out of the queue until it is [`PlainQueue::rejected`].
    pub fn pop(&mut self, now: Time) -> Option<PodId> {
        self.flush(now);
        let fresh = self.first_fresh();
        let first = match (fresh, self.active.first().copied()) {
            (Some(fresh), Some(active)) => fresh.min(active),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => self.backoff.first()?.1,
        };
        self.take_out(first.pod);
        Some(first.pod)
    }

    fn first_fresh(&mut self) -> Option<Turn> {
        while let Some(turn) = self.fresh.front().copied() {
            let waits = |entry: Entry| entry.place == Place::Fresh && entry.turn == turn;
            if self.entry(turn.pod).is_some_and(waits) {
                return Some(turn);
            }
            self.fresh.pop_front();
        }
        None
    }

    /// When [`PlainQueue::pop`] may next give a pod if nothing else happens: `now` if it would at once.
    pub fn next_due(&self, now: Time) -> Option<Time> {
        if self.fresh_pods > 0 || !self.active.is_empty() || !self.backoff.is_empty() {
            return Some(now);
        }
        let after_error = self.error_backoff.first().map(|(until, _)| *until + WINDOW);
        let leftover = self.waiting_since.first().map(|(since, _)| leftover_flush(*since));
        [after_error, leftover].into_iter().flatten().min().map(|due| due.max(now))
    }

    /// The pod that was popped has no node.
    pub fn rejected(&mut self, pod: PodId, rejection: &Rejection, now: Time) {
        let Some(mut entry) = self.entry(pod) else {
            return;
        };
        debug_assert_eq!(entry.place, Place::Away, "only a popped pod is rejected");
        entry.turn.queued = now;
        entry.turn.sequence = self.next_sequence();
        if rejection.plugins.is_empty() {
            // `ErrNoNodesAvailable`: no plugin rejected the pod, so it is retried by time alone.
            entry.errors += 1;
            let until = entry.backoff_end();
            self.put(entry, Place::ErrorBackoff(until));
        } else {
            entry.failures += 1;
            entry.errors = 0;
            self.put(entry, Place::Unschedulable(rejection.template, rejection.plugins));
        }
    }

    /// The pod is placed or gone.
    pub fn forget(&mut self, pod: PodId) {
        self.take_out(pod);
        if let Some(entry) = self.entries.get_mut(pod.0 as usize) {
            *entry = None;
        }
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
            event::helps(event, nodes, templates, &config.profiles[0], template, plugins)
        };
        let groups: Vec<(TemplateId, Plugins)> =
            self.unschedulable.keys().copied().filter(|key| helped(*key)).collect();
        for key in groups {
            for turn in self.unschedulable.remove(&key).expect("the key was there") {
                self.waiting_since.remove(&(turn.queued, turn.pod));
                self.requeue(turn.pod, now);
            }
        }
    }

    /// How many pods wait, in all.
    pub fn len(&self) -> usize {
        self.fresh_pods + self.active.len() + self.backoff.len() + self.error_backoff.len() + self.waiting_since.len()
    }

    /// Moves what is due: back-off that is over, and pods that waited long without an event.
    fn flush(&mut self, now: Time) {
        let window = window_of(now);
        for errors in [false, true] {
            loop {
                let queue = if errors { &mut self.error_backoff } else { &mut self.backoff };
                match queue.first() {
                    // A window that is not over counts as backing off still.
                    Some((until, turn)) if *until < window => {
                        let pod = turn.pod;
                        self.move_to(pod, Place::Active);
                    }
                    _ => break,
                }
            }
        }
        while let Some((since, pod)) = self.waiting_since.first().copied() {
            if leftover_flush(since) > now {
                break;
            }
            self.take_out(pod);
            self.requeue(pod, now);
        }
    }

    fn requeue(&mut self, pod: PodId, now: Time) {
        let Some(mut entry) = self.entry(pod) else {
            return;
        };
        entry.place = Place::Away;
        let until = entry.backoff_end();
        let place = if until < window_of(now) { Place::Active } else { Place::Backoff(until) };
        self.put(entry, place);
    }

    fn move_to(&mut self, pod: PodId, place: Place) {
        self.take_out(pod);
        if let Some(entry) = self.entry(pod) {
            self.put(entry, place);
        }
    }

    fn put(&mut self, mut entry: Entry, place: Place) {
        let turn = entry.turn;
        match place {
            Place::Away => {}
            Place::Fresh => {
                self.fresh.push_back(turn);
                self.fresh_pods += 1;
            }
            Place::Active => {
                self.active.insert(turn);
            }
            Place::Backoff(until) => {
                self.backoff.insert((until, turn));
            }
            Place::ErrorBackoff(until) => {
                self.error_backoff.insert((until, turn));
            }
            Place::Unschedulable(template, plugins) => {
                self.unschedulable.entry((template, plugins)).or_default().insert(turn);
                self.waiting_since.insert((turn.queued, turn.pod));
            }
        }
        entry.place = place;
        let at = turn.pod.0 as usize;
        if self.entries.len() <= at {
            self.entries.resize(at + 1, None);
        }
        self.entries[at] = Some(entry);
    }

    fn take_out(&mut self, pod: PodId) {
        let Some(mut entry) = self.entry(pod) else {
            return;
        };
        let turn = entry.turn;
        match entry.place {
            Place::Away => {}
            Place::Fresh => self.fresh_pods -= 1,
            Place::Active => {
                self.active.remove(&turn);
            }
            Place::Backoff(until) => {
                self.backoff.remove(&(until, turn));
            }
            Place::ErrorBackoff(until) => {
                self.error_backoff.remove(&(until, turn));
            }
            Place::Unschedulable(template, plugins) => {
                self.waiting_since.remove(&(turn.queued, pod));
                if let Some(group) = self.unschedulable.get_mut(&(template, plugins)) {
                    group.remove(&turn);
                    if group.is_empty() {
                        self.unschedulable.remove(&(template, plugins));
                    }
                }
            }
        }
        entry.place = Place::Away;
        self.entries[pod.0 as usize] = Some(entry);
    }

    fn entry(&self, pod: PodId) -> Option<Entry> {
        self.entries.get(pod.0 as usize).copied().flatten()
    }

    const fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

impl Entry {
    /// The window in which back-off ends: `getBackoffTime`, backoff_queue.go.
    fn backoff_end(&self) -> Time {
        let count = if self.errors > 0 { self.errors } else { self.failures };
        let doublings = count.saturating_sub(1).min(16);
        let Backoff { initial, max } = Backoff::default();
        let length = (initial * (1 << doublings)).min(max);
        window_of(self.turn.queued + length)
    }
}
