//! Which pod is tried next: the active queue, the back-off queue and the unschedulable pods (`PriorityQueue`,
//! k8s.io/kubernetes v1.36.3, pkg/scheduler/backend/queue). Scheduling takes no time here, so no event can come while a
//! pod is being tried.
//!
//! With `SchedulerPopFromBackoffQ` (beta, on) an empty active queue takes from the back-off queue before its time, so
//! back-off delays a pod only while others are waiting, or while the cluster has no node.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
pub struct SchedulingQueue {
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

impl SchedulingQueue {
    /// A new pod waits for a node.
    pub fn add(&mut self, pod: PodId, priority: i32, now: Time) {
        self.forget(pod);
        let turn = Turn { priority: std::cmp::Reverse(priority), queued: now, sequence: self.next_sequence(), pod };
        let in_order = self.fresh.back().is_none_or(|last| *last < turn);
        let place = if in_order { Place::Fresh } else { Place::Active };
        self.put(Entry { place: Place::Away, turn, failures: 0, errors: 0 }, place);
    }

    /// The pod to try now, if there is one. It is out of the queue until it is [`SchedulingQueue::rejected`].
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

    /// When [`SchedulingQueue::pop`] may next give a pod if nothing else happens: `now` if it would at once.
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
        self.fresh_pods + self.active.len() + self.backoff.len() + self.error_backoff.len() + self.waiting_since.len()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::node::NodeId;
    use crate::cluster::scheduler::tests::{node, pod, taint};
    use crate::cluster::scheduler::{Scheduler, SchedulerProfile};
    use crate::cluster::template::SpreadId;
    use crate::kernel::Names;
    use crate::workload::TaintEffect;

    fn at(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    /// One node with 4 CPUs, a template that fills it, and who waits.
    struct Waiting {
        names: Names,
        nodes: Nodes,
        templates: Templates,
        full: TemplateId,
        scheduler: Scheduler,
        queue: SchedulingQueue,
    }

    impl Waiting {
        fn new(nodes: usize) -> Waiting {
            let mut names = Names::default();
            let mut templates = Templates::default();
            let full = templates.intern(&mut names, &pod(4000, 0, 0));
            let scheduler = Scheduler::new(SchedulerProfile::KubeDefault, &mut names);
            let mut table = Nodes::default();
            for _ in 0..nodes {
                let spec = node(&mut names, "n", 4, 16, 0);
                table.add(&mut names, spec);
            }
            Waiting { names, nodes: table, templates, full, scheduler, queue: SchedulingQueue::default() }
        }

        /// Pops a pod and tries to place it; its number and its node.
        fn try_next(&mut self, now: Time) -> Option<(u32, Option<u32>)> {
            let pod = self.queue.pop(now)?;
            match self.scheduler.place(&self.nodes, &self.templates, self.full, SpreadId::NONE) {
                Ok(node) => {
                    self.nodes.bind(&self.templates, node, self.full, SpreadId::NONE);
                    self.queue.forget(pod);
                    Some((pod.0, Some(node.0)))
                }
                Err(rejection) => {
                    self.queue.rejected(pod, &rejection, now);
                    Some((pod.0, None))
                }
            }
        }

        fn release(&mut self, node: u32, now: Time) {
            let event = self.nodes.release(&self.templates, NodeId(node), self.full, SpreadId::NONE);
            self.tell(&event, now);
        }

        fn tell(&mut self, event: &ClusterEvent, now: Time) {
            self.queue.on_event(event, &self.nodes, &self.templates, now);
        }
    }

    #[test]
    fn pods_go_by_priority_then_time_then_order() {
        let mut queue = SchedulingQueue::default();
        for (pod, priority, time) in [(0, 0, 1), (1, 0, 1), (2, 10, 2), (3, -1, 2), (4, 10, 2), (5, 0, 2)] {
            queue.add(PodId(pod), priority, at(time));
        }
        queue.forget(PodId(1));
        assert_eq!(queue.len(), 5);
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop(at(3))).map(|pod| pod.0).collect();
        assert_eq!(order, [2, 4, 0, 5, 3]);
        assert_eq!(queue.next_due(at(3)), None);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_rejected_pod_waits_for_an_event_that_helps() {
        let mut world = Waiting::new(1);
        world.queue.add(PodId(0), 0, at(0));
        world.queue.add(PodId(1), 0, at(0));
        assert_eq!(world.try_next(at(0)), Some((0, Some(0))));
        assert_eq!(world.try_next(at(0)), Some((1, None)));
        assert_eq!(world.try_next(at(0)), None, "it is unschedulable");
        // A taint that goes away helps pods that a taint kept away, not this one.
        let dedicated = taint("dedicated", TaintEffect::NoSchedule);
        let _ = world.nodes.add_taint(NodeId(0), dedicated);
        let event = world.nodes.remove_taint(NodeId(0), "dedicated");
        world.tell(&event, at(100));
        assert_eq!(world.queue.pop(at(100)), None);
        // The other pod goes: this one backs off for a second yet, but nobody else waits, so it is taken at once.
        world.release(0, at(200));
        assert_eq!(world.queue.next_due(at(200)), Some(at(200)));
        assert_eq!(world.try_next(at(200)), Some((1, Some(0))));
    }

    #[test]
    fn back_off_lets_others_go_first_until_its_window_is_over() {
        let mut world = Waiting::new(1);
        world.queue.add(PodId(0), 0, at(500));
        world.try_next(at(500));
        world.queue.add(PodId(1), 5, at(500));
        assert_eq!(world.try_next(at(500)), Some((1, None)));
        // Rejected at 0.5 s: back-off ends at 1.5 s, so in the window from 1 s, which is over at 2 s.
        world.release(0, at(600));
        world.queue.add(PodId(2), 0, at(700));
        assert_eq!(world.queue.clone().pop(at(1999)), Some(PodId(2)), "the other goes first, for all its priority");
        assert_eq!(world.queue.clone().pop(at(2000)), Some(PodId(1)), "it is in the active queue again");
    }

    #[test]
    fn back_off_doubles_up_to_ten_seconds() {
        let end = |failures| {
            let turn = Turn { priority: std::cmp::Reverse(0), queued: at(250), sequence: 0, pod: PodId(0) };
            Entry { place: Place::Away, turn, failures, errors: 0 }.backoff_end()
        };
        let ends: Vec<Time> = (1..7).map(end).collect();
        assert_eq!(ends, [1, 2, 4, 8, 10, 10].map(|seconds| at(seconds * 1000)));
    }

    #[test]
    fn without_nodes_pods_are_retried_by_time_alone() {
        let mut world = Waiting::new(0);
        world.queue.add(PodId(0), 0, at(100));
        assert_eq!(world.try_next(at(100)), Some((0, None)));
        // Back-off after an error is not cut short: 1.1 s is in the window from 1 s, over at 2 s.
        assert_eq!(world.queue.next_due(at(100)), Some(at(2000)));
        let spec = node(&mut world.names, "n", 4, 16, 0);
        let added = world.nodes.add(&mut world.names, spec);
        world.tell(&ClusterEvent::NodeAdded(added), at(200));
        assert_eq!(world.queue.pop(at(1999)), None);
        assert_eq!(world.try_next(at(2000)), Some((0, Some(0))));
    }

    #[test]
    fn unschedulable_pods_are_tried_again_after_five_minutes() {
        let mut world = Waiting::new(1);
        world.queue.add(PodId(0), 0, at(0));
        world.queue.add(PodId(1), 0, at(0));
        world.try_next(at(10_000));
        assert_eq!(world.try_next(at(10_000)), Some((1, None)));
        // Looked through every 30 s: at 310 s the pod has waited 300 s, not more, at 330 s it has.
        assert_eq!(world.queue.next_due(at(10_000)), Some(at(330_000)));
        assert_eq!(world.queue.pop(at(329_999)), None);
        assert_eq!(world.queue.pop(at(330_000)), Some(PodId(1)));
    }

    #[test]
    fn a_node_that_joins_helps_those_whom_it_could_hold() {
        let mut world = Waiting::new(1);
        world.queue.add(PodId(0), 0, at(0));
        world.queue.add(PodId(1), 0, at(0));
        world.try_next(at(0));
        world.try_next(at(0));
        for (cpu, helps) in [(2, false), (4, true)] {
            let spec = node(&mut world.names, "n", cpu, 16, 0);
            let added = world.nodes.add(&mut world.names, spec);
            world.tell(&ClusterEvent::NodeAdded(added), at(100));
            assert_eq!(world.queue.clone().pop(at(100)).is_some(), helps, "{cpu} CPUs");
        }
    }
}
