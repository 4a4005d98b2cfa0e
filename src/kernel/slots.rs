//! Where waiting events sit. A slot holds an event, its key and a link, so that a list of events needs no memory of its
//! own. Which list means what is the queue's and the calendar's.

use super::Time;
use super::queue::Class;

/// The end of a list.
pub(super) const END: u32 = u32::MAX;

/// The place of an event in the order, and its slot: time 58 bits, class 4, tie 10, sequence 32, slot 24.
/// The sequence is unique, so the slot never decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(u128);

impl Key {
    pub(super) fn new(at: Time, class: Class, tie: u16, sequence: u32, slot: u32) -> Key {
        let high = at.nanos() << 6 | u64::from(class.number()) << 2 | u64::from(tie >> 8);
        let low = u64::from(tie & 0xff) << 56 | u64::from(sequence) << 24 | u64::from(slot);
        Key::of_halves(high, low)
    }

    fn of_halves(high: u64, low: u64) -> Key {
        Key(u128::from(high) << 64 | u128::from(low))
    }

    pub(super) fn time(self) -> Time {
        Time::from_nanos(self.nanos())
    }

    pub(super) fn nanos(self) -> u64 {
        (self.0 >> 70) as u64
    }

    pub(super) fn class(self) -> Class {
        Class::new((self.0 >> 66) as u8 & 0xf)
    }

    pub(super) fn slot(self) -> u32 {
        self.0 as u32 & 0xff_ffff
    }

    pub(super) fn sequence(self) -> u32 {
        (self.0 >> 24) as u32
    }

    /// The same event with another tie.
    pub(super) fn tied(self, tie: u16) -> Key {
        Key::new(self.time(), self.class(), tie, self.sequence(), self.slot())
    }
}

/// An event that waits, or a free place. The key is kept in halves, and where it names its own slot there is a mark
/// instead that says whether an event waits here: with an event of 12 bytes that makes 32, so that no slot lies on two
/// cache lines.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Slot<E> {
    high: u64,
    low: u64,
    next: u32,
    event: E,
}

impl<E> Slot<E> {
    const MARK: u64 = 0xff_ffff;

    const fn is_live(&self) -> bool {
        self.low & Slot::<E>::MARK != 0
    }

    const fn kill(&mut self) {
        self.low &= !Slot::<E>::MARK;
    }
}

/// All slots. A cancelled event keeps its slot until the list or the key that leads to it is followed.
#[derive(Clone)]
pub(super) struct Slots<E> {
    slots: Vec<Slot<E>>,
    free: u32,
    live: usize,
    dead: usize,
}

impl<E: Copy> Slots<E> {
    pub(super) const fn new() -> Self {
        Slots { slots: Vec::new(), free: END, live: 0, dead: 0 }
    }

    /// How many events wait.
    pub(super) const fn live(&self) -> usize {
        self.live
    }

    /// How many cancelled events still have a slot.
    pub(super) const fn dead(&self) -> usize {
        self.dead
    }

    /// The slot that the next `fill` takes.
    pub(super) fn vacant(&self) -> u32 {
        if self.free == END { self.slots.len() as u32 } else { self.free }
    }

    /// Puts an event in the slot that its key names, which is the vacant one.
    pub(super) fn fill(&mut self, key: Key, event: E) {
        let filled = Slot { high: (key.0 >> 64) as u64, low: key.0 as u64 | Slot::<E>::MARK, next: END, event };
        self.live += 1;
        match self.slots.get_mut(key.slot() as usize) {
            Some(slot) => {
                self.free = slot.next;
                *slot = filled;
            }
            None => self.slots.push(filled),
        }
    }

    /// Empties the slot and gives its event.
    pub(super) fn take(&mut self, slot: u32) -> E {
        let place = &mut self.slots[slot as usize];
        debug_assert!(place.is_live());
        place.kill();
        place.next = self.free;
        self.free = slot;
        self.live -= 1;
        place.event
    }

    /// True if the event in the slot was not cancelled.
    pub(super) fn is_live(&self, slot: u32) -> bool {
        self.slots[slot as usize].is_live()
    }

    /// Frees the slot if its event was cancelled, and says so.
    pub(super) fn reap(&mut self, slot: u32) -> bool {
        let place = &mut self.slots[slot as usize];
        let is_dead = !place.is_live();
        if is_dead {
            place.next = self.free;
            self.free = slot;
            self.dead -= 1;
        }
        is_dead
    }

    /// Marks the event with this sequence number as cancelled, if it waits in the slot.
    pub(super) fn cancel(&mut self, slot: u32, sequence: u32) -> Option<E> {
        let place = self.slots.get_mut(slot as usize)?;
        if !place.is_live() || (place.low >> 24) as u32 != sequence {
            return None;
        }
        place.kill();
        self.live -= 1;
        self.dead += 1;
        Some(place.event)
    }

    /// The event in a slot that waits.
    pub(super) fn event(&self, slot: u32) -> E {
        self.slots[slot as usize].event
    }

    /// Gives an event that waits another key with the same slot and number.
    pub(super) fn rekey(&mut self, key: Key) {
        let place = &mut self.slots[key.slot() as usize];
        (place.high, place.low) = ((key.0 >> 64) as u64, key.0 as u64 | Slot::<E>::MARK);
    }

    /// The key of a slot.
    pub(super) fn key(&self, slot: u32) -> Key {
        let place = &self.slots[slot as usize];
        Key::of_halves(place.high, place.low & !Slot::<E>::MARK | u64::from(slot))
    }

    /// The slot behind this one in its list.
    pub(super) fn next(&self, slot: u32) -> u32 {
        self.slots[slot as usize].next
    }

    /// Says what is behind a slot in its list.
    pub(super) fn link(&mut self, slot: u32, next: u32) {
        self.slots[slot as usize].next = next;
    }
}
