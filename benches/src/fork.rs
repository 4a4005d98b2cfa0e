//! Runs that are forked: a fleet in the middle of its rolling update, and the scenario of the Llama Stack, which a search
//! plays thousands of times.

use std::path::Path;

use greenroom::cluster::Cluster;
use greenroom::explore;
use greenroom::kernel::{Duration, Time};
use greenroom::oracle::{Judge, Oracles};
use greenroom::rehearsal::{Observer, Options, Rehearsal, RunResult, VerdictStatus, simulated};
use greenroom::scenario::{Documents, Scenario, load, load_from};
use greenroom::text::Source;
use greenroom::workload::Stage;

use crate::rollout::GPUS_PER_NODE;

/// A Deployment of so many pods, in two versions.
struct Versions(u32);

impl Documents for Versions {
    fn read(&self, path: &str) -> Result<String, String> {
        let tag = if path == "model-v2.yaml" { 2 } else { 1 };
        Ok(format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: model }}\nspec:\n  replicas: {}\n  selector: {{ matchLabels: {{ app: \
             model }} }}\n  template:\n    metadata: {{ labels: {{ app: model }} }}\n    spec:\n      containers:\n        - name: server\n          \
             image: registry.example.com/model:{tag}\n          resources: {{ limits: {{ nvidia.com/gpu: 1 }} }}\n          \
             readinessProbe: {{ httpGet: {{ path: /health, port: 80 }}, periodSeconds: 10 }}\n",
            self.0
        ))
    }
}

/// A fleet of so many pods that come up, and after an hour are replaced by those of a new image.
///
/// # Panics
/// If the scenario is not valid, which only a change of the format can bring about.
pub fn fleet(pods: u32) -> Scenario {
    let nodes = (pods * 10 / 7).div_ceil(GPUS_PER_NODE as u32);
    let text = format!(
        "name: fleet\nuntil: 2h\ncluster:\n  nodes: [ {{ pool: n, count: {nodes}, cpu: 128, memory: 1Ti, gpus: {{ model: H100, count: \
         {GPUS_PER_NODE} }} }} ]\nbehaviour:\n  - {{ match: {{}}, start: {{ uniform: {{ min: 20s, max: 60s }} }} }}\ndeploy:\n  - {{ document: \
         model-v1.yaml, system: kubernetes }}\nactions:\n  - {{ at: 1h, apply: model-v2.yaml }}\n"
    );
    load_from(&Source::new("fleet.greenroom.yaml", text), &Versions(pods)).expect("a scenario")
}

/// The run of a scenario before its first step.
///
/// # Panics
/// If there is nothing to run.
pub fn start(scenario: &Scenario) -> Rehearsal<Cluster> {
    let cluster = simulated(scenario, scenario.seed).expect("a cluster");
    Rehearsal::new(scenario, cluster, Options::default()).expect("documents")
}

/// The fleet in the middle of its rolling update.
pub fn halfway(pods: u32) -> Rehearsal<Cluster> {
    let mut run = start(&fleet(pods));
    while run.stage().now() < Time::ZERO + Duration::from_secs(3600) && run.step(&mut []) {}
    let before = run.stage().timeline().len();
    // An update writes some fourteen entries a pod, the first half of them is past after seven.
    while run.stage().timeline().len() < before + 7 * pods as usize && run.step(&mut []) {}
    run
}

/// Plays a run to its end, watched by nobody.
pub fn end(mut run: Rehearsal<Cluster>) -> RunResult {
    while run.step(&mut []) {}
    run.finish(Options::default(), &mut [])
}

/// The scenario of the Llama Stack.
///
/// # Panics
/// If it is not there.
pub fn llama_stack() -> Scenario {
    scenario("scenarios/llama-stack/scenario.yaml")
}

fn scenario(path: &str) -> Scenario {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    load(&root.join(path)).expect("the scenario is there")
}

/// Does something with a search of the Llama Stack, which makes so many runs and says how many it made. All of it happens on one
/// thread, that of the call, so that a clock of that thread sees all of it.
///
/// # Panics
/// If there is no such scenario, or no thread.
pub fn searching<T: Send>(work: impl FnOnce(&dyn Fn(u64) -> u64) -> T + Send) -> T {
    let scenario = scenario("scenarios/llama-stack/plain.yaml");
    let search = |runs| {
        let options = explore::Options { runs: Some(runs), ..explore::Options::default() };
        explore::explore(&scenario, &options, &mut |_| true).expect("a search").runs
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    threads.install(|| work(&search))
}

/// Who watches a run.
#[derive(Clone, Debug)]
pub struct Watchers(Judge, Oracles);

impl Watchers {
    /// The judge of the scenario's expectations and the built-in oracles.
    ///
    /// # Panics
    /// If the scenario's expectations cannot be judged.
    pub fn of(scenario: &Scenario) -> Watchers {
        Watchers(Judge::new(scenario).expect("expectations"), Oracles::new(scenario).expect("oracles"))
    }

    /// Plays a run to its end and judges it.
    ///
    /// # Panics
    /// If it is not found to be good: then something else was measured.
    pub fn judge(self, mut run: Rehearsal<Cluster>) -> RunResult {
        let mut observers: [Box<dyn Observer>; 2] = [Box::new(self.0), Box::new(self.1)];
        while run.step(&mut observers) {}
        let result = run.finish(Options::default(), &mut observers);
        assert!(result.verdicts.iter().all(|verdict| verdict.status == VerdictStatus::Passed), "the run is good");
        result
    }
}
