//! The scheduler against decisions recorded on a real kube-scheduler v1.36.3 with parallelism 1 and every node scored.
//!
//! Goal: every recorded decision is predicted, the unschedulable pods among them. Method: the nodes of each case join in
//! the recorded order, then its pods are placed one by one; none leaves. The recordings are not part of this
//! repository: `GREENROOM_SHARED` names the folder that holds them, and without it the test says that it was skipped.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/quantities.rs"]
mod quantities;

use golden::golden;
use greenroom::cluster::node::{NodeId, NodeSpec, Nodes};
use greenroom::cluster::scheduler::{Scheduler, SchedulerProfile};
use greenroom::cluster::template::{SpreadId, Templates};
use greenroom::kernel::Names;
use greenroom::workload::resources::NVIDIA_GPU;
use greenroom::workload::{Container, PodTemplate, Resources};
use quantities::{bytes, cpu_milli, text};
use serde_json::Value;

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
    let profile = match case["profile"].as_str() {
        Some("default") => SchedulerProfile::KubeDefault,
        Some("most-allocated-gpu") => SchedulerProfile::KubeMostAllocated,
        other => panic!("unknown profile {other:?}"),
    };
    let mut names = Names::default();
    let mut templates = Templates::default();
    let mut scheduler = Scheduler::new(&profile, &mut names);
    let mut nodes = Nodes::default();
    for node in case["nodes"].as_array().expect("nodes") {
        let allocatable = Resources {
            cpu_milli: cpu_milli(&node["cpu"]),
            memory_bytes: bytes(&node["memory"]),
            ..Resources::of(NVIDIA_GPU, node["gpus"].as_u64().expect("a count"))
        };
        let name = names.name(node["name"].as_str().expect("a name"));
        nodes.add(&mut names, NodeSpec::new(name, allocatable));
    }
    let pods = case["pods"].as_array().expect("pods");
    for pod in pods {
        let requests = &pod["requests"];
        let gpus = requests.get(NVIDIA_GPU).map_or(0, |count| text(count).parse().expect("a count"));
        let requests = Resources {
            cpu_milli: requests.get("cpu").map_or(0, cpu_milli),
            memory_bytes: requests.get("memory").map_or(0, bytes),
            ..Resources::of(NVIDIA_GPU, gpus)
        };
        let template = templates.intern(&mut names, &pod_template(requests));
        let placed = scheduler.place(&nodes, &templates, template, SpreadId::NONE).ok();
        let shown = placed.map(|node: NodeId| names.show(nodes.get(node).name));
        assert_eq!(shown.as_deref(), pod["node"].as_str(), "case {}, pod {}", case["case"], pod["name"]);
        if let Some(node) = placed {
            nodes.bind(&templates, node, template, SpreadId::NONE);
        }
    }
    pods.len()
}

fn pod_template(requests: Resources) -> PodTemplate {
    PodTemplate {
        containers: vec![Container {
            name: "main".to_owned(),
            image: "image:1".to_owned(),
            requests,
            ..Container::default()
        }],
        ..PodTemplate::default()
    }
}
