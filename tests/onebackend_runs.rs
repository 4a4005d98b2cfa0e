//! Goal: what 1Backend shows of a run is what its client prints, and nothing of the environment's values is in it. Method: scenarios of
//! this repository, stopped at an instant.

use std::path::Path;

use greenroom::kernel::{Duration, Time};
use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load, load_from};
use greenroom::text::Source;
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
            "depl_large   llama-70b       Error       its instance has no node: none of 3 nodes takes it: 3 without a GPU of so m…",
        ]
    );
    let full = "depl_large   llama-70b       Error       its instance has no node: none of 3 nodes takes it: 3 without a GPU of so much memory";
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
    // What is 0 is left out, as Go's `omitempty` does.
    assert_eq!(native["deployments"][0]["strategy"], serde_json::json!({ "type": "RollingUpdate", "maxSurge": 1 }));
    let instance = &native["instances"][0];
    assert_eq!((&instance["scheme"], &instance["host"]), (&Value::from("http"), &Value::from("node-0")));
    assert!(instance.get("path").is_none() && instance.get("port").is_none());
}

#[test]
fn as_built_nodes_are_listed_in_the_order_of_the_loop() {
    let native = run("as-built-node-lost", 60).native.expect("a state");
    assert_eq!(
        lines(&native, "node list"),
        [
            "NODE ID   URL                  LAST HEARTBEAT",
            "gpu-1     http://gpu-1:11337   0s ago",
            "gpu-0     http://gpu-0:11337   0s ago",
        ]
    );
}

/// One document, whatever it is called.
struct Only(&'static str);

impl Documents for Only {
    fn read(&self, _path: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

/// Goal: an instance was last heard of when a scan was last answered, whether or not that scan is an event of the run. Method: an
/// instance that is scanned every 15 s, and what becomes of it between two scans.
#[test]
fn the_last_heartbeat_is_the_last_scan_that_was_answered() {
    let crash = "{ at: 10m2s, container_crash: { deployment: web, exit: 1 } }";
    let node_down = "{ at: 5m7s, node_down: { node: w-0 } }";
    let cases = [
        ("as-built", 1, crash, 614, "Healthy", "14s ago"),
        ("as-built", 1, crash, 615, "Unreachable", "15s ago"),
        ("as-built", 1, crash, 720, "Unreachable", "2m0s ago"),
        // Nobody is left to scan.
        ("as-built", 1, node_down, 840, "Healthy", "9m0s ago"),
        // The dial of a node that is off takes three seconds.
        ("as-built", 2, node_down, 316, "Healthy", "16s ago"),
        ("as-built", 2, node_down, 319, "Unreachable", "19s ago"),
        ("documented", 1, node_down, 314, "Healthy", "14s ago"),
        ("documented", 1, node_down, 315, "Unreachable", "15s ago"),
    ];
    for (profile, nodes, fault, seconds, status, ago) in cases {
        let text = format!(
            "name: heartbeat\nseed: 3\nuntil: 20m\nonebackend: {{ profile: {profile} }}\ncluster:\n  nodes:\n    \
             - {{ pool: w, count: {nodes}, cpu: 4, memory: 8Gi }}\ndeploy:\n  - {{ document: d.yaml, system: onebackend }}\n\
             faults:\n  - {fault}\n"
        );
        let both = Only(
            "id: app\nimage: { name: app, internalPorts: [80] }\nports: [ { internal: 80, host: 8080 } ]\n---\n\
             id: web\ndefinitionId: app\n",
        );
        let scenario = load_from(&Source::new("scenario.yaml", text), &both).expect("a scenario");
        let stop_at = Some(Time::ZERO + Duration::from_secs(seconds));
        let options = Options { stop_at, native: true, ..Options::default() };
        let native = rehearse(&scenario, options, &mut []).expect("a run").native.expect("a state");
        let row = lines(&native, "instance list")[1];
        let is_as_told = row.ends_with(ago) && row.contains(&format!(" {status} "));
        assert!(is_as_told, "{profile}, {fault}, {seconds} s: {row}, not {status} and {ago}");
    }
}

/// Goal: a fault that 1Backend cannot have says why, and not what its client does.
#[test]
fn faults_of_custom_resources_say_why_they_reach_nobody() {
    let text = "name: faults\nuntil: 2m\nonebackend: { profile: documented }\ncluster:\n  nodes:\n    \
                - { pool: w, count: 1, cpu: 4, memory: 8Gi }\ndeploy:\n  - { document: d.yaml, system: onebackend }\n\
                faults:\n  - { at: 1m, controller_restart: { of: web } }\n  - { at: 1m, webhook_down: { of: web } }\n";
    let both = Only("id: app\nimage: { name: app, internalPorts: [80] }\n---\nid: web\ndefinitionId: app\n");
    let scenario = load_from(&Source::new("scenario.yaml", text), &both).expect("a scenario");
    let run = rehearse(&scenario, Options::default(), &mut []).expect("a run");
    let why: Vec<&str> = run.unfired.iter().map(|one| one.why.as_str()).collect();
    let restart =
        "refused: what 1Backend's services keep in memory and what in their store is not known well enough to end them";
    assert_eq!(why, [restart, "refused: no control plane here keeps custom resources"]);
}

/// Goal: a zone by its label is as good as one by its key, and as built the zone is told for the region too.
#[test]
fn nodes_tell_their_regions_and_zones() {
    let told = |profile: &str| {
        let text = format!(
            "name: zones\nuntil: 1m\nonebackend: {{ profile: {profile} }}\nclusters:\n  - name: east\n    nodes:\n      \
             - {{ name: a, cpu: 4, memory: 8Gi, zone: east-a }}\n      \
             - {{ name: b, cpu: 4, memory: 8Gi, labels: {{ topology.kubernetes.io/zone: east-b }} }}\n\
             deploy:\n  - {{ document: d.yaml, system: onebackend }}\n"
        );
        let definition = Only("id: app\nimage: { name: app, internalPorts: [80] }\n");
        let scenario = load_from(&Source::new("scenario.yaml", text), &definition).expect("a scenario");
        let options = Options { native: true, ..Options::default() };
        let native = rehearse(&scenario, options, &mut []).expect("a run").native.expect("a state");
        let mut rows: Vec<_> = native["nodes"].as_array().expect("rows").clone();
        rows.sort_by_key(|row| row["id"].to_string());
        let pair = |row: &Value| (row["region"].clone(), row["availabilityZone"].clone());
        rows.iter().map(pair).collect::<Vec<_>>()
    };
    let pair = |region: &str, zone: &str| (Value::from(region), Value::from(zone));
    assert_eq!(told("documented"), [pair("east", "east-a"), pair("east", "east-b")]);
    assert_eq!(told("as-built"), [pair("east-a", "east-a"), pair("east-b", "east-b")]);
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
