//! Submission: a document is accepted or rejected as a whole, its deployments get their names and ids, and what waits for
//! nothing starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::controller::Oci;
use super::document::Member;
use super::names::{Unique, sanitised, subject_text};
use super::plan::Placement;
use super::state::{Collection, GroupProgress, GroupState, Progress, State};
use crate::kernel::Symbol;
use crate::timeline::{Arg, Cause, Kind, Subject, Why};
use crate::workload::{RecordChange, World};

impl Oci {
    /// The document is submitted: it is accepted or rejected, and what waits for nothing starts.
    pub(super) fn submit(&mut self, cause: Cause, world: &mut dyn World) {
        if !self.memory.members.is_empty() {
            return;
        }
        self.memory.submitted_at = world.now();
        self.look_regularly(world);
        self.make_progress(cause, world);
        if let Some(rejection) = self.rejection.clone() {
            return self.reject(&rejection, cause, world);
        }
        let Some(claims) = self.claims(cause, world) else { return };
        // What was submitted is written down with its names before anything is told or done about it: whoever starts again goes on
        // from there.
        self.memory.dirty.extend(0..self.memory.members.len());
        self.save_with(claims, world);
        let mut members_cause = cause;
        if let Some(group) = &mut self.memory.group {
            let count = Arg::Count(self.memory.members.len() as u64);
            let entry = world.note(group.subject, group.state.text(), Why::with("deployments: {}", count), cause);
            group.entry = Cause::Entry(entry);
            members_cause = group.entry;
            self.memory.last_entry = Some(entry);
        }
        for index in 0..self.memory.members.len() {
            self.memory.members[index].entry = members_cause;
            if !self.dependencies[index].is_empty() {
                let names: Vec<&str> =
                    self.document.members[index].depends_on.iter().map(|one| one.text.as_str()).collect();
                let why = world.intern(&format!("waits for {}", names.join(", ")));
                let entry = self.become_state(index, State::Scheduled, Why::symbol(why), members_cause, world);
                self.memory.members[index].entry = Cause::Entry(entry);
            }
        }
        self.pledge_order(world);
        let order = Arc::clone(&self.order);
        for index in order.iter() {
            self.try_start(*index, world);
        }
    }

    /// What is known of each deployment before anything happened. Ids are drawn by name.
    pub(super) fn make_progress(&mut self, cause: Cause, world: &mut dyn World) {
        let document = Arc::clone(&self.document);
        if let Some(group) = &document.group {
            let name = world.name(&subject_text(&group.text));
            let subject = Subject::new(Kind::Group, name);
            let uuid = draw_uuid(subject, world);
            self.memory.group = Some(GroupProgress { subject, uuid, state: GroupState::Submitted, entry: cause });
        }
        for member in &document.members {
            let progress = self.progress(member, cause, world);
            self.memory.members.push(progress);
        }
    }

    fn progress(&self, member: &Member, cause: Cause, world: &mut dyn World) -> Progress {
        let name = world.name(&subject_text(&member.name.text));
        let group = self.document.group.as_ref().map(|group| group.text.as_str());
        // Two groups may each have a member of one name: their ids differ, and where both are deployed, their subjects.
        let namespace = group.map_or(Symbol::EMPTY, |group| world.intern(&subject_text(group)));
        let own = Subject { kind: Kind::Member, namespace, name };
        let uuid = draw_uuid(own, world);
        let subject = if self.ambiguous.contains(&member.name.text) { own } else { Subject::new(Kind::Member, name) };
        let digits = u32::from_str_radix(&uuid[..8], 16).expect("drawn as hexadecimal digits");
        Progress {
            subject,
            names: Unique::new(self.options.names, &member.recipe.deployment_name, group, digits),
            uuid,
            state: State::Scheduled,
            entry: cause,
            created_at: world.now(),
            recipe: Arc::new(member.recipe.clone()),
            placement: Placement::Fleet,
            workload: None,
            service: None,
            pool: None,
            again: Vec::new(),
            ask_failures: 0,
            seen: None,
            up_since: None,
            patched: false,
            exports: BTreeMap::new(),
            collection: Collection::Idle,
            export_failures: 0,
            told: None,
            short: false,
            undeploy: false,
            undeploy_cause: None,
            pool_leaves: false,
            kept: None,
        }
    }

    /// A deployment name must be new to the control plane; one that is not makes it reject a group as a whole.
    /// What claims the names; `None` if nothing was accepted.
    fn claims(&mut self, cause: Cause, world: &mut dyn World) -> Option<Vec<RecordChange>> {
        let claims: Vec<RecordChange> =
            (0..self.memory.members.len()).map(|index| self.claim(index, 0, true)).collect();
        let taken: Vec<usize> =
            (0..claims.len()).filter(|index| world.record(&claims[*index].name).is_some()).collect();
        if taken.is_empty() {
            return Some(claims);
        }
        if self.memory.group.is_some() {
            let first = &self.document.members[taken[0]].recipe.deployment_name;
            self.reject(&format!("deployment name `{first}` is in use: undeploy that deployment first"), cause, world);
            return None;
        }
        for index in &taken {
            let why = Why::text("its deployment name is in use: undeploy that deployment first");
            self.become_state(*index, State::Rejected, why, cause, world);
        }
        let free = claims.into_iter().enumerate().filter(|(index, _)| !taken.contains(index));
        Some(free.map(|(_, claim)| claim).collect())
    }

    /// Nothing of the document is deployed.
    fn reject(&mut self, reason: &str, cause: Cause, world: &mut dyn World) {
        let why = Why::symbol(world.intern(reason));
        self.memory.members.iter_mut().for_each(|progress| progress.state = State::Rejected);
        if let Some(group) = &mut self.memory.group {
            group.state = GroupState::Rejected;
            let (subject, entry) = (group.subject, world.note(group.subject, group.state.text(), why, cause));
            group.entry = Cause::Entry(entry);
            // A group is accepted or rejected as a whole.
            let why = Why::with("with {}", Arg::Subject(subject));
            for index in 0..self.memory.members.len() {
                self.become_state(index, State::Rejected, why, Cause::Entry(entry), world);
            }
            return self.memory.dirty.clear();
        }
        for index in 0..self.memory.members.len() {
            self.become_state(index, State::Rejected, why, cause, world);
        }
        self.memory.dirty.clear();
    }

    /// The durable claim of a deployment on its name.
    pub(super) fn claim(&self, index: usize, expected_version: u64, hold: bool) -> RecordChange {
        let name = &self.document.members[index].recipe.deployment_name;
        let full = match &self.document.group {
            Some(group) => sanitised(&format!("{name}-{}", group.text)),
            None => sanitised(name),
        };
        let value = hold.then(|| self.memory.members[index].uuid.clone());
        RecordChange { name: format!("oci/name/{full}"), expected_version, value }
    }
}

/// 32 hexadecimal digits in the form of a UUID, drawn by the subject's name.
fn draw_uuid(subject: Subject, world: &mut dyn World) -> String {
    let part = |ordinal: u64, world: &mut dyn World| world.draw("oci/uuid", subject, ordinal, 1 << 32);
    let (a, b, c, d) = (part(0, world), part(1, world), part(2, world), part(3, world));
    // Version 4 and its variant, as RFC 9562 has them.
    let b = b & 0xffff_0fff | 0x4000;
    let c = c & 0x3fff_ffff | 0x8000_0000;
    format!("{a:08x}-{:04x}-{:04x}-{:04x}-{:04x}{d:08x}", b >> 16, b & 0xffff, c >> 16, c & 0xffff)
}
