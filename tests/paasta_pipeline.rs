//! PaaSTA's rollouts in the simulated cluster: what the scenarios below scenarios/paasta do not show.
//!
//! Goal: the flaws and refusals of mark-for-deployment, the rules of the pipeline, who serves what by location, and the state
//! as PaaSTA shows it. Method: small services in memory are run to their end; the words of a subject's entries are compared.

use std::collections::BTreeMap;

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::render::why;
use serde_json::json;

/// A folder `app` in memory: its files by name.
struct Memory(BTreeMap<String, String>);

impl Documents for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(self.0.keys().map(|path| path.trim_start_matches("app/").to_owned()).collect())
    }
}

const INSTANCE: &str = "main: { instances: 4, cpus: 1, mem: 1000, healthcheck_mode: http, deploy_group: prod }\n";

/// Runs a service that PaaSTA takes.
fn run(pipeline: &str, instances: &str, more: &[(&str, &str)], scenario: &str) -> RunResult {
    let result = played(pipeline, instances, more, scenario);
    let told = result.rejections.iter().map(|rejection| render::render(&rejection.diagnostics, false));
    assert_eq!(told.collect::<Vec<_>>(), Vec::<String>::new());
    result
}

/// Runs a service with this pipeline and these instances, and what else a scenario says.
fn played(pipeline: &str, instances: &str, more: &[(&str, &str)], scenario: &str) -> RunResult {
    let mut files: BTreeMap<String, String> = [
        ("service.yaml", "description: a test\nexternal_link: https://example.com\n"),
        ("monitoring.yaml", "team: test\n"),
        ("kubernetes-main.yaml", instances),
    ]
    .into_iter()
    .chain(more.iter().copied())
    .map(|(name, text)| (format!("app/{name}"), text.to_owned()))
    .collect();
    files.insert("app/deploy.yaml".to_owned(), format!("pipeline: {pipeline}\n"));
    let nodes =
        if scenario.contains("cluster") { "" } else { "cluster:\n  nodes: [ { name: n, cpu: 32, memory: 64Gi } ]\n" };
    let behaviour = if scenario.contains("behaviour:") {
        ""
    } else {
        "behaviour:\n  - { match: { image: \"*\" }, pull: 10s, start: 20s, stop: 1s }\n"
    };
    let text =
        format!("name: s\nuntil: 2h\n{nodes}deploy: [ {{ document: app/, system: paasta }} ]\n{behaviour}{scenario}");
    let loaded = load_from(&Source::new("s.yaml", text), &Memory(files));
    let scenario = loaded.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"));
    let options = Options { native: true, ..Options::default() };
    let result = rehearse(&scenario, options, &mut []).map_err(|errors| render::render(&errors, false));
    result.unwrap_or_else(|told| panic!("{told}"))
}

/// The words of a subject's entries, in their order.
fn words(run: &RunResult, subject: &str) -> Vec<&'static str> {
    let own = run.timeline.since(0).filter(|(_, entry)| entry.subject.show(&run.names) == subject);
    own.map(|(_, entry)| entry.became).collect()
}

/// When a subject last became this, and why.
fn last(run: &RunResult, subject: &str, word: &str) -> (String, String) {
    let own = run.timeline.since(0).filter(|(_, entry)| entry.subject.show(&run.names) == subject);
    let last = own.filter(|(_, entry)| entry.became == word).last();
    let (_, entry) = last.unwrap_or_else(|| panic!("{subject} was never {word}"));
    (entry.at.to_string(), why(&entry.why, &run.names))
}

fn refusals(run: &RunResult) -> Vec<&str> {
    run.unfired.iter().map(|unfired| unfired.why.as_str()).collect()
}

const STUCK: &str = "behaviour:\n  - { match: { image: \"*4c0ffee*\" }, start: 5h }\n  - { match: {}, pull: 10s, start: 20s, stop: 5m }\n";

#[test]
fn the_waiter_of_a_version_with_an_image_version_cancels_the_way_back() {
    let pipeline = "[ { step: prod, timeout: 900 } ]";
    let actions = "actions:\n  - { at: 10m, push: { app: 4c0ffee+7 } }\n  - { at: 24m, rollback: step/app.prod }\n";
    let lost = run(pipeline, INSTANCE, &[], &format!("{STUCK}{actions}"));
    let expected =
        ["start_deploy", "deploying", "warned", "start_rollback", "rolling_back", "timed_out", "deploy_cancelled"];
    assert_eq!(words(&lost, "step/app.prod"), expected);
    assert_eq!(last(&lost, "step/app.prod", "timed_out").0, "00:25:00.000");
    let found = run(pipeline, INSTANCE, &[], &format!("paasta: {{ waiter_key: version }}\n{STUCK}{actions}"));
    assert!(words(&found, "step/app.prod").contains(&"rolled_back"));
    // A commit alone is found under either key.
    let plain = run(pipeline, INSTANCE, &[], &format!("{STUCK}{}", actions.replace("+7", "")));
    assert!(words(&plain, "step/app.prod").contains(&"rolled_back"));
}

#[test]
fn a_cluster_without_an_api_ends_the_deploy_with_an_error() {
    let actions = "paasta: { api_endpoints: [ other ] }\nactions:\n  - { at: 5m, push: { app: 4c0ffee } }\n";
    let run = run("[ { step: prod } ]", INSTANCE, &[], actions);
    assert_eq!(words(&run, "step/app.prod"), ["start_deploy", "deploying", "raised", "deploy_errored"]);
    assert_eq!(last(&run, "step/app.prod", "raised").1, "NoSuchCluster: main is not in api_endpoints");
    assert_eq!(last(&run, "step/app.prod", "deploy_errored").1, "4c0ffee, exit code 2");
    // The cluster converges all the same.
    assert_eq!(last(&run, "instance/app.main", "running").1, "4c0ffee alone, copies: 4");
}

#[test]
fn a_mark_by_hand_does_not_wait() {
    let actions = "actions:\n  - { at: 5m, mark: { prod: 4c0ffee } }\n  - { at: 6m, mark: { stage: 4c0ffee } }\n";
    let run = run("[ { step: prod } ]", INSTANCE, &[], actions);
    assert_eq!(words(&run, "step/app.prod"), ["start_deploy", "deploying"]);
    assert_eq!(last(&run, "step/app.prod", "deploying").1, "4c0ffee, exit code 0");
    assert_eq!(last(&run, "instance/app.main", "running").1, "4c0ffee alone, copies: 4");
    // Nothing uses the other group: it is marked all the same.
    assert_eq!(words(&run, "step/app.stage"), ["warned", "start_deploy", "deploying"]);
    let text = "These deploy groups are not currently used anywhere: stage.";
    assert_eq!(last(&run, "step/app.stage", "warned").1, text);
    assert!(refusals(&run).is_empty());
}

#[test]
fn the_first_of_two_countdowns_goes_on_after_its_reason_is_gone() {
    let pipeline = "[ { step: prod, auto_rollback: true, alertmanager_rollback: true, auto_rollback_delay: 120 } ]";
    let both = "faults:\n  - { at: 10m10s, slo_failure: { of: app, for: 40s } }\n  - { at: 10m20s, alert_failure: { of: prod, for: 1m } }\n";
    let push = "actions:\n  - { at: 10m, push: { app: 4c0ffee } }\n";
    let crossed = run(pipeline, INSTANCE, &[], &format!("{STUCK}{both}{push}"));
    let told = words(&crossed, "step/app.prod");
    assert!(told.contains(&"slos_stopped_failing") && told.contains(&"rolling_back"), "{told:?}");
    // Alerts are asked for every half a minute: the second countdown was called off.
    assert_eq!(last(&crossed, "step/app.prod", "alertmanager_started_failing").0, "00:10:30.000");
    assert_eq!(last(&crossed, "step/app.prod", "countdown_cancelled").1, "rollback_alertmanager_failure");
    assert_eq!(last(&crossed, "step/app.prod", "start_rollback").0, "00:12:10.000");
    let alone = both.lines().take(2).collect::<Vec<_>>().join("\n");
    let recovered = run(pipeline, INSTANCE, &[], &format!("{STUCK}{alone}\n{push}"));
    assert!(!words(&recovered, "step/app.prod").contains(&"start_rollback"));
}

#[test]
fn failures_that_nobody_watches_are_refused() {
    let faults = "faults:\n  - { at: 5m, slo_failure: { of: prod } }\n  - { at: 10m30s, alert_failure: { of: step/app.prod } }\n";
    let push = "actions:\n  - { at: 10m, push: { app: 4c0ffee } }\n";
    let run = run("[ { step: prod, auto_rollback: true } ]", INSTANCE, &[], &format!("{STUCK}{faults}{push}"));
    let told = refusals(&run);
    assert!(told[0].contains("no deploy of prod is under way"), "{told:?}");
    assert!(told[1].contains("lacks `alertmanager_rollback`"), "{told:?}");
}

const LOOPS: &str = "behaviour:\n  - { match: { image: \"*4c0ffee*\" }, start: 5h, crash: { after: 10s } }\n  - { match: {}, start: 20s }\n";

#[test]
fn crash_loops_of_a_step_in_a_parallel_block_are_not_looked_for() {
    let step = "{ step: prod, enable_crashloop_auto_rollback: true, timeout: 3600 }";
    let push = format!("{LOOPS}actions:\n  - {{ at: 5m, push: {{ app: 4c0ffee }} }}\n");
    let top = run(&format!("[ {step} ]"), INSTANCE, &[], &push);
    assert!(words(&top, "step/app.prod").contains(&"rolled_back"));
    let nested = run(&format!("[ {{ parallel: [ {step}, {{ step: command-x }} ] }} ]"), INSTANCE, &[], &push);
    assert!(!words(&nested, "instance/app.main").contains(&"looping"));
    assert!(words(&nested, "step/app.prod").ends_with(&["timed_out", "deploy_cancelled"]));
}

#[test]
fn crash_loops_of_a_first_deploy_have_nothing_to_go_back_to() {
    let pipeline = "[ { step: prod, enable_crashloop_auto_rollback: true } ]";
    let scenario =
        format!("paasta: {{ deployed: none }}\n{LOOPS}actions:\n  - {{ at: 5m, push: {{ app: 4c0ffee }} }}\n");
    let run = run(pipeline, INSTANCE, &[], &scenario);
    assert_eq!(words(&run, "instance/app.main")[..2], ["not_deployed", "created"]);
    let told = "app not deployed to prod. Has mark-for-deployment been run?";
    assert_eq!(last(&run, "instance/app.main", "not_deployed").1, told);
    let told = "AttributeError: Do not know event named 'rollback_crashloop_failure'";
    assert_eq!(last(&run, "step/app.prod", "raised").1, told);
    assert!(!words(&run, "step/app.prod").contains(&"start_rollback"));
}

#[test]
fn a_step_that_fails_ends_the_run_unless_it_may() {
    let fails = "behaviour:\n  - { match: { step: itest }, build: { length: 2m, fails: true } }\n  - { match: {}, start: 20s }\n";
    let push = format!("{fails}actions:\n  - {{ at: 5m, push: {{ app: 4c0ffee }} }}\n");
    let stopped = run("[ { step: itest }, { step: prod } ]", INSTANCE, &[], &push);
    assert_eq!(words(&stopped, "group/app"), ["submitted", "deploying", "failed"]);
    assert_eq!(words(&stopped, "step/app.prod"), [""; 0]);
    let ignored = run("[ { step: itest, ignore_failure: true }, { step: prod } ]", INSTANCE, &[], &push);
    assert_eq!(words(&ignored, "group/app"), ["submitted", "deploying", "monitoring"]);
    let disabled = run("[ { step: itest, disabled: true }, { step: prod } ]", INSTANCE, &[], &push);
    assert_eq!(words(&disabled, "step/app.itest"), ["skipped"]);
}

#[test]
fn copies_serve_the_places_that_they_are_advertised_in() {
    let nodes = "cluster:\n  nodes:\n    - { name: a, cpu: 8, memory: 16Gi, labels: { topology.kubernetes.io/region: east } }\n    \
                 - { name: b, cpu: 8, memory: 16Gi, labels: { topology.kubernetes.io/region: west } }\n";
    let instances = "main: { instances: 2, cpus: 1, mem: 1000, registrations: [app.main], deploy_group: prod, node_selectors: { \
                     \"topology.kubernetes.io/region\": east } }\ncanary: { instances: 1, weight: 20, cpus: 1, mem: 1000, registrations: \
                     [app.main], deploy_group: prod, node_selectors: { \"topology.kubernetes.io/region\": west } }\n";
    let smartstack = "main: { proxy_port: 20001, advertise: [region], discover: region, extra_advertise: { \"region:east\": \
                      [\"region:west\"] } }\n";
    let run = run("[ { step: prod } ]", instances, &[("smartstack.yaml", smartstack)], nodes);
    let shares = |place: &str| -> Vec<(String, u64)> {
        let found = run.traffic.series().find(|(name, _)| name.show(&run.names) == format!("traffic/app.main/{place}"));
        let (_, series) = found.unwrap_or_else(|| panic!("nobody serves {place}"));
        let parties = series.parties().iter();
        parties.map(|party| (party.show(&run.names), series.share_ppm(*party, run.ended_at))).collect()
    };
    assert_eq!(shares("east"), [("instance/app.main".to_owned(), 1_000_000)]);
    // Two copies of 10 from the east beside one of 20.
    let west = shares("west");
    assert_eq!(west.len(), 2);
    assert!(west.contains(&("instance/app.canary".to_owned(), 500_000)), "{west:?}");
}

#[test]
fn the_state_is_shown_as_deployments_json_and_tags() {
    let actions = "actions:\n  - { at: 10m, push: { app: 4c0ffee } }\n";
    let run = run("[ { step: prod } ]", INSTANCE, &[], actions);
    let shown = &run.native.as_ref().expect("it was asked for")["services"][0];
    let expected = json!({ "v2": {
        "deployments": { "prod": {
            "docker_image": "services-app:paasta-4c0ffee", "git_sha": "4c0ffee", "image_version": null,
        } },
        "controls": { "app:main.main": { "desired_state": "start", "force_bounce": null } },
    } });
    assert_eq!(shown["deployments.json"], expected);
    let tags = json!(["paasta-prod-20260101T000000-deploy", "paasta-prod-20260101T001000-deploy"]);
    assert_eq!(shown["tags"], tags);
    assert_eq!(shown["instances"][0]["running_instance_count"], 4);
    assert_eq!(shown["instances"][0]["bouncing"], false);
}

#[test]
fn a_service_that_is_taken_down_leaves_no_copy() {
    let actions = "actions:\n  - { at: 10m, undeploy: app }\n  - { at: 20m, push: { app: 4c0ffee } }\n";
    let smartstack = "main: { proxy_port: 20001, advertise: [region], discover: region }\n";
    let instance = INSTANCE.replace("deploy_group", "registrations: [app.main], deploy_group");
    let run = run("[ { step: prod } ]", &instance, &[("smartstack.yaml", smartstack)], actions);
    assert_eq!(words(&run, "group/app"), ["submitted", "undeployed"]);
    assert_eq!(words(&run, "Deployment/paastasvc-app/app-main").last(), Some(&"Deleted"));
    assert_eq!(words(&run, "traffic/app.main"), ["serving", "outage"]);
    assert_eq!(refusals(&run), ["refused: `app` is taken down"]);
}

#[test]
fn an_instance_of_two_clusters_needs_two_clusters() {
    let other = [("kubernetes-other.yaml", INSTANCE)];
    let one = played("[ { step: prod } ]", INSTANCE, &other, "");
    let told = &one.rejections[0].diagnostics[0];
    assert_eq!(told.message, "the instance `main` is in several clusters, and the scenario has one");
    assert_eq!(told.place().to_string(), "app/kubernetes-other.yaml:1:1");
    let both = "clusters:\n  - { name: main, nodes: [ { name: a, cpu: 8, memory: 16Gi } ] }\n  - { name: other, nodes: [ { name: b, \
                cpu: 8, memory: 16Gi } ] }\n";
    let both = run("[ { step: prod } ]", INSTANCE, &other, both);
    assert_eq!(last(&both, "instance/app.main@other", "running").1, "0000000 alone, copies: 4");
}

#[test]
fn what_is_not_there_is_refused_by_its_name() {
    let actions = "actions:
  - { at: 5m, push: { nosuch: 4c0ffee } }
  - { at: 6m, undeploy: nosuch }
  - { at: 7m, undeploy: app.main }
  - { at: 8m, click: gate/other.prod }
";
    let run = run("[ { step: prod } ]", INSTANCE, &[], actions);
    assert_eq!(words(&run, "group/app"), ["submitted"]);
    let whole = "what is taken down is a whole service";
    let expected = [
        "refused: there is no service `nosuch`".to_owned(),
        format!("refused: there is no service `nosuch`; {whole}"),
        format!("refused: there is no service `app.main`; {whole}"),
        "refused: `gate/other.prod` is of no service that is deployed".to_owned(),
    ];
    assert_eq!(refusals(&run), expected);
}

#[test]
fn whatever_is_under_way_ends_with_the_service() {
    let actions = "actions:\n  - { at: 5m, push: { app: 4c0ffee } }\n  - { at: 5m30s, undeploy: app }\n";
    let building = run("[ { step: itest }, { step: prod } ]", INSTANCE, &[], actions);
    assert_eq!(words(&building, "step/app.itest"), ["building", "undeployed"]);
    let deploying = run("[ { step: prod } ]", INSTANCE, &[], actions);
    assert_eq!(words(&deploying, "step/app.prod").last(), Some(&"undeployed"));
    let gated = "[ { step: prod, trigger_next_step_manually: true }, { step: prod2 } ]";
    let instances = format!("{INSTANCE}{}", INSTANCE.replace("main:", "other:").replace("group: prod", "group: prod2"));
    let at_gate = |what: &str| {
        let actions = format!("actions:\n  - {{ at: 5m, push: {{ app: 4c0ffee }} }}\n  - {{ at: 30m, {what} }}\n");
        words(&run(gated, &instances, &[], &actions), "gate/app.prod")
    };
    assert_eq!(at_gate("undeploy: app"), ["waiting", "undeployed"]);
    assert_eq!(at_gate("abort: gate/app.prod"), ["waiting", "aborted"]);
}

#[test]
fn a_push_that_waits_leaves_the_group_deploying() {
    let actions = "actions:\n  - { at: 5m, push: { app: 4c0ffee } }\n  - { at: 6m, push: { app: 5d1aaaa } }\n";
    let run = run("[ { step: prod } ]", INSTANCE, &[], actions);
    let expected = ["submitted", "deploying", "deploying", "monitoring", "deploying", "monitoring"];
    assert_eq!(words(&run, "group/app"), expected);
}

#[test]
fn commits_and_groups_that_cannot_be_are_told_with_their_places() {
    let files = [
        ("app/deploy.yaml", "pipeline: [ { step: prod.main } ]\n"),
        ("app/kubernetes-main.yaml", "main: { instances: 1, deploy_group: prod.main }\n"),
    ];
    let files: BTreeMap<String, String> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let text = "name: s
until: 1h
cluster: { nodes: [ { name: n, cpu: 32, memory: 64Gi } ] }
deploy: [ { document: app/, system: paasta } ]
paasta: { deployed: { prod.mian: 0aa1111, prod.main: a/b } }
actions:
  - { at: 5m, push: { app: 4c0 ffee } }
  - { at: 5m, mark: { prod.main: a+b+c } }
";
    let errors = load_from(&Source::new("s.yaml", text), &Memory(files)).expect_err("four mistakes");
    let mut told: Vec<String> =
        errors.iter().map(|error| format!("{} {}", error.place(), error.message.split(':').next().unwrap())).collect();
    told.sort();
    let expected = [
        "s.yaml:5:23 no service has the deploy group `prod.mian`",
        "s.yaml:5:54 `a/b` is no commit",
        "s.yaml:7:28 `4c0 ffee` is no commit",
        "s.yaml:8:34 `a+b+c` is no commit",
    ];
    assert_eq!(told, expected);
}
