//! What the controller of graphs writes at the end of a turn: the state, the condition `Ready` with its reason, and the figures.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamographdeployment_controller.go, applyReconcileResult and
//! checkResourcesReadiness.

use super::look::Look;
use super::pass::{Failure, Pass};
use super::rollout;
use super::workloads::Outcome;
use crate::systems::dynamo::model::{Graph, Resource};
use crate::systems::dynamo::status::{ComponentFigures, Condition, GraphState, RestartPhase, RestartStatus, Truth};
use crate::systems::dynamo::store::Stored;
use crate::systems::machinery::Refusal;
use crate::timeline::{Arg, Why};

/// Writes the status, if it changed.
///
/// # Errors
/// Why it was not written.
pub fn write(look: &mut Look, done: Result<Outcome, Failure>, pass: &mut Pass<'_>) -> Result<(), Refusal> {
    let is_1_5 = pass.options.operator.is_1_5();
    let is_done = done.is_ok();
    let (state, reason, message) = match done {
        Err(failure) => (GraphState::Failed, failure.reason, failure.message),
        Ok(outcome) => {
            let ready = outcome.waiting.is_empty();
            let told = match (ready, rollout::is_rolling(look.status.rolling_update.as_ref())) {
                (_, true) => {
                    (GraphState::Pending, "rolling_update_in_progress", "Rolling update in progress".to_owned())
                }
                (true, false) => {
                    (GraphState::Successful, "all_resources_are_ready", "All resources are ready".to_owned())
                }
                (false, false) => {
                    let reason = outcome.reason.unwrap_or("some_resources_are_not_ready");
                    (GraphState::Pending, reason, format!("Resources not ready: {}", outcome.waiting.join("; ")))
                }
            };
            tell_components(look, &outcome, pass);
            // `services` in 0.8.0: deploy/cloud/operator/api/v1alpha1/dynamographdeployment_types.go.
            look.status.components = outcome.figures;
            told
        }
    };
    let generation = look.meta.generation;
    look.status.state = state;
    look.status.conditions.set(Condition {
        kind: "Ready",
        status: if state == GraphState::Successful { Truth::True } else { Truth::False },
        reason: reason.to_owned(),
        message: message.clone(),
        since: pass.now(),
        observed_generation: generation,
    });
    if is_1_5 && is_done {
        look.status.observed_generation = Some(generation);
    }
    tell_state(look, reason, &message, pass);
    if look.status == look.written {
        return Ok(());
    }
    let value = Resource::Graph(Box::new(Graph { spec: look.spec.clone(), status: look.status.clone() }));
    let stored = Stored { key: look.key, meta: look.meta.clone(), value };
    pass.api.update_status(&stored, Some(look.meta.version), pass.writer()).map(drop)
}

/// An entry for a state that is new, has another reason, or stands behind another word.
fn tell_state(look: &Look, reason: &'static str, message: &str, pass: &mut Pass<'_>) {
    let before = look.written.conditions.get("Ready").map(|one| one.reason.as_str());
    let said = pass.journal.said(look.key) == Some(look.status.state.text());
    if said && look.written.state == look.status.state && before == Some(reason) {
        return;
    }
    let why = match look.status.state {
        GraphState::Failed => {
            let message = pass.world.intern(message);
            Why::with2("{}: {}", Arg::Text(pass.world.intern(reason)), Arg::Text(message))
        }
        _ => Why::text(reason),
    };
    pass.note(look.key, look.status.state.text(), why);
}

/// Entries for components that became ready, or are no longer. What was said before decides, not what the earlier figures are worth by now:
/// the size may be another one since.
fn tell_components(look: &Look, outcome: &Outcome, pass: &mut Pass<'_>) {
    if pass.api.get(look.key).is_none() {
        return;
    }
    for component in &look.spec.components {
        let Some(figures) = outcome.figures.get(&component.name) else { continue };
        let missing = missing(figures, component.replicas);
        let became = if missing.is_none() { "ready" } else { "pending" };
        let subject = look.component_subject(&component.name, pass);
        let is_over = look.status.restart.as_ref().is_none_or(|one| !one.in_progress.contains(&component.name));
        let is_news = pass.journal.say_of(look.meta.uid, subject, became);
        // A restart that was over before anybody looked has left its own word behind.
        let was_restarting = (is_news || is_over) && pass.journal.say_restarting(subject, false);
        if is_news || was_restarting {
            let all = Arg::Count(component.replicas.into());
            let why = missing.unwrap_or_else(|| Why::with2("{} of {} available", Arg::Count(serving(figures)), all));
            pass.world.note(subject, became, why, pass.cause);
        }
    }
}

/// Replicas that serve.
fn serving(figures: &ComponentFigures) -> u64 {
    figures.available.or(figures.ready).unwrap_or(0).into()
}

/// What a component of this size lacks; `None` if it is ready.
fn missing(figures: &ComponentFigures, wants: u32) -> Option<Why> {
    let (serves, all) = (serving(figures), Arg::Count(wants.into()));
    if serves < wants.into() {
        return Some(Why::with2("{} of {} available", Arg::Count(serves), all));
    }
    if figures.updated < wants {
        return Some(Why::with2("{} of {} updated", Arg::Count(figures.updated.into()), all));
    }
    let is_more = figures.replicas != wants;
    is_more.then(|| Why::with2("{} there where {} are wanted", Arg::Count(figures.replicas.into()), all))
}

/// Takes over where a restart is, and tells what is new of it.
pub fn tell_restart(look: &mut Look, status: Option<RestartStatus>, pass: &mut Pass<'_>) {
    let before = look.status.restart.clone();
    look.status.restart.clone_from(&status);
    let Some(now) = status.filter(|now| Some(now) != before.as_ref()) else { return };
    let was = before.filter(|before| before.id == now.id);
    for name in &now.in_progress {
        if was.as_ref().is_none_or(|was| !was.in_progress.contains(name)) {
            let subject = look.component_subject(name, pass);
            let id = pass.world.intern(&now.id);
            pass.world.note(subject, "restarting", Why::with("restart {}", Arg::Text(id)), pass.cause);
            pass.journal.say_restarting(subject, true);
        }
    }
    if was.as_ref().is_some_and(|was| was.phase == now.phase) {
        return;
    }
    let id = now.id.clone();
    let (became, reason, text) = match now.phase {
        RestartPhase::Restarting => ("restarting", "RestartStarted", format!("Restart {id} started")),
        RestartPhase::Completed => ("restarted", "RestartCompleted", format!("Restart {id} completed")),
        RestartPhase::Superseded => {
            ("restart_superseded", "RestartSuperseded", format!("Restart {id} superseded by rolling update"))
        }
        RestartPhase::Pending | RestartPhase::Failed => return,
    };
    pass.event(look.key, false, reason, text.clone());
    pass.note_text(look.key, became, &text);
}
