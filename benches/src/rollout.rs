//! A rolling update of many pods on many nodes, through the cluster's own doors: what the figures of a rollout measure.

use std::sync::Arc;

use greenroom::cluster::{Behaviour, Cluster, NodeSpec, Settings};
use greenroom::kernel::{Distribution, Duration, Name, Time};
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject};
use greenroom::workload::{Ask, Container, DeploymentSpec, Happening, Object, PodTemplate, Probe, Resources, Stage};

/// GPUs of each node; a tenth of them is spare, so that a surge finds room.
pub const GPUS_PER_NODE: u64 = 8;

/// A cluster with room for `pods` pods of one GPU and a quarter more, its Deployment applied.
pub fn fleet(pods: u32) -> (Cluster, Cause) {
    let (mut cluster, cause) = uneven_fleet((pods * 10 / 7).div_ceil(GPUS_PER_NODE as u32));
    apply(&mut cluster, pods, "model:1", cause);
    (cluster, cause)
}

/// A cluster of so many nodes, on which nothing runs yet. Starts differ from pod to pod, so that a rollout moves pod by pod and
/// not in a few great steps.
pub fn uneven_fleet(nodes: u32) -> (Cluster, Cause) {
    let start = Distribution::Uniform { min: Duration::from_secs(20), max: Duration::from_secs(60) };
    bare_fleet(nodes, vec![Behaviour { start, ..Behaviour::default() }])
}

/// A cluster of so many nodes, on which nothing runs.
pub fn bare_fleet(nodes: u32, behaviour: Vec<Behaviour>) -> (Cluster, Cause) {
    let mut cluster = Cluster::new(Settings { behaviour, ..Settings::new(1) });
    let line = ScenarioLine { file: "bench".into(), line: 1, column: 1, what: "bench".into() };
    let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
    let base = cluster.intern("n");
    let gpus = Resources::of("nvidia.com/gpu", GPUS_PER_NODE);
    let allocatable = Resources { cpu_milli: 128_000, memory_bytes: 1 << 40, ..gpus };
    for ordinal in 0..nodes {
        cluster.add_node(NodeSpec::new(Name::numbered(base, ordinal), allocatable.clone()), cause);
    }
    (cluster, cause)
}

/// Applies the Deployment with an image.
pub fn apply(cluster: &mut Cluster, pods: u32, image: &str, cause: Cause) {
    let seconds = Duration::from_secs;
    let readiness_probe = Probe {
        initial_delay: Duration::ZERO,
        period: seconds(10),
        timeout: seconds(1),
        success_threshold: 1,
        failure_threshold: 3,
    };
    let template = PodTemplate {
        labels: [("app".to_owned(), "model".to_owned())].into(),
        containers: vec![Container {
            name: "server".into(),
            image: image.into(),
            requests: Resources { cpu_milli: 4000, memory_bytes: 32 << 30, ..Resources::of("nvidia.com/gpu", 1) },
            readiness_probe: Some(readiness_probe),
            ..Container::default()
        }],
        ..PodTemplate::default()
    };
    deploy(cluster, "model", pods, template, cause);
}

/// Applies a Deployment of so many pods.
pub fn deploy(cluster: &mut Cluster, name: &str, replicas: u32, template: PodTemplate, cause: Cause) {
    let object = Object::Deployment(DeploymentSpec::of(replicas, Arc::new(template)));
    let key = Subject::new(Kind::Deployment, cluster.timeline_mut().1.name(name));
    cluster.port(0).ask(Ask::Apply { key, object, serves: key }, cause);
}

/// Lets time pass up to `until`.
pub fn run(cluster: &mut Cluster, until: Duration) {
    cluster.call_at(Time::ZERO + until, 0, true);
    while !matches!(cluster.next(), Happening::Rehearsal(_) | Happening::Quiet | Happening::LimitReached(_)) {}
}

/// A whole rollout: the pods come up, and after an hour a new image replaces them all.
///
/// # Panics
/// If the rollout did not finish: then there is nothing to measure.
pub fn rollout(pods: u32) -> Cluster {
    let (mut cluster, cause) = fleet(pods);
    run(&mut cluster, Duration::from_secs(3600));
    apply(&mut cluster, pods, "model:2", cause);
    run(&mut cluster, Duration::from_secs(7200));
    let (_, names) = cluster.timeline_mut();
    let newest = Subject::new(Kind::ReplicaSet, names.name("model-r2"));
    let counts = cluster.counts(newest).expect("the second revision is there");
    assert_eq!(counts.available, pods, "the rollout is complete");
    cluster
}
