//! The state as the API shows it: a list of the set's objects with their statuses, as `kubectl get -o json` prints it. What may be
//! secret is not in it.

pub mod metadata;
pub mod pod;
mod status;
mod template;
mod workload;

use serde_json::{Map, Value, json};

pub use metadata::Epoch;
pub use pod::pod;
pub use template::template;
pub use workload::{Shown, object as workload};

use super::controller::Kubernetes;
use super::kinds;
use super::manifest::Body;
use super::state::{Held, Life};
use crate::timeline::Kind;
use crate::workload::{BatchScheduler, Object, Status, World};

/// The objects of the set that are there, each followed by its pods.
pub fn list(set: &Kubernetes, world: &dyn World) -> Value {
    let mut items = Vec::new();
    for held in set.memory.objects.iter().filter(|held| matches!(held.life, Life::There | Life::Deleting)) {
        items.push(object(set, held, world));
        if held.subject.kind != Kind::Pod {
            for (subject, status) in world.observed_pods(held.subject) {
                items.push(pod(subject, &status, None, None, world));
            }
        }
    }
    json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "" }, "items": items })
}

fn object(set: &Kubernetes, held: &Held, world: &dyn World) -> Value {
    let identity = &held.live.identity;
    let is_volcano = match &held.live.body {
        Body::Object(Object::PodGroup(spec)) => spec.scheduler == BatchScheduler::Volcano,
        _ => false,
    };
    // Two groups of the API have a kind of this name.
    let serves = |one: &&kinds::ApiKind| one.kind == identity.kind && one.group.contains("volcano") == is_volcano;
    let api = kinds::KINDS.iter().find(serves);
    if let (Kind::Pod, Some(Status::Pod(status))) = (identity.kind, world.observed(held.subject)) {
        return pod(held.subject, &status, None, None, world);
    }
    let mut shown = Map::new();
    if let Some(api) = api {
        let slash = if api.group.is_empty() { "" } else { "/" };
        shown.insert("apiVersion".to_owned(), json!(format!("{}{slash}{}", api.group, api.versions[0])));
    }
    shown.insert("kind".to_owned(), json!(identity.kind.text()));
    let mut metadata = metadata::begin(held.subject, 0, world);
    if !api.is_some_and(|api| api.namespaced) {
        metadata.remove("namespace");
    }
    shown.insert("metadata".to_owned(), Value::Object(metadata));
    let spec = match &held.live.body {
        Body::Object(object) => workload::spec(object, held.subject, world),
        _ => None,
    };
    if let Body::Object(Object::PriorityClass(class)) = &held.live.body {
        shown.insert("value".to_owned(), json!(class.value));
        shown.insert("globalDefault".to_owned(), json!(class.is_default));
        shown.insert(
            "preemptionPolicy".to_owned(),
            json!(if class.preempts { "PreemptLowerPriority" } else { "Never" }),
        );
    }
    let replicas = held.live.replicas().map(|live| world.scale(held.subject).unwrap_or(live));
    if let Some(spec) = spec.or_else(|| replicas.map(|_| json!({}))) {
        shown.insert("spec".to_owned(), spec);
    }
    if let Some(replicas) = replicas {
        shown["spec"]["replicas"] = json!(replicas);
    }
    if let Some(rollout) = set.memory.rollout(held.subject) {
        shown.insert("status".to_owned(), rollout.native_status());
    } else if let (true, Some(Status::PodGroup(status))) = (is_volcano, world.observed(held.subject)) {
        shown.insert("status".to_owned(), status::volcano(&status));
    } else if let Some(status) = world.observed(held.subject).and_then(|known| status::status(known, None)) {
        shown.insert("status".to_owned(), status);
    }
    Value::Object(shown)
}
