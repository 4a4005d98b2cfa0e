//! Goal: a scenario that fails shrinks to one that fails for the same reason, is small, and is the same file each time. Method:
//! scenarios of the repository are made to fail, by expecting what does not hold or by faults that nothing mends, and shrunk; what
//! comes out is run, shrunk again, and robbed of each part that it still has.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use greenroom::explore::shrink::draft::{Draft, File, Spot};
use greenroom::explore::shrink::goal::{Failure, Goal};
use greenroom::explore::shrink::tree::{Step, Tree, keys};
use greenroom::explore::shrink::trial;
use greenroom::explore::shrink::{Options, Refusal, Shrunk, TRIES_DEFAULT, shrink};
use greenroom::scenario::Folder;
use greenroom::text::Source;

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A scenario of the repository with another text, shrunk.
fn shrunk(
    folder: &str,
    change: impl Fn(String) -> String,
    keep: Option<&str>,
    tries: usize,
) -> Result<Shrunk, Refusal> {
    let folder = top().join("scenarios").join(folder);
    let text = fs::read_to_string(folder.join("scenario.yaml")).expect("it is there");
    // What oracles find in it, the scenario expects; here it fails by it.
    let text = change(text.split("\noracles:\n").next().unwrap_or(&text).to_owned());
    let options = Options { keep, tries_max: tries, ..Options::default() };
    shrink(&Source::new("scenario.yaml", text), &Folder::new(folder), options)
}

/// The same, which must succeed.
fn small(folder: &str, change: impl Fn(String) -> String, keep: Option<&str>) -> Shrunk {
    match shrunk(folder, change, keep, TRIES_DEFAULT) {
        Ok(shrunk) => shrunk,
        Err(refusal) => panic!("{folder}: {refusal:?}"),
    }
}

/// Documents in memory.
struct Files<'f>(&'f BTreeMap<String, std::sync::Arc<str>>);

impl greenroom::scenario::Documents for Files<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).map(|text| text.to_string()).ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        let below = format!("{path}/");
        Ok(self.0.keys().filter_map(|name| name.strip_prefix(&below).map(str::to_owned)).collect())
    }
}

/// What was shrunk, read from its texts as from files.
fn read(shrunk: &Shrunk) -> Draft {
    let name = format!("{}.greenroom.yaml", shrunk.name);
    let read = Draft::read(&Source::new(name, shrunk.text.as_str()), &Files(&shrunk.documents));
    read.unwrap_or_else(|problems| panic!("{}\n{problems:?}", shrunk.text)).0
}

/// True if a draft fails in this way.
fn fails(draft: &Draft, goal: &Goal) -> bool {
    let run = draft.load().ok().and_then(|scenario| trial::run(&scenario, usize::MAX).ok());
    run.is_some_and(|run| goal.failure(&run).is_some())
}

/// Holds what is promised of every shrunk scenario: it fails from its texts alone, has the bounds, and needs each of its parts.
fn hold(shrunk: &Shrunk, goal: &Goal) {
    let draft = read(shrunk);
    assert!(fails(&draft, goal), "{}", shrunk.text);
    assert!(shrunk.scenario.faults.len() <= 3 && shrunk.nodes() <= 5, "{}", shrunk.text);
    assert_eq!(shrunk.run.exit_code(), 1, "{}", shrunk.text);
    for list in ["faults", "actions", "behaviour"] {
        let count = draft.scenario.key(list).map_or(0, |list| list.items().len());
        for at in 0..count {
            let path = [keys(&[list]), vec![Step::Index(at)]].concat();
            let without = draft.clone().without(&[Spot { file: File::Scenario, path }]);
            assert!(list == "behaviour" || !fails(&without, goal), "{list}[{at}] is not needed in\n{}", shrunk.text);
        }
    }
}

/// The scenario with other expectations than its own, at its end.
fn expecting(text: &str, expect: &str) -> String {
    let end = text.find("\nexpect:").unwrap_or(text.len());
    format!("{}\noracles: {{ only: [] }}\nexpect:\n{expect}\n", text[..end].trim_end())
}

fn goal_of(shrunk: &Shrunk) -> Goal {
    shrunk.failure.goal.clone()
}

#[test]
fn a_lost_node_is_all_that_is_left_of_a_degraded_fleet() {
    let change = |text: String| {
        let more = "  - { name: cordoned, at: 1m, cordon: { node: a10-2 } }
  - { name: killed, on: { subject: manifests/chat, reaches: ready }, after: 7m, pod_kill: { workload: chat, count: 1 } }
";
        expecting(&text.replace("\nexpect:", &format!("{more}\nexpect:")), "  - never: { Node/a10-0: NotReady }")
    };
    let one = small("node-lost", change, None);
    hold(&one, &goal_of(&one));
    assert_eq!((one.scenario.faults.len(), one.nodes()), (1, 1), "{}", one.text);
    assert_eq!(one.scenario.faults[0].name, "power-cut");
    assert!(one.text.contains("# What is left of node-lost"), "{}", one.text);
    let again = small("node-lost", change, None);
    assert_eq!((&one.text, &one.documents), (&again.text, &again.documents));
    insta::assert_snapshot!(one.text);
}

#[test]
fn a_full_fleet_becomes_one_node_and_one_replica() {
    let one = small("full-fleet-deadlock", |text| expecting(&text, "  - never: { manifests/llm: failed }"), None);
    hold(&one, &goal_of(&one));
    assert!(one.nodes() <= 2, "{}", one.text);
    insta::assert_snapshot!(one.text);
}

#[test]
fn a_group_loses_the_members_that_play_no_part() {
    let change = |text: String| {
        let faults = "
faults:
  - { name: db, at: 20m, pod_kill: { deployment: postgres } }
  - { name: gpu, at: 25m, gpu_loss: { node: a10-0, for: 3m } }
  - { name: down, on: { subject: deployment/vllm, reaches: monitoring }, after: 7m13s, node_down: { running: vllm, for: 10m } }
";
        let expect = "  - always: \"ready('deployment/vllm') >= 1\"\n    from: { deployment/vllm: monitoring }";
        expecting(&text.replace("\nexpect:", &format!("{faults}\nexpect:")), expect)
    };
    let one = small("llama-stack", change, None);
    hold(&one, &goal_of(&one));
    let members = one.documents.values().next().expect("a document").matches("\"recipe\"").count();
    assert_eq!((one.scenario.faults.len(), one.nodes(), members), (1, 1, 1), "{}\n{:?}", one.text, one.documents);
    insta::assert_snapshot!(one.text);
}

/// A scenario without expectations, and with more at its end: the oracles alone judge it.
fn unexpecting(text: &str, more: &str) -> String {
    let end = text.find("\nexpect:").unwrap_or(text.len());
    format!("{}\n{more}", &text[..end])
}

/// Goal: what an oracle finds is kept, is all that judges, and is said as an expectation too where it can be.
#[test]
fn what_an_oracle_finds_is_said_as_an_expectation() {
    let one = small("full-fleet-deadlock", |text| unexpecting(&text, ""), Some("stuck"));
    hold(&one, &goal_of(&one));
    assert!(one.name.starts_with("GR106-") && one.text.contains("only: [ stuck ]"), "{}", one.text);
    insta::assert_snapshot!(one.text);
    // A run that ends once its expectations are settled goes on where there are none.
    let one = small("stuck-single-gpu", |text| text, Some("stuck"));
    hold(&one, &goal_of(&one));
    let down = "
faults:
  - { name: idle, at: 5m, cordon: { node: cpu-0, for: 1m } }
  - { name: down, at: 20m30s, node_down: { running: vllm, for: 10m } }
  - { name: crash, at: 50m, container_crash: { deployment: postgres } }
";
    let one = small("llama-stack", |text| unexpecting(&text, down), Some("GR104"));
    hold(&one, &goal_of(&one));
    assert!(one.text.contains("outage('") && one.scenario.expect.len() == 1, "{}", one.text);
    assert_eq!((one.scenario.faults.len(), one.nodes()), (1, 1), "{}", one.text);
    insta::assert_snapshot!(one.text);
}

/// Goal: who asks for an end gets what is smallest by then, or is told that there was no time for anything.
#[test]
fn an_end_that_is_asked_for_is_an_end() {
    let folder = top().join("scenarios/full-fleet-deadlock");
    let text = fs::read_to_string(folder.join("scenario.yaml")).expect("a text");
    let source = Source::new("scenario.yaml", expecting(&text, "  - never: { manifests/llm: failed }"));
    let stop = std::sync::atomic::AtomicBool::new(true);
    let options = Options { stop: Some(&stop), ..Options::default() };
    let refusal = shrink(&source, &Folder::new(&folder), options).expect_err("nothing was tried");
    assert!(matches!(refusal, Refusal::Stopped), "{refusal:?}");
}

/// Goal: a limit of tries is kept and told, and what was found by then is written.
#[test]
fn a_limit_of_tries_is_kept() {
    let change = |text: String| expecting(&text, "  - never: { manifests/llm: failed }");
    let one = shrunk("full-fleet-deadlock", change, None, 5).expect("it fails");
    assert!(one.is_cut_short);
    assert!(fails(&read(&one), &goal_of(&one)));
    let whole = small("full-fleet-deadlock", change, None);
    assert!(!whole.is_cut_short && whole.tries > 5);
}

#[test]
fn nothing_is_shrunk_where_nothing_fails() {
    let refusal = shrunk("llama-stack", |text| text, None, 10).expect_err("nothing fails");
    assert!(matches!(&refusal, Refusal::NothingFails(all) if all.is_empty()), "{refusal:?}");
    let change = |text: String| expecting(&text, "  - never: { manifests/llm: failed }");
    let refusal = shrunk("full-fleet-deadlock", change, Some("outage"), 10).expect_err("no such failure");
    assert!(matches!(&refusal, Refusal::NothingFails(all) if all.len() == 1), "{refusal:?}");
    let refusal = shrunk("llama-stack", |text| text.replace("until: 1h", "until: x"), None, 10);
    assert!(matches!(refusal, Err(Refusal::Invalid(_))));
}

/// Goal: shrinking copes with every sort of scenario. Method: of scenarios of every system, something that comes to be is said never to
/// be, and a few hundred smaller ones are tried.
#[test]
fn scenarios_of_every_system_shrink() {
    let folders = [
        "paasta/bounce-lib",
        "backendai/blue-green-auto",
        "onebackend/regions",
        "dynamo/no-spare-gpu",
        "grove/group-scaled",
        "gangs/waits-for-room",
        "faults/watch-lag",
        "canary-aborted",
        "statefulset-update",
        "autoscaled-by-load",
        "undeploy-reverse",
        "gpu-packed-by-config",
    ];
    for folder in folders {
        let never = |text: String| {
            let source = Source::new("scenario.yaml", text.as_str());
            let folder = Folder::new(top().join("scenarios").join(folder));
            let (draft, _) = Draft::read(&source, &folder).unwrap_or_else(|problems| panic!("{problems:?}"));
            let expects = draft.scenario.key("expect").map(Tree::items).unwrap_or_default();
            let states = expects.iter().find_map(|entry| entry.key("eventually")).expect("something comes to be");
            let never = Tree::List(vec![Tree::one("never", states.clone())]);
            draft.edited(&File::Scenario, |tree| tree.set("expect", never)).text()
        };
        let one = match shrunk(folder, never, Some("never"), 150) {
            Ok(one) => one,
            Err(refusal) => panic!("{folder}: {refusal:?}"),
        };
        assert!(fails(&read(&one), &goal_of(&one)), "{folder}\n{}", one.text);
        let again = shrunk(folder, never, Some("never"), 150).expect("as before");
        assert_eq!((&one.text, &one.documents), (&again.text, &again.documents), "{folder}");
    }
}

/// Goal: no secret of a document is written, whatever is left of it.
#[test]
fn no_secret_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifests = "# password=hunter2-comment
apiVersion: v1
kind: Secret
metadata: { name: login }
data: { password: aHVudGVyMg== }
stringData: { token: hunter2-plain }
---
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: web
      image: registry.example.com/web:1
      args: [ --api-token, hunter2-arg ]
      env:
        - { name: DB, value: \"postgres://u:hunter2-url@db/x\" }
";
    fs::write(folder.path().join("web.yaml"), manifests).expect("a file");
    let text = "name: web
until: 5m
cluster: { nodes: [ { pool: cpu, count: 1, cpu: 4, memory: 8Gi } ] }
deploy: [ { document: web.yaml, system: kubernetes } ]
expect: [ { never: { Pod/web: Ready } } ]
";
    // So many tries are too few to take the secrets away.
    for tries in [1, 3, TRIES_DEFAULT] {
        let source = Source::new("scenario.yaml", text);
        let options = Options { tries_max: tries, ..Options::default() };
        let one = shrink(&source, &Folder::new(folder.path()), options).expect("it fails");
        let written: String = one.documents.values().map(|text| text.to_string()).collect::<String>() + &one.text;
        assert!(!written.contains("hunter2") && !written.contains("aHVudGVyMg"), "{written}");
    }
}

fn greenroom(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_greenroom")).current_dir(folder).args(arguments).output();
    let output = run.expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Goal: the command writes what `run` fails on and `test` finds with its snapshot; it leaves alone what is not its own.
#[test]
fn what_the_command_writes_is_run_and_tested() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = |name: &str| folder.path().join(name);
    for name in ["llm.yaml", "llm-v2.yaml"] {
        fs::copy(top().join("scenarios/full-fleet-deadlock").join(name), there(name)).expect("a file");
    }
    let text = fs::read_to_string(top().join("scenarios/full-fleet-deadlock/scenario.yaml")).expect("a text");
    fs::write(there("scenario.yaml"), expecting(&text, "  - never: { manifests/llm: failed }")).expect("a file");
    fs::create_dir(there(".git")).expect("the top of a working copy");
    let (code, out, told) = greenroom(folder.path(), &["shrink", "scenario.yaml", "--format", "json"]);
    assert_eq!(code, Some(0), "{out}{told}");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let file = json["file"].as_str().expect("a path");
    assert!(file.starts_with("found/never-") && file.ends_with(".greenroom.yaml"), "{file}");
    let (code, out, _) = greenroom(folder.path(), &["run", file]);
    assert_eq!(code, Some(1), "{out}");
    let (code, out, _) = greenroom(folder.path(), &["test", "found"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("never manifests/llm: failed") && !out.contains("snapshot"), "{out}");
    // Once more: the same files, and nothing to complain of.
    let written = fs::read(there(file)).expect("a file");
    let (code, out, _) = greenroom(folder.path(), &["shrink", "scenario.yaml"]);
    assert_eq!((code, fs::read(there(file)).expect("a file")), (Some(0), written), "{out}");
    fs::write(there(file), "name: mine\n").expect("a file");
    let (code, _, told) = greenroom(folder.path(), &["shrink", "scenario.yaml"]);
    assert!(code == Some(5) && told.contains("is there already"), "{told}");
    assert_eq!(fs::read_to_string(there(file)).expect("a file"), "name: mine\n");
    // What cannot be shrunk.
    let (code, _, told) = greenroom(folder.path(), &["shrink", "scenario.yaml", "--keep", "outage"]);
    assert!(code == Some(4) && told.contains("never manifests/llm: failed"), "{told}");
    assert_eq!(greenroom(folder.path(), &["shrink", "gone.yaml"]).0, Some(2));
    assert_eq!(greenroom(folder.path(), &["shrink", "scenario.yaml", "--tries", "0"]).0, Some(2));
}

/// Goal: every way to fail is found again by itself. Method: the failures of one run are looked for among those of the same run.
#[test]
fn each_failure_of_a_run_is_its_own_goal() {
    let folder = top().join("scenarios/full-fleet-deadlock");
    let text = fs::read_to_string(folder.join("scenario.yaml")).expect("a text");
    let expect = "  - never: { manifests/llm: failed }\n  - eventually: { manifests/llm: rejected }\n    within: 5m";
    let source = Source::new("scenario.yaml", expecting(&text, expect));
    let (_, scenario) = Draft::read(&source, &Folder::new(folder)).expect("it is valid");
    let run = trial::run(&scenario, usize::MAX).expect("it runs");
    let all = Failure::all(&run);
    assert_eq!(all.len(), 2);
    for failure in &all {
        assert_eq!(failure.goal.failure(&run).as_ref(), Some(failure));
        assert!(failure.goal.is_alike(&run));
    }
}

#[test]
fn what_is_found_of_one_does_not_become_what_is_found_of_another() {
    // Without the tie the same oracle finds the same of the other Deployment.
    let plain = |text: String| text.split("\nexpect:\n").next().unwrap_or(&text).to_owned();
    let shrunk = small("faults/tie-decides-who-has-room", plain, None);
    assert_eq!(shrunk.failure.title(), "GR106 stuck Deployment/amber", "{}", shrunk.text);
    assert_eq!(shrunk.scenario.ties.len(), 1, "{}", shrunk.text);
}

/// Goal: what a scenario names is found beside the file that is written, a profiler's output too.
#[test]
fn the_output_of_a_profiler_is_written_with_what_is_left() {
    let killed = "
faults:
  - { name: killed, on: { subject: Pod/profile-chat-0, reaches: Running }, pod_kill: { workload: Job/profile-chat } }
";
    let one = small("dynamo/request-edited", |text| unexpecting(&text, killed), Some("GR106"));
    hold(&one, &goal_of(&one));
    assert_eq!(one.failure.title(), "GR106 stuck Job/profile-chat", "{}", one.text);
    let output = one.documents.keys().find(|path| path.ends_with("/generated.yaml")).expect("the output");
    assert!(one.text.contains(&format!("output: {output}")), "{}", one.text);
}
