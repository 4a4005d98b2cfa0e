//! The command line as a user meets it: what it prints, what it exits with, what it writes and what it leaves alone.
//! Each test works in a folder of its own with scenarios written for it.

use std::fs;
use std::process::{Command, Output, Stdio};

/// A group of two: `api` waits for `store`.
const GROUP: &str = r#"{
  "deployment_group": {
    "name": "shop",
    "deployments": [
      { "name": "store", "exports": ["internal_dns_name"], "recipe": {
        "recipe_id": "store", "recipe_mode": "service", "deployment_name": "store",
        "recipe_image_uri": "registry.example.com/shop/store:1", "recipe_node_shape": "VM.Standard.E5.Flex",
        "recipe_node_pool_size": 1, "recipe_flex_shape_ocpu_count": 4, "recipe_flex_shape_memory_size_in_gbs": 16,
        "recipe_replica_count": 1, "recipe_container_port": "8080" } },
      { "name": "api", "depends_on": ["store"], "recipe": {
        "recipe_id": "api", "recipe_mode": "service", "deployment_name": "api",
        "recipe_image_uri": "registry.example.com/shop/api:1", "recipe_node_shape": "VM.Standard.E5.Flex",
        "recipe_node_pool_size": 1, "recipe_flex_shape_ocpu_count": 4, "recipe_flex_shape_memory_size_in_gbs": 16,
        "recipe_replica_count": 1, "recipe_container_port": "8080" } }
    ]
  }
}
"#;

/// The scenario up to its expectations.
const HEAD: &str = "\
name: shop
seed: 7
until: 10m
cluster:
  nodes:
    - { pool: cpu, count: 1, cpu: 16, memory: 64Gi }
deploy:
  - { at: 0s, document: group.json, system: oci }
";

const EXPECT_GOOD: &str = "\
expect:
  - eventually: { group/shop: monitoring }
    within: 5m
  - before: [ { deployment/store: monitoring }, { deployment/api: active } ]
  - always: \"ready('deployment/store') >= 1\"
    from: { deployment/store: monitoring }
";

const EXPECT_BAD: &str = "\
expect:
  - eventually: { group/shop: monitoring }
    within: 20s
  - never: { deployment/apii: failed }
  - always: \"ready('deployment/api') == 0\"
";

const FAULT_THAT_NEVER_FIRES: &str = "\
faults:
  - name: late
    on: { subject: deployment/api, reaches: failed }
    pod_kill: { deployment: api }
";

struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with a scenario that holds, in `shop/`.
    fn good() -> Folder {
        Folder::with(&format!("{HEAD}{EXPECT_GOOD}"))
    }

    fn with(scenario: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        // The top of a working copy: nothing above it is looked at.
        folder.write(".git/HEAD", "");
        folder.write("shop/group.json", GROUP);
        folder.write("shop/scenario.yaml", scenario);
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).expect(path)
    }

    fn has(&self, path: &str) -> bool {
        self.0.path().join(path).exists()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command.current_dir(self.0.path()).args(args).env_clear().env("NO_COLOR", "1");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("greenroom starts"))
    }
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: output.status.code().expect("no signal"), out: text(output.stdout), err: text(output.stderr) }
    }

    /// All of it; a digest changes with every word of the timeline and says nothing here.
    fn show(&self) -> String {
        let digest = self.out.lines().find(|line| line.trim_start().starts_with("digest "));
        let show = self.show_all();
        match digest {
            Some(digest) => show.replace(digest.trim_start(), "digest [digest]"),
            None => show,
        }
    }

    fn show_all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }
}

fn outside(args: &[&str]) -> String {
    Folder::good().run(args).show()
}

#[test]
fn help() {
    insta::assert_snapshot!(outside(&["--help"]));
    insta::assert_snapshot!("help_of_run", outside(&["run", "--help"]));
    insta::assert_snapshot!("help_of_test", outside(&["test", "--help"]));
    insta::assert_snapshot!("help_of_explain", outside(&["explain", "--help"]));
}

#[test]
fn usage_that_makes_no_sense_is_refused_with_exit_2() {
    let wrong: [&[&str]; 17] = [
        &[],
        &["rehearse"],
        &["run"],
        &["run", "shop/scenario.yaml", "--at", "6q"],
        &["run", "shop/scenario.yaml", "--native"],
        &["run", "shop/scenario.yaml", "--format", "xml"],
        &["run", "shop/scenario.yaml", "--format", "json", "--format", "human"],
        &["run", "shop/scenario.yaml", "--seed", "-1"],
        &["test", "-j", "0"],
        &["completions", "tcsh"],
        &["explain"],
        &["explain", "shop/scenario.yaml", "--entry", "1", "--subject", "group/shop"],
        &["explain", "shop/scenario.yaml", "--became", "monitoring"],
        &["explain", "shop/scenario.yaml", "--format", "junit"],
        &["explain", "shop/scenario.yaml", "--format", "dot", "--format", "human"],
        &["explain", "GR999"],
        &["explain", "GR001", "--entry", "1"],
    ];
    let shown: Vec<String> =
        wrong.iter().map(|args| format!("greenroom {}\n{}", args.join(" "), outside(args))).collect();
    assert!(shown.iter().all(|shown| shown.contains("\nexit 2\n")), "{}", shown.join("\n"));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn run_shows_timeline_and_verdict() {
    insta::assert_snapshot!(outside(&["run", "shop/scenario.yaml"]));
}

#[test]
fn run_quietly_shows_the_verdict_alone() {
    insta::assert_snapshot!(outside(&["run", "shop/scenario.yaml", "--quiet"]));
}

#[test]
fn run_up_to_a_time_shows_the_state_then() {
    insta::assert_snapshot!(outside(&["run", "shop/scenario.yaml", "--at", "00:00:12.000"]));
}

#[test]
fn run_native_shows_the_systems_json_alone() {
    let ran = Folder::good().run(&["run", "shop/scenario.yaml", "--at", "12s", "--native"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let shown: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON and nothing else");
    assert!(shown.to_string().contains("shop"), "{shown}");
}

#[test]
fn a_failure_says_what_why_and_how_to_see_it_again() {
    let folder = Folder::with(&format!("{HEAD}{EXPECT_BAD}"));
    let ran = folder.run(&["run", "shop/scenario.yaml", "--quiet"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.lines().last().is_some_and(|line| line.starts_with("replay: greenroom run shop/scenario.yaml")));
    insta::assert_snapshot!(ran.show());
}

/// The command that a failure ends with leads to the state in which the failure is there.
#[test]
fn the_replay_command_can_be_run_as_it_stands() {
    let folder = Folder::with(&format!("{HEAD}{EXPECT_BAD}"));
    let ran = folder.run(&["run", "shop/scenario.yaml", "--quiet"]);
    let line = ran.out.lines().rfind(|line| line.starts_with("replay: greenroom ")).expect("a replay line");
    let args: Vec<&str> = line.trim_start_matches("replay: greenroom ").split(' ').collect();
    let again = folder.run(&args);
    assert_eq!(again.code, 1, "{}", again.show());
    assert!(again.out.contains("state at "), "{}", again.show());
}

#[test]
fn a_fault_that_never_fires_is_exit_8_and_a_failed_expectation_wins() {
    let folder = Folder::with(&format!("{HEAD}{FAULT_THAT_NEVER_FIRES}{EXPECT_GOOD}"));
    let ran = folder.run(&["run", "shop/scenario.yaml", "--quiet"]);
    assert_eq!(ran.code, 8);
    insta::assert_snapshot!(ran.show());
    let both = Folder::with(&format!("{HEAD}{FAULT_THAT_NEVER_FIRES}{EXPECT_BAD}"));
    assert_eq!(both.run(&["run", "shop/scenario.yaml"]).code, 1);
}

#[test]
fn invalid_files_are_exit_2_and_told_on_stderr() {
    let folder = Folder::with(&format!("{HEAD}untill: 3h\n{EXPECT_GOOD}"));
    folder.write("cel/group.json", GROUP);
    folder.write("cel/scenario.yaml", &format!("{HEAD}expect:\n  - always: \"raedy('deployment/store') >= 1\"\n"));
    folder.write("cycle/scenario.yaml", HEAD);
    folder.write("cycle/group.json", &GROUP.replace("\"exports\"", "\"depends_on\": [\"api\"], \"exports\""));
    let shown: Vec<String> = ["shop/scenario.yaml", "cel/scenario.yaml", "cycle/scenario.yaml", "nowhere.yaml"]
        .iter()
        .map(|file| {
            let ran = folder.run(&["run", file, "--quiet"]);
            assert_eq!(ran.code, 2, "{}", ran.show());
            format!("greenroom run {file} --quiet\n{}", ran.show())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
    let checked = folder.run(&["check"]);
    assert_eq!(checked.code, 2);
    insta::assert_snapshot!("check_tells_of_all_files", checked.show());
    insta::assert_snapshot!("check_as_annotations", folder.run(&["check", "--format", "github"]).show());
}

#[test]
fn machine_readable_formats_are_well_formed_and_agree() {
    let folder = Folder::with(&format!("{HEAD}{FAULT_THAT_NEVER_FIRES}{EXPECT_BAD}"));
    let formats =
        ["--format", "json", "--format", "junit=out.xml", "--format", "ndjson=out.ndjson", "--format", "github"];
    let ran = folder.run(&[&["run", "shop/scenario.yaml"], formats.as_slice()].concat());
    assert_eq!(ran.code, 1, "{}", ran.show());
    let annotations = ran.out.lines().filter(|line| line.starts_with("::error ")).count();
    let json: String = ran.out.lines().filter(|line| !line.starts_with("::error ")).collect();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let failed = json["cases"].as_array().expect("cases").iter().filter(|case| case["status"] != "passed").count();
    let xml = folder.read("out.xml");
    assert_eq!(xml.matches("<failure ").count() + xml.matches("<error ").count(), failed);
    assert_eq!(annotations, failed);
    let rows: Vec<serde_json::Value> =
        folder.read("out.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let count = |kind: &str| rows.iter().filter(|row| row["type"] == kind).count();
    assert_eq!(count("entry"), json["entries"].as_array().expect("entries").len());
    assert_eq!(rows.last().expect("a last row")["exit_code"], 1);
}

/// Every entry leads back to a line of the scenario.
#[test]
fn json_has_the_cause_of_every_entry() {
    let ran = Folder::good().run(&["run", "shop/scenario.yaml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let entries = json["entries"].as_array().expect("entries");
    let lines = json["lines"].as_array().expect("lines").len() as u64;
    assert!(entries.len() > 20, "a whole run is there");
    for (index, entry) in entries.iter().enumerate() {
        match (entry["cause"]["entry"].as_u64(), entry["cause"]["line"].as_u64()) {
            (Some(earlier), None) => assert!(earlier < index as u64, "{entry}"),
            (None, Some(line)) => assert!(line < lines, "{entry}"),
            _ => panic!("no cause: {entry}"),
        }
    }
}

#[test]
fn two_runs_give_the_same_bytes_and_another_seed_is_taken() {
    let folder = Folder::good();
    let json = ["run", "shop/scenario.yaml", "--format", "json"];
    assert_eq!(folder.run(&json).out, folder.run(&json).out);
    assert!(folder.run(&["run", "shop/scenario.yaml", "--seed", "11"]).out.contains("seed     11\n"));
}

#[test]
fn a_snapshot_is_new_accepted_the_same_and_changed() {
    let folder = Folder::good();
    let new = folder.run(&["test"]);
    assert_eq!(new.code, 3);
    assert!(!folder.has("shop/shop.timeline"), "only --accept writes");
    let accepted = folder.run(&["test", "--accept"]);
    assert_eq!(accepted.code, 0);
    let text = folder.read("shop/shop.timeline");
    let shown = folder.run(&["run", "shop/scenario.yaml"]).out;
    assert_eq!(text, shown, "a snapshot of a scenario that holds is what `run` shows");
    let same = folder.run(&["test"]);
    assert_eq!(same.code, 0);
    folder.write("shop/scenario.yaml", &format!("{HEAD}{EXPECT_GOOD}").replace("until: 10m", "until: 11m"));
    let changed = folder.run(&["test"]);
    assert_eq!(changed.code, 3);
    assert_eq!(folder.read("shop/shop.timeline"), text, "only --accept writes");
    let ci = folder.command(&["test"]).env("CI", "true").output().expect("greenroom starts");
    assert_eq!(ci.status.code(), Some(3));
    let steps = [("new", new), ("accepted", accepted), ("same", same), ("changed", changed)];
    let shown = steps.map(|(step, ran)| format!("{step}: {}", ran.show()));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn snapshots_go_to_the_nearest_folder_and_strays_are_told() {
    let folder = Folder::good();
    folder.write("snapshots/gone.timeline", "old\n");
    assert_eq!(folder.run(&["test", "--accept"]).code, 0);
    assert!(folder.has("snapshots/shop.timeline"));
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!(ran.show());
}

/// A snapshot of the system alone does not change when the pods do.
#[test]
fn a_snapshot_of_the_system_alone_leaves_the_substrate_out() {
    let scenario = format!("{HEAD}snapshot: system\n{EXPECT_GOOD}");
    let folder = Folder::with(&scenario);
    assert_eq!(folder.run(&["test", "--accept"]).code, 0);
    let text = folder.read("shop/shop.timeline");
    assert!(text.contains("group/shop") && !text.contains("Pod/"), "{text}");
    folder.write("shop/scenario.yaml", &scenario.replace("pool: cpu", "pool: other"));
    assert_eq!(folder.run(&["test"]).code, 0);
}

#[test]
fn scenarios_of_one_name_cannot_share_a_snapshot() {
    let folder = Folder::good();
    folder.write("shop/again.greenroom.yaml", &format!("{HEAD}{EXPECT_GOOD}"));
    let ran = folder.run(&["test", "--accept"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.show());
}

#[test]
fn no_scenario_at_all_is_exit_4() {
    let folder = Folder(tempfile::tempdir().expect("a folder"));
    for verb in ["test", "check"] {
        let ran = folder.run(&[verb]);
        assert_eq!((ran.code, ran.out.as_str()), (4, "no scenario was found\n"));
    }
    assert_eq!(folder.run(&["test", "nowhere"]).code, 2);
}

#[test]
fn a_file_that_cannot_be_written_is_exit_5() {
    let ran = Folder::good().run(&["run", "shop/scenario.yaml", "--format", "junit=no/such/folder/out.xml"]);
    assert_eq!(ran.code, 5);
    assert!(ran.err.starts_with("error: cannot write no/such/folder/out.xml: "), "{}", ran.err);
}

/// What `test` shows must not depend on how many threads there are.
#[test]
fn one_thread_and_eight_show_the_same() {
    let folder = Folder::good();
    for number in 0..12 {
        let name = format!("n{number:02}");
        let expect = if number % 3 == 0 { EXPECT_BAD } else { EXPECT_GOOD };
        let scenario = format!("{HEAD}{expect}").replace("name: shop", &format!("name: {name}"));
        folder.write(&format!("{name}/scenario.yaml"), &scenario.replace("seed: 7", &format!("seed: {number}")));
        folder.write(&format!("{name}/group.json"), GROUP);
    }
    for format in ["human", "json", "ndjson", "junit", "github"] {
        let run = |jobs| folder.run(&["test", "-j", jobs, "--format", format]).show();
        let one = run("1");
        assert_eq!(one, run("8"), "{format}");
        assert!(one.starts_with("exit 1\n"), "{one}");
    }
}

/// `greenroom run … | head -1` must neither panic nor complain.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::good();
    for format in ["human", "json", "ndjson", "junit"] {
        let mut command = folder.command(&["run", "shop/scenario.yaml", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("greenroom starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("greenroom ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[test]
fn colours_are_for_terminals_or_on_request() {
    let folder = Folder::good();
    let run = |variable: Option<&str>| {
        let mut command = folder.command(&["run", "shop/scenario.yaml"]);
        command.env_remove("NO_COLOR");
        if let Some(variable) = variable {
            command.env(variable, "1");
        }
        Ran::of(command.output().expect("greenroom starts")).out
    };
    assert!(!run(None).contains('\u{1b}'), "a pipe is no terminal");
    assert!(!run(Some("NO_COLOR")).contains('\u{1b}'));
    assert!(run(Some("CLICOLOR_FORCE")).contains('\u{1b}'));
}

#[test]
fn schema_and_completions() {
    let folder = Folder::good();
    let schema = folder.run(&["schema"]);
    assert_eq!(schema.code, 0);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).expect("JSON");
    assert!(schema["properties"]["expect"].is_object());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = folder.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("greenroom"), "{shell}");
    }
}

/// Hidden folders and caches hold no scenarios of the user.
#[test]
fn hidden_folders_and_caches_are_passed_over() {
    let folder = Folder::good();
    let broken = "name: [";
    folder.write(".hidden/scenario.yaml", broken);
    folder.write("target/CACHEDIR.TAG", "");
    folder.write("target/package/scenario.yaml", broken);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.code, 0, "{}", ran.show());
}

#[test]
fn nothing_to_explain_is_exit_4_with_what_was_probably_meant() {
    let folder = Folder::good();
    let wrong: [&[&str]; 8] = [
        &["--entry", "9999"],
        &["--expectation", "0"],
        &["--expectation", "4"],
        &["--subject", "Deployment/shp"],
        &["--subject", "group/shpo"],
        &["--subject", "store"],
        &["--subject", "group/shop", "--became", "monitorng"],
        &["--subject", "deployment/api", "--became", "monitoring", "--at", "1s"],
    ];
    let shown: Vec<String> = wrong
        .iter()
        .map(|args| {
            let ran = folder.run(&[&["explain", "shop/scenario.yaml"], *args].concat());
            assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{}", ran.show());
            format!("greenroom explain shop/scenario.yaml {}\n{}", args.join(" "), ran.err)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn explain_tells_what_is_invalid_and_writes_to_files() {
    let folder = Folder::with(&format!("{HEAD}untill: 3h\n{EXPECT_GOOD}"));
    assert_eq!(folder.run(&["explain", "shop/scenario.yaml"]).code, 2);
    assert_eq!(folder.run(&["explain", "nowhere.yaml"]).code, 2);
    let folder = Folder::good();
    let ran = folder.run(&["explain", "shop/scenario.yaml", "--format", "dot=shop.dot", "--format", "human"]);
    assert_eq!(ran.code, 0, "{}", ran.show());
    assert!(ran.out.contains("every expectation holds") && folder.read("shop.dot").starts_with("digraph explain {"));
    let nowhere = folder.run(&["explain", "shop/scenario.yaml", "--format", "json=no/such/folder.json"]);
    assert_eq!(nowhere.code, 5, "{}", nowhere.show());
}

/// Goal: every rule of a plan can be explained, and the text says when it is an error. Method: each code, in either case.
#[test]
fn every_rule_can_be_explained() {
    for rule in greenroom::plan::rules::ALL {
        let output = Command::new(env!("CARGO_BIN_EXE_greenroom"))
            .args(["explain", &rule.code.to_lowercase()])
            .output()
            .expect("greenroom starts");
        let told = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(told.starts_with(&format!("{} {} ({})\n", rule.code, rule.name, rule.gravity.text())), "{told}");
        assert!(told.lines().all(|line| line.chars().count() <= 160), "{told}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_greenroom")).args(["explain", "GR999"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no rule `GR999`"));
}
