//! The scheduler against decisions of a real kube-scheduler v1.36.3 that `testbed/placements` recorded, where pods ask
//! something of other pods, of ports, of places, or have a priority.
//!
//! Goal: every decision and every message is the same, the pods that are put out for others and when these get their node
//! among them. Method: as `recorded_placements`.

mod recorded_pods;

use std::collections::BTreeMap;

use greenroom::cluster::scheduler::SchedulerProfile;
use recorded_pods::Recorded;

#[test]
fn every_recorded_decision_is_predicted() {
    let recorded: Recorded =
        serde_json::from_str(include_str!("recorded/constraints.json")).expect("the recordings are JSON");
    let mut decisions: BTreeMap<&str, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (number, case) in recorded.cases.iter().enumerate() {
        match case.play(&SchedulerProfile::KubeDefault) {
            Ok(decided) => *decisions.entry(&case.about).or_default() += decided,
            Err(differs) => wrong.push(format!("case {number}: {differs}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(decisions.len() == 6 && decisions.values().all(|count| *count >= 150), "{decisions:?}");
}
