//! Small traces with known ends, and what holds of any.

use proptest::prelude::*;

use super::*;
use crate::fleet::demand::PodClass;
use crate::fleet::inventory::{ModelSet, NodeKind};
use crate::fleet::placement::Policy;

fn fleet(nodes: usize, gpus: u8) -> Fleet {
    let mut fleet = Fleet::default();
    let kind = NodeKind { cpu_milli: 8000, memory_mib: 8192, gpus, model: ModelSet(1) };
    (0..nodes).for_each(|at| fleet.add(&at.to_string(), kind));
    fleet
}

/// Pods by seconds: created, length, priority, GPUs, thousandths of each.
fn trace(pods: &[(u64, u64, i32, u8, i16)]) -> Trace {
    let mut trace = Trace::default();
    let mut timings = Vec::new();
    for (at, (created, runs, priority, gpus, gpu_milli)) in pods.iter().copied().enumerate() {
        let class =
            PodClass { cpu_milli: 100, memory_mib: 64, gpus, gpu_milli, models: ModelSet::ANY, spec: "".into() };
        trace.add(&at.to_string(), class);
        timings.push(Timing { created_ms: created * 1000, runs_ms: runs * 1000, priority });
    }
    trace.timings = Some(timings);
    trace
}

fn play(fleet: &Fleet, trace: &Trace, policy: Policy) -> (Outcome, Timed) {
    let nodes: Vec<u32> = (0..fleet.nodes.len() as u32).collect();
    let typical = Typical::of(trace);
    let mut outcome = replay_timed(fleet, trace, &typical, &nodes, Setting::new(policy, 3), &mut |_| {});
    let timed = outcome.timed.take().expect("it was played in time");
    (outcome, timed)
}

#[test]
fn a_pod_waits_for_the_one_before_it() {
    let trace = trace(&[(0, 100, 0, 1, 1000), (10, 50, 0, 1, 1000), (20, 5, 0, 2, 1000)]);
    let (outcome, timed) = play(&fleet(1, 1), &trace, Policy::KubeDefault);
    assert_eq!((outcome.pods.arrived(), outcome.pods.unplaced()), (3, 1));
    assert_eq!(timed.waits, Some(Waits { p50_ms: 0, p99_ms: 90_000, max_ms: 90_000 }));
    assert_eq!(outcome.pods.unplaceable, 1);
    assert_eq!((timed.span_ms, timed.gpu_milli_ms, timed.peak_waiting), (150_000, 150_000_000, 2));
    assert_eq!(timed.utilisation, 10_000);
}

#[test]
fn a_failure_backs_off_though_there_is_room_again() {
    // The second fails at 10 s and may not be tried before 11 s, though the first is gone at 10.5 s.
    let mut trace = trace(&[(0, 0, 0, 1, 1000), (10, 1, 0, 1, 1000)]);
    trace.timings.as_mut().expect("timings")[0].runs_ms = 10_500;
    let (_, timed) = play(&fleet(1, 1), &trace, Policy::KubeDefault);
    assert_eq!(timed.waits.map(|waits| waits.max_ms), Some(1_000));
}

#[test]
fn nobody_overtakes_an_equal_that_failed() {
    let pods: Vec<(u64, u64, i32, u8, i16)> = (0..4).map(|at| (10 * at, 100, 0, 1, 1000)).collect();
    let (_, timed) = play(&fleet(1, 1), &trace(&pods), Policy::KubeDefault);
    // They run from 0, 100, 200 and 300 s on.
    assert_eq!(timed.waits, Some(Waits { p50_ms: 90_000, p99_ms: 270_000, max_ms: 270_000 }));
}

#[test]
fn the_important_goes_first_and_puts_others_out() {
    // Two of low priority run; one of high priority puts the later of them out, which starts over when there is room.
    let trace = trace(&[(0, 100, 0, 1, 1000), (10, 100, 0, 1, 1000), (20, 30, 9, 1, 1000)]);
    let (outcome, timed) = play(&fleet(1, 2), &trace, Policy::KubeDefault);
    assert_eq!((outcome.pods.unplaced(), timed.preemptions), (0, 1));
    assert_eq!(timed.waits.map(|waits| waits.max_ms), Some(0));
    // It ran from 10 s to 20 s in vain, and again from 50 s to 150 s.
    assert_eq!((timed.lost_gpu_milli_ms, timed.span_ms), (10_000_000, 150_000));
}

#[test]
fn equal_pods_go_in_the_order_in_which_they_came() {
    let trace = trace(&[(0, 10, 0, 1, 1000), (1, 10, 0, 1, 1000), (2, 10, 5, 1, 1000), (3, 10, 0, 1, 500)]);
    let (_, timed) = play(&fleet(1, 1), &trace, Policy::BestFit);
    // The third, of higher priority, puts the first out at 2 s; then the second, which waits since 1 s, and so on.
    assert_eq!(timed.preemptions, 1);
    assert_eq!(timed.span_ms, 42_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Goal: whoever fits on an empty node is placed in the end, everything is given back, and time in use is what was asked for and what
    /// was lost. Method: random traces with priorities under every policy.
    #[test]
    fn everybody_who_fits_is_served(
        pods in proptest::collection::vec((0_u64..60, 0_u64..40, 0_i32..3, 0_u8..4, 1_i16..11), 1..60),
        nodes in 1_usize..4, gpus in 1_u8..4, policy in 0_usize..8,
    ) {
        let pods: Vec<_> = pods.into_iter().map(|(created, runs, priority, gpus, share)| {
            (created, runs, priority, gpus, match gpus { 0 => 0, 1 => share * 100, _ => 1000 })
        }).collect();
        let (fleet, trace) = (fleet(nodes, gpus), trace(&pods));
        let (outcome, timed) = play(&fleet, &trace, Policy::ALL[policy]);
        let too_large = pods.iter().filter(|(.., asked, _)| *asked > gpus).count() as u64;
        prop_assert_eq!((outcome.pods.unplaced(), outcome.pods.unplaceable), (too_large, too_large));
        prop_assert_eq!(outcome.used_gpu_milli, 0);
        let served = pods.iter().filter(|(.., asked, _)| *asked <= gpus);
        let asked: u128 = served.map(|(_, runs, _, gpus, milli)| u128::from(*runs) * 1000 * u128::from(*gpus) * *milli as u128).sum();
        prop_assert_eq!(timed.gpu_milli_ms, asked + timed.lost_gpu_milli_ms);
        let (_, again) = play(&fleet, &trace, Policy::ALL[policy]);
        prop_assert_eq!(again, timed);
    }
}
