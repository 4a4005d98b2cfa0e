//! Explanations of whole scenarios: what they say in each form, that they are the same each time, and that their graphs hold
//! together. Method: scenarios of scenarios/, as they are and with expectations that fail, through the command line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `greenroom explain` prints; it ends with 0 whatever the scenario's expectations say.
fn explain(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    let output = command.arg("explain").args(args).current_dir(folder).env("NO_COLOR", "1").output();
    let output = output.expect("greenroom starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("greenroom prints UTF-8")
}

/// A scenario of scenarios/ with another list of expectations, in a folder of its own.
fn with_expectations(name: &str, expect: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(root().join("scenarios").join(name)).expect("the scenario is there") {
        let path = entry.expect("it can be read").path();
        std::fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("it can be copied");
    }
    let file = folder.path().join("scenario.yaml");
    let text = std::fs::read_to_string(&file).expect("a scenario");
    let (head, _) = text.split_once("\nexpect:\n").expect("it has expectations");
    std::fs::write(&file, format!("{head}\nexpect:\n{expect}")).expect("it can be written");
    folder
}

const DEADLOCK: &str = "scenarios/full-fleet-deadlock/scenario.yaml";

const READY_TOO_SOON: &str = "  - eventually: { manifests/llm: ready }
    within: 2m
  - final: { manifests/llm: ready, ReplicaSet/llm-r2: Complete }
  - never: { Pod/llm-r2-0: Unschedulable }
";

#[test]
fn a_pod_that_fits_nowhere_is_told_with_those_that_hold_its_place() {
    let pod = [DEADLOCK, "--subject", "Pod/llm-r2-0"];
    insta::assert_snapshot!("unschedulable_text", explain(root(), &pod));
    insta::assert_snapshot!("unschedulable_mermaid", explain(root(), &[&pod[..], &["--format", "mermaid"]].concat()));
    insta::assert_snapshot!("unschedulable_dot", explain(root(), &[&pod[..], &["--format", "dot"]].concat()));
}

#[test]
fn failed_expectations_are_told_with_what_their_subjects_wait_for() {
    let folder = with_expectations("full-fleet-deadlock", READY_TOO_SOON);
    insta::assert_snapshot!("failed_text", explain(folder.path(), &["scenario.yaml"]));
    insta::assert_snapshot!("failed_mermaid", explain(folder.path(), &["scenario.yaml", "--format", "mermaid"]));
}

#[test]
fn a_group_that_is_late_waits_for_its_members_and_their_pods() {
    let late = "  - eventually: { group/llama-stack: monitoring }\n    within: 3m\n";
    let folder = with_expectations("llama-stack", late);
    insta::assert_snapshot!("late_group_text", explain(folder.path(), &["scenario.yaml"]));
    insta::assert_snapshot!("late_group_dot", explain(folder.path(), &["scenario.yaml", "--format", "dot"]));
}

#[test]
fn a_run_in_which_all_went_well_is_told_by_its_end() {
    insta::assert_snapshot!("all_well", explain(root(), &["scenarios/llama-stack/scenario.yaml"]));
}

#[test]
fn a_pod_is_told_with_its_workload_and_its_node() {
    let file = "scenarios/node-lost-while-loading/scenario.yaml";
    let json: Value =
        serde_json::from_str(&explain(root(), &[file, "--entry", "0", "--format", "json"])).expect("JSON");
    assert_eq!(json["explanations"][0]["kind"], "entry");
    insta::assert_snapshot!(
        "pod_of_a_lost_node",
        explain(root(), &[file, "--subject", "Pod/llm-assistant-r1-0", "--at", "14m"])
    );
}

#[test]
fn a_fault_that_never_fires_is_told_with_the_subject_that_it_waits_for() {
    let folder = with_expectations("llama-stack", "  - eventually: { group/llama-stack: monitoring }\n");
    let file = folder.path().join("scenario.yaml");
    let text = std::fs::read_to_string(&file).expect("a scenario");
    let fault = "\nfaults:\n  - name: late\n    on: { subject: deployment/vllm, reaches: failed }\n    pod_kill: { deployment: vllm }\n";
    let before = text.find("\nfaults:").or(text.find("\nexpect:")).expect("it has expectations");
    let expect = text.find("\nexpect:").expect("it has expectations");
    std::fs::write(&file, format!("{}{fault}{}", &text[..before], &text[expect..])).expect("it can be written");
    insta::assert_snapshot!("unfired", explain(folder.path(), &["scenario.yaml"]));
}

/// The files of all scenarios.
fn scenarios() -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join("scenarios")).sort_by_file_name();
    let paths = entries.into_iter().map(|entry| entry.expect("scenarios/ can be read").into_path());
    paths.filter(|path| path.ends_with("scenario.yaml")).collect()
}

#[test]
fn twice_the_same_explanation_gives_the_same_bytes() {
    for file in scenarios() {
        let file = file.to_str().expect("UTF-8");
        for format in ["human", "json", "mermaid", "dot"] {
            let args = [file, "--format", format];
            assert_eq!(explain(root(), &args), explain(root(), &args), "{file} as {format}");
        }
    }
}

/// Every edge has two nodes, no node stands twice, and every line of the scenario is a root.
#[test]
fn graphs_hold_together() {
    for file in scenarios() {
        let file = file.to_str().expect("UTF-8");
        let json: Value = serde_json::from_str(&explain(root(), &[file, "--format", "json"])).expect("JSON");
        let nodes: Vec<&str> =
            json["graph"]["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["id"].as_str()).collect();
        let ids: BTreeSet<&str> = nodes.iter().copied().collect();
        assert_eq!(ids.len(), nodes.len(), "{file}");
        let edges = json["graph"]["edges"].as_array().expect("edges");
        for edge in edges {
            let [from, to] = ["from", "to"].map(|end| edge[end].as_str().expect("an id"));
            assert!(ids.contains(from) && ids.contains(to) && !to.starts_with("line"), "{file}: {edge}");
        }
        let told = json["explanations"].as_array().expect("explanations");
        assert!(told.is_empty() || nodes.iter().any(|node| node.starts_with("line")), "{file}");
    }
}

/// A graph that waits is told with the pod that has no room, and with who holds its GPUs: over its component's own resource, or over
/// cliques and gangs.
#[test]
fn a_graph_is_told_down_to_the_pod_that_has_no_room() {
    for (file, subject, by, pod) in [
        (
            "scenarios/dynamo/no-spare-gpu/scenario.yaml",
            "graph/chat",
            "DynamoComponentDeployment/chat-worker",
            "Pod/chat-worker",
        ),
        (
            "scenarios/grove/packed-by-rack/scenario.yaml",
            "PodCliqueSet/llm",
            "PodClique/llm-0-decode-1",
            "Pod/llm-0-decode-1",
        ),
        ("scenarios/gangs/parts-or-nothing/scenario.yaml", "manifests/graph", "StatefulSet/decode", "Pod/decode-2"),
    ] {
        let json: Value =
            serde_json::from_str(&explain(root(), &[file, "--subject", subject, "--format", "json"])).expect("JSON");
        let told = json["explanations"][0].to_string();
        for name in [by, pod, "Unschedulable"] {
            assert!(told.contains(name), "{file}: {name}\n{told}");
        }
    }
}
