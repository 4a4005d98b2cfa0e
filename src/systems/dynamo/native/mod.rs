//! Dynamo's objects, what the operator asked of the cluster for them, and its events, as `kubectl get -o json` shows them: in the
//! version of the API that `kubectl` prefers, which is `v1alpha1` with chart 0.8.0 and `v1beta1` with 1.5.0. Beside them stand the
//! operator's metrics (`metrics`).
//!
//! - `spec` is what objects ask for: the document as the API keeps it, with what was written since.
//! - `status` is what the operator writes.
//! - `workloads` are Deployments, LeaderWorkerSets, Services and Jobs with their pods.
//! - `events` are the operator's.

mod events;
mod request;
mod spec;
mod status;
mod workloads;

use serde_json::{Value, json};

use super::controller::Dynamo;
use super::metrics;
use super::model::Resource;
use super::store::Stored;
use crate::systems::kubernetes::native::{Epoch, metadata};
use crate::timeline::{Kind, Subject};
use crate::workload::{Controller, World};

pub use metadata::namespace;

/// The kinds of Dynamo, in the order in which they are listed.
const KINDS: [Kind; 6] =
    [Kind::Graph, Kind::DynamoComponentDeployment, Kind::Adapter, Kind::Request, Kind::Model, Kind::Checkpoint];

/// Everything that the control plane has.
pub fn list(dynamo: &Dynamo, world: &dyn World) -> Value {
    let epoch = Epoch(dynamo.options.epoch_seconds);
    let mut items: Vec<Value> = Vec::new();
    for kind in KINDS {
        items.extend(dynamo.api.list(kind).filter_map(|stored| object(stored, dynamo, world)));
    }
    items.extend(workloads::list(dynamo, world));
    let maker = |key: Subject| dynamo.api.get(key).map(|stored| reference(stored, dynamo, world));
    items.extend(dynamo.grove.native(epoch, &maker, world));
    for set in &dynamo.manifests {
        if let Some(Value::Array(more)) = set.native(world).get_mut("items").map(Value::take) {
            items.extend(more);
        }
    }
    items.extend(events::list(dynamo, world));
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "metadata": { "resourceVersion": "" },
        "items": items,
        "metrics": metrics::text(dynamo, world),
    })
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

/// What the API server puts before the words of the webhook that looks at a kind. The names of the webhooks: ai-dynamo/dynamo,
/// deploy/helm/charts/platform/components/operator/templates/webhook-configuration.yaml.
pub fn denial(kind: &str) -> String {
    format!("admission webhook \"v{}.kb.io\" denied the request: ", kind.to_ascii_lowercase())
}

/// The version of a kind that `kubectl` prefers: the highest that is served.
fn api_version(kind: Kind, dynamo: &Dynamo) -> &'static str {
    // Models and checkpoints have one version.
    let is_alpha = !dynamo.options.operator.is_1_5() || matches!(kind, Kind::Model | Kind::Checkpoint);
    if is_alpha { "nvidia.com/v1alpha1" } else { "nvidia.com/v1beta1" }
}

/// A reference to an object of Dynamo as the owner of another.
fn reference(stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Value {
    let kind = stored.key.kind;
    metadata::owner(api_version(kind, dynamo), api_kind(kind), stored.key, stored.meta.uid.0, world)
}

fn object(stored: &Stored, dynamo: &Dynamo, world: &dyn World) -> Option<Value> {
    let epoch = Epoch(dynamo.options.epoch_seconds);
    let is_1_5 = dynamo.options.operator.is_1_5();
    let mut metadata = metadata::of(stored.key, &stored.meta, epoch, world);
    let owner = stored.meta.owner.and_then(|owner| dynamo.api.get(owner.key));
    if let Some(owner) = owner {
        metadata["ownerReferences"] = reference(owner, dynamo, world);
    }
    let (spec, status) = match &stored.value {
        Resource::Graph(graph) => (spec::graph(&graph.spec, is_1_5), status::graph(&graph.status, is_1_5, epoch)),
        Resource::Component(one) => {
            (spec::component(stored, &one.spec, is_1_5, world), status::component(&one.status, is_1_5, epoch))
        }
        Resource::Adapter(adapter) => {
            let name = if is_1_5 { "componentName" } else { "serviceName" };
            let mut target = json!({ "name": adapter.spec.graph });
            target[name] = json!(adapter.spec.component);
            let spec = json!({ "replicas": adapter.spec.replicas, "dgdRef": target });
            (spec, status::adapter(&adapter.status, epoch))
        }
        Resource::Request(one) => {
            if let Some(text) = request::annotation(one, stored, dynamo, world) {
                metadata["annotations"][request::GENERATED] = json!(text);
            }
            let spec = one.spec.written.get().cloned().unwrap_or_else(|| json!({}));
            (spec, request::status(one, stored, dynamo, world))
        }
        Resource::Model(model) => (spec::model(&model.spec), status::model(&model.status, epoch)),
        Resource::Checkpoint(one) => {
            let spec = one.spec.written.get().cloned().unwrap_or_else(|| json!({}));
            (spec, json!({ "phase": one.status.phase.text() }))
        }
        Resource::WorkerMetadata => return None,
    };
    Some(json!({
        "apiVersion": api_version(stored.key.kind, dynamo),
        "kind": api_kind(stored.key.kind),
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }))
}
