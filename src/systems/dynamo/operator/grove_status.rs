//! How the cliques and scaling groups of a graph fare, and why those that are not ready are not.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/grove.go, the classification of PodCliques and PodCliqueScalingGroups;
//! 0.8.0 has one reason for everything.

use super::grove_path;
use super::look::Look;
use super::pass::Pass;
use super::workloads::Outcome;
use crate::systems::dynamo::model::Component;
use crate::systems::dynamo::status::{ComponentFigures, ComponentKind};
use crate::systems::grove::model::Resource;
use crate::systems::grove::status::{ConditionKind, Hash};
use crate::timeline::{Kind, Subject};

const NOT_READY: &str = "some_resources_are_not_ready";
const CAPACITY: &str = "insufficient_capacity";
const UPDATING: &str = "updating";
const PODS: &str = "pods_not_ready";
const MIXED: &str = "mixed_not_ready_reasons";

/// The figures that decide of a clique or a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// True if its status is about its spec.
    pub is_observed: bool,
    /// What it wants.
    pub desired: u32,
    /// What it has.
    pub replicas: u32,
    /// Of the newest template.
    pub updated: u32,
    /// Ready, or available for a group.
    pub ready: u32,
    /// With a node.
    pub scheduled: u32,
    /// Still gated.
    pub gated: u32,
    /// The condition `PodCliqueScheduled` is false.
    pub is_unscheduled: bool,
    /// The hash of the set that it follows.
    pub set_hash: Option<Hash>,
}

/// Why a part is not ready; `None` if it is.
pub const fn reason(part: &Part) -> Option<&'static str> {
    if !part.is_observed {
        return Some(NOT_READY);
    }
    let wants = part.desired;
    if wants == 0 || part.replicas == wants && part.updated == wants && part.ready == wants {
        return None;
    }
    if part.gated > 0 || part.is_unscheduled || part.scheduled > 0 && part.scheduled < wants {
        return Some(CAPACITY);
    }
    if part.updated != wants || part.replicas != wants {
        return Some(UPDATING);
    }
    Some(PODS)
}

/// The figures of a clique or a group; `None` if Grove has not made it yet.
pub fn part(key: Subject, pass: &Pass<'_>) -> Option<Part> {
    let stored = pass.grove.api.get(key)?;
    let generation = Some(stored.meta.generation);
    match &stored.value {
        Resource::PodClique(clique) => Some(Part {
            is_observed: clique.status.observed_generation >= generation,
            desired: clique.spec.replicas,
            replicas: clique.status.replicas,
            updated: clique.status.updated,
            ready: clique.status.ready,
            scheduled: clique.status.scheduled,
            gated: clique.status.gated,
            is_unscheduled: clique
                .status
                .conditions
                .get(ConditionKind::PodCliqueScheduled)
                .is_some_and(|one| one.holds == Some(false)),
            set_hash: clique.status.set_hash,
        }),
        Resource::PodCliqueScalingGroup(group) => Some(Part {
            is_observed: group.status.observed_generation >= generation,
            desired: group.spec.replicas,
            replicas: group.status.replicas,
            updated: group.status.updated,
            ready: group.status.available,
            scheduled: group.status.scheduled,
            gated: 0,
            is_unscheduled: false,
            set_hash: group.status.set_hash,
        }),
        Resource::PodCliqueSet(_) | Resource::PodGang(_) => None,
    }
}

/// How all parts of a graph fare.
pub fn of(look: &Look, set: Subject, pass: &mut Pass<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut reasons: Vec<&'static str> = Vec::new();
    for component in look.spec.components.clone() {
        let key = grove_path::part_of(set, &component, pass);
        let known = part(key, pass);
        let mut judged = known.unwrap_or_default();
        judged.is_observed = known.is_some_and(|part| part.is_observed);
        // What the graph wants counts: the part may not have been scaled yet.
        judged.desired = component.replicas;
        if let Some(reason) = reason(&judged) {
            reasons.push(reason);
            outcome.waiting.push(told(key, &judged, pass));
        }
        if let Some(part) = known {
            let figures = figures(look, key, &component, part, pass);
            outcome.figures.insert(component.name.clone(), figures);
        }
    }
    reasons.sort_unstable();
    reasons.dedup();
    if pass.options.operator.is_1_5() {
        outcome.reason = match reasons.as_slice() {
            [] => None,
            [one] => Some(one),
            _ => Some(MIXED),
        };
    }
    outcome
}

fn told(key: Subject, part: &Part, pass: &Pass<'_>) -> String {
    let kind = if key.kind == Kind::PodClique { "podclique" } else { "pcsg" };
    let ready = if key.kind == Kind::PodClique { "ready" } else { "available" };
    let (name, wants) = (pass.name_of(key), part.desired);
    if part.updated != wants && part.replicas == wants {
        return format!("{kind}/{name}: desired={wants}, updated={}", part.updated);
    }
    format!("{kind}/{name}: desired={wants}, {ready}={}", part.ready)
}

fn figures(look: &Look, key: Subject, component: &Component, part: Part, pass: &Pass<'_>) -> ComponentFigures {
    let is_group = key.kind == Kind::PodCliqueScalingGroup;
    ComponentFigures {
        kind: if is_group { ComponentKind::PodCliqueScalingGroup } else { ComponentKind::PodClique },
        names: vec![pass.name_of(key)],
        replicas: part.replicas,
        updated: part.updated,
        ready: (!is_group).then_some(part.ready),
        available: is_group.then_some(part.ready),
        scheduled: Some(part.scheduled),
        runtime_namespace: look.dynamo_namespace(component, pass),
    }
}

/// The components whose parts follow the set as it is, and are ready.
pub fn updated(look: &Look, set: Subject, pass: &mut Pass<'_>) -> Vec<String> {
    let known = pass.grove.api.get(set).cloned();
    let Some(stored) = known else { return Vec::new() };
    let Resource::PodCliqueSet(whole) = &stored.value else { return Vec::new() };
    if whole.status.observed_generation < Some(stored.meta.generation) {
        return Vec::new();
    }
    let mut updated = Vec::new();
    for component in look.spec.components.clone() {
        let key = grove_path::part_of(set, &component, pass);
        let Some(part) = part(key, pass) else { continue };
        if part.set_hash == whole.status.generation_hash && reason(&part).is_none() {
            updated.push(component.name.clone());
        }
    }
    updated
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Part = Part {
        is_observed: true,
        desired: 3,
        replicas: 3,
        updated: 3,
        ready: 3,
        scheduled: 3,
        gated: 0,
        is_unscheduled: false,
        set_hash: None,
    };

    #[test]
    fn reasons_come_in_the_order_of_the_source() {
        assert_eq!(reason(&READY), None);
        assert_eq!(reason(&Part { is_observed: false, ..READY }), Some(NOT_READY));
        assert_eq!(reason(&Part { desired: 0, ready: 1, ..READY }), None);
        assert_eq!(reason(&Part { ready: 1, gated: 2, ..READY }), Some(CAPACITY));
        assert_eq!(reason(&Part { ready: 1, scheduled: 1, updated: 1, ..READY }), Some(CAPACITY));
        assert_eq!(reason(&Part { ready: 1, updated: 2, ..READY }), Some(UPDATING));
        assert_eq!(reason(&Part { ready: 1, ..READY }), Some(PODS));
        // None has a node yet, and nobody said that they cannot get one.
        assert_eq!(reason(&Part { ready: 0, scheduled: 0, ..READY }), Some(PODS));
    }
}
