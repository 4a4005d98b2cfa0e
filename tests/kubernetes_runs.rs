//! What an operator does to manifests, and what becomes of it. Method: small scenarios in memory are run to their end; the entries of
//! the set, its workloads and the actions are compared with an accepted text, and what never fired is told below it.

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

/// A Deployment of three pods with this image; `more` are further lines of its spec.
fn web(image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web }}\nspec:\n  selector: {{ matchLabels: {{ app: web }} }}\n{more}  \
         template:\n    metadata: {{ labels: {{ app: web }} }}\n    spec:\n      containers:\n        - name: web\n          \
         image: {image}\n"
    )
}

fn run(actions: &str, documents: &[(&'static str, String)]) -> RunResult {
    let text = format!(
        "name: s\nuntil: 30m\ncluster:\n  nodes: [ {{ pool: cpu, count: 2, cpu: 8, memory: 32Gi }} ]\n  namespaces: [ shop ]\ndeploy:\n  - {{ document: web.yaml, \
         system: kubernetes }}\nbehaviour:\n  - match: {{ workload: fails }}\n    exit: 1\n    run: 10s\n  - match: {{}}\n    pull: \
         10s\n    start: 20s\n    run: 1m\n{actions}"
    );
    let documents = Memory(documents.iter().cloned().collect());
    let loaded = load_from(&Source::new("s.yaml", text), &documents);
    let scenario = loaded.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"));
    rehearse(&scenario, Options::default(), &mut [])
        .map_err(|errors| render::render(&errors, false))
        .unwrap_or_else(|told| panic!("{told}"))
}

/// The entries of a run, without those of pods and nodes, and what never fired.
fn story(run: &RunResult) -> String {
    let mut out = String::new();
    for (_, entry) in run.timeline.since(0) {
        if matches!(entry.subject.kind, Kind::Pod | Kind::Node) {
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
fn scaling_is_kept_unless_a_document_says_otherwise() {
    let actions = "actions:
  - { at: 2m, scale: { Deployment/web: 5 } }
  - { at: 4m, apply: same.yaml }
  - { at: 6m, apply: three.yaml }
  - { at: 8m, apply: same.yaml }
";
    let run = run(
        actions,
        &[
            ("web.yaml", web("web:1", "")),
            ("same.yaml", web("web:1", "")),
            ("three.yaml", web("web:1", "  replicas: 3\n")),
        ],
    );
    let told = story(&run);
    insta::assert_snapshot!(told);
}

#[test]
fn restarts_and_rollbacks_make_revisions() {
    let actions = "actions:
  - { at: 2m, restart: Deployment/web }
  - { at: 4m, apply: web.yaml }
  - { at: 6m, apply: two.yaml }
  - { at: 8m, rollback: { Deployment/web: 1 } }
  - { at: 10m, undo: Deployment/web }
  - { at: 12m, undo: { Deployment/web: 9 } }
  - { at: 14m, replace: web.yaml }
";
    let run = run(actions, &[("web.yaml", web("web:1", "")), ("two.yaml", web("web:2", ""))]);
    let told = story(&run);
    insta::assert_snapshot!(told);
}

#[test]
fn a_paused_deployment_rolls_nothing_out() {
    let actions = "actions:
  - { at: 2m, pause: Deployment/web }
  - { at: 3m, apply: two.yaml }
  - { at: 4m, restart: Deployment/web }
  - { at: 5m, undo: Deployment/web }
  - { at: 6m, pause: Deployment/web }
  - { at: 7m, resume: Deployment/web }
  - { at: 8m, resume: Deployment/web }
";
    let run = run(actions, &[("web.yaml", web("web:1", "")), ("two.yaml", web("web:2", ""))]);
    let told = story(&run);
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_refused_is_told_and_the_rest_goes_on() {
    let other = web("web:2", "").replace("app: web", "app: shop");
    let more = "---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [ { port: 80 } ] }\n";
    let actions = "actions:
  - { at: 2m, apply: other.yaml }
  - { at: 4m, replace: other.yaml }
  - { at: 5m, scale: { Service/web: 2 } }
  - { at: 5m, scale: { Deployment/gone: 2 } }
  - { at: 5m, pause: Service/web }
  - { at: 6m, delete: Service/web }
  - { at: 7m, delete: Service/web }
  - { at: 8m, undeploy: shop }
";
    let run = run(actions, &[("web.yaml", web("web:1", "")), ("other.yaml", format!("{other}{more}"))]);
    let told = story(&run);
    insta::assert_snapshot!(told);
}

#[test]
fn a_set_is_taken_down_and_applied_again() {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [ { port: 80 } ] }\n";
    let actions = "actions:
  - { at: 2m, undeploy: web }
  - { at: 3m, restart: Deployment/web }
  - { at: 5m, apply: web.yaml }
  - { at: 7m, delete: Deployment/web }
";
    let run = run(actions, &[("web.yaml", format!("{}{service}", web("web:1", "")))]);
    let told = story(&run);
    insta::assert_snapshot!(told);
}

#[test]
fn jobs_and_pods_complete_fail_and_wait() {
    let job = |name: &str, more: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{ name: {name} }}\nspec:\n{more}  template:\n    spec:\n      restartPolicy: \
             Never\n      containers: [ {{ name: a, image: 'a:1' }} ]\n"
        )
    };
    let done = run("", &[("web.yaml", job("a", "") + &job("b", "  completions: 2\n"))]);
    let failed = run("", &[("web.yaml", job("a", "") + &job("fails", "  backoffLimit: 0\n"))]);
    let actions = "actions:\n  - { at: 2m, resume: Job/a }\n  - { at: 4m, apply: web.yaml }\n";
    let suspended = run(actions, &[("web.yaml", job("a", "  suspend: true\n"))]);
    let told = format!("{}\n{}\n{}", story(&done), story(&failed), story(&suspended));
    insta::assert_snapshot!(told);
}

#[test]
fn an_object_that_cannot_be_is_rejected_and_the_others_are_made() {
    let bad = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: bad }\nspec: { replicas: -1 }\n";
    let partly = run("", &[("web.yaml", format!("{}{bad}", web("web:1", "")))]);
    let wholly = run("", &[("web.yaml", bad.to_owned())]);
    assert_eq!((partly.rejections.len(), wholly.rejections.len()), (1, 1));
    let told = format!("{}\n{}", story(&partly), story(&wholly));
    insta::assert_snapshot!(told);
}

#[test]
fn a_namespace_is_part_of_a_name() {
    let shop = web("web:1", "").replace("name: web }\nspec", "name: web, namespace: shop }\nspec");
    let run = run("actions:\n  - { at: 2m, scale: { Deployment/shop/web: 2 } }\n", &[("web.yaml", shop)]);
    let told = story(&run);
    assert!(told.contains("Deployment/shop/web") && told.contains("ReplicaSet/shop/web-r1"), "{told}");
    assert!(!told.contains("never fired"), "{told}");
}

/// Goal: the state is shown as `kubectl get -o json` shows it. Method: a few of its paths.
#[test]
fn the_native_state_is_a_list_of_objects() {
    let text = "name: s\nuntil: 5m\ncluster:\n  nodes: [ { pool: cpu, count: 2, cpu: 8, memory: 32Gi } ]\ndeploy:\n  - { document: web.yaml, \
        system: kubernetes }\n";
    let documents = Memory([("web.yaml", web("web:1", "  replicas: 2\n"))].into());
    let scenario = load_from(&Source::new("s.yaml", text), &documents).expect("a scenario");
    let options = Options { native: true, ..Options::default() };
    let run = rehearse(&scenario, options, &mut []).expect("it runs");
    let native = run.native.expect("the state");
    let items = native["items"].as_array().expect("items");
    assert_eq!(
        items.iter().map(|item| item["kind"].as_str()).collect::<Vec<_>>(),
        [Some("Deployment"), Some("Pod"), Some("Pod")]
    );
    assert_eq!(items[0]["status"]["readyReplicas"], 2);
    assert_eq!(items[1]["metadata"]["name"], "web-r1-0");
    assert_eq!(items[1]["status"]["phase"], "Running");
}
