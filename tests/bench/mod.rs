//! A small cluster on a bench: objects go in by name, nodes are struck, the timeline comes out as lines.

#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Behaviour, Cluster, NodeSpec, Profile, Provider, Settings};
use greenroom::kernel::{Duration, Limits, Name, Time};
use greenroom::timeline::{Cause, ScenarioLine, Subject, render};
use greenroom::workload::{
    Ask, Container, DeploymentSpec, Disruption, Happening, NodeDisruption, Object, Outcome, PodTemplate, Resources,
    Stage, Status, Strategy, Struck,
};

/// A length of whole seconds.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A cluster and the line that everything on the bench is caused by.
pub struct Bench {
    /// The cluster.
    pub cluster: Cluster,
    /// The one line of its scenario.
    pub cause: Cause,
}

impl Bench {
    /// Nodes `n-0`, `n-1`, … with so many GPUs each; containers take 10 s to pull and then the time that a workload is given.
    pub fn new(nodes: u32, gpus: u64) -> Bench {
        Bench::with(nodes, gpus, Profile::kubernetes_1_36(), |_, _| {})
    }

    /// The same with another profile, and with a change to each node.
    pub fn with(nodes: u32, gpus: u64, profile: Profile, change: impl Fn(u32, &mut NodeSpec)) -> Bench {
        Bench::of(nodes, gpus, profile, Vec::new(), change)
    }

    /// The same with rows of behaviour.
    pub fn of(
        nodes: u32,
        gpus: u64,
        profile: Profile,
        behaviour: Vec<Behaviour>,
        change: impl Fn(u32, &mut NodeSpec),
    ) -> Bench {
        Bench::provided(nodes, gpus, profile, behaviour, Provider::default(), change)
    }

    /// The same with another provider of nodes.
    pub fn provided(
        nodes: u32,
        gpus: u64,
        profile: Profile,
        behaviour: Vec<Behaviour>,
        provider: Provider,
        change: impl Fn(u32, &mut NodeSpec),
    ) -> Bench {
        let mut cluster = Cluster::new(Settings {
            seed: 1,
            profile,
            scheduler: SchedulerProfile::KubeDefault,
            behaviour,
            provider,
            limits: Limits::default(),
        });
        let line = ScenarioLine { file: "t".into(), line: 1, column: 1, what: "test".into() };
        let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
        let base = cluster.intern("n");
        for ordinal in 0..nodes {
            let mut spec = node(Name::numbered(base, ordinal), gpus);
            change(ordinal, &mut spec);
            cluster.add_node(spec, cause);
        }
        Bench { cluster, cause }
    }

    /// The subject of this text.
    pub fn subject(&mut self, text: &str) -> Subject {
        Subject::parse(text, self.cluster.timeline_mut().1).expect(text)
    }

    /// Applies an object; a refusal is returned.
    pub fn try_apply(&mut self, key: &str, object: Object) -> Result<(), String> {
        let key = self.subject(key);
        self.cluster.port(0).ask(Ask::Apply { key, object, serves: key }, self.cause);
        loop {
            match self.cluster.next() {
                Happening::Answered { outcome: Outcome::Accepted(_), .. } => return Ok(()),
                Happening::Answered { outcome: Outcome::Refused(why), .. } => {
                    return Err(self.cluster.names().text(why).to_owned());
                }
                Happening::Answered { outcome, .. } => panic!("{outcome:?}"),
                Happening::Quiet => panic!("no answer"),
                _ => {}
            }
        }
    }

    /// Applies an object that is accepted.
    pub fn apply(&mut self, key: &str, object: Object) {
        self.try_apply(key, object).unwrap_or_else(|refusal| panic!("{key}: {refusal}"));
    }

    /// Deletes an object.
    pub fn delete(&mut self, key: &str) {
        let key = self.subject(key);
        self.cluster.port(0).ask(Ask::Delete { key, serves: key }, self.cause);
    }

    /// Applies a Deployment of one-GPU pods whose readiness takes the time that is given, quantized to whole seconds.
    pub fn deploy(&mut self, name: &str, replicas: u32, ready_after: Duration) {
        self.apply(&format!("Deployment/{name}"), deployment(replicas, template(ready_after)));
    }

    /// Strikes a node.
    pub fn strike(&mut self, target: &str, what: NodeDisruption) -> u32 {
        let target = self.subject(target);
        match self.cluster.disrupt(&Disruption::Node { target, what }, self.cause) {
            Ok(Struck::Now(count)) => count,
            other => panic!("{other:?}"),
        }
    }

    /// Lets time pass up to the end of this instant.
    pub fn run(&mut self, until: Duration) {
        self.cluster.call_at(Time::ZERO + until, 0, true);
        while !matches!(self.cluster.next(), Happening::Rehearsal(_)) {}
    }

    /// The status of an object.
    pub fn status(&mut self, key: &str) -> Option<Status> {
        let key = self.subject(key);
        self.cluster.port(0).observed(key)
    }

    /// The timeline after this time, a line an entry.
    pub fn story_since(&self, since: Duration) -> Vec<String> {
        let entries = self.cluster.timeline().since(0).filter(|(_, entry)| entry.at > Time::ZERO + since);
        self.lines(entries.map(|(_, entry)| entry))
    }

    /// The timeline from this time on, a line an entry.
    pub fn story_from(&self, from: Duration) -> Vec<String> {
        let entries = self.cluster.timeline().since(0).filter(|(_, entry)| entry.at >= Time::ZERO + from);
        self.lines(entries.map(|(_, entry)| entry))
    }

    /// The text of a name.
    pub fn cluster_text(&self, symbol: greenroom::kernel::Symbol) -> String {
        self.cluster.names().text(symbol).to_owned()
    }

    /// What an object became, and when.
    pub fn cluster_entries(&mut self, key: &str) -> Vec<(Time, &'static str)> {
        let key = self.subject(key);
        let entries = self.cluster.timeline().since(0).filter(|(_, entry)| entry.subject == key);
        entries.map(|(_, entry)| (entry.at, entry.became)).collect()
    }

    fn lines(&self, entries: impl Iterator<Item = greenroom::timeline::Entry>) -> Vec<String> {
        let names = self.cluster.names();
        let line = |entry: greenroom::timeline::Entry| {
            let (subject, why) = (entry.subject.show(names), render::why(&entry.why, names));
            format!("{} {subject} {} {why}", entry.at, entry.became).trim_end().to_owned()
        };
        entries.map(line).collect()
    }
}

/// A node with so many GPUs and enough of everything else.
pub fn node(name: Name, gpus: u64) -> NodeSpec {
    NodeSpec {
        name,
        labels: BTreeMap::new(),
        taints: Vec::new(),
        zone: None,
        shape: None,
        gpu_model: None,
        allocatable: Resources { cpu_milli: 64_000, memory_bytes: 1 << 40, ..Resources::of("nvidia.com/gpu", gpus) },
        pods_max: 110,
        ready: true,
        unschedulable: false,
    }
}

/// One-GPU pods with the label `app: web`, ready so long after they run.
pub fn template(ready_after: Duration) -> PodTemplate {
    let probe = greenroom::workload::Probe {
        initial_delay: ready_after,
        period: seconds(1),
        timeout: seconds(1),
        success_threshold: 1,
        failure_threshold: 3,
    };
    PodTemplate {
        labels: [("app".to_owned(), "web".to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: "web:1".into(),
            requests: Resources::of("nvidia.com/gpu", 1),
            readiness_probe: Some(probe),
            ..Container::default()
        }],
        ..PodTemplate::default()
    }
}

/// A Deployment with Kubernetes' defaults.
pub fn deployment(replicas: u32, template: PodTemplate) -> Object {
    Object::Deployment(DeploymentSpec {
        replicas,
        template: Arc::new(template),
        strategy: Strategy::default(),
        min_ready: Duration::ZERO,
        progress_deadline: seconds(600),
        paused: false,
        revision_history: None,
    })
}
