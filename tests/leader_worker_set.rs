//! LeaderWorkerSets in the simulated cluster: the controller is driven as a system drives it, through the world alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Cluster, NodeSpec, Profile, Provider, Settings};
use greenroom::kernel::{Duration, Limits, Time};
use greenroom::systems::leaderworkerset::LeaderWorkerSet;
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject, render};
use greenroom::workload::{
    Container, Disruption, Happening, IntOrPercent, LeaderWorkerSetSpec, PodTemplate, Resources, Stage,
};

struct Rig {
    cluster: Cluster,
    cause: Cause,
    set: Option<LeaderWorkerSet>,
}

impl Rig {
    fn new() -> Rig {
        let mut cluster = Cluster::new(Settings {
            seed: 1,
            profile: Profile::kubernetes_1_36(),
            scheduler: SchedulerProfile::KubeDefault,
            behaviour: Vec::new(),
            provider: Provider::default(),
            limits: Limits::default(),
        });
        let line = ScenarioLine { file: "t".into(), line: 1, column: 1, what: "test".into() };
        let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
        let name = cluster.timeline_mut().1.name("n-0");
        let allocatable = Resources { cpu_milli: 64_000, memory_bytes: 1 << 40, ..Resources::of("nvidia.com/gpu", 16) };
        let labels = BTreeMap::new();
        let (zone, shape, gpu_model) = (None, None, None);
        let taints = Vec::new();
        let (ready, unschedulable) = (true, false);
        let node =
            NodeSpec { name, labels, taints, zone, shape, gpu_model, allocatable, pods_max: 110, ready, unschedulable };
        cluster.add_node(node, cause);
        Rig { cluster, cause, set: None }
    }

    fn apply(&mut self, spec: LeaderWorkerSetSpec) {
        let key = Subject::new(Kind::LeaderWorkerSet, self.cluster.timeline_mut().1.name("llm"));
        let mut port = self.cluster.port(0);
        match &mut self.set {
            None => self.set = Some(LeaderWorkerSet::create(key, key, spec, self.cause, &mut *port)),
            Some(set) => set.change(spec, self.cause, &mut *port),
        }
    }

    /// Lets time pass; the controller is told what it watches.
    fn run_until(&mut self, seconds: u64) {
        self.cluster.call_at(Time::ZERO + Duration::from_secs(seconds), 0, true);
        loop {
            match self.cluster.next() {
                Happening::Rehearsal(_) | Happening::Quiet => return,
                Happening::Changed { subject: Some(subject), .. } => {
                    let mut port = self.cluster.port(0);
                    if let Some(set) = self.set.as_mut().filter(|set| set.watches(subject)) {
                        set.changed(&mut *port);
                    }
                }
                Happening::LimitReached(limit) => panic!("{limit}"),
                _ => {}
            }
        }
    }

    /// What happened from an instant on, without the kubelets' part.
    fn story(&self, from: u64) -> String {
        let entries = self.cluster.timeline().since(0);
        let shown = entries.filter(|(_, entry)| {
            let skips = ["Scheduled", "Pulling", "Pulled", "Running", "Serving", "Terminating", "Complete"];
            entry.at >= Time::ZERO + Duration::from_secs(from) && !skips.contains(&entry.became)
        });
        let line = |(_, entry): (_, greenroom::timeline::Entry)| {
            let names = self.cluster.names();
            let (subject, why) = (entry.subject.show(names), render::why(&entry.why, names));
            format!("{} {subject} {} {why}", entry.at, entry.became).trim_end().to_owned()
        };
        shown.map(line).collect::<Vec<_>>().join("\n")
    }

    fn ready(&mut self) -> u32 {
        let key = self.set.as_ref().expect("it was created").key();
        self.cluster.counts(key).map_or(0, |counts| counts.ready)
    }
}

fn spec(image: &str) -> LeaderWorkerSetSpec {
    let template = PodTemplate {
        labels: [("app".to_owned(), "llm".to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: image.into(),
            requests: Resources::of("nvidia.com/gpu", 1),
            ..Container::default()
        }],
        ..PodTemplate::default()
    };
    LeaderWorkerSetSpec {
        replicas: 2,
        size: 3,
        leader: None,
        worker: Arc::new(template),
        leader_first: true,
        recreate_group: true,
        max_surge: IntOrPercent::Int(0),
        max_unavailable: IntOrPercent::Int(1),
        partition: 0,
    }
}

#[test]
fn leaders_come_first_and_a_new_template_reaches_one_group_after_the_other() {
    let mut rig = Rig::new();
    rig.apply(spec("a:1"));
    rig.run_until(60);
    assert_eq!(rig.ready(), 6);
    rig.apply(spec("a:2"));
    rig.run_until(200);
    assert_eq!(rig.ready(), 6);
    insta::assert_snapshot!(rig.story(0));
}

#[test]
fn a_pod_that_restarts_takes_its_group_down_and_no_other() {
    let mut rig = Rig::new();
    rig.apply(spec("a:1"));
    rig.run_until(60);
    let target = Subject::parse("Pod/llm-1-2", rig.cluster.timeline_mut().1).expect("a pod");
    rig.cluster.disrupt(&Disruption::ContainerCrash { target, exit_code: 1 }, rig.cause).expect("it can crash");
    rig.run_until(120);
    assert_eq!(rig.ready(), 6);
    let story = rig.story(60);
    assert!(story.contains("GroupRestarted group 1, because of Pod/llm-1-2"), "{story}");
    assert!(story.contains("Pod/llm-1 Deleted") && !story.contains("Pod/llm-0"), "{story}");
}

#[test]
fn a_set_that_is_deleted_takes_its_groups_with_it() {
    let mut rig = Rig::new();
    rig.apply(spec("a:1"));
    rig.run_until(60);
    let cause = rig.cause;
    let mut port = rig.cluster.port(0);
    rig.set.as_mut().expect("it was created").delete(cause, &mut *port);
    drop(port);
    rig.run_until(120);
    assert_eq!(rig.ready(), 0);
    let key = rig.set.as_ref().expect("it was created").key();
    assert_eq!(rig.cluster.counts(key).map(|counts| counts.pods), Some(0));
}
