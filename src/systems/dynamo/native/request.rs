//! The status of a request for a graph, and the graph that was found: in an annotation and in the status, as each version has it.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeploymentrequest_controller.go, chart 1.5.0;
//! deploy/cloud/operator/api/v1alpha1/dynamographdeploymentrequest_types.go, 0.8.0.

use serde_json::{Value, json};

use super::super::controller::Dynamo;
use super::super::model::{Backend, Request};
use super::super::request::config_map;
use super::super::status::GraphState;
use super::super::store::Stored;
use super::namespace;
use super::status::conditions;
use crate::systems::kubernetes::native::Epoch;
use crate::text::mask_json::conceal;
use crate::text::tree;
use crate::timeline::{Kind, Subject};
use crate::workload::World;

/// Where 1.5 leaves the graph that was found.
pub const GENERATED: &str = "nvidia.com/generated-dgd-spec";

/// The graph that the profiler found for a request, once it was read.
fn generated(request: &Request, stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Option<Value> {
    let profiler = dynamo.options.profiler(&world.show(stored.key.name)).filter(|_| request.status.generated)?;
    let nodes = tree::parse_all(&profiler.output).ok()?;
    let is_graph = |node: &&crate::text::Node| {
        node.get("kind").and_then(crate::text::Node::as_str) == Some("DynamoGraphDeployment")
    };
    let mut graph = nodes.iter().find(is_graph)?.to_json();
    conceal(&mut graph);
    Some(graph)
}

/// The annotation with the graph, if this version writes one.
pub fn annotation(request: &Request, stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Option<String> {
    if !dynamo.options.operator.is_1_5() {
        return None;
    }
    generated(request, stored, dynamo, world).map(|graph| graph.to_string())
}

/// `status` of a request.
pub fn status(request: &Request, stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Value {
    if dynamo.options.operator.is_1_5() {
        later(request, stored, dynamo, world)
    } else {
        earlier(request, stored, dynamo, world)
    }
}

fn later(request: &Request, stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Value {
    let from = &request.status;
    let mut shown = begin(request, dynamo);
    shown["phase"] = json!(from.phase.text());
    let texts = [("profilingJobName", &from.job), ("dgdName", &from.graph)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        shown[name] = json!(text);
    }
    if let Some(phase) = from.profiling {
        shown["profilingPhase"] = json!(phase.text());
    }
    if let Some((replicas, available)) = from.replicas {
        shown["deploymentInfo"] = json!({ "replicas": replicas, "availableReplicas": available });
    }
    if let Some(graph) = generated(request, stored, dynamo, world) {
        shown["profilingResults"] = json!({ "selectedConfig": graph });
    }
    shown
}

fn earlier(request: &Request, stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Value {
    let from = &request.status;
    let mut shown = begin(request, dynamo);
    shown["state"] = json!(from.phase.v1alpha1());
    shown["backend"] = json!(request.spec.backend.map_or("auto", Backend::text));
    if let Some(graph) = generated(request, stored, dynamo, world) {
        let name = config_map(&world.show(stored.key.name));
        shown["profilingResults"] = json!(format!("configmap/{name}"));
        shown["generatedDeployment"] = graph;
    }
    if from.created {
        let own = namespace(stored.key, world);
        let namespace = request.spec.graph.namespace.clone().unwrap_or(own);
        let state = state(request, stored, dynamo, world).text();
        shown["deployment"] =
            json!({ "name": from.graph, "namespace": namespace, "state": state, "created": from.created });
    }
    shown
}

fn begin(request: &Request, dynamo: &Dynamo) -> Value {
    let from = &request.status;
    let mut shown = json!({});
    if from.observed_generation > 0 {
        shown["observedGeneration"] = json!(from.observed_generation);
    }
    let conditions = conditions(&from.conditions, Epoch(dynamo.options.epoch_seconds));
    if !conditions.is_empty() {
        shown["conditions"] = Value::Array(conditions);
    }
    shown
}

/// The state of the graph that a request applied.
fn state(request: &Request, stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> GraphState {
    let wanted = request.spec.graph.namespace.as_deref();
    let is_it = |key: Subject| {
        let near = wanted.map_or(key.namespace == stored.key.namespace, |name| namespace(key, world) == name);
        near && world.show(key.name) == request.status.graph
    };
    let graph = dynamo.api.list(Kind::Graph).find(|one| is_it(one.key));
    graph.and_then(|one| one.value.graph()).map(|graph| graph.status.state).unwrap_or_default()
}
