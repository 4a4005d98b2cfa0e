//! A small cluster on a bench: objects go in by name, nodes are struck, the timeline comes out as lines.

#![allow(dead_code, reason = "each test uses its part")]

use std::sync::Arc;

use greenroom::cluster::{Cluster, NodeSpec, Profile, Settings};
use greenroom::kernel::{Duration, Name, Time};
use greenroom::timeline::{Cause, Entry, ScenarioLine, Subject, render};
use greenroom::workload::{
    Ask, Container, DeploymentSpec, Disruption, Happening, NodeDisruption, Object, Outcome, PodTemplate, Probe,
    Resources, Stage, Status, Struck,
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
        Bench::of(Settings::new(1), nodes, gpus, |_, _| {})
    }

    /// The same with another profile, and with a change to each node.
    pub fn with(nodes: u32, gpus: u64, profile: Profile, change: impl Fn(u32, &mut NodeSpec)) -> Bench {
        Bench::of(Settings { profile, ..Settings::new(1) }, nodes, gpus, change)
    }

    /// The same with other settings.
    pub fn of(settings: Settings, nodes: u32, gpus: u64, change: impl Fn(u32, &mut NodeSpec)) -> Bench {
        let mut bench = Bench::bare(settings);
        let base = bench.cluster.intern("n");
        for ordinal in 0..nodes {
            let mut spec = node(Name::numbered(base, ordinal), gpus);
            change(ordinal, &mut spec);
            bench.cluster.add_node(spec, bench.cause);
        }
        bench
    }

    /// A cluster without nodes.
    pub fn bare(settings: Settings) -> Bench {
        let mut cluster = Cluster::new(settings);
        let line = ScenarioLine { file: "t".into(), line: 1, column: 1, what: "test".into() };
        let cause = Cause::Line(cluster.timeline_mut().0.add_line(line));
        Bench { cluster, cause }
    }

    /// The name that is shown as this text.
    pub fn name(&mut self, text: &str) -> Name {
        self.cluster.timeline_mut().1.name(text)
    }

    /// The subject of this text.
    pub fn subject(&mut self, text: &str) -> Subject {
        Subject::parse(text, self.cluster.timeline_mut().1).expect(text)
    }

    /// Asks for an object; what becomes of it is for the timeline to tell.
    pub fn submit(&mut self, key: &str, object: Object) {
        let key = self.subject(key);
        self.cluster.port(0).ask(Ask::Apply { key, object, serves: key }, self.cause);
    }

    /// Applies an object; a refusal is returned.
    pub fn try_apply(&mut self, key: &str, object: Object) -> Result<(), String> {
        self.submit(key, object);
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
        self.pass(until, true);
    }

    /// Lets time pass up to this instant, before anything else happens in it.
    pub fn run_to(&mut self, until: Duration) {
        self.pass(until, false);
    }

    fn pass(&mut self, until: Duration, late: bool) {
        self.cluster.call_at(Time::ZERO + until, 0, late);
        while !matches!(self.cluster.next(), Happening::Rehearsal(_)) {}
    }

    /// The status of an object.
    pub fn status(&mut self, key: &str) -> Option<Status> {
        let key = self.subject(key);
        self.cluster.port(0).observed(key)
    }

    /// The timeline after this time, a line an entry.
    pub fn story_since(&self, since: Duration) -> Vec<String> {
        self.story(|entry| entry.at > Time::ZERO + since)
    }

    /// The timeline from this time on, a line an entry.
    pub fn story_from(&self, from: Duration) -> Vec<String> {
        self.story(|entry| entry.at >= Time::ZERO + from)
    }

    /// The entries of the timeline that are asked for, a line each.
    pub fn story(&self, tells: impl Fn(&Entry) -> bool) -> Vec<String> {
        let names = self.cluster.names();
        let entries = self.cluster.timeline().since(0).map(|(_, entry)| entry).filter(tells);
        let line = |entry: Entry| {
            let (subject, why) = (entry.subject.show(names), render::why(&entry.why, names));
            format!("{} {subject} {} {why}", entry.at, entry.became).trim_end().to_owned()
        };
        entries.map(line).collect()
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
}

/// A node with so many GPUs and enough of everything else.
pub fn node(name: Name, gpus: u64) -> NodeSpec {
    let allocatable = Resources { cpu_milli: 64_000, memory_bytes: 1 << 40, ..Resources::of("nvidia.com/gpu", gpus) };
    NodeSpec::new(name, allocatable)
}

/// Pods with this label `app`, of one container that takes so many GPUs.
pub fn pods(app: &str, image: &str, gpus: u64) -> PodTemplate {
    PodTemplate {
        labels: [("app".to_owned(), app.to_owned())].into(),
        containers: vec![Container {
            name: "c".into(),
            image: image.into(),
            requests: Resources::of("nvidia.com/gpu", gpus),
            ..Container::default()
        }],
        ..PodTemplate::default()
    }
}

/// One-GPU pods with the label `app: web`, ready so long after they run.
pub fn template(ready_after: Duration) -> PodTemplate {
    let probe = Probe {
        initial_delay: ready_after,
        period: seconds(1),
        timeout: seconds(1),
        success_threshold: 1,
        failure_threshold: 3,
    };
    let mut template = pods("web", "web:1", 1);
    template.containers[0].readiness_probe = Some(probe);
    template
}

/// A Deployment with Kubernetes' defaults.
pub fn deployment(replicas: u32, template: PodTemplate) -> Object {
    Object::Deployment(DeploymentSpec::of(replicas, Arc::new(template)))
}
