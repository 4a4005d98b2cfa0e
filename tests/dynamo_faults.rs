//! Faults of watches and writes as a scenario names them, and what a conflict leaves in the timeline.
//!
//! Goal: a scenario that names what is not there is told so when it is read; a write that came too late says who was faster. Method: texts
//! of scenarios, and runs of those below scenarios/dynamo.

use std::path::Path;

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::model::{ApiEntry, FaultKind};
use greenroom::scenario::{Documents, Scenario, load, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::render as words;
use greenroom::timeline::{Cause, Kind};

const GRAPH: &str = "
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeployment
metadata: { name: chat, namespace: team-a }
spec:
  components:
    - name: worker
      type: worker
      podTemplate: { spec: { containers: [ { name: main, image: 'a:1.5.0' } ] } }
";

/// Every document is a graph.
struct Graphs;

impl Documents for Graphs {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(GRAPH.to_owned())
    }
}

/// A scenario of one graph with a line of its own, or what is wrong with it.
fn read(line: &str) -> Result<Scenario, String> {
    let text = format!(
        "name: graph\nuntil: 1h\ncluster: {{ namespaces: [team-a], nodes: [ {{ name: one, cpu: 8, memory: 32Gi }} ] }}\n\
         deploy: [ {{ document: graph.yaml, system: dynamo }} ]\n{line}\n"
    );
    load_from(&Source::new("scenario.yaml", text), &Graphs).map_err(|errors| render::render(&errors, false))
}

fn run(folder: &str) -> RunResult {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/dynamo").join(folder).join("scenario.yaml");
    let scenario = load(&path).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    rehearse(&scenario, Options::default(), &mut [])
        .unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

/// The conflicts of a run: why, and the subject that each is caused by.
fn conflicts(result: &RunResult) -> Vec<(String, String)> {
    let (timeline, names) = (&result.timeline, &result.names);
    let of =
        timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Controller && entry.became == "conflict");
    let cause = |cause: Cause| match cause {
        Cause::Entry(id) => timeline.get(id).map(|entry| entry.subject.show(names)).unwrap_or_default(),
        _ => "a line".to_owned(),
    };
    of.map(|(_, entry)| (words::why(&entry.why, names), cause(entry.cause))).collect()
}

#[test]
fn a_controller_that_is_not_there_is_told_with_those_that_are() {
    for fault in ["watch_lag: { controller: podclik, for: 1m }", "controller_restart: { controller: podclik }"] {
        let told = read(&format!("dynamo: {{ provider: grove }}\nfaults: [ {{ at: 1m, {fault} }} ]"));
        let told = told.expect_err("there is no such controller");
        assert_eq!(told.matches("error").count(), 1, "{told}");
        assert!(told.contains("no control plane of this scenario has a controller `podclik`"), "{told}");
        assert!(told.contains("did you mean `podclique`?"), "{told}");
        assert!(told.contains("dynamographdeploymentscalingadapter"), "{told}");
    }
}

#[test]
fn controllers_of_grove_are_there_where_grove_is() {
    let faults = "faults: [ { at: 1m, controller_restart: { controller: podclique } } ]";
    let told = read(faults).expect_err("Grove is not installed");
    assert!(told.contains("no control plane of this scenario has a controller `podclique`"), "{told}");
    assert!(read(&format!("dynamo: {{ provider: grove }}\n{faults}")).is_ok());

    // And none of them ends where all controllers do.
    for (provider, ended) in [("component", 5), ("grove", 8)] {
        let all = format!(
            "dynamo: {{ provider: {provider} }}\nfaults: [ {{ at: 1m, controller_restart: {{ of: graph }} }} ]"
        );
        let scenario = read(&all).expect("a scenario");
        let result = rehearse(&scenario, Options::default(), &mut []).expect("a run");
        let of = result.timeline.since(0).filter(|(_, entry)| entry.became == "ended");
        assert_eq!(of.filter(|(_, entry)| entry.subject.kind == Kind::Controller).count(), ended, "{provider}");
    }
}

#[test]
fn sub_phases_of_a_profiler_come_in_their_order() {
    let profiler =
        |phases: &str| read(&format!("dynamo: {{ profiler: [ {{ output: found.yaml, phases: {{ {phases} }} }} ] }}"));
    let told = profiler("SweepingDecode: 1m, SweepingPrefill: 2m").expect_err("decode is swept after prefill");
    assert!(told.contains("`SweepingPrefill` does not come after the one before it"), "{told}");
    assert!(profiler("SweepingPrefill: 1m, SweepingDecode: 2m").is_ok());
}

#[test]
fn kinds_have_the_names_of_the_api_too() {
    let fault = |object: &str| {
        let line = format!("faults: [ {{ at: 1m, watch_lag: {{ object: {object}, for: 1m }} }} ]");
        read(&line).unwrap_or_else(|told| panic!("{told}")).faults.remove(0).kind
    };
    let named = |object: &str| match fault(object) {
        FaultKind::Api(ApiEntry { object, .. }) => object.unwrap_or_default(),
        other => panic!("{other:?}"),
    };
    assert_eq!(named("DynamoGraphDeployment/team-a/chat"), "graph/team-a/chat");
    assert_eq!(named("DynamoGraphDeployment"), "graph");
    assert_eq!(named("DynamoGraphDeploymentScalingAdapter"), "adapter");
    let before = read("faults: [ { at: 1m, controller_restart: { of: chat, before_write: DynamoGraphDeployment } } ]");
    assert!(before.is_ok(), "{before:?}");
}

#[test]
fn a_name_without_its_namespace_is_near() {
    let scenario = read("expect: [ { eventually: { DynamoGraphDeployment/chat: successful } } ]").expect("a scenario");
    let judge = greenroom::oracle::Judge::new(&scenario).expect("an expectation");
    let result = rehearse(&scenario, Options::default(), &mut [Box::new(judge)]).expect("a run");
    let detail = &result.verdicts[0].detail;
    assert!(detail.contains("graph/chat never appeared in the run; did you mean graph/team-a/chat?"), "{detail}");
}

#[test]
fn a_write_that_came_too_late_says_who_was_faster_and_when_it_is_tried_again() {
    let told = conflicts(&run("adapters-collide"));
    let (why, cause) = &told[0];
    assert_eq!((why.as_str(), cause.as_str()), ("graph/chat has been modified: again after 5ms", "graph/chat"));
    assert_eq!(told[1].0, "graph/chat has been modified: again after 10ms");
    let told = conflicts(&run("conflict-retried"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!([&*told[0].1, &*told[1].1], ["fault/faster", "fault/faster-at-the-end"]);
}

#[test]
fn what_was_read_before_somebody_wrote_is_refused() {
    let refused = |read: &str| {
        let line = format!(
            "actions: [ {{ at: 10m, scale: {{ component/team-a/chat-worker: 2 }} }}, {{ at: 10m2s, {read}, scale: {{ \
             component/team-a/chat-worker: 3 }} }} ]"
        );
        let scenario = self::read(&line).unwrap_or_else(|told| panic!("{told}"));
        let result = rehearse(&scenario, Options::default(), &mut []).expect("a run");
        let told = "dynamographdeployments.nvidia.com \"chat\": the object has been modified";
        result.unfired.iter().any(|one| one.why.contains(told))
    };
    // The status is written a moment after the spec.
    assert!(refused("read: 3s"));
    assert!(!refused("read: 1s"));
}
