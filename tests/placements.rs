//! The simulated scheduler's own placements, judged as those of a live run are. Goal: whatever scenario, every node that a simulated
//! pod was bound to is feasible and among the best; and a placement that is moved to another node is found. Method: each scenario is
//! run step by step and what a watch would have shown of its nodes and pods is kept; that is told as the history of a live run.

#[path = "support/scenarios.rs"]
mod scenarios;

use std::collections::BTreeMap;
use std::fs;

use greenroom::cluster::node::{Node, NodeSpec};
use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::cluster::{Cluster, MadePod, Profile};
use greenroom::conform::{Aspect, Comparison, Conformity, Substrate, compare};
use greenroom::kernel::{Names, Time};
use greenroom::rehearsal::scheduling::{Change, Choice, Placement, Scheduling, Sighting};
use greenroom::rehearsal::{Cleanup, LiveRun, Options, Rehearsal, RunResult, simulated};
use greenroom::scenario::model::Scenario;
use greenroom::scenario::{Folder, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::{EntryId, Kind};
use greenroom::workload::Stage;

fn scenario(name: &str) -> Scenario {
    let file = format!("scenarios/{name}/scenario.yaml");
    let text = fs::read_to_string(scenarios::root().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let folder = Folder::new(scenarios::root().join("scenarios").join(name));
    load_from(&Source::new(file, text), &folder).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

/// A run, and what a watch would have shown of the scheduler's work.
fn watched(name: &str) -> (RunResult, Scheduling) {
    let scenario = scenario(name);
    let cluster =
        simulated(&scenario, scenario.seed).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let options = Options::default();
    let mut rehearsal = Rehearsal::new(&scenario, cluster, options)
        .unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let mut watch = Watch::default();
    watch.look(rehearsal.stage());
    while rehearsal.step(&mut []) {
        watch.look(rehearsal.stage());
    }
    watch.look(rehearsal.stage());
    let release = Profile::named(&scenario.kubernetes.version).expect("a release that is known");
    let scheduling = Scheduling {
        profile: scenario.cluster.scheduler.clone(),
        balance: release.balance,
        sightings: watch.sightings,
    };
    (rehearsal.finish(options, &mut []), scheduling)
}

/// What was seen so far.
#[derive(Default)]
struct Watch {
    /// Entries that were read.
    read: usize,
    nodes: BTreeMap<String, NodeSpec>,
    sightings: Vec<Sighting>,
}

impl Watch {
    fn look(&mut self, cluster: &Cluster) {
        let (now, names) = (cluster.now(), cluster.names());
        let there: BTreeMap<String, NodeSpec> =
            cluster.nodes().in_order().map(|(_, node)| (names.show(node.name), spec(node, names))).collect();
        for (name, spec) in &there {
            if self.nodes.get(name) != Some(spec) {
                self.see(now, Change::Node(name.clone(), spec.clone()));
            }
        }
        for name in self.nodes.keys().filter(|name| !there.contains_key(*name)).cloned().collect::<Vec<_>>() {
            self.see(now, Change::NodeGone(name));
        }
        self.nodes = there;
        let mut made: Option<BTreeMap<String, MadePod>> = None;
        while let Some(entry) = cluster.timeline().get(EntryId(self.read as u32)) {
            let id = EntryId(self.read as u32);
            self.read += 1;
            if entry.subject.kind != Kind::Pod {
                continue;
            }
            let pod = entry.subject.show(names);
            let mut placement = || {
                let made = made
                    .get_or_insert_with(|| cluster.pods_made().map(|made| (made.subject.show(names), made)).collect());
                let why = greenroom::timeline::render::why(&entry.why, names);
                placement(&made[&pod], pod.clone(), &why, id, names)
            };
            match entry.became {
                "Scheduled" => {
                    let placement = placement();
                    self.see(entry.at, Change::Bound(placement));
                }
                "Nominated" => {
                    let placement = placement();
                    self.see(entry.at, Change::Nominated(placement));
                }
                "Terminating" => self.see(entry.at, Change::Leaving(pod)),
                "Succeeded" | "Failed" | "Deleted" => self.see(entry.at, Change::Gone(pod)),
                _ => {}
            }
        }
    }

    fn see(&mut self, at: Time, change: Change) {
        self.sightings.push(Sighting { at, change });
    }
}

fn spec(node: &Node, names: &Names) -> NodeSpec {
    NodeSpec {
        labels: BTreeMap::clone(&node.labels),
        taints: node.taints.to_vec(),
        shape: node.shape.as_deref().map(str::to_owned),
        gpu_model: node.gpu_model.as_deref().map(str::to_owned),
        pods_max: node.pods_max,
        unschedulable: node.unschedulable,
        ..NodeSpec::new(node.name, node.allocatable.to_resources(names))
    }
}

fn placement(made: &MadePod, pod: String, why: &str, entry: EntryId, names: &Names) -> Placement {
    let node = why.trim_start_matches("on ").split([',', ' ']).next().unwrap_or_default().to_owned();
    let choice = match (made.is_confined || made.template.node_name.is_some(), made.has_claims) {
        (true, _) => Choice::Fixed,
        (false, true) => Choice::Claims,
        (false, false) => Choice::Free,
    };
    Placement {
        pod,
        node,
        namespace: names.text(made.subject.namespace).to_owned(),
        spread: made.spread.map(|owner| owner.show(names)),
        template: Some(std::sync::Arc::clone(&made.template)),
        priority: made.priority,
        choice,
        entry,
    }
}

/// The run against itself as a live run of which this was seen.
fn compared(run: &RunResult, scheduling: Scheduling) -> Comparison {
    let live = LiveRun {
        options: Default::default(),
        run: "k7f3q2b".to_owned(),
        context: "test".to_owned(),
        version: "v1.36.3".to_owned(),
        cleanup: Cleanup::Done,
        refused_faults: Vec::new(),
        calls: 0,
        scheduling: Some(scheduling),
    };
    compare(run, &RunResult { live: Some(live), ..run.clone() }, Substrate::Kwok)
}

fn wrong(name: &str, comparison: &Comparison) -> Vec<String> {
    let placements = comparison.findings.iter().filter(|finding| finding.aspect == Aspect::Placements);
    let told = placements.map(|finding| {
        let word = match finding.conformity() {
            Conformity::Tolerated => "tolerated",
            _ => "diverges",
        };
        let (about, live, best) = (&finding.about, &finding.live.text, &finding.simulated.text);
        let at = finding.at.map(|at| at.to_string()).unwrap_or_default();
        format!("{name}: {word} at {at}: {about} {live}; {best}")
    });
    told.collect()
}

/// Whether a run uses something of which no watch of nodes tells: images whose sizes are known count for ImageLocality.
fn has_images(name: &str) -> bool {
    scenario(name).behaviour.iter().any(|row| row.image_size.is_some())
}

/// Whether a batch scheduler places some of the pods: by rules of its own, which tests/gang_properties.rs holds.
fn has_gangs(name: &str) -> bool {
    !scenario(name).cluster.batch_schedulers.is_empty()
}

/// How many placements were judged, beside those that are compared by class.
fn judged(run: &RunResult, comparison: &Comparison) -> usize {
    let count = |comparison: &Comparison| {
        comparison.compared.iter().find(|(aspect, _)| *aspect == Aspect::Placements).map_or(0, |(_, count)| *count)
    };
    count(comparison) - count(&compare(run, run, Substrate::Kwok))
}

#[test]
fn every_simulated_placement_is_among_the_best() {
    let (mut count, mut told) = (0, Vec::new());
    for name in scenarios::names().iter().filter(|name| !has_images(name) && !has_gangs(name)) {
        let (run, scheduling) = watched(name);
        let comparison = compared(&run, scheduling);
        count += judged(&run, &comparison);
        told.extend(wrong(name, &comparison));
    }
    assert!(count > 200, "so few placements: {count}");
    // Nothing has to be excused either: what a simulation does at one instant, it does in the order of its timeline.
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Goal: the test above can fail. Method: the same placements under a scheduler that prefers other nodes; and all on one node.
#[test]
fn placements_of_another_scheduler_are_found() {
    let (run, mut scheduling) = watched("gpu-packed");
    scheduling.profile = SchedulerProfile::KubeDefault;
    assert!(!wrong("gpu-packed", &compared(&run, scheduling)).is_empty());
    let (run, mut scheduling) = watched("rolling-update");
    let mut first: Option<String> = None;
    for sighting in &mut scheduling.sightings {
        if let Change::Bound(placement) = &mut sighting.change {
            placement.node = first.get_or_insert_with(|| placement.node.clone()).clone();
        }
    }
    let told = wrong("rolling-update", &compared(&run, scheduling));
    assert!(told.iter().any(|line| line.contains("diverges")), "{told:#?}");
}
