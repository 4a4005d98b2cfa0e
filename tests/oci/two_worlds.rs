//! Goal: the OCI controller does not know in which world it is. Method: it runs in the simulated cluster while what it sees is
//! recorded; then a fresh one is shown the recording in the replaying world, and must ask and note the same at the same times.

use std::collections::BTreeMap;

use crate::groups;
use crate::record::{Recorder, Recording};
use crate::replay::{Deed, Replay};
use greenroom::cluster::Cluster;
use greenroom::kernel::{Duration, Time};
use greenroom::rehearsal::{profiles, simulated};
use greenroom::scenario::model::Scenario;
use greenroom::scenario::{Documents, load_from};
use greenroom::systems::{self, System};
use greenroom::text::Source;
use greenroom::timeline::{Cause, ScenarioLine};
use greenroom::workload::{Action, Controller, Disruption, Happening, Stage, Wake};
use proptest::prelude::*;

/// Labels by which the control plane looks at nodes.
const LABELS: &[&str] = &[
    "node.kubernetes.io/instance-type",
    "greenroom.dev/pool",
    "greenroom.dev/dedicated",
    "corrino",
    "corrino/pool-shared-any",
];

/// The token of the end of a run.
const END: u64 = 1_000_000;

/// Documents out of a map.
struct Given(BTreeMap<String, String>);

impl Documents for Given {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such document".to_owned())
    }
}

fn scenario(settings: &str, group: &str) -> Scenario {
    let text = format!(
        "name: two-worlds\nseed: 11\nuntil: 3h\n{settings}\ndeploy:\n  - {{ at: 0s, document: group.json, system: oci }}\n"
    );
    let documents = Given(BTreeMap::from([("group.json".to_owned(), group.to_owned())]));
    load_from(&Source::new("scenario.yaml", text), &documents).expect("a scenario")
}

fn system(scenario: &Scenario) -> System {
    let deploy = &scenario.deploy[0];
    systems::read(deploy.system.text(), &deploy.source, &profiles(scenario)).expect("a document").system
}

/// What is done to the run beside submitting the group at the start.
enum Deal {
    Undeploy(&'static str),
    Disrupt(Box<dyn Fn(&mut Cluster) -> Disruption>),
}

/// Runs the group in the simulated cluster and records its controller.
fn record(scenario: &Scenario, deals: &[(Time, Deal)], until: Time) -> (Cluster, Recording) {
    let mut cluster = simulated(scenario, scenario.seed).expect("a cluster");
    let mut control = system(scenario);
    let mut recording = Recording::default();
    let line = ScenarioLine { file: "scenario.yaml".into(), line: 5, column: 3, what: "deploy".into() };
    let line = Cause::Line(cluster.timeline_mut().0.add_line(line));
    cluster.call_at(Time::ZERO, 0, false);
    for (index, (at, _)) in deals.iter().enumerate() {
        cluster.call_at(*at, 1 + index as u64, false);
    }
    cluster.call_at(until, END, false);
    loop {
        let (wake, cause) = match cluster.next() {
            Happening::Rehearsal(END) => break,
            Happening::Rehearsal(0) => (Wake::Submitted, line),
            Happening::Rehearsal(token) => match &deals[token as usize - 1].1 {
                Deal::Undeploy(name) => (Wake::Action(Action::Undeploy((*name).to_owned())), line),
                Deal::Disrupt(disruption) => {
                    let disruption = disruption(&mut cluster);
                    cluster.disrupt(&disruption, line).expect("the simulation can do it");
                    continue;
                }
            },
            Happening::Timer { token, cause, .. } => (Wake::Timer(token), cause),
            Happening::Changed { subject, cause, .. } => (subject.map_or(Wake::NodesChanged, Wake::Changed), cause),
            Happening::Answered { ask, outcome, cause, .. } => (Wake::Answered(ask, outcome), cause),
            Happening::InstantEnded => continue,
            Happening::Quiet => break,
            Happening::LimitReached(limit) => panic!("{limit}"),
            Happening::Stopped(stop) => panic!("{stop:?}"),
        };
        let mut recorder = Recorder::new(cluster.port(0), &mut recording, LABELS);
        control.wake(wake.clone(), cause, &mut recorder).expect("no action is refused");
        recorder.close(wake);
    }
    (cluster, recording)
}

/// Shows a fresh controller the recording: the deeds of both, which must be the same.
fn same_deeds(scenario: &Scenario, cluster: &Cluster, recording: Recording) {
    let mut world = Replay::of_recording(cluster.names().clone(), recording.draws);
    let mut control = system(scenario);
    for (at, seen, wake) in recording.wakings {
        world.replay(at, seen, wake, &mut control);
    }
    assert_eq!(world.deeds.len(), recording.deeds.len());
    for (replayed, recorded) in world.deeds.iter().zip(&recording.deeds) {
        assert_eq!(replayed, recorded);
    }
}

fn minutes(count: u64) -> Time {
    Time::ZERO + Duration::from_secs(60 * count)
}

const FLEET: &str = "cluster:\n  nodes:\n    - { pool: a10, count: 6, shape: VM.GPU.A10.2 }\n    - { pool: cpu, count: 3, cpu: 32, memory: 128Gi }";

/// The example group of scenarios/, with faults and an undeployment on its way.
#[test]
fn a_recorded_simulation_replays_to_the_same_asks_and_notes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/llama-stack");
    let group = std::fs::read_to_string(format!("{folder}/group.json")).expect("the example's document");
    for settings in [
        "",
        "oci: { names: corrino, pass_interval: 7s, export_latency: 0s }\n",
        "oci: { node_pools: provision }\n",
        "oci: { gate: active }\n",
    ] {
        let scenario = scenario(&format!("{settings}{FLEET}"), &group);
        let serves = |cluster: &mut Cluster, name: &str| {
            greenroom::timeline::Subject::parse(name, cluster.timeline_mut().1).expect("a subject")
        };
        let deals = [
            (
                Time::ZERO,
                Deal::Disrupt(Box::new(move |cluster| Disruption::ReadFail {
                    serves: serves(cluster, "deployment/postgres"),
                    times: Some(2),
                })),
            ),
            (
                minutes(70),
                Deal::Disrupt(Box::new(move |cluster| Disruption::PodKill {
                    target: serves(cluster, "deployment/vllm"),
                    count: None,
                })),
            ),
            (minutes(100), Deal::Undeploy("llama-stack")),
        ];
        let (cluster, recording) = record(&scenario, &deals, minutes(180));
        let became = |word: &str| {
            recording
                .deeds
                .iter()
                .filter(|(_, deed)| matches!(deed, Deed::Note(_, became, _) if *became == word))
                .count()
        };
        assert!(became("undeployed") >= 5, "{settings}: the group was up and is gone");
        assert!(became("degraded") == 1, "{settings}: the group lost a pod for a while");
        same_deeds(&scenario, &cluster, recording);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_groups_replay_to_the_same(group in groups::valid(7), lag in 0u64..3) {
        let scenario = scenario(&format!("kubernetes: {{ version: \"1.36\", watch_latency: {lag}s }}\n{FLEET}"), &group.text);
        let (cluster, recording) = record(&scenario, &[], minutes(60));
        same_deeds(&scenario, &cluster, recording);
    }
}
