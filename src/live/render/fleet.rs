//! What a run makes before its first document: its namespaces, and the nodes that kwok plays.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Naming, RUN, run_labels};
use crate::cluster::NodeSpec;
use crate::timeline::Kind;
use crate::workload::pod::Taint;

/// The label by which kwok takes a node for its own, as the testbed starts it.
pub const KWOK_LABEL: (&str, &str) = ("type", "kwok");

/// The annotation by which it does so as it is installed from its manifests.
pub const KWOK_ANNOTATION: (&str, &str) = ("kwok.x-k8s.io/node", "fake");

/// The namespace on the cluster for one of a document.
pub fn namespace(naming: &Naming, document: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": { "name": naming.namespace(document), "labels": run_labels(naming) },
    })
}

/// A node that kwok plays, under the scenario's name for it.
pub fn fake_node(naming: &Naming, name: &str, spec: &NodeSpec) -> Value {
    let mut labels = spec.labels.clone();
    labels.extend(run_labels(naming));
    labels.insert(KWOK_LABEL.0.to_owned(), KWOK_LABEL.1.to_owned());
    labels.entry("kubernetes.io/hostname".to_owned()).or_insert_with(|| name.to_owned());
    labels.entry("kubernetes.io/os".to_owned()).or_insert_with(|| "linux".to_owned());
    labels.entry("kubernetes.io/arch".to_owned()).or_insert_with(|| "amd64".to_owned());
    if let Some(zone) = &spec.zone {
        labels.entry("topology.kubernetes.io/zone".to_owned()).or_insert_with(|| zone.clone());
    }
    let mut taints: Vec<Value> = spec.taints.iter().map(taint).collect();
    taints.push(json!({ "key": RUN, "value": naming.run(), "effect": "NoSchedule" }));
    let resources = &spec.allocatable;
    let mut amounts: BTreeMap<String, Value> =
        resources.extended.iter().map(|(resource, count)| (resource.clone(), json!(count.to_string()))).collect();
    amounts.insert("cpu".to_owned(), json!(format!("{}m", resources.cpu_milli)));
    amounts.insert("memory".to_owned(), json!(resources.memory_bytes.to_string()));
    amounts.insert("ephemeral-storage".to_owned(), json!(resources.ephemeral_storage_bytes.to_string()));
    amounts.insert("pods".to_owned(), json!(spec.pods_max.to_string()));
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": naming.name(Kind::Node, name),
            "labels": labels,
            "annotations": { KWOK_ANNOTATION.0: KWOK_ANNOTATION.1, "node.alpha.kubernetes.io/ttl": "0" },
        },
        "spec": { "taints": taints },
        "status": { "capacity": amounts, "allocatable": amounts, "phase": "Running" },
    })
}

fn taint(taint: &Taint) -> Value {
    let value = (!taint.value.is_empty()).then(|| taint.value.clone());
    json!({ "key": taint.key, "value": value, "effect": taint.effect.text() })
}
