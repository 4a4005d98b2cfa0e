//! The API server goes away in the middle of a run.

use std::time::{Duration, Instant};

use crate::play::web;
use crate::testbed;

/// It comes back before anybody gives up: the run goes on and sees what happened meanwhile.
#[test]
fn a_run_outlives_a_restart_of_the_api_server() {
    let Some(testbed) = testbed::up() else { return };
    let ground = testbed.ground();
    let more = "actions: [ { at: 12s, apply: web-v2.yaml } ]
expect:
  - eventually: { ReplicaSet/web-r2: Created }
    within: 50s
  - final: { Deployment/web: Complete }
";
    let scenario = web("60s", more);
    let mut started = ground.start(&scenario, &[]);
    let run = started.run.clone();
    started.wait_for(&["Deployment/web", "Complete"]);
    testbed.launcher(&["kill", "--component", "kube-apiserver"]);
    // The action comes while nothing answers.
    started.wait_for(&["action/apply", "fired"]);
    std::thread::sleep(Duration::from_secs(3));
    testbed.launcher(&["start", "--component", "kube-apiserver"]);
    started.end().expect(0, &["passed    eventually ReplicaSet/web-r2"]);
    ground.expect_nothing_of(&run);
}

/// It stays away: the run ends with a message that says so, and how what is left can be removed; and it can.
#[test]
fn a_run_that_lost_the_api_server_says_what_to_do() {
    let Some(testbed) = testbed::up() else { return };
    let ground = testbed.ground();
    let scenario = web("10m", "actions: [ { at: 10s, apply: web-v2.yaml } ]");
    let mut started = ground.start(&scenario, &[]);
    let run = started.run.clone();
    started.wait_for(&["Deployment/web", "Complete"]);
    testbed.launcher(&["kill", "--component", "kube-apiserver"]);
    let begun = Instant::now();
    let ended = started.end();
    let took = begun.elapsed();
    let again = format!("greenroom cleanup --context {} --run {run}", ground.context);
    ended.expect(
        5,
        &["the connection to the API server was lost: Connection refused", "the cluster is as it was before", &again],
    );
    assert!(took < Duration::from_secs(150), "it took {took:?}");
    testbed.launcher(&["start", "--component", "kube-apiserver"]);
    assert!(!ground.with(&run).is_empty(), "the run left nothing");
    crate::play::end(ground.greenroom("cleanup").args(["--run", &run])).expect(0, &["runs: 1"]);
    ground.expect_nothing_of(&run);
}

/// The same with a server that takes connections and says nothing.
#[test]
fn a_server_that_is_silent_is_not_waited_for_for_ever() {
    let Some(testbed) = testbed::up() else { return };
    let ground = testbed.ground();
    let scenario = web("10m", "actions: [ { at: 10s, apply: web-v2.yaml } ]");
    let mut started = ground.start(&scenario, &[]);
    let run = started.run.clone();
    started.wait_for(&["Deployment/web", "Complete"]);
    testbed.signal("kube-apiserver", "STOP");
    let begun = Instant::now();
    let ended = started.end();
    let took = begun.elapsed();
    testbed.signal("kube-apiserver", "CONT");
    ended.expect(5, &["the connection to the API server was lost: no answer in"]);
    assert!(took < Duration::from_secs(180), "it took {took:?}");
    crate::play::end(ground.greenroom("cleanup").args(["--run", &run])).expect(0, &[]);
    ground.expect_nothing_of(&run);
}
