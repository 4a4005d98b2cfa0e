//! The event queue: what happens next. Order is (time, class, tie, sequence), a total one, so that nothing hangs on
//! how the queue is built. What an event means is the caller's.
//!
//! An event sits in a slot, and a 16-byte key leads to it. Keys of later instants are in the calendar. Events for the
//! present instant, by far the most in a cluster whose controllers wake each other, go to a first-in-first-out lane of
//! their class and are never sorted. A cancelled event stays where it is until it comes up.

use super::calendar::Calendar;
use super::slots::{END, Key, Slots};
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

/// The events for `now` of one class, in order of their sequence numbers: a list of slots.
#[derive(Clone, Copy)]
struct Lane {
    first: u32,
    last: u32,
}

/// Events in the order in which they happen.
#[derive(Clone)]
pub struct Queue<E: Copy> {
    now: Time,
    sequence: u32,
    slots: Slots<E>,
    calendar: Calendar,
    lanes: [Lane; Class::COUNT],
    /// Bit c is set while lane c holds anything.
    lanes_in_use: u16,
    processed: u64,
    processed_now: u64,
    /// The number of the event that was popped last.
    popped: u32,
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
            sequence: 0,
            slots: Slots::new(),
            calendar: Calendar::new(),
            lanes: [Lane { first: END, last: END }; Class::COUNT],
            lanes_in_use: 0,
            processed: 0,
            processed_now: 0,
            popped: 0,
            limits,
            exhausted: None,
        }
    }

    /// The time of the last popped event, or what `advance` set since.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Sets other limits from now on.
    pub const fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// How many events were popped so far.
    pub const fn processed(&self) -> u64 {
        self.processed
    }

    /// How many events wait.
    pub const fn len(&self) -> usize {
        self.slots.live()
    }

    /// True if no event waits.
    pub const fn is_empty(&self) -> bool {
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
        let slot = self.slots.vacant();
        if let Some(error) = self.exhaustion(slot) {
            self.exhausted = Some(error);
            return EventId { slot: END, sequence: 0 };
        }
        self.sequence += 1;
        let key = Key::new(at, class, tie.min(Self::TIE_MAX), self.sequence, slot);
        self.slots.fill(key, event);
        if at == self.now && tie == 0 {
            self.push_lane(class, slot);
        } else {
            self.calendar.push(key, &mut self.slots);
        }
        EventId { slot, sequence: self.sequence }
    }

    /// Takes back an event and returns it; `None` if it happened or was cancelled before.
    pub fn cancel(&mut self, id: EventId) -> Option<E> {
        let event = self.slots.cancel(id.slot, id.sequence)?;
        // Timers that are moved again and again must not fill the queue. Each pays a constant share of this.
        if self.slots.dead() > self.slots.live() + 64 {
            self.drop_cancelled();
        }
        Some(event)
    }

    /// The time of the next event.
    pub fn peek_time(&mut self) -> Option<Time> {
        self.peek_lanes().or_else(|| self.calendar.peek(&mut self.slots)).map(Key::time)
    }

    /// Removes the next event and moves `now` to its time.
    ///
    /// # Errors
    /// When a limit is exceeded: too many events at this instant, in the run, or waiting. The event stays in the queue.
    pub fn pop(&mut self) -> Result<Option<(Time, Class, E)>, LimitError> {
        let lane = self.peek_lanes();
        let later = self.calendar.peek(&mut self.slots);
        let key = match (lane, later) {
            (None, None) => return self.exhausted.map_or(Ok(None), Err),
            (None, Some(later)) => later,
            (Some(lane), None) => lane,
            (Some(lane), Some(later)) => lane.min(later),
        };
        let (at, class) = (key.time(), key.class());
        self.check_limits(at)?;
        if later == Some(key) {
            self.calendar.pop(key);
        } else {
            self.pop_lane(class);
        }
        self.move_now(at);
        self.processed += 1;
        self.processed_now += 1;
        self.popped = key.sequence();
        Ok(Some((at, class, self.slots.take(key.slot()))))
    }

    /// The number of the event that was popped last, and of the one that was scheduled last: what has a number up to the second was
    /// waiting already.
    pub const fn numbers(&self) -> (u32, u32) {
        (self.popped, self.sequence)
    }

    /// Gives events that wait for a later instant other ties, and says how many: those for which `tie` has one. What waits for the
    /// present instant keeps its place.
    pub fn retie(&mut self, at: Time, tie: impl FnMut(Class, E) -> Option<u16>) -> usize {
        if at <= self.now {
            return 0;
        }
        self.calendar.retie(at.nanos(), &mut self.slots, tie)
    }

    /// Moves `now` on to `at`, or to the next event if that comes sooner. `now` never goes back.
    pub fn advance(&mut self, at: Time) {
        let next = self.peek_time().unwrap_or(Time::MAX);
        self.move_now(at.min(next));
    }

    fn move_now(&mut self, at: Time) {
        if at > self.now {
            self.now = at;
            self.processed_now = 0;
        }
    }

    /// Why no event can take `slot`, if none can.
    fn exhaustion(&self, slot: u32) -> Option<LimitError> {
        if slot >= Limits::PENDING {
            return Some(LimitError::Pending { at: self.now, limit: Limits::PENDING.into() });
        }
        if u64::from(self.sequence) == Limits::SCHEDULED {
            return Some(LimitError::Run { limit: Limits::SCHEDULED });
        }
        None
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

    fn push_lane(&mut self, class: Class, slot: u32) {
        let lane = &mut self.lanes[usize::from(class.0)];
        if lane.first == END {
            lane.first = slot;
            self.lanes_in_use |= 1 << class.0;
        } else {
            self.slots.link(lane.last, slot);
        }
        lane.last = slot;
    }

    /// Takes the first slot out of a lane, before it is freed: the lane goes on at its link.
    fn pop_lane(&mut self, class: Class) {
        let lane = &mut self.lanes[usize::from(class.0)];
        lane.first = self.slots.next(lane.first);
        if lane.first == END {
            self.lanes_in_use &= !(1 << class.0);
        }
    }

    fn drop_cancelled(&mut self) {
        self.calendar.gather(&mut self.slots);
        self.lanes_in_use = 0;
        for class in (0..Class::COUNT as u8).map(Class) {
            let mut slot = std::mem::replace(&mut self.lanes[usize::from(class.0)].first, END);
            while slot != END {
                let next = self.slots.next(slot);
                if !self.slots.reap(slot) {
                    self.slots.link(slot, END);
                    self.push_lane(class, slot);
                }
                slot = next;
            }
        }
    }

    /// The first key of the lanes; cancelled events before it are dropped.
    fn peek_lanes(&mut self) -> Option<Key> {
        while self.lanes_in_use != 0 {
            let class = Class(self.lanes_in_use.trailing_zeros() as u8);
            let slot = self.lanes[usize::from(class.0)].first;
            if self.slots.is_live(slot) {
                return Some(self.slots.key(slot));
            }
            self.pop_lane(class);
            self.slots.reap(slot);
        }
        None
    }
}

#[cfg(test)]
mod tests;
