//! Goal: what 1Backend shows of a run is what its client prints, and nothing of the environment's values is in it. Method: scenarios of
//! this repository, stopped at an instant.

use std::path::Path;

use greenroom::kernel::{Duration, Time};
use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::load;
use serde_json::Value;

/// A scenario up to an instant.
fn run(name: &str, seconds: u64) -> RunResult {
    let path = format!("{}/scenarios/onebackend/{name}/scenario.yaml", env!("CARGO_MANIFEST_DIR"));
    let scenario = load(Path::new(&path)).expect("a scenario");
    let stop_at = Some(Time::ZERO + Duration::from_secs(seconds));
    let options = Options { stop_at, native: true, ..Options::default() };
    rehearse(&scenario, options, &mut []).expect("a run")
}

fn lines<'v>(native: &'v Value, list: &str) -> Vec<&'v str> {
    let lines = native["oo"][list].as_array().expect("a list");
    lines.iter().map(|line| line.as_str().expect("a line")).collect()
}

#[test]
fn lists_are_printed_as_the_client_prints_them() {
    let native = run("vram-fits-nowhere", 50).native.expect("a state");
    assert_eq!(
        lines(&native, "deployment list"),
        [
            "ID           DEFINITION ID   STATUS      DETAILS",
            "depl_small   llama-70b       Deploying   Starting container instances...",
            "depl_large   llama-70b       Error       1 of 1 instances have no node: none of 3 nodes takes it: 3 without a GPU of…",
        ]
    );
    let full = "depl_large   llama-70b       Error       1 of 1 instances have no node: none of 3 nodes takes it: 3 without a GPU of so much memory";
    assert_eq!(lines(&native, "deployment list --full")[2], full);
    assert_eq!(
        lines(&native, "node list"),
        [
            "NODE ID   URL                  LAST HEARTBEAT",
            "gpu-0     http://gpu-0:11337   5s ago",
            "gpu-1     http://gpu-1:11337   5s ago",
            "plain     http://plain:11337   5s ago",
        ]
    );
    assert_eq!(lines(&native, "instance list"), ["INSTANCE ID   URL   STATUS   OWNER SLUG   LAST HEARTBEAT"]);
}

#[test]
fn instances_are_listed_with_what_a_scan_found() {
    let native = run("rolling-update", 62).native.expect("a state");
    assert_eq!(
        lines(&native, "instance list"),
        [
            "INSTANCE ID   URL                  STATUS    OWNER SLUG   LAST HEARTBEAT",
            "depl_shop-0   http://node-0:8080   Healthy   deploy-svc   2s ago",
            "depl_shop-1   http://node-1:8080   Healthy   deploy-svc   2s ago",
            "depl_shop-2   http://node-0:8080   Healthy   deploy-svc   2s ago",
        ]
    );
    assert_eq!(native["deployments"][0]["status"], "OK");
}

#[test]
fn a_missing_secret_is_named_and_no_value_gets_out() {
    let result = run("secret-missing", 60);
    let native = result.native.expect("a state");
    assert_eq!(native["deployments"][0]["details"], "secret 'jwt-secret' of envar SIGNING_KEY cannot be found");
    let mut shown = native.to_string();
    for (_, entry) in result.timeline.since(0) {
        shown.push_str(&greenroom::timeline::render::why(&entry.why, &result.names));
    }
    assert!(!shown.contains("postgres://") && !shown.contains("db.internal"), "{shown}");
}
