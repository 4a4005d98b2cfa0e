//! The simulated cluster through its own doors: objects go in as a controller asks for them, the timeline comes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Cluster, NodeSpec, Profile, Provider, Settings};
use greenroom::kernel::{Duration, Limits, Name, Time};
use greenroom::timeline::{Cause, Kind, ScenarioLine, Subject, render};
use greenroom::workload::{Ask, Container, DeploymentSpec, Happening, Object, PodTemplate, Resources, Stage, Strategy};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn cluster(nodes: u32, gpus: u64) -> (Cluster, Cause) {
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
    let base = cluster.intern("n");
    for ordinal in 0..nodes {
        cluster.add_node(
            NodeSpec {
                name: Name::numbered(base, ordinal),
                labels: BTreeMap::new(),
                taints: Vec::new(),
                zone: None,
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
            },
            cause,
        );
    }
    (cluster, cause)
}

fn template(image: &str) -> Arc<PodTemplate> {
    Arc::new(PodTemplate {
        labels: [("app".to_owned(), "web".to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: image.into(),
            requests: Resources::of("nvidia.com/gpu", 1),
            ..Container::default()
        }],
        ..PodTemplate::default()
    })
}

fn deployment(replicas: u32, image: &str) -> Object {
    Object::Deployment(DeploymentSpec {
        replicas,
        template: template(image),
        strategy: Strategy::default(),
        min_ready: Duration::ZERO,
        progress_deadline: seconds(600),
        paused: false,
        revision_history: None,
    })
}

fn apply(cluster: &mut Cluster, object: Object, cause: Cause) {
    let (_, names) = cluster.timeline_mut();
    let key = Subject::new(Kind::Deployment, names.name("web"));
    cluster.port(0).ask(Ask::Apply { key, object, serves: key }, cause);
}

fn run(cluster: &mut Cluster, until: Duration) {
    cluster.call_at(Time::ZERO + until, 0, true);
    while !matches!(cluster.next(), Happening::Rehearsal(_) | Happening::Quiet) {}
}

fn story(cluster: &Cluster) -> Vec<String> {
    let entries = cluster.timeline().since(0);
    entries
        .map(|(_, entry)| {
            let (subject, why) = (entry.subject.show(cluster.names()), render::why(&entry.why, cluster.names()));
            format!("{} {subject} {} {why}", entry.at, entry.became).trim_end().to_owned()
        })
        .collect()
}

#[test]
fn a_deployment_comes_up_and_rolls() {
    let (mut cluster, cause) = cluster(2, 4);
    apply(&mut cluster, deployment(4, "a:1"), cause);
    run(&mut cluster, seconds(60));
    apply(&mut cluster, deployment(4, "a:2"), cause);
    run(&mut cluster, seconds(300));
    insta::assert_snapshot!(story(&cluster).join("\n"));
}
