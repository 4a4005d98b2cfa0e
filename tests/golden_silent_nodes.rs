//! Nodes that fall silent, against what a whole Kubernetes v1.36.3 control plane did.
//!
//! Goal: each recorded event comes within the tolerance that the recording states: 5 s for the moment when the silence is
//! noticed, 0.5 s for everything after it, measured from it. Method: the stated setup is built, two kubelets are silenced,
//! and the facts of both records (when a node or its pods got which mark, where their replacements went) are compared. The
//! recording is not part of this repository: `GREENROOM_SHARED` names the folder that holds it.

mod bench;
#[path = "support/golden.rs"]
mod golden;

use std::collections::BTreeMap;
use std::sync::Arc;

use bench::{Bench, seconds};
use golden::golden;
use greenroom::cluster::{Behaviour, Cluster, NodeSpec, Settings};
use greenroom::kernel::{Distribution, Duration, Time};
use greenroom::timeline::{Arg, Entry, Kind, Subject, render};
use greenroom::workload::{
    Container, DeploymentSpec, LabelSelector, NodeDisruption, Object, PodTemplate, Resources, Stage, TopologySpread,
};
use serde_json::Value;

/// Nodes of the setup; the last two fall silent.
const NODES: [&str; 10] = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "b8", "b9"];
/// How far the moment when silence is noticed may lie from the recorded one.
const NOTICED_WITHIN: f64 = 5.0;
/// How far everything after it may.
const AFTER_WITHIN: f64 = 0.5;

/// What happened, in seconds from the silence, by what it was and, where that is the same in both records, to whom.
#[derive(Default, Debug)]
struct Facts {
    /// By mark and node: `Unknown b8`, `NoSchedule b8`, `NoExecute b8`.
    nodes: BTreeMap<String, f64>,
    /// By mark and node, the moments of each pod: `NotReady b8`, `Terminating b8`, `Deleted b8`.
    pods: BTreeMap<String, Vec<f64>>,
    /// Pods that replace others: created, bound, ready.
    created: Vec<f64>,
    bound: Vec<(f64, String)>,
    ready: Vec<f64>,
}

impl Facts {
    fn node(&mut self, mark: &str, node: &str, at: f64) {
        self.nodes.entry(format!("{mark} {node}")).or_insert(at);
    }

    fn pod(&mut self, mark: &str, node: &str, at: f64) {
        self.pods.entry(format!("{mark} {node}")).or_default().push(at);
    }
}

#[test]
fn silence_is_noticed_and_its_pods_move_as_recorded() {
    let Some(recorded) = golden("lifecycle.json") else { return };
    let recorded = recorded_facts(&recorded["silentNodes"]["events"]);
    // The phase of the last heartbeat before the silence is not recorded: any but the two ends of a period will do.
    for phase in [1, 3, 5, 7, 9] {
        compare(&recorded, &simulated_facts(seconds(600 + phase)), phase);
    }
}

fn compare(recorded: &Facts, simulated: &Facts, phase: u64) {
    let noticed = |facts: &Facts| facts.nodes["Unknown b8"];
    let (told, got) = (noticed(recorded), noticed(simulated));
    assert!((told - got).abs() <= NOTICED_WITHIN, "phase {phase}: noticed after {got}, recorded {told}");
    let near = |what: &str, mine: f64, theirs: f64| {
        let (mine, theirs) = (mine - got, theirs - told);
        assert!((mine - theirs).abs() <= AFTER_WITHIN, "phase {phase}: {what} after {mine}, recorded {theirs}");
    };
    let all_near = |what: &str, mine: &[f64], theirs: &[f64]| {
        assert_eq!(mine.len(), theirs.len(), "phase {phase}: {what}: {mine:?}, recorded {theirs:?}");
        for (mine, theirs) in mine.iter().zip(theirs) {
            near(what, *mine, *theirs);
        }
    };
    assert_eq!(recorded.nodes.len(), 6, "{recorded:?}");
    assert!(recorded.nodes.keys().eq(simulated.nodes.keys()), "{simulated:?}");
    for (what, theirs) in &recorded.nodes {
        near(what, simulated.nodes[what], *theirs);
    }
    assert!(recorded.pods.keys().eq(simulated.pods.keys()), "{simulated:?}");
    for (what, theirs) in &recorded.pods {
        assert_eq!(theirs.len(), 2, "two pods a node");
        all_near(what, &simulated.pods[what], theirs);
    }
    all_near("created", &simulated.created, &recorded.created);
    all_near("ready", &simulated.ready, &recorded.ready);
    let times = |facts: &Facts| facts.bound.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    all_near("bound", &times(simulated), &times(recorded));
    // Which of the equal nodes is taken is drawn; that each is untainted and none is taken twice is not.
    for facts in [recorded, simulated] {
        let mut nodes: Vec<&String> = facts.bound.iter().map(|(_, node)| node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        assert_eq!(nodes.len(), 4, "{facts:?}");
        assert!(nodes.iter().all(|node| node.starts_with('a')), "{facts:?}");
    }
}

/// Reads the recorded events.
fn recorded_facts(events: &Value) -> Facts {
    let mut facts = Facts::default();
    let mut last: BTreeMap<&str, &Value> = BTreeMap::new();
    for event in events.as_array().expect("events") {
        let (at, kind) = (event[0].as_f64().expect("a time"), event[1].as_str().expect("a kind"));
        let (name, state) = (event[2].as_str().expect("a name"), &event[3]);
        if kind == "Node" {
            facts.node(state["ready"].as_str().expect("a condition"), name, at);
            for taint in state["taints"].as_array().expect("taints") {
                let taint = taint.as_str().expect("a taint").strip_prefix("node.kubernetes.io/unreachable:");
                facts.node(taint.expect("of silence"), name, at);
            }
            continue;
        }
        let before = last.insert(name, state);
        let had = |key: &str| before.is_some_and(|before| before.get(key).is_some());
        let has = |key: &str| state.get(key).is_some();
        let node = state["node"].as_str().unwrap_or_default();
        if node.starts_with('b') {
            match (has("deleted"), has("terminating")) {
                (true, _) => facts.pod("Deleted", node, at),
                (false, true) => facts.pod("Terminating", node, at),
                (false, false) => facts.pod("NotReady", node, at),
            }
        } else if before.is_none() {
            facts.created.push(at);
        } else if has("node") && !had("node") {
            facts.bound.push((at, node.to_owned()));
        } else if state["ready"] == "True" {
            facts.ready.push(at);
        }
    }
    facts
}

/// Builds the setup, silences two nodes at this time, and reads the timeline.
fn simulated_facts(silent_at: Duration) -> Facts {
    let moment = Distribution::Constant(Duration::from_millis(400));
    // The recording's stand-in for kubelets takes 0.4 s from a pod's binding to its being ready.
    let behaviour = Behaviour { init: moment, ..Behaviour::default() };
    let mut bench = Bench::bare(Settings { behaviour: vec![behaviour], ..Settings::new(1) });
    let allocatable = Resources { cpu_milli: 32_000, memory_bytes: 1 << 38, ..Resources::of("nvidia.com/gpu", 4) };
    for name in NODES {
        let name = bench.name(name);
        bench.cluster.add_node(NodeSpec::new(name, allocatable.clone()), bench.cause);
    }
    bench.submit("Deployment/spread", Object::Deployment(deployment()));
    bench.run(silent_at);
    for node in ["Node/b8", "Node/b9"] {
        bench.strike(node, NodeDisruption::Silent { lasts: None });
    }
    bench.run(silent_at + seconds(500));
    facts_of(&bench.cluster, Time::ZERO + silent_at)
}

fn facts_of(cluster: &Cluster, silent_at: Time) -> Facts {
    let mut facts = Facts::default();
    let mut place: BTreeMap<Subject, String> = BTreeMap::new();
    for (_, entry) in cluster.timeline().since(0) {
        let name = cluster.names().show(entry.subject.name);
        if entry.became == "Scheduled" {
            place.insert(entry.subject, place_of(cluster, &entry));
        }
        if entry.at <= silent_at {
            continue;
        }
        let at = entry.at.since(silent_at).nanos() as f64 / 1e9;
        let on = place.get(&entry.subject).cloned().unwrap_or_default();
        match (entry.subject.kind, entry.became) {
            (Kind::Node, "NotReady") => {
                facts.node("Unknown", &name, at);
                facts.node("NoSchedule", &name, at);
            }
            (Kind::Node, "Tainted") => facts.node("NoExecute", &name, at),
            (Kind::Pod, "NotReady" | "Terminating" | "Deleted") => facts.pod(entry.became, &on, at),
            (Kind::Pod, "Pending") => facts.created.push(at),
            (Kind::Pod, "Scheduled") => facts.bound.push((at, on)),
            (Kind::Pod, "Ready") => facts.ready.push(at),
            _ => {}
        }
    }
    facts
}

/// The node that a `Scheduled` entry names.
fn place_of(cluster: &Cluster, entry: &Entry) -> String {
    match entry.why.args[0] {
        Arg::Name(name) => cluster.names().show(name),
        _ => panic!("no node: {}", render::why(&entry.why, cluster.names())),
    }
}

fn deployment() -> DeploymentSpec {
    let labels: BTreeMap<String, String> = [("app".to_owned(), "spread".to_owned())].into();
    let container =
        |name: &str, requests| Container { name: name.into(), image: "app:1".into(), requests, ..Container::default() };
    let template = PodTemplate {
        labels: labels.clone(),
        init_containers: vec![container("delay", Resources::default())],
        containers: vec![container("app", Resources::of("nvidia.com/gpu", 1))],
        termination_grace_period: Duration::ZERO,
        spread: vec![TopologySpread {
            max_skew: 1,
            topology_key: "kubernetes.io/hostname".into(),
            required: true,
            selector: LabelSelector::labels(labels),
            min_domains: None,
            honors_affinity: true,
            honors_taints: true,
        }],
        ..PodTemplate::default()
    };
    DeploymentSpec::of(20, Arc::new(template))
}
