//! A pod as the API shows it. Addresses and identifiers of containers are not known, and not shown.

use serde_json::{Map, Value, json};

use super::metadata::{self, Epoch};
use super::template::template;
use crate::timeline::Subject;
use crate::workload::{Object, PodPhase, PodStatus, World};

/// A pod with what is known of its template. `owner` is a list of references; times are shown from `epoch` on.
pub fn pod(key: Subject, status: &PodStatus, owner: Option<Value>, epoch: Option<Epoch>, world: &dyn World) -> Value {
    let mut spec = Map::new();
    let mut metadata = metadata::begin(key, status.created_at.nanos(), world);
    if let Some(Object::Pod(made_from)) = world.observed_spec(key) {
        let Value::Object(mut whole) = template(&made_from) else { return Value::Null };
        if let Some(Value::Object(own)) = whole.remove("metadata") {
            metadata.extend(own.into_iter().filter(|(name, _)| matches!(name.as_str(), "labels" | "annotations")));
        }
        if let Some(Value::Object(own)) = whole.remove("spec") {
            spec = own;
        }
        if !status.gated {
            spec.remove("schedulingGates");
        }
    }
    if let Some(epoch) = epoch {
        metadata.insert("creationTimestamp".to_owned(), json!(epoch.stamp(status.created_at)));
    }
    if let Some(owner) = owner {
        metadata.insert("ownerReferences".to_owned(), owner);
    }
    if let Some(node) = status.node {
        spec.insert("nodeName".to_owned(), json!(world.show(node)));
    }
    let containers = spec.entry("containers").or_insert_with(|| json!([])).as_array().cloned().unwrap_or_default();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": shown_status(status, &containers),
    })
}

/// True while its container waits for something that has a name: an image, its next start.
fn waits(status: &PodStatus) -> bool {
    !status.reason.is_empty() && !status.ready && matches!(status.phase, PodPhase::Pending | PodPhase::Running)
}

fn shown_status(status: &PodStatus, containers: &[Value]) -> Value {
    let phase = match status.phase {
        PodPhase::Pending => "Pending",
        PodPhase::Running => "Running",
        PodPhase::Succeeded => "Succeeded",
        PodPhase::Failed => "Failed",
        PodPhase::Unknown => "Unknown",
    };
    let truth = |holds: bool| if holds { "True" } else { "False" };
    let mut placed = json!({ "type": "PodScheduled", "status": truth(status.node.is_some()) });
    if status.node.is_none() {
        placed["reason"] = json!(if status.gated { "SchedulingGated" } else { "Unschedulable" });
    }
    let mut conditions = vec![placed];
    if status.node.is_some() {
        conditions.push(json!({ "type": "Ready", "status": truth(status.ready) }));
    }
    let mut shown = json!({ "phase": phase, "conditions": conditions });
    if status.node.is_some() {
        let statuses = containers.iter().enumerate().map(|(place, one)| {
            // Restarts are counted over all containers of a pod, and stand with its first.
            let restarts = if place == 0 { status.restarts } else { 0 };
            let mut shown = json!({
                "name": one["name"],
                "image": one.get("image").unwrap_or(&json!("")),
                "imageID": "",
                "ready": status.ready,
                "restartCount": restarts,
            });
            if place == 0 && waits(status) {
                shown["state"] = json!({ "waiting": { "reason": status.reason } });
            }
            shown
        });
        shown["containerStatuses"] = Value::Array(statuses.collect());
    }
    if !status.reason.is_empty() && !waits(status) {
        shown["reason"] = json!(status.reason);
    }
    shown
}
