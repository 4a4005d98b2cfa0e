//! Goal: the oracles see what is wrong with a model. Method: a deliberate fault in it, one at a time, a scenario in which it matters and
//! that expects nothing, and the oracle that must find it there. Without the fault none of the oracles finds anything in the same run,
//! so that it is the fault that is found.

use std::collections::BTreeMap;

use super::Oracles;
use crate::kernel::Limits;
use crate::kernel::mutation::{Mutation, with};
use crate::rehearsal::{Observer, Options, Rehearsal, simulated};
use crate::scenario::{Documents, load_from};
use crate::text::Source;

/// Documents that stand in the test.
struct Given(BTreeMap<&'static str, String>);

impl Documents for Given {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "it is not there".to_owned())
    }
}

/// The oracles that find something, by code, and how they say it.
fn found(scenario: &str, documents: &[(&'static str, String)]) -> Vec<String> {
    let source = Source::new("scenario.yaml", scenario.to_owned());
    let documents = Given(documents.iter().cloned().collect());
    let scenario = load_from(&source, &documents).unwrap_or_else(|problems| panic!("{problems:?}"));
    let oracles = Oracles::new(&scenario).expect("what the scenario says of oracles is right");
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(oracles)];
    let mut cluster = simulated(&scenario, scenario.seed).expect("a cluster");
    // What never ends is seen to be so after fewer events than a large cluster may need.
    cluster.limit(Limits { events_per_instant: 50_000, ..Limits::default() });
    let mut rehearsal = Rehearsal::new(&scenario, cluster, Options::default()).expect("a run");
    while rehearsal.step(&mut observers) {}
    let run = rehearsal.finish(Options::default(), &mut observers);
    let told =
        |finding: &crate::rehearsal::Finding| format!("{} {}: {}", finding.rule.code, finding.subject, finding.detail);
    run.findings.iter().map(told).collect()
}

/// Checks one fault: the oracle finds it, and nothing is found without it.
fn caught(mutation: Mutation, oracle: &str, scenario: &str, documents: &[(&'static str, String)]) {
    let sound = found(scenario, documents);
    assert!(sound.is_empty(), "{mutation:?}: found without it: {sound:#?}");
    let mutated = with(mutation, || found(scenario, documents));
    assert!(
        mutated.iter().any(|finding| finding.starts_with(oracle)),
        "{mutation:?} is not found by {oracle}: {mutated:#?}"
    );
}

/// A Deployment of a web server.
fn deployment(replicas: u32, image: &str, requests: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web }}\nspec:\n  replicas: {replicas}\n{more}  selector: {{ \
         matchLabels: {{ app: web }} }}\n  template:\n    metadata: {{ labels: {{ app: web }} }}\n    spec:\n      containers:\n        - \
         name: web\n          image: {image}\n          resources: {{ requests: {requests}, limits: {requests} }}\n          \
         readinessProbe: {{ httpGet: {{ path: /, port: 80 }} }}\n---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec:\n  \
         selector: {{ app: web }}\n  ports: [ {{ port: 80 }} ]\n"
    )
}

/// A scenario with these nodes in which a document is deployed, and this happens.
fn scenario(nodes: &str, more: &str) -> String {
    format!(
        "name: mutation\nuntil: 1h\ncluster:\n  nodes: [ {nodes} ]\ndeploy:\n  - {{ document: web.yaml, system: kubernetes \
         }}\nbehaviour:\n  - {{ match: {{ }}, pull: 10s, start: 30s, stop: 2s }}\n{more}"
    )
}

const GPU_NODE: &str = "{ name: gpu, cpu: 64, memory: 256Gi, gpus: { count: 2 } }";
const CPU_NODE: &str = "{ name: cpu, cpu: 32, memory: 128Gi }";
const UPDATE: &str = "actions:\n  - { at: 10m, apply: web-2.yaml }\n";

#[test]
fn gpus_that_are_given_out_twice() {
    let web = deployment(2, "web:1", "{ nvidia.com/gpu: 1 }", "");
    caught(Mutation::DevicesGivenTwice, "GR101", &scenario(GPU_NODE, ""), &[("web.yaml", web)]);
}

#[test]
fn requests_that_are_not_counted() {
    let web = deployment(3, "web:1", "{ cpu: 20 }", "");
    // Two more nodes come while the pods wait.
    let later = "{ pool: more, count: 2, cpu: 32, memory: 128Gi, provisioned_after: 2m }";
    caught(Mutation::RequestsNotCounted, "GR101", &scenario(&format!("{CPU_NODE}, {later}"), ""), &[("web.yaml", web)]);
}

#[test]
fn pods_that_the_scheduler_forgets() {
    let web = deployment(3, "web:1", "{ cpu: 20 }", "");
    let later = "{ pool: more, count: 2, cpu: 32, memory: 128Gi, provisioned_after: 2m }";
    caught(Mutation::PodsForgotten, "GR106", &scenario(&format!("{CPU_NODE}, {later}"), ""), &[("web.yaml", web)]);
}

#[test]
fn a_pod_too_many_for_ever() {
    let web = deployment(2, "web:1", "{ cpu: 1 }", "");
    caught(Mutation::OnePodTooMany, "GR105", &scenario(CPU_NODE, ""), &[("web.yaml", web)]);
}

#[test]
fn old_pods_that_go_early() {
    let [one, two] = ["web:1", "web:2"].map(|image| deployment(2, image, "{ cpu: 1 }", ""));
    let documents = [("web.yaml", one), ("web-2.yaml", two)];
    caught(Mutation::OldPodsGoEarly, "GR104", &scenario(CPU_NODE, UPDATE), &documents);
}

#[test]
fn history_that_is_kept() {
    let [one, two] = ["web:1", "web:2"].map(|image| deployment(2, image, "{ cpu: 1 }", "  revisionHistoryLimit: 0\n"));
    let documents = [("web.yaml", one), ("web-2.yaml", two)];
    caught(Mutation::HistoryKept, "GR107", &scenario(CPU_NODE, UPDATE), &documents);
}

#[test]
fn pods_that_outlive_their_owner() {
    let web = deployment(2, "web:1", "{ cpu: 1 }", "");
    let delete = "actions:\n  - { at: 10m, delete: Deployment/web }\n";
    caught(Mutation::PodsOrphaned, "GR107", &scenario(CPU_NODE, delete), &[("web.yaml", web)]);
}

#[test]
fn a_node_that_stays_tainted() {
    let web = deployment(2, "web:1", "{ nvidia.com/gpu: 1 }", "");
    // The pods lose their node, which comes back, and then they are replaced.
    let faults =
        "faults:\n  - { at: 10m, node_down: { node: gpu, for: 3m } }\n  - { at: 30m, pod_kill: { workload: web } }\n";
    let switched = "oracles: { off: [outage] }\n";
    let scenario = scenario(GPU_NODE, &format!("{faults}{switched}"));
    caught(Mutation::TaintStays, "GR106", &scenario, &[("web.yaml", web)]);
}

#[test]
fn a_gate_that_is_open() {
    let group = std::fs::read_to_string("scenarios/llama-stack/group.json").expect("it is there");
    let plain = std::fs::read_to_string("scenarios/llama-stack/plain-mended.yaml").expect("it is there");
    caught(Mutation::GateOpen, "GR102", &plain, &[("group.json", group)]);
}

/// The blue-green update of the project's scenario, which is analysed after its promotion.
fn analysed(more: &str) -> (String, [(&'static str, String); 2]) {
    let read =
        |file: &str| std::fs::read_to_string(format!("scenarios/blue-green-analysed/{file}")).expect("it is there");
    let documents = ["search.yaml", "search-v2.yaml"].map(|file| (file, read(file)));
    (format!("{}{more}", read("plain.yaml")), documents)
}

#[test]
fn a_service_that_is_switched_early() {
    let (plain, documents) = analysed("");
    caught(Mutation::SwitchedEarly, "GR111", &plain, &documents);
}

#[test]
fn an_abort_that_leaves_traffic_or_pods_where_they_are() {
    // An update that is given up is not there, which is what the operator wants here.
    let (plain, documents) = analysed("  - { at: 13m20s, abort: Rollout/search }\noracles: { off: [stuck] }\n");
    // The pods that took the traffic are taken away all the same.
    caught(Mutation::AbortKeepsTraffic, "GR104", &plain, &documents);
    caught(Mutation::AbortKeepsPods, "GR112", &plain, &documents);
}

#[test]
fn a_time_out_that_is_lost() {
    let read = |file: &str| {
        let path = format!("scenarios/backendai/timeout-never-fires/{file}");
        std::fs::read_to_string(path).expect("it is there")
    };
    caught(Mutation::TimeoutLost, "GR113", &read("plain-mended.yaml"), &[("chat.yaml", read("chat.yaml"))]);
}
