//! Scheduler configuration files against decisions of a real kube-scheduler v1.36.3 that ran with them, recorded by
//! `testbed/placements`: strategies, weights, plugins taken away, added affinity, samples of nodes.
//!
//! Goal: every decision and every message is the same. Method: as `recorded_placements`; each case has its own scheduler,
//! made from the text of its file.

mod recorded_pods;

use std::sync::Arc;

use greenroom::cluster::scheduler::SchedulerProfile;
use greenroom::scenario::scheduler;
use greenroom::text::Source;
use recorded_pods::Recorded;

#[test]
fn every_configuration_decides_as_recorded() {
    let recorded: Recorded =
        serde_json::from_str(include_str!("recorded/profiles.json")).expect("the recordings are JSON");
    let mut decisions = 0;
    let mut wrong = Vec::new();
    for (number, case) in recorded.cases.iter().enumerate() {
        let source = Source::new("scheduler.yaml", case.config.as_str());
        let (config, _) = scheduler::read(&source).unwrap_or_else(|problems| panic!("{}: {problems:?}", case.about));
        match case.play(&SchedulerProfile::Configured(Arc::new(config))) {
            Ok(decided) => decisions += decided,
            Err(differs) => wrong.push(format!("case {number}: {differs}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(decisions >= 500, "{decisions} decisions");
}
