//! Instructions, which other programs on the machine cannot change, counted by valgrind: 200,000 events of the hold model,
//! whole rolling updates, and fleets of graphs. `cargo xtask bench` provides the runner that this needs, and reads the counts by the names that stand here.

#![allow(missing_docs, unused_qualifications, reason = "the macros write public items and full paths")]

use std::hint::black_box;

use greenroom_benches::graphs::{self, Graphs};
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

#[library_benchmark]
#[benches::count(args = [50, 500])]
fn graphs_as_deployments(count: u32) -> usize {
    fleet(count, false)
}

#[library_benchmark]
#[benches::count(args = [50, 500])]
fn graphs_by_grove(count: u32) -> usize {
    fleet(count, true)
}

fn fleet(count: u32, grove: bool) -> usize {
    graphs::play(black_box(Graphs { count, nodes: 1, grove })).timeline.len()
}

library_benchmark_group!(name = hold, benchmarks = [greenroom, simcore]);
library_benchmark_group!(name = rollouts, benchmarks = [rolling_update]);
library_benchmark_group!(name = fleets, benchmarks = [graphs_as_deployments, graphs_by_grove]);
main!(library_benchmark_groups = [hold, rollouts, fleets]);
