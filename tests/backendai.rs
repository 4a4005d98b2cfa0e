//! Backend.AI's deployments in runs of their own: what the coordinator keeps, how rollouts come out, what documents are refused.
//!
//! Goal: the contract of the coordinator (who is selected, what counts as an attempt, what leaves no trace, whom an error takes
//! with it) and the preconditions of an operator's actions. Method: small scenarios, and the state that `--native` prints.

use std::collections::BTreeMap;

use greenroom::rehearsal::{Options, rehearse};
use greenroom::scenario::load_from;
use greenroom::text::{Source, render};
use greenroom::timeline::render as words;
use proptest::prelude::*;
use serde_json::Value;

const BLUE_GREEN: &str = "    policy: { strategy: BLUE_GREEN, blue_green: { auto_promote: true } }\n";
const BY_HAND: &str = "    policy: { strategy: BLUE_GREEN }\n";
const ROLLING: &str =
    "    policy: { strategy: ROLLING, rolling_update: { max_surge: { count: 1 }, max_unavailable: { count: 0 } } }\n";

/// Documents by their paths.
struct Texts(BTreeMap<&'static str, String>);

impl greenroom::scenario::Documents for Texts {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// A deployment of two routes with this policy and revisions v1, v2, v3.
fn deployment(name: &str, policy: &str) -> String {
    let revision = |number: u32| {
        format!(
            "      - {{ name: v{number}, image: \"{name}:{number}\", health_check: {{ interval: 10, max_retries: 3 }}, \
             resource_config: {{ resource_slot: {{ cpu: 1, cuda.device: 1 }} }} }}\n"
        )
    };
    let revisions: String = (1..=3).map(revision).collect();
    format!(
        "  - name: {name}\n    replica_state: {{ desired_replica_count: 2 }}\n{policy}    current_revision: v1\n    \
         revisions:\n{revisions}"
    )
}

/// What a run came to: its story and the state at its end.
struct Ran {
    story: Vec<String>,
    native: Value,
    unfired: Vec<String>,
}

fn run(deployments: &[String], rest: &str) -> Ran {
    run_with(deployments, rest, &[])
}

/// The same with the document submitted again.
fn run_with(deployments: &[String], rest: &str, again: &[&str]) -> Ran {
    let deploy = [&["{ document: chat.yaml, system: backendai }"], again].concat().join(", ");
    let text = format!(
        "name: backendai\n{rest}\ncluster:\n  nodes: [ {{ pool: gpu, count: 12, cpu: 8, memory: 64Gi, gpus: {{ model: A10, \
         count: 1 }} }} ]\ndeploy: [ {deploy} ]\nbehaviour:\n  - {{ match: {{ image: \
         \"*:9\" }}, start: 5h }}\n  - {{ match: {{ image: \"*\" }}, pull: 10s, start: 30s, stop: 1s }}\n"
    );
    let document = format!("deployments:\n{}", deployments.concat());
    let texts = Texts(BTreeMap::from([("chat.yaml", document)]));
    let scenario = load_from(&Source::new("s.yaml", text), &texts);
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let options = Options { native: true, ..Options::default() };
    let result = rehearse(&scenario, options, &mut []);
    let result = result.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let story = result.timeline.since(0).map(|(_, entry)| {
        let why = words::why(&entry.why, &result.names);
        format!("{} {} {} {why}", entry.at, entry.subject.show(&result.names), entry.became)
    });
    Ran {
        story: story.collect(),
        native: result.native.clone().expect("it was asked for"),
        unfired: result.unfired.iter().map(|one| one.why.clone()).collect(),
    }
}

impl Ran {
    /// The times at which a subject became something.
    fn times(&self, what: &str) -> Vec<&str> {
        let lines = self.story.iter().filter_map(|line| line.split_once(' '));
        lines.filter(|(_, rest)| rest.starts_with(what)).map(|(at, _)| at).collect()
    }

    /// Rows of a deployment's history: phase, result, error, attempts.
    fn history(&self, index: usize) -> Vec<(String, String, Option<String>, u64)> {
        let rows = self.native["deployments"][index]["history"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        rows.map(|row| {
            (
                text(&row["phase"]).expect("a phase"),
                text(&row["result"]).expect("a result"),
                text(&row["error_code"]),
                row["attempts"].as_u64().expect("a count"),
            )
        })
        .collect()
    }
}

fn row(phase: &str, result: &str, error: Option<&str>, attempts: u64) -> (String, String, Option<String>, u64) {
    (phase.to_owned(), result.to_owned(), error.map(str::to_owned), attempts)
}

#[test]
fn failures_merge_into_one_row_and_the_sixth_look_gives_up() {
    let actions = "until: 10m\nactions: [ { at: 2m, activate: { deployment/chat: v2 } } ]";
    let ran = run(&[deployment("chat", "")], actions);
    let expected = [
        row("check-pending", "SUCCESS", None, 1),
        row("activate-revision", "SUCCESS", None, 1),
        // One row, to its end: a row has the lifecycle that was come to, and that is DEPLOYING whichever the sub-step.
        row("deploying-provisioning", "GIVE_UP", Some("no_policy"), 6),
        row("deploying-rolling-back", "SUCCESS", None, 1),
    ];
    assert_eq!(ran.history(0), expected);
    // Each look sets the mark: 2:05, 2:10 twice, because the long cycle is due then too, 2:15, 2:20 and 2:25.
    assert_eq!(ran.times("deployment/chat rolling_back"), ["00:02:25.000"]);
}

#[test]
fn a_verdict_without_a_transition_leaves_no_trace() {
    let actions = "until: 3h\nbackendai: { bug_modes: [need_retry_missing] }\n\
                   actions: [ { at: 2m, activate: { deployment/chat: v2 } } ]";
    let ran = run(&[deployment("chat", "")], actions);
    let rows = [row("check-pending", "SUCCESS", None, 1), row("activate-revision", "SUCCESS", None, 1)];
    assert_eq!(ran.history(0), rows);
    let shown = &ran.native["deployments"][0];
    assert_eq!((&shown["status"], &shown["sub_step"]), (&Value::from("DEPLOYING"), &Value::from("PROVISIONING")));
}

#[test]
fn an_error_fails_the_whole_batch_and_what_was_done_before_it_stays_done() {
    let delayed =
        "    policy: { strategy: BLUE_GREEN, blue_green: { auto_promote: true, promote_delay_seconds: 60 } }\n";
    let actions = "until: 30m\nbackendai: { bug_modes: [tz_naive_elapsed] }\nactions:\n  \
                   - { at: 2m, activate: { deployment/first: v2 } }\n  \
                   - { at: 2m, activate: { deployment/late: v2 } }\n  - { at: 2m, activate: { deployment/last: v2 } }";
    let three = [deployment("first", BLUE_GREEN), deployment("late", delayed), deployment("last", BY_HAND)];
    let ran = run(&three, actions);
    let status = |index: usize| {
        let one = &ran.native["deployments"][index];
        (one["status"].as_str(), one["sub_step"].as_str(), one["current_revision"].as_str())
    };
    // The first was promoted before the error came, but nobody heard of it.
    assert_eq!(status(0), (Some("DEPLOYING"), None, Some("v2")));
    assert_eq!(status(1), (Some("DEPLOYING"), Some("AWAITING_PROMOTION"), Some("v1")));
    assert_eq!(status(2), (Some("DEPLOYING"), Some("AWAITING_PROMOTION"), Some("v1")));
}

#[test]
fn a_promotion_is_one_instant_in_which_somebody_always_serves() {
    let actions = "until: 20m\nactions: [ { at: 3m, activate: { deployment/chat: v2 } } ]";
    let ran = run(&[deployment("chat", BLUE_GREEN)], actions);
    let promoted = ran.times("route/chat-v2-0 healthy promoted");
    assert_eq!(promoted.len(), 1);
    assert_eq!(ran.times("route/chat-v1-0 terminating"), promoted);
    assert_eq!(ran.times("route/chat-v1-1 terminating"), promoted);
    assert_eq!(ran.times("traffic/chat serving").len(), 1, "it began once");
    assert!(ran.times("traffic/chat outage").is_empty());
}

#[test]
fn a_rollout_that_takes_the_place_of_another_has_a_time_of_its_own() {
    let slow = deployment("chat", BLUE_GREEN).replace("chat:2", "chat:9");
    let actions = "until: 1h\nbackendai: { deploying_timeout: 10m }\nactions:\n  \
                   - { at: 3m, activate: { deployment/chat: v2 } }\n  - { at: 12m, activate: { deployment/chat: v3 } }";
    let ran = run(&[slow], actions);
    assert!(ran.times("deployment/chat rolling_back").is_empty(), "{:#?}", ran.story);
    assert_eq!(ran.native["deployments"][0]["current_revision"], "v3");
}

#[test]
fn the_pull_request_guards_promotions_by_hand_and_its_first_commit_did_not() {
    let outages = |backendai: &str| {
        let rest = format!(
            "until: 20m\nbackendai: {backendai}\nactions:\n  - {{ at: 3m, activate: {{ deployment/chat: v2 }} }}\n  \
             - {{ at: 10m, promote: deployment/chat }}\nfaults:\n  - {{ at: 9m, pod_kill: {{ pod: chat-v2-0 }} }}\n  \
             - {{ at: 9m, pod_kill: {{ pod: chat-v2-1 }} }}"
        );
        let ran = run(&[deployment("chat", BY_HAND)], &rest);
        (ran.times("traffic/chat outage").len(), ran.unfired.len())
    };
    assert_eq!(outages("{ engine: pr-10426 }"), (0, 1));
    assert_eq!(outages("{ bug_modes: [promote_zero_green] }"), (1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Goal: whatever happens to one route of the new revision, and whenever, somebody serves. Method: it is lost at any second
    /// of a rollout of either strategy.
    #[test]
    fn one_new_route_that_is_lost_is_no_outage(at in 180_u32..900, rolling: bool, delay in 0_u32..120) {
        let delayed = format!(
            "    policy: {{ strategy: BLUE_GREEN, blue_green: {{ auto_promote: true, promote_delay_seconds: {delay} }} }}\n"
        );
        let policy = if rolling { ROLLING } else { delayed.as_str() };
        let ran = run(
            &[deployment("chat", policy)],
            &format!(
                "until: 40m\nactions: [ {{ at: 3m, activate: {{ deployment/chat: v2 }} }} ]\nfaults: [ {{ at: {at}s, \
                 pod_kill: {{ pod: chat-v2-0 }} }} ]"
            ),
        );
        prop_assert!(ran.times("traffic/chat outage").is_empty(), "{:#?}", ran.story);
        let status = ran.native["deployments"][0]["status"].as_str();
        // A blue-green update that loses a route before the gate waits for its time-out.
        prop_assert!(status == Some("READY") || (!rolling && status == Some("DEPLOYING")), "{:#?}", ran.story);
    }
}

#[test]
fn promotions_are_refused_in_the_words_of_the_api() {
    let actions = "until: 20m\nactions:\n  - { at: 1m, promote: deployment/chat }\n  \
                   - { at: 3m, activate: { deployment/chat: v2 } }\n  - { at: 3m10s, promote: deployment/chat }\n  \
                   - { at: 10m, promote: deployment/chat }\n  - { at: 11m, activate: { deployment/chat: v9 } }\n\
                   faults:\n  - { at: 9m, pod_kill: { pod: chat-v2-0 } }\n  - { at: 9m, pod_kill: { pod: chat-v2-1 } }";
    let ran = run(&[deployment("chat", BY_HAND)], actions);
    let not_awaiting = |sub_step: &str| {
        format!(
            "refused: Deployment chat is not in AWAITING_PROMOTION state (current sub_step: {sub_step}). Manual promotion \
             is only allowed during AWAITING_PROMOTION."
        )
    };
    let expected = [
        not_awaiting("None"),
        not_awaiting("PROVISIONING"),
        "refused: Deployment chat has no healthy green routes to promote. Wait for new-revision routes to become HEALTHY \
         before promoting."
            .to_owned(),
        "refused: deployment chat has no revision `v9`".to_owned(),
    ];
    assert_eq!(ran.unfired, expected);
}

#[test]
fn a_deployment_scales_and_is_taken_down() {
    let actions = "until: 20m\nactions:\n  - { at: 2m, scale: { deployment/chat: 3 } }\n  \
                   - { at: 5m, scale: { deployment/chat: 1 } }\n  - { at: 10m, undeploy: chat }";
    let ran = run(&[deployment("chat", ROLLING)], actions);
    assert_eq!(ran.times("route/chat-v1-2 provisioning"), ["00:02:05.000"]);
    assert_eq!(ran.times("deployment/chat destroyed").len(), 1);
    let left = ran.native["deployments"][0]["replica_state"]["replica_ids"].as_array().map(Vec::len);
    assert_eq!(left, Some(0));
    assert_eq!(ran.times("Pod/chat-v1-").len(), ran.story.iter().filter(|line| line.contains("Pod/")).count());
}

#[test]
fn a_name_is_taken_once_in_all_files_of_a_run() {
    let rest = "until: 10m\nactions: [ { at: 4m, undeploy: chat } ]";
    let one = run_with(&[deployment("chat", ROLLING)], rest, &["{ at: 2m, document: chat.yaml, system: backendai }"]);
    assert_eq!(one.times("deployment/chat rejected there is another deployment chat"), ["00:02:00.000"]);
    let freed = run_with(&[deployment("chat", ROLLING)], rest, &["{ at: 8m, document: chat.yaml, system: backendai }"]);
    assert!(freed.times("deployment/chat rejected").is_empty());
    assert_eq!(freed.times("deployment/chat ready").len(), 2);
}

fn problems(document: &str) -> String {
    let source = Source::new("chat.yaml", document);
    match greenroom::systems::backendai::read(&source, &greenroom::systems::backendai::Options::default()) {
        Ok(read) => render::render(&read.problems, false),
        Err(errors) => render::render(&errors, false),
    }
}

#[test]
fn mistakes_of_a_document_are_told_with_their_places() {
    let form = "deployments:\n  - name: chat\n    replica_state: { desired: 2 }\n    policy: { strategy: RECREATE, \
                rolling_update: { max_surge: { count: 1, percent: 0.5 } } }\n    revisions:\n      - { name: v1 }\n";
    let meaning = "deployments:\n  - name: Chat\n    current_revision: v3\n    revisions:\n      \
                   - { name: v1, image: a, resource_config: { resource_slot: { cuda.shares: 0.5 } } }\n      \
                   - { name: v1, image: b, cluster_config: { size: 2 } }\n";
    insta::assert_snapshot!(format!("{}\n{}", problems(form), problems(meaning)));
}

#[test]
fn what_the_api_would_refuse_is_told_in_its_words() {
    let none = deployment("chat", &ROLLING.replace("count: 1", "count: 0"));
    let told = problems(&format!("deployments:\n{none}"));
    assert!(told.contains("At least one of max_surge or max_unavailable must be positive; otherwise"), "{told}");
}

#[test]
fn what_is_refused_is_rejected_when_it_is_submitted() {
    let none = deployment("chat", &ROLLING.replace("count: 1", "count: 0"));
    let ran = run(&[none], "until: 1m\nexpect: [ { final: { deployment/chat: rejected } } ]");
    assert_eq!(ran.times("deployment/chat rejected"), ["00:00:00.000"]);
    assert!(ran.times("Pod/").is_empty());
}

/// Goal: policies are taken and refused as the code does. Method: those of its own unit tests, from the folder that
/// `GREENROOM_SHARED` names.
#[test]
fn policies_are_those_of_the_source() {
    let Some(shared) = std::env::var_os("GREENROOM_SHARED") else {
        println!("skipped: GREENROOM_SHARED is not set");
        return;
    };
    let path = std::path::PathBuf::from(shared).join("corpus/backendai/deployment-policies.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let corpus: Value = serde_json::from_str(&text).expect("it is JSON");
    let told = |case: &Value, strategy: &str| {
        let mut policy = case.clone();
        let fields = policy.as_object_mut().expect("a map");
        fields.retain(|key, _| matches!(key.as_str(), "rolling_update" | "blue_green"));
        fields.insert("strategy".to_owned(), strategy.into());
        problems(&format!("deployments:\n{}", deployment("chat", &format!("    policy: {policy}\n"))))
    };
    for case in corpus["valid"].as_array().expect("a list") {
        let strategy = case["strategy"].as_str().expect("a strategy");
        assert_eq!(told(case, strategy), "", "{case}");
    }
    for case in corpus["invalid"].as_array().expect("a list") {
        assert_ne!(told(case, "ROLLING"), "", "{case}");
    }
}
