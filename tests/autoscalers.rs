//! HorizontalPodAutoscalers through the cluster's own doors.
//!
//! Goal: the number of pods follows the load as the source decides it, tick by tick. Method: a Deployment, a series of
//! what it uses, the autoscaler's entries with their times.

mod bench;

use std::collections::BTreeMap;

use bench::{Bench, deployment, seconds, template};
use greenroom::cluster::{Behaviour, Load, Settings};
use greenroom::kernel::{Duration, Time};
use greenroom::workload::policy::{AutoscalerSpec, Metric, MetricTarget, ScalingPolicy, ScalingRules, ScalingSelect};
use greenroom::workload::{Object, Resources};

fn rules(window: u64, percent: u32) -> ScalingRules {
    ScalingRules {
        stabilization_window: seconds(window),
        policies: vec![ScalingPolicy { percent: true, value: percent, period: seconds(15) }],
        select: ScalingSelect::Max,
        tolerance_permille: 100,
    }
}

/// A Deployment of pods that request one CPU, under this load, with an autoscaler that aims at half of it.
fn bench(load: &[(u64, u64)], up: ScalingRules, down: ScalingRules) -> Bench {
    let point = |(at, cpu_milli): &(u64, u64)| Load { at: Time::ZERO + seconds(*at), milli: *cpu_milli, each: false };
    let metrics: BTreeMap<String, Vec<Load>> = [("cpu".to_owned(), load.iter().map(point).collect())].into();
    let behaviour = vec![Behaviour { metrics, ..Behaviour::default() }];
    let mut bench = Bench::of(Settings { behaviour, ..Settings::new(1) }, 4, 8, |_, _| {});
    let mut pods = template(seconds(1));
    pods.containers[0].requests = Resources { cpu_milli: 1000, ..Resources::default() };
    bench.apply("Deployment/web", deployment(2, pods));
    let target = bench.subject("Deployment/web");
    let metrics = vec![Metric { name: "cpu".into(), container: None, target: MetricTarget::UtilizationPercent(50) }];
    let spec = AutoscalerSpec { target, replicas_min: 1, replicas_max: 10, metrics, up, down };
    bench.apply("HorizontalPodAutoscaler/web", Object::HorizontalPodAutoscaler(Box::new(spec)));
    bench
}

fn told(bench: &Bench) -> Vec<String> {
    let story = bench.story_from(Duration::ZERO).into_iter();
    story.filter(|line| line.contains("HorizontalPodAutoscaler/web")).collect()
}

#[test]
fn pods_follow_the_load_up_and_later_down() {
    // One CPU at first, three from 10 min on, half of one from 20 min on.
    let mut bench = bench(&[(0, 1000), (600, 3000), (1200, 500)], rules(0, 100), rules(300, 100));
    bench.run(seconds(3600));
    insta::assert_snapshot!(told(&bench).join("\n"));
    assert!(bench.cluster.events() < 400, "a content autoscaler sleeps: {} events", bench.cluster.events());
}

#[test]
fn without_a_series_it_says_so_and_changes_nothing() {
    let mut bench = bench(&[], rules(0, 100), rules(300, 100));
    bench.run(seconds(600));
    let told = told(&bench);
    assert!(told.iter().any(|line| line.contains("ScalingInactive")), "{told:#?}");
    assert!(!told.iter().any(|line| line.contains("Rescaled")), "{told:#?}");
}

#[test]
fn bounds_count_without_a_metric() {
    let mut bench = bench(&[], rules(0, 100), rules(300, 100));
    let Object::Deployment(mut spec) = deployment(14, template(seconds(1))) else { panic!("a Deployment") };
    spec.progress_deadline = seconds(60);
    bench.apply("Deployment/web", Object::Deployment(spec));
    bench.run(seconds(60));
    let told = told(&bench);
    let rescaled =
        "00:00:15.000 HorizontalPodAutoscaler/web Rescaled 14 to 10: current number of replicas above maxReplicas";
    assert!(told.iter().any(|line| line == rescaled), "{told:#?}");
}
