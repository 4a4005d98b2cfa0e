//! Replica groups of Backend.AI in runs of their own: what their history counts, how far rollouts come, what operators may do.
//!
//! Goal: figures that were measured on the original are those of a run, and what was read of its code holds where no scenario
//! shows it. Method: small scenarios, the story of their runs, and the state that `--native` prints.

use std::collections::BTreeMap;

use greenroom::rehearsal::{Options, rehearse};
use greenroom::scenario::load_from;
use greenroom::text::{Source, render};
use greenroom::timeline::render as words;
use serde_json::Value;

/// Documents by their paths.
struct Texts(BTreeMap<&'static str, String>);

impl greenroom::scenario::Documents for Texts {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

/// What a run came to.
struct Ran {
    story: Vec<String>,
    native: Value,
    unfired: Vec<String>,
}

const GROUPS: &str = "backendai: { engine: replica-groups }\n";
const MANUAL: &str = "{ strategy: BLUE_GREEN }";
const ONE_BY_ONE: &str = "{ strategy: ROLLING, rolling_update: { max_surge: 1, max_unavailable: 0 } }";

/// The text of a file with one deployment of two revisions.
fn document(policy: &str, replicas: u32) -> String {
    let revision = |number: u32| {
        format!(
            "      - {{ name: v{number}, image: \"chat:{number}\", health_check: {{ interval: 10, initial_delay: 300 }}, \
             resource_config: {{ resource_slot: {{ cpu: 1, cuda.device: 1 }} }} }}\n"
        )
    };
    format!(
        "deployments:\n  - name: chat\n    replica_state: {{ desired_replica_count: {replicas} }}\n    policy: {policy}\n    \
         current_revision: v1\n    revisions:\n{}{}",
        revision(1),
        revision(2)
    )
}

/// Runs it on so many GPUs; `chat:2` is pulled in a second.
fn run(document: String, gpus: u32, rest: &str) -> Ran {
    let text = format!(
        "name: groups\n{rest}cluster:\n  nodes: [ {{ pool: gpu, count: {gpus}, cpu: 8, memory: 64Gi, gpus: {{ model: A10, \
         count: 1 }} }} ]\ndeploy: [ {{ document: chat.yaml, system: backendai }} ]\nbehaviour:\n  \
         - {{ match: {{ image: \"*\" }}, pull: 1s, start: 30s, stop: 1s }}\n"
    );
    let texts = Texts(BTreeMap::from([("chat.yaml", document)]));
    let scenario = load_from(&Source::new("s.yaml", text), &texts);
    let scenario = scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let result = rehearse(&scenario, Options { native: true, ..Options::default() }, &mut []);
    let result = result.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let story = result.timeline.since(0).map(|(_, entry)| {
        let why = words::why(&entry.why, &result.names);
        format!("{} {} {} {why}", entry.at, entry.subject.show(&result.names), entry.became)
    });
    Ran {
        story: story.collect(),
        native: result.native.clone().expect("it was asked for")["deployments"][0].clone(),
        unfired: result.unfired.iter().map(|one| one.why.clone()).collect(),
    }
}

impl Ran {
    /// Routes of the second revision that were ever made.
    fn made(&self) -> usize {
        self.story.iter().filter(|line| line.contains("route/chat-v2-") && line.contains(" provisioning ")).count()
    }

    /// A row of history: the result and how often.
    fn row(&self, phase: &str) -> Option<(&str, u64)> {
        let rows = self.native["history"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["phase"] == phase)?;
        Some((row["result"].as_str().expect("a result"), row["attempts"].as_u64().expect("a count")))
    }
}

#[test]
fn a_promotion_that_waits_is_one_row_of_six_attempts() {
    let ran = run(
        document(MANUAL, 1),
        3,
        &format!("{GROUPS}until: 20m\nactions: [ {{ at: 5m, activate: {{ deployment/chat: v2 }} }} ]\n"),
    );
    assert_eq!(ran.row("deploying-promoting"), Some(("GIVE_UP", 6)));
    assert_eq!((&ran.native["sub_step"], &ran.native["current_revision"]), (&Value::Null, &Value::from("v1")));
    assert_eq!(ran.native["replica_groups"][1]["lifecycle"], "DRAINED");
}

#[test]
fn waiting_for_a_group_is_counted_and_never_given_up() {
    let late = format!("{GROUPS}until: 20m\nactions: [ {{ at: 5m, activate: {{ deployment/chat: v2 }} }} ]\n");
    // The second route never finds a GPU.
    let ran = run(document(MANUAL, 2), 3, &late);
    let (result, attempts) = ran.row("deploying-provisioned").expect("a row");
    assert_eq!(result, "NEED_RETRY");
    assert!(attempts > 25, "a look every half minute for a quarter of an hour: {attempts}");
    assert_eq!(ran.native["sub_step"], "PROVISIONED");
    let green = ran.native["routes"].as_array().expect("routes").iter().filter(|route| route["revision"] == "v2");
    let shown: Vec<_> = green.map(|route| (&route["status"], &route["sub_status"])).collect();
    assert_eq!(shown, [(&"running".into(), &Value::Null), (&"provisioning".into(), &"starting".into())]);
}

/// Measured on 26.4.4 for about an hour, says the issue: 116 tries and more, ten routes wanted, one asked for.
#[test]
fn the_deadlock_of_scaling_down_is_tried_as_often_as_it_was_measured() {
    let stuck = "backendai: { engine: replica-groups, bug_modes: [scaling_must_serve] }\nuntil: 60m\n\
                 actions: [ { at: 5m, scale: { deployment/chat: 1 } } ]\n";
    let ran = run(document(ONE_BY_ONE, 10), 4, stuck);
    let group = &ran.native["replica_groups"][0];
    assert_eq!((&group["scaling_status"], &group["desired_current_replica_count"]), (&"SCALING".into(), &10.into()));
    let attempts = group["last_scaling"]["attempts"].as_u64().expect("a count");
    assert!((116..=120).contains(&attempts), "{attempts}");
}

/// Measured before the mend, says the issue: more than four hundred rows in seventeen minutes; after it: six.
#[test]
fn routes_are_made_without_end_as_they_were_before_they_could_be_given_up() {
    let rest = |modes: &str| {
        format!(
            "backendai: {{ bug_modes: [{modes}] }}\nuntil: 22m\n\
             faults: [ {{ at: 4m, image_pull_fail: {{ image: \"chat:2\" }} }} ]\n\
             actions: [ {{ at: 5m, activate: {{ deployment/chat: v2 }} }} ]\n"
        )
    };
    let four = "{ strategy: ROLLING, rolling_update: { max_surge: 4, max_unavailable: 0 } }";
    let made = run(document(four, 4), 8, &rest("give_up_missing")).made();
    assert!((400..=412).contains(&made), "{made}");
    assert_eq!(run(document(ONE_BY_ONE, 1), 8, &rest("")).made(), 6);
}

#[test]
fn what_no_api_does_is_refused_with_a_reason() {
    let rest = format!(
        "{GROUPS}until: 10m\nactions:\n  - {{ at: 2m, weight: {{ deployment/chat: 100 }} }}\n  \
         - {{ at: 3m, promote: deployment/chat }}\n  - {{ at: 4m, activate: {{ deployment/chat: v2 }} }}\n  \
         - {{ at: 5m, weight: {{ deployment/chat: 100 }} }}\n"
    );
    let ran = run(document(ONE_BY_ONE, 1), 3, &rest);
    assert_eq!(
        ran.unfired,
        [
            "refused: deployment chat has no target replica group: nothing is being rolled out",
            "refused: Backend.AI has no promotion of a replica group: what takes its traffic is its weight",
            "refused: deployment chat is rolled out within the group that serves: there is no other to weigh",
        ]
    );
}

#[test]
fn the_first_era_knows_neither_weights_nor_canaries() {
    let weight = "until: 10m\nactions: [ { at: 4m, weight: { deployment/chat: 50 } } ]\n";
    let ran = run(document(ONE_BY_ONE, 1), 3, weight);
    assert_eq!(ran.unfired, ["refused: only replica groups have weights"]);
    let ran = run(document("{ strategy: CANARY }", 1), 3, "until: 10m\n");
    let rejected = "00:00:00.000 deployment/chat rejected CANARY is no strategy of the engine `bep-1049`";
    assert!(ran.story.iter().any(|line| line == rejected), "{:#?}", ran.story);
    assert!(!ran.story.iter().any(|line| line.contains("route/")), "{:#?}", ran.story);
}

/// The mistakes that a scenario with these settings is told, each with its line and column.
fn mistakes(settings: &str) -> Vec<(String, u32, u32)> {
    let text = format!("name: settings\nuntil: 1m\nbackendai: {settings}\ndeploy: []\n");
    let errors = load_from(&Source::new("s.yaml", text), &Texts(BTreeMap::new())).expect_err("it has mistakes");
    errors.iter().map(|one| (one.message.clone(), one.place().line, one.place().column)).collect()
}

#[test]
fn settings_that_an_engine_does_not_know_are_mistakes_with_their_places() {
    let of_groups =
        mistakes("{ bug_modes: [green_leak, drift_ignored], weights_applied: false, reconciler_marks: true }");
    let told = |message: &str, column: u32| (message.to_owned(), 3, column);
    for expected in [
        told("the engine `bep-1049` has no such bug mode", 38),
        told("`weights_applied` has no effect with the engine `bep-1049`", 71),
        told("`reconciler_marks` has no effect with the engine `bep-1049`", 96),
    ] {
        assert!(of_groups.contains(&expected), "{of_groups:#?}");
    }
    let of_the_first_era = mistakes(
        "{ engine: replica-groups, bug_modes: [green_leak], delay_from: phase, rollback_when_all_green_failed: true }",
    );
    for expected in [
        told("the engine `replica-groups` has no such bug mode", 50),
        told("`delay_from` has no effect with the engine `replica-groups`", 75),
        told("`rollback_when_all_green_failed` has no effect with the engine `replica-groups`", 114),
    ] {
        assert!(of_the_first_era.contains(&expected), "{of_the_first_era:#?}");
    }
}

#[test]
fn marks_of_reconcilers_make_a_rollout_faster() {
    let ready = |reconcilers: &str| {
        let rest = format!(
            "backendai: {{ engine: replica-groups{reconcilers} }}\nuntil: 30m\n\
             actions: [ {{ at: 5m, activate: {{ deployment/chat: v2 }} }} ]\n"
        );
        let ran = run(document(ONE_BY_ONE, 2), 4, &rest);
        let line = ran.story.iter().find(|line| line.contains("deployment/chat ready v2 is rolled out"));
        line.expect("the rollout ends").split_once(' ').expect("a time").0.to_owned()
    };
    let (unmarked, marked) = (ready(""), ready(", reconciler_marks: true"));
    assert!(marked < unmarked, "{marked} {unmarked}");
}

#[test]
fn a_step_of_a_canary_is_from_1_to_100() {
    let text = document("{ strategy: CANARY, canary: { step_weight: 0 } }", 1);
    let ran = run(text, 1, &format!("{GROUPS}until: 1m\n"));
    assert_eq!(ran.story.iter().filter(|line| line.ends_with("rejected `step_weight` is from 1 to 100")).count(), 1);
}
