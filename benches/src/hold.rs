//! The hold model on greenroom's queue, in the shape of its cluster: small copied events, state in arrays.

use greenroom::kernel::{Class, Duration, Limits, Queue, Time};

use crate::workload::{Delays, Entity, Source, Step};

/// What is scheduled.
#[derive(Clone, Copy, Debug)]
enum Event {
    Advance(u32),
    Succeed(u32),
    Fail(u32),
    Reset(u32),
}

/// A simulation of n entities.
#[derive(Clone)]
pub struct Hold {
    queue: Queue<Event>,
    source: Source,
    entities: Vec<Entity>,
}

impl Hold {
    /// A simulation of `entities` entities with their first events scheduled.
    pub fn new(entities: u32, delays: Delays) -> Hold {
        let limits = Limits { events_per_instant: u64::MAX, events_per_run: u64::MAX };
        let entity_states = vec![Entity::default(); entities as usize];
        let mut hold = Hold { queue: Queue::new(limits), source: Source::new(delays), entities: entity_states };
        (0..entities).for_each(|entity| hold.schedule(Time::ZERO, entity));
        hold
    }

    /// Runs so many events.
    ///
    /// # Panics
    /// If the queue runs empty or into a limit, which it cannot.
    pub fn run(&mut self, events: u64) {
        for _ in 0..events {
            let (now, _, event) = self.queue.pop().expect("no limit is set").expect("every entity waits");
            let (entity, step) = match event {
                Event::Advance(entity) => (entity, Step::Advance),
                Event::Succeed(entity) => (entity, Step::Succeed),
                Event::Fail(entity) => (entity, Step::Fail),
                Event::Reset(entity) => (entity, Step::Reset),
            };
            self.entities[entity as usize].take(step);
            self.schedule(now, entity);
        }
    }

    fn schedule(&mut self, now: Time, entity: u32) {
        let (delay, step) = self.source.draw();
        let event = match step {
            Step::Advance => Event::Advance(entity),
            Step::Succeed => Event::Succeed(entity),
            Step::Fail => Event::Fail(entity),
            Step::Reset => Event::Reset(entity),
        };
        self.queue.schedule(now + Duration::from_nanos(delay), Class::COMPLETION, event);
    }

    /// The states of all entities.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }
}
