//! The work queue of a controller: keys that wait to be reconciled, once each, and how soon a failed one is tried again.
//! Source: kubernetes/client-go v0.36 (and before), util/workqueue/{queue,delaying_queue,default_rate_limiters}.go.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::kernel::{Duration, Time};
use crate::timeline::{Cause, Subject};

/// How soon what failed is tried again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimits {
    /// After the first failure; each further one of the same key doubles it.
    pub base: Duration,
    /// The longest.
    pub max: Duration,
    /// Retries of all keys together: one every so often …
    pub every: Duration,
    /// … after so many at once.
    pub burst: u32,
}

impl Default for RateLimits {
    /// What controller-runtime takes if it is not told otherwise (kubernetes-sigs/controller-runtime v0.21,
    /// pkg/controller/controller.go): client-go's `DefaultTypedControllerRateLimiter`, whose figures stand in
    /// util/workqueue/default_rate_limiters.go: 5 ms to 1000 s a key, and 10 a second after a burst of 100 for all keys.
    fn default() -> Self {
        RateLimits {
            base: Duration::from_millis(5),
            max: Duration::from_secs(1000),
            every: Duration::from_millis(100),
            burst: 100,
        }
    }
}

/// Keys that wait. It keeps a key once, whether it was added once or often.
#[derive(Clone, Debug, Default)]
pub struct WorkQueue {
    limits: RateLimits,
    /// Keys to hand out, in the order in which they were added.
    ready: VecDeque<Subject>,
    /// Keys that are to be reconciled, and what led to it; one that is in work stands here alone, and not in `ready`.
    dirty: BTreeMap<Subject, Cause>,
    in_work: BTreeSet<Subject>,
    /// Keys that come later, by their time and the order in which they were added.
    later: BTreeMap<(Time, u64), (Subject, Cause)>,
    /// Where each of them stands in `later`.
    places: BTreeMap<Subject, (Time, u64)>,
    sequence: u64,
    failures: BTreeMap<Subject, u32>,
    /// How often in a row something that was asked for a key was refused, after the reconcile that asked for it had ended well.
    refusals: BTreeMap<Subject, u32>,
    /// When the bucket of retries is full again.
    full_at: Time,
}

impl WorkQueue {
    /// An empty queue.
    pub fn new(limits: RateLimits) -> WorkQueue {
        WorkQueue { limits, ..WorkQueue::default() }
    }

    /// Adds a key. One that waits already stays where it is; one that is in work comes again once that is done.
    pub fn add(&mut self, key: Subject, cause: Cause) {
        if self.dirty.insert(key, cause).is_none() && !self.in_work.contains(&key) {
            self.ready.push_back(key);
        }
    }

    /// Adds a key at a time. Of two times the earlier counts.
    pub fn add_at(&mut self, key: Subject, at: Time, cause: Cause) {
        if let Some(place) = self.places.get(&key).copied() {
            if place.0 <= at {
                return;
            }
            self.later.remove(&place);
        }
        self.sequence += 1;
        let place = (at, self.sequence);
        self.later.insert(place, (key, cause));
        self.places.insert(key, place);
    }

    /// Adds a key that failed, as late as the limits of retries have it.
    pub fn add_rate_limited(&mut self, key: Subject, now: Time, cause: Cause) {
        let refused = self.refusals.get(&key).map_or(0, |count| count - 1);
        let failures = self.failures.entry(key).or_insert(0);
        let doubled = 1_u64.checked_shl((*failures).max(refused)).unwrap_or(u64::MAX);
        let own = self.limits.base.saturating_mul(doubled).min(self.limits.max);
        *failures = failures.saturating_add(1);
        // A token bucket by the time at which it would be full: each retry takes one token, and waits for one that is lacking.
        self.full_at = self.full_at.max(now) + self.limits.every;
        let shared = self.full_at.since(now + self.limits.every * u64::from(self.limits.burst));
        self.add_at(key, now + own.max(shared), cause);
    }

    /// Something that was asked for the key was refused. The real reconcile would have waited for that and failed: however well the
    /// one here ended, the next retry comes as late as after so many failures.
    pub fn refuse(&mut self, key: Subject) {
        let count = self.refusals.entry(key).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Something that was asked for the key was done.
    pub fn accept(&mut self, key: Subject) {
        self.refusals.remove(&key);
    }

    /// The key did not fail: its next failure is its first again.
    pub fn forget(&mut self, key: Subject) {
        self.failures.remove(&key);
    }

    /// How often the key failed since it last did not.
    pub fn failures(&self, key: Subject) -> u32 {
        self.failures.get(&key).copied().unwrap_or(0)
    }

    /// Takes the next key that is due; it is in work until [`WorkQueue::done`].
    pub fn take(&mut self, now: Time) -> Option<(Subject, Cause)> {
        while let Some((place, (key, cause))) = self.later.first_key_value().map(|(place, entry)| (*place, *entry))
            && place.0 <= now
        {
            self.later.remove(&place);
            self.places.remove(&key);
            self.add(key, cause);
        }
        let key = self.ready.pop_front()?;
        let cause = self.dirty.remove(&key)?;
        self.in_work.insert(key);
        Some((key, cause))
    }

    /// Work on a key is over; if it was added meanwhile, it waits again.
    pub fn done(&mut self, key: Subject) {
        if self.in_work.remove(&key) && self.dirty.contains_key(&key) {
            self.ready.push_back(key);
        }
    }

    /// How many keys are in work.
    pub fn in_work(&self) -> usize {
        self.in_work.len()
    }

    /// True if a key waits that is due now.
    pub fn is_due(&self, now: Time) -> bool {
        !self.ready.is_empty() || self.next_at().is_some_and(|at| at <= now)
    }

    /// When the next of the keys that come later comes.
    pub fn next_at(&self) -> Option<Time> {
        self.later.first_key_value().map(|((at, _), _)| *at)
    }

    /// When a key comes that comes later.
    pub fn time_of(&self, key: Subject) -> Option<Time> {
        self.places.get(&key).map(|(at, _)| *at)
    }

    /// True if the key waits, now or for later, or is in work.
    pub fn holds(&self, key: Subject) -> bool {
        self.dirty.contains_key(&key) || self.places.contains_key(&key) || self.in_work.contains(&key)
    }
}
