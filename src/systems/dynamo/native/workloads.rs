//! What the operator asked of the cluster for Dynamo's objects: Deployments, LeaderWorkerSets, Services, claims and Jobs, each
//! followed by its pods.

use serde_json::{Value, json};

use super::super::controller::Dynamo;
use super::super::operator::keys;
use super::{KINDS, reference};
use crate::systems::kubernetes::native::{self as kubernetes, Epoch, Shown, metadata, workload};
use crate::timeline::{Kind, Subject};
use crate::workload::World;

/// All of it, in the order of whom it belongs to.
pub fn list(dynamo: &Dynamo, world: &dyn World) -> Vec<Value> {
    let epoch = Epoch(dynamo.options.epoch_seconds);
    let mut items = Vec::new();
    for stored in KINDS.iter().flat_map(|kind| dynamo.api.list(*kind)) {
        for (key, object, since) in dynamo.asked.objects_of(stored.key) {
            let owner = Some(reference(stored, dynamo, world));
            let Some(mut shown) = workload(Shown { key, object, owner, since, epoch }, world) else { continue };
            select(&mut shown);
            items.push(shown);
            items.extend(pods(key, epoch, world));
        }
    }
    items.extend(dynamo.asked.config_maps.iter().map(|(key, since)| {
        let mut metadata = metadata::begin(*key, 0, world);
        metadata.insert("creationTimestamp".to_owned(), json!(epoch.stamp(*since)));
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata })
    }));
    items
}

/// A Deployment of Dynamo's selects its pods by one label: deploy/operator/internal/controller/dynamocomponentdeployment_controller.go,
/// generateDeployment.
fn select(deployment: &mut Value) {
    let label = &deployment["spec"]["template"]["metadata"]["labels"][keys::SELECTOR];
    if let Some(name) = label.as_str().map(str::to_owned)
        && deployment["kind"] == "Deployment"
    {
        deployment["spec"]["selector"] = json!({ "matchLabels": { keys::SELECTOR: name } });
    }
}

fn pods(key: Subject, epoch: Epoch, world: &dyn World) -> Vec<Value> {
    // The owner is a ReplicaSet or StatefulSet between the two, of which only Kubernetes itself knows; a Job owns its pods.
    let owner = (key.kind == Kind::Job).then(|| metadata::owner("batch/v1", "Job", key, 0, world));
    kubernetes::pods(key, owner.as_ref(), Some(epoch), world)
}
