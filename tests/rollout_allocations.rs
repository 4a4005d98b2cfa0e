//! What a warm cluster allocates in a rolling update, under dhat's allocator: tables that grow by doubling, chunks of the
//! timeline, a few nodes of ordered sets, and next to nothing an event.
//! One test alone is in this file, as the counters are those of the whole process.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Behaviour, Cluster, NodeSpec, Profile, Provider, Settings};
use greenroom::kernel::{Distribution, Duration, Limits, Name};
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject};
use greenroom::workload::{Ask, Container, DeploymentSpec, Happening, Object, PodTemplate, Resources, Stage, Strategy};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const PODS: u32 = 2_000;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn fleet() -> (Cluster, Cause) {
    let start = Distribution::Uniform { min: seconds(20), max: seconds(60) };
    let mut cluster = Cluster::new(Settings {
        seed: 1,
        profile: Profile::kubernetes_1_36(),
        scheduler: SchedulerProfile::KubeDefault,
        behaviour: vec![Behaviour { start, ..Behaviour::default() }],
        provider: Provider::default(),
        limits: Limits::default(),
    });
    let line = ScenarioLine { file: "t".into(), line: 1, column: 1, what: "test".into() };
    let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
    let base = cluster.intern("n");
    for ordinal in 0..PODS / 5 {
        let spec = NodeSpec {
            name: Name::numbered(base, ordinal),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            zone: None,
            shape: None,
            gpu_model: None,
            allocatable: Resources { cpu_milli: 64_000, memory_bytes: 1 << 40, ..Resources::of("nvidia.com/gpu", 8) },
            pods_max: 110,
            ready: true,
            unschedulable: false,
        };
        cluster.add_node(spec, cause);
    }
    (cluster, cause)
}

/// Rolls the Deployment to an image, to its end an hour later; gives the events that this took.
fn roll(cluster: &mut Cluster, image: &str, cause: Cause) -> u64 {
    let before = cluster.events();
    let main = Container {
        name: "main".into(),
        image: image.into(),
        requests: Resources { cpu_milli: 1000, ..Resources::of("nvidia.com/gpu", 1) },
        ..Container::default()
    };
    let object = Object::Deployment(DeploymentSpec {
        replicas: PODS,
        template: Arc::new(PodTemplate { containers: vec![main], ..PodTemplate::default() }),
        strategy: Strategy::default(),
        min_ready: Duration::ZERO,
        progress_deadline: seconds(600),
        paused: false,
        revision_history: None,
    });
    let key = Subject::new(Kind::Deployment, cluster.timeline_mut().1.name("web"));
    cluster.port(0).ask(Ask::Apply { key, object, serves: key }, cause);
    let end = Stage::now(cluster) + seconds(3600);
    cluster.call_at(end, 0, true);
    while !matches!(cluster.next(), Happening::Rehearsal(_) | Happening::Quiet) {}
    assert_eq!(cluster.counts(key).expect("it is there").ready, PODS);
    cluster.events() - before
}

#[test]
fn a_warm_rollout_allocates_next_to_nothing_an_event() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let (mut cluster, cause) = fleet();
    for image in ["web:1", "web:2", "web:3"] {
        roll(&mut cluster, image, cause);
    }
    let warm = dhat::HeapStats::get();
    let events = roll(&mut cluster, "web:4", cause);
    let blocks = dhat::HeapStats::get().total_blocks - warm.total_blocks;
    eprintln!("{blocks} allocations in {events} events");
    dhat::assert!(blocks * 10 < events, "fewer than one in ten events");
}
