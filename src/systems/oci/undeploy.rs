//! Taking down: dependents before what they depend on, each waited for until nothing is left of it.

use std::sync::Arc;

use super::controller::Oci;
use super::names::subject_text;
use super::options::UndeployedWhen;
use super::state::{GroupState, Purpose, State};
use crate::timeline::{Cause, Kind, Subject, Why};
use crate::workload::World;

impl Oci {
    /// Takes down the group, or one deployment.
    pub(super) fn undeploy(&mut self, name: &str, cause: Cause, world: &mut dyn World) -> Result<(), String> {
        let is_group = self.document.group.as_ref().is_some_and(|group| {
            group.text == name
                || subject_text(&group.text) == name
                || self.memory.group.as_ref().is_some_and(|one| one.uuid == name)
        });
        let targets: Vec<usize> = (0..self.memory.members.len())
            .filter(|index| is_group || self.is_named(*index, name))
            .filter(|index| !self.memory.members[*index].undeploy && !self.memory.members[*index].state.ends())
            .collect();
        if targets.is_empty() {
            let known = is_group || (0..self.memory.members.len()).any(|index| self.is_named(index, name));
            let why = match (known, self.memory.members.is_empty()) {
                (false, false) => format!("there is no group or deployment `{name}`"),
                (_, true) => format!("`{name}` was not submitted yet"),
                (true, false) => format!("`{name}` is already taken down, or was rejected"),
            };
            return Err(why);
        }
        let mut cause = cause;
        if is_group && let Some(group) = &mut self.memory.group {
            group.state = GroupState::Undeploying;
            let entry =
                world.note(group.subject, group.state.text(), Why::text("in reverse order of dependencies"), cause);
            group.entry = Cause::Entry(entry);
            cause = group.entry;
            self.memory.last_entry = Some(entry);
        }
        for index in targets {
            let progress = &mut self.memory.members[index];
            progress.undeploy = true;
            progress.undeploy_cause = Some(cause);
            self.memory.dirty.insert(index);
        }
        self.undeploy_next(world);
        Ok(())
    }

    fn is_named(&self, index: usize, name: &str) -> bool {
        let (member, progress) = (&self.document.members[index], &self.memory.members[index]);
        let known = [&member.name.text, &member.recipe.deployment_name, &progress.names.deployment, &progress.uuid];
        known.into_iter().any(|one| one == name) || subject_text(&member.name.text) == name
    }

    /// Begins with every deployment that is to go and that nothing is left to depend on.
    pub(super) fn undeploy_next(&mut self, world: &mut dyn World) {
        let order = Arc::clone(&self.order);
        for index in order.iter().rev().copied() {
            let progress = &self.memory.members[index];
            if !progress.undeploy || progress.state.ends() {
                continue;
            }
            let mut cause = progress.undeploy_cause.unwrap_or(progress.entry);
            let mut blocked = false;
            for (other, dependencies) in self.dependencies.iter().enumerate() {
                let dependent = &self.memory.members[other];
                if dependencies.contains(&index) && dependent.undeploy {
                    blocked |= dependent.state != State::Undeployed;
                    cause = later(cause, dependent.entry);
                }
            }
            if !blocked {
                self.begin_undeploy(index, cause, world);
            }
        }
    }

    fn begin_undeploy(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let progress = &mut self.memory.members[index];
        progress.again.clear();
        progress.seen = None;
        if progress.workload.is_none() && progress.service.is_none() && progress.pool.is_none() {
            return self.undeployed(index, Why::text("nothing of it was there"), cause, world);
        }
        let entry = self.become_state(index, State::Undeploying, Why::NONE, cause, world);
        self.memory.members[index].entry = Cause::Entry(entry);
        self.delete_again(index, Cause::Entry(entry), world);
    }

    /// Asks for the removal of what is left of a deployment, but for its pool.
    pub(super) fn delete_again(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        let progress = &self.memory.members[index];
        for key in [progress.workload, progress.service].into_iter().flatten() {
            self.ask(index, Purpose::Delete(key), cause, world);
        }
        self.request_pass(cause, world);
    }

    /// Workload and service go first, then the pool of nodes, if it has one of its own.
    pub(super) fn observe_removal(&mut self, index: usize, cause: Cause, world: &mut dyn World) {
        // An object that was asked for a moment ago may not be observed yet, nor its removal.
        if self.memory.asks.values().any(|(member, _)| *member == index) {
            return;
        }
        let progress = &self.memory.members[index];
        if let Some(workload) = progress.workload
            && (world.observed(workload).is_some() || self.waits_for_pods(index, workload, world))
        {
            return;
        }
        if progress.service.is_some_and(|service| world.observed(service).is_some()) {
            return;
        }
        if let Some(workload) = self.memory.members[index].workload.take() {
            self.memory.watched.remove(&workload);
            world.unwatch(workload);
        }
        self.memory.members[index].service = None;
        match self.memory.members[index].pool {
            Some(pool) if world.observed(pool).is_some() => {
                if !self.memory.members[index].pool_leaves {
                    self.memory.members[index].pool_leaves = true;
                    let entry = self.memory.members[index].entry;
                    self.ask(index, Purpose::Delete(pool), entry, world);
                }
                return;
            }
            Some(pool) => {
                self.memory.watched.remove(&pool);
                self.memory.members[index].pool = None;
                world.unwatch(pool);
            }
            None => {}
        }
        self.undeployed(index, Why::text("nothing is left of it"), cause, world);
    }

    /// True while pods are waited for. The nodes of a pool that is deleted are drained before they go (docs.oracle.com, ContEng/Tasks/
    /// delete-node-pool: cordon and drain): what runs on nodes that answer ends first.
    fn waits_for_pods(&self, index: usize, workload: Subject, world: &dyn World) -> bool {
        let pods = world.observed_pods(workload);
        match self.options.undeployed_when {
            UndeployedWhen::Pods => !pods.is_empty(),
            UndeployedWhen::Objects if self.memory.members[index].pool.is_none() => false,
            UndeployedWhen::Objects => pods.iter().any(|(_, pod)| {
                let node = pod.node.map(|node| Subject::new(Kind::Node, node));
                node.is_some_and(|node| world.hears(node))
            }),
        }
    }

    fn undeployed(&mut self, index: usize, why: Why, cause: Cause, world: &mut dyn World) {
        let entry = self.become_state(index, State::Undeployed, why, cause, world);
        self.memory.members[index].entry = Cause::Entry(entry);
        self.memory.members[index].short = false;
        let claim = self.claim(index, 0, false);
        if let Some((version, _)) = world.record(&claim.name) {
            let name = claim.name;
            world.commit(&[crate::workload::RecordChange { name, expected_version: version, value: None }]);
        }
    }
}

/// The later of two causes; an entry is later than a line.
pub(super) fn later(one: Cause, other: Cause) -> Cause {
    match (one, other) {
        (Cause::Entry(first), Cause::Entry(second)) if second > first => other,
        (Cause::Line(_), Cause::Entry(_)) => other,
        _ => one,
    }
}
