//! What a warm cluster allocates in a rolling update, under dhat's allocator: tables that grow by doubling, chunks of the
//! timeline, a few nodes of ordered sets, and next to nothing an event.
//! One test alone is in this file, as the counters are those of the whole process.

mod bench;

use bench::{Bench, deployment, seconds};
use greenroom::cluster::{Behaviour, Settings};
use greenroom::kernel::{Distribution, Time};
use greenroom::workload::{Container, PodTemplate, Resources, Stage};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const PODS: u32 = 2_000;

fn fleet() -> Bench {
    let start = Distribution::Uniform { min: seconds(20), max: seconds(60) };
    let behaviour = vec![Behaviour { start, ..Behaviour::default() }];
    Bench::of(Settings { behaviour, ..Settings::new(1) }, PODS / 5, 8, |_, _| {})
}

/// Rolls the Deployment to an image, to its end an hour later; gives the events that this took.
fn roll(bench: &mut Bench, image: &str) -> u64 {
    let before = bench.cluster.events();
    let main = Container {
        name: "main".into(),
        image: image.into(),
        requests: Resources { cpu_milli: 1000, ..Resources::of("nvidia.com/gpu", 1) },
        ..Container::default()
    };
    bench.submit("Deployment/web", deployment(PODS, PodTemplate { containers: vec![main], ..PodTemplate::default() }));
    let end = Stage::now(&bench.cluster) + seconds(3600);
    bench.run(end.since(Time::ZERO));
    let key = bench.subject("Deployment/web");
    assert_eq!(bench.cluster.counts(key).expect("it is there").ready, PODS);
    bench.cluster.events() - before
}

#[test]
fn a_warm_rollout_allocates_next_to_nothing_an_event() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut bench = fleet();
    for image in ["web:1", "web:2", "web:3"] {
        roll(&mut bench, image);
    }
    let warm = dhat::HeapStats::get();
    let events = roll(&mut bench, "web:4");
    let blocks = dhat::HeapStats::get().total_blocks - warm.total_blocks;
    eprintln!("{blocks} allocations in {events} events");
    dhat::assert!(blocks * 10 < events, "fewer than one in ten events");
}
