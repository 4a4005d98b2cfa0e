//! What keeps a run from starting: one message and exit code 5, and nothing is made.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::ground::{ground, share};
use crate::play::{Scenario, Started, end, greenroom, web};
use crate::testbed;

/// A kubeconfig whose context `here`, which is also the current one, leads to this server.
pub fn kubeconfig(folder: &TempDir, server: &str) -> PathBuf {
    let text = format!(
        "apiVersion: v1
kind: Config
current-context: here
clusters: [ {{ name: here, cluster: {{ server: \"{server}\" }} }} ]
users: [ {{ name: here, user: {{ token: nobody }} }} ]
contexts:
  - {{ name: here, context: {{ cluster: here, user: here }} }}
  - {{ name: there, context: {{ cluster: here, user: here }} }}
"
    );
    let file = folder.path().join("kubeconfig");
    fs::write(&file, text).expect("a file can be written");
    file
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

#[test]
fn a_context_that_is_not_there_is_told_with_those_that_are() {
    let folder = folder();
    let file = kubeconfig(&folder, "https://127.0.0.1:1");
    for verb in ["cleanup", "doctor"] {
        let ended = end(greenroom().env("KUBECONFIG", &file).args([verb, "--context", "nope"]));
        ended.expect_message(5, &["no context `nope`", "here, there"]);
    }
    let scenario = web("1s", "");
    let ended = end(greenroom().env("KUBECONFIG", &file).arg("run").arg(scenario.file()).args(["--context", "nope"]));
    ended.expect_message(5, &["no context `nope`", "here, there"]);
}

#[test]
fn a_user_who_is_not_there_is_told() {
    let folder = folder();
    let file = kubeconfig(&folder, "https://127.0.0.1:1");
    let text =
        fs::read_to_string(&file).expect("the file is there").replace("users: [ { name: here", "users: [ { name: else");
    fs::write(&file, text).expect("a file can be written");
    let ended = end(greenroom().env("KUBECONFIG", &file).args(["doctor", "--context", "here"]));
    ended.expect_message(5, &["context `here` has the user `here`", "not in it"]);
}

#[test]
fn what_is_about_a_cluster_asks_for_one() {
    let scenario = web("1s", "");
    for option in ["--fake-nodes", "--keep", "--allow-node-faults"] {
        end(greenroom().arg("run").arg(scenario.file()).arg(option)).expect(2, &[option, "--context"]);
    }
    let json = ["--dry-run", "--format", "json"];
    end(greenroom().arg("run").arg(scenario.file()).args(json)).expect(2, &["--dry-run shows YAML"]);
}

#[test]
fn a_kubeconfig_that_is_not_there_is_named() {
    let folder = folder();
    let missing = folder.path().join("missing");
    let scenario = web("1s", "");
    let run = |variable: &str, value: &Path| {
        let mut command = greenroom();
        command.env_remove("KUBECONFIG").env(variable, value);
        end(command.arg("run").arg(scenario.file()).args(["--context", "here"]))
    };
    let ended = run("KUBECONFIG", &missing);
    ended.expect_message(5, &["cannot read the kubeconfig", &missing.display().to_string()]);
    let ended = run("HOME", folder.path());
    ended.expect_message(5, &["cannot read the kubeconfig", "~/.kube/config", "KUBECONFIG is not set"]);
}

#[test]
fn an_api_that_does_not_answer_is_told() {
    let folder = folder();
    // A port that was free a moment ago, and that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let file = kubeconfig(&folder, &format!("https://127.0.0.1:{port}"));
    let scenario = web("1s", "");
    let ended = end(greenroom().env("KUBECONFIG", file).arg("run").arg(scenario.file()).args(["--context", "here"]));
    ended.expect_message(5, &["`here` cannot be reached", "refused"]);
}

#[test]
fn an_api_that_is_too_old_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("greenroom connects");
        let mut request = [0; 4096];
        let read = stream.read(&mut request).expect("a request");
        let version = r#"{"major":"1","minor":"20+","gitVersion":"v1.20.15","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{version}",
            version.len()
        );
        stream.write_all(answer.as_bytes()).expect("the answer can be sent");
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let folder = folder();
    let file = kubeconfig(&folder, &format!("http://127.0.0.1:{port}"));
    let scenario = web("1s", "");
    let ended = end(greenroom().env("KUBECONFIG", file).arg("run").arg(scenario.file()).args(["--context", "here"]));
    ended.expect_message(5, &["v1.20.15", "needs 1.30 or newer"]);
    let asked = server.join().expect("the server ends");
    assert!(asked.starts_with("GET /version "), "{asked}");
}

/// A current context is no permission: without `--context` a run is a simulation, and the other verbs refuse.
#[test]
fn a_cluster_that_nobody_named_is_not_touched() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("it can be asked without waiting");
    let port = listener.local_addr().expect("its address").port();
    let folder = folder();
    let file = kubeconfig(&folder, &format!("http://127.0.0.1:{port}"));
    let scenario = web("1m", "");
    for flags in [&[] as &[&str], &["--dry-run", "--fake-nodes"]] {
        let ended = end(greenroom().env("KUBECONFIG", &file).arg("run").arg(scenario.file()).args(flags));
        ended.expect(0, &["Deployment"]);
    }
    for verb in ["cleanup", "doctor"] {
        end(greenroom().env("KUBECONFIG", &file).arg(verb)).expect(2, &["--context"]);
    }
    end(greenroom().env("KUBECONFIG", &file).arg("conform").arg(scenario.file())).expect(2, &["--context"]);
    let connected = listener.accept().map(|_| ());
    assert!(connected.is_err(), "something connected to the current context");
}

#[test]
fn a_fault_that_no_api_can_cause_is_refused_before_anything_is_made() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let scenario = web("10s", "faults: [ { name: dark, at: 1s, gpu_loss: { node: cpu-0 } } ]");
    let started = ground.start(&scenario, &[]);
    let run = started.run.clone();
    started.end().expect_message(5, &["a live run cannot do this", "fault dark (gpu_loss)"]);
    ground.expect_nothing_of(&run);
}

#[test]
fn a_cluster_without_the_gpus_is_refused() {
    let Some(ground) = ground() else { return };
    let _shared = share();
    let node = ground.node(&format!("gpu-less-{}", std::process::id()), serde_json::json!({}), serde_json::json!([]));
    let text = "name: gpus
until: 10s
cluster: { nodes: [ { pool: a10, count: 2, shape: VM.GPU.A10.2 } ] }
deploy: [ { document: web.yaml, system: kubernetes } ]
";
    let scenario = Scenario::new(text, &[("web.yaml", crate::play::WEB)]);
    let mut command = ground.greenroom("run");
    let selector = format!("kubernetes.io/hostname={}", node.name);
    let started = Started::new(command.arg(scenario.file()).args(["--node-selector", &selector]));
    let run = started.run.clone();
    started.end().expect_message(5, &["have 4 nvidia.com/gpu, those of the cluster 0", "--fake-nodes"]);
    ground.expect_nothing_of(&run);
}

#[test]
fn nobody_who_plays_the_nodes_is_told() {
    let Some(testbed) = testbed::up() else { return };
    testbed.launcher(&["kill", "--component", "kwok"]);
    let ground = testbed.ground();
    let scenario = web("10s", "");
    let started = ground.start(&scenario, &[]);
    let run = started.run.clone();
    started.end().expect_message(5, &["not ready after 30 s", "kwok"]);
    ground.expect_nothing_of(&run);
    end(ground.greenroom("doctor").arg("--fake-nodes")).expect(5, &["fail  kwok", "not ready after 30 s"]);
    assert!(ground.all::<k8s_openapi::api::core::v1::Node>().is_empty(), "doctor left its node");
}
