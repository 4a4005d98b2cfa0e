//! The fleet's policies of kube-scheduler against decisions recorded on a real kube-scheduler v1.36.3 with parallelism 1 and every node
//! scored: the same recordings that tests/golden_placements.rs holds the simulated cluster's scheduler to.
//!
//! Goal: every recorded decision is predicted, the unschedulable pods among them. Method: the nodes of each case stand in the recorded
//! order, then its pods come one by one; none leaves.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/quantities.rs"]
mod quantities;

use golden::golden;
use greenroom::fleet::demand::{PodClass, Trace};
use greenroom::fleet::inventory::{Fleet, ModelSet, NodeKind};
use greenroom::fleet::placement::{Policy, Typical};
use greenroom::fleet::replay::{Order, Setting, replay_arrivals};
use quantities::{bytes, cpu_milli, text};
use serde_json::Value;

/// Pods that a node takes, as kubelets have it.
const PODS_MAX: u32 = 110;

#[test]
fn every_recorded_decision_is_predicted() {
    let Some(recorded) = golden("placements.json") else { return };
    let mut decisions = 0;
    for case in recorded["cases"].as_array().expect("cases") {
        decisions += replay(case);
    }
    assert_eq!(decisions, 960);
}

/// Places the pods of one case; the number of decisions compared.
fn replay(case: &Value) -> usize {
    let policy = match case["profile"].as_str() {
        Some("default") => Policy::KubeDefault,
        Some("most-allocated-gpu") => Policy::KubeMostAllocated,
        other => panic!("unknown profile {other:?}"),
    };
    let mut fleet = Fleet::default();
    for node in case["nodes"].as_array().expect("nodes") {
        let kind = NodeKind {
            cpu_milli: small(cpu_milli(&node["cpu"])),
            memory_mib: small(bytes(&node["memory"]) >> 20),
            gpus: node["gpus"].as_u64().expect("a count") as u8,
            model: ModelSet::ANY,
        };
        fleet.add(node["name"].as_str().expect("a name"), kind);
    }
    let mut trace = Trace::default();
    let pods = case["pods"].as_array().expect("pods");
    for pod in pods {
        let requests = &pod["requests"];
        let gpus = requests.get("nvidia.com/gpu").map_or(0, |count| text(count).parse().expect("a count"));
        let class = PodClass {
            cpu_milli: requests.get("cpu").map_or(0, |cpu| small(cpu_milli(cpu))),
            memory_mib: requests.get("memory").map_or(0, |memory| small(bytes(memory) >> 20)),
            gpus,
            gpu_milli: if gpus > 0 { 1000 } else { 0 },
            models: ModelSet::ANY,
            spec: "".into(),
        };
        trace.add(pod["name"].as_str().expect("a name"), class);
    }
    let setting = Setting { pods_max: PODS_MAX, ..Setting::new(policy, 1) };
    let order = Order::listed(&fleet, &trace);
    replay_arrivals(&fleet, &trace, &Typical::of(&trace), &order, setting, &mut |decision| {
        let pod = &pods[decision.pod as usize];
        let shown = decision.placed.map(|(node, _)| &*fleet.nodes[node as usize].name);
        assert_eq!(shown, pod["node"].as_str(), "case {}, pod {}", case["case"], pod["name"]);
    });
    pods.len()
}

fn small(amount: u64) -> u32 {
    u32::try_from(amount).expect("an amount of the recordings")
}
