//! The event queue: what happens next. Order is (time, class, tie, sequence), a total one, so that nothing hangs on
//! how the queue is built. What an event means is the caller's.
//!
//! An event sits in a slot; the pending set holds 16-byte keys that end in the slot's number. A key counts only while
//! its slot still carries its sequence number, so cancelling is freeing the slot, and the key is dropped when it comes
//! up. Events for the present instant skip the pending set: each class has a first-in-first-out lane for them.

use std::collections::VecDeque;

use super::heap::Heap;
use super::{LimitError, Limits, Time};

/// What an event is at its instant: all of one class happen before any of the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Class(u8);

impl Class {
    /// Faults strike first.
    pub const FAULT: Class = Class(0);
    /// What an operator does.
    pub const ACTION: Class = Class(1);
    /// What kubelets, nodes, pulls and provisioning complete.
    pub const COMPLETION: Class = Class(2);
    /// Watches and answers that arrive.
    pub const DELIVERY: Class = Class(3);
    /// Kubernetes' built-in controllers.
    pub const BUILT_IN: Class = Class(4);
    /// The controllers of deployment systems.
    pub const SYSTEM: Class = Class(5);
    /// The scheduler.
    pub const SCHEDULE: Class = Class(6);
    /// Checks, and the end of the run.
    pub const CHECK: Class = Class(7);

    const COUNT: usize = 16;

    /// A class by its number.
    ///
    /// # Panics
    /// If the number is 16 or more.
    pub const fn new(number: u8) -> Class {
        assert!((number as usize) < Class::COUNT);
        Class(number)
    }

    /// The number: a lower one comes first.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A scheduled event, to cancel it by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EventId {
    slot: u32,
    sequence: u32,
}

/// The place of an event in the order: time 58 bits, class 4, tie 10, sequence 32, slot 24. The sequence is unique,
/// so the slot never decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    fn new(at: Time, class: Class, tie: u16, id: EventId) -> Key {
        let high = at.nanos() << 6 | u64::from(class.0) << 2 | u64::from(tie >> 8);
        let low = u64::from(tie & 0xff) << 56 | u64::from(id.sequence) << 24 | u64::from(id.slot);
        Key(u128::from(high) << 64 | u128::from(low))
    }

    fn time(self) -> Time {
        Time::from_nanos((self.0 >> 70) as u64)
    }

    fn class(self) -> Class {
        Class((self.0 >> 66) as u8 & 0xf)
    }

    fn id(self) -> EventId {
        EventId { slot: self.0 as u32 & (Limits::PENDING - 1), sequence: (self.0 >> 24) as u32 }
    }
}

/// An event and the sequence number of the key that leads to it; `FREE` when no key does.
#[derive(Clone, Copy)]
struct Slot<E> {
    sequence: u32,
    event: E,
}

/// No event has this sequence number.
const FREE: u32 = 0;

/// Events in the order in which they happen.
#[derive(Clone)]
pub struct Queue<E: Copy> {
    now: Time,
    pending: Heap,
    /// Events for `now` with tie 0, by class, in order of their sequence numbers.
    lanes: [VecDeque<EventId>; Class::COUNT],
    /// Bit c is set while lane c holds anything.
    lanes_in_use: u16,
    /// Entries in all lanes, dead ones among them.
    lanes_len: usize,
    slots: Vec<Slot<E>>,
    free: Vec<u32>,
    sequence: u32,
    processed: u64,
    processed_now: u64,
    limits: Limits,
    /// A limit that `schedule` ran into; the next pop reports it.
    exhausted: Option<LimitError>,
}

impl<E: Copy> Queue<E> {
    /// The greatest tie.
    pub const TIE_MAX: u16 = (1 << 10) - 1;

    /// An empty queue at the start of time.
    pub fn new(limits: Limits) -> Self {
        Queue {
            now: Time::ZERO,
            pending: Heap::default(),
            lanes: Default::default(),
            lanes_in_use: 0,
            lanes_len: 0,
            slots: Vec::new(),
            free: Vec::new(),
            sequence: FREE,
            processed: 0,
            processed_now: 0,
            limits,
            exhausted: None,
        }
    }

    /// The time of the last popped event, or what `advance` set since.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// How many events were popped so far.
    pub const fn processed(&self) -> u64 {
        self.processed
    }

    /// How many events wait.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// True if no event waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Schedules `event`. A time before `now` is a bug of the caller; the event then happens now.
    pub fn schedule(&mut self, at: Time, class: Class, event: E) -> EventId {
        self.schedule_tied(at, class, 0, event)
    }

    /// Schedules `event` with a `tie` that orders it among those of its time and class; 0 comes first.
    pub fn schedule_tied(&mut self, at: Time, class: Class, tie: u16, event: E) -> EventId {
        debug_assert!(at >= self.now, "an event is scheduled for {at}, before {}", self.now);
        debug_assert!(tie <= Self::TIE_MAX, "a tie of {tie} is more than {}", Self::TIE_MAX);
        let at = at.clamp(self.now, Time::MAX);
        let Some(id) = self.take_slot(event) else {
            return EventId { slot: u32::MAX, sequence: FREE };
        };
        if at == self.now && tie == 0 {
            self.lanes[usize::from(class.0)].push_back(id);
            self.lanes_in_use |= 1 << class.0;
            self.lanes_len += 1;
        } else {
            self.pending.push(Key::new(at, class, tie.min(Self::TIE_MAX), id).0);
        }
        id
    }

    /// Takes back an event and returns it; `None` if it happened or was cancelled before.
    pub fn cancel(&mut self, id: EventId) -> Option<E> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.sequence != id.sequence {
            return None;
        }
        slot.sequence = FREE;
        let event = slot.event;
        self.free.push(id.slot);
        self.drop_dead_keys();
        Some(event)
    }

    /// The time of the next event.
    pub fn peek_time(&mut self) -> Option<Time> {
        let lane = self.peek_lanes().map(Key::time);
        lane.or_else(|| self.peek_pending().map(Key::time))
    }

    /// Removes the next event and moves `now` to its time.
    ///
    /// # Errors
    /// When a limit is exceeded: too many events at this instant, in the run, or waiting. The event stays in the queue.
    pub fn pop(&mut self) -> Result<Option<(Time, Class, E)>, LimitError> {
        let pending = self.peek_pending();
        let key = match (self.peek_lanes(), pending) {
            (None, None) => return self.exhausted.map_or(Ok(None), Err),
            (Some(lane), Some(heap)) if lane < heap => lane,
            (Some(lane), None) => lane,
            (_, Some(heap)) => heap,
        };
        let (at, class, id) = (key.time(), key.class(), key.id());
        self.check_limits(at)?;
        if pending == Some(key) {
            self.pending.pop_peeked();
        } else {
            self.pop_lane(class.0.into());
        }
        if at > self.now {
            self.now = at;
            self.processed_now = 0;
        }
        self.processed += 1;
        self.processed_now += 1;
        let slot = &mut self.slots[id.slot as usize];
        slot.sequence = FREE;
        self.free.push(id.slot);
        Ok(Some((at, class, slot.event)))
    }

    /// Moves `now` on to `at`, or to the next event if that comes sooner. `now` never goes back.
    pub fn advance(&mut self, at: Time) {
        let next = self.peek_time().unwrap_or(Time::MAX);
        let to = at.min(next);
        if to > self.now {
            self.now = to;
            self.processed_now = 0;
        }
    }

    /// Gives `event` a slot and a sequence number; `None` when either has run out.
    fn take_slot(&mut self, event: E) -> Option<EventId> {
        if u64::from(self.sequence) == Limits::SCHEDULED {
            self.exhausted = Some(LimitError::Run { limit: Limits::SCHEDULED });
            return None;
        }
        let filled = Slot { sequence: self.sequence + 1, event };
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = filled;
            slot
        } else if self.slots.len() < Limits::PENDING as usize {
            self.slots.push(filled);
            self.slots.len() as u32 - 1
        } else {
            self.exhausted = Some(LimitError::Pending { at: self.now, limit: Limits::PENDING.into() });
            return None;
        };
        self.sequence = filled.sequence;
        Some(EventId { slot, sequence: filled.sequence })
    }

    fn check_limits(&self, at: Time) -> Result<(), LimitError> {
        if let Some(error) = self.exhausted {
            return Err(error);
        }
        if at == self.now && self.processed_now >= self.limits.events_per_instant {
            return Err(LimitError::Instant { at, limit: self.limits.events_per_instant });
        }
        if self.processed >= self.limits.events_per_run {
            return Err(LimitError::Run { limit: self.limits.events_per_run });
        }
        Ok(())
    }

    fn is_live(&self, id: EventId) -> bool {
        self.slots[id.slot as usize].sequence == id.sequence
    }

    /// The first live key of the pending set; dead ones before it are dropped.
    fn peek_pending(&mut self) -> Option<Key> {
        loop {
            let key = Key(self.pending.peek()?);
            if self.is_live(key.id()) {
                return Some(key);
            }
            self.pending.pop_peeked();
        }
    }

    /// The first live key of the lanes; dead ones before it are dropped.
    fn peek_lanes(&mut self) -> Option<Key> {
        while self.lanes_in_use != 0 {
            let lane = self.lanes_in_use.trailing_zeros() as usize;
            let id = self.lanes[lane][0];
            if self.is_live(id) {
                return Some(Key::new(self.now, Class(lane as u8), 0, id));
            }
            self.pop_lane(lane);
        }
        None
    }

    fn pop_lane(&mut self, lane: usize) {
        self.lanes[lane].pop_front();
        self.lanes_len -= 1;
        if self.lanes[lane].is_empty() {
            self.lanes_in_use &= !(1 << lane);
        }
    }

    /// Throws dead keys out once they are most of the pending set, so that timers that are moved again and again do
    /// not fill it. Each costs a constant share of the cancellations that made it.
    fn drop_dead_keys(&mut self) {
        let keys = self.pending.len();
        if keys > 64 && keys > 2 * self.len() {
            let slots = &self.slots;
            self.pending.retain(|key| {
                let id = Key(key).id();
                slots[id.slot as usize].sequence == id.sequence
            });
        }
    }
}

#[cfg(test)]
mod tests;
