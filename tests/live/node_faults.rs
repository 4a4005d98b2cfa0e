//! Nodes that a run did not make: changed only when that is allowed, and as they were before when it is over.

use serde_json::json;

use crate::ground::{Ground, alone, ground, share};
use crate::play::{Scenario, Started, WEB, end};

/// A scenario on a node that is there: it is cordoned, tainted for a while, freed of its owner's taint, and drained.
fn scenario(node: &str, until: &str) -> Scenario {
    let text = format!(
        "name: faults
until: {until}
cluster: {{ nodes: [ {{ name: {node}, cpu: 8, memory: 32Gi }} ] }}
deploy: [ {{ document: web.yaml, system: kubernetes }} ]
behaviour: [ {{ match: {{}}, pull: 1s, start: 1s }} ]
faults:
  - {{ name: cordon, at: 2s, cordon: {{ node: {node} }} }}
  - {{ name: taint, at: 3s, taint: {{ node: {node}, key: hot, value: yes, effect: NoSchedule }} }}
  - {{ name: free, at: 4s, untaint: {{ node: {node}, key: owners }} }}
  - {{ name: drain, at: 5s, drain: {{ node: {node} }} }}
"
    );
    Scenario::new(&text, &[("web.yaml", WEB)])
}

fn start(ground: &Ground, scenario: &Scenario, node: &str, more: &[&str]) -> Started {
    let selector = format!("kubernetes.io/hostname={node}");
    Started::new(ground.greenroom("run").arg(scenario.file()).args(["--node-selector", &selector]).args(more))
}

fn name(of: &str) -> String {
    format!("others-{of}-{}", std::process::id())
}

/// A taint of the node's owner, which does not keep pods away.
fn taints() -> serde_json::Value {
    json!([{ "key": "owners", "value": "own", "effect": "PreferNoSchedule" }])
}

#[test]
fn nodes_of_others_are_not_touched_unless_that_is_allowed() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let node = ground.node(&name("kept"), json!({ "mine": "1" }), taints());
    let before = ground.state_of(&node.name);
    let scenario = scenario(&node.name, "10s");
    let started = start(&ground, &scenario, &node.name, &[]);
    let run = started.run.clone();
    started.end().expect_message(5, &["fault cordon", "fault drain", "--allow-node-faults"]);
    assert_eq!(ground.state_of(&node.name), before);
    ground.expect_nothing_of(&run);
}

/// The faults are seen on the node, and it is as before once the run has ended: by itself or because somebody stopped it.
#[test]
fn nodes_of_others_are_as_before_when_a_run_ends() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let node = ground.node(&name("changed"), json!({ "mine": "1" }), taints());
    let before = ground.state_of(&node.name);
    for signal in [None, Some("INT")] {
        let scenario = scenario(&node.name, if signal.is_some() { "10m" } else { "25s" });
        let mut started = start(&ground, &scenario, &node.name, &["--allow-node-faults"]);
        let run = started.run.clone();
        started.wait_for(&[&node.name, "Drained"]);
        let changed = ground.state_of(&node.name);
        assert_eq!(changed["spec"]["unschedulable"], json!(true));
        let taints = changed["spec"]["taints"].to_string();
        assert!(taints.contains("\"hot\"") && !taints.contains("\"owners\""), "{taints}");
        if let Some(signal) = signal {
            started.signal(signal);
        }
        started.end().expect(if signal.is_some() { 130 } else { 0 }, &[]);
        assert_eq!(ground.state_of(&node.name), before, "after {signal:?}");
        ground.expect_nothing_of(&run);
    }
}

#[test]
fn a_cleanup_takes_back_what_a_killed_run_changed() {
    let Some(ground) = ground() else { return };
    let _alone = alone();
    let node = ground.node(&name("left"), json!({ "mine": "1" }), taints());
    let before = ground.state_of(&node.name);
    let scenario = scenario(&node.name, "10m");
    for by_name in [true, false] {
        let mut started = start(&ground, &scenario, &node.name, &["--allow-node-faults"]);
        let run = started.run.clone();
        started.wait_for(&[&node.name, "Drained"]);
        started.signal("KILL");
        assert_eq!(started.end().code, None);
        assert_ne!(ground.state_of(&node.name), before);
        let mut cleanup = ground.greenroom("cleanup");
        if by_name {
            // Another run's cleanup leaves it alone.
            end(ground.greenroom("cleanup").args(["--run", "k7f3q2b"])).expect(0, &["nothing is left"]);
            assert_ne!(ground.state_of(&node.name), before);
            cleanup.args(["--run", &run]);
        }
        end(&mut cleanup).expect(0, &["as it was before"]);
        assert_eq!(ground.state_of(&node.name), before);
        assert!(node.is_untouched());
        ground.expect_nothing_of(&run);
    }
}
