//! The replicas of old and new generations of workers against what the operator's own tests expect.
//!
//! Goal: every case is predicted, those of a recreation among them. Method: each case goes through the functions that the controller
//! uses. The cases are not part of this repository: `GREENROOM_SHARED` names the folder that holds them, and without it the test
//! says that it was skipped.

#[path = "support/golden.rs"]
mod golden;

use golden::golden;
use greenroom::kernel::{Duration, Time};
use greenroom::systems::dynamo::operator::generations::{Generation, Order, share};
use greenroom::systems::dynamo::operator::planner::{Bounds, Replicas, Targets, recreate, rolling};
use serde_json::Value;

/// `[spec, replicas, available]` of each generation.
fn generations(case: &Value, side: &str, component: &str) -> Vec<Replicas> {
    let figure =
        |one: &Value, place: usize| u32::try_from(one[place].as_u64().expect("a count")).expect("a small count");
    let read = |one: &Value| {
        let (spec, actual, available) = (figure(one, 0), figure(one, 1), figure(one, 2));
        Replicas { spec, actual, available, ready: available }
    };
    case[side][component].as_array().map(|list| list.iter().map(read).collect()).unwrap_or_default()
}

#[test]
fn every_recorded_step_is_predicted() {
    let Some(recorded) = golden("../dynamo/rolling_update_vectors.json") else { return };
    let cases = recorded.as_array().expect("a list of cases");
    for case in cases {
        for (name, component) in case["components"].as_object().expect("components") {
            let desired = u32::try_from(component["desired"].as_u64().expect("a count")).expect("a small count");
            let sides = ["old", "new"].map(|side| generations(case, side, name));
            let [old, new] =
                sides.each_ref().map(|side| side.iter().fold(Replicas::default(), |sum, one| sum.plus(*one)));
            let targets = if case["recreate"] == true || component["recreate"] == true {
                recreate(desired, old.spec == 0 && old.actual == 0)
            } else {
                let bounds = Bounds::of(component["surge"].as_str(), component["unav"].as_str(), desired);
                rolling(desired, bounds, old, new)
            };
            let expected = ["expectedOld", "expectedNew"]
                .map(|key| u32::try_from(case[key][name].as_u64().expect("a count")).expect("a small count"));
            assert_eq!(targets, Targets { old: expected[0], new: expected[1] }, "{name} of {case}");
            let of = |(place, one): (usize, &Replicas)| Generation {
                name: format!("{name}-{place}"),
                created_at: Time::ZERO + Duration::from_secs(place as u64),
                spec: one.spec,
                available: one.available,
            };
            let all: Vec<Generation> = sides[0].iter().enumerate().map(of).collect();
            assert_eq!(share(&all, targets.old, Order::ServingFirst).iter().sum::<u32>(), targets.old, "{case}");
        }
    }
    assert_eq!(cases.len(), 10);
}
