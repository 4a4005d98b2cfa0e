//! The state as the API shows it: a list of the set's objects with their statuses, as `kubectl get -o json` prints it.
//! What documents say of containers is not in it.

use serde_json::{Map, Value, json};

use super::controller::Kubernetes;
use super::kinds;
use super::manifest::Body;
use super::state::{Held, Life};
use crate::timeline::Kind;
use crate::workload::{
    BatchScheduler, DeploymentStatus, JobStatus, Object, PodGroupStatus, PodPhase, PodStatus, Status, World,
};

/// The objects of the set that are there, each followed by its pods.
pub fn list(set: &Kubernetes, world: &dyn World) -> Value {
    let mut items = Vec::new();
    for held in set.memory.objects.iter().filter(|held| matches!(held.life, Life::There | Life::Deleting)) {
        items.push(object(set, held, world));
        if held.subject.kind != Kind::Pod {
            for (subject, status) in world.observed_pods(held.subject) {
                let name = world.show(subject.name);
                items.push(pod(&name, &held.live.identity.namespace, &status, world));
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
        return pod(&identity.name, &identity.namespace, &status, world);
    }
    let mut shown = Map::new();
    if let Some(api) = api {
        let slash = if api.group.is_empty() { "" } else { "/" };
        shown.insert("apiVersion".to_owned(), json!(format!("{}{slash}{}", api.group, api.versions[0])));
    }
    shown.insert("kind".to_owned(), json!(identity.kind.text()));
    let namespaced = api.is_some_and(|api| api.namespaced);
    shown.insert("metadata".to_owned(), metadata(&identity.name, namespaced.then_some(identity.namespace.as_str())));
    if let Some(replicas) = held.live.replicas().map(|live| world.scale(held.subject).unwrap_or(live)) {
        shown.insert("spec".to_owned(), json!({ "replicas": replicas }));
    }
    if let Some(rollout) = set.memory.rollout(held.subject) {
        shown.insert("status".to_owned(), rollout.native_status());
    } else if let (true, Some(Status::PodGroup(status))) = (is_volcano, world.observed(held.subject)) {
        shown.insert("status".to_owned(), volcano(&status));
    } else if let Some(status) = world.observed(held.subject).and_then(status) {
        shown.insert("status".to_owned(), status);
    }
    Value::Object(shown)
}

fn metadata(name: &str, namespace: Option<&str>) -> Value {
    match namespace {
        None => json!({ "name": name }),
        Some("") => json!({ "name": name, "namespace": "default" }),
        Some(namespace) => json!({ "name": name, "namespace": namespace }),
    }
}

fn pod(name: &str, namespace: &str, status: &PodStatus, world: &dyn World) -> Value {
    let phase = match status.phase {
        PodPhase::Pending => "Pending",
        PodPhase::Running => "Running",
        PodPhase::Succeeded => "Succeeded",
        PodPhase::Failed => "Failed",
        PodPhase::Unknown => "Unknown",
    };
    let ready = if status.ready { "True" } else { "False" };
    let mut shown = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(name, Some(namespace)),
        "status": { "phase": phase, "conditions": [ { "type": "Ready", "status": ready } ], "restarts": status.restarts },
    });
    if let Some(node) = status.node {
        shown["spec"] = json!({ "nodeName": world.show(node) });
    }
    if !status.reason.is_empty() {
        shown["status"]["reason"] = json!(status.reason);
    }
    shown
}

/// The status of an object, by the API's names; `None` where the API shows none.
fn status(status: Status) -> Option<Value> {
    Some(match status {
        Status::Deployment(status) => json!({
            "observedGeneration": status.observed_generation,
            "replicas": status.replicas,
            "updatedReplicas": status.updated,
            "readyReplicas": status.ready,
            "availableReplicas": status.available,
            "unavailableReplicas": status.unavailable,
            "terminatingReplicas": status.terminating,
            "conditions": deployment_conditions(&status),
        }),
        Status::ReplicaSet(status) => json!({
            "observedGeneration": status.observed_generation,
            "replicas": status.replicas,
            "readyReplicas": status.ready,
            "availableReplicas": status.available,
            "terminatingReplicas": status.terminating,
        }),
        Status::StatefulSet(status) => json!({
            "observedGeneration": status.observed_generation,
            "replicas": status.replicas,
            "readyReplicas": status.ready,
            "availableReplicas": status.available,
            "currentReplicas": status.current,
            "updatedReplicas": status.updated,
        }),
        Status::Job(status) => json!({
            "active": status.active,
            "succeeded": status.succeeded,
            "failed": status.failed,
            "ready": status.ready,
            "terminating": status.terminating,
            "conditions": job_conditions(&status),
        }),
        Status::DaemonSet(status) => json!({
            "observedGeneration": status.observed_generation,
            "desiredNumberScheduled": status.desired,
            "currentNumberScheduled": status.current,
            "numberMisscheduled": status.misscheduled,
            "numberReady": status.ready,
            "updatedNumberScheduled": status.updated,
            "numberAvailable": status.available,
        }),
        Status::CronJob(status) => json!({ "active": status.active }),
        Status::PersistentVolumeClaim(status) => {
            json!({ "phase": if status.bound { "Bound" } else { "Pending" } })
        }
        Status::HorizontalPodAutoscaler(status) => json!({
            "currentReplicas": status.current,
            "desiredReplicas": status.desired,
        }),
        Status::PodDisruptionBudget(status) => json!({
            "expectedPods": status.expected,
            "currentHealthy": status.healthy,
            "desiredHealthy": status.desired,
            "disruptionsAllowed": status.allowed,
        }),
        Status::PodGroup(status) => json!({
            "running": status.running,
            "succeeded": status.succeeded,
            "failed": status.failed,
            "pending": status.members - status.running,
        }),
        _ => return None,
    })
}

/// The status of a group of Volcano (volcano-sh/volcano v1.12, pkg/scheduler/framework/session.go, jobStatus).
fn volcano(status: &PodGroupStatus) -> Value {
    let phase = match (status.placed, status.admitted) {
        (true, _) => "Running",
        (false, true) => "Inqueue",
        (false, false) => "Pending",
    };
    json!({
        "phase": phase,
        "running": status.running,
        "succeeded": status.succeeded,
        "failed": status.failed,
    })
}

fn deployment_conditions(status: &DeploymentStatus) -> Value {
    let mut conditions = Vec::new();
    if let Some(available) = status.minimum_available {
        let (status, reason) = match available {
            true => ("True", "MinimumReplicasAvailable"),
            false => ("False", "MinimumReplicasUnavailable"),
        };
        conditions.push(json!({ "type": "Available", "status": status, "reason": reason }));
    }
    if let Some(progressing) = status.progressing {
        let reason = progressing.reason;
        conditions.push(json!({ "type": "Progressing", "status": reason.status(), "reason": reason.text() }));
    }
    if status.replica_failure {
        conditions.push(json!({ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate" }));
    }
    Value::Array(conditions)
}

fn job_conditions(status: &JobStatus) -> Value {
    let mut conditions = Vec::new();
    if let Some(suspended) = status.suspended {
        let suspended = if suspended { "True" } else { "False" };
        conditions.push(json!({ "type": "Suspended", "status": suspended }));
    }
    let end = match (status.complete, status.gave_up) {
        (true, _) => Some("Complete"),
        (_, true) => Some("Failed"),
        _ => None,
    };
    if let Some(end) = end {
        let reason = status.ending.map_or("", |ending| ending.reason.text());
        conditions.push(json!({ "type": end, "status": "True", "reason": reason }));
    }
    Value::Array(conditions)
}
