//! What follows in a cluster from priorities, preemption, gates, node names and terms about other pods: objects go in as a
//! controller asks for them, and the timeline tells what became of the pods.

mod bench;

use std::sync::Arc;

use bench::{Bench, deployment, pods, seconds};
use greenroom::cluster::Settings;
use greenroom::cluster::scheduler::{Rules, SchedulerConfig, SchedulerProfile};
use greenroom::workload::policy::PriorityClassSpec;
use greenroom::workload::selector::{LabelSelector, Namespaces, PodTerm};
use greenroom::workload::{Object, PodTemplate, TopologySpread};

struct World(Bench);

impl World {
    /// A cluster of nodes of so many GPUs, in zones `a` and `b` in turn.
    fn new(nodes: u32, gpus: u64) -> World {
        World::with(SchedulerProfile::KubeDefault, nodes, gpus)
    }

    fn with(scheduler: SchedulerProfile, nodes: u32, gpus: u64) -> World {
        World(Bench::of(Settings { scheduler, ..Settings::new(1) }, nodes, gpus, |ordinal, node| {
            node.zone = Some(if ordinal % 2 == 0 { "a" } else { "b" }.to_owned());
        }))
    }

    fn deploy(&mut self, name: &str, replicas: u32, template: PodTemplate) {
        self.0.submit(&format!("Deployment/{name}"), deployment(replicas, template));
    }

    fn class(&mut self, name: &str, value: i32, preempts: bool) {
        let spec = PriorityClassSpec { value, is_default: false, preempts };
        self.0.submit(&format!("PriorityClass/{name}"), Object::PriorityClass(spec));
    }

    fn run(&mut self, until: u64) {
        self.0.run(seconds(until));
    }

    /// Everything that became of pods in these words, with when and why.
    fn story(&self, words: &[&str]) -> Vec<String> {
        self.0.story(|entry| words.contains(&entry.became))
    }
}

fn pod(app: &str, gpus: u64) -> PodTemplate {
    pods(app, "a:1", gpus)
}

fn of_class(class: &str, template: PodTemplate) -> PodTemplate {
    PodTemplate { priority_class: class.to_owned(), ..template }
}

#[test]
fn a_pod_of_a_higher_priority_puts_out_others_and_waits_for_them() {
    let mut world = World::new(1, 2);
    world.class("high", 1000, true);
    let mut low = pod("low", 1);
    low.termination_grace_period = seconds(7);
    world.deploy("low", 2, low);
    world.run(60);
    world.deploy("high", 1, of_class("high", pod("high", 1)));
    world.run(120);
    insta::assert_snapshot!(
        world.story(&["Scheduled", "Unschedulable", "Nominated", "Terminating", "Deleted"]).join("\n")
    );
}

#[test]
fn a_class_that_is_not_there_refuses_pods_until_it_comes() {
    let mut world = World::new(1, 2);
    world.deploy("web", 1, of_class("missing", pod("web", 1)));
    world.run(10);
    let refused = world.story(&["FailedCreate", "Pending"]);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].ends_with("no PriorityClass with name missing was found"), "{refused:?}");
    world.class("missing", 5, true);
    world.run(20);
    assert_eq!(world.story(&["Scheduled"]).len(), 1);
}

#[test]
fn a_class_that_never_preempts_waits_for_room() {
    let mut world = World::new(1, 1);
    world.class("patient", 1000, false);
    world.deploy("low", 1, pod("low", 1));
    world.run(60);
    world.deploy("high", 1, of_class("patient", pod("high", 1)));
    world.run(120);
    let told = world.story(&["Unschedulable", "Terminating"]);
    let expected = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: \
                    not eligible due to preemptionPolicy=Never.";
    assert_eq!(told, [format!("00:01:00.000 Pod/high-r1-0 Unschedulable {expected}")]);
}

#[test]
fn gates_hold_pods_back_and_a_node_name_needs_no_scheduler() {
    let config = SchedulerConfig { by_name: true, ..SchedulerConfig::one(Rules::kube_default()) };
    let mut world = World::with(SchedulerProfile::Configured(Arc::new(config)), 2, 1);
    world.deploy("held", 1, PodTemplate { scheduling_gates: vec!["quota".into()], ..pod("held", 0) });
    world.deploy("named", 1, PodTemplate { node_name: Some("n-1".into()), ..pod("named", 1) });
    world.deploy("second", 1, PodTemplate { scheduler_name: "second".into(), ..pod("second", 0) });
    world.run(30);
    let told = world.story(&["SchedulingGated", "Scheduled", "Unserved"]);
    let expected = [
        "00:00:00.000 Pod/held-r1-0 SchedulingGated waits for quota",
        "00:00:00.000 Pod/named-r1-0 Scheduled on n-1, GPU 0",
        "00:00:00.000 Pod/second-r1-0 Unserved no scheduler is called second",
    ];
    assert_eq!(told, expected);
}

#[test]
fn one_pod_a_zone_and_the_next_waits_for_a_place() {
    let mut world = World::new(4, 8);
    let mut template = pod("spread", 1);
    template.spread = vec![TopologySpread {
        max_skew: 1,
        topology_key: "topology.kubernetes.io/zone".into(),
        required: true,
        selector: LabelSelector::labels(template.labels.clone()),
        min_domains: None,
        honors_affinity: true,
        honors_taints: false,
    }];
    template.affinity.anti_pods = vec![PodTerm {
        selector: LabelSelector::labels(template.labels.clone()),
        namespaces: Namespaces::Own,
        topology_key: "topology.kubernetes.io/zone".into(),
    }];
    world.deploy("spread", 3, template);
    world.run(30);
    let told = world.story(&["Scheduled", "Unschedulable"]).join("\n");
    insta::assert_snapshot!(told);
}

#[test]
fn pods_that_were_there_before_anybody_asked_are_counted() {
    let mut world = World::new(2, 8);
    world.deploy("old", 2, pod("old", 1));
    world.run(30);
    let mut template = pod("new", 1);
    template.affinity.anti_pods = vec![PodTerm {
        selector: LabelSelector::labels([("app".to_owned(), "old".to_owned())].into()),
        namespaces: Namespaces::Own,
        topology_key: "kubernetes.io/hostname".into(),
    }];
    world.deploy("new", 1, template);
    world.run(60);
    let told = world.story(&["Unschedulable"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("2 node(s) didn't match pod anti-affinity rules"), "{told:?}");
}

#[test]
fn each_of_two_that_wait_has_its_node_as_soon_as_it_is_free() {
    let mut world = World::new(2, 1);
    world.class("high", 1000, true);
    let grace = |app: &str, count| PodTemplate { termination_grace_period: seconds(count), ..pod(app, 1) };
    world.deploy("slow", 1, grace("slow", 40));
    world.deploy("quick", 1, grace("quick", 5));
    world.run(60);
    world.deploy("high", 2, of_class("high", pod("high", 1)));
    world.run(200);
    let told = world.story(&["Nominated", "Deleted", "Scheduled"]);
    let high: Vec<&String> = told.iter().filter(|line| line.contains("high-r1")).collect();
    assert_eq!(high.iter().filter(|line| line.contains("Nominated")).count(), 2, "{told:#?}");
    assert_eq!(high.iter().filter(|line| line.contains("Scheduled")).count(), 2, "{told:#?}");
    for line in told.iter().filter(|line| line.contains("Deleted")) {
        let at = line.split(' ').next().unwrap_or_default();
        let bound = high.iter().any(|line| line.starts_with(at) && line.contains("Scheduled"));
        assert!(bound, "nobody has the node that is free at {at}: {told:#?}");
    }
}
