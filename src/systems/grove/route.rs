//! Which change of an object wakes which controller, and for which key.
//! Source: ai-dynamo/grove, operator/internal/controller/{podcliqueset,podcliquescalinggroup,podclique}/register.go.

use smallvec::SmallVec;

use super::family::{Family, Stored, as_clique, as_gang, as_group, as_set};
use super::model::{Resource, UpdateStrategy};
use super::status::ConditionKind;
use crate::systems::machinery::{ControllerId, Event, Verb};
use crate::timeline::{Kind, Subject};

/// The controller of PodCliqueSets.
pub const SETS: ControllerId = ControllerId(0);
/// The controller of PodCliqueScalingGroups.
pub const GROUPS: ControllerId = ControllerId(1);
/// The controller of PodCliques.
pub const CLIQUES: ControllerId = ControllerId(2);

/// The keys of a controller that an event concerns.
pub fn keys(controller: ControllerId, event: &Event<Resource>, family: &Family) -> SmallVec<[Subject; 2]> {
    match controller {
        SETS => for_sets(event, family),
        GROUPS => for_groups(event, family),
        _ => for_cliques(event, family),
    }
}

fn for_sets(event: &Event<Resource>, family: &Family) -> SmallVec<[Subject; 2]> {
    let (old, new) = (event.old.as_deref(), &*event.new);
    let wakes = match event.key().kind {
        Kind::PodCliqueSet => return one(event.generation_changed().then_some(event.key())),
        Kind::PodClique => match event.verb {
            Verb::Added => false,
            Verb::Deleted => new.meta.owner.is_some_and(|owner| owner.key.kind == Kind::PodCliqueSet),
            Verb::Updated => event.generation_changed() || old.is_some_and(|old| clique_status_changed(old, new)),
        },
        Kind::PodCliqueScalingGroup => {
            event.verb == Verb::Updated && old.is_some_and(|old| group_status_changed(old, new))
        }
        _ => false,
    };
    one(wakes.then(|| family.set_of(event.key())).flatten().map(|(set, _)| set))
}

fn for_groups(event: &Event<Resource>, family: &Family) -> SmallVec<[Subject; 2]> {
    let (old, new) = (event.old.as_deref(), &*event.new);
    match event.key().kind {
        Kind::PodCliqueScalingGroup => {
            one((event.verb != Verb::Deleted && event.generation_changed()).then_some(event.key()))
        }
        Kind::PodClique if event.verb != Verb::Added => one(family.group_of(event.key()).map(|(group, _)| group)),
        Kind::PodCliqueSet if event.verb == Verb::Updated => {
            let (Some(before), Some(set)) = (old.and_then(as_set), as_set(new)) else { return SmallVec::new() };
            let Some(update) = set.status.update else { return SmallVec::new() };
            let moved = before.status.update.is_some_and(|before| before.current != update.current);
            let on_delete = set.spec.strategy == UpdateStrategy::OnDelete;
            if !moved && !on_delete {
                return SmallVec::new();
            }
            let replica = update.current.filter(|_| !on_delete);
            let is_meant = |group: &Subject| {
                replica.is_none_or(|replica| family.set_of(*group).is_some_and(|(_, of)| of == replica))
            };
            family.members(event.key(), Kind::PodCliqueScalingGroup).filter(is_meant).collect()
        }
        _ => SmallVec::new(),
    }
}

fn for_cliques(event: &Event<Resource>, family: &Family) -> SmallVec<[Subject; 2]> {
    let (old, new) = (event.old.as_deref(), &*event.new);
    if event.key().kind == Kind::PodClique {
        return one((event.verb != Verb::Deleted && event.generation_changed()).then_some(event.key()));
    }
    let (Verb::Updated, Some(old)) = (event.verb, old) else { return SmallVec::new() };
    match event.key().kind {
        Kind::PodCliqueSet => {
            let (Some(before), Some(now)) = (as_set(old), as_set(new)) else { return SmallVec::new() };
            let current = |set: &super::model::PodCliqueSet| set.status.update.and_then(|update| update.current);
            let changed =
                before.status.generation_hash != now.status.generation_hash || current(before) != current(now);
            if !changed {
                return SmallVec::new();
            }
            family.members(event.key(), Kind::PodClique).collect()
        }
        Kind::PodCliqueScalingGroup => {
            let (Some(before), Some(now)) = (as_group(old), as_group(new)) else { return SmallVec::new() };
            let target = |group: &super::model::PodCliqueScalingGroup| {
                group.status.update.as_ref().map(|update| update.set_hash)
            };
            let changed = before.status.set_hash != now.status.set_hash || target(before) != target(now);
            if !changed {
                return SmallVec::new();
            }
            family.cliques_of(event.key()).collect()
        }
        Kind::PodGang => {
            let (Some(before), Some(now)) = (as_gang(old), as_gang(new)) else { return SmallVec::new() };
            let is_whole = now.status.conditions.holds(ConditionKind::Initialized);
            let became_whole = is_whole && !before.status.conditions.holds(ConditionKind::Initialized);
            let wakes = became_whole || is_whole && event.generation_changed();
            let groups = now.spec.groups.iter().filter(|group| wakes && !group.pods.is_empty());
            groups.filter_map(|group| family.clique(event.key(), &group.name)).collect()
        }
        _ => SmallVec::new(),
    }
}

/// hasStatusChanged: pods that get their nodes alone wake no set.
fn clique_status_changed(old: &Stored, new: &Stored) -> bool {
    let (Some(old), Some(new)) = (as_clique(old), as_clique(new)) else { return false };
    let (old, new) = (&old.status, &new.status);
    (old.replicas, old.ready, old.gated, old.updated) != (new.replicas, new.ready, new.gated, new.updated)
        || (old.template_hash, old.set_hash) != (new.template_hash, new.set_hash)
        || old.update != new.update
        || breach(&old.conditions) != breach(&new.conditions)
}

fn group_status_changed(old: &Stored, new: &Stored) -> bool {
    let (Some(old), Some(new)) = (as_group(old), as_group(new)) else { return false };
    let (old, new) = (&old.status, &new.status);
    (old.available, old.updated, old.set_hash) != (new.available, new.updated, new.set_hash)
        || old.update != new.update
        || breach(&old.conditions) != breach(&new.conditions)
}

fn breach(conditions: &super::status::Conditions) -> Option<Option<bool>> {
    conditions.get(ConditionKind::MinAvailableBreached).map(|condition| condition.holds)
}

fn one(key: Option<Subject>) -> SmallVec<[Subject; 2]> {
    key.into_iter().collect()
}
