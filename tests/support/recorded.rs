//! Nodes, amounts, taints and containers as the recordings of `testbed/placements` write them, in our words.

use greenroom::cluster::NodeSpec;
use greenroom::kernel::Names;
use greenroom::workload::resources::NVIDIA_GPU;
use greenroom::workload::{Container, PodTemplate, Resources, Taint, TaintEffect, Toleration};

/// Pods that a recorded node takes.
const PODS_MAX: u32 = 10;

/// The node that joined as the how many-th, with these amounts and taints.
pub fn node_spec(names: &mut Names, number: usize, allocatable: Resources, taints: &[String]) -> NodeSpec {
    NodeSpec {
        taints: taints.iter().map(|text| taint(text)).collect(),
        pods_max: PODS_MAX,
        ..NodeSpec::new(names.name(&format!("n{number:02}")), allocatable)
    }
}

/// Pods of a container for each of these images, the first of which asks for everything, that tolerate taints of these keys.
pub fn pods_of(images: &[String], asked: &Resources, tolerates: &[String]) -> PodTemplate {
    let container = |(number, image): (usize, &String)| Container {
        name: format!("c{number}"),
        image: image.clone(),
        requests: if number == 0 { asked.clone() } else { Resources::default() },
        ..Container::default()
    };
    let tolerated = |key: &String| Toleration { key: Some(key.clone()), value: None, effect: None, seconds: None };
    PodTemplate {
        containers: images.iter().enumerate().map(container).collect(),
        tolerations: tolerates.iter().map(tolerated).collect(),
        ..PodTemplate::default()
    }
}

/// Amounts of a node or a container.
pub fn requests(cpu_milli: u64, memory_bytes: u64, gpus: u64) -> Resources {
    Resources { cpu_milli, memory_bytes, ..Resources::of(NVIDIA_GPU, gpus) }
}

/// A taint, from its key and effect.
pub fn taint(text: &str) -> Taint {
    let (key, effect) = text.split_once(':').expect("key and effect");
    let effect = match effect {
        "NoSchedule" => TaintEffect::NoSchedule,
        "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
        "NoExecute" => TaintEffect::NoExecute,
        other => panic!("unknown effect {other}"),
    };
    Taint { key: key.to_owned(), value: String::new(), effect }
}
