//! What Dynamo's objects ask for, in the shape of the version that the operator keeps: the document's words, and over them what the
//! operator, an adapter or an action changed since.

use serde_json::{Value, json};

use super::super::model::{Component, ComponentDeploymentSpec, GraphSpec, ModelSpec, Table};
use super::super::operator::keys;
use super::super::store::Stored;
use super::namespace;
use crate::workload::World;

/// `spec` of a graph.
pub fn graph(from: &GraphSpec, is_1_5: bool) -> Value {
    let mut spec = from.written.get().cloned().unwrap_or_else(|| json!({}));
    if let Value::Object(spec) = &mut spec {
        spec.remove("restart");
    }
    if let Some(restart) = &from.restart {
        let kind = if restart.parallel { "Parallel" } else { "Sequential" };
        let mut strategy = json!({ "type": kind });
        if !restart.order.is_empty() {
            strategy["order"] = json!(restart.order);
        }
        spec["restart"] = json!({ "id": restart.id, "strategy": strategy });
    }
    let shown = from.components.iter().map(|one| (one.name.clone(), part(one, is_1_5)));
    if is_1_5 {
        spec["components"] = Value::Array(shown.map(|(_, shown)| shown).collect());
    } else {
        spec["services"] = Value::Object(shown.collect());
    }
    spec
}

/// A component of a graph. The webhook of 1.5 writes the number of replicas where a document says none.
fn part(component: &Component, is_1_5: bool) -> Value {
    let mut shown = component.written.get().cloned().unwrap_or_else(|| json!({}));
    if is_1_5 || component.says_replicas || component.replicas != 1 {
        shown["replicas"] = json!(component.replicas);
    }
    shown
}

/// `spec` of a component of its own: the component, what its graph says for all, and where it belongs.
/// Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/graph.go, generateSingleDCD.
pub fn component(stored: &Stored, from: &ComponentDeploymentSpec, is_1_5: bool, world: &dyn World) -> Value {
    let mut shown = part(&from.component, is_1_5);
    shown["replicas"] = json!(from.component.replicas);
    if let Some(backend) = from.backend {
        shown["backendFramework"] = json!(backend.text());
    }
    let restart = from.component.annotations.get(keys::RESTART_AT);
    let Some(graph) = stored.label(keys::GRAPH) else { return shown };
    if is_1_5 {
        shown["name"] = json!(from.component.name);
        if let Some(at) = restart {
            shown["podTemplate"]["metadata"]["annotations"][keys::RESTART_AT] = json!(at);
        }
        return shown;
    }
    shown["serviceName"] = json!(from.component.name);
    let namespace = namespace(stored.key, world);
    let own = if from.component.global_namespace { namespace } else { format!("{namespace}-{graph}") };
    shown["dynamoNamespace"] = json!(own);
    let mut labels: Table = texts(&shown["labels"]);
    for name in [keys::GRAPH, keys::COMPONENT] {
        if let Some(value) = stored.label(name) {
            labels.insert(name.to_owned(), value.to_owned());
        }
    }
    shown["labels"] = json!(labels);
    if let Some(at) = restart {
        shown["annotations"][keys::RESTART_AT] = json!(at);
    }
    shown
}

fn texts(value: &Value) -> Table {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// `spec` of a model.
pub fn model(from: &ModelSpec) -> Value {
    let mut shown = json!({ "modelName": from.name, "baseModelName": from.base, "modelType": from.kind.text() });
    if !from.uri.is_empty() {
        shown["source"] = json!({ "uri": crate::text::mask::mask(&from.uri) });
    }
    shown
}
