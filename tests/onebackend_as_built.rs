//! Goal: what must hold in every run of 1Backend's deploy loop as it was built, mistakes and all. Method: generated definitions,
//! deployments, fleets, faults and actions, run to their end; the timeline is judged, not the code that made it.

use std::collections::BTreeMap;

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, Scenario, load_from};
use greenroom::text::Source;
use greenroom::timeline::{Cause, Kind};
use proptest::prelude::*;

/// One document, whatever it is called.
struct Only(String);

impl Documents for Only {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// Ids of definitions: one is the beginning of another.
const DEFINITIONS: [&str; 4] = ["a", "a-b", "c", "d"];

/// What is saved and what happens to it.
#[derive(Clone, Debug)]
struct Plan {
    nodes: u32,
    /// For each definition: its port, and whether it is built from a repository.
    definitions: Vec<(Option<u16>, bool)>,
    /// For each deployment: the position of its definition, which may be one that is missing, and its replicas.
    deployments: Vec<(usize, u32)>,
    seed: u32,
    fault: Option<&'static str>,
    action: Option<&'static str>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let definition = (proptest::option::of(8080..8083_u16), proptest::bool::weighted(0.1));
    let definitions = prop::collection::vec(definition, 1..=DEFINITIONS.len());
    let deployments = prop::collection::vec((0..DEFINITIONS.len(), 0..5_u32), 1..5);
    let fault = proptest::option::of(prop_oneof![
        Just("container_crash: { deployment: d0 }"),
        Just("node_down: { node: gpu-0 }"),
        Just("node_down: { node: gpu-0, for: 4m }"),
        Just("image_pull_fail: { image: \"*\", times: 3 }"),
        Just("readiness_flap: { deployment: d0, for: 20s, every: 2m, times: 2 }"),
    ]);
    let action = proptest::option::of(prop_oneof![
        Just("undeploy: d0"),
        Just("scale: { deployment/d0: 1 }"),
        Just("scale: { deployment/d0: 6 }"),
        Just("delete: definition/a"),
    ]);
    (1..4_u32, definitions, deployments, any::<u32>(), fault, action).prop_map(
        |(nodes, definitions, deployments, seed, fault, action)| Plan {
            nodes,
            definitions,
            deployments,
            seed,
            fault,
            action,
        },
    )
}

fn documents(plan: &Plan) -> String {
    let mut texts = Vec::new();
    for (id, (port, is_built)) in DEFINITIONS.iter().zip(&plan.definitions) {
        let what = match is_built {
            true => "repository:\n  url: https://git.example/x.git\n  internalPorts: [80]".to_owned(),
            false => format!("image:\n  name: registry.example/{id}:1\n  internalPorts: [80]"),
        };
        let ports = port.map_or(String::new(), |port| format!("\nports:\n  - internal: 80\n    host: {port}"));
        texts.push(format!("id: {id}\n{what}{ports}\n"));
    }
    for (number, (definition, replicas)) in plan.deployments.iter().enumerate() {
        texts.push(format!("id: d{number}\ndefinitionId: {}\nreplicas: {replicas}\n", DEFINITIONS[*definition]));
    }
    texts.join("---\n")
}

fn run(plan: &Plan) -> RunResult {
    let fault = plan.fault.map_or(String::new(), |fault| format!("faults:\n  - {{ at: 3m, {fault} }}\n"));
    let action = plan.action.map_or(String::new(), |action| format!("actions:\n  - {{ at: 5m, {action} }}\n"));
    let text = format!(
        "name: generated\nseed: {}\nuntil: 15m\nonebackend:\n  profile: as-built\ncluster:\n  nodes:\n    \
         - {{ pool: gpu, count: {}, shape: VM.GPU.A10.2 }}\n\
         deploy:\n  - {{ document: all.yaml, system: onebackend }}\n\
         behaviour:\n  - match: {{ image: \"*\" }}\n    pull: {{ uniform: {{ min: 1s, max: 90s }} }}\n    \
         start: {{ uniform: {{ min: 1s, max: 40s }} }}\n{fault}{action}",
        plan.seed % 1_000_000,
        plan.nodes,
    );
    let source = Source::new("generated.yaml", text.as_str());
    let scenario: Scenario =
        load_from(&source, &Only(documents(plan))).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    rehearse(&scenario, Options::default(), &mut []).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// What a deployment may become after what it was.
fn may_follow(before: &str, after: &str) -> bool {
    match after {
        "deploying" => matches!(before, "pending" | "error" | "deploying"),
        "ok" => matches!(before, "deploying" | "ok"),
        "error" => matches!(before, "deploying" | "ok" | "error"),
        // A change of what is wanted is written with the state that it finds, and a panic over a row that is gone with its last.
        "pending" | "removed" => before == "pending" || after == "removed",
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_loop_keeps_its_rules(plan in plans()) {
        let result = run(&plan);
        let mut deployments: BTreeMap<String, &str> = BTreeMap::new();
        let mut registered: BTreeMap<String, u32> = BTreeMap::new();
        let mut running: BTreeMap<String, String> = BTreeMap::new();
        let mut coming: Option<String> = None;
        for (id, entry) in result.timeline.since(0) {
            if let Cause::Entry(cause) = entry.cause {
                prop_assert!(cause < id, "a cause comes first");
            }
            let name = result.names.show(entry.subject.name);
            match entry.subject.kind {
                Kind::Member => {
                    let before = deployments.insert(name.clone(), entry.became);
                    let follows = before.map_or(entry.became == "pending", |before| may_follow(before, entry.became));
                    prop_assert!(follows, "{name} {before:?} -> {} at {}", entry.became, entry.at);
                }
                Kind::Instance if entry.became != "removed" => {
                    let (of, number) = name.strip_prefix("inst_").and_then(|rest| rest.rsplit_once('_')).expect("an id");
                    let most = registered.entry(of.to_owned()).or_default();
                    *most = (*most).max(number.parse().expect("a number"));
                }
                Kind::Pod => {
                    // `1backend-a.gpu-0`, or `1backend-a.gpu-0.2` for the second one there.
                    let place = name.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
                    match entry.became {
                        "Pending" => {
                            prop_assert!(coming.is_none() || plan.fault.is_some(), "{name} beside {coming:?}");
                            coming = Some(name.clone());
                        }
                        "Running" => {
                            if coming.as_ref() == Some(&name) {
                                coming = None;
                            }
                            let other = running.insert(place, name.clone());
                            prop_assert!(other.is_none(), "{name} runs beside {other:?}");
                        }
                        "Failed" | "Succeeded" | "Terminating" | "Deleted" if running.get(&place) == Some(&name) => {
                            running.remove(&place);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        for (deployment, count) in registered {
            let number: usize = deployment[1..].parse().expect("a number");
            let wanted = plan.deployments[number].1.max(1);
            let scaled = if number == 0 && plan.action == Some("scale: { deployment/d0: 6 }") { 6 } else { 0 };
            prop_assert!(count <= wanted.max(scaled), "{deployment}: {count} instances of {wanted}");
        }
    }
}

/// Goal: a loop that no server would run is told of. Method: one loop more than there are nodes, and as many.
#[test]
fn there_is_a_server_for_each_deploy_loop() {
    let read = |loops: u32| {
        let text = format!(
            "name: loops\nuntil: 1m\nonebackend: {{ profile: as-built, deploy_loops: {loops} }}\ncluster:\n  nodes:\n    \
             - {{ pool: gpu, count: 2, shape: VM.GPU.A10.2 }}\ndeploy:\n  - {{ document: d.yaml, system: onebackend }}\n"
        );
        let document = Only("id: a\nimage: { name: x, internalPorts: [80] }\n".to_owned());
        let problems = load_from(&Source::new("loops.yaml", text), &document).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    assert_eq!(read(2), <[String; 0]>::default());
    assert_eq!(read(3), ["the deploy loop cannot run on 3 servers: there is one on each node, 2 in all"]);
}
