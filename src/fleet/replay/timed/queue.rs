//! Who waits, and whose turn it is: pods of higher priority first, of these who joined first. A pod that no node took waits until a node
//! has room for its class, and for its back-off: 1 s, doubled with each failure, at most 10 s (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/backend/queue and apis/config/v1/defaults.go). Equal pods behind one that failed are not tried in vain, as nothing
//! that decides about them is different. In a cluster each would fail behind the first and keep its place: here they keep it behind the
//! first of them, and none overtakes it while it waits for its back-off.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The first back-off and the longest.
const BACKOFF_FIRST_MS: u64 = 1_000;
const BACKOFF_MAX_MS: u64 = 10_000;

/// A pod's turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ticket {
    /// The pod.
    pub pod: u32,
    /// Its priority.
    pub priority: i32,
    /// When it joined.
    since_ms: u64,
    failures: u32,
    /// When it may be tried.
    not_before_ms: u64,
}

type Key = (Reverse<i32>, u64, u32);

impl Ticket {
    /// The turn of a pod that joins now.
    pub const fn new(pod: u32, priority: i32, now_ms: u64) -> Ticket {
        Ticket { pod, priority, since_ms: now_ms, failures: 0, not_before_ms: now_ms }
    }

    const fn key(&self) -> Key {
        (Reverse(self.priority), self.since_ms, self.pod)
    }
}

/// The pods that wait, by class.
#[derive(Debug)]
pub(super) struct Queues {
    classes: Vec<BTreeMap<Key, Ticket>>,
    /// Classes of which no pod finds a node until something leaves.
    blocked: Vec<bool>,
    /// Classes that may have somebody to try now.
    ready: BTreeSet<u32>,
    /// Who joined a blocked class and was not looked at yet: it is tried once, for it may preempt.
    fresh: BTreeMap<Key, u32>,
    /// When a class that may try has somebody whose back-off is over.
    wakes: BTreeSet<(u64, u32)>,
    count: usize,
}

impl Queues {
    /// Nobody waits.
    pub fn new(classes: usize) -> Queues {
        Queues {
            classes: vec![BTreeMap::new(); classes],
            blocked: vec![false; classes],
            ready: BTreeSet::new(),
            fresh: BTreeMap::new(),
            wakes: BTreeSet::new(),
            count: 0,
        }
    }

    /// How many wait.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// All that wait.
    pub fn pods(&self) -> impl Iterator<Item = u32> {
        self.classes.iter().flat_map(|class| class.values().map(|ticket| ticket.pod))
    }

    /// A pod joins.
    pub fn join(&mut self, class: u32, ticket: Ticket) {
        self.classes[class as usize].insert(ticket.key(), ticket);
        self.count += 1;
        if self.blocked[class as usize] {
            self.fresh.insert(ticket.key(), class);
        } else {
            self.ready.insert(class);
        }
    }

    /// Nothing waits for this pod any more.
    pub fn leave(&mut self, class: u32, ticket: Ticket) {
        self.fresh.remove(&ticket.key());
        if self.classes[class as usize].remove(&ticket.key()).is_some() {
            self.count -= 1;
        }
    }

    /// No node took it: it waits for room and for its back-off, and so do its equals.
    pub fn fail(&mut self, class: u32, ticket: Ticket, now_ms: u64) {
        self.leave(class, ticket);
        let backoff_ms = (BACKOFF_FIRST_MS << ticket.failures.min(4)).min(BACKOFF_MAX_MS);
        let again = Ticket { failures: ticket.failures + 1, not_before_ms: now_ms + backoff_ms, ..ticket };
        self.classes[class as usize].insert(again.key(), again);
        self.count += 1;
        self.blocked[class as usize] = true;
        self.ready.remove(&class);
    }

    /// True if no pod of a class finds a node.
    pub fn is_blocked(&self, class: u32) -> bool {
        self.blocked[class as usize]
    }

    /// Classes for which there is room now may try again.
    pub fn unblock(&mut self, mut has_room: impl FnMut(u32) -> bool) {
        for class in 0..self.classes.len() as u32 {
            let at = class as usize;
            if self.blocked[at] && (self.classes[at].is_empty() || has_room(class)) {
                self.blocked[at] = false;
                self.ready.insert(class);
            }
        }
    }

    /// Classes that have somebody whose back-off is over may try.
    pub fn wake(&mut self, now_ms: u64) {
        while let Some((at, class)) = self.wakes.first().copied().filter(|(at, _)| *at <= now_ms) {
            self.wakes.remove(&(at, class));
            if !self.blocked[class as usize] {
                self.ready.insert(class);
            }
        }
    }

    /// When somebody's back-off is over for whom there is room.
    pub fn next_wake_ms(&self) -> Option<u64> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// Whose turn it is; `None`: nobody may try now.
    pub fn next(&mut self, now_ms: u64) -> Option<(u32, Ticket)> {
        let mut best: Option<(Key, u32)> = self.fresh.first_key_value().map(|(key, class)| (*key, *class));
        let mut done = Vec::new();
        for class in &self.ready {
            match self.classes[*class as usize].first_key_value() {
                Some((key, ticket)) if ticket.not_before_ms <= now_ms => {
                    if best.is_none_or(|(least, _)| *key < least) {
                        best = Some((*key, *class));
                    }
                }
                first => done.push((*class, first.map(|(_, ticket)| ticket.not_before_ms))),
            }
        }
        for (class, wakes_ms) in done {
            self.ready.remove(&class);
            self.wakes.extend(wakes_ms.map(|at| (at, class)));
        }
        let (key, class) = best?;
        self.fresh.remove(&key);
        self.classes[class as usize].get(&key).map(|ticket| (class, *ticket))
    }
}
