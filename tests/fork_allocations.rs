//! Goal: a fork costs the same however large the cluster is. Method: what a fork allocates under dhat's allocator, in the
//! middle of a rolling update of few pods and of many; a part of the cluster that grows and is not shared shows at once.
//! One test alone is in this file, as the counters are those of the whole process.

use greenroom::cluster::Cluster;
use greenroom::kernel::{Duration, Time};
use greenroom::rehearsal::{Options, Rehearsal, simulated};
use greenroom::scenario::{Documents, load_from};
use greenroom::text::Source;
use greenroom::workload::Stage;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Two Deployments, a StatefulSet and a Service of one version.
struct Manifests {
    pods: u32,
}

impl Documents for Manifests {
    fn read(&self, path: &str) -> Result<String, String> {
        let tag = if path == "v2.yaml" { 2 } else { 1 };
        let workload = |kind: &str, name: &str, more: &str| {
            format!(
                "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec:\n  {more}replicas: {}\n  selector: {{ matchLabels: {{ \
                 app: {name} }} }}\n  template:\n    metadata: {{ labels: {{ app: {name} }} }}\n    spec:\n      containers:\n        - {{ name: \
                 main, image: \"{name}:{tag}\", resources: {{ limits: {{ nvidia.com/gpu: 1 }} }} }}\n---\n",
                self.pods
            )
        };
        let [web, batch] = ["web", "batch"].map(|name| workload("Deployment", name, ""));
        let store = workload("StatefulSet", "store", "serviceName: web\n  podManagementPolicy: Parallel\n  ");
        let service = "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [ { port: 80 } ] }\n";
        Ok(format!("{web}{batch}{store}{service}"))
    }
}

/// The run of so many pods each, in the middle of its rolling update.
fn halfway(pods: u32) -> Rehearsal<Cluster> {
    let text = format!(
        "name: forked\nuntil: 2h\ncluster:\n  nodes: [ {{ pool: n, count: {}, cpu: 64, memory: 512Gi, gpus: {{ model: H100, count: 8 }}, \
         taints: [ {{ key: nvidia.com/gpu, effect: PreferNoSchedule }} ] }} ]\nbehaviour:\n  - {{ match: {{}}, start: {{ uniform: {{ min: 20s, \
         max: 60s }} }} }}\ndeploy:\n  - {{ document: v1.yaml, system: kubernetes }}\nactions:\n  - {{ at: 1h, apply: v2.yaml }}\n",
        pods / 2
    );
    let scenario = load_from(&Source::new("forked.yaml", text), &Manifests { pods }).expect("a scenario");
    let cluster = simulated(&scenario, scenario.seed).expect("a cluster");
    let mut run: Rehearsal<Cluster> = Rehearsal::new(&scenario, cluster, Options::default()).expect("documents");
    while run.stage().now() < Time::ZERO + Duration::from_secs(3640) && run.step(&mut []) {}
    let (_, held) = run.stage().gpus();
    assert!(held >= u64::from(pods), "pods are up");
    run
}

/// Bytes that a piece of work allocates.
fn bytes<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = dhat::HeapStats::get().total_bytes;
    let made = work();
    (made, dhat::HeapStats::get().total_bytes - before)
}

/// What a copy and a fork of a run allocate.
fn copy_and_fork(pods: u32) -> [u64; 2] {
    let mut run = halfway(pods);
    let (copy, copied) = bytes(|| run.clone());
    drop(copy);
    let (fork, forked) = bytes(|| run.fork());
    drop(fork);
    [copied, forked]
}

#[test]
fn a_fork_allocates_the_same_for_few_pods_and_for_many() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let [few_copied, few] = copy_and_fork(50);
    let [many_copied, many] = copy_and_fork(1_000);
    eprintln!("50 pods each: {few} bytes a fork, {few_copied} a copy; 1000: {many} and {many_copied}");
    dhat::assert!(many_copied > 4 * few_copied, "a copy grows with the pods");
    dhat::assert!(many <= few + 512, "{many} bytes a fork of many pods, {few} of few");
}
