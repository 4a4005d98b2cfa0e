//! Goal: every form of a plan is well formed and says the same, limits and baselines decide the exit code, and wrong arguments
//! get one clear message. Method: the binary is run on scenarios and on manifests in a folder of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const STUCK: &str = "scenarios/stuck-single-gpu/scenario.yaml";
const MENDED: &str = "scenarios/stuck-single-gpu/mended.greenroom.yaml";

fn plan(folder: &Path, args: &[&str]) -> Output {
    let mut greenroom = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    greenroom.arg("plan").args(args).current_dir(folder).env("NO_COLOR", "1").output().expect("greenroom starts")
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[track_caller]
fn json(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

#[test]
fn the_text_of_a_plan() {
    let told = plan(here(), &[STUCK]);
    assert_eq!(told.status.code(), Some(1));
    insta::assert_snapshot!(stdout(&told));
    let told = plan(here(), &[MENDED]);
    assert_eq!(told.status.code(), Some(0));
    insta::assert_snapshot!(stdout(&told));
}

#[test]
fn json_sarif_and_annotations_say_the_same() {
    let told = json(&plan(here(), &[STUCK, "--format", "json"]));
    assert_eq!(told["outcome"], "deadlocked");
    assert_eq!((&told["gpus"]["peak"], &told["exit_code"]), (&Value::from(1), &Value::from(1)));
    let finding = &told["findings"][0];
    assert_eq!((&finding["rule"], &finding["level"]), (&Value::from("GR001"), &Value::from("error")));
    assert_eq!(finding["place"]["file"], "scenarios/stuck-single-gpu/vllm-v2.yaml");
    assert_eq!(finding["mends"].as_array().map(Vec::len), Some(3));

    let sarif = json(&plan(here(), &[STUCK, "--format", "sarif"]));
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    let rule = result["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "GR001");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"]),
        (&finding["place"]["line"], &finding["place"]["column"])
    );

    let github = stdout(&plan(here(), &[STUCK, "--format", "github"]));
    assert!(
        github.starts_with("::error file=scenarios/stuck-single-gpu/vllm-v2.yaml,line=6,col=3,title=GR001"),
        "{github}"
    );
    assert_eq!(plan(here(), &[STUCK]).stdout, plan(here(), &[STUCK]).stdout, "twice the same bytes");
}

#[test]
fn limits_decide_the_exit_code() {
    let code = |args: &[&str]| plan(here(), args).status.code();
    assert_eq!(code(&[STUCK, "--fail-on", "outage>30s"]), Some(0));
    assert_eq!(code(&[STUCK, "--fail-on", "peak-gpus>64,deadlock"]), Some(1));
    assert_eq!(code(&[STUCK, "--fail-on", "GR001"]), Some(1));
    assert_eq!(code(&[MENDED, "--fail-on", "deadlock,peak-gpus>1"]), Some(0));
    assert_eq!(code(&[MENDED, "--fail-on", "outage>30s"]), Some(1));
    assert_eq!(code(&[MENDED, "--fail-on", "warning"]), Some(1));
    assert_eq!(code(&[MENDED, "--fail-on", "available<1"]), Some(1));
    assert_eq!(code(&[MENDED, "--fail-on", "duration>1h,stall>1h,extra-gpus>0"]), Some(0));
}

#[test]
fn what_the_baseline_has_too_fails_nothing() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let kept = folder.path().join("before.json").to_string_lossy().into_owned();
    assert_eq!(plan(here(), &[STUCK, "--format", &format!("json={kept}")]).status.code(), Some(1));
    let same = plan(here(), &[STUCK, "--baseline", &kept]);
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    assert!(stdout(&same).contains("beside the baseline:\n  nothing differs\n"), "{}", stdout(&same));
    let better = stdout(&plan(here(), &[MENDED, "--baseline", STUCK]));
    assert!(better.contains("gone GR001 Deployment/vllm"), "{better}");
    assert!(better.contains("the end                deadlocked -> finished\n"), "{better}");
    let worse = plan(here(), &[STUCK, "--baseline", MENDED]);
    assert_eq!(worse.status.code(), Some(1));
    assert!(stdout(&worse).contains("new  GR001 Deployment/vllm"), "{}", stdout(&worse));
}

#[test]
fn two_folders_of_manifests_and_a_cluster() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    };
    let text = fs::read_to_string(here().join("scenarios/stuck-single-gpu/vllm.yaml")).expect("it is there");
    write("now/a/vllm.yaml", &text);
    write("next/vllm.yaml", &text.replace("chat:1", "chat:2"));
    write("next/notes.txt", "no manifest\n");
    write("cluster.yaml", "nodes: [ { pool: gpu, count: 2, shape: VM.GPU.A10.1 } ]\n");
    let told = plan(folder.path(), &["--from", "now", "--to", "next", "--cluster", "cluster.yaml"]);
    assert_eq!(told.status.code(), Some(0), "{}{}", stdout(&told), stderr(&told));
    assert!(stdout(&told).contains("1 before, 2 at most (1 more than before and after"), "{}", stdout(&told));
    let first = plan(folder.path(), &["--to", "next", "--cluster", "cluster.yaml"]);
    assert!(stdout(&first).contains("0 before, 1 at most"), "{}", stdout(&first));
}

#[test]
fn wrong_arguments_get_one_message() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::create_dir(folder.path().join("empty")).expect("it can be made");
    fs::write(folder.path().join("cluster.yaml"), "nodes: [ { pool: gpu, cout: 2, shape: VM.GPU.A10.1 } ]\n")
        .expect("written");
    fs::write(folder.path().join("bad.json"), "{}\n").expect("written");
    let stuck = here().join(STUCK).to_string_lossy().into_owned();
    let cases: [(&[&str], i32, &str); 8] = [
        (&[], 2, "required arguments"),
        (&["nothing.yaml"], 2, "there is no such file"),
        (&[&stuck, "--fail-on", "outge>3s"], 2, "did you mean `outage`?"),
        (&[&stuck, "--format", "junit"], 2, "there is no junit of this"),
        (&["--to", "empty", "--cluster", "cluster.yaml"], 2, "did you mean `count`?"),
        (&["--to", "empty"], 2, "--cluster"),
        (&[&stuck, "--baseline", "nothing.json"], 5, "cannot read nothing.json"),
        (&[&stuck, "--baseline", "bad.json"], 5, "it is no plan as `plan --format json` writes it"),
    ];
    for (args, code, told) in cases {
        let output = plan(folder.path(), args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{args:?}: {}", stderr(&output));
    }
}

/// Goal: no secret of a document comes out of a plan. Method: manifests on one line each, with secrets beside what findings
/// point at.
#[test]
fn no_secret_of_a_document_comes_out() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let document = |tag: u32| {
        format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","annotations":{{"last":"hunter2-annotation"}}}},"spec":{{"replicas":1,"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"containers":[{{"name":"c","image":"a:{tag}","args":["--token=hunter3-arg"],"env":[{{"name":"PW","value":"hunter4-env"}}],"resources":{{"limits":{{"nvidia.com/gpu":1}}}}}}]}}}}}}}}"#
        )
    };
    fs::write(folder.path().join("old.json"), document(1)).expect("written");
    fs::write(folder.path().join("new.json"), document(2)).expect("written");
    fs::write(folder.path().join("cluster.yaml"), "nodes: [ { pool: gpu, count: 1, shape: VM.GPU.A10.1 } ]\n")
        .expect("written");
    for format in ["human", "json", "sarif", "github"] {
        let args = ["--from", "old.json", "--to", "new.json", "--cluster", "cluster.yaml", "--format", format];
        let output = plan(folder.path(), &args);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let printed = stdout(&output) + &stderr(&output);
        assert!(printed.contains("GR001") && !printed.contains("hunter"), "{format}: {printed}");
    }
}
