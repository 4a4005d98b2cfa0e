//! Goal: a search finds what is there to find, the same on any number of threads, and says what it left out. Method: small searches of
//! the example scenarios, through the library and through the command.

use std::path::Path;

use assert_cmd::Command;
use greenroom::explore::{Choice, Exploration, Group, Options, Plan, Target, explore, findings_of, shows};
use greenroom::scenario::{Scenario, load};

fn scenario(name: &str) -> Scenario {
    let path = format!("scenarios/{name}/scenario.yaml");
    let mut scenario = load(Path::new(&path)).unwrap_or_else(|problems| panic!("{path}: {problems:?}"));
    // What a scenario expects is no help to a search.
    scenario.expect.clear();
    scenario
}

fn searched(scenario: &Scenario, options: &Options, threads: usize) -> Exploration {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| explore(scenario, options, &mut |_| true)).expect("a search")
}

fn runs(runs: u64) -> Options {
    Options { runs: Some(runs), ..Options::default() }
}

/// All that a search tells, in one text.
fn told(found: &Exploration) -> String {
    let groups: Vec<String> = found
        .groups
        .iter()
        .map(|group| {
            let (first, count) = (group.first, group.count);
            format!("{} {:?} {first} {count} {}", group.rule.code, group.finding, group.plan.describe().join("; "))
        })
        .collect();
    format!("{} {:?} {:?} {:?}\n{}", found.runs, found.by_stage, found.pruned, found.coverage, groups.join("\n"))
}

#[test]
fn the_same_seed_finds_the_same_on_one_and_on_many_threads() {
    for name in ["blue-green", "node-lost"] {
        let scenario = scenario(name);
        let one = searched(&scenario, &runs(700), 1);
        let many = searched(&scenario, &runs(700), 5);
        assert!(one.by_stage.iter().all(|stage| *stage > 0), "every stage has a part in it: {:?}", one.by_stage);
        assert_eq!(told(&one), told(&many), "{name}");
    }
}

#[test]
fn another_seed_draws_others() {
    let scenario = scenario("node-lost");
    let with = |seed| searched(&scenario, &Options { seed: Some(seed), ..runs(600) }, 2);
    assert_ne!(told(&with(1)), told(&with(2)));
}

#[test]
fn a_rolling_update_of_a_full_fleet_is_found_without_any_expectation() {
    let scenario = scenario("full-fleet-deadlock");
    let found = searched(&scenario, &runs(1), 1);
    let group = found.groups.iter().find(|group| group.rule.name == "path-dependent").expect("a finding");
    assert!(group.plan.is_empty(), "it needs no fault: {:?}", group.plan.describe());
    assert_eq!(group.finding.subject, "Deployment/llm");
    assert!(group.finding.detail.contains("ProgressDeadlineExceeded"), "{}", group.finding.detail);
    assert!(findings_of(&group.plan, found.seed).expect("a run").iter().any(|one| group.target().is_met_by(one)));
}

#[test]
fn an_update_with_room_to_spare_depends_on_no_path() {
    let scenario = scenario("rolling-update");
    let plan = Plan::of(std::sync::Arc::new(scenario.clone()));
    assert_eq!(findings_of(&plan, scenario.seed).expect("a run"), []);
}

#[test]
fn a_budget_of_runs_is_kept_and_begins_in_the_same_way() {
    let scenario = scenario("blue-green");
    let (few, many) = (searched(&scenario, &runs(200), 2), searched(&scenario, &runs(450), 2));
    assert_eq!((few.runs, many.runs), (200, 450));
    let early = |found: &Exploration| -> Vec<_> {
        let mut early: Vec<u64> = found.groups.iter().map(|group| group.first).filter(|first| *first <= 200).collect();
        early.sort_unstable();
        early
    };
    // Groups that a later one explains better are told with that one.
    let few_first = early(&few);
    assert!(early(&many).iter().all(|first| few_first.contains(first)), "{few_first:?} {:?}", early(&many));
}

#[test]
fn the_caller_ends_a_search() {
    let scenario = scenario("node-lost");
    let mut asked = 0;
    let found = explore(&scenario, &Options::default(), &mut |progress| {
        asked += 1;
        progress.runs < 250
    });
    let found = found.expect("a search");
    assert!(found.runs >= 250 && found.runs < 500 && asked > 1, "{} runs, asked {asked} times", found.runs);
    assert!(!found.is_whole);
}

#[test]
fn each_plan_shows_its_finding_when_it_is_run_from_its_start() {
    let scenario = scenario("blue-green");
    let found = searched(&scenario, &runs(600), 2);
    for group in &found.groups {
        let target: Target = group.target();
        assert!(shows(&group.plan, &target, found.seed), "{target:?} {:?}", group.plan.describe());
    }
}

#[test]
fn what_one_plan_shows_of_several_is_told_once() {
    let found = searched(&scenario("llama-stack"), &runs(300), 2);
    let one = found.groups.iter().find(|group| group.rule.name == "outage" && !group.also.is_empty());
    let one = one.expect("a node has pods of several Services");
    assert!(!one.also.contains(&one.finding.subject), "{:?}", one.also);
    for (index, group) in found.groups.iter().enumerate().filter(|(_, group)| !group.plan.is_empty()) {
        let same = |other: &&Group| {
            (other.rule, &other.signature.causes, other.explained)
                == (group.rule, &group.signature.causes, group.explained)
                && other.plan.adds_the_same(&group.plan)
        };
        assert!(found.groups[..index].iter().all(|other| !same(&other)), "{:?}", group.plan.describe());
    }
}

#[test]
fn what_cannot_be_done_is_left_out_and_counted() {
    let scenario = scenario("node-lost");
    let choice = Choice { faults: Some(vec!["gpu_loss".to_owned(), "store_outage".to_owned()]), no_actions: true };
    let found = searched(&scenario, &Options { choice, depth: 1, runs: None, ..Options::default() }, 2);
    assert!(found.is_whole, "at depth 1 a search comes to its end");
    assert_eq!(found.lacking, ["store_outage"]);
    assert!(found.runs > 0 && found.pruned.total() > 0, "{:?}", found.pruned);
    assert!(found.groups.iter().all(|group| group.plan.faults.iter().all(|fault| fault.kind.text() == "gpu_loss")));
}

#[test]
fn faults_reach_what_the_plain_run_does_not() {
    let scenario = scenario("node-lost");
    let found = searched(&scenario, &runs(300), 2);
    let (base, all) = found.coverage.counts();
    assert!(all > base, "{base} {all}");
    let pods = found.coverage.kinds().into_iter().find(|of| of.kind.text() == "Pod").expect("pods");
    assert!(pods.in_base.contains("Ready") && pods.in_runs.contains("ImagePullBackOff"), "{pods:?}");
    assert!(!pods.never.contains("Ready"));
    let is_in = |steps: &[(&str, &str)], from: &str, to: &str| steps.contains(&(from, to));
    assert!(is_in(&pods.steps_in_base, "", "Pending") && !is_in(&pods.steps_never, "", "Pending"), "{pods:?}");
    assert!(is_in(&pods.steps_never, "Serving", "Succeeded"), "no pod of a Deployment succeeds: {pods:?}");
    let group = found.groups.iter().find(|group| !group.plan.is_empty()).expect("a fault is found");
    assert!(group.steps.iter().all(|(kind, from, to)| {
        let of = found.coverage.kinds().into_iter().find(|of| of.kind == *kind).expect("its kind");
        of.steps_in_runs.iter().any(|step| (step.0, step.1) == (*from, *to))
    }));
}

fn greenroom() -> Command {
    Command::cargo_bin("greenroom").expect("the command is built")
}

#[test]
fn the_command_fails_if_something_is_found_and_its_forms_agree() {
    let file = "scenarios/full-fleet-deadlock/scenario.yaml";
    let run = |format: &str| {
        let mut command = greenroom();
        command.args([
            "explore", file, "--shrink", "0", "--runs", "20", "--jobs", "1", "--only", "GR110", "--format", format,
        ]);
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let json: serde_json::Value = serde_json::from_str(&run("json")).expect("json");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!((json["findings"][0]["code"].as_str(), json["runs"]["all"].as_u64()), (Some("GR110"), Some(20)));
    let lines: Vec<serde_json::Value> =
        run("ndjson").lines().map(|line| serde_json::from_str(line).expect("json")).collect();
    assert_eq!((lines.len(), lines[1]["findings"].as_u64()), (2, Some(1)));
    assert!(run("human").contains("GR110 path-dependent"));
    assert!(run("junit").contains("failures=\"1\""));
    assert!(run("github").starts_with("::error file=scenarios/full-fleet-deadlock/scenario.yaml,line=1,"));
}

#[test]
fn the_command_refuses_what_it_does_not_know() {
    let refused = |args: &[&str], says: &str| {
        let output =
            greenroom().args(["explore", "scenarios/node-lost/scenario.yaml", "--shrink", "0"]).args(args).output();
        let output = output.expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(says), "{told}");
    };
    refused(&["--faults", "node_dwn"], "did you mean `node_down`?");
    refused(&["--only", "GR999"], "there is no oracle");
    refused(&["--only", "outtage"], "did you mean `outage`?");
    refused(&["--budget", "5s", "--runs", "5"], "cannot be used with");
    refused(&["--depth", "4"], "4 is not in 1..=3");
    refused(&["--format", "sarif"], "there is no sarif of this");
}

#[test]
fn nothing_is_found_where_nothing_is_looked_for() {
    let mut command = greenroom();
    command.args([
        "explore",
        "scenarios/llama-stack/scenario.yaml",
        "--shrink",
        "0",
        "--runs",
        "100",
        "--only",
        "GR110",
    ]);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Goal: who ends a search is told what it found so far. Method: a search without end, and the signal of Ctrl-C.
#[cfg(unix)]
#[test]
#[allow(clippy::disallowed_methods, reason = "the search goes on in real time until somebody ends it")]
fn an_interrupted_search_tells_what_it_found() {
    use std::process::{Command, Stdio};

    let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    command.args(["explore", "scenarios/node-lost/scenario.yaml", "--runs", "100000000", "--jobs", "1"]);
    let search = command.args(["--format", "json"]).stdout(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let signalled = Command::new("kill").args(["-INT", &search.id().to_string()]).status().expect("a signal");
    assert!(signalled.success());
    let output = search.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("json");
    assert_eq!((told["interrupted"].as_bool(), told["whole"].as_bool()), (Some(true), Some(false)));
    let findings = told["findings"].as_array().expect("findings");
    assert!(!findings.is_empty() && findings.iter().all(|one| one["kept"].is_null()), "nothing is shrunk then");
}
