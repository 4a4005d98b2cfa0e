//! Groups of pods and the batch schedulers that place them, case by case. Objects go in as a controller asks for them, and the
//! timeline tells what became of the pods. What holds for all groups is in tests/gang_properties.rs.

mod bench;

use std::collections::BTreeMap;
use std::sync::Arc;

use bench::{Bench, pods, seconds};
use greenroom::cluster::{BatchProfile, Behaviour, Packing, Settings};
use greenroom::kernel::{Distribution, Duration};
use greenroom::workload::policy::PriorityClassSpec;
use greenroom::workload::selector::{LabelSelector, Namespaces, PodTerm};
use greenroom::workload::{
    Ask, Awaited, BatchScheduler, Container, GangMember, JobSpec, Object, PodGroupSpec, PodTemplate, Resources,
    RestartPolicy, Stage, Status, SubGroup, TopologyConstraint, TopologySpec,
};

struct World(Bench);

impl World {
    /// Nodes with so many GPUs each, racks `a` and `b` in turn, and KAI.
    fn new(nodes: u32, gpus: u64) -> World {
        World::with(nodes, gpus, BatchProfile::usual(BatchScheduler::Kai))
    }

    fn with(nodes: u32, gpus: u64, profile: BatchProfile) -> World {
        let mut bench = Bench::of(settings(), nodes, gpus, |ordinal, node| {
            let rack = if ordinal % 2 == 0 { "a" } else { "b" };
            node.labels = [("rack".to_owned(), rack.to_owned()), ("block".to_owned(), "1".to_owned())].into();
        });
        bench.cluster.add_batch_scheduler(profile);
        World(bench)
    }

    fn group(&mut self, name: &str, spec: PodGroupSpec) {
        self.0.submit(&format!("PodGroup/{name}"), Object::PodGroup(Box::new(spec)));
    }

    /// A Job of so many pods of a group at once.
    fn job(&mut self, name: &str, count: u32, template: PodTemplate) {
        let template = Arc::new(PodTemplate { restart_policy: RestartPolicy::Never, ..template });
        let spec = JobSpec { completions: Some(count), parallelism: count, ..JobSpec::of(template) };
        self.0.submit(&format!("Job/{name}"), Object::Job(spec));
    }

    fn class(&mut self, name: &str, value: i32) {
        let spec = PriorityClassSpec { value, is_default: false, preempts: true };
        self.0.submit(&format!("PriorityClass/{name}"), Object::PriorityClass(spec));
    }

    fn run(&mut self, until: u64) {
        self.0.run(seconds(until));
    }

    fn story(&self, words: &[&str]) -> Vec<String> {
        self.0.story(|entry| words.contains(&entry.became))
    }

    fn scheduled(&self) -> Vec<String> {
        let pods = self.0.story(|entry| entry.became == "Scheduled");
        pods.into_iter().filter(|line| line.contains(" Pod/")).collect()
    }
}

/// Pods run for longer than any test, and take ten seconds to stop.
fn settings() -> Settings {
    let usual = Behaviour {
        run: Distribution::Constant(seconds(100_000)),
        stop: Distribution::Constant(seconds(10)),
        ..Behaviour::default()
    };
    Settings { usual, ..Settings::new(1) }
}

fn kai(min: u32) -> PodGroupSpec {
    PodGroupSpec::of(BatchScheduler::Kai, min)
}

fn of_group(group: &str, subgroup: &str, gpus: u64) -> PodTemplate {
    let gang = Some(GangMember { group: group.to_owned(), subgroup: subgroup.to_owned() });
    PodTemplate { gang, scheduler_name: "kai-scheduler".to_owned(), ..pods(group, "a:1", gpus) }
}

fn needs(rack: TopologyConstraint, min: u32) -> PodGroupSpec {
    PodGroupSpec { topology: Some(rack), ..kai(min) }
}

fn rack(required: Option<&str>, preferred: Option<&str>) -> TopologyConstraint {
    let level = |level: Option<&str>| level.map(str::to_owned);
    TopologyConstraint { required: level(required), preferred: level(preferred), ..TopologyConstraint::default() }
}

#[test]
fn without_its_scheduler_a_pod_waits_and_says_so() {
    let mut bench = Bench::new(1, 8);
    let pod = PodTemplate { scheduler_name: "volcano".to_owned(), ..pods("a", "a:1", 1) };
    bench.submit("Pod/a", Object::Pod(Arc::new(pod)));
    bench.run(seconds(60));
    let told = bench.story(|entry| ["Unserved", "Scheduled"].contains(&entry.became));
    assert_eq!(told, ["00:00:00.000 Pod/a Unserved no scheduler is called volcano"]);
}

#[test]
fn pods_that_name_a_group_wait_until_it_is_there() {
    let mut world = World::new(1, 8);
    world.job("late", 2, of_group("late", "", 1));
    world.run(10);
    let told = world.story(&["Unschedulable", "Scheduled"]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("pod group \"late\" not found"), "{told:?}");
    world.group("late", kai(2));
    world.run(20);
    assert_eq!(world.scheduled().len(), 2);
    assert_eq!(
        world.story(&["Scheduled"]).last().map(String::as_str),
        Some("00:00:10.000 PodGroup/late Scheduled 2 of 2 pods have nodes")
    );
}

#[test]
fn a_cycle_comes_every_second_and_not_between() {
    let mut world = World::new(1, 8);
    world.0.run(Duration::from_millis(300));
    world.job("one", 1, PodTemplate { gang: None, ..of_group("one", "", 1) });
    world.run(5);
    assert_eq!(world.scheduled(), ["00:00:01.000 Pod/one-0 Scheduled on n-0, GPU 0"]);
}

#[test]
fn a_pod_of_no_part_of_its_group_is_told_so() {
    let mut world = World::new(1, 8);
    world.group("graph", PodGroupSpec { subgroups: vec![SubGroup::of("decode", 1)], ..kai(0) });
    world.job("stray", 1, of_group("graph", "router", 1));
    world.run(5);
    let told = world.story(&["Unschedulable"]);
    let expected = "Pod references subgroup \"router\", which does not exist in PodGroup graph";
    assert!(told.iter().any(|line| line.ends_with(expected)), "{told:?}");
    assert!(world.scheduled().is_empty());
}

#[test]
fn gates_come_off_one_by_one_and_then_the_group_is_placed() {
    let mut world = World::new(1, 8);
    world.group("held", kai(2));
    let gates = vec!["base".to_owned(), "quota".to_owned()];
    world.job("held", 2, PodTemplate { scheduling_gates: gates, ..of_group("held", "", 1) });
    world.run(10);
    let mut ungate = |pod: &str, gate: &str| {
        let key = world.0.subject(pod);
        let ask = Ask::Ungate { key, gate: gate.to_owned(), serves: key };
        world.0.cluster.port(0).ask(ask, world.0.cause);
    };
    ungate("Pod/held-0", "base");
    ungate("Pod/held-0", "quota");
    ungate("Pod/held-1", "base");
    world.run(20);
    assert!(world.scheduled().is_empty(), "one of two pods is held still");
    let gated = |world: &mut World, pod: &str| match world.0.status(pod) {
        Some(Status::Pod(status)) => status.gated,
        other => panic!("{other:?}"),
    };
    assert!(!gated(&mut world, "Pod/held-0") && gated(&mut world, "Pod/held-1"));
    let key = world.0.subject("Pod/held-1");
    let ask = Ask::Ungate { key, gate: "quota".to_owned(), serves: key };
    world.0.cluster.port(0).ask(ask, world.0.cause);
    world.run(30);
    insta::assert_snapshot!(world.story(&["SchedulingGated", "Ungated", "Unschedulable", "Scheduled"]).join("\n"));
}

#[test]
fn an_init_container_waits_for_the_pods_that_it_names() {
    let mut world = World::new(2, 8);
    let wait = Container {
        name: "wait".into(),
        image: "wait:1".into(),
        awaits: vec![Awaited { labels: [("app".to_owned(), "prefill".to_owned())].into(), ready: 2 }],
        ..Container::default()
    };
    let decode = PodTemplate { init_containers: vec![wait], ..pods("decode", "a:1", 1) };
    world.0.submit("Deployment/decode", bench::deployment(1, decode));
    world.run(60);
    world.0.submit("Deployment/prefill", bench::deployment(2, pods("prefill", "a:1", 1)));
    world.run(120);
    insta::assert_snapshot!(world.story(&["Initializing", "Running", "Ready"]).join("\n"));
}

#[test]
fn all_pods_are_in_one_rack_and_later_ones_join_them() {
    let mut world = World::new(4, 8);
    // Rack `a` has 16 GPUs, and half of one node of rack `b` is taken: the fuller rack that takes all is chosen.
    world.job("other", 1, PodTemplate { gang: None, ..of_group("other", "", 4) });
    world.run(1);
    world.group("packed", needs(rack(Some("rack"), None), 2));
    world.job("packed", 2, of_group("packed", "", 6));
    world.run(10);
    world.job("more", 1, of_group("packed", "", 8));
    world.run(20);
    let told = world.scheduled();
    assert!(told[0].contains("on n-0"), "{told:?}");
    assert!(told[1].contains("on n-1") && told[2].contains("on n-3"), "rack b is free: {told:?}");
    assert_eq!(told.len(), 3, "a third pod does not go to the other rack: {told:?}");
}

#[test]
fn a_topology_that_is_not_there_is_told_and_comes() {
    let mut world = World::new(4, 8);
    let hall = TopologyConstraint { topology: "hall".to_owned(), ..rack(Some("rack"), None) };
    world.group("packed", needs(hall, 2));
    world.job("packed", 2, of_group("packed", "", 8));
    world.run(5);
    let told = world.story(&["Unschedulable"]);
    assert!(told[0].ends_with("Requested topology hall does not exist"), "{told:?}");
    let levels = vec!["block".to_owned(), "rack".to_owned()];
    world.0.submit("Topology/hall", Object::Topology(TopologySpec { levels }));
    world.run(10);
    assert_eq!(world.scheduled().len(), 2);
}

#[test]
fn parts_have_racks_of_their_own() {
    let mut world = World::new(4, 8);
    let part = |name: &str| SubGroup { topology: Some(rack(Some("rack"), None)), ..SubGroup::of(name, 2) };
    world.group("graph", PodGroupSpec { subgroups: vec![part("prefill"), part("decode")], ..kai(0) });
    world.job("prefill", 2, of_group("graph", "prefill", 8));
    world.job("decode", 2, of_group("graph", "decode", 8));
    world.run(5);
    let rack_of = |line: &String| if line.contains("n-0") || line.contains("n-2") { "a" } else { "b" };
    let told = world.scheduled();
    let racks: BTreeMap<bool, Vec<&str>> = told.iter().fold(BTreeMap::new(), |mut racks, line| {
        racks.entry(line.contains("prefill")).or_default().push(rack_of(line));
        racks
    });
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(racks.values().all(|racks| racks[0] == racks[1]), "{told:?}");
    assert_ne!(racks[&true][0], racks[&false][0], "{told:?}");
}

#[test]
fn a_group_that_is_not_preemptible_stays_and_one_of_another_queue_too() {
    let mut world = World::new(2, 8);
    world.class("high", 90);
    let queue = |queue: &str, spec: PodGroupSpec| PodGroupSpec { queue: queue.to_owned(), ..spec };
    world.group("kept", queue("a", PodGroupSpec { preemptible: Some(false), ..kai(1) }));
    world.group("other", queue("b", kai(1)));
    world.job("kept", 1, of_group("kept", "", 8));
    world.job("other", 1, of_group("other", "", 8));
    world.run(60);
    world.group("high", queue("a", PodGroupSpec { priority_class: "high".to_owned(), ..kai(1) }));
    world.job("high", 1, of_group("high", "", 8));
    world.run(120);
    assert_eq!(world.story(&["Terminating", "Evicted"]), [""; 0]);
    // A group of its own queue that may go makes room.
    world.0.delete("Job/kept");
    world.0.delete("PodGroup/kept");
    world.run(180);
    assert!(world.scheduled().last().expect("it is placed").contains("Pod/high-0"));
}

#[test]
fn who_is_put_out_in_vain_stays() {
    let mut world = World::new(3, 8);
    world.class("low", 10);
    world.class("high", 90);
    // The younger of two groups of the lowest priority goes; the older, on another node, may stay.
    for name in ["older", "younger"] {
        world.group(name, PodGroupSpec { priority_class: "low".to_owned(), ..kai(1) });
        world.job(name, 1, of_group(name, "", 8));
        world.run(if name == "older" { 5 } else { 10 });
    }
    world.group("pinned", PodGroupSpec { preemptible: Some(false), ..kai(1) });
    world.job("pinned", 1, of_group("pinned", "", 8));
    world.run(20);
    world.group("high", PodGroupSpec { priority_class: "high".to_owned(), ..kai(1) });
    let on_first = [("kubernetes.io/hostname".to_owned(), "n-0".to_owned())].into();
    world.job("high", 1, PodTemplate { node_selector: on_first, ..of_group("high", "", 8) });
    world.run(60);
    // Only the older one's node will do: the younger was put out first on the ledger, and stays.
    let told = world.story(&["Evicted"]);
    assert_eq!(told, ["00:00:20.000 PodGroup/older Evicted preempted by PodGroup/high"]);
}

#[test]
fn room_that_others_leave_is_kept_for_a_group_that_waits_for_it() {
    let mut world = World::new(2, 8);
    world.group("first", kai(2));
    let slow = PodTemplate { termination_grace_period: seconds(30), ..of_group("first", "", 8) };
    world.job("first", 2, slow);
    world.run(60);
    world.class("high", 90);
    world.group("second", PodGroupSpec { priority_class: "high".to_owned(), preemptible: Some(false), ..kai(2) });
    world.job("second", 2, of_group("second", "", 8));
    world.run(61);
    // A single pod that comes now would fit on the first node that is left; it is not placed before the group.
    world.job("single", 1, PodTemplate { gang: None, ..of_group("single", "", 8) });
    world.run(200);
    let told = world.scheduled();
    assert!(told[2].contains("Pod/second-") && told[3].contains("Pod/second-"), "{told:?}");
    assert_eq!(told.len(), 4, "{told:?}");
}

#[test]
fn pods_keep_away_from_each_other_within_a_group() {
    let mut world = World::new(3, 8);
    let mut apart = of_group("apart", "", 1);
    apart.affinity.anti_pods = vec![PodTerm {
        selector: LabelSelector::labels([("app".to_owned(), "apart".to_owned())].into()),
        namespaces: Namespaces::Own,
        topology_key: "kubernetes.io/hostname".to_owned(),
    }];
    world.group("apart", kai(4));
    world.job("apart", 4, apart.clone());
    world.run(5);
    let told = world.story(&["Unschedulable"]);
    assert!(told[0].contains("Resources were found for 3 pods while 4 are required"), "{told:?}");
    assert!(told[0].ends_with("3 node(s) didn't match pod anti-affinity rules."), "{told:?}");
    world.group("apart", kai(3));
    world.run(10);
    let nodes: Vec<String> =
        world.scheduled().iter().filter_map(|line| line.split(" on ").nth(1).map(str::to_owned)).collect();
    assert_eq!(nodes.len(), 3);
    assert!(["n-0", "n-1", "n-2"].iter().all(|node| nodes.iter().any(|one| one.starts_with(node))), "{nodes:?}");
}

#[test]
fn volcano_admits_no_more_than_the_cluster_can_promise() {
    let mut world = World::with(2, 8, BatchProfile::usual(BatchScheduler::Volcano));
    let group = |gpus| PodGroupSpec {
        min_resources: Resources::of("nvidia.com/gpu", gpus),
        ..PodGroupSpec::of(BatchScheduler::Volcano, 2)
    };
    let of = |name: &str| PodTemplate { scheduler_name: "volcano".to_owned(), ..of_group(name, "", 8) };
    world.group("first", group(16));
    world.job("first", 2, of("first"));
    // 16 GPUs and a fifth on top, less the 16 that are promised: 3 are left.
    world.group("second", group(4));
    world.job("second", 2, of("second"));
    world.group("third", group(3));
    world.job("third", 2, of("third"));
    world.run(5);
    let told = world.story(&["Unschedulable"]);
    let of_group = |name: &str| told.iter().find(|line| line.contains(&format!("PodGroup/{name}"))).cloned();
    assert_eq!(of_group("first"), None);
    assert!(of_group("second").expect("it waits").ends_with("resource in cluster is overused"), "{told:?}");
    let third = of_group("third").expect("it waits");
    assert!(
        third.contains("2/2 tasks in gang unschedulable: pod group is not ready, 2 Pending, 2 minAvailable"),
        "{third}"
    );
}

#[test]
fn pods_are_packed_or_spread() {
    for (packing, nodes) in [(Packing::Pack, ["n-0", "n-0"]), (Packing::Spread, ["n-0", "n-1"])] {
        let mut world = World::with(2, 8, BatchProfile { packing, ..BatchProfile::usual(BatchScheduler::Kai) });
        world.group("two", kai(2));
        world.job("two", 2, of_group("two", "", 1));
        world.run(5);
        let told = world.scheduled();
        assert!(
            told.iter().zip(nodes).all(|(line, node)| line.contains(&format!("on {node}"))),
            "{packing:?} {told:?}"
        );
    }
}
