//! What `plan` says of rollouts. Method: rollouts of known end are judged (recordings of a real control plane, the scenarios
//! of reported deadlocks and their mended twins), and its figures are held against runs of the same scenario.

#[path = "support/golden.rs"]
mod golden;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use greenroom::oracle::Judge;
use greenroom::plan::course::Outcome;
use greenroom::plan::rules::Gravity;
use greenroom::plan::{Options, Plan, judge, rollout};
use greenroom::rehearsal::{Observer, VerdictStatus, rehearse};
use greenroom::scenario::{Documents, Folder, Scenario, load, load_cluster_from, load_from};
use greenroom::text::{Source, render};
use serde_json::Value;

/// No document at all.
struct Nothing;

impl Documents for Nothing {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("there is no {path}"))
    }
}

fn plan_of(scenario: &Scenario, mends: bool) -> Plan {
    let options = Options { seed: None, seeds: 1, mends };
    judge(scenario, options).unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)))
}

fn codes(plan: &Plan, gravity: Gravity) -> Vec<&'static str> {
    plan.findings_of(gravity).map(|finding| finding.rule.code).collect()
}

/// A cluster and two versions of manifests on it.
fn between(cluster: &str, old: &str, new: &str) -> Scenario {
    let stage = load_cluster_from(&Source::new("cluster.yaml", cluster.to_owned()), &Nothing);
    let stage = stage.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
    let sources = |name: &str, text: &str| [Source::new(name.to_owned(), text.to_owned())];
    let (scenario, finding) =
        rollout::between(stage, &sources("old.yaml", old), &sources("new.yaml", new), 0).expect("they can be applied");
    assert!(finding.is_none(), "{finding:?}");
    scenario
}

fn deployment(replicas: &Value, surge: &Value, unavailable: &Value, tag: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: w\nspec:\n  replicas: {replicas}\n  strategy:\n    rollingUpdate: \
         {{ maxSurge: {surge}, maxUnavailable: {unavailable} }}\n  selector:\n    matchLabels: {{ app: w }}\n  template:\n    \
         metadata: {{ labels: {{ app: w }} }}\n    spec:\n      terminationGracePeriodSeconds: 0\n      containers:\n        \
         - name: c\n          image: a:{tag}\n          resources: {{ limits: {{ nvidia.com/gpu: 1 }} }}\n"
    )
}

/// Goal: `plan` names each deadlock that was recorded on a real control plane, and no other rollout.
#[test]
fn recorded_deadlocks_are_named_and_nothing_else() {
    let Some(recordings) = golden::golden("deployment_rollouts.json") else { return };
    let rollouts = recordings["rollouts"].as_array().expect("a list");
    assert_eq!(rollouts.len(), 126);
    let mut deadlocks = 0;
    for recorded in rollouts {
        let slots = &recorded["slots"];
        let cluster = format!(
            "cluster:\n  nodes:\n    - {{ name: n, cpu: 64, memory: 256Gi, pods: 500, gpus: {{ model: any, count: {slots} }} }}\n\
             behaviour:\n  - {{ match: {{}}, pull: 0s, start: 200ms, stop: 0s }}\n"
        );
        let text = |tag| deployment(&recorded["replicas"], &recorded["maxSurge"], &recorded["maxUnavailable"], tag);
        let plan = plan_of(&between(&cluster, &text(1), &text(2)), false);
        let ends = recorded["complete"].as_bool().expect("a truth value");
        let shown = format!("{recorded}");
        assert_eq!(plan.course.took().is_some(), ends, "{shown}");
        let told = codes(&plan, Gravity::Error);
        assert_eq!(told, if ends { vec![] } else { vec!["GR001"] }, "{shown}");
        if !ends {
            deadlocks += 1;
            assert_eq!(plan.course.outcome, Outcome::Deadlocked, "{shown}");
            let place = plan.findings[0].place.as_ref().expect("it has a place");
            assert_eq!(&**place.0.name(), "new.yaml", "{shown}");
        }
    }
    assert_eq!(deadlocks, 21);
}

fn stuck() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("scenarios")
        .expect("it is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("stuck-")))
        .collect();
    folders.sort();
    folders
}

/// Goal: each deadlock that was reported is found, and mended as its mended twin shows.
#[test]
fn reported_deadlocks_are_found_and_their_twins_finish() {
    let folders = stuck();
    assert!(folders.len() >= 6, "{folders:?}");
    for folder in folders {
        let shown = folder.display();
        let plan = plan_of(&load(&folder.join("scenario.yaml")).expect("it is valid"), true);
        let twin = plan_of(&load(&folder.join("mended.greenroom.yaml")).expect("it is valid"), true);
        assert!(
            twin.course.took().is_some() && codes(&twin, Gravity::Error).is_empty(),
            "{shown}: {:?}",
            twin.findings
        );
        if folder.ends_with("stuck-restart-again") {
            // Its operator finds the way out at last: what is left is the deadline that struck on the way.
            assert_eq!(codes(&plan, Gravity::Warning), ["GR008"], "{shown}");
            continue;
        }
        assert_eq!(plan.course.outcome, Outcome::Deadlocked, "{shown}");
        let errors: BTreeSet<&str> = codes(&plan, Gravity::Error).into_iter().collect();
        assert_eq!(errors, BTreeSet::from(["GR001"]), "{shown}");
        for finding in plan.findings_of(Gravity::Error) {
            assert!(finding.mends.len() >= 2, "{shown}: {finding:?}");
            assert!(finding.mends.iter().all(|mend| mend.took.is_some()), "{shown}: {finding:?}");
        }
    }
}

/// Goal: peak GPUs and lowest availability are those that a run shows. Method: the same scenario with expectations that hold
/// for these figures and for no better ones.
#[test]
fn figures_are_those_of_a_run() {
    let mut looked_at = 0;
    for entry in fs::read_dir("scenarios").expect("it is there") {
        let folder = entry.expect("it can be read").path();
        let file = folder.join("scenario.yaml");
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let scenario = load(&file).expect("it is valid");
        // Of runs that a plan follows beyond their end, other figures may come after it; drawn ones are of one seed too.
        if scenario.actions.is_empty() || !text.contains("system: kubernetes") {
            continue;
        }
        let plan = plan_of(&scenario, false);
        let begins = plan.course.begins;
        let ends = scenario.until;
        if plan.course.gpus.peak_at > ends || plan.course.workloads.iter().any(|one| one.lowest_at > ends) {
            continue;
        }
        let from = format!("from: {:?}", format!("{}ns", begins.nanos()));
        let mut expectations = Vec::new();
        let mut wanted = Vec::new();
        let mut expect = |condition: String, holds: bool| {
            expectations.push(format!("  - always: \"{condition}\"\n    {from}\n"));
            wanted.push(holds);
        };
        let peak = plan.course.gpus.peak;
        if peak > 0 {
            expect(format!("gpus_used() <= {peak}"), true);
            expect(format!("gpus_used() <= {}", peak - 1), false);
        }
        for one in plan.course.workloads.iter().filter(|one| one.before.is_some()) {
            expect(format!("available('{}') >= {}", one.subject, one.lowest), true);
            expect(format!("available('{}') >= {}", one.subject, one.lowest + 1), false);
        }
        let head =
            text.split("\nexpect:").next().expect("there is a first piece").replace("stop_when_settled: true", "");
        let changed = format!("{head}\nexpect:\n{}", expectations.concat());
        let source = Source::new(file.to_string_lossy(), changed);
        let scenario = load_from(&source, &Folder::new(&folder));
        let scenario = scenario.unwrap_or_else(|errors| panic!("{}", render::render(&errors, false)));
        let judge = Judge::new(&scenario).expect("they can be judged");
        let mut observers: [Box<dyn Observer>; 1] = [Box::new(judge)];
        let run = rehearse(&scenario, Default::default(), &mut observers).expect("it can be run");
        for (verdict, holds) in run.verdicts.iter().zip(&wanted) {
            let held = verdict.status == VerdictStatus::Passed;
            assert_eq!(held, *holds, "{}: {} {}", file.display(), verdict.text, verdict.detail);
        }
        looked_at += 1;
    }
    assert!(looked_at >= 8, "{looked_at}");
}

/// Goal: a deployment of 1Backend is judged by how many instances it wants, not by how many containers were made for it, and one
/// that calls itself OK with fewer is not finished. Method: scenarios of this repository.
#[test]
fn deployments_of_1backend_want_what_their_rows_say() {
    let judged = |name: &str| {
        let path = format!("{}/scenarios/onebackend/{name}/scenario.yaml", env!("CARGO_MANIFEST_DIR"));
        let plan = plan_of(&load(Path::new(&path)).expect("a scenario"), false);
        let own = &plan.course.workloads[0];
        (own.after, own.desired, codes(&plan, Gravity::Error), plan.findings.first().map(|first| first.message.clone()))
    };
    let short = |after, wanted| {
        let told = format!("deployment/web is ok at the end, with {after} of {wanted} pods available");
        (after, wanted, vec!["GR017"], Some(told))
    };
    assert_eq!(judged("rolling-update"), (3, 3, vec![], None));
    assert_eq!(judged("as-built-phantom-replica"), short(1, 2));
    assert_eq!(judged("as-built-too-few-nodes"), short(2, 5));
}

/// Goal: what a mend changes is the document, and the changed document is what its run shows.
#[test]
fn a_mend_is_an_edit_that_can_be_made() {
    let scenario = load(Path::new("scenarios/stuck-single-gpu/scenario.yaml")).expect("it is valid");
    let plan = plan_of(&scenario, true);
    let mend = &plan.findings[0].mends[0];
    let (before, after) = mend.changes[0].edit(&scenario).expect("it edits a document");
    let added: Vec<&str> = after.text().lines().filter(|line| !before.text().contains(line)).collect();
    assert_eq!(added, ["  strategy: {\"rollingUpdate\": {\"maxUnavailable\": 1}}"]);
    let mended = mend.changes[0].made(&scenario).expect("it can be made");
    let again = plan_of(&mended, false);
    assert_eq!(again.course.took(), mend.took);
}

/// Goal: what a live cluster lists is a cluster, and what it lists of workloads is a version.
#[test]
fn listings_of_a_live_cluster_are_read() {
    let nodes = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata:\n    name: gpu-1\n    labels: { kubernetes.io/hostname: \
                 gpu-1, nvidia.com/gpu.product: A10, topology.kubernetes.io/zone: z1 }\n    managedFields: []\n  spec:\n    taints:\n    \
                 - { key: nvidia.com/gpu, effect: NoSchedule }\n    - { key: node.kubernetes.io/not-ready, effect: NoExecute }\n  status:\n    \
                 allocatable: { cpu: 7910m, memory: 31000Mi, pods: '110', nvidia.com/gpu: '1', rdma/ib: '4', hugepages-2Mi: 1Gi, ephemeral-storage: '100' }\n- apiVersion: v1\n  \
                 kind: Node\n  metadata: { name: cordoned }\n  spec: { unschedulable: true }\n  status: { allocatable: { cpu: 8, memory: 8Gi } }\n";
    let stage = load_cluster_from(&Source::new("nodes.yaml", nodes), &Nothing).expect("a listing");
    let [node] = &stage.cluster.nodes[..] else { panic!("{:?}", stage.cluster.nodes) };
    assert_eq!((node.cpu_milli, node.gpus.as_ref().map(|gpus| gpus.count)), (Some(7910), Some(1)));
    assert_eq!(node.extended.get("rdma/ib"), Some(&4));
    assert_eq!(node.extended.get("hugepages-2Mi"), Some(&(1 << 30)));
    assert_eq!((node.taints.len(), node.zone.as_deref()), (1, Some("z1")));
    // A pod without a toleration finds no place there, and the plan says what mends that.
    let one = Value::from(1);
    let new = [Source::new("new.yaml", deployment(&one, &one, &one, 1))];
    let plan = plan_of(&rollout::first(stage, &new), true);
    assert_eq!(codes(&plan, Gravity::Error), ["GR003"], "{:?}", plan.findings);
    assert!(plan.findings[0].mends.iter().any(|mend| mend.took.is_some()), "{:?}", plan.findings);
}

/// Goal: what manifests take for granted of a live cluster is there, and what only the new version needs is not.
#[test]
fn what_the_old_version_uses_is_assumed() {
    let one = Value::from(1);
    let env = "          envFrom: [ { secretRef: { name: token } } ]\n";
    let text = |tag: u32, more: &str| {
        deployment(&one, &one, &one, tag).replace("name: w\nspec", "name: w\n  namespace: prod\nspec") + more
    };
    let cluster = "nodes: [ { pool: gpu, count: 2, shape: VM.GPU.A10.1 } ]\n";
    let kept = plan_of(&between(cluster, &text(1, env), &text(2, env)), false);
    assert!(kept.findings.is_empty() && kept.course.took().is_some(), "{:?}", kept.findings);
    let new = plan_of(&between(cluster, &text(1, ""), &text(2, env)), false);
    assert_eq!(codes(&new, Gravity::Error), ["GR011"]);
}

/// Goal: a Service that a rollout leads away from its pods is out, from that instant on.
#[test]
fn a_selector_that_matches_nothing_is_an_outage() {
    let one = Value::from(1);
    let service = |app: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{ name: w }}\nspec: {{ selector: {{ app: {app} }}, ports: [ {{ port: 80 }} ] }}\n"
        )
    };
    let cluster = "nodes: [ { pool: gpu, count: 2, shape: VM.GPU.A10.1 } ]\n";
    let text = |app: &str| deployment(&one, &one, &one, 1) + &service(app);
    let plan = plan_of(&between(cluster, &text("w"), &text("typo")), false);
    let [service] = &plan.course.services[..] else { panic!("{:?}", plan.course.services) };
    assert!(service.is_out() && service.outages[0].from == plan.course.begins, "{service:?}");
    assert_eq!(codes(&plan, Gravity::Warning), ["GR007"]);
}
