//! Which pods are of which group, and what a group shows of them. A pod that names no group is one by itself.

use std::collections::BTreeSet;

use super::super::pod::NO_ORDINAL;
use super::super::{Arg, Cause, Cluster, PodId, Subject, Why};
use super::tree::{ROOT, Tally, Tree};
use super::{Gang, Gangs};
use crate::timeline::Kind;
use crate::workload::{BatchScheduler, PodGroupStatus, PodPhase};

impl Gangs {
    /// True if a batch scheduler is installed.
    pub fn in_use(&self) -> bool {
        !self.profiles.is_empty()
    }
}

impl Cluster {
    /// The batch scheduler that is to place a pod, if it is one and is there.
    pub(in crate::cluster) fn batch_scheduler_of(&self, id: PodId) -> Option<BatchScheduler> {
        let name = &self.set(self.pod(id).set).source.scheduler_name;
        BatchScheduler::named(name).filter(|one| self.gangs.profiles.contains_key(one))
    }

    /// A pod waits for its batch scheduler.
    pub(in crate::cluster) fn await_batch(&mut self, id: PodId, scheduler: BatchScheduler) {
        let key = self.enroll(id, scheduler);
        self.gangs.waiting.insert(key);
        self.plan_gang_cycle(scheduler);
    }

    /// Notes that a new pod is of its group, gated or not.
    pub(in crate::cluster) fn enroll(&mut self, id: PodId, scheduler: BatchScheduler) -> Subject {
        if let Some(key) = self.gangs.members.get(&id) {
            return *key;
        }
        let subject = self.pod_subject(id);
        let pod = self.pod(id);
        let member = self.set(pod.set).source.gang.clone();
        let ordinal = if pod.ordinal == NO_ORDINAL { 0 } else { pod.ordinal };
        let key = match &member {
            Some(member) => {
                let name = self.names.name(&member.group_of(ordinal));
                Subject { kind: Kind::PodGroup, name, ..subject }
            }
            None => subject,
        };
        self.gangs.members.insert(id, key);
        let order = self.gangs.made;
        let gang = self.gangs.groups.entry(key).or_insert_with(|| Gang::new(None, scheduler, order));
        gang.pods.push(id);
        if gang.order == order {
            self.gangs.made += 1;
        }
        key
    }

    /// Something about a pod changed: its group may be placed, or have lost a pod.
    pub(in crate::cluster) fn gang_pod_changed(&mut self, id: PodId, cause: Cause) {
        let pod = *self.pod(id);
        if pod.terminating && pod.holds && !pod.gone {
            self.gangs.leaving.insert(id);
        } else if !self.gangs.leaving.is_empty() {
            self.gangs.leaving.remove(&id);
        }
        let Some(key) = self.gangs.members.get(&id).copied() else { return };
        let scheduler = self.gangs.groups[&key].scheduler;
        if pod.gone {
            self.gangs.members.remove(&id);
            let gang = self.gangs.groups.get_mut(&key).expect("a group outlives its pods");
            gang.pods.retain(|one| *one != id);
            if gang.pods.is_empty() && gang.spec.is_none() {
                self.gangs.groups.remove(&key);
                self.gangs.waiting.remove(&key);
                return;
            }
        }
        if self.gangs.groups[&key].spec.is_some() && self.recount(key, cause) {
            self.gangs.touched.insert(key);
            let status = self.gangs.groups[&key].status;
            if status.scheduled > 0 && !status.placed || status.stale_since.is_some() {
                self.plan_gang_cycle(scheduler);
            }
        }
    }

    /// Counts the pods of a group. `true` if what it shows has changed.
    pub(super) fn recount(&mut self, key: Subject, cause: Cause) -> bool {
        let (tree, tallies) = self.tally(key);
        let gang = &self.gangs.groups[&key];
        let mut status = PodGroupStatus { stale_since: gang.status.stale_since, ..PodGroupStatus::default() };
        for id in &gang.pods {
            let pod = self.pod(*id);
            status.members += u32::from(pod.is_active());
            status.scheduled += u32::from(pod.is_active() && pod.node.is_some());
            status.running += u32::from(pod.is_active() && pod.phase == PodPhase::Running);
            status.succeeded += u32::from(pod.phase == PodPhase::Succeeded);
            status.failed += u32::from(pod.phase == PodPhase::Failed);
        }
        let admits = self.gangs.profiles.get(&gang.scheduler).is_some_and(|one| one.overcommit_percent.is_none());
        status.admitted = admits || gang.is_admitted;
        status.placed = status.scheduled > 0 && tree.is_placed(&tallies, ROOT);
        let before = gang.status;
        if status == before {
            return false;
        }
        let mut cause = cause;
        if status.placed && !before.placed {
            let (scheduled, members) = (Arg::Count(status.scheduled.into()), Arg::Count(status.members.into()));
            cause =
                self.note_group(key, "Scheduled", Why::with2("{} of {} pods have nodes", scheduled, members), cause);
        }
        self.set_gang_status(key, status, cause);
        true
    }

    pub(super) fn set_gang_status(&mut self, key: Subject, status: PodGroupStatus, cause: Cause) {
        if let Some(gang) = self.gangs.groups.get_mut(&key) {
            gang.status = status;
        }
        self.journal_object(key);
        self.touch_object(key, cause);
    }

    /// Writes an entry about a group that is an object; about others it gives the cause back.
    pub(super) fn note_group(&mut self, key: Subject, became: &'static str, why: Why, cause: Cause) -> Cause {
        if self.gangs.groups.get(&key).is_none_or(|gang| gang.spec.is_none()) {
            return cause;
        }
        let last = self.note(key, became, why, cause);
        if let Some(gang) = self.gangs.groups.get_mut(&key) {
            gang.last = Some(last);
        }
        Cause::Entry(last)
    }

    /// The parts of a group with their pods.
    pub(super) fn tally(&self, key: Subject) -> (Tree, Vec<Tally>) {
        let gang = &self.gangs.groups[&key];
        let completed_count = self.gangs.profiles.get(&gang.scheduler).is_some_and(|one| one.completed_count);
        let tree = Tree::of(gang.spec.as_ref());
        let mut tallies = vec![Tally::default(); tree.0.len()];
        for id in &gang.pods {
            let (pod, source) = (self.pod(*id), &self.set(self.pod(*id).set).source);
            let subgroup = source.gang.as_ref().map_or("", |member| member.subgroup.as_str());
            let Some(leaf) = tree.leaf(subgroup) else { continue };
            let tally = &mut tallies[leaf];
            let completed = completed_count && pod.phase == PodPhase::Succeeded;
            let is_assumed = self.is_assumed(*id);
            if pod.is_active() || completed {
                tally.alive += 1;
                let gated = self.is_gated(*id);
                tally.gated += u32::from(gated);
                match pod.node.is_some() || completed || is_assumed {
                    true => tally.placed += 1,
                    false if gated => {}
                    false => tally.pending.push(*id),
                }
            }
        }
        (tree, tallies)
    }

    /// Nodes of the pods of some parts of a group.
    pub(super) fn nodes_of_parts(&self, key: Subject, tree: &Tree, leaves: &[usize]) -> BTreeSet<super::super::NodeId> {
        let gang = &self.gangs.groups[&key];
        let of_part = |id: &&PodId| {
            let source = &self.set(self.pod(**id).set).source;
            let subgroup = source.gang.as_ref().map_or("", |member| member.subgroup.as_str());
            self.pod(**id).is_active() && tree.leaf(subgroup).is_some_and(|leaf| leaves.contains(&leaf))
        };
        gang.pods.iter().filter(of_part).filter_map(|id| self.pod(*id).node).collect()
    }
}
