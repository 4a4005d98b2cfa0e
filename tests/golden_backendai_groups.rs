//! Replica groups of Backend.AI against what the original code decides: where traffic goes in each step of a promotion, and how
//! a rolling update goes from the first step to the last.
//!
//! Goal: every recorded step and every course is predicted. Method: the inputs of each case go through the functions that the
//! controller uses; in a course all replicas are there before the next step is taken. The recordings are not part of this
//! repository: `GREENROOM_SHARED` names the folder that holds them, and without it the tests say that they were skipped.

#[path = "support/golden.rs"]
mod golden;

use golden::golden;
use greenroom::kernel::Duration;
use greenroom::systems::backendai::Budget;
use greenroom::workload::strategy::group_rolling::{Rolling, step};
use greenroom::workload::strategy::traffic_shift::{Mover, Split, traffic_step};
use serde_json::{Value, json};

fn count(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or_else(|| panic!("no count: {value}"))).expect("a small count")
}

fn mover(spec: &str) -> Mover {
    let blue_green =
        |auto_promote, seconds| Mover::BlueGreen { auto_promote, promote_delay: Duration::from_secs(seconds) };
    match spec {
        "rolling" => Mover::Rolling,
        "bg_manual" => blue_green(false, 0),
        "bg_auto0" => blue_green(true, 0),
        "bg_auto30" => blue_green(true, 30),
        "canary20_0" => Mover::Canary { step_weight: 20, step_interval: Duration::ZERO },
        other => panic!("an unknown spec: {other}"),
    }
}

#[test]
fn every_recorded_traffic_step_is_predicted() {
    let Some(recorded) = golden("../backendai/traffic_step.json") else { return };
    let cases = recorded["cases"].as_array().expect("cases");
    for case in cases {
        let target = count(&case["target_weight"]);
        let elapsed = Duration::from_secs(case["elapsed_s"].as_u64().expect("seconds"));
        let mover = mover(case["spec"].as_str().expect("a spec"));
        let (next, completed) = traffic_step(mover, Split { target, serving: 100 - target }, elapsed);
        let recorded = (count(&case["next_target"]), count(&case["next_serving"]), case["completed"].as_bool());
        assert_eq!((next.target, next.serving, Some(completed)), recorded, "{case}");
    }
    assert_eq!(cases.len(), 100);
}

/// A bound as the recordings have it.
fn budget(value: &Value) -> Budget {
    match value.get("count") {
        Some(number) => Budget::Count(count(number)),
        None => Budget::Percent(value["percent"].to_string()),
    }
}

/// The course of a rolling update, in the form of the recordings.
fn course(trace: &Value) -> Vec<Value> {
    let goal = count(&trace["goal"]);
    let old = if trace["initial_deploy"] == true { None } else { Some(goal) };
    let mut rolling = Rolling {
        goal,
        max_surge: budget(&trace["max_surge"]).rounded_up(goal),
        max_unavailable: budget(&trace["max_unavailable"]).rounded_down(goal),
        desired_current: old.unwrap_or(0),
        desired_target: 0,
        live_current: old,
    };
    let mut steps = Vec::new();
    loop {
        let next = step(rolling);
        let outcome = if next.completed { "success" } else { "failure" };
        let pair = (next.current, next.target);
        steps.push(json!([next.current, next.target, outcome]));
        if next.completed {
            return steps;
        }
        if pair == (rolling.desired_current, rolling.desired_target) {
            steps.push(json!("NO_PROGRESS"));
            return steps;
        }
        (rolling.desired_current, rolling.desired_target) = pair;
        rolling.live_current = rolling.live_current.map(|_| next.current);
    }
}

#[test]
fn every_recorded_course_of_a_rolling_update_is_predicted() {
    let Some(recorded) = golden("../backendai/group_rolling_traces.json") else { return };
    let traces = recorded["traces"].as_array().expect("traces");
    for trace in traces {
        assert_eq!(Value::Array(course(trace)), trace["steps"], "{trace}");
    }
    assert_eq!(traces.len(), 40);
}
