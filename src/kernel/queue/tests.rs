//! The queue against a sorted list, and its corners one by one.

use proptest::prelude::*;

use super::*;
use crate::kernel::Duration;

/// The queue as its order is defined: a list, sorted at every look.
#[derive(Clone, Default)]
struct Model {
    now: Time,
    sequence: u32,
    waiting: Vec<(Time, u8, u16, u32, u32)>,
}

impl Model {
    fn schedule(&mut self, at: Time, class: u8, tie: u16, event: u32) -> u32 {
        self.sequence += 1;
        self.waiting.push((at, class, tie, self.sequence, event));
        self.waiting.sort_unstable();
        self.sequence
    }

    fn cancel(&mut self, sequence: u32) -> Option<u32> {
        let place = self.waiting.iter().position(|entry| entry.3 == sequence)?;
        Some(self.waiting.remove(place).4)
    }

    fn pop(&mut self) -> Option<(Time, Class, u32)> {
        if self.waiting.is_empty() {
            return None;
        }
        let (at, class, _, _, event) = self.waiting.remove(0);
        self.now = at;
        Some((at, Class::new(class), event))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Schedule { delay: u64, class: u8, tie: u16 },
    Cancel(prop::sample::Index),
    Pop,
    Peek,
    Advance(u64),
    Clone,
}

fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0), 4 => 1_u64..4, 2 => 1_u64..1000, 1 => 0..2_u64.pow(40), 1 => Just(u64::MAX)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (delay(), 0_u8..16, prop_oneof![3 => Just(0_u16), 1 => 0_u16..4])
            .prop_map(|(delay, class, tie)| Step::Schedule { delay, class, tie }),
        3 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        6 => Just(Step::Pop),
        1 => Just(Step::Peek),
        1 => delay().prop_map(Step::Advance),
        1 => Just(Step::Clone),
    ]
}

/// A queue and its model, driven alike.
#[derive(Clone)]
struct Pair {
    queue: Queue<u32>,
    model: Model,
    ids: Vec<(EventId, u32)>,
}

impl Pair {
    fn new() -> Pair {
        Pair { queue: Queue::new(Limits::default()), model: Model::default(), ids: Vec::new() }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Schedule { delay, class, tie } => {
                let at = self.queue.now() + Duration::from_nanos(*delay);
                let event = self.ids.len() as u32;
                let id = self.queue.schedule_tied(at, Class::new(*class), *tie, event);
                let sequence = self.model.schedule(at, *class, *tie, event);
                self.ids.push((id, sequence));
            }
            Step::Cancel(index) if !self.ids.is_empty() => {
                let (id, sequence) = self.ids[index.index(self.ids.len())];
                assert_eq!(self.queue.cancel(id), self.model.cancel(sequence));
            }
            Step::Pop => assert_eq!(self.queue.pop(), Ok(self.model.pop())),
            Step::Peek => assert_eq!(self.queue.peek_time(), self.model.waiting.first().map(|entry| entry.0)),
            Step::Advance(length) => {
                let next = self.model.waiting.first().map_or(Time::MAX, |entry| entry.0);
                let at = self.queue.now() + Duration::from_nanos(*length);
                self.queue.advance(at);
                self.model.now = at.min(next);
            }
            Step::Cancel(_) | Step::Clone => {}
        }
        assert_eq!(self.queue.len(), self.model.waiting.len());
        assert_eq!(self.queue.now(), self.model.now);
    }

    fn drain(&mut self) {
        while !self.queue.is_empty() {
            assert_eq!(self.queue.pop(), Ok(self.model.pop()));
        }
        assert_eq!(self.queue.pop(), Ok(None));
        assert!(self.model.waiting.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn agrees_with_a_sorted_list(steps in prop::collection::vec(step(), 0..300)) {
        let mut pair = Pair::new();
        let mut clones = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            if matches!(step, Step::Clone) && clones.len() < 3 {
                clones.push((place, pair.clone()));
            }
            pair.take(step);
        }
        pair.drain();
        for (place, mut clone) in clones {
            steps[place..].iter().for_each(|step| clone.take(step));
            clone.drain();
        }
    }
}

fn second(count: u64) -> Time {
    Time::from_nanos(count * 1_000_000_000)
}

fn drain(queue: &mut Queue<u32>) -> Vec<u32> {
    std::iter::from_fn(|| queue.pop().expect("no limit is near").map(|(_, _, event)| event)).collect()
}

#[test]
fn an_event_of_now_waits_for_lower_classes_and_earlier_equals() {
    let mut queue = Queue::new(Limits::default());
    queue.schedule(second(1), Class::FAULT, 0);
    queue.schedule(second(1), Class::BUILT_IN, 1);
    queue.schedule(second(1), Class::CHECK, 4);
    assert_eq!(queue.pop(), Ok(Some((second(1), Class::FAULT, 0))));
    queue.schedule(second(1), Class::BUILT_IN, 2);
    queue.schedule(second(1), Class::SCHEDULE, 3);
    queue.schedule_tied(second(1), Class::CHECK, 1, 5);
    assert_eq!(drain(&mut queue), [1, 2, 3, 4, 5]);
}

#[test]
fn a_cancelled_slot_is_used_again_and_the_old_id_is_dead() {
    let mut queue = Queue::new(Limits::default());
    let first = queue.schedule(second(5), Class::COMPLETION, 1);
    assert_eq!(queue.cancel(first), Some(1));
    let second_id = queue.schedule(second(3), Class::COMPLETION, 2);
    assert_eq!(queue.cancel(first), None);
    assert_eq!(queue.peek_time(), Some(second(3)));
    assert_eq!(drain(&mut queue), [2]);
    assert_eq!(queue.cancel(second_id), None);
}

#[test]
fn a_timer_that_is_moved_for_ever_does_not_fill_the_queue() {
    let mut queue = Queue::new(Limits::default());
    let mut timer = queue.schedule(second(1), Class::COMPLETION, 0);
    for count in 1..10_000 {
        assert_eq!(queue.cancel(timer), Some(count - 1));
        timer = queue.schedule(second(1 + u64::from(count)), Class::COMPLETION, count);
    }
    assert!(queue.slots.dead() <= 66, "{} slots for one event", queue.slots.dead());
    assert_eq!(drain(&mut queue), [9_999]);
}

/// Cancelled events of the present instant and of a later one, with live ones between them that must stay in order.
#[test]
fn cancelled_events_give_their_slots_back_wherever_they_are() {
    let mut queue = Queue::new(Limits::default());
    for event in 0..1000 {
        let now = queue.schedule(Time::ZERO, Class::SYSTEM, event);
        let later = queue.schedule(second(1), Class::SYSTEM, 10_000 + event);
        if event % 100 != 0 {
            assert_eq!(queue.cancel(now), Some(event));
            assert_eq!(queue.cancel(later), Some(10_000 + event));
        }
        assert!(queue.slots.dead() <= queue.len() + 64);
    }
    let kept = (0..10).map(|hundred| hundred * 100);
    assert_eq!(drain(&mut queue), kept.clone().chain(kept.map(|event| 10_000 + event)).collect::<Vec<_>>());
}

/// Far timers, close ones, many at one instant, and a cluster of them in a short time: every part of the calendar, and
/// the return from each to the start, meets more than a handful of events.
#[test]
fn crowds_and_gaps_come_out_in_order() {
    let mut pair = Pair::new();
    let mut spread = 1_u64;
    for round in 0..3_000_u64 {
        spread = spread.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let delay = match spread >> 60 {
            0..4 => 1_000_000_000,
            4..8 => spread >> 44 & 0xffff,
            8..12 => spread >> 30 & 0x3fff_ffff,
            _ => 3_600_000_000_000 + (spread >> 20 & 0xffff),
        };
        pair.take(&Step::Schedule { delay, class: (spread >> 40) as u8 % 16, tie: (spread >> 50) as u16 % 2 });
        if round > 1_000 {
            pair.take(&Step::Pop);
        }
    }
    pair.drain();
}

/// Buckets laid out for hours, then thousands of events within a second of one of them.
#[test]
fn a_crowd_within_one_bucket_comes_out_in_order() {
    let mut pair = Pair::new();
    for delay in [1, 3_600_000_000_000, 3_600_000_000_001, 7_200_000_000_000] {
        pair.take(&Step::Schedule { delay, class: 1, tie: 0 });
    }
    pair.take(&Step::Pop);
    for event in 0..2_000 {
        pair.take(&Step::Schedule { delay: 1 + event * 7_919 % 1_000, class: 1, tie: 0 });
    }
    pair.drain();
}

#[test]
fn time_that_stands_still_is_reported() {
    let mut queue = Queue::new(Limits { events_per_instant: 3, events_per_run: 100 });
    queue.schedule(second(1), Class::SYSTEM, 7);
    for _ in 0..3 {
        let (at, class, event) = queue.pop().expect("below the limit").expect("one event waits");
        queue.schedule(at, class, event);
    }
    assert_eq!(queue.pop(), Err(LimitError::Instant { at: second(1), limit: 3 }));
    assert_eq!(queue.len(), 1);
}

#[test]
fn a_run_without_end_is_reported() {
    let mut queue = Queue::new(Limits { events_per_instant: 3, events_per_run: 5 });
    queue.schedule(second(1), Class::SYSTEM, 7);
    for _ in 0..5 {
        let (at, class, event) = queue.pop().expect("below the limit").expect("one event waits");
        queue.schedule(at + Duration::from_secs(1), class, event);
    }
    assert_eq!(queue.pop(), Err(LimitError::Run { limit: 5 }));
    assert_eq!(queue.processed(), 5);
}

#[test]
fn too_many_waiting_events_are_reported_at_the_next_pop() {
    let mut queue = Queue::new(Limits::default());
    for _ in 0..=Limits::PENDING {
        queue.schedule(second(1), Class::SYSTEM, 7);
    }
    assert_eq!(queue.pop(), Err(LimitError::Pending { at: Time::ZERO, limit: Limits::PENDING.into() }));
}

/// Goal: an event that is given another tie keeps its number, so that it can still be cancelled. Method: three events of one time and
/// class, in each part of the calendar that a time can be in.
#[test]
fn events_that_wait_can_be_given_another_tie() {
    let time = |secs| Time::ZERO + Duration::from_secs(secs);
    for at in [1, 40, 5000] {
        let mut queue: Queue<u32> = Queue::new(Limits::default());
        for filler in 0..60 {
            queue.schedule(time(filler * 7), Class::CHECK, 1000 + filler as u32);
        }
        // The first is taken, so that the calendar has laid out what is next.
        queue.pop().expect("no limit").expect("an event");
        let first = queue.schedule(time(at), Class::BUILT_IN, 1);
        queue.schedule(time(at), Class::BUILT_IN, 2);
        let third = queue.schedule(time(at), Class::BUILT_IN, 3);
        assert_eq!(queue.retie(time(at), |class, event| (class == Class::BUILT_IN && event != 2).then_some(4)), 2);
        assert_eq!(queue.cancel(third), Some(3));
        let mut order = Vec::new();
        while let Some((_, class, event)) = queue.pop().expect("no limit") {
            if class == Class::BUILT_IN {
                order.push(event);
            }
        }
        assert_eq!(order, [2, 1], "at {at} s");
        assert_eq!(queue.cancel(first), None);
    }
}
