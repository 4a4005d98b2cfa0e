//! Statuses of Kubernetes' own objects by the API's names.

use serde_json::{Value, json};

use super::Epoch;
use crate::workload::{DeploymentStatus, JobStatus, PodGroupStatus, Status};

/// The status of an object, by the API's names; `None` where the API shows none. Times are shown from `epoch` on.
pub fn status(status: Status, epoch: Option<Epoch>) -> Option<Value> {
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
        Status::Job(status) => {
            let mut shown = json!({
                "active": status.active,
                "succeeded": status.succeeded,
                "failed": status.failed,
                "ready": status.ready,
                "terminating": status.terminating,
                "conditions": job_conditions(&status),
            });
            let times = [("startTime", status.started_at), ("completionTime", status.completed_at)];
            for (name, at) in times.into_iter().filter(|(name, _)| *name == "startTime" || status.complete) {
                if let (Some(at), Some(epoch)) = (at, epoch) {
                    shown[name] = json!(epoch.stamp(at));
                }
            }
            shown
        }
        // Which groups are ready is its controller's own knowledge until all are.
        Status::LeaderWorkerSet(status) if status.available => json!({
            "replicas": status.desired,
            "readyReplicas": status.desired,
            "updatedReplicas": status.desired,
        }),
        Status::LeaderWorkerSet(status) => json!({ "replicas": status.desired }),
        Status::DaemonSet(status) => json!({
            "observedGeneration": status.observed_generation,
            "desiredNumberScheduled": status.desired,
            "currentNumberScheduled": status.current,
            "numberMisscheduled": status.misscheduled,
            "numberReady": status.ready,
            "updatedNumberScheduled": status.updated,
            "numberAvailable": status.available,
        }),
        Status::CronJob(status) => {
            let mut shown = json!({});
            let times = [("lastScheduleTime", status.last_schedule), ("lastSuccessfulTime", status.last_success)];
            for (name, at) in times {
                if let (Some(at), Some(epoch)) = (at, epoch) {
                    shown[name] = json!(epoch.stamp(at));
                }
            }
            shown
        }
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
pub fn volcano(status: &PodGroupStatus) -> Value {
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
