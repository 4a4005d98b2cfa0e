//! The actions of operators that a scenario can be tried with: those that one of its systems takes for something that it has.

use super::Item;
use super::targets::Targets;
use crate::scenario::model::{ActionKind, Scenario};
use crate::systems::System;
use crate::timeline::Kind;
use crate::workload::Action;

/// All of them. What a system would take of objects that it does not have yet is left to the run, which refuses it.
pub fn actions(scenario: &Scenario, targets: &Targets, systems: &[System]) -> Vec<Item> {
    let mut kinds = Vec::new();
    for (subject, size) in &targets.sized {
        let mut sizes = vec![0, size.saturating_sub(1), size + 1, size * 2];
        sizes.dedup();
        kinds.extend(
            sizes
                .into_iter()
                .filter(|other| other != size)
                .map(|other| ActionKind::Scale(vec![(subject.clone(), other)])),
        );
    }
    for subject in &targets.running {
        kinds.extend([
            ActionKind::Restart(subject.clone()),
            ActionKind::Rollback(subject.clone(), None),
            ActionKind::Pause(subject.clone()),
            ActionKind::Resume(subject.clone()),
            ActionKind::Promote(subject.clone(), false),
            ActionKind::Promote(subject.clone(), true),
            ActionKind::Abort(subject.clone()),
            ActionKind::Retry(subject.clone()),
        ]);
    }
    for document in &targets.documents {
        kinds.push(ActionKind::Apply(document.clone()));
    }
    for kind in [Kind::Graph, Kind::PodCliqueSet] {
        kinds.extend(targets.of_kind(kind).map(|subject| ActionKind::Restart(subject.clone())));
    }
    kinds.extend(targets.of_kind(Kind::Gate).map(|gate| ActionKind::Click(gate.clone())));
    for step in targets.of_kind(Kind::Step) {
        kinds.extend([
            ActionKind::Rollback(step.clone(), None),
            ActionKind::Complete(step.clone()),
            ActionKind::Abandon(step.clone()),
            ActionKind::Forward(step.clone()),
            ActionKind::Abort(step.clone()),
        ]);
    }
    kinds.extend(activations(targets));
    // What the scenario's own operator does can be done at another time as well.
    kinds.extend(scenario.actions.iter().map(|action| action.kind.clone()));
    for system in systems {
        kinds.extend(system.names().into_iter().map(|name| ActionKind::Undeploy(name.to_owned())));
    }
    kinds.into_iter().filter(|kind| is_taken(kind, systems)).map(Item::action).collect()
}

/// Each revision of each deployment that has several.
fn activations(targets: &Targets) -> Vec<ActionKind> {
    let mut kinds = Vec::new();
    for revision in targets.of_kind(Kind::Revision) {
        let name = revision.split_once('/').map_or("", |(_, name)| name);
        for deployment in targets.of_kind(Kind::Member) {
            let of = deployment.split_once('/').map_or("", |(_, name)| name);
            if let Some(revision) = name.strip_prefix(of).and_then(|rest| rest.strip_prefix('-')) {
                kinds.push(ActionKind::Activate(deployment.clone(), revision.to_owned()));
            }
        }
    }
    kinds
}

/// True if a system says that the action is about what it has.
fn is_taken(kind: &ActionKind, systems: &[System]) -> bool {
    let action = crate::rehearsal::action_of(kind);
    // A document that is refused, or brings what is not there, is taken all the same.
    let least = if matches!(action, Action::Apply(_) | Action::Replace(_)) { 1 } else { 2 };
    systems.iter().any(|system| system.interest(&action) >= least)
}
