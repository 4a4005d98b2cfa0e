//! The events of later instants, in four parts, from the next to the last:
//!
//! - `bottom`: the bucket that is being emptied, sorted, and `late`, a heap of what was added to its span since;
//! - `buckets`: equal spans of time, each an unsorted list;
//! - `top`: everything behind the last bucket, unsorted.
//!
//! An event is sorted only among the few of its bucket, so its cost does not grow with the number that wait, and
//! events of one instant, which come in the order of their numbers, cost least. This is a ladder queue with one rung
//! (Tang, Goh, Thng, "Ladder queue", ACM TOMACS 15(3), 2005). When the buckets are used up, those for the nearer half
//! of `top` are laid out anew: timers that lie hours ahead cannot stretch them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::slots::{END, Key, Slots};

/// Keys in the order of time.
#[derive(Clone)]
pub(super) struct Calendar {
    /// Greatest first, so that the least is taken from the end.
    bottom: Vec<Key>,
    late: BinaryHeap<Reverse<Key>>,
    /// Everything before this time belongs into `bottom` or `late`.
    bottom_end: u64,
    /// The first slot of each bucket.
    buckets: Vec<u32>,
    /// The bucket after the one in `bottom`.
    bucket_next: usize,
    buckets_start: u64,
    /// A bucket spans 2^shift nanoseconds.
    shift: u32,
    /// Everything from this time on belongs into `top`.
    top_start: u64,
    top: Vec<Key>,
}

/// Times looked at to find the middle of `top`.
const SAMPLES: usize = 31;

impl Calendar {
    pub(super) fn new() -> Calendar {
        Calendar {
            bottom: Vec::with_capacity(64),
            late: BinaryHeap::with_capacity(64),
            bottom_end: 0,
            buckets: Vec::new(),
            bucket_next: 0,
            buckets_start: 0,
            shift: 0,
            top_start: 0,
            top: Vec::new(),
        }
    }

    /// Adds a key whose slot is filled.
    pub(super) fn push<E: Copy>(&mut self, key: Key, slots: &mut Slots<E>) {
        let at = key.nanos();
        if at >= self.top_start {
            self.top.push(key);
        } else if at >= self.bottom_end {
            self.put_in_bucket(key, slots);
        } else {
            self.late.push(Reverse(key));
            if self.late.len() > 256 && self.late.len() > slots.live() / 8 {
                self.gather(slots);
            }
        }
    }

    /// The least key; cancelled events before it are dropped.
    pub(super) fn peek<E: Copy>(&mut self, slots: &mut Slots<E>) -> Option<Key> {
        loop {
            let key = match (self.bottom.last(), self.late.peek()) {
                (Some(&bottom), Some(&Reverse(late))) => bottom.min(late),
                (Some(&bottom), None) => bottom,
                (None, Some(&Reverse(late))) => late,
                (None, None) => {
                    if !self.refill(slots) {
                        return None;
                    }
                    continue;
                }
            };
            if !slots.reap(key.slot()) {
                return Some(key);
            }
            self.pop(key);
        }
    }

    /// Removes the key that `peek` has just given.
    pub(super) fn pop(&mut self, key: Key) {
        if self.bottom.last() == Some(&key) {
            self.bottom.pop();
        } else {
            self.late.pop();
        }
    }

    /// Empties the next bucket into `bottom`; false if nothing is left.
    fn refill<E: Copy>(&mut self, slots: &mut Slots<E>) -> bool {
        loop {
            while let Some(&first) = self.buckets.get(self.bucket_next) {
                self.bucket_next += 1;
                if first == END {
                    continue;
                }
                self.buckets[self.bucket_next - 1] = END;
                self.bottom_end = self.buckets_start + ((self.bucket_next as u64) << self.shift);
                self.unroll(first, slots);
                if !self.bottom.is_empty() {
                    self.bottom.sort_unstable_by(|a, b| b.cmp(a));
                    return true;
                }
            }
            if self.top.is_empty() {
                return false;
            }
            self.lay_out_buckets(slots);
        }
    }

    /// Moves a list to `bottom`, without what was cancelled.
    fn unroll<E: Copy>(&mut self, first: u32, slots: &mut Slots<E>) {
        let mut slot = first;
        while slot != END {
            let next = slots.next(slot);
            if !slots.reap(slot) {
                self.bottom.push(slots.key(slot));
            }
            slot = next;
        }
    }

    fn put_in_bucket<E: Copy>(&mut self, key: Key, slots: &mut Slots<E>) {
        let bucket = &mut self.buckets[((key.nanos() - self.buckets_start) >> self.shift) as usize];
        slots.link(key.slot(), *bucket);
        *bucket = key.slot();
    }

    /// Lays out buckets for about half of `top`, one for each key or so, and moves those keys there.
    fn lay_out_buckets<E: Copy>(&mut self, slots: &mut Slots<E>) {
        let start = self.top.iter().map(|key| key.nanos()).min().unwrap_or(0);
        let span = self.middle_of_top() - start;
        let wanted = self.top.len() as u64 / 2 + 1;
        self.shift = (0..58).find(|shift| span >> shift < wanted).unwrap_or(58);
        let count = (span >> self.shift) + 1;
        self.buckets.clear();
        self.buckets.resize(count as usize, END);
        self.bucket_next = 0;
        self.buckets_start = start;
        self.bottom_end = start;
        self.top_start = start + (count << self.shift);
        let mut top = std::mem::take(&mut self.top);
        // In order, so that events of one instant reach their bucket in the order of their numbers.
        top.retain(|&key| {
            let stays = key.nanos() >= self.top_start;
            if !stays {
                self.put_in_bucket(key, slots);
            }
            stays
        });
        self.top = top;
    }

    /// About the middle time of `top`: the middle one of a few that lie evenly apart in memory.
    fn middle_of_top(&self) -> u64 {
        let mut samples = [0; SAMPLES];
        for (place, sample) in samples.iter_mut().enumerate() {
            *sample = self.top[place * self.top.len() / SAMPLES].nanos();
        }
        samples.sort_unstable();
        samples[SAMPLES / 2]
    }

    /// Gives events of one time other ties; how many.
    pub(super) fn retie<E: Copy>(
        &mut self,
        at: u64,
        slots: &mut Slots<E>,
        mut tie: impl FnMut(super::Class, E) -> Option<u16>,
    ) -> usize {
        self.gather(slots);
        let mut changed = 0;
        for key in self.top.iter_mut().filter(|key| key.nanos() == at) {
            if let Some(tie) = tie(key.class(), slots.event(key.slot())) {
                *key = key.tied(tie);
                slots.rekey(*key);
                changed += 1;
            }
        }
        changed
    }

    /// Puts everything back into `top`, without what was cancelled: the buckets no longer fit the events.
    pub(super) fn gather<E: Copy>(&mut self, slots: &mut Slots<E>) {
        for bucket in self.bucket_next..self.buckets.len() {
            self.unroll(self.buckets[bucket], slots);
        }
        self.buckets.clear();
        self.bucket_next = 0;
        self.bottom_end = 0;
        self.top_start = 0;
        let keys = self.bottom.drain(..).chain(self.late.drain().map(|Reverse(key)| key));
        self.top.extend(keys);
        self.top.retain(|key| !slots.reap(key.slot()));
    }
}
