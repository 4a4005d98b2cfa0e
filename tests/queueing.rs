//! Goal: the engine and the statistics give what theory knows. Method: an M/M/c queue on the kernel's queue and streams, whose waiting
//! times have a closed form (Erlang's C formula): its figures lie in the intervals of what was measured.

use std::collections::VecDeque;

use greenroom::fleet::statistics::{Confidence, Estimate, Summary, clopper_pearson, mean, ranks};
use greenroom::kernel::{Class, Distribution, Duration, Limits, Queue, Stream, Streams, Time};

const SERVERS: u32 = 3;
/// One arrival a second; a service takes two seconds in the mean, so that two of the three servers are busy.
const ARRIVAL: Duration = Duration::from_secs(1);
const SERVICE: Duration = Duration::from_secs(2);
/// What is measured of each run: how long this customer waited. Those before it make the queue forget that it was empty.
const CUSTOMER: u32 = 160;
const RUNS: u64 = 3_000;

#[derive(Clone, Copy)]
enum Event {
    Arrives,
    Leaves,
}

fn exponential(mean: Duration, stream: &mut Stream) -> Duration {
    Distribution::Exponential { mean, min: Duration::ZERO, max: Distribution::MAX }.sample(stream)
}

/// How long the customer waited under a seed.
fn waited(seed: u64) -> Duration {
    let streams = Streams::new(seed);
    let (mut arrivals, mut services) = (streams.stream("arrival", "", 0), streams.stream("service", "", 0));
    let mut queue: Queue<Event> = Queue::new(Limits::default());
    let (mut busy, mut number, mut waiting) = (0, 0, VecDeque::new());
    let first = exponential(ARRIVAL, &mut arrivals);
    queue.schedule(Time::ZERO + first, Class::ACTION, Event::Arrives);
    loop {
        let (now, _, event) = queue.pop().expect("no limit").expect("arrivals do not end");
        match event {
            Event::Arrives => {
                number += 1;
                waiting.push_back((number, now));
                queue.schedule(now + exponential(ARRIVAL, &mut arrivals), Class::ACTION, Event::Arrives);
            }
            Event::Leaves => busy -= 1,
        }
        while busy < SERVERS
            && let Some((number, since)) = waiting.pop_front()
        {
            if number == CUSTOMER {
                return now.since(since);
            }
            busy += 1;
            queue.schedule(now + exponential(SERVICE, &mut services), Class::COMPLETION, Event::Leaves);
        }
    }
}

/// The chance that a customer waits, by Erlang's C formula.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let term = |count: u32| (1..=count).fold(1.0, |product, step| product * offered / f64::from(step));
    let busy = term(servers) * f64::from(servers) / (f64::from(servers) - offered);
    busy / ((0..servers).map(term).sum::<f64>() + busy)
}

#[track_caller]
fn holds(what: &str, estimate: Estimate, truth: f64) {
    let Estimate { low, high, value } = estimate;
    assert!(low <= truth && truth <= high, "{what}: {truth} is not in {low} to {high}");
    // An interval without end would hold anything.
    assert!((high - low) < 0.35 * value, "{what}: {low} to {high} says little");
}

#[test]
fn waiting_times_of_an_m_m_c_queue_lie_in_their_intervals() {
    let confidence = Confidence::from_ppb(999_000_000).expect("a confidence");
    let mut waits = Summary::default();
    (0..RUNS).for_each(|seed| waits.add(Some(waited(seed).nanos() as i64)));
    // Arrivals 1/s, services 0.5/s: offered load 2; who waits, waits exponentially at the rate at which all servers are freed, less arrivals.
    let chance = erlang_c(SERVERS, 2.0);
    assert!((chance - 4.0 / 9.0).abs() < 1e-12, "{chance}");
    let rate_per_nano = (f64::from(SERVERS) * 0.5 - 1.0) / 1e9;
    holds("the share that waits", clopper_pearson(waits.hits(|wait| wait > 0), RUNS, confidence), chance);
    holds("the mean wait", mean(&waits, confidence), chance / rate_per_nano);
    let ranks = ranks(RUNS, 900_000, confidence);
    let at = |rank: Option<u64>| waits.nth(rank.expect("enough values")).expect("a value") as f64;
    let p90 = Estimate { value: at(ranks.low), low: at(ranks.low), high: at(ranks.high) };
    holds("the 90th percentile", p90, (chance / 0.1).ln() / rate_per_nano);
}
