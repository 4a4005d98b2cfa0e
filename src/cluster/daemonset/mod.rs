//! DaemonSets: a pod on every node that takes it.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/daemon (daemon_controller.go, update.go, util/daemonset_util.go).
//!
//! Each pod is for one node and is bound there by the scheduler. `seats` keeps what is on each node and sums it up, so
//! that a sync looks only at nodes on which something changed; `sync` decides.

mod seats;
mod sync;

use std::sync::Arc;

use seats::Seats;

use super::apply::ObjectId;
use super::pod::Owner;
use super::{Arg, Cause, Class, Cluster, DaemonSetId, Event, NodeId, PodSetId, Subject, Why};
use crate::kernel::Time;
use crate::timeline::EntryId;
use crate::workload::{DaemonSetSpec, DaemonSetStatus, PodTemplate, TaintEffect, Toleration};

/// Taints that every pod of a DaemonSet puts up with: `AddOrUpdateDaemonPodTolerations`, util/daemonset_util.go.
const TOLERATED: [(&str, TaintEffect); 6] = [
    ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
    ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
    ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
];

/// One DaemonSet.
#[derive(Clone, Debug)]
pub struct DaemonSet {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: DaemonSetSpec,
    /// Counts changes of the spec.
    pub generation: u32,
    /// The pods of each template that it had, in the order in which they were last the newest.
    pub revisions: Vec<Revision>,
    /// What is on its nodes.
    pub seats: Seats,
    /// What watches were last told.
    pub status: DaemonSetStatus,
    /// True while a sync is planned.
    pub queued: bool,
    /// When the sync that goes on ends.
    pub busy_until: Time,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

/// A ControllerRevision: a template as the spec has it, and the pods made from it.
#[derive(Clone, Debug)]
pub struct Revision {
    template: Arc<PodTemplate>,
    set: PodSetId,
    /// Its number: one that comes again gets the next.
    number: u32,
}

impl DaemonSet {
    /// The pods of the newest template.
    pub fn newest_set(&self) -> Option<PodSetId> {
        self.revisions.last().map(|one| one.set)
    }

    /// The pods of each template.
    pub fn templates_sets(&self) -> impl Iterator<Item = PodSetId> {
        self.revisions.iter().map(|one| one.set)
    }

    /// The number and template of each revision.
    pub fn templates(&self) -> impl Iterator<Item = (u32, Arc<PodTemplate>)> {
        self.revisions.iter().map(|one| (one.number, Arc::clone(&one.template)))
    }
}

impl Cluster {
    pub(super) fn daemonset(&self, id: DaemonSetId) -> &DaemonSet {
        &self.daemonsets[id.0 as usize]
    }

    pub(super) fn daemonset_mut(&mut self, id: DaemonSetId) -> &mut DaemonSet {
        &mut self.daemonsets[id.0 as usize]
    }

    /// Plans a sync at the end of what else happens at this instant, or once the sync that goes on is over.
    pub(super) fn queue_daemonset(&mut self, id: DaemonSetId) {
        let daemonset = self.daemonset_mut(id);
        if !std::mem::replace(&mut daemonset.queued, true) {
            let busy_until = daemonset.busy_until;
            let at = self.next_sync(busy_until);
            self.schedule(at, Class::BUILT_IN, Event::DaemonSet(id));
        }
    }

    pub(super) fn create_daemonset(&mut self, key: Subject, spec: DaemonSetSpec, cause: Cause) {
        let id = DaemonSetId(self.daemonsets.len() as u32);
        let last = self.note(key, "Created", Why::NONE, cause);
        self.daemonsets.push(DaemonSet {
            key,
            spec,
            generation: 1,
            revisions: Vec::new(),
            seats: Seats::default(),
            status: DaemonSetStatus::default(),
            queued: false,
            busy_until: Time::ZERO,
            deleted: false,
            last,
        });
        self.objects.insert(key, ObjectId::DaemonSet(id));
        self.journal_object(key);
        self.queue_daemonset(id);
    }

    pub(super) fn change_daemonset(&mut self, id: DaemonSetId, spec: DaemonSetSpec, cause: Cause) {
        let daemonset = self.daemonset(id);
        if daemonset.spec == spec {
            return;
        }
        let key = daemonset.key;
        let why = if daemonset.spec.template == spec.template { Why::NONE } else { Why::text("a new template") };
        let last = self.note(key, "Changed", why, cause);
        let daemonset = self.daemonset_mut(id);
        (daemonset.spec, daemonset.last) = (spec, last);
        daemonset.generation += 1;
        self.journal_object(key);
        self.queue_daemonset(id);
    }

    pub(super) fn delete_daemonset(&mut self, id: DaemonSetId, cause: Cause) {
        let daemonset = self.daemonset_mut(id);
        daemonset.deleted = true;
        let (key, sets) = (daemonset.key, daemonset.revisions.iter().map(|one| one.set).collect::<Vec<_>>());
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(entry));
        for set in sets {
            self.delete_pods(set, Why::with("{} deleted", Arg::Subject(key)), Cause::Entry(entry));
        }
    }

    /// A node joined, left, or changed its labels or taints: every DaemonSet looks at it.
    pub(super) fn daemonsets_node_changed(&mut self, node: NodeId) {
        for id in (0..self.daemonsets.len() as u32).map(DaemonSetId) {
            if !self.daemonset(id).deleted {
                self.daemonset_mut(id).seats.stale.insert(node);
                self.queue_daemonset(id);
            }
        }
    }

    /// Pods of all revisions are numbered together: no two have one name.
    fn next_daemon_ordinal(&self, id: DaemonSetId) -> u32 {
        let next = self.daemonset(id).revisions.iter().map(|one| self.set(one.set).next_ordinal);
        next.max().unwrap_or(0)
    }

    /// The pods of the spec's template: a set of their own, whose tolerations are the template's and those that the
    /// controller adds. `true` if the revision had to be written.
    fn daemonset_revision(&mut self, id: DaemonSetId) -> (PodSetId, bool) {
        let daemonset = self.daemonset(id);
        let template = Arc::clone(&daemonset.spec.template);
        let known = daemonset.revisions.iter().rposition(|one| one.template == template);
        if let Some(at) = known {
            let newest = at + 1 == daemonset.revisions.len();
            let revisions = &mut self.daemonset_mut(id).revisions;
            let highest = revisions.last().map_or(0, |one| one.number);
            let mut revision = revisions.remove(at);
            let set = revision.set;
            if !newest {
                // A rollback: the earlier revision becomes the newest (pkg/controller/daemon/update.go, constructHistory).
                revision.number = highest + 1;
            }
            revisions.push(revision);
            let next = self.next_daemon_ordinal(id);
            self.set_mut(set).next_ordinal = next;
            return (set, !newest);
        }
        let (key, first) = (daemonset.key, daemonset.revisions.first().map(|one| one.set));
        let base = self.names.show(key.name);
        let base = self.names.intern(&base);
        let family = u32::MAX - self.sets.len() as u32;
        let family = first.map_or(family, |first| self.set(first).family);
        let source = Arc::new(with_tolerations(&template));
        let set = self.make_set(base, key, key, Owner::DaemonSet(id), family, &source);
        let next = self.next_daemon_ordinal(id);
        self.set_mut(set).next_ordinal = next;
        let revisions = &mut self.daemonset_mut(id).revisions;
        let number = revisions.last().map_or(0, |one| one.number) + 1;
        revisions.push(Revision { template, set, number });
        (set, true)
    }
}

fn with_tolerations(template: &PodTemplate) -> PodTemplate {
    let mut template = template.clone();
    for (key, effect) in TOLERATED {
        let added = Toleration { key: Some(key.to_owned()), value: None, effect: Some(effect), seconds: None };
        let same = |one: &Toleration| one.key == added.key && one.value.is_none() && one.effect == added.effect;
        template.tolerations.retain(|one| !same(one));
        template.tolerations.push(added);
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controllers_tolerations_replace_equal_ones_with_a_limit() {
        let limited = Toleration {
            key: Some("node.kubernetes.io/not-ready".into()),
            value: None,
            effect: Some(TaintEffect::NoExecute),
            seconds: Some(30),
        };
        let template = PodTemplate { tolerations: vec![limited], ..PodTemplate::default() };
        let tolerations = with_tolerations(&template).tolerations;
        assert_eq!(tolerations.len(), TOLERATED.len());
        assert!(tolerations.iter().all(|one| one.seconds.is_none()));
    }
}
