//! What holds for all groups of pods, whoever they are and whenever they come: none is placed in part, no GPU is given twice, and
//! none waits beside room for it.

mod bench;

use std::collections::BTreeMap;
use std::sync::Arc;

use bench::{Bench, pods, seconds};
use greenroom::cluster::{BatchProfile, Behaviour, Settings};
use greenroom::kernel::{Distribution, Name, Time};
use greenroom::timeline::{Subject, render};
use greenroom::workload::policy::PriorityClassSpec;
use greenroom::workload::{
    BatchScheduler, GangMember, JobSpec, Object, PodGroupSpec, PodTemplate, RestartPolicy, Stage,
};
use proptest::prelude::*;

/// A group of generated runs.
#[derive(Clone, Debug)]
struct Asked {
    at: u64,
    size: u32,
    extra: u32,
    gpus: u64,
    class: usize,
}

const CLASSES: [(&str, i32); 3] = [("low", 10), ("middle", 50), ("high", 90)];

fn asked() -> impl Strategy<Value = Vec<Asked>> {
    let one = (0..60_u64, 1..6_u32, 0..3_u32, 1..5_u64, 0..3_usize);
    prop::collection::vec(one.prop_map(|(at, size, extra, gpus, class)| Asked { at, size, extra, gpus, class }), 1..9)
}

/// Lets groups come one after the other; each is named after its place.
fn rehearse(groups: &[Asked], nodes: &[u64]) -> Bench {
    let usual = Behaviour {
        run: Distribution::Constant(seconds(100_000)),
        stop: Distribution::Constant(seconds(10)),
        ..Behaviour::default()
    };
    let mut bench = Bench::bare(Settings { usual, ..Settings::new(1) });
    let base = bench.cluster.intern("n");
    for (ordinal, gpus) in nodes.iter().enumerate() {
        let node = bench::node(Name::numbered(base, ordinal as u32), *gpus);
        bench.cluster.add_node(node, bench.cause);
    }
    bench.cluster.add_batch_scheduler(BatchProfile::usual(BatchScheduler::Kai));
    for (name, value) in CLASSES {
        let class = PriorityClassSpec { value, is_default: false, preempts: true };
        bench.submit(&format!("PriorityClass/{name}"), Object::PriorityClass(class));
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|place| groups[*place].at);
    for place in order {
        let (group, name) = (&groups[place], format!("g{place}"));
        bench.run(seconds(group.at));
        let priority_class = CLASSES[group.class].0.to_owned();
        let spec = PodGroupSpec { priority_class, ..PodGroupSpec::of(BatchScheduler::Kai, group.size) };
        bench.submit(&format!("PodGroup/{name}"), Object::PodGroup(Box::new(spec)));
        let template = Arc::new(PodTemplate {
            gang: Some(GangMember { group: name.clone(), subgroup: String::new() }),
            scheduler_name: "kai-scheduler".to_owned(),
            restart_policy: RestartPolicy::Never,
            ..pods(&name, "a:1", group.gpus)
        });
        let count = group.size + group.extra;
        let job = JobSpec { completions: Some(count), parallelism: count, ..JobSpec::of(template) };
        bench.submit(&format!("Job/{name}"), Object::Job(job));
    }
    bench.run(seconds(600));
    bench
}

/// Where each pod is from when to when: node, GPUs, from, until.
fn stays(world: &Bench) -> Vec<(Subject, String, Vec<u32>, Time, Time)> {
    let mut there: BTreeMap<Subject, (String, Vec<u32>, Time)> = BTreeMap::new();
    let mut stays = Vec::new();
    let entries: Vec<_> = world.cluster.timeline().since(0).map(|(_, entry)| entry).collect();
    let names = world.cluster.names();
    for entry in entries {
        match entry.became {
            "Scheduled" if entry.subject.show(names).starts_with("Pod/") => {
                let why = render::why(&entry.why, names);
                let (node, gpus) = why.trim_start_matches("on ").split_once(", GPU ").expect("it has GPUs");
                let gpus = gpus.split(',').map(|gpu| gpu.parse().expect("a number")).collect();
                there.insert(entry.subject, (node.to_owned(), gpus, entry.at));
            }
            "Deleted" | "Succeeded" | "Failed" => {
                if let Some((node, gpus, from)) = there.remove(&entry.subject) {
                    stays.push((entry.subject, node, gpus, from, entry.at));
                }
            }
            _ => {}
        }
    }
    stays.extend(there.into_iter().map(|(pod, (node, gpus, from))| (pod, node, gpus, from, Time::MAX)));
    stays
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: a group is never bound in part when it is first placed. Method: generated groups on generated nodes; of each group
    /// as many pods get their first nodes at one instant as it needs at least.
    #[test]
    fn a_group_is_first_placed_as_a_whole(groups in asked(), nodes in prop::collection::vec(1..9_u64, 1..6)) {
        let world = rehearse(&groups, &nodes);
        for (place, group) in groups.iter().enumerate() {
            let own = format!("Pod/g{place}-");
            let names = world.cluster.names();
            let mut first: Option<Time> = None;
            let mut count = 0;
            for (_, entry) in world.cluster.timeline().since(0) {
                if entry.became == "Scheduled" && entry.subject.show(names).starts_with(&own) {
                    count += u32::from(*first.get_or_insert(entry.at) == entry.at);
                }
            }
            prop_assert!(first.is_none() || count >= group.size, "g{place}: {count} of {} at {first:?}", group.size);
        }
    }

    /// Goal: no GPU is given twice, and none that there is not. Method: the stays of all pods, pair by pair.
    #[test]
    fn no_gpu_is_given_twice(groups in asked(), nodes in prop::collection::vec(1..9_u64, 1..6)) {
        let stays = stays(&rehearse(&groups, &nodes));
        for (at, (pod, node, gpus, from, until)) in stays.iter().enumerate() {
            let ordinal: usize = node.trim_start_matches("n-").parse().expect("a node");
            prop_assert!(gpus.iter().all(|gpu| u64::from(*gpu) < nodes[ordinal]));
            for (other, other_node, other_gpus, other_from, other_until) in &stays[at + 1..] {
                let meet = node == other_node && from < other_until && other_from < until;
                prop_assert!(!meet || gpus.iter().all(|gpu| !other_gpus.contains(gpu)), "{pod:?} {other:?} {node}");
            }
        }
    }

    /// Goal: no group waits beside room for all that it needs at least. Method: pods of one group are alike, so that so many fit as
    /// the free GPUs of each node make whole pods; whoever has no pod placed at the end must need more.
    #[test]
    fn nobody_waits_beside_room(groups in asked(), nodes in prop::collection::vec(1..9_u64, 1..6)) {
        let world = rehearse(&groups, &nodes);
        let mut free = nodes.clone();
        let stays = stays(&world);
        let names = world.cluster.names();
        let left: Vec<String> = stays.iter().filter(|stay| stay.4 == Time::MAX).map(|stay| stay.0.show(names)).collect();
        for (_, node, gpus, _, until) in &stays {
            let ordinal: usize = node.trim_start_matches("n-").parse().expect("a node");
            free[ordinal] -= if *until == Time::MAX { gpus.len() as u64 } else { 0 };
        }
        for (place, group) in groups.iter().enumerate() {
            let placed = left.iter().filter(|pod| pod.starts_with(&format!("Pod/g{place}-"))).count() as u32;
            let fit: u64 = free.iter().map(|free| free / group.gpus).sum();
            // A group that was put out has as many pods again from its Job, unless the Job has given up.
            let whole = world.story(|entry| entry.became == "Failed").is_empty();
            prop_assert!(placed > 0 || !whole || fit < u64::from(group.size), "g{place} waits beside {free:?}");
            prop_assert!(placed == 0 || placed >= group.size, "g{place} has {placed} of {}", group.size);
        }
    }

    /// Goal: the same groups on the same nodes give the same timeline.
    #[test]
    fn the_same_again_is_the_same(groups in asked(), nodes in prop::collection::vec(1..9_u64, 1..6)) {
        let [one, other] = [(); 2].map(|()| rehearse(&groups, &nodes).story(|_| true));
        prop_assert_eq!(one, other);
    }
}
