//! Which pod is tried next: the active queue, the back-off queue and the unschedulable pods (`PriorityQueue`,
//! k8s.io/kubernetes v1.36.3, pkg/scheduler/backend/queue). Scheduling takes no time here, so no event can come while a
//! pod is being tried.
//!
//! With `SchedulerPopFromBackoffQ` (beta, on) an empty active queue takes from the back-off queue before its time, so
//! back-off delays a pod only while others are waiting, or while the cluster has no node.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{self, ClusterEvent};
use super::rejection::{Plugins, Rejection};
use crate::cluster::PodId;
use crate::cluster::node::Nodes;
use crate::cluster::template::{TemplateId, Templates};
use crate::kernel::{Duration, Time};

/// Back-off after the first failure, and the grid that back-off ends on: scheduling_queue.go, backoff_queue.go.
const BACKOFF_INITIAL: Duration = Duration::from_secs(1);
/// The longest back-off: scheduling_queue.go, DefaultPodMaxBackoffDuration.
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// How often back-off that is over is looked for, and the width of the windows in which it ends.
const WINDOW: Duration = Duration::from_secs(1);
/// How often unschedulable pods are looked through: scheduling_queue.go, Run.
const LEFTOVER_PERIOD: Duration = Duration::from_secs(30);
/// How long a pod stays unschedulable without an event: DefaultPodMaxInUnschedulablePodsDuration.
const UNSCHEDULABLE_MAX: Duration = Duration::from_secs(5 * 60);

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
pub struct SchedulingQueue {
    entries: Vec<Option<Entry>>,
    active: BTreeSet<Turn>,
    backoff: BTreeSet<(Time, Turn)>,
    error_backoff: BTreeSet<(Time, Turn)>,
    unschedulable: BTreeMap<(TemplateId, Plugins), BTreeSet<Turn>>,
    waiting_since: BTreeSet<(Time, PodId)>,
    sequence: u64,
}

impl SchedulingQueue {
    /// A new pod waits for a node.
    pub fn add(&mut self, pod: PodId, priority: i32, now: Time) {
        self.forget(pod);
        let turn = Turn { priority: std::cmp::Reverse(priority), queued: now, sequence: self.next_sequence(), pod };
        self.put(Entry { place: Place::Away, turn, failures: 0, errors: 0 }, Place::Active);
    }

    /// The pod to try now, if there is one. It is out of the queue until it is [`SchedulingQueue::rejected`].
    pub fn pop(&mut self, now: Time) -> Option<PodId> {
        self.flush(now);
        let turn = match self.active.first() {
            Some(turn) => *turn,
            None => self.backoff.first()?.1,
        };
        self.take_out(turn.pod);
        Some(turn.pod)
    }

    /// When [`SchedulingQueue::pop`] may next give a pod if nothing else happens: `now` if it would at once.
    pub fn next_due(&self, now: Time) -> Option<Time> {
        if !self.active.is_empty() || !self.backoff.is_empty() {
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
    pub fn on_event(&mut self, event: &ClusterEvent, nodes: &Nodes, templates: &Templates, now: Time) {
        self.flush(now);
        let helped =
            |(template, plugins): (TemplateId, Plugins)| event::helps(event, nodes, templates.get(template), plugins);
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
        self.active.len() + self.backoff.len() + self.error_backoff.len() + self.waiting_since.len()
    }

    /// True if no pod waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
        let length = (BACKOFF_INITIAL * (1 << doublings)).min(BACKOFF_MAX);
        window_of(self.turn.queued + length)
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
