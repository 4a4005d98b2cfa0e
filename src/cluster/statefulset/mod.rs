//! StatefulSets: pods with numbers, made in order, replaced from the last to the first.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/statefulset (stateful_set.go, stateful_set_control.go,
//! stateful_set_utils.go). The gate `MaxUnavailableStatefulSet` is off, as it is by default: one pod at a time.
//!
//! Pods of one revision are a set of their own; all of them have names of one row. `index` knows which numbers need
//! attention, so that a sync need not look at every pod; `sync` decides. Claims are not made here.

mod claims;
mod index;
mod ranges;
mod sync;

use std::sync::Arc;

use index::Index;

use super::apply::ObjectId;
use super::pod::Owner;
use super::{Arg, Cause, Class, Cluster, Event, PodSetId, StatefulSetId, Subject, Why};
use crate::kernel::Time;
use crate::timeline::EntryId;
use crate::workload::apps::StatefulSetStrategy;
use crate::workload::{PodTemplate, StatefulSetSpec, StatefulSetStatus};

/// One StatefulSet.
#[derive(Clone, Debug)]
pub struct StatefulSet {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: StatefulSetSpec,
    /// Counts changes of the spec.
    pub generation: u32,
    /// The pods of each revision, in the order in which the revisions were last the newest.
    pub revisions: Vec<Revision>,
    /// The number of the newest revision.
    pub revision: u32,
    /// The revision that all pods had when an update was last complete (`status.currentRevision`).
    pub current: Option<PodSetId>,
    /// The revision of the spec (`status.updateRevision`).
    pub update: Option<PodSetId>,
    /// Its pods by number.
    pub index: Index,
    /// What watches were last told.
    pub status: StatefulSetStatus,
    /// True while a sync is planned.
    pub queued: bool,
    /// When the sync that goes on ends.
    pub busy_until: Time,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

/// A ControllerRevision.
#[derive(Clone, Copy, Debug)]
pub struct Revision {
    /// Its pods.
    pub set: PodSetId,
    /// Its number.
    pub number: u32,
}

impl StatefulSet {
    /// Numbers below this one keep the current revision.
    fn update_from(&self) -> u32 {
        match self.spec.strategy {
            StatefulSetStrategy::OnDelete => self.spec.first_ordinal,
            StatefulSetStrategy::RollingUpdate { partition, .. } => self.spec.first_ordinal.saturating_add(partition),
        }
    }
}

impl Cluster {
    pub(super) fn statefulset(&self, id: StatefulSetId) -> &StatefulSet {
        &self.statefulsets[id.0 as usize]
    }

    pub(super) fn statefulset_mut(&mut self, id: StatefulSetId) -> &mut StatefulSet {
        &mut self.statefulsets[id.0 as usize]
    }

    /// Plans a sync at the end of what else happens at this instant, or once the sync that goes on is over.
    pub(super) fn queue_statefulset(&mut self, id: StatefulSetId) {
        let statefulset = self.statefulset_mut(id);
        if !std::mem::replace(&mut statefulset.queued, true) {
            let busy_until = statefulset.busy_until;
            let at = self.next_sync(busy_until);
            self.schedule(at, Class::BUILT_IN, Event::StatefulSet(id));
        }
    }

    pub(super) fn create_statefulset(&mut self, key: Subject, spec: StatefulSetSpec, cause: Cause) {
        let id = StatefulSetId(self.statefulsets.len() as u32);
        let last = self.note(key, "Created", Why::with("replicas: {}", Arg::Count(spec.replicas.into())), cause);
        let range = range(&spec);
        self.owe_turns(key, &spec);
        self.statefulsets.push(StatefulSet {
            key,
            spec,
            generation: 1,
            revisions: Vec::new(),
            revision: 0,
            current: None,
            update: None,
            index: Index::of(range),
            status: StatefulSetStatus::default(),
            queued: false,
            busy_until: Time::ZERO,
            deleted: false,
            last,
        });
        self.objects.insert(key, ObjectId::StatefulSet(id));
        self.journal_object(key);
        self.queue_statefulset(id);
    }

    pub(super) fn change_statefulset(&mut self, id: StatefulSetId, spec: StatefulSetSpec, cause: Cause) {
        let statefulset = self.statefulset(id);
        if statefulset.spec == spec {
            return;
        }
        let key = statefulset.key;
        let sizes = [statefulset.spec.replicas, spec.replicas].map(|count| Arg::Count(count.into()));
        let why = match (statefulset.spec.template == spec.template, sizes[0] == sizes[1]) {
            (true, false) => Why::with2("replicas {} to {}", sizes[0], sizes[1]),
            (false, _) => Why::text("a new template"),
            (true, true) => Why::NONE,
        };
        let begins_elsewhere = statefulset.spec.first_ordinal != spec.first_ordinal;
        let last = self.note(key, "Changed", why, cause);
        let range = range(&spec);
        if begins_elsewhere {
            self.owe_turns(key, &spec);
        }
        let statefulset = self.statefulset_mut(id);
        statefulset.spec = spec;
        statefulset.generation += 1;
        statefulset.last = last;
        self.index_again(id, range);
        self.journal_object(key);
        self.queue_statefulset(id);
    }

    pub(super) fn delete_statefulset(&mut self, id: StatefulSetId, cause: Cause) {
        let statefulset = self.statefulset_mut(id);
        statefulset.deleted = true;
        let (key, revisions) = (statefulset.key, statefulset.revisions.clone());
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(entry));
        for revision in revisions {
            self.delete_pods(revision.set, Why::with("{} deleted", Arg::Subject(key)), Cause::Entry(entry));
        }
        self.claims_of_deleted(id, Cause::Entry(entry));
    }

    /// The pods of a template: the set of an earlier revision that had it, or a new one.
    fn statefulset_revision(&mut self, id: StatefulSetId, template: &Arc<PodTemplate>) -> (PodSetId, bool) {
        let statefulset = self.statefulset(id);
        let same = |one: &Revision| self.set(one.set).source == *template;
        if let Some(at) = statefulset.revisions.iter().rposition(same) {
            let statefulset = self.statefulset_mut(id);
            let newest = at + 1 == statefulset.revisions.len();
            let mut revision = statefulset.revisions.remove(at);
            if !newest {
                // A rollback: the earlier revision becomes the newest.
                statefulset.revision += 1;
                revision.number = statefulset.revision;
            }
            statefulset.revisions.push(revision);
            return (revision.set, !newest);
        }
        let (key, first) = (statefulset.key, statefulset.revisions.first().map(|one| one.set));
        let base = self.names.show(key.name);
        let base = self.names.intern(&base);
        let family = u32::MAX - self.sets.len() as u32;
        let family = first.map_or(family, |first| self.set(first).family);
        let set = self.make_set(base, key, key, Owner::StatefulSet(id), family, template);
        if let Some(first) = first {
            // The scheduler counts the pods of all revisions together.
            let spread = self.set(first).spread;
            self.set_mut(set).spread = spread;
        }
        let statefulset = self.statefulset_mut(id);
        statefulset.revision += 1;
        let number = statefulset.revision;
        statefulset.revisions.push(Revision { set, number });
        (set, true)
    }

    /// Forgets revisions that no pod has, beyond the history that is kept (`truncateHistory`).
    fn truncate_statefulset_history(&mut self, id: StatefulSetId) {
        let statefulset = self.statefulset(id);
        let live = |one: &Revision| {
            let set = self.set(one.set);
            Some(one.set) == statefulset.current
                || Some(one.set) == statefulset.update
                || !set.active.is_empty()
                || set.terminating > 0
        };
        let keep = statefulset.spec.revision_history as usize;
        let dead: Vec<PodSetId> = statefulset.revisions.iter().filter(|one| !live(one)).map(|one| one.set).collect();
        if let Some(surplus) = dead.len().checked_sub(keep).filter(|surplus| *surplus > 0) {
            self.statefulset_mut(id).revisions.retain(|one| !dead[..surplus].contains(&one.set));
        }
    }
}

/// The numbers that pods should have: the first, and the one after the last.
fn range(spec: &StatefulSetSpec) -> (u32, u32) {
    (spec.first_ordinal, spec.first_ordinal.saturating_add(spec.replicas))
}
