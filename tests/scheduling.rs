//! What follows in a cluster from priorities, preemption, gates, node names and terms about other pods: objects go in as a
//! controller asks for them, and the timeline tells what became of the pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::scheduler::{Rules, SchedulerConfig, SchedulerProfile};
use greenroom::cluster::{Cluster, NodeSpec, Profile, Provider, Settings};
use greenroom::kernel::{Duration, Limits, Name, Time};
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject, render};
use greenroom::workload::policy::PriorityClassSpec;
use greenroom::workload::selector::{LabelSelector, Namespaces, PodTerm};
use greenroom::workload::{
    Ask, Container, DeploymentSpec, Happening, Object, PodTemplate, Resources, Stage, Strategy, TopologySpread,
};

struct World {
    cluster: Cluster,
    cause: Cause,
}

impl World {
    /// A cluster of nodes of so many GPUs, in zones `a` and `b` in turn.
    fn new(nodes: u32, gpus: u64) -> World {
        World::with(SchedulerProfile::KubeDefault, nodes, gpus)
    }

    fn with(scheduler: SchedulerProfile, nodes: u32, gpus: u64) -> World {
        let mut cluster = Cluster::new(Settings {
            seed: 1,
            profile: Profile::kubernetes_1_36(),
            scheduler,
            behaviour: Vec::new(),
            provider: Provider::default(),
            limits: Limits::default(),
        });
        let line = ScenarioLine { file: "t".into(), line: 1, column: 1, what: "test".into() };
        let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
        let base = cluster.intern("n");
        for ordinal in 0..nodes {
            let spec = NodeSpec {
                name: Name::numbered(base, ordinal),
                labels: BTreeMap::new(),
                taints: Vec::new(),
                zone: Some(if ordinal % 2 == 0 { "a" } else { "b" }.to_owned()),
                shape: None,
                gpu_model: None,
                allocatable: Resources {
                    cpu_milli: 64_000,
                    memory_bytes: 1 << 40,
                    ..Resources::of("nvidia.com/gpu", gpus)
                },
                pods_max: 110,
                ready: true,
                unschedulable: false,
            };
            cluster.add_node(spec, cause);
        }
        World { cluster, cause }
    }

    fn apply(&mut self, kind: Kind, name: &str, object: Object) {
        let (_, names) = self.cluster.timeline_mut();
        let key = Subject::new(kind, names.name(name));
        let cause = self.cause;
        self.cluster.port(0).ask(Ask::Apply { key, object, serves: key }, cause);
    }

    fn deploy(&mut self, name: &str, replicas: u32, template: PodTemplate) {
        let object = Object::Deployment(DeploymentSpec {
            replicas,
            template: Arc::new(template),
            strategy: Strategy::default(),
            min_ready: Duration::ZERO,
            progress_deadline: Duration::from_secs(600),
            paused: false,
            revision_history: None,
        });
        self.apply(Kind::Deployment, name, object);
    }

    fn class(&mut self, name: &str, value: i32, preempts: bool) {
        let spec = PriorityClassSpec { value, is_default: false, preempts };
        self.apply(Kind::PriorityClass, name, Object::PriorityClass(spec));
    }

    fn run(&mut self, until: u64) {
        self.cluster.call_at(Time::ZERO + Duration::from_secs(until), 0, true);
        while !matches!(self.cluster.next(), Happening::Rehearsal(_) | Happening::Quiet) {}
    }

    /// Everything that became of pods in these words, with when and why.
    fn story(&self, words: &[&str]) -> Vec<String> {
        let names = self.cluster.names();
        let entries = self.cluster.timeline().since(0).filter(|(_, entry)| words.contains(&entry.became));
        let told = entries.map(|(_, entry)| {
            let (subject, why) = (entry.subject.show(names), render::why(&entry.why, names));
            format!("{} {subject} {} {why}", entry.at, entry.became).trim_end().to_owned()
        });
        told.collect()
    }
}

fn pod(app: &str, gpus: u64) -> PodTemplate {
    PodTemplate {
        labels: [("app".to_owned(), app.to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: "a:1".into(),
            requests: Resources::of("nvidia.com/gpu", gpus),
            ..Container::default()
        }],
        ..PodTemplate::default()
    }
}

fn of_class(class: &str, template: PodTemplate) -> PodTemplate {
    PodTemplate { priority_class: class.to_owned(), ..template }
}

#[test]
fn a_pod_of_a_higher_priority_puts_out_others_and_waits_for_them() {
    let mut world = World::new(1, 2);
    world.class("high", 1000, true);
    let mut low = pod("low", 1);
    low.termination_grace_period = Duration::from_secs(7);
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
    let grace =
        |app: &str, seconds| PodTemplate { termination_grace_period: Duration::from_secs(seconds), ..pod(app, 1) };
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
