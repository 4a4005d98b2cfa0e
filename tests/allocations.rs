//! The queue allocates nothing per event once it is warm: the hold model of 10,000 entities under dhat's allocator.
//! One test alone is in this file, as the counters are those of the whole process.

use greenroom::kernel::{Class, Distribution, Duration, EventId, Limits, Queue, Streams, Time};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const ENTITIES: u32 = 10_000;

/// Every entity schedules itself again after a random time; some wake another at once, some move another's timer.
struct Hold {
    queue: Queue<u32>,
    timers: Vec<EventId>,
    delays: Vec<Duration>,
    events: usize,
}

impl Hold {
    fn new() -> Hold {
        let delay =
            Distribution::Exponential { mean: Duration::from_secs(1), min: Duration::ZERO, max: Distribution::MAX };
        let mut stream = Streams::new(1).stream("test", "hold", 0);
        let delays = (0..65_521).map(|_| delay.sample(&mut stream)).collect();
        let mut hold = Hold { queue: Queue::new(Limits::default()), timers: Vec::new(), delays, events: 0 };
        for entity in 0..ENTITIES {
            let timer = hold.schedule(Time::ZERO, entity);
            hold.timers.push(timer);
        }
        hold
    }

    fn schedule(&mut self, now: Time, entity: u32) -> EventId {
        self.events += 1;
        self.queue.schedule(now + self.delays[self.events % self.delays.len()], Class::COMPLETION, entity)
    }

    fn run(&mut self, events: u32) {
        for event in 0..events {
            let (now, class, entity) = self.queue.pop().expect("no limit is near").expect("every entity waits");
            if class == Class::SYSTEM {
                continue;
            }
            self.timers[entity as usize] = self.schedule(now, entity);
            match event % 8 {
                0 => drop(self.queue.schedule(now, Class::SYSTEM, entity)),
                1 => {
                    let other = (entity + 1) % ENTITIES;
                    let timer = self.timers[other as usize];
                    if self.queue.cancel(timer).is_some() {
                        self.timers[other as usize] = self.schedule(now, other);
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn an_event_allocates_nothing_once_the_queue_is_warm() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut hold = Hold::new();
    hold.run(20 * ENTITIES);
    let warm = dhat::HeapStats::get();
    hold.run(100 * ENTITIES);
    let after = dhat::HeapStats::get();
    dhat::assert_eq!(after.total_blocks - warm.total_blocks, 0);
    dhat::assert_eq!(after.curr_bytes, warm.curr_bytes);
}
