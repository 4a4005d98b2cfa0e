//! What Grove's controllers write, by the API's names. The sentence of a condition is made of the figures beside it, as the
//! controller makes it at the same moment.
//! Source: ai-dynamo/grove, operator/internal/controller/podclique/reconcilestatus.go and podcliquescalinggroup/reconcilestatus.go.

use serde_json::{Value, json};

use crate::kernel::Time;
use crate::systems::grove::hash;
use crate::systems::grove::model::{PodClique, PodCliqueScalingGroup};
use crate::systems::grove::status::{Condition, Conditions, PodCliqueSetStatus, PodGangStatus};
use crate::systems::kubernetes::native::Epoch;

/// `status` of a PodCliqueSet; none before its controller has written any.
pub fn set(from: &PodCliqueSetStatus, epoch: Epoch) -> Option<Value> {
    let mut shown = json!({
        "replicas": from.replicas,
        "availableReplicas": from.available,
        "updatedReplicas": from.updated,
    });
    observed(&mut shown, from.observed_generation);
    if let Some(number) = from.generation_hash {
        shown["currentGenerationHash"] = json!(hash::text(number));
    }
    if let Some(update) = from.update {
        let mut progress = times(update.started_at, update.ended_at, epoch);
        if let Some(replica) = update.current {
            progress["currentlyUpdating"] = json!([{ "replicaIndex": replica }]);
        }
        shown["updateProgress"] = progress;
    }
    conditions(&mut shown, &from.conditions, epoch, |_| String::new());
    Some(shown)
}

/// `status` of a PodCliqueScalingGroup, of which so many copies are breached.
pub fn group(from: &PodCliqueScalingGroup, breached: u32, epoch: Epoch) -> Option<Value> {
    let (status, least) = (&from.status, from.spec.min_available);
    let mut shown = json!({
        "replicas": status.replicas,
        "scheduledReplicas": status.scheduled,
        "availableReplicas": status.available,
        "updatedReplicas": status.updated,
    });
    observed(&mut shown, status.observed_generation);
    if let Some(number) = status.set_hash {
        shown["currentPodCliqueSetGenerationHash"] = json!(hash::text(number));
    }
    if let Some(update) = &status.update {
        let mut progress = times(update.started_at, update.ended_at, epoch);
        progress["podCliqueSetGenerationHash"] = json!(hash::text(update.set_hash));
        if let Some(current) = update.current {
            progress["readyReplicaIndicesSelectedToUpdate"] =
                json!({ "current": current, "completed": update.completed });
        }
        shown["updateProgress"] = progress;
    }
    let found = status.scheduled.saturating_sub(breached);
    conditions(&mut shown, &status.conditions, epoch, |condition| match condition.reason {
        "InsufficientScheduledPodCliqueScalingGroupReplicas" => {
            format!("Insufficient scheduled replicas. expected at least: {least}, found: {}", status.scheduled)
        }
        "InsufficientAvailablePodCliqueScalingGroupReplicas" => {
            format!("Insufficient PodCliqueScalingGroup ready replicas, expected at least: {least}, found: {found}")
        }
        "SufficientAvailablePodCliqueScalingGroupReplicas" => {
            format!("Sufficient PodCliqueScalingGroup ready replicas, expected at least: {least}, found: {found}")
        }
        other => shared(other),
    });
    Some(shown)
}

/// `status` of a PodClique, of which so many pods are lost.
pub fn clique(from: &PodClique, lost: u32, epoch: Epoch) -> Option<Value> {
    let (status, least) = (&from.status, from.spec.min_available);
    let mut shown = json!({
        "replicas": status.replicas,
        "readyReplicas": status.ready,
        "scheduledReplicas": status.scheduled,
        "scheduleGatedReplicas": status.gated,
        "updatedReplicas": status.updated,
    });
    observed(&mut shown, status.observed_generation);
    let hashes =
        [("currentPodCliqueSetGenerationHash", status.set_hash), ("currentPodTemplateHash", status.template_hash)];
    for (name, number) in hashes {
        if let Some(number) = number {
            shown[name] = json!(hash::text(number));
        }
    }
    if let Some(update) = &status.update {
        let mut progress = times(update.started_at, update.ended_at, epoch);
        progress["podCliqueSetGenerationHash"] = json!(hash::text(update.set_hash));
        progress["podTemplateHash"] = json!(hash::text(update.template_hash));
        if let Some(current) = &update.current {
            progress["readyPodsSelectedToUpdate"] = json!({ "current": current, "completed": update.completed });
        }
        shown["updateProgress"] = progress;
    }
    let (scheduled, found) = (status.scheduled, status.scheduled.saturating_sub(lost));
    conditions(&mut shown, &status.conditions, epoch, |condition| {
        let figures = |what: &str, found: u32| format!("{what} expected at least: {least}, found: {found}");
        match condition.reason {
            "InsufficientScheduledPods" => figures("Insufficient scheduled pods.", scheduled),
            "SufficientScheduledPods" => figures("Sufficient scheduled pods found.", scheduled),
            "InsufficientReadyPods" => figures("Insufficient ready or starting pods.", found),
            "SufficientReadyPods" => figures("Either sufficient ready or starting pods found.", found),
            other => shared(other),
        }
    });
    Some(shown)
}

/// `status` of a PodGang; none before it is written.
pub fn gang(from: &PodGangStatus, epoch: Epoch) -> Option<Value> {
    if from.phase.is_empty() {
        return None;
    }
    let mut shown = json!({ "phase": from.phase });
    conditions(&mut shown, &from.conditions, epoch, |_| String::new());
    Some(shown)
}

fn observed(shown: &mut Value, generation: Option<u64>) {
    if let Some(generation) = generation {
        shown["observedGeneration"] = json!(generation);
    }
}

fn times(started: Time, ended: Option<Time>, epoch: Epoch) -> Value {
    let mut shown = json!({ "updateStartedAt": epoch.stamp(started) });
    if let Some(at) = ended {
        shown["updateEndedAt"] = json!(epoch.stamp(at));
    }
    shown
}

/// What several controllers say with the same reason.
fn shared(reason: &str) -> String {
    if reason == "UpdateInProgress" { "Update is in progress".to_owned() } else { String::new() }
}

/// Writes conditions, if there are any. Grove gives them no generation.
fn conditions(shown: &mut Value, all: &Conditions, epoch: Epoch, message: impl Fn(&Condition) -> String) {
    let made = all.iter().map(|condition| {
        let status = condition.holds.map_or("Unknown", |holds| if holds { "True" } else { "False" });
        json!({
            "type": condition.kind.text(),
            "status": status,
            "reason": condition.reason,
            "message": message(&condition),
            "lastTransitionTime": epoch.stamp(condition.since),
        })
    });
    let made: Vec<Value> = made.collect();
    if !made.is_empty() {
        shown["conditions"] = Value::Array(made);
    }
}
