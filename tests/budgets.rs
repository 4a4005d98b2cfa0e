//! Budgets and drains through the cluster's own doors.
//!
//! Goal: a drain evicts no more pods than the budget allows at any time, tries again as kubectl does, and comes to its end.
//! Method: a Deployment with a budget on nodes that are drained; the timeline tells who went when.

mod bench;

use bench::{Bench, seconds};
use greenroom::kernel::Duration;
use greenroom::workload::policy::{BudgetBound, BudgetSpec};
use greenroom::workload::{Drain, IntOrPercent, LabelSelector, NodeDisruption, Object, Status};

fn budget(bound: BudgetBound) -> Object {
    let selector = Some(LabelSelector::labels([("app".to_owned(), "web".to_owned())].into()));
    Object::PodDisruptionBudget(BudgetSpec { selector, bound, always_evicts_unready: false })
}

fn drain() -> NodeDisruption {
    NodeDisruption::Drain(Drain::default())
}

#[test]
fn a_drain_waits_for_the_budget_and_tries_again_every_five_seconds() {
    let mut bench = Bench::new(3, 4);
    bench.deploy("web", 4, seconds(30));
    let two = BudgetBound::MaxUnavailable(IntOrPercent::Int(1));
    bench.apply("PodDisruptionBudget/web", budget(two));
    bench.run(seconds(60));
    // Both nodes that hold two of the four pods, at one instant: one pod may go.
    bench.strike("Node/n-0", drain());
    bench.strike("Node/n-1", drain());
    bench.run(seconds(300));
    insta::assert_snapshot!(bench.story_from(seconds(60)).join("\n"));
}

#[test]
fn a_budget_that_allows_nothing_blocks_a_drain_until_its_time_is_up() {
    let mut bench = Bench::new(2, 4);
    bench.deploy("web", 1, seconds(5));
    bench.apply("PodDisruptionBudget/web", budget(BudgetBound::MinAvailable(IntOrPercent::Percent(100))));
    bench.run(seconds(60));
    let timeout = Some(seconds(60));
    bench.strike("Node/n-0", NodeDisruption::Drain(Drain { timeout, ..Drain::default() }));
    bench.run(seconds(200));
    let story = bench.story_from(seconds(60));
    assert!(story.iter().any(|line| line.contains("EvictionRefused")), "{story:#?}");
    assert!(story.iter().any(|line| line.starts_with("00:02:00.000 Node/n-0 DrainFailed")), "{story:#?}");
    assert!(!story.iter().any(|line| line.contains("Terminating")), "{story:#?}");
}

#[test]
fn two_budgets_over_one_pod_refuse_every_eviction() {
    let mut bench = Bench::new(2, 4);
    bench.deploy("web", 2, seconds(5));
    for name in ["PodDisruptionBudget/one", "PodDisruptionBudget/two"] {
        bench.apply(name, budget(BudgetBound::MaxUnavailable(IntOrPercent::Int(2))));
    }
    bench.run(seconds(60));
    bench.strike("Node/n-0", drain());
    bench.run(seconds(100));
    let story = bench.story_from(seconds(60));
    assert!(story.iter().any(|line| line.contains("DrainFailed")), "{story:#?}");
    assert!(!story.iter().any(|line| line.contains("Terminating")), "{story:#?}");
}

#[test]
fn the_status_follows_the_pods() {
    let mut bench = Bench::new(1, 4);
    bench.deploy("web", 3, seconds(10));
    bench.apply("PodDisruptionBudget/web", budget(BudgetBound::MinAvailable(IntOrPercent::Percent(50))));
    let status = |bench: &mut Bench| match bench.status("PodDisruptionBudget/web") {
        Some(Status::PodDisruptionBudget(status)) => status,
        other => panic!("no budget: {other:?}"),
    };
    bench.run(Duration::from_millis(1));
    let before = status(&mut bench);
    assert_eq!((before.expected, before.desired, before.healthy, before.allowed), (3, 2, 0, 0));
    bench.run(seconds(60));
    let after = status(&mut bench);
    assert_eq!((after.expected, after.desired, after.healthy, after.allowed), (3, 2, 3, 1));
}
