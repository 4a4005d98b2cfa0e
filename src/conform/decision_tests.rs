//! Placements judged, on histories made by hand. Goal: what a scheduler may do is right, what it may not do is found, and nothing is
//! excused but what happened within a moment. Method: nodes of some GPUs and pods that ask for them, where the scores are plain.

use std::sync::Arc;

use super::decisions::{Judged, judged};
use super::findings::{Aspect, Tolerance};
use super::replay::Judgement;
use super::tests::run;
use super::{Conformity, Substrate, compare};
use crate::cluster::NodeSpec;
use crate::cluster::scheduler::{Balance, SchedulerProfile};
use crate::kernel::{Names, Time};
use crate::rehearsal::scheduling::{Change, Choice, Placement, Scheduling, Sighting};
use crate::rehearsal::{Cleanup, LiveRun, RunResult};
use crate::timeline::EntryId;
use crate::workload::resources::NVIDIA_GPU;
use crate::workload::selector::{LabelSelector, Namespaces, PodTerm};
use crate::workload::{Container, PodTemplate, Resources, Taint, TaintEffect};

const GIBIBYTE: u64 = 1 << 30;

fn node(gpus: u64) -> NodeSpec {
    let allocatable = Resources { cpu_milli: 64_000, memory_bytes: 256 * GIBIBYTE, ..Resources::of(NVIDIA_GPU, gpus) };
    NodeSpec::new(Names::default().name("any"), allocatable)
}

fn template(cpu_milli: u64, gpus: u64) -> PodTemplate {
    let requests = Resources { cpu_milli, memory_bytes: GIBIBYTE, ..Resources::of(NVIDIA_GPU, gpus) };
    let labels = [("app".to_owned(), "web".to_owned())].into();
    PodTemplate { labels, containers: vec![Container { requests, ..Container::default() }], ..PodTemplate::default() }
}

fn placement(pod: &str, node: &str, template: PodTemplate) -> Placement {
    Placement {
        pod: pod.to_owned(),
        node: node.to_owned(),
        namespace: String::new(),
        spread: None,
        template: Some(Arc::new(template)),
        priority: 0,
        choice: Choice::Free,
        entry: EntryId(0),
    }
}

fn bound(pod: &str, node: &str, template: PodTemplate) -> Change {
    Change::Bound(placement(pod, node, template))
}

/// What was seen, each with its milliseconds, on these nodes.
fn history(profile: SchedulerProfile, nodes: &[(&str, u64)], rows: Vec<(u64, Change)>) -> Scheduling {
    let nodes = nodes.iter().map(|(name, gpus)| (0, Change::Node((*name).to_owned(), node(*gpus))));
    let mut sightings: Vec<Sighting> = nodes
        .chain(rows)
        .map(|(millis, change)| Sighting { at: Time::from_nanos(millis * 1_000_000), change })
        .collect();
    // Each placement has an entry of its own, as in a timeline.
    for (at, sighting) in sightings.iter_mut().enumerate() {
        if let Change::Bound(placement) | Change::Nominated(placement) = &mut sighting.change {
            placement.entry = EntryId(at as u32);
        }
    }
    Scheduling { profile, balance: Balance::ByChange, sightings }
}

fn by_default(nodes: &[(&str, u64)], rows: Vec<(u64, Change)>) -> Scheduling {
    history(SchedulerProfile::KubeDefault, nodes, rows)
}

/// The pods that are wrong, each with whether that is excused.
fn wrong(judged: &Judged<'_>) -> Vec<(String, bool)> {
    judged.wrong.iter().map(|(placement, _, excuse)| (placement.pod.clone(), excuse.is_some())).collect()
}

fn found(pod: &str, excused: bool) -> Vec<(String, bool)> {
    vec![(pod.to_owned(), excused)]
}

const TWO: [(&str, u64); 2] = [("a", 4), ("b", 4)];

#[test]
fn every_one_of_several_best_nodes_is_right() {
    for first in ["a", "b"] {
        let second = if first == "a" { "b" } else { "a" };
        let rows = vec![
            (1_000, bound("Pod/one", first, template(1000, 1))),
            (2_000, bound("Pod/two", second, template(1000, 1))),
            (3_000, bound("Pod/three", first, template(1000, 1))),
        ];
        let scheduling = by_default(&TWO, rows);
        let judged = judged(&scheduling);
        assert_eq!((judged.count, judged.feasible_only, judged.unknown), (3, 0, 0));
        assert_eq!(wrong(&judged), []);
    }
}

#[test]
fn a_node_without_room_is_not_feasible() {
    let rows =
        vec![(1_000, bound("Pod/one", "a", template(1000, 4))), (2_000, bound("Pod/two", "a", template(1000, 1)))];
    let scheduling = by_default(&TWO, rows);
    let judged = judged(&scheduling);
    let expected = Judgement::NotFeasible { why: "Insufficient nvidia.com/gpu".to_owned(), best: vec!["b".to_owned()] };
    assert_eq!(judged.wrong.iter().map(|(_, judgement, _)| judgement).collect::<Vec<_>>(), [&expected]);
    assert_eq!(wrong(&judged), found("Pod/two", false));
}

#[test]
fn a_node_with_a_lower_score_is_not_the_best() {
    let rows =
        || vec![(1_000, bound("Pod/one", "a", template(32_000, 0))), (2_000, bound("Pod/two", "a", template(1000, 0)))];
    let scheduling = by_default(&TWO, rows());
    let judged_so = judged(&scheduling);
    assert_eq!(wrong(&judged_so), found("Pod/two", false));
    let Judgement::NotBest { score, best_score, best } = &judged_so.wrong[0].1 else { panic!("{judged_so:?}") };
    assert!(score < best_score, "{judged_so:?}");
    assert_eq!(best, &["b"]);
    // What held the room is gone long before, or just then.
    for (gone, expected) in [(1_100, vec![]), (2_100, found("Pod/two", true)), (2_900, found("Pod/two", false))] {
        let mut rows = rows();
        rows.push((gone, Change::Gone("Pod/one".to_owned())));
        rows.sort_by_key(|(at, _)| *at);
        let scheduling = by_default(&TWO, rows);
        assert_eq!(wrong(&judged(&scheduling)), expected, "gone at {gone}");
    }
}

/// A scheduler that packs takes the fuller node: the same placements are judged by the profile.
#[test]
fn the_profile_decides_what_is_best() {
    let rows = |second| {
        vec![(1_000, bound("Pod/one", "a", template(1000, 1))), (2_000, bound("Pod/two", second, template(1000, 1)))]
    };
    for (profile, right, not) in
        [(SchedulerProfile::KubeDefault, "b", "a"), (SchedulerProfile::KubeMostAllocated, "a", "b")]
    {
        let scheduling = history(profile.clone(), &TWO, rows(right));
        assert_eq!(wrong(&judged(&scheduling)), []);
        let scheduling = history(profile, &TWO, rows(not));
        assert_eq!(wrong(&judged(&scheduling)), found("Pod/two", false));
    }
}

/// The large pod can go to `b` alone, which leaves `a` as the best node for the small one. A watch that tells of the small one first
/// shows it on `a` while `b` was still empty: right if both happened within a moment, and not if they were a second apart.
#[test]
fn what_is_bound_within_a_moment_may_be_seen_in_another_order() {
    let rows = |apart: u64| {
        vec![
            (500, bound("Pod/old", "a", template(16_000, 0))),
            (2_000, bound("Pod/small", "a", template(1000, 1))),
            (2_000 + apart, bound("Pod/large", "b", template(60_000, 8))),
        ]
    };
    for (apart, expected) in [(5, found("Pod/small", true)), (1_000, found("Pod/small", false))] {
        let scheduling = by_default(&[("a", 2), ("b", 8)], rows(apart));
        let judged = judged(&scheduling);
        assert_eq!((judged.count, wrong(&judged)), (3, expected), "{apart} ms apart");
    }
}

/// Many things at once: an order is found where there is one, and where there are too many to look at, that is said.
#[test]
fn a_burst_is_looked_at_as_far_as_can_be() {
    let burst = |count: usize, cpu: &dyn Fn(usize) -> u64| {
        let mut rows = vec![(1_000, bound("Pod/old", "a", template(32_000, 0)))];
        let pods = (0..count).map(|pod| (5_000, bound(&format!("Pod/web-{pod}"), "b", template(cpu(pod), 0))));
        rows.extend(pods);
        rows.push((5_100, bound("Pod/large", "b", template(30_000, 0))));
        rows.push((5_200, bound("Pod/small", "b", template(100, 0))));
        by_default(&TWO, rows)
    };
    // `b` was emptier than `a` until the large one came: the small one was placed before that.
    let scheduling = burst(10, &|_| 1_900);
    let judged_so = judged(&scheduling);
    assert_eq!((judged_so.count, wrong(&judged_so)), (13, found("Pod/small", true)));
    // Pods of as many sizes as there are, more than `b` should have: whether some order explains it is not found out.
    let scheduling = burst(20, &|pod| 1_500 + pod as u64);
    let judged_so = judged(&scheduling);
    let told: Vec<&str> = judged_so.wrong.iter().filter_map(|(_, _, excuse)| excuse.as_deref()).collect();
    assert!(told.iter().any(|told| told.contains("too many orders")), "{:?}", wrong(&judged_so));
}

/// No order of two equal pods on one node makes them right where the second belongs on the other.
#[test]
fn no_order_excuses_what_is_wrong_in_all() {
    let rows = vec![
        (1_000, bound("Pod/one", "a", template(16_000, 1))),
        (1_001, bound("Pod/two", "a", template(16_000, 1))),
        (1_002, bound("Pod/three", "b", template(1000, 0))),
    ];
    let scheduling = by_default(&TWO, rows);
    assert_eq!(wrong(&judged(&scheduling)), found("Pod/two", false));
}

#[test]
fn nodes_that_are_closed_are_not_feasible() {
    let taint = Taint { key: "full".to_owned(), value: String::new(), effect: TaintEffect::NoSchedule };
    let closed: [(NodeSpec, &str); 2] = [
        (NodeSpec { unschedulable: true, ..node(4) }, "node(s) were unschedulable"),
        (NodeSpec { taints: vec![taint], ..node(4) }, "node(s) had untolerated taint(s)"),
    ];
    for (spec, expected) in closed {
        let rows = vec![
            (1_000, Change::Node("a".to_owned(), spec)),
            (2_000, bound("Pod/one", "a", template(1000, 1))),
            (3_000, Change::Node("a".to_owned(), node(4))),
            (4_000, bound("Pod/two", "a", template(1000, 1))),
            (5_000, Change::NodeGone("b".to_owned())),
            (6_000, bound("Pod/three", "a", template(1000, 1))),
        ];
        let scheduling = by_default(&TWO, rows);
        let judged = judged(&scheduling);
        let Judgement::NotFeasible { why, best } = &judged.wrong[0].1 else { panic!("{judged:?}") };
        assert_eq!((why.as_str(), best.as_slice()), (expected, &["b".to_owned()][..]));
        assert_eq!(judged.wrong[0].0.pod, "Pod/one");
        // The second is not on the emptier node; the third has no other.
        assert_eq!(judged.wrong.iter().map(|one| one.0.pod.as_str()).collect::<Vec<_>>(), ["Pod/one", "Pod/two"]);
    }
}

/// Pods that must be apart are counted from the first on, though the one that asks for it comes later.
#[test]
fn what_pods_ask_of_each_other_counts() {
    let mut shy = template(1000, 0);
    shy.affinity.anti_pods = vec![PodTerm {
        selector: LabelSelector::labels(shy.labels.clone()),
        namespaces: Namespaces::Own,
        topology_key: "kubernetes.io/hostname".to_owned(),
    }];
    let rows = vec![(1_000, bound("Pod/one", "a", template(1000, 0))), (2_000, bound("Pod/two", "a", shy))];
    let scheduling = by_default(&TWO, rows);
    let judged = judged(&scheduling);
    let Judgement::NotFeasible { why, .. } = &judged.wrong[0].1 else { panic!("{judged:?}") };
    assert!(why.contains("anti-affinity"), "{why}");
}

/// A pod that others left for has its node, and others of its priority or less keep off.
#[test]
fn a_nominated_pod_is_for_its_node() {
    let high = |pod: &str, node: &str| Placement { priority: 10, ..placement(pod, node, template(1000, 4)) };
    let rows = |second: &str| {
        vec![
            (1_000, bound("Pod/low", "a", template(1000, 4))),
            (2_000, Change::Nominated(high("Pod/high", "a"))),
            (2_001, Change::Leaving("Pod/low".to_owned())),
            (4_000, Change::Gone("Pod/low".to_owned())),
            (5_000, bound("Pod/next", second, template(1000, 1))),
            (6_000, Change::Bound(high("Pod/high", "a"))),
        ]
    };
    let scheduling = by_default(&TWO, rows("b"));
    assert_eq!(wrong(&judged(&scheduling)), []);
    let scheduling = by_default(&TWO, rows("a"));
    let found = wrong(&judged(&scheduling));
    assert_eq!(found.first(), Some(&("Pod/next".to_owned(), false)));
}

#[test]
fn what_cannot_be_asked_is_counted_and_not_judged() {
    let fixed = Placement { choice: Choice::Fixed, ..placement("Pod/agent", "a", template(1000, 5)) };
    let scheduling = by_default(&TWO, vec![(1_000, Change::Bound(fixed))]);
    assert_eq!((judged(&scheduling).count, wrong(&judged(&scheduling))), (0, vec![]));
    // Where claims decide too, only room is asked for.
    let claims = Placement { choice: Choice::Claims, ..placement("Pod/db", "a", template(1000, 4)) };
    let rows = vec![(1_000, Change::Bound(claims)), (2_000, bound("Pod/one", "a", template(1000, 1)))];
    let scheduling = by_default(&TWO, rows);
    let judged_so = judged(&scheduling);
    assert_eq!((judged_so.feasible_only, wrong(&judged_so)), (2, found("Pod/one", false)));
    let unknown = Placement { template: None, ..placement("Pod/theirs", "a", template(0, 0)) };
    let rows = vec![(1_000, Change::Bound(unknown)), (2_000, bound("Pod/one", "a", template(1000, 5)))];
    let scheduling = by_default(&TWO, rows);
    assert_eq!((judged(&scheduling).unknown, judged(&scheduling).count), (2, 0));
    // Of 100 nodes a scheduler looks at some only.
    let names: Vec<String> = (0..101).map(|number| format!("n-{number}")).collect();
    let nodes: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 4)).collect();
    let rows = || {
        vec![(1_000, bound("Pod/one", "n-0", template(1000, 1))), (2_000, bound("Pod/two", "n-0", template(1000, 1)))]
    };
    let scheduling = by_default(&nodes, rows());
    assert_eq!((judged(&scheduling).feasible_only, wrong(&judged(&scheduling))), (2, vec![]));
    let scheduling = by_default(&nodes[..99], rows());
    assert_eq!(wrong(&judged(&scheduling)), found("Pod/two", false));
}

/// A live run of which this was seen.
fn live(scheduling: Option<Scheduling>) -> RunResult {
    let mut run = run(&[(1_000, "Pod/one Scheduled on a", None), (2_000, "Pod/two Scheduled on a", None)]);
    run.live = Some(LiveRun {
        options: Default::default(),
        run: "k7f3q2b".to_owned(),
        context: "test".to_owned(),
        version: "v1.36.3".to_owned(),
        cleanup: Cleanup::Done,
        refused_faults: Vec::new(),
        calls: 0,
        scheduling,
    });
    run
}

#[test]
fn a_wrong_placement_is_a_divergence_with_its_entry() {
    let rows = |apart: u64| {
        let mut rows = vec![
            (1_000, bound("Pod/one", "a", template(32_000, 0))),
            (2_000, bound("Pod/two", "a", template(1000, 0))),
        ];
        rows.push((2_000 + apart, Change::Gone("Pod/one".to_owned())));
        let mut scheduling = by_default(&TWO, rows);
        // The entries of the run below.
        for (entry, at) in [(0, 2), (1, 3)] {
            let Change::Bound(placement) = &mut scheduling.sightings[at].change else { panic!("a placement") };
            placement.entry = EntryId(entry);
        }
        live(Some(scheduling))
    };
    let simulated = run(&[(1_000, "Pod/one Scheduled on a", None), (2_000, "Pod/two Scheduled on a", None)]);
    let comparison = compare(&simulated, &rows(1_000), Substrate::Kwok);
    let first = comparison.first().expect("a divergence");
    assert_eq!((first.aspect, first.about.as_str()), (Aspect::Placements, "Pod/two"));
    assert!(first.simulated.text.starts_with("would be on b with score "), "{first:?}");
    assert!(first.live.text.starts_with("on a with score "), "{first:?}");
    let entry = first.live.evidence.as_ref().and_then(|evidence| evidence.entry()).expect("its entry");
    assert_eq!((entry.subject.as_str(), entry.became, entry.at), ("Pod/two", "Scheduled", first.at.expect("a time")));
    assert_eq!(comparison.not_checked, Vec::<String>::new());
    let excused = compare(&simulated, &rows(100), Substrate::Kwok);
    assert_eq!(excused.verdict, Conformity::Tolerated);
    assert_eq!(excused.findings[0].tolerated[0].tolerance, Tolerance::Simultaneous);
    let others = compare(&simulated, &live(None), Substrate::Containers);
    assert_eq!((others.verdict, others.not_checked.len()), (Conformity::Agree, 1));
}
