//! Profiles of Kubernetes releases: the same cluster under 1.33 and 1.36 differs where the releases' sources do.
//!
//! Goal: each constant or gate that differs has its effect. Method: one small run a difference, under both profiles.

mod bench;

use std::sync::Arc;

use bench::{Bench, seconds, template};
use greenroom::cluster::Profile;
use greenroom::kernel::Duration;
use greenroom::workload::{Container, NodeDisruption, Object, PodTemplate, Resources};

const GIBIBYTE: u64 = 1 << 30;

#[test]
fn every_named_profile_is_there() {
    for name in Profile::NAMES {
        assert_eq!(Profile::named(name).map(|profile| profile.kubernetes), Some(*name));
    }
    assert_ne!(Profile::kubernetes_1_33(), Profile::kubernetes_1_36());
    assert!(Profile::named("1.20").is_none());
}

/// From the moment when the silence of a node is noticed to its NoExecute taint. The monitor of 1.33 switches on the
/// condition that it saw before the tick, that of 1.36 on the one that it has just set.
#[test]
fn a_lost_node_is_tainted_a_tick_later_by_1_33() {
    let tainted_after = |profile| {
        let mut bench = Bench::with(3, 1, profile, |_, _| {});
        bench.run(seconds(103));
        bench.strike("Node/n-0", NodeDisruption::Silent { lasts: None });
        bench.run(seconds(300));
        let entries = bench.cluster_entries("Node/n-0");
        let at = |became: &str| entries.iter().find(|(_, what)| *what == became).map(|(at, _)| *at).expect(became);
        at("Tainted").since(at("NotReady"))
    };
    assert_eq!(tainted_after(Profile::kubernetes_1_36()), Duration::from_millis(100));
    assert_eq!(tainted_after(Profile::kubernetes_1_33()), Duration::from_millis(5100));
}

/// Node n-0 is even and the pod makes it less so; n-1 is uneven and the pod makes it less so. 1.33 asks which is more
/// even with the pod, 1.36 where the pod changes more.
#[test]
fn a_pod_goes_elsewhere_by_how_the_release_balances() {
    let placed_on = |profile| {
        let mut bench = Bench::with(2, 0, profile, |_, node| {
            node.allocatable = Resources { cpu_milli: 10_000, memory_bytes: 10 * GIBIBYTE, ..Resources::default() };
        });
        let pod = |cpu_milli, memory_bytes, node: Option<&str>| {
            let requests = Resources { cpu_milli, memory_bytes, ..Resources::default() };
            let container = Container { name: "c".into(), image: "a:1".into(), requests, ..Container::default() };
            let node_name = node.map(str::to_owned);
            Object::Pod(Arc::new(PodTemplate { containers: vec![container], node_name, ..PodTemplate::default() }))
        };
        bench.apply("Pod/even", pod(5000, 5 * GIBIBYTE, Some("n-0")));
        bench.apply("Pod/uneven", pod(1000, 8 * GIBIBYTE, Some("n-1")));
        bench.apply("Pod/asks", pod(3000, GIBIBYTE / 2, None));
        bench.run(seconds(1));
        let story = bench.story_from(Duration::ZERO);
        let line =
            story.iter().find(|line| line.contains("Pod/asks Scheduled")).unwrap_or_else(|| panic!("{story:#?}"));
        line.rsplit(' ').next().map(str::to_owned).expect("a node")
    };
    assert_eq!(placed_on(Profile::kubernetes_1_33()), "n-0");
    assert_eq!(placed_on(Profile::kubernetes_1_36()), "n-1");
}

/// A ReplicaSet of 1.33 does not tell of its terminating pods; the rollout itself is the same.
#[test]
fn what_does_not_differ_stays_the_same() {
    let story = |profile| {
        let mut bench = Bench::with(2, 4, profile, |_, _| {});
        bench.deploy("web", 4, seconds(2));
        bench.run(seconds(60));
        let mut next = template(seconds(2));
        next.containers[0].image = "web:2".into();
        bench.apply("Deployment/web", bench::deployment(4, next));
        bench.run(seconds(300));
        bench.story_from(Duration::ZERO)
    };
    assert_eq!(story(Profile::kubernetes_1_33()), story(Profile::kubernetes_1_36()));
}
