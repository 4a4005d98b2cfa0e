//! The controller of graphs: one reconciliation, and the status that it writes at its end.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeployment_controller.go and dgd_component_program.go;
//! of 0.8.0 deploy/cloud/operator/internal/controller/dynamographdeployment_controller.go.

use super::keys;
use super::look::Look;
use super::pass::{Failure, Pass, Step};
use super::workloads::{self, Outcome};
use super::{adapters, claims, provider, restart, rollout, status};
use crate::systems::dynamo::profile::Provider;
use crate::systems::dynamo::status::RollingUpdatePhase;
use crate::systems::machinery::{Finish, Refusal};

/// Reconciles a graph.
pub fn reconcile(pass: &mut Pass<'_>) -> Finish {
    let key = pass.item.key;
    let Some(found) = pass.get(key) else { return Finish::Done };
    let name = pass.name_of(key);
    let Some(mut look) = Look::of(&found, name) else { return Finish::Done };
    if found.is_leaving() {
        return let_go(&mut look, pass);
    }
    if let Some(why) = invalid(&look, pass) {
        return refuse(&mut look, &why, pass);
    }
    let done = pass_through(&mut look, pass);
    let failure = done.as_ref().err().cloned();
    if failure.as_ref().is_some_and(|failure| failure.is_gone) {
        return Finish::Done;
    }
    let written = status::write(&mut look, done, pass);
    // The error that is returned is that of the pass, or else of the status.
    if let Some(refusal) = failure.as_ref().map_or(written.as_ref().err(), |failure| failure.refusal.as_ref()) {
        pass.journal.failed_with(refusal);
    }
    match (written, failure) {
        (Ok(()), None) => Finish::Done,
        (_, Some(failure)) if failure.is_terminal => Finish::Terminal,
        _ => Finish::Retry,
    }
}

/// What the controller of 0.8 finds wrong with a graph that no webhook has looked at: the one rule of its webhook that says more than
/// the schema. 1.5 does not look again.
fn invalid(look: &Look, pass: &Pass<'_>) -> Option<String> {
    let asks = !pass.options.webhook && !pass.options.operator.is_1_5();
    (asks && look.spec.components.is_empty()).then(|| "spec.services must have at least one service".to_owned())
}

/// A graph that is wrong is left alone until somebody mends it.
fn refuse(look: &mut Look, why: &str, pass: &mut Pass<'_>) -> Finish {
    pass.event(look.key, true, "ValidationFailed", why.to_owned());
    let failure = Failure::new("ValidationFailed", format!("Validation failed: {why}"));
    match status::write(look, Err(failure), pass) {
        Ok(()) | Err(Refusal::Gone) => Finish::Done,
        Err(refusal) => pass.retry(&refusal),
    }
}

/// A graph that is deleted: nothing of its own is left to be cleaned up, so that the finalizer goes at once.
fn let_go(look: &mut Look, pass: &mut Pass<'_>) -> Finish {
    let gone = look.write_meta(pass, |meta| {
        meta.finalizers.remove(keys::FINALIZER);
    });
    match gone {
        Ok(()) | Err(Refusal::NotFound) => Finish::Done,
        Err(refusal) => pass.retry(&refusal),
    }
}

fn pass_through(look: &mut Look, pass: &mut Pass<'_>) -> Step<Outcome> {
    if !look.meta.finalizers.contains(keys::FINALIZER) {
        look.write_meta(pass, |meta| {
            meta.finalizers.insert(keys::FINALIZER.to_owned());
        })
        .map_err(|refusal| {
            Failure::write("failed_to_handle_the_finalizer", "failed to handle the finalizer", &refusal)
        })?;
    }
    // The real reconcile waits for what it asks for. Here the refusal comes after it, and is the error of the next one.
    if let Some(why) = pass.asked.take_failure(look.key) {
        let refusal = Refusal::Unavailable(why);
        return Err(Failure::write(workloads::FAILED, "failed to reconcile the resources", &refusal));
    }
    match provider::choose(look, pass)? {
        Provider::Component => component_path(look, pass),
        Provider::Grove => super::grove_path::reconcile(look, pass),
    }
}

fn component_path(look: &mut Look, pass: &mut Pass<'_>) -> Step<Outcome> {
    let is_1_5 = pass.options.operator.is_1_5();
    if is_1_5 {
        rollout::reconcile(look, pass)?;
    }
    claims::reconcile(look, pass)?;
    if !is_1_5 {
        adapters::of_graph(look, pass)?;
    }
    if look.has_multinode() && !pass.options.has_lws() {
        let reason = if is_1_5 { "no_multinode_orchestrator_available" } else { workloads::FAILED };
        return Err(Failure::new(reason, "no multinode orchestrator available"));
    }
    let plan = if is_1_5 { rollout::plan(look, pass) } else { rollout::Plan::default() };
    let annotated = if is_1_5 { restart_step(look, &plan, pass) } else { None };
    let outcome = workloads::reconcile(look, &plan, &annotated, pass)?;
    if is_1_5 {
        adapters::of_graph(look, pass)?;
    }
    Ok(outcome)
}

/// One step of a restart; a component is done once its resource has seen its spec and is available.
fn restart_step(look: &mut Look, plan: &rollout::Plan, pass: &mut Pass<'_>) -> workloads::Annotated {
    let updated: Vec<String> = look
        .spec
        .components
        .clone()
        .iter()
        .filter(|component| {
            let name = look.resource_name(component, &plan.hash);
            let key = pass.beside(look.key, crate::timeline::Kind::DynamoComponentDeployment, &name);
            pass.get(key).is_some_and(|stored| is_updated(&stored))
        })
        .map(|component| component.name.clone())
        .collect();
    restart_with(look, &updated, pass)
}

fn is_updated(stored: &crate::systems::dynamo::store::Stored) -> bool {
    let Some(deployment) = stored.value.component() else { return false };
    let status = &deployment.status;
    status.observed_generation >= Some(stored.meta.generation)
        && status
            .conditions
            .get("Available")
            .is_some_and(|one| one.status == crate::systems::dynamo::status::Truth::True)
}

/// One step of a restart, when these components are as they are wanted.
pub fn restart_with(look: &mut Look, updated: &[String], pass: &mut Pass<'_>) -> workloads::Annotated {
    let request = look.spec.restart.clone();
    let names = look.component_names();
    let is_rolling = rollout::is_rolling(look.status.rolling_update.as_ref());
    let seen = restart::Look {
        request: request.as_ref(),
        components: &names,
        status: look.status.restart.as_ref(),
        is_rolling,
    };
    let status = restart::resolve(&seen, |name| updated.iter().any(|known| known == name));
    let annotated = restart::annotated(&restart::Look { status: status.as_ref(), ..seen }, status.as_ref());
    status::tell_restart(look, status, pass);
    annotated
}

/// True once a rollout that began has ended.
pub fn has_rolled(look: &Look) -> bool {
    look.status.rolling_update.as_ref().is_none_or(|one| one.phase == RollingUpdatePhase::Completed)
}
