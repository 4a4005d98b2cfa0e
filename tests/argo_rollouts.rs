//! Argo Rollouts in the simulated cluster: manifests are applied and a user acts, as in a scenario.
//!
//! Goal: what the recordings of tests/golden_argo.rs do not show: analyses, aborts and retries of both strategies, rollbacks,
//! restarts, scaling, references to workloads. Method: small scenarios in memory are run to their end; the entries of all but
//! pods and nodes are compared with an accepted text, which was read beside the controller's source.

use std::collections::BTreeMap;
use std::fmt::Write;

use greenroom::rehearsal::{Options, RunResult, rehearse};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};
use greenroom::timeline::{Kind, render::why};

/// Documents that stand in memory.
struct Memory(BTreeMap<&'static str, String>);

impl Documents for Memory {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

const CANARY: &str = "canary: { maxSurge: 1, maxUnavailable: 0, steps: [ { setWeight: 50 }, { pause: {} } ] }";
const MANUAL: &str = "blueGreen: { activeService: web, previewService: next, autoPromotionEnabled: false }";

/// A Rollout of two pods with this image and strategy; `more` are further fields of its spec.
fn rollout(image: &str, strategy: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{ name: web }}\nspec:\n  replicas: 2\n{more}  selector: {{ \
         matchLabels: {{ app: web }} }}\n  strategy: {{ {strategy} }}\n  template:\n    metadata: {{ labels: {{ app: web }} }}\n    \
         spec: {{ containers: [ {{ name: web, image: \"{image}\" }} ] }}\n"
    )
}

/// Services of these names, in a text of manifests.
fn services(names: &[&str]) -> String {
    let service = |name: &&str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{ name: {name} }}\nspec: {{ selector: {{ app: web }}, ports: [ {{ \
             port: 80 }} ] }}\n"
        )
    };
    names.iter().map(service).collect()
}

/// An AnalysisTemplate whose metric is measured outside the cluster; `more` are further fields of the metric.
fn template(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{ name: {name} }}\nspec: {{ metrics: [ {{ name: m, \
         provider: {{ web: {{ url: x }} }}{more} }} ] }}\n"
    )
}

fn run(scenario: &str, documents: &[(&'static str, String)]) -> RunResult {
    let text = format!(
        "name: s\nuntil: 40m\ncluster:\n  nodes: [ {{ pool: cpu, count: 2, cpu: 8, memory: 32Gi }} ]\ndeploy:\n  - {{ document: web.yaml, \
         system: kubernetes }}\n{scenario}"
    );
    let documents = Memory(documents.iter().cloned().collect());
    let loaded = load_from(&Source::new("s.yaml", text), &documents);
    let scenario = loaded.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"));
    rehearse(&scenario, Options { native: true, ..Options::default() }, &mut [])
        .map_err(|errors| render::render(&errors, false))
        .unwrap_or_else(|told| panic!("{told}"))
}

/// Pods of the second image need ten seconds to start, as all do; `measurements` are rows of behaviour.
fn behaviour(measurements: &str) -> String {
    format!("behaviour:\n{measurements}  - match: {{}}\n    pull: 5s\n    start: 5s\n    run: 20s\n    stop: 0s\n")
}

/// The entries of a run from a minute on, without those of pods and nodes, and what never fired.
fn story(run: &RunResult, from: u64) -> String {
    let mut out = String::new();
    for (_, entry) in run.timeline.since(0) {
        let outside = matches!(entry.subject.kind, Kind::Pod | Kind::Node);
        if outside || entry.at.nanos() < from * 60_000_000_000 {
            continue;
        }
        let subject = entry.subject.show(&run.names);
        let line = format!("{} {subject} {} {}", entry.at, entry.became, why(&entry.why, &run.names));
        writeln!(out, "{}", line.trim_end()).expect("a string");
    }
    for unfired in &run.unfired {
        writeln!(out, "never fired: {}: {}", unfired.name, unfired.why).expect("a string");
    }
    out
}

#[test]
fn a_user_aborts_a_canary_and_tries_again() {
    let documents = [("web.yaml", rollout("a:1", CANARY, "")), ("v2.yaml", rollout("a:2", CANARY, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, abort: Rollout/web }\n  - { at: 3m, retry: Rollout/web }\n  \
                   - { at: 4m, promote: Rollout/web }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn a_full_promotion_skips_pauses_and_previews() {
    let strategy = "blueGreen: { activeService: web, autoPromotionEnabled: false, previewReplicaCount: 1 }";
    let web = rollout("a:1", strategy, "") + &services(&["web"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, promote: { Rollout/web: full } }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn a_failed_analysis_aborts_and_a_retry_asks_again() {
    let strategy = "blueGreen: { activeService: web, abortScaleDownDelaySeconds: 20, prePromotionAnalysis: { templates: [ { \
                    templateName: ask } ] } }";
    let web = rollout("a:1", strategy, "") + &services(&["web"]) + &template("ask", ", count: 2, interval: 30s");
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, ""))];
    let rows =
        "  - match: { analysis: ask, metric: m }\n    measurements: [ { is: Failed }, { at: 3m, is: Successful } ]\n";
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 3m, retry: Rollout/web }\n";
    insta::assert_snapshot!(story(&run(&(behaviour(rows) + actions), &documents), 1));
}

#[test]
fn an_inconclusive_step_pauses_until_a_user_promotes() {
    let strategy = "canary: { steps: [ { setWeight: 50 }, { analysis: { templates: [ { templateName: ask } ] } }, { setWeight: 60 \
                    } ] }";
    let web = rollout("a:1", strategy, "") + &template("ask", "");
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, ""))];
    let rows = "  - match: { metric: m }\n    measurements: [ { is: Inconclusive } ]\n";
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 3m, promote: Rollout/web }\n";
    insta::assert_snapshot!(story(&run(&(behaviour(rows) + actions), &documents), 1));
}

#[test]
fn errors_are_asked_again_and_are_no_failure() {
    let strategy = "blueGreen: { activeService: web, postPromotionAnalysis: { templates: [ { templateName: ask } ] } }";
    let web = rollout("a:1", strategy, "") + &services(&["web"]) + &template("ask", "");
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, ""))];
    let rows = "  - match: { analysis: ask }\n    measurements: [ { is: Error }, { at: 90s, is: Successful } ]\n";
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n";
    insta::assert_snapshot!(story(&run(&(behaviour(rows) + actions), &documents), 1));
}

#[test]
fn an_undo_before_the_promotion_goes_back_at_once() {
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", MANUAL, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, undo: Rollout/web }\n  - { at: 3m, undo: { Rollout/web: 9 } }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn an_undo_while_the_old_pods_are_there_waits_for_nobody() {
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", MANUAL, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, promote: Rollout/web }\n  - { at: 130s, undo: Rollout/web }\n  \
                   - { at: 5m, apply: v2.yaml }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn a_restart_takes_as_many_pods_as_may_be_missing() {
    let budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web }\nspec: { minAvailable: 1, selector: { \
                  matchLabels: { app: web } } }\n";
    let web = rollout("a:1", CANARY, "") + budget;
    let actions = "actions:\n  - { at: 90500ms, restart: Rollout/web }\n";
    let run = run(&(behaviour("") + actions), &[("web.yaml", web)]);
    let pods = run.timeline.since(0).filter(|(_, entry)| entry.subject.kind == Kind::Pod);
    let gone = pods.filter(|(_, entry)| ["Terminating", "Ready"].contains(&entry.became));
    let mut text = String::new();
    for (_, entry) in gone {
        let subject = entry.subject.show(&run.names);
        writeln!(text, "{} {subject} {}", entry.at, entry.became).expect("a string");
    }
    insta::assert_snapshot!(text + &story(&run, 1));
}

#[test]
fn scaling_in_a_pause_sizes_both_versions() {
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", MANUAL, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, scale: { Rollout/web: 3 } }\n  - { at: 3m, pause: Rollout/web }\n  \
                   - { at: 4m, promote: Rollout/web }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn an_autoscaler_scales_a_rollout() {
    let autoscaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { minReplicas: 2, \
                      maxReplicas: 4, scaleTargetRef: { apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web }, metrics: [ { \
                      type: Pods, pods: { metric: { name: load }, target: { type: AverageValue, averageValue: 10 } } } ] }\n";
    let without = |image: &str| rollout(image, MANUAL, "").replace("  replicas: 2\n", "");
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]) + autoscaler;
    let web = web.replace("  replicas: 2\n", "");
    let documents = [("web.yaml", web), ("v2.yaml", without("a:2"))];
    let rows = "behaviour:\n  - match: { workload: web }\n    pull: 5s\n    metrics: { load: [ { value: 15 }, { at: 2m, value: 35 } ] }\n";
    let actions = "actions:\n  - { at: 5m, apply: v2.yaml }\n";
    insta::assert_snapshot!(story(&run(&(rows.to_owned() + actions), &documents), 0));
}

#[test]
fn a_replica_set_that_a_quota_refuses_is_tried_again() {
    let quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: { name: few }\nspec: { hard: { count/replicasets.apps: 1 } }\n";
    let web = rollout("a:1", CANARY, "") + quota;
    let more = quota.replace("apps: 1", "apps: 2");
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", CANARY, "")), ("more.yaml", more)];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 75s, apply: more.yaml }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn an_undo_of_a_reference_changes_the_workload() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: base }\nspec:\n  replicas: 0\n  selector: { matchLabels: { \
                      app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec: { containers: [ { name: web, \
                      image: \"a:1\" } ] }\n";
    let rollout = "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\nspec: { replicas: 2, workloadRef: { \
                   apiVersion: apps/v1, kind: Deployment, name: base }, strategy: { canary: {} } }\n";
    let documents = [("web.yaml", deployment.to_owned() + rollout), ("v2.yaml", deployment.replace("a:1", "a:2"))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, undo: Rollout/web }\n  - { at: 3m, abort: Deployment/base }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 1));
}

#[test]
fn a_workload_hands_its_pods_over() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: 2\n  selector: { matchLabels: { \
                      app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec: { containers: [ { name: web, \
                      image: \"a:1\" } ] }\n";
    let rollout = |how: &str| {
        format!(
            "---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{ name: web }}\nspec:\n  replicas: 2\n  workloadRef: {{ \
             apiVersion: apps/v1, kind: Deployment, name: web, scaleDown: {how} }}\n  strategy: {{ {CANARY} }}\n"
        )
    };
    let v2 = deployment.replace("a:1", "a:2").replace("  replicas: 2\n", "");
    let web = |how: &str| deployment.replace("  replicas: 2\n", "") + &rollout(how);
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { at: 2m, promote: Rollout/web }\n";
    for how in ["progressively", "onsuccess", "never"] {
        let run = run(&(behaviour("") + actions), &[("web.yaml", web(how)), ("v2.yaml", v2.clone())]);
        insta::assert_snapshot!(format!("handed_over_{how}"), story(&run, 0));
    }
}

#[test]
fn a_service_that_is_not_there_is_waited_for() {
    let documents = [("web.yaml", rollout("a:1", MANUAL, "")), ("more.yaml", services(&["web", "next"]))];
    let actions = "actions:\n  - { at: 30s, apply: more.yaml }\n  - { at: 2m, undeploy: web }\n";
    insta::assert_snapshot!(story(&run(&(behaviour("") + actions), &documents), 0));
}

#[test]
fn the_status_is_shown_as_the_api_has_it() {
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", MANUAL, ""))];
    let run = run(&(behaviour("") + "actions:\n  - { at: 1m, apply: v2.yaml }\n"), &documents);
    let native = run.native.expect("it was asked for");
    let items = native["items"].as_array().expect("items");
    let rollout = items.iter().find(|item| item["kind"] == "Rollout").expect("the Rollout");
    insta::assert_snapshot!(serde_json::to_string_pretty(rollout).expect("JSON"));
}

/// The lines of a story about a subject.
fn about<'a>(story: &'a str, subject: &str) -> Vec<&'a str> {
    story.lines().filter(|line| line.split(' ').nth(1) == Some(subject)).collect()
}

#[test]
fn a_size_that_is_in_conflict_is_written_again_after_a_doubling_wait() {
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", MANUAL, ""))];
    let more = "faults:\n  - { at: 59s, api_conflict: { object: ReplicaSet/web-r2, times: 2 } }\nactions:\n  - { at: 1m, apply: v2.yaml }\n";
    let story = story(&run(&(behaviour("") + more), &documents), 1);
    let told = "controller/rollout conflict ReplicaSet/web-r2 has been modified: again after";
    // What else is due at that instant has it look at once after the first.
    let expected = [format!("00:01:00.000 {told} 1ms"), format!("00:01:00.000 {told} 2ms")];
    assert_eq!(about(&story, "controller/rollout"), expected);
    assert_eq!(about(&story, "ReplicaSet/web-r2")[1], "00:01:00.002 ReplicaSet/web-r2 Scaled 0 to 2");
}

#[test]
fn old_pods_that_could_not_be_scaled_down_wait_for_the_next_resync() {
    let strategy = "blueGreen: { activeService: web }";
    let web = rollout("a:1", strategy, "") + &services(&["web"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, ""))];
    let more = "faults:\n  - { at: 80s, api_conflict: { object: ReplicaSet/web-r1, times: 1 } }\nactions:\n  - { at: 1m, apply: v2.yaml }\n";
    let story = story(&run(&(behaviour("") + more), &documents), 1);
    assert_eq!(about(&story, "ReplicaSet/web-r1"), ["00:15:00.000 ReplicaSet/web-r1 Scaled 2 to 0"]);
}

#[test]
fn a_change_that_was_missed_is_seen_at_the_next_resync() {
    let strategy = "blueGreen: { activeService: web }";
    // It would look again by itself when the update is overdue.
    let patient = "  progressDeadlineSeconds: 3600\n";
    let web = rollout("a:1", strategy, patient) + &services(&["web"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, patient))];
    let more = "faults:\n  - { at: 65s, missed_event: { object: ReplicaSet/web-r2, times: 1 } }\nactions:\n  - { at: 1m, apply: v2.yaml }\n";
    let story = story(&run(&(behaviour("") + more), &documents), 1);
    assert_eq!(about(&story, "Service/web"), ["00:15:00.000 Service/web Changed rollouts-pod-template-hash: r1 to r2"]);
}

#[test]
fn an_undo_right_after_the_last_old_pods_went_waits_for_new_ones() {
    let strategy = "blueGreen: { activeService: web }";
    let web = rollout("a:1", strategy, "") + &services(&["web"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", strategy, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { on: { subject: Pod/web-r1-1, reaches: Terminating }, after: 100ms, undo: Rollout/web }\n";
    let story = story(&run(&(behaviour("") + actions), &documents), 1);
    let told = about(&story, "Service/web");
    assert_eq!(told.len(), 2, "{story}");
    assert!(told.iter().all(|line| line.contains(" Changed ")), "{story}");
}

#[test]
fn what_a_user_aborts_is_told_as_his() {
    let web = rollout("a:1", MANUAL, "") + &services(&["web", "next"]);
    let documents = [("web.yaml", web), ("v2.yaml", rollout("a:2", MANUAL, ""))];
    let actions = "actions:\n  - { at: 1m, apply: v2.yaml }\n  - { name: stop, on: { subject: ReplicaSet/web-r2, reaches: Scaled }, abort: \
                   Rollout/web }\n";
    let run = run(&(behaviour("") + actions), &documents);
    let mut degraded = run.timeline.since(0).filter(|(_, entry)| entry.became == "Degraded");
    let (id, _) = degraded.next().expect("it is degraded");
    let causes = run.timeline.chain(id).into_iter().take(3).filter_map(|id| run.timeline.get(id));
    assert!(causes.into_iter().any(|cause| cause.subject.show(&run.names) == "action/stop"));
}
