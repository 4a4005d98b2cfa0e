//! The controller of components as resources of their own: the Deployment or LeaderWorkerSet of each, and its status.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamocomponentdeployment_controller.go.

use super::pass::Pass;
use super::render;
use super::{keys, readiness};
use crate::systems::dynamo::model::{ComponentDeployment, Resource};
use crate::systems::dynamo::status::{ComponentFigures, ComponentKind, ComponentStatus, Condition, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::{Finish, Refusal};
use crate::timeline::{Kind, Subject, Why};
use crate::workload::Status;

/// How a component's workload fares.
struct Fares {
    is_ready: bool,
    kind: ComponentKind,
    figures: ComponentFigures,
}

/// Reconciles a component.
pub fn reconcile(pass: &mut Pass<'_>) -> Finish {
    let key = pass.item.key;
    let Some(found) = pass.get(key).filter(|found| !found.is_leaving()) else { return Finish::Done };
    let Some(deployment) = found.value.component().cloned() else { return Finish::Done };
    let mut version = found.meta.version;
    let mut status = deployment.status.clone();
    if status.conditions.0.is_empty() {
        let text = "Starting to reconcile DynamoComponentDeployment";
        pass.event(key, false, "Reconciling", text.to_owned());
        for kind in ["Available", "DynamoComponentReady"] {
            status.conditions.set(condition(kind, Truth::Unknown, "Reconciling", text, &found, pass));
        }
        match store(&found, &deployment, &status, version, pass) {
            Ok(now) => version = now,
            Err(_) => return Finish::Retry,
        }
    }
    match apply(key, &found, &deployment, pass) {
        Err(Refusal::Gone) => Finish::Done,
        Err(refusal) => {
            let text = format!("Failed to reconcile DynamoComponentDeployment: {refusal}");
            pass.event(key, true, "ReconcileError", text.clone());
            status.conditions.set(condition("Available", Truth::False, "Reconciling", &text, &found, pass));
            let _ = store(&found, &deployment, &status, version, pass);
            pass.note_text(key, "Failed", &text);
            Finish::Retry
        }
        Ok(fares) => {
            let (truth, ready) = if fares.is_ready { (Truth::True, "Ready") } else { (Truth::False, "NotReady") };
            let word = if fares.kind == ComponentKind::Deployment { "Deployment" } else { "LeaderWorkerSet" };
            let is = if fares.is_ready { "is ready" } else { "is not ready" };
            let (reason, text) = (format!("{word}{ready}"), format!("{word} {is}"));
            status.conditions.set(condition("Available", truth, &reason, &text, &found, pass));
            let (reason, text) = (format!("Component{ready}"), format!("DynamoComponent {is}"));
            status.conditions.set(condition("DynamoComponentReady", truth, &reason, &text, &found, pass));
            status.figures = Some(fares.figures);
            status.observed_generation = Some(found.meta.generation);
            tell(key, &deployment, fares.is_ready, fares.kind, pass);
            pass.event(key, false, "Update", "All resources updated!".to_owned());
            if status == deployment.status {
                return Finish::Done;
            }
            match store(&found, &deployment, &status, version, pass) {
                Ok(_) => Finish::Done,
                Err(_) => Finish::Retry,
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

/// An entry when a component became available, or no longer is.
fn tell(key: Subject, before: &ComponentDeployment, is_ready: bool, kind: ComponentKind, pass: &mut Pass<'_>) {
    let was = before.status.conditions.get("Available").map(|one| one.status);
    let words = match (was, is_ready, kind) {
        (Some(Truth::True), true, _) | (Some(Truth::False | Truth::Unknown) | None, false, _) => return,
        (_, true, ComponentKind::Deployment) => ("Available", "DeploymentReady"),
        (_, true, _) => ("Available", "LeaderWorkerSetReady"),
        (_, false, ComponentKind::Deployment) => ("Unavailable", "DeploymentNotReady"),
        (_, false, _) => ("Unavailable", "LeaderWorkerSetNotReady"),
    };
    pass.note(key, words.0, Why::text(words.1));
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
    let workload = rendered.workload;
    if let Some(reason) = &component.refusal {
        let kind = match workload.kind {
            Kind::LeaderWorkerSet => "LeaderWorkerSet.leaderworkerset.x-k8s.io",
            _ => "Deployment.apps",
        };
        return Err(Refusal::Invalid(format!("{kind} {:?} is invalid: {reason}", pass.name_of(workload))));
    }
    if let Err(reason) = devices {
        return Err(Refusal::Invalid(format!("its pods are not made: {reason}")));
    }
    for wanted in rendered.objects {
        if pass.asked.differs(&wanted, pass.world) {
            pass.api.write_elsewhere(wanted.key, true, pass.writer())?;
            pass.asked.apply(wanted, pass.cause, pass.world);
        }
    }
    let names = vec![pass.name_of(workload)];
    let mut figures = ComponentFigures { names, ..ComponentFigures::default() };
    figures.runtime_namespace = runtime_namespace(found, deployment, pass);
    // The answer to what was asked for just now is an object whose controller has not seen it yet.
    let is_asked = pass.asked.is_asked(workload);
    let (kind, is_ready) = match pass.world.observed(workload) {
        Some(Status::Deployment(seen)) => {
            (figures.replicas, figures.updated) = (seen.replicas, seen.updated);
            (figures.ready, figures.available) = (Some(seen.ready), Some(seen.available));
            (ComponentKind::Deployment, !is_asked && readiness::deployment(&seen, false))
        }
        Some(Status::LeaderWorkerSet(seen)) => {
            let available = pass.asked.groups_are_available(workload);
            let ready = if available { seen.desired } else { 0 };
            (figures.replicas, figures.updated, figures.ready) = (seen.desired, ready, Some(ready));
            let is_ready = readiness::leader_worker_set(seen.desired, ready, available);
            (ComponentKind::LeaderWorkerSet, !is_asked && is_ready)
        }
        _ => {
            (figures.ready, figures.available) = (Some(0), (!component.is_multinode()).then_some(0));
            let kind =
                if component.is_multinode() { ComponentKind::LeaderWorkerSet } else { ComponentKind::Deployment };
            (kind, false)
        }
    };
    figures.kind = kind;
    Ok(Fares { is_ready, kind, figures })
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
