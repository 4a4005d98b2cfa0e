//! One cycle of each strategy of Backend.AI against what the original code decides.
//!
//! Goal: every recorded cycle is predicted: the sub-step, how many routes are made, how many are drained. Method: the inputs of
//! each case go through the function that the controller uses. The recordings are not part of this repository:
//! `GREENROOM_SHARED` names the folder that holds them, and without it the tests say that they were skipped.

#[path = "support/golden.rs"]
mod golden;

use golden::golden;
use greenroom::workload::strategy::{blue_green, replacement};
use serde_json::Value;

fn count(case: &Value, key: &str) -> u32 {
    u32::try_from(case[key].as_u64().unwrap_or_else(|| panic!("no count {key} in {case}"))).expect("a small count")
}

#[test]
fn every_recorded_blue_green_cycle_is_predicted() {
    let Some(recorded) = golden("../backendai/blue_green_cycles.json") else { return };
    let cases = recorded["cases"].as_array().expect("cases");
    for case in cases {
        let green = blue_green::Green {
            provisioning: count(case, "green_provisioning"),
            healthy: count(case, "green_healthy"),
            unhealthy: count(case, "green_unhealthy"),
            failed: count(case, "green_failed"),
        };
        let (sub_step, create) = match blue_green::cycle(count(case, "desired"), green) {
            blue_green::Cycle::Create(create) => ("PROVISIONING", create),
            blue_green::Cycle::Wait => ("PROVISIONING", 0),
            blue_green::Cycle::AwaitPromotion => ("AWAITING_PROMOTION", 0),
        };
        assert_eq!((Some(sub_step), create), (case["sub_step"].as_str(), count(case, "create")), "{case}");
    }
    assert_eq!(cases.len(), 156);
}

#[test]
fn every_recorded_rolling_cycle_is_predicted() {
    let Some(recorded) = golden("../backendai/rolling_update_cycles.json") else { return };
    let cases = recorded["cases"].as_array().expect("cases");
    for case in cases {
        let routes = replacement::Routes {
            desired: count(case, "desired"),
            max_surge: count(case, "max_surge"),
            max_unavailable: count(case, "max_unavailable"),
            old: count(case, "old_active"),
            provisioning: count(case, "new_provisioning"),
            healthy: count(case, "new_healthy"),
            unhealthy: count(case, "new_unhealthy"),
        };
        let (sub_step, create, drain) = match replacement::cycle(routes) {
            replacement::Cycle::Wait => ("PROVISIONING", 0, 0),
            replacement::Cycle::Change { create, drain } => ("PROVISIONING", create, drain),
            replacement::Cycle::Completed => ("COMPLETED", 0, 0),
        };
        let recorded = (case["sub_step"].as_str(), count(case, "create"), count(case, "drain"));
        assert_eq!((Some(sub_step), create, drain), recorded, "{case}");
    }
    assert_eq!(cases.len(), 958);
}
