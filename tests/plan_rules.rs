//! Goal: each rule of a plan finds what it says, at the right place, and what is told to mend it does. Method: the smallest
//! rollout of each kind on a small cluster.

use greenroom::plan::finding::Finding;
use greenroom::plan::{Options, Plan, judge};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::{Source, render};

/// Two versions of manifests, by file.
struct Two<'a>(&'a str, &'a str);

impl Documents for Two<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "web.yaml" => Ok(self.0.to_owned()),
            "web-v2.yaml" => Ok(self.1.to_owned()),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

const GPU: &str = "    - { pool: gpu, count: 2, cpu: 16, memory: 64Gi, gpus: { model: A10, count: 1 } }\n";

/// The rollout from one version to the other; `rest` are further keys of the scenario.
fn plan(nodes: &str, old: &str, new: &str, rest: &str) -> Plan {
    let actions = if rest.contains("actions:") || new.is_empty() {
        String::new()
    } else {
        "actions:\n  - { at: 10m, apply: web-v2.yaml }\n".to_owned()
    };
    let text = format!(
        "name: s\nuntil: 30m\ncluster:\n  nodes:\n{nodes}deploy:\n  - {{ document: web.yaml, system: kubernetes }}\n{actions}{rest}"
    );
    let scenario = load_from(&Source::new("s.yaml", text), &Two(old, new));
    let made = scenario.and_then(|scenario| judge(&scenario, Options { seed: None, seeds: 1, mends: true }));
    made.map_err(|errors| render::render(&errors, false)).unwrap_or_else(|told| panic!("{told}"))
}

/// A Deployment whose pods ask for one GPU each; further lines of its spec, its pods and its container.
fn web(tag: u32, replicas: u32, spec: &str, pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {replicas}\n{spec}  selector:\n    matchLabels: \
         {{ app: web }}\n  template:\n    metadata:\n      labels: {{ app: web }}\n    spec:\n{pod}      containers:\n        - name: web\n          \
         image: web:{tag}\n          resources: {{ limits: {{ nvidia.com/gpu: 1 }} }}\n{container}"
    )
}

fn simple(tag: u32) -> String {
    web(tag, 1, "", "", "")
}

#[track_caller]
fn only<'p>(plan: &'p Plan, code: &str) -> &'p Finding {
    let found: Vec<&str> = plan.findings.iter().map(|finding| finding.rule.code).collect();
    assert_eq!(found, [code], "{:#?}", plan.findings);
    &plan.findings[0]
}

/// The line of the document that a finding points at.
fn line(finding: &Finding) -> String {
    let (source, span) = finding.place.as_ref().expect("it has a place");
    let place = source.place(*span);
    source.text().lines().nth(place.line as usize - 1).unwrap_or("").trim().to_owned()
}

#[track_caller]
fn mended(finding: &Finding, by: &str) {
    let told: Vec<String> = finding.mends.iter().map(|mend| greenroom::plan::mend::told(&mend.changes)).collect();
    assert!(told.iter().any(|one| one.contains(by)), "{by}: {told:?}");
}

#[test]
fn a_rollout_without_a_flaw_has_no_findings() {
    let made = plan(GPU, &simple(1), &simple(2), "");
    assert!(made.findings.is_empty() && made.course.took().is_some(), "{:#?}", made.findings);
}

#[test]
fn too_small_a_cluster() {
    let made = plan(GPU, &web(1, 7, "", "", ""), "", "");
    let finding = only(&made, "GR002");
    assert_eq!(line(finding), "replicas: 7");
    mended(finding, "5 more nodes like gpu");
}

#[test]
fn a_taint_that_is_not_tolerated() {
    let tainted = "    - { pool: gpu, count: 2, cpu: 16, memory: 64Gi, gpus: { model: A10, count: 1 }, taints: [ { key: nvidia.com/gpu, effect: \
                   NoSchedule } ] }\n";
    let made = plan(tainted, &simple(1), "", "");
    mended(only(&made, "GR003"), "spec.template.spec.tolerations");
}

#[test]
fn a_node_that_is_not_there() {
    let selector = "      nodeSelector: { gpu: h100 }\n";
    let made = plan(GPU, &simple(1), &web(2, 1, "", selector, ""), "");
    assert_eq!(line(only(&made, "GR004")), "nodeSelector: { gpu: h100 }");
}

#[test]
fn a_quota_without_room_for_the_surge() {
    let quota = "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: { name: team }\nspec: { hard: { requests.nvidia.com/gpu: 1 } }\n";
    let made = plan(GPU, &(simple(1) + quota), &simple(2), "");
    let finding = only(&made, "GR005");
    mended(finding, "ResourceQuota/team: spec.hard.requests.nvidia.com/gpu: 2");
    mended(finding, "maxUnavailable: 1");
}

#[test]
fn a_drain_that_a_budget_blocks() {
    let budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web }\nspec: { minAvailable: 1, selector: { \
                  matchLabels: { app: web } } }\n";
    let fault = "faults:\n  - { name: d, at: 5m, drain: { node: gpu-0 } }\n";
    let three = GPU.replace("count: 2", "count: 3");
    let made = plan(&three, &(simple(1) + budget), "", fault);
    let finding = only(&made, "GR006");
    mended(finding, "PodDisruptionBudget/web: spec.minAvailable: 0");
    mended(finding, "Deployment/web: spec.replicas: 2");
    // Without a drain it is worth a note.
    let made = plan(GPU, &(simple(1) + budget), "", "");
    only(&made, "GR018");
}

#[test]
fn an_outage_by_design() {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [ { port: 80 } ] }\n";
    let recreate = "  strategy: { type: Recreate }\n";
    let made = plan(GPU, &(web(1, 1, recreate, "", "") + service), &web(2, 1, recreate, "", ""), "");
    let finding = only(&made, "GR007");
    assert_eq!(line(finding), recreate.trim());
    mended(finding, "maxSurge: 1");
}

#[test]
fn a_load_longer_than_the_deadline() {
    let slow = "behaviour:\n  - { match: {}, start: 15m }\n";
    let probe = "          readinessProbe: { httpGet: { path: /, port: 80 } }\n";
    let made = plan(GPU, &web(1, 1, "", "", probe), "", slow);
    mended(only(&made, "GR008"), "spec.progressDeadlineSeconds:");
}

#[test]
fn a_startup_probe_shorter_than_the_load() {
    let slow = "behaviour:\n  - { match: {}, start: 8m }\n";
    let probe = "          startupProbe: { httpGet: { path: /, port: 80 }, failureThreshold: 30 }\n";
    let made = plan(GPU, &web(1, 1, "", "", probe), "", slow);
    mended(only(&made, "GR009"), "startupProbe.failureThreshold: 60");
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let fault = "faults:\n  - { at: 9m, image_pull_fail: { image: 'web:2' } }\n";
    only(&plan(GPU, &simple(1), &simple(2), fault), "GR010");
}

#[test]
fn what_pods_need_and_nobody_made() {
    let env = "          envFrom: [ { secretRef: { name: token } } ]\n";
    only(&plan(GPU, &simple(1), &web(2, 1, "", "", env), ""), "GR011");
    let volume = "      volumes: [ { name: v, configMap: { name: settings } } ]\n";
    only(&plan(GPU, &simple(1), &web(2, 1, "", volume, ""), ""), "GR011");
    let claim = "      volumes: [ { name: v, persistentVolumeClaim: { claimName: models } } ]\n";
    only(&plan(GPU, &simple(1), &web(2, 1, "", claim, ""), ""), "GR011");
}

#[test]
fn a_job_that_gives_up() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: fetch }\nspec:\n  backoffLimit: 0\n  template:\n    spec:\n      \
               restartPolicy: Never\n      containers: [ { name: c, image: 'a:1' } ]\n";
    only(&plan(GPU, job, "", "behaviour:\n  - { match: {}, exit: 1, run: 5s }\n"), "GR013");
}

#[test]
fn an_object_that_is_refused() {
    let away = simple(1).replace("name: web\nspec", "name: web\n  namespace: shop\nspec");
    only(&plan(GPU, &away, "", ""), "GR014");
}

#[test]
fn a_rollout_that_is_paused() {
    let paused = web(2, 1, "  paused: true\n", "", "");
    let finding_of = plan(GPU, &simple(1), &paused, "");
    let finding = only(&finding_of, "GR015");
    assert_eq!(line(finding), "paused: true");
    mended(finding, "spec.paused: false");
}

#[test]
fn pods_that_keep_apart() {
    let apart = "      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [ { topologyKey: kubernetes.io/hostname, \
                 labelSelector: { matchLabels: { app: web } } } ] } }\n";
    let two = "    - { pool: gpu, count: 2, cpu: 16, memory: 64Gi, gpus: { model: A10, count: 4 } }\n";
    let made = plan(two, &web(1, 2, "", apart, ""), &web(2, 2, "", apart, ""), "");
    let finding = only(&made, "GR016");
    mended(finding, "maxSurge: 0");
    mended(finding, "1 more node like gpu");
}

#[test]
fn pods_behind_a_gate() {
    let gate = "      schedulingGates: [ { name: kueue.x-k8s.io/admission } ]\n";
    only(&plan(GPU, &simple(1), &web(2, 1, "", gate, ""), ""), "GR020");
}

#[test]
fn a_daemon_set_that_surges_on_full_nodes() {
    let agent = |tag: u32| {
        format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{ name: agent }}\nspec:\n  updateStrategy: {{ rollingUpdate: {{ maxSurge: 1, \
             maxUnavailable: 0 }} }}\n  selector: {{ matchLabels: {{ app: agent }} }}\n  template:\n    metadata: {{ labels: {{ app: agent }} }}\n    \
             spec:\n      containers: [ {{ name: c, image: 'a:{tag}', resources: {{ limits: {{ nvidia.com/gpu: 1 }} }} }} ]\n"
        )
    };
    let made = plan(GPU, &agent(1), &agent(2), "");
    mended(only(&made, "GR001"), "spec.updateStrategy.rollingUpdate.maxSurge: 0");
}

#[test]
fn a_tainted_pool_beside_nodes_without_gpus() {
    let nodes = "    - { pool: gpu, count: 2, cpu: 16, memory: 64Gi, gpus: { model: A10, count: 1 }, taints: [ { key: nvidia.com/gpu, effect: \
                 NoSchedule } ] }\n    - { pool: cpu, count: 1, cpu: 8, memory: 32Gi }\n";
    let made = plan(nodes, &simple(1), "", "");
    mended(only(&made, "GR003"), "spec.template.spec.tolerations");
}

#[test]
fn groups_that_surge_on_a_full_fleet() {
    let groups = |tag: u32| {
        format!(
            "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nmetadata: {{ name: large }}\nspec:\n  replicas: 2\n  rolloutStrategy: \
             {{ type: RollingUpdate, rollingUpdateConfiguration: {{ maxSurge: 1, maxUnavailable: 0 }} }}\n  leaderWorkerTemplate:\n    size: 2\n    \
             workerTemplate:\n      spec:\n        containers: [ {{ name: c, image: 'a:{tag}', resources: {{ limits: {{ nvidia.com/gpu: 1 }} }} }} ]\n"
        )
    };
    let four = GPU.replace("count: 2, cpu", "count: 4, cpu");
    let made = plan(&four, &groups(1), &groups(2), "");
    let finding = only(&made, "GR001");
    assert_eq!(finding.subject, "LeaderWorkerSet/large");
    mended(finding, "maxSurge: 0");
    mended(finding, "2 more nodes like gpu");
    assert_eq!(made.course.workloads.len(), 1, "{:?}", made.course.workloads);
}
