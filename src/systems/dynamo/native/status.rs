//! What the operator writes of graphs, components, adapters and models, by the names of the version that it keeps.
//! Source: ai-dynamo/dynamo, deploy/operator/api/v1beta1 and v1alpha1, chart 1.5.0; deploy/cloud/operator/api/v1alpha1, 0.8.0.

use serde_json::{Map, Value, json};

use super::super::status::{
    AdapterStatus, ComponentFigures, ComponentStatus, Conditions, GraphStatus, ModelStatus, RestartStatus,
    RollingUpdateStatus,
};
use crate::systems::kubernetes::native::Epoch;

/// The port on which a worker takes adapters: deploy/operator/internal/consts/consts.go, DynamoSystemPort.
const SYSTEM_PORT: u16 = 9090;

/// `status` of a graph.
pub fn graph(from: &GraphStatus, is_1_5: bool, epoch: Epoch) -> Value {
    let mut shown = json!({ "state": from.state.text(), "conditions": conditions(&from.conditions, epoch) });
    if let Some(generation) = from.observed_generation {
        shown["observedGeneration"] = json!(generation);
    }
    if !from.components.is_empty() {
        let all = from.components.iter().map(|(name, one)| (name.clone(), figures(one, is_1_5)));
        shown[if is_1_5 { "components" } else { "services" }] = Value::Object(all.collect());
    }
    if let Some(one) = &from.restart {
        shown["restart"] = restart(one);
    }
    if let Some(one) = &from.rolling_update {
        shown["rollingUpdate"] = rolling_update(one, is_1_5, epoch);
    }
    shown
}

fn restart(from: &RestartStatus) -> Value {
    let mut shown = json!({ "observedID": from.id, "phase": from.phase.text() });
    if !from.in_progress.is_empty() {
        shown["inProgress"] = json!(from.in_progress);
    }
    shown
}

fn rolling_update(from: &RollingUpdateStatus, is_1_5: bool, epoch: Epoch) -> Value {
    let mut shown = json!({ "phase": from.phase.text() });
    for (name, at) in [("startTime", from.started_at), ("endTime", from.ended_at)] {
        if let Some(at) = at {
            shown[name] = json!(epoch.stamp(at));
        }
    }
    if !from.updated_components.is_empty() {
        let name = if is_1_5 { "updatedComponents" } else { "updatedServices" };
        shown[name] = json!(from.updated_components);
    }
    shown
}

/// `status` of a component of its own.
pub fn component(from: &ComponentStatus, is_1_5: bool, epoch: Epoch) -> Value {
    let mut shown = json!({ "conditions": conditions(&from.conditions, epoch) });
    // 0.8.0 has no such field.
    if let Some(generation) = from.observed_generation.filter(|_| is_1_5) {
        shown["observedGeneration"] = json!(generation);
    }
    if let Some(known) = &from.figures {
        shown[if is_1_5 { "component" } else { "service" }] = figures(known, is_1_5);
    }
    shown
}

/// The figures of a component. 0.8.0 names one object for each, and neither the namespace nor what is scheduled.
fn figures(from: &ComponentFigures, is_1_5: bool) -> Value {
    let mut shown =
        json!({ "componentKind": from.kind.text(), "replicas": from.replicas, "updatedReplicas": from.updated });
    if is_1_5 {
        shown["componentNames"] = json!(from.names);
    } else {
        shown["componentName"] = json!(from.names.first().map_or("", String::as_str));
    }
    let scheduled = from.scheduled.filter(|_| is_1_5);
    let optional =
        [("readyReplicas", from.ready), ("availableReplicas", from.available), ("scheduledReplicas", scheduled)];
    for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        shown[name] = json!(value);
    }
    if is_1_5 && !from.runtime_namespace.is_empty() {
        shown["runtimeNamespace"] = json!(from.runtime_namespace);
    }
    shown
}

/// `status` of a scaling adapter.
pub fn adapter(from: &AdapterStatus, epoch: Epoch) -> Value {
    let mut shown = json!({ "replicas": from.replicas });
    if !from.selector.is_empty() {
        shown["selector"] = json!(from.selector);
    }
    if let Some(at) = from.last_scale {
        shown["lastScaleTime"] = json!(epoch.stamp(at));
    }
    shown
}

/// `status` of a model. Pods have no addresses here: their names stand in for them.
pub fn model(from: &ModelStatus, epoch: Epoch) -> Value {
    let endpoint = |one: &super::super::status::Endpoint| {
        let address = format!("http://{}:{SYSTEM_PORT}", one.pod);
        json!({ "address": address, "podName": one.pod, "ready": one.ready })
    };
    let mut shown = json!({ "readyEndpoints": from.ready, "totalEndpoints": from.total });
    if !from.endpoints.is_empty() {
        shown["endpoints"] = Value::Array(from.endpoints.iter().map(endpoint).collect());
    }
    let conditions = conditions(&from.conditions, epoch);
    if !conditions.is_empty() {
        shown["conditions"] = Value::Array(conditions);
    }
    shown
}

/// Conditions, in the order in which they were first written.
pub fn conditions(all: &Conditions, epoch: Epoch) -> Vec<Value> {
    let shown = all.0.iter().map(|one| {
        let mut shown = Map::new();
        let texts = [("type", one.kind), ("status", one.status.text())];
        shown.extend(texts.map(|(name, text)| (name.to_owned(), json!(text))));
        shown.insert("reason".to_owned(), json!(one.reason));
        shown.insert("message".to_owned(), json!(one.message));
        shown.insert("lastTransitionTime".to_owned(), json!(epoch.stamp(one.since)));
        if one.observed_generation > 0 {
            shown.insert("observedGeneration".to_owned(), json!(one.observed_generation));
        }
        Value::Object(shown)
    });
    shown.collect()
}
