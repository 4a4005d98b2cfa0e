//! Dynamo's objects as `kubectl get -o json` shows them, the events about them, and the operator's metrics (`metrics`).

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::controller::Dynamo;
use super::metrics;
use super::model::Resource;
use super::operator::pass::name_of;
use super::status::{ComponentFigures, Conditions};
use super::store::Stored;
use crate::kernel::Time;
use crate::timeline::{Kind, Subject};
use crate::workload::{Controller, World};

/// Everything that the control plane has.
pub fn list(dynamo: &Dynamo, world: &dyn World) -> Value {
    let epoch = dynamo.options.epoch_seconds;
    let mut items: Vec<Value> = Vec::new();
    let kinds =
        [Kind::Graph, Kind::DynamoComponentDeployment, Kind::Adapter, Kind::Request, Kind::Model, Kind::Checkpoint];
    for kind in kinds {
        items.extend(dynamo.api.list(kind).filter_map(|stored| object(stored, dynamo, world)));
    }
    items.extend(dynamo.grove.native(world));
    for set in &dynamo.manifests {
        if let Some(Value::Array(more)) = set.native(world).get_mut("items").map(Value::take) {
            items.extend(more);
        }
    }
    for event in dynamo.journal.events() {
        items.push(json!({
            "apiVersion": "v1",
            "kind": "Event",
            "involvedObject": { "kind": api_kind(event.about.kind), "name": name_of(event.about, world) },
            "type": if event.is_warning { "Warning" } else { "Normal" },
            "reason": event.reason,
            "message": event.message,
            "firstTimestamp": stamp(event.first, epoch),
            "lastTimestamp": stamp(event.last, epoch),
            "count": event.count,
        }));
    }
    json!({ "apiVersion": "v1", "kind": "List", "items": items, "metrics": metrics::text(dynamo, world) })
}

/// The kind as the API has it.
pub const fn api_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Graph => "DynamoGraphDeployment",
        Kind::Adapter => "DynamoGraphDeploymentScalingAdapter",
        Kind::Request => "DynamoGraphDeploymentRequest",
        Kind::Model => "DynamoModel",
        Kind::Checkpoint => "DynamoCheckpoint",
        other => other.text(),
    }
}

/// A time of the run as the API writes it.
pub fn stamp(at: Time, epoch_seconds: i64) -> String {
    let since = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
    let shown = DateTime::from_timestamp(epoch_seconds.saturating_add(since), 0).unwrap_or_default();
    shown.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The namespace of an object, by name.
pub fn namespace(key: Subject, world: &dyn World) -> String {
    let text = world.text(key.namespace);
    if text.is_empty() { "default".to_owned() } else { text }
}

fn object(stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Option<Value> {
    let epoch = dynamo.options.epoch_seconds;
    let version = if dynamo.options.operator.is_1_5() { "v1beta1" } else { "v1alpha1" };
    let meta = &stored.meta;
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(name_of(stored.key, world)));
    metadata.insert("namespace".to_owned(), json!(namespace(stored.key, world)));
    metadata.insert("generation".to_owned(), json!(meta.generation));
    metadata.insert("resourceVersion".to_owned(), json!(meta.version.0.to_string()));
    metadata.insert("creationTimestamp".to_owned(), json!(stamp(meta.created_at, epoch)));
    if let Some(at) = meta.deleted_at {
        metadata.insert("deletionTimestamp".to_owned(), json!(stamp(at, epoch)));
    }
    for (name, table) in [("labels", &meta.labels), ("annotations", &meta.annotations)] {
        if !table.is_empty() {
            metadata.insert(name.to_owned(), json!(table));
        }
    }
    if !meta.finalizers.is_empty() {
        metadata.insert("finalizers".to_owned(), json!(meta.finalizers));
    }
    let (spec, status) = match &stored.value {
        Resource::Graph(graph) => (graph_spec(graph), graph_status(graph, epoch)),
        Resource::Component(one) => (component_spec(one), component_status(one, epoch)),
        Resource::Adapter(adapter) => {
            let spec = json!({
                "replicas": adapter.spec.replicas,
                "dgdRef": { "name": adapter.spec.graph, "componentName": adapter.spec.component },
            });
            let mut status = json!({ "replicas": adapter.status.replicas, "selector": adapter.status.selector });
            if let Some(at) = adapter.status.last_scale {
                status["lastScaleTime"] = json!(stamp(at, epoch));
            }
            (spec, status)
        }
        Resource::Request(request) => (request_spec(request), request_status(request, dynamo, epoch)),
        Resource::Model(model) => (model_spec(model), model_status(model, epoch)),
        Resource::Checkpoint(one) => {
            let identity = json!({ "model": one.spec.model, "backendFramework": one.spec.backend.text() });
            (json!({ "identity": identity }), json!({ "phase": one.status.phase.text() }))
        }
        Resource::WorkerMetadata => return None,
    };
    // Models and checkpoints have one version.
    let version = match stored.key.kind {
        Kind::Model | Kind::Checkpoint => "v1alpha1",
        _ => version,
    };
    Some(json!({
        "apiVersion": format!("nvidia.com/{version}"),
        "kind": api_kind(stored.key.kind),
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }))
}

fn graph_spec(graph: &super::model::Graph) -> Value {
    let components: Vec<Value> = graph
        .spec
        .components
        .iter()
        .map(|one| {
            let mut shown = json!({ "name": one.name, "type": one.component_type.text(), "replicas": one.replicas });
            if let Some(nodes) = one.nodes {
                shown["multinode"] = json!({ "nodeCount": nodes });
            }
            shown
        })
        .collect();
    let mut spec = json!({ "components": components });
    if let Some(backend) = graph.spec.backend {
        spec["backendFramework"] = json!(backend.text());
    }
    if let Some(restart) = &graph.spec.restart {
        let kind = if restart.parallel { "Parallel" } else { "Sequential" };
        spec["restart"] = json!({ "id": restart.id, "strategy": { "type": kind, "order": restart.order } });
    }
    spec
}

fn graph_status(graph: &super::model::Graph, epoch: i64) -> Value {
    let status = &graph.status;
    let mut shown = json!({ "state": status.state.text(), "conditions": conditions(&status.conditions, epoch) });
    if let Some(generation) = status.observed_generation {
        shown["observedGeneration"] = json!(generation);
    }
    if !status.components.is_empty() {
        let all: Map<String, Value> =
            status.components.iter().map(|(name, one)| (name.clone(), figures(one))).collect();
        shown["components"] = Value::Object(all);
    }
    if let Some(restart) = &status.restart {
        shown["restart"] = json!({
            "observedID": restart.id,
            "phase": restart.phase.text(),
            "inProgress": restart.in_progress,
        });
    }
    if let Some(rollout) = &status.rolling_update {
        let time = |at: Option<Time>| at.map(|at| stamp(at, epoch));
        shown["rollingUpdate"] = json!({
            "phase": rollout.phase.text(),
            "startTime": time(rollout.started_at),
            "endTime": time(rollout.ended_at),
            "updatedComponents": rollout.updated_components,
        });
    }
    shown
}

fn component_spec(one: &super::model::ComponentDeployment) -> Value {
    let component = &one.spec.component;
    json!({ "name": component.name, "type": component.component_type.text(), "replicas": component.replicas })
}

fn component_status(one: &super::model::ComponentDeployment, epoch: i64) -> Value {
    let mut shown = json!({ "conditions": conditions(&one.status.conditions, epoch) });
    if let Some(generation) = one.status.observed_generation {
        shown["observedGeneration"] = json!(generation);
    }
    if let Some(known) = &one.status.figures {
        shown["component"] = figures(known);
    }
    shown
}

fn request_spec(request: &super::model::Request) -> Value {
    let spec = &request.spec;
    let backend = spec.backend.map_or("auto", super::model::Backend::text);
    json!({ "model": spec.model, "backend": backend, "autoApply": spec.auto_apply })
}

/// A request as the API of this version shows it.
fn request_status(request: &super::model::Request, dynamo: &Dynamo, epoch: i64) -> Value {
    let status = &request.status;
    let conditions = conditions(&status.conditions, epoch);
    if !dynamo.options.operator.is_1_5() {
        let mut shown = json!({
            "state": status.phase.v1alpha1(),
            "conditions": conditions,
            "observedGeneration": status.observed_generation,
        });
        if status.created {
            shown["deployment"] = json!({ "name": status.graph, "created": true });
        }
        return shown;
    }
    let mut shown = json!({
        "phase": status.phase.text(),
        "conditions": conditions,
        "observedGeneration": status.observed_generation,
    });
    let texts = [("profilingJobName", &status.job), ("dgdName", &status.graph)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        shown[name] = json!(text);
    }
    if let Some(phase) = status.profiling {
        shown["profilingPhase"] = json!(phase.text());
    }
    if let Some((replicas, available)) = status.replicas {
        shown["deploymentInfo"] = json!({ "replicas": replicas, "availableReplicas": available });
    }
    shown
}

fn model_spec(model: &super::model::Model) -> Value {
    let spec = &model.spec;
    let mut shown = json!({ "modelName": spec.name, "baseModelName": spec.base, "modelType": spec.kind.text() });
    if !spec.uri.is_empty() {
        shown["source"] = json!({ "uri": spec.uri });
    }
    shown
}

fn model_status(model: &super::model::Model, epoch: i64) -> Value {
    let status = &model.status;
    let endpoints: Vec<Value> =
        status.endpoints.iter().map(|one| json!({ "podName": one.pod, "ready": one.ready })).collect();
    json!({
        "endpoints": endpoints,
        "readyEndpoints": status.ready,
        "totalEndpoints": status.total,
        "conditions": conditions(&status.conditions, epoch),
    })
}

fn figures(one: &ComponentFigures) -> Value {
    let mut shown = json!({
        "componentKind": one.kind.text(),
        "componentNames": one.names,
        "replicas": one.replicas,
        "updatedReplicas": one.updated,
    });
    let optional =
        [("readyReplicas", one.ready), ("availableReplicas", one.available), ("scheduledReplicas", one.scheduled)];
    for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        shown[name] = json!(value);
    }
    if !one.runtime_namespace.is_empty() {
        shown["runtimeNamespace"] = json!(one.runtime_namespace);
    }
    shown
}

fn conditions(all: &Conditions, epoch: i64) -> Vec<Value> {
    all.0
        .iter()
        .map(|one| {
            json!({
                "type": one.kind,
                "status": one.status.text(),
                "reason": one.reason,
                "message": one.message,
                "lastTransitionTime": stamp(one.since, epoch),
                "observedGeneration": one.observed_generation,
            })
        })
        .collect()
}
