//! What is told about bad input, word for word. Each test gathers one kind of mistake; a snapshot holds the messages.

use std::fs;

use greenroom::scenario::{Documents, load, load_from};
use greenroom::text::{Source, render};

/// A scenario without a mistake; each case spoils it.
const GOOD: &str = "\
name: shop
until: 1h
cluster:
  nodes:
    - { pool: gpu, count: 2, shape: VM.GPU.A10.2 }
deploy:
  - { document: group.json, system: oci }
";

/// Every document is there and empty.
struct Anything;

impl Documents for Anything {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok("{}".to_owned())
    }
}

fn told(text: &str) -> String {
    match load_from(&Source::new("shop/scenario.yaml", text), &Anything) {
        Ok(_) => "accepted\n\n".to_owned(),
        Err(errors) => render::render(&errors, false),
    }
}

/// What is told about each spoilt scenario, one below the other.
fn all_told(texts: &[String]) -> String {
    texts.iter().map(|text| told(text)).collect()
}

/// The good scenario with some lines behind it.
fn with(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| format!("{GOOD}{line}\n")).collect()
}

/// The good scenario with something else instead of a piece of it.
fn instead(changes: &[(&str, &str)]) -> Vec<String> {
    for (good, _) in changes {
        assert!(GOOD.contains(good), "{good}");
    }
    changes.iter().map(|(good, bad)| GOOD.replace(good, bad)).collect()
}

/// Compares with the stored text; the expression that made it would only repeat the test.
macro_rules! assert_told {
    ($texts:expr) => {
        let told = all_told(&$texts);
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
    };
}

#[test]
fn the_good_scenario_is_accepted() {
    assert_eq!(told(GOOD), "accepted\n\n");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("inner")).expect("a folder");
    fs::write(path("outside.json"), "{}").expect("a file");
    fs::write(path("latin.yaml"), b"name: caf\xe9\n").expect("a file");
    fs::write(path("inner/away.yaml"), GOOD.replace("group.json", "../outside.json")).expect("a file");
    fs::write(path("inner/root.yaml"), GOOD.replace("group.json", "/etc/hosts")).expect("a file");
    fs::write(path("inner/gone.yaml"), GOOD).expect("a file");
    fs::write(path("inner/folder.yaml"), GOOD.replace("group.json", ".")).expect("a file");
    let mut told = String::new();
    let mut names = vec![
        "none.yaml",
        "inner",
        "latin.yaml",
        "inner/away.yaml",
        "inner/root.yaml",
        "inner/gone.yaml",
        "inner/folder.yaml",
    ];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink("../outside.json", path("inner/link.json")).expect("a link");
        fs::write(path("inner/link.yaml"), GOOD.replace("group.json", "link.json")).expect("a file");
        names.push("inner/link.yaml");
    }
    for name in names {
        let errors = load(&path(name)).expect_err(name);
        told.push_str(&render::render(&errors, false));
    }
    let told = told.replace(&format!("{}/", folder.path().display()), "");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
}

#[test]
fn texts_that_are_no_scenario() {
    let texts = [
        "",
        "just a text",
        "- a\n- b\n",
        "name: [1, 2\nuntil: 1h\n",
        "name: 'shop\nuntil: 1h\n",
        "name:\tshop\n\tuntil: 1h\n",
        "a: &a [*a]\n",
    ];
    assert_told!(texts.map(str::to_owned));
}

#[test]
fn keys_that_are_unknown_or_stand_twice() {
    let mut texts = instead(&[
        ("until: 1h", "untill: 1h"),
        ("count: 2", "cuont: 2"),
        ("system: oci", "system: oci, wait: true"),
        ("name: shop", "name: shop\nname: shop"),
        ("count: 2", "count: 2, count: 3"),
    ]);
    texts.extend(with(&["clusters: []", "actions: [ { at: 1m, click: shop } ]"]));
    assert_told!(texts);
}

#[test]
fn values_of_the_wrong_sort() {
    let mut texts = instead(&[
        ("name: shop", "name: 7"),
        ("until: 1h", "until: 90"),
        ("until: 1h", "until: soon"),
        ("until: 1h", "until: [1h]"),
        ("until: 1h", "until: 4000d"),
        ("until: 1h", "until: 0s"),
        ("count: 2", "count: two"),
        ("count: 2", "count: 2.5"),
        ("count: 2", "count: -1"),
        ("count: 2", "count: 0"),
        ("count: 2", "count: 99999999999999999999"),
        ("count: 2", "count: 4000000"),
        ("system: oci", "system: ocl"),
        ("- { document: group.json, system: oci }", "[]"),
        ("{ pool: gpu, count: 2, shape: VM.GPU.A10.2 }", "gpu"),
    ]);
    texts.extend(with(&[
        "seed: -1",
        "kubernetes: 1.36",
        "kubernetes: \"1.12\"",
        "epoch: yesterday",
        "stop_when_settled: yes",
    ]));
    assert_told!(texts);
}

#[test]
fn nodes_that_cannot_be() {
    let node = "{ pool: gpu, count: 2, shape: VM.GPU.A10.2 }";
    assert_told!(instead(&[
        (node, "{ count: 2, shape: VM.GPU.A10.2 }"),
        (node, "{ name: a, pool: a, shape: VM.GPU.A10.2 }"),
        (node, "{ name: a, count: 2, shape: VM.GPU.A10.2 }"),
        (node, "{ name: Gpu_1, shape: VM.GPU.A10.2 }"),
        (node, "{ pool: gpu, cpu: 4 }"),
        (node, "{ pool: gpu, cpu: 0, memory: 4 Gi }"),
        (node, "{ pool: gpu, cpu: -2, memory: 9999999Ei }"),
        (node, "{ pool: gpu, cpu: 4, memory: 4Gi, mig: all-1g.10gb }"),
        (node, "{ pool: gpu, shape: VM.GPU.A10.2, mig: all-9g.99gb }"),
        (node, "{ pool: gpu, shape: VM.GPU.A11.2 }"),
        (node, "{ pool: gpu, shape: Huge }"),
        (node, "{ pool: gpu, cpu: 4, memory: 4Gi, gpus: { count: 65 } }"),
        (node, "{ pool: gpu, cpu: 4, memory: 4Gi, taints: [ { key: a, effect: noschedule }, { effect: NoExecute } ] }"),
        (node, "{ pool: gpu, shape: VM.GPU.A10.2 }\n    - { pool: gpu, shape: VM.GPU.A10.2 }"),
        (
            node,
            "{ pool: a, count: 150000, shape: VM.GPU.A10.2 }\n    - { pool: b, count: 150000, shape: VM.GPU.A10.2 }"
        ),
    ]));
}

#[test]
fn behaviour_that_cannot_be() {
    assert_told!(with(&[
        "behaviour: [ { start: 1m } ]",
        "behaviour: [ { match: { deploymnet: vllm } } ]",
        "behaviour: [ { match: { kind: ConfigMap } } ]",
        "behaviour: [ { match: { image: 'a[bc]' } } ]",
        "behaviour: [ { match: {}, start: 4 } ]",
        "behaviour: [ { match: {}, start: { normal: { mean: 4m } } } ]",
        "behaviour: [ { match: {}, start: { norml: { mean: 4m } } } ]",
        "behaviour: [ { match: {}, start: { uniform: { min: 4m, max: 2m } } } ]",
        "behaviour: [ { match: {}, start: { uniform: { min: 4m, max: 5m, mean: 4m } } } ]",
        "behaviour: [ { match: {}, start: { empirical: [] } } ]",
        "behaviour: [ { match: {}, start: { normal: { mean: 4m, deviation: 1s }, uniform: {} } } ]",
        "behaviour: [ { match: {}, pull: 1m, image_size: 1Gi } ]",
        "behaviour: [ { match: {}, exit: 256 } ]",
        "behaviour: [ { match: {}, crash: { after: 1m, exit: 0, times: 0 } } ]",
        "behaviour: [ { match: { image: a }, build: { fails: true } } ]",
        "behaviour: [ { match: { step: itest }, pull: 5s } ]",
    ]));
}

#[test]
fn faults_and_actions_that_cannot_be() {
    assert_told!(with(&[
        "faults: [ { at: 1m } ]",
        "faults: [ { pod_kill: { deployment: web } } ]",
        "faults: [ { after: 1m, pod_kill: { deployment: web } } ]",
        "faults: [ { at: 1m, after: 30s, pod_kill: { deployment: web } } ]",
        "faults: [ { at: 2h, pod_kill: { deployment: web } } ]",
        "faults: [ { at: 1m, pod_kill: { deployment: web }, node_down: { node: gpu-0 } } ]",
        "faults: [ { at: 1m, pod_kill: {} } ]",
        "faults: [ { at: 1m, pod_kill: { deployment: web, pod: web-0 } } ]",
        "faults: [ { at: 1m, pod_kill: { deployment: web, count: 0 } } ]",
        "faults: [ { at: 1m, pod_kil: { deployment: web } } ]",
        "faults: [ { at: 1m, node_down: { running: web, for: 0s } } ]",
        "faults: [ { at: 1m, container_crash: { deployment: web, exit: 0 } } ]",
        "faults: [ { at: 1m, slow_start: { deployment: web } } ]",
        "faults: [ { at: 1m, on: { subject: deployment/web, reaches: active }, pod_kill: { deployment: web } } ]",
        "faults: [ { on: { subject: web, reaches: active }, pod_kill: { deployment: web } } ]",
        "faults: [ { on: { subject: deploiment/web, reaches: active }, pod_kill: { deployment: web } } ]",
        "faults: [ { on: { subject: deployment/web@east, reaches: active, occurrence: 0 }, pod_kill: { deployment: web } } ]",
        "faults: [ { name: a, at: 1m, pod_kill: { pod: x } }, { name: a, at: 1m, pod_kill: { pod: x } } ]",
        "faults: [ { at: 1m, watch_lag: { by: 0s } } ]",
        "faults: [ { at: 1m, watch_lag: { object: Podd, for: 1m } } ]",
        "faults: [ { at: 1m, watch_lag: { object: Pod/, for: 0s } } ]",
        "faults: [ { at: 1m, missed_event: { occurrence: 0 } } ]",
        "faults: [ { at: 1m, api_conflict: { times: 0, object: any } } ]",
        "faults: [ { at: 1m, watch_lag: { controller: podclique, for: 1m } } ]",
        "faults: [ { at: 1m, store_outage: { store: redis } } ]",
        "faults: [ { at: 1m, controller_restart: {} } ]",
        "faults: [ { at: 1m, controller_restart: { of: web, occurrence: 2 } } ]",
        "faults: [ { at: 1m, controller_restart: { of: web, before_write: Pod, after_write: any } } ]",
        "faults: [ { at: 1m, controller_restart: { of: kube-scheduler, controller: replicaset } } ]",
        "faults: [ { at: 1m, controller_restart: { of: kube-scheduler, before_write: Pod } } ]",
        "faults: [ { at: 1m, clock_skew: { node: gpu-0 } } ]",
        "faults: [ { at: 1m, clock_skew: { node: gpu-0, ahead: 1m, behind: 1m } } ]",
        "faults: [ { at: 1m, clock_skew: { node: gpu-0, behind: 0s } } ]",
        "faults: [ { on: { subject: deployment/web }, pod_kill: { pod: x } } ]",
        "faults: [ { on: { before_write: Podd }, pod_kill: { pod: x } } ]",
        "faults: [ { on: { before_write: Pod, after_read: Pod }, pod_kill: { pod: x } } ]",
        "faults: [ { on: { before_write: Pod, reaches: Ready }, pod_kill: { pod: x } } ]",
        "faults: [ { on: { before_read: record }, pod_kill: { pod: x } } ]",
        "faults: [ { on: { before_write: Pod, by: kubelet }, pod_kill: { pod: x } } ]",
        "faults: [ { on: { subject: deployment/web, reaches: active, by: oci }, pod_kill: { pod: x } } ]",
        "ties: [ { at: 1m, subject: web } ]",
        "ties: [ { at: 1m, subject: Pod/web-0, tie: 2000 } ]",
        "ties: [ { at: 1m, subject: Pod/web-0 }, { at: 1m, subject: Pod/web-0, tie: 2 } ]",
        "faults: [ { at: 1m, taint: { node: gpu-0, key: 'a b', effect: NoSchedule } } ]",
        "faults: [ { at: 1m, taint: { node: gpu-0, key: a, value: '-', effect: NoSchedule } } ]",
        "actions: [ { at: 1m } ]",
        "actions: [ { at: 1m, undeploy: '' } ]",
        "actions: [ { undeploy: web } ]",
        "actions: [ { at: 1m, promote: web } ]",
        "actions: [ { at: 1m, promote: { Rollout/web: half } } ]",
        "actions: [ { at: 1m, promote: { Rollout/a: full, Rollout/b: full } } ]",
        "behaviour: [ { match: { analysis: rate } } ]",
        "behaviour: [ { match: { image: a }, measurements: [ { is: Failed } ] } ]",
        "behaviour: [ { match: { analysis: rate }, measurements: [ { at: 1m, is: Failed }, { is: Successful } ] } ]",
        "behaviour: [ { match: { analysis: rate }, measurements: [ { is: Bad } ] } ]",
        "actions: [ { at: 1m, read: 2s, scale: { Deployment/web: 2 } } ]",
        "actions: [ { at: 1m, apply: a.yaml, delete: Deployment/web } ]",
        "actions: [ { at: 1m, apply: ../web.yaml } ]",
        "actions: [ { at: 1m, scale: {} } ]",
        "actions: [ { at: 1m, scale: { web: 2 } } ]",
        "actions: [ { at: 1m, scale: { Deployment/web: -1 } } ]",
        "actions: [ { at: 1m, scale: 3 } ]",
        "actions: [ { at: 1m, rollback: { Deployment/web: 0 } } ]",
        "actions: [ { at: 1m, undo: 3 } ]",
        "actions: [ { at: 1m, rollback: { Deployment/a: 1, Deployment/b: 1 } } ]",
        "actions: [ { at: 1m, pause: deployment/web } ]",
        "actions: [ { at: 1m, restart: Deploiment/web } ]",
    ]));
}

#[test]
fn nodes_that_a_fault_cannot_find() {
    assert_told!(with(&[
        "faults: [ { at: 1m, node_down: { node: gpu } } ]",
        "faults: [ { at: 1m, drain: { node: gpu-2 } } ]",
        "faults: [ { at: 1m, gpu_loss: { node: somewhere-else, count: 1 } } ]",
        "faults: [ { at: 1m, gpu_loss: { node: gpu-1, count: 1 } } ]",
        "oci: { node_pools: provision }\nfaults: [ { at: 1m, node_down: { node: other-0 } } ]",
    ]));
}

#[test]
fn expectations_that_cannot_be() {
    assert_told!(with(&[
        "expect: [ {} ]",
        "expect: [ { eventualy: { group/shop: monitoring } } ]",
        "expect: [ { eventually: {} } ]",
        "expect: [ { eventually: { shop: monitoring } } ]",
        "expect: [ { eventually: { group/: monitoring } } ]",
        "expect: [ { eventually: { group/shop: 1 } } ]",
        "expect: [ { eventually: { group/shop: monitoring }, never: { group/shop: failed } } ]",
        "expect: [ { never: { group/shop: failed }, within: 5m } ]",
        "expect: [ { final: { group/shop: failed }, from: 5m } ]",
        "expect: [ { stable_for: { group/shop: monitoring } } ]",
        "expect: [ { before: [ { group/shop: monitoring } ] } ]",
        "expect: [ { before: [ { group/shop: a, group/b: c }, { group/shop: monitoring } ] } ]",
        "expect: [ { always: 3 } ]",
        "expect: [ { always: 'true', until: { action: undeploy } } ]",
        "expect: [ { always: 'true', until: { action: undeploy, group/a: b } } ]",
        "actions: [ { at: 1m, undeploy: a }, { at: 2m, undeploy: b } ]\nexpect: [ { always: 'true', until: { action: undeploy } } ]",
        "faults: [ { name: boom, at: 1m, pod_kill: { pod: x } } ]\nexpect: [ { always: 'true', from: { fault: bom } } ]",
        "expect: [ { always: 'true', from: 3h } ]",
        "expect: [ { export: { deployment/web: x } } ]",
        "expect: [ { export: { deployment/web.url: '(' } } ]",
        "expect: [ { final: { group/shop: a }, view: believed } ]",
    ]));
}

#[test]
fn mistakes_are_told_together_and_in_order() {
    let text = "name: shop\nuntil: 1x\ncluster:\n  node: []\n  scheduler: []\ndeploy:\n  - { document: ../a.json, system: oci }\nfaults:\n  - { at: 5, pod_kill: { pod: x } }\n";
    assert_told!([text.to_owned()]);
}

#[test]
fn an_alias_bomb_and_a_deep_document() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let deep = format!("{}1{}\n", "[\n".repeat(120), "\n]".repeat(120));
    assert_told!([bomb, deep]);
}

/// What `greenroom check` prints about a scenario and its document, and its exit code.
fn checked(files: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it stands in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let mut command = assert_cmd::Command::cargo_bin("greenroom").expect("the binary is built");
    let output = command.current_dir(folder.path()).env_remove("CI").args(arguments).output().expect("it runs");
    format!(
        "$ greenroom {}\n{}{}exit {}\n\n",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().expect("it exits by itself"),
    )
}

/// A group of two members; each case spoils it.
const GROUP: &str = r#"{
  "deployment_group": {
    "name": "shop",
    "deployments": [
      {
        "name": "db",
        "exports": ["internal_dns_name"],
        "depends_on": [],
        "recipe": {
          "recipe_id": "db",
          "recipe_mode": "service",
          "deployment_name": "db",
          "recipe_image_uri": "registry.example.com/db:1",
          "recipe_node_shape": "VM.GPU.A10.2",
          "recipe_node_pool_size": 1,
          "recipe_replica_count": 1,
          "recipe_container_port": "5432"
        }
      },
      {
        "name": "api",
        "depends_on": ["db"],
        "recipe": {
          "recipe_id": "api",
          "recipe_mode": "service",
          "deployment_name": "api",
          "recipe_image_uri": "registry.example.com/api:1",
          "recipe_node_shape": "VM.GPU.A10.2",
          "recipe_node_pool_size": 1,
          "recipe_replica_count": 1,
          "recipe_container_port": "8080",
          "recipe_container_env": [ { "key": "DB", "value": "${db.internal_dns_name}" } ]
        }
      }
    ]
  }
}
"#;

#[test]
fn documents_that_cannot_be() {
    let spoils = [
        ("", ""),
        ("\"depends_on\": []", "\"depends_on\": [\"api\"]"),
        ("[\"db\"]", "[\"cache\"]"),
        ("[\"db\"]", "\"db\""),
        ("\"name\": \"api\"", "\"name\": \"db\""),
        ("${db.internal_dns_name}", "${db.service_url}"),
        ("${db.internal_dns_name}", "${cache.internal_dns_name}"),
        ("\"recipe_replica_count\": 1", "\"recipe_replica_count\": -1"),
        ("\"recipe_replica_count\": 1", "\"recipe_replica_count\": 1000000000000"),
        ("\"recipe_mode\": \"service\"", "\"recipe_mode\": \"servce\""),
        ("\"depends_on\": []", "\"dependson\": []"),
        ("\"depends_on\": [],", "\"depends_on\": []"),
        ("\"name\": \"shop\",", "\"name\": \"shop\", \"name\": \"shop\","),
        ("VM.GPU.A10.2", "VM.GPU"),
    ];
    let mut told = String::new();
    for (good, bad) in spoils {
        assert!(GROUP.contains(good), "{good}");
        let group = GROUP.replacen(good, bad, 1);
        told.push_str(&format!("{good} -> {bad}\n"));
        told.push_str(&checked(&[("scenario.yaml", GOOD), ("group.json", &group)], &["check", "scenario.yaml"]));
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
}

#[test]
fn the_command_says_it_too() {
    let good = [("scenario.yaml", GOOD), ("group.json", GROUP)];
    let bad = GOOD.replace("until: 1h", "untill: 1h");
    let bad = [("scenario.yaml", bad.as_str()), ("group.json", GROUP)];
    let mut told = String::new();
    for (files, arguments) in [
        (&good, &["check", "none.yaml"][..]),
        (&good, &["run", "none.yaml"]),
        (&good, &["run", "group.json"]),
        (&good, &["run"]),
        (&good, &["check", "group.json/x"]),
        (&good, &["run", "scenario.yaml", "--at", "5"]),
        (&good, &["run", "scenario.yaml", "--seed", "-1"]),
        (&good, &["run", "scenario.yaml", "--format", "xml"]),
        (&good, &["rum"]),
        (&bad, &["check"]),
        (&bad, &["run", "scenario.yaml"]),
        (&bad, &["test"]),
    ] {
        told.push_str(&checked(files, arguments));
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
}
