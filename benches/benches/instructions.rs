//! Instructions, which other programs on the machine cannot change, counted by valgrind: 200,000 events of the hold model,
//! and whole rolling updates. `cargo xtask bench` provides the runner that this needs, and reads the counts by the names that stand here.

#![allow(missing_docs, unused_qualifications, reason = "the macros write public items and full paths")]

use std::hint::black_box;

use greenroom_benches::hold::Hold;
use greenroom_benches::peer::Peer;
use greenroom_benches::rollout::rollout;
use greenroom_benches::workload::Delays;
use gungraun::{library_benchmark, library_benchmark_group, main};

/// Enough for the work that comes once in many events to be in the mean.
const EVENTS: u64 = 200_000;

fn warm_hold(entities: u32) -> Hold {
    let mut hold = Hold::new(entities, Delays::Exponential);
    hold.run(2 * u64::from(entities));
    hold
}

fn warm_peer(entities: u32) -> Peer {
    let mut peer = Peer::new(entities, Delays::Exponential);
    peer.run(2 * u64::from(entities));
    peer
}

#[library_benchmark]
#[benches::entities(args = [1_000, 10_000, 100_000], setup = warm_hold)]
fn greenroom(mut hold: Hold) -> Hold {
    black_box(&mut hold).run(EVENTS);
    hold
}

#[library_benchmark]
#[benches::entities(args = [1_000, 10_000, 100_000], setup = warm_peer)]
fn simcore(mut peer: Peer) -> Peer {
    black_box(&mut peer).run(EVENTS);
    peer
}

#[library_benchmark]
#[benches::pods(args = [1_000, 10_000, 100_000])]
fn rolling_update(pods: u32) -> u64 {
    rollout(black_box(pods)).events()
}

library_benchmark_group!(name = hold, benchmarks = [greenroom, simcore]);
library_benchmark_group!(name = rollouts, benchmarks = [rolling_update]);
main!(library_benchmark_groups = [hold, rollouts]);
