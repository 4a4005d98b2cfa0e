//! What a run leaves: nothing, however it ends, unless it is asked to keep it; and what a cleanup never touches.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::ground::{alone, ground, share};
use crate::play::{Started, end, web};

const READY: &str = "expect: [ { eventually: { Deployment/web: Complete }, within: 15s } ]";
const NEVER: &str = "expect: [ { eventually: { Deployment/web: ProgressDeadlineExceeded }, within: 10s } ]";

#[test]
fn nothing_is_left_of_a_run_that_passes() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web("12s", READY);
    let started = ground.start(&scenario, &[]);
    let run = started.run.clone();
    started.end().expect(0, &["passed    eventually Deployment/web: Complete"]);
    ground.expect_nothing_of(&run);
}

#[test]
fn nothing_is_left_of_a_run_that_fails() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web("24s", NEVER);
    let started = ground.start(&scenario, &["--speed", "2"]);
    let run = started.run.clone();
    let again = format!("--seed 0 --speed 2 --context {} --fake-nodes\n", ground.context);
    started.end().expect(1, &["FAILED", &again]);
    ground.expect_nothing_of(&run);
}

#[test]
fn nothing_is_left_of_a_run_that_is_stopped() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web("10m", "");
    let stopped = |signal: &str, words: &[&str]| {
        let mut started = ground.start(&scenario, &[]);
        started.wait_for(words);
        assert!(!ground.with(&started.run).is_empty(), "{} made nothing", started.run);
        started.signal(signal);
        let run = started.run.clone();
        started.end().expect(130, &[]);
        ground.expect_nothing_of(&run);
    };
    stopped("INT", &["Deployment/web", "Complete"]);
    stopped("TERM", &["Deployment/web", "Complete"]);
    // While it still makes things.
    stopped("INT", &["Node/cpu-0"]);
}

#[test]
fn a_comparison_that_is_interrupted_is_none() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let (first, second) = (web("10m", ""), web("10m", ""));
    let mut command = ground.greenroom("conform");
    command.args(["--fake-nodes", "--jobs", "1"]).arg(first.file()).arg(second.file());
    let mut started = Started::other(&mut command);
    started.wait_for(&["run ", " on "]);
    std::thread::sleep(Duration::from_secs(5));
    started.signal("INT");
    let ended = started.end();
    ended.expect(130, &["interrupted: cleaning up", "was not compared", "2 were not compared"]);
    assert!(!ended.said.contains("DIVERGE"), "{}", ended.said);
    assert_eq!(ended.said.lines().filter(|line| line.starts_with("run ") && line.contains(" on ")).count(), 1);
}

#[test]
fn an_id_that_is_taken_is_refused() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web("4s", "");
    let kept = ground.start(&scenario, &["--keep"]);
    let run = kept.run.clone();
    let again = format!("greenroom cleanup --context {} --run {run}", ground.context);
    kept.end().expect(0, &["is kept on the cluster", &again]);
    let before = ground.with(&run);
    let ended = end(&mut ground.run(&scenario, &["--run-id", &run]));
    ended.expect_message(5, &[&format!("there is a run {run} on the cluster already"), &again]);
    assert_eq!(ground.with(&run), before);
    end(ground.greenroom("cleanup").args(["--run", &run])).expect(0, &["runs: 1"]);
    end(ground.greenroom("cleanup").args(["--run", &run])).expect(0, &[&format!("nothing is left of run {run}")]);
}

/// An object that somebody else's finalizer holds keeps its namespace, and nothing else.
#[test]
fn what_cannot_go_keeps_nothing_else() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web("4s", "");
    let kept = ground.start(&scenario, &["--keep"]);
    let run = kept.run.clone();
    kept.end().expect(0, &[]);
    let services: Api<Service> = Api::namespaced(ground.client.clone(), &format!("greenroom-{run}"));
    let finalizers = |names: serde_json::Value| {
        let patch = Patch::Merge(json!({ "metadata": { "finalizers": names } }));
        ground.runtime.block_on(services.patch("web", &PatchParams::default(), &patch)).expect("it can be patched");
    };
    finalizers(json!(["example.com/held"]));
    let cleaning = Started::other(ground.greenroom("cleanup").args(["--run", &run]));
    let begun = Instant::now();
    while ground.with(&run).iter().any(|left| !left.starts_with("Namespace/")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "left: {:?}", ground.with(&run));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(ground.with(&run), [format!("Namespace/greenroom-{run}")]);
    finalizers(json!([]));
    cleaning.end().expect(0, &["cleaned  Namespace/greenroom-", "runs: 1"]);
    ground.expect_nothing_of(&run);
}

/// `--keep` leaves all there is; a cleanup of one run takes that one, a cleanup without a name takes all, and both only what has both
/// labels of a run.
#[test]
fn a_cleanup_takes_runs_and_nothing_else() {
    let Some(ground) = ground() else { return };
    let _alone = alone();
    let managed = json!({ "app.kubernetes.io/managed-by": "greenroom" });
    let of_a_run = json!({ "greenroom.dev/run": "k7f3q2b" });
    let no_taints = json!([]);
    let namespaces = [
        ground.namespace("greenroom-decoy", json!({})),
        ground.namespace("greenroom-decoy-managed", managed.clone()),
        ground.namespace("greenroom-decoy-run", of_a_run.clone()),
    ];
    let nodes = [
        ground.node("greenroom-decoy", json!({}), no_taints.clone()),
        ground.node("greenroom-decoy-managed", managed, no_taints.clone()),
        ground.node("greenroom-decoy-run", of_a_run, no_taints),
    ];
    let before: Vec<_> = nodes.iter().map(|node| ground.state_of(&node.name)).collect();

    let scenario = web("6s", "");
    let started: Vec<Started> = (0..3).map(|_| ground.start(&scenario, &["--keep"])).collect();
    let runs: Vec<String> = started.iter().map(|started| started.run.clone()).collect();
    started.into_iter().for_each(|started| started.end().expect(0, &[]));
    let kept: Vec<Vec<String>> = runs.iter().map(|run| ground.with(run)).collect();
    for (run, kept) in runs.iter().zip(&kept) {
        for part in ["Namespace/", "Node/", "PriorityClass/"] {
            assert!(kept.iter().any(|object| object.starts_with(part)), "{part} of {run} is not in {kept:?}");
        }
    }

    end(ground.greenroom("cleanup").args(["--run", &runs[0]])).expect(0, &[&runs[0], "runs: 1"]);
    ground.expect_nothing_of(&runs[0]);
    for (run, kept) in runs.iter().zip(&kept).skip(1) {
        assert_eq!(&ground.with(run), kept, "what {run} kept");
    }

    end(&mut ground.greenroom("cleanup")).expect(0, &["runs: 2"]);
    runs.iter().for_each(|run| ground.expect_nothing_of(run));
    end(&mut ground.greenroom("cleanup")).expect(0, &["nothing is left of any run"]);

    for namespace in &namespaces {
        assert!(namespace.is_untouched(), "{}", namespace.name);
    }
    for (node, before) in nodes.iter().zip(before) {
        assert!(node.is_untouched(), "{}", node.name);
        assert_eq!(ground.state_of(&node.name), before);
    }
}
