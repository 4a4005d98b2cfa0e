//! A rolling update of many pods on many nodes, through the cluster's own doors: what the figures of a rollout measure.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Behaviour, Cluster, NodeSpec, Profile, Provider, Settings};
use greenroom::kernel::{Distribution, Duration, Limits, Name, Time};
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject};
use greenroom::workload::{
    Ask, Container, DeploymentSpec, Happening, Object, PodTemplate, Probe, Resources, Stage, Strategy,
};

/// GPUs of each node; a tenth of them is spare, so that a surge finds room.
const GPUS_PER_NODE: u64 = 8;

/// A cluster with room for `pods` pods of one GPU and a quarter more, its Deployment applied.
pub fn fleet(pods: u32) -> (Cluster, Cause) {
    let (mut cluster, cause) = bare_fleet((pods * 10 / 7).div_ceil(GPUS_PER_NODE as u32));
    apply(&mut cluster, pods, "model:1", cause);
    (cluster, cause)
}

/// A cluster of so many nodes, on which nothing runs.
pub fn bare_fleet(nodes: u32) -> (Cluster, Cause) {
    let seconds = Duration::from_secs;
    // Starts differ from pod to pod, so that a rollout moves pod by pod and not in a few great steps.
    let start = Distribution::Uniform { min: seconds(20), max: seconds(60) };
    let mut cluster = Cluster::new(Settings {
        seed: 1,
        profile: Profile::kubernetes_1_36(),
        scheduler: SchedulerProfile::KubeDefault,
        behaviour: vec![Behaviour { start, ..Behaviour::default() }],
        provider: Provider::default(),
        limits: Limits::default(),
    });
    let line = ScenarioLine { file: "bench".into(), line: 1, column: 1, what: "bench".into() };
    let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
    let base = cluster.intern("n");
    for ordinal in 0..nodes {
        let spec = NodeSpec {
            name: Name::numbered(base, ordinal),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            zone: None,
            shape: None,
            gpu_model: None,
            allocatable: Resources {
                cpu_milli: 128_000,
                memory_bytes: 1 << 40,
                ..Resources::of("nvidia.com/gpu", GPUS_PER_NODE)
            },
            pods_max: 110,
            ready: true,
            unschedulable: false,
        };
        cluster.add_node(spec, cause);
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
    let object = Object::Deployment(DeploymentSpec {
        replicas: pods,
        template: Arc::new(template),
        strategy: Strategy::default(),
        min_ready: Duration::ZERO,
        progress_deadline: seconds(600),
        paused: false,
        revision_history: None,
    });
    let (_, names) = cluster.timeline_mut();
    let key = Subject::new(Kind::Deployment, names.name("model"));
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
