//! The controller of components as resources of their own: the Deployment or LeaderWorkerSet of each, and its status.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamocomponentdeployment_controller.go, and of 0.8.0 the same below
//! deploy/cloud/operator.

use std::collections::BTreeSet;

use super::asked::Wanted;
use super::pass::{Pass, Synced};
use super::render;
use super::{finalizer, keys, readiness};
use crate::systems::dynamo::model::{ComponentDeployment, Resource};
use crate::systems::dynamo::profile::Operator;
use crate::systems::dynamo::status::{ComponentFigures, ComponentKind, ComponentStatus, Condition, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::{Finish, Refusal};
use crate::timeline::{Kind, Subject, Why};
use crate::workload::Status;

/// How a component's workload fares.
struct Fares {
    is_ready: bool,
    /// True if something was asked for in this turn.
    is_modified: bool,
    figures: ComponentFigures,
}

/// The reason and the text of the condition `Available`.
const fn words(fares: &Fares, operator: Operator) -> (&'static str, &'static str) {
    match (fares.figures.kind, operator, fares.is_ready) {
        (ComponentKind::LeaderWorkerSet, Operator::V0_8, true) => {
            ("AllLeaderWorkerSetsReady", "All LeaderWorkerSets are ready")
        }
        (ComponentKind::LeaderWorkerSet, Operator::V0_8, false) => {
            ("SomeLeaderWorkerSetsNotReady", "Some LeaderWorkerSets are not ready")
        }
        (ComponentKind::LeaderWorkerSet, Operator::V1_5, true) => ("LeaderWorkerSetReady", "LeaderWorkerSet is ready"),
        (ComponentKind::LeaderWorkerSet, Operator::V1_5, false) => {
            ("LeaderWorkerSetNotReady", "LeaderWorkerSet is not ready")
        }
        (_, _, true) => ("DeploymentReady", "Deployment is ready"),
        (_, _, false) => ("DeploymentNotReady", "Deployment is not ready"),
    }
}

/// Reconciles a component.
pub fn reconcile(pass: &mut Pass<'_>) -> Finish {
    let key = pass.item.key;
    let Some(found) = pass.get(key) else { return Finish::Done };
    let Some(deployment) = found.value.component().cloned() else { return Finish::Done };
    if found.is_leaving() {
        return finalizer::let_go(&found, pass);
    }
    let mut version = match finalizer::keep(&found, pass) {
        Ok(version) => version,
        Err(refusal) => return pass.retry(&refusal),
    };
    let mut status = deployment.status.clone();
    if status.conditions.0.is_empty() {
        let text = "Starting to reconcile DynamoComponentDeployment";
        pass.event(key, false, "Reconciling", text.to_owned());
        for kind in ["Available", "DynamoComponentReady"] {
            status.conditions.set(condition(kind, Truth::Unknown, "Reconciling", text, &found, pass));
        }
        match store(&found, &deployment, &status, version, pass) {
            Ok(now) => version = now,
            Err(refusal) => return pass.retry(&refusal),
        }
    }
    match apply(key, &found, &deployment, pass) {
        Err(Refusal::Gone) => Finish::Done,
        Err(refusal) => {
            let text = format!("Failed to reconcile DynamoComponentDeployment: {refusal}");
            pass.event(key, true, "ReconcileError", text.clone());
            status.conditions.set(condition("Available", Truth::False, "Reconciling", &text, &found, pass));
            let _ = store(&found, &deployment, &status, version, pass);
            pass.journal.say_of(found.meta.uid, key, "Failed");
            pass.note_text(key, "Failed", &text);
            pass.retry(&refusal)
        }
        Ok(fares) => {
            let is_1_5 = pass.options.operator.is_1_5();
            let truth = if fares.is_ready { Truth::True } else { Truth::False };
            let (reason, text) = words(&fares, pass.options.operator);
            status.conditions.set(condition("Available", truth, reason, text, &found, pass));
            // 0.8 leaves this condition as it began.
            if is_1_5 {
                let (reason, text) = match fares.is_ready {
                    true => ("ComponentReady", "DynamoComponent is ready"),
                    false => ("ComponentNotReady", "DynamoComponent is not ready"),
                };
                status.conditions.set(condition("DynamoComponentReady", truth, reason, text, &found, pass));
            }
            status.figures = Some(fares.figures);
            status.observed_generation = Some(found.meta.generation);
            tell(&found, fares.is_ready, reason, pass);
            if !fares.is_modified {
                let text = format!("No changes to dynamo deployment {}", pass.name_of(key));
                pass.event(key, false, "UpdateDynamoGraphDeployment", text);
            }
            pass.event(key, false, "Update", "All resources updated!".to_owned());
            if status == deployment.status {
                return Finish::Done;
            }
            match store(&found, &deployment, &status, version, pass) {
                Ok(_) => Finish::Done,
                Err(refusal) => pass.retry(&refusal),
            }
        }
    }
}

fn condition(
    kind: &'static str,
    status: Truth,
    reason: &str,
    message: &str,
    of: &Stored,
    pass: &Pass<'_>,
) -> Condition {
    let (reason, message) = (reason.to_owned(), message.to_owned());
    Condition { kind, status, reason, message, since: pass.now(), observed_generation: of.meta.generation }
}

fn store(
    found: &Stored,
    deployment: &ComponentDeployment,
    status: &ComponentStatus,
    version: crate::systems::machinery::Version,
    pass: &mut Pass<'_>,
) -> Result<crate::systems::machinery::Version, Refusal> {
    let value = ComponentDeployment { spec: deployment.spec.clone(), status: status.clone() };
    let stored = Stored { key: found.key, meta: found.meta.clone(), value: Resource::Component(Box::new(value)) };
    pass.api.update_status(&stored, Some(version), pass.writer())
}

/// An entry when a component became available, or no longer is: by the last word about it, which may be one that was never written,
/// because the controller ended before the write.
fn tell(found: &Stored, is_ready: bool, reason: &'static str, pass: &mut Pass<'_>) {
    let (key, uid) = (found.key, found.meta.uid);
    let became = if is_ready { "Available" } else { "Unavailable" };
    let is_news = match pass.journal.said_of(uid, key) {
        // One that was just made is not available, and nobody says so.
        None => is_ready,
        // The real reconcile waits for what it asks for. Here it may be refused once more, and then nothing has changed.
        Some("Failed") => !pass.asked.waits(key),
        Some(said) => said != became,
    };
    if is_news {
        pass.journal.say_of(uid, key, became);
        pass.note(key, became, Why::text(reason));
    }
}

/// Asks for what a component is rendered as, and looks at it.
fn apply(
    key: Subject,
    found: &Stored,
    deployment: &ComponentDeployment,
    pass: &mut Pass<'_>,
) -> Result<Fares, Refusal> {
    if let Some(failure) = pass.asked.take_failure(key) {
        return Err(Refusal::Unavailable(failure));
    }
    let component = &deployment.spec.component;
    let devices = pass.asked.claim_templates.of(component, &pass.world.text(key.namespace));
    let rendered = render::of(key, found, deployment, devices.as_ref().ok(), pass);
    if let Some(reason) = &component.refusal
        && let Some(workload) = rendered.workloads.first()
    {
        let kind = match workload.kind {
            Kind::LeaderWorkerSet => "LeaderWorkerSet.leaderworkerset.x-k8s.io",
            _ => "Deployment.apps",
        };
        return Err(Refusal::Invalid(format!("{kind} {:?} is invalid: {reason}", pass.name_of(*workload))));
    }
    if let Err(reason) = devices {
        return Err(Refusal::Invalid(format!("its pods are not made: {reason}")));
    }
    let wanted: BTreeSet<Subject> = rendered.objects.iter().map(|one| one.key).collect();
    let mut is_modified = false;
    for wanted in rendered.objects {
        is_modified |= sync(key, wanted, pass)?;
    }
    // Replicas that 0.8 has no more, each a set of its own.
    let excess: Vec<Subject> = pass.asked.of(key).filter(|one| !wanted.contains(one)).collect();
    for one in excess {
        pass.api.write_elsewhere(one, false, pass.writer())?;
        pass.asked.remove(one, pass.cause, pass.world);
        is_modified = true;
    }
    let is_lws = component.is_multinode() && pass.options.has_lws();
    let kind = if is_lws { ComponentKind::LeaderWorkerSet } else { ComponentKind::Deployment };
    let mut figures = ComponentFigures { kind, ready: Some(0), ..ComponentFigures::default() };
    figures.available = (!is_lws).then_some(0);
    figures.runtime_namespace = runtime_namespace(found, deployment, pass);
    figures.names = rendered.workloads.first().map(|one| pass.name_of(*one)).into_iter().collect();
    let mut is_ready = true;
    for workload in rendered.workloads {
        is_ready &= look_at(workload, &mut figures, pass);
    }
    Ok(Fares { is_ready, is_modified, figures })
}

/// Adds the figures of a workload; true if it is ready.
fn look_at(workload: Subject, figures: &mut ComponentFigures, pass: &Pass<'_>) -> bool {
    // The answer to what was asked for just now is an object whose controller has not seen it yet.
    let is_asked = pass.asked.is_asked(workload);
    match pass.world.observed(workload) {
        Some(Status::Deployment(seen)) => {
            (figures.replicas, figures.updated) = (seen.replicas, seen.updated);
            (figures.ready, figures.available) = (Some(seen.ready), Some(seen.available));
            !is_asked && readiness::deployment(&seen, pass.options.operator)
        }
        Some(Status::LeaderWorkerSet(seen)) => {
            let groups = pass.asked.groups(workload, pass.world);
            figures.replicas += groups.groups;
            figures.updated += groups.updated;
            figures.ready = figures.ready.map(|ready| ready + groups.ready);
            let is_available = pass.asked.groups_are_available(workload);
            !is_asked && readiness::leader_worker_set(seen.desired, groups.ready, is_available)
        }
        _ => false,
    }
}

/// Makes an object of the cluster what it should be; true if it was not.
fn sync(key: Subject, wanted: Wanted, pass: &mut Pass<'_>) -> Result<bool, Refusal> {
    let (object, is_new) = (wanted.key, !pass.asked.is_held(wanted.key));
    if !pass.asked.differs(&wanted, pass.world) {
        return Ok(pass.synced(key, object, Synced::Same));
    }
    pass.api.write_elsewhere(object, true, pass.writer())?;
    pass.asked.apply(wanted, pass.cause, pass.world);
    Ok(pass.synced(key, object, if is_new { Synced::Created } else { Synced::Updated }))
}

/// The namespace in Dynamo's own sense; workers of a generation have their own.
fn runtime_namespace(found: &Stored, deployment: &ComponentDeployment, pass: &Pass<'_>) -> String {
    let namespace = pass.world.text(found.key.namespace);
    let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
    let mut own = namespace.clone();
    if !deployment.spec.component.global_namespace {
        own = format!("{namespace}-{}", found.label(keys::GRAPH).unwrap_or_default());
    }
    match found.label(keys::WORKER_HASH) {
        Some(hash) => format!("{own}-{hash}"),
        None => own,
    }
}
