//! 126 rolling updates.
//!
//! Goal: the same sequence of (old, new) wanted numbers, the same verdict (complete, or stuck for good) and the same
//! counts at the end as the real controllers gave. Where the recording lists several traces, one of them must be met.
//!
//! Method: a Deployment comes up on one node with so many GPUs, then its image changes; each write of a ReplicaSet's
//! wanted number is one step. Which of several pods a controller sees ready at one look depends on milliseconds, in the
//! recording (three rounds, of which some differ) as here: pods get ready at the recorded 400 ms, and up to some
//! milliseconds later. Most rollouts take the recorded steps without that noise; for the others, and they are counted
//! below, one of so many runs with noise must take them. How a rollout ends must not depend on the noise at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom::cluster::Shown;
use greenroom::kernel::{Distribution, Duration};
use greenroom::timeline::Kind;
use greenroom::workload::{Object, Stage, Status};
use serde_json::{Value, json};

use super::golden::golden;
use super::manifest::object;
use super::rig::{Setting, rig};

/// Rollouts whose steps are met only with noise.
const NOISY: usize = 7;
/// How many runs with noise a rollout gets.
const RUNS: u64 = 200;

#[test]
fn every_rollout_takes_the_recorded_steps() {
    let Some(recorded) = golden("deployment_rollouts.json") else { return };
    let rollouts = recorded["rollouts"].as_array().expect("rollouts");
    assert_eq!(rollouts.len(), 126);
    let mut wrong = Vec::new();
    let mut noisy = 0;
    for rollout in rollouts {
        let traces: Vec<Vec<[u32; 2]>> = serde_json::from_value(rollout["traces"].clone()).expect("traces");
        let quiet = replay(rollout, Setting::default());
        if traces.contains(&quiet) {
            continue;
        }
        noisy += 1;
        let later = Distribution::Uniform { min: Duration::from_millis(400), max: Duration::from_millis(408) };
        let met = (1..=RUNS).any(|seed| {
            traces.contains(&replay(rollout, Setting { seed, starts_in: later.clone(), ..Setting::default() }))
        });
        println!("{} {quiet:?}, recorded {traces:?}", describe(rollout));
        if !met {
            wrong.push(format!("{} {quiet:?}, recorded {traces:?}", describe(rollout)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rollouts.len(), wrong.join("\n"));
    assert_eq!(noisy, NOISY, "as many as before need noise");
}

fn describe(rollout: &Value) -> String {
    ["replicas", "maxSurge", "maxUnavailable", "slots"].map(|key| format!("{key} {}", rollout[key])).join(", ")
}

/// The steps of one rollout; its end must be the recorded one.
fn replay(rollout: &Value, setting: Setting) -> Vec<[u32; 2]> {
    let mut rig = rig("r", &[rollout["slots"].as_u64().expect("slots")], setting);
    let document = json!({"kind": "Deployment", "spec": {
        "replicas": rollout["replicas"],
        "template": {"spec": {"terminationGracePeriodSeconds": 0, "containers": [
            {"name": "c", "image": "a:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}},
        "strategy": {"rollingUpdate": {"maxSurge": rollout["maxSurge"], "maxUnavailable": rollout["maxUnavailable"]}},
    }});
    let Object::Deployment(mut spec) = object(&document) else { panic!("a Deployment") };
    rig.apply("Deployment/w", Object::Deployment(spec.clone()));
    rig.run_to(Duration::from_secs(5));
    let from = rig.cluster.journal().len();
    Arc::make_mut(&mut spec.template).containers[0].image = "a:2".into();
    rig.apply("Deployment/w", Object::Deployment(spec));
    rig.run_to(Duration::from_secs(120));

    let mut sizes: BTreeMap<String, u32> = BTreeMap::new();
    let mut trace: Vec<[u32; 2]> = Vec::new();
    for (index, write) in rig.cluster.journal().iter().enumerate() {
        let (Kind::ReplicaSet, Shown::Status(Status::ReplicaSet(status))) = (write.subject.kind, write.shown) else {
            continue;
        };
        let known = sizes.insert(write.subject.show(rig.cluster.names()), status.desired);
        if index >= from && known != Some(status.desired) {
            let size = |name: &str| sizes.get(name).copied().unwrap_or(0);
            trace.push([size("ReplicaSet/w-r1"), size("ReplicaSet/w-r2")]);
        }
    }
    let key = rig.subject("Deployment/w");
    let last =
        rig.cluster.journal().iter().rev().find(|write| write.subject == key).expect("the Deployment is written");
    let Shown::Status(Status::Deployment(status)) = last.shown else { panic!("{last:?}") };
    let end = json!([status.complete(), status.ready, status.updated]);
    let recorded = json!([rollout["complete"], rollout["ready"], rollout["updated"]]);
    assert_eq!(end, recorded, "the end of {}: {trace:?}", describe(rollout));
    trace
}
