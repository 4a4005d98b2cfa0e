//! One look at a StatefulSet: `updateStatefulSet` and what is around it.
//!
//! The status tells of the pods that were there at the start of the sync. A pod that the sync makes is in the next one's.

use super::range;
use crate::cluster::creation::PODS_MAX;
use crate::cluster::pen::{Draft, Pen};
use crate::cluster::{Arg, Cause, Class, Cluster, Event, PodSetId, StatefulSetId, Why};
use crate::workload::StatefulSetStatus;
use crate::workload::apps::StatefulSetStrategy;

impl Cluster {
    /// Handles [`crate::cluster::Event::StatefulSet`].
    pub(in crate::cluster) fn sync_statefulset(&mut self, id: StatefulSetId) {
        let statefulset = self.statefulset_mut(id);
        statefulset.queued = false;
        if statefulset.deleted {
            return;
        }
        let mut pen = self.pen();
        self.find_statefulset_revisions(id, &mut pen);
        let mut status = self.count_statefulset(id);
        let parallel = self.statefulset(id).spec.parallel;
        let blocked = if parallel { self.fill_gaps(id, &mut pen) } else { self.walk_in_order(id, &mut pen) };
        if !blocked {
            self.replace_outdated(id, &mut status, &mut pen);
        }
        self.complete_update(id, &mut status);
        if status != self.statefulset(id).status {
            self.write(&mut pen, Draft::StatefulSetStatus(id, status));
        }
        self.truncate_statefulset_history(id);
        self.statefulset_mut(id).busy_until = pen.end();
    }

    /// `getStatefulSetRevisions`: a new template makes a revision, or brings an earlier one back.
    fn find_statefulset_revisions(&mut self, id: StatefulSetId, pen: &mut Pen) {
        let statefulset = self.statefulset(id);
        if let Some(update) = statefulset.update
            && self.set(update).source == statefulset.spec.template
        {
            return;
        }
        let template = std::sync::Arc::clone(&statefulset.spec.template);
        let (set, written) = self.statefulset_revision(id, &template);
        if written {
            self.write_in_vain(pen);
        }
        let statefulset = self.statefulset_mut(id);
        statefulset.update = Some(set);
        statefulset.current.get_or_insert(set);
        let range = range(&self.statefulset(id).spec);
        self.index_again(id, range);
    }

    fn count_statefulset(&self, id: StatefulSetId) -> StatefulSetStatus {
        let statefulset = self.statefulset(id);
        let number = |set: Option<PodSetId>| {
            let revision = statefulset.revisions.iter().find(|one| Some(one.set) == set);
            revision.map_or(0, |one| one.number)
        };
        let pods = |set: Option<PodSetId>| set.map_or(0, |set| self.set(set).active.len() as u32);
        let mut status = StatefulSetStatus {
            observed_generation: statefulset.generation,
            generation: statefulset.generation,
            desired: statefulset.spec.replicas,
            replicas: statefulset.index.pods.len() as u32,
            current: pods(statefulset.current),
            updated: pods(statefulset.update),
            current_revision: number(statefulset.current),
            update_revision: number(statefulset.update),
            ..StatefulSetStatus::default()
        };
        for revision in &statefulset.revisions {
            let set = self.set(revision.set);
            status.ready += set.ready;
            status.available += set.available;
        }
        // The source counts pods that are ready, whether they were asked to go or not.
        let (index, min_ready) = (&statefulset.index, statefulset.spec.min_ready);
        for ordinal in &index.leaving {
            let Some(pod) = index.pods.get(ordinal) else { continue };
            if self.pod_record(*pod).leaves_ready {
                status.ready += 1;
                status.available += u32::from(self.pod(*pod).ready_since + min_ready <= self.queue.now());
            }
        }
        status
    }

    /// `newVersionedStatefulSetPod`: below the partition pods come back as they were.
    fn revision_of(&self, id: StatefulSetId, ordinal: u32) -> Option<PodSetId> {
        let statefulset = self.statefulset(id);
        let keeps = matches!(statefulset.spec.strategy, StatefulSetStrategy::RollingUpdate { .. });
        if keeps && ordinal < statefulset.update_from() { statefulset.current } else { statefulset.update }
    }

    fn make_statefulset_pod(&mut self, id: StatefulSetId, ordinal: u32, pen: &mut Pen) {
        let cause = Cause::Entry(self.statefulset(id).last);
        if let Some(again_at) = self.refuse_claims(id, ordinal) {
            self.schedule(again_at, Class::BUILT_IN, Event::StatefulSet(id));
            return;
        }
        if let Some(set) = self.revision_of(id, ordinal) {
            self.write(pen, Draft::CreatePod { set, ordinal: Some(ordinal), node: None, cause });
        }
    }

    fn delete_statefulset_pod(&mut self, id: StatefulSetId, ordinal: u32, why: &'static str, pen: &mut Pen) {
        let statefulset = self.statefulset(id);
        let (key, cause) = (statefulset.key, Cause::Entry(statefulset.last));
        if let Some((pod, _)) = self.statefulset_pod(id, ordinal) {
            self.write(pen, Draft::DeletePod(pod, Why::with(why, Arg::Subject(key)), cause));
        }
    }

    /// `OrderedReady`: up to the first number that is not as it should be, then down from the last that is not wanted.
    /// `true` if the sync ends here.
    fn walk_in_order(&mut self, id: StatefulSetId, pen: &mut Pen) -> bool {
        let index = &self.statefulset(id).index;
        let missing = index.missing.first();
        let unavailable = index.unavailable.first().copied();
        match (missing, unavailable) {
            (Some(missing), other) if other.is_none_or(|other| missing < other) => {
                self.make_statefulset_pod(id, missing, pen);
                return true;
            }
            (_, Some(ordinal)) => {
                if index.ended.contains(&ordinal) {
                    self.delete_statefulset_pod(id, ordinal, "{} replaces a pod that ended", pen);
                }
                return true;
            }
            _ => {}
        }
        let Some(ordinal) = index.condemned.last().copied() else { return false };
        let unhealthy = |ordinal: &&u32| {
            let pod = index.pods.get(*ordinal).map(|pod| self.pod(*pod));
            pod.is_none_or(|pod| !pod.available || pod.terminating)
        };
        let first_unhealthy = index.condemned.iter().find(unhealthy).copied();
        let pod = index.pods.get(&ordinal).map(|pod| *self.pod(*pod));
        let goes = pod.is_some_and(|pod| !pod.terminating && (pod.available || first_unhealthy == Some(ordinal)));
        if goes {
            self.delete_statefulset_pod(id, ordinal, "{} shrinks", pen);
        }
        true
    }

    /// `Parallel`: every number that is not as it should be, at once.
    fn fill_gaps(&mut self, id: StatefulSetId, pen: &mut Pen) -> bool {
        let index = &self.statefulset(id).index;
        let wanted = range(&self.statefulset(id).spec);
        let ended: Vec<u32> = index.ended.range(wanted.0..wanted.1.max(wanted.0)).copied().collect();
        // More than can be there are not tried at all: the first too many ends the run.
        let missing: Vec<u32> = index.missing.iter().take(PODS_MAX + 1).collect();
        let terminating = |ordinal: &u32| index.pods.get(ordinal).is_none_or(|pod| self.pod(*pod).terminating);
        let condemned: Vec<u32> =
            index.condemned.iter().rev().copied().filter(|ordinal| !terminating(ordinal)).collect();
        for ordinal in ended {
            self.delete_statefulset_pod(id, ordinal, "{} replaces a pod that ended", pen);
        }
        for ordinal in missing {
            self.make_statefulset_pod(id, ordinal, pen);
        }
        for ordinal in condemned {
            self.delete_statefulset_pod(id, ordinal, "{} shrinks", pen);
        }
        false
    }

    /// A rolling update takes the highest number with an old template, unless a higher one is not available yet.
    fn replace_outdated(&mut self, id: StatefulSetId, status: &mut StatefulSetStatus, pen: &mut Pen) {
        let statefulset = self.statefulset(id);
        if statefulset.spec.strategy == StatefulSetStrategy::OnDelete {
            return;
        }
        let from = statefulset.update_from();
        let index = &statefulset.index;
        let Some(ordinal) = index.outdated.range(from..).next_back().copied() else { return };
        let unavailable = index.unavailable.range(from..).next_back().copied();
        let waits_for = unavailable.max(index.missing.last_from(from));
        if waits_for.is_some_and(|other| other > ordinal) {
            return;
        }
        self.delete_statefulset_pod(id, ordinal, "{} has a new template", pen);
        // The source takes one off whatever the revision of the pod: more than two revisions can be there at once.
        status.current = status.current.saturating_sub(1);
    }

    /// `completeRollingUpdate`.
    fn complete_update(&mut self, id: StatefulSetId, status: &mut StatefulSetStatus) {
        let statefulset = self.statefulset_mut(id);
        let all = [status.updated, status.ready, status.replicas].iter().all(|count| *count == status.desired);
        if all && matches!(statefulset.spec.strategy, StatefulSetStrategy::RollingUpdate { .. }) {
            statefulset.current = statefulset.update;
            status.current = status.updated;
            status.current_revision = status.update_revision;
        }
    }

    /// The API has taken a StatefulSet's status.
    pub(in crate::cluster) fn write_statefulset_status(&mut self, id: StatefulSetId, status: StatefulSetStatus) {
        let statefulset = self.statefulset_mut(id);
        if statefulset.deleted {
            return;
        }
        let before = std::mem::replace(&mut statefulset.status, status);
        let (key, cause) = (statefulset.key, Cause::Entry(statefulset.last));
        if status.complete() && (!before.complete() || before.observed_generation != status.observed_generation) {
            let entry =
                self.note(key, "Complete", Why::with("{} available", Arg::Count(status.available.into())), cause);
            self.statefulset_mut(id).last = entry;
        }
        self.journal_object(key);
        let cause = Cause::Entry(self.statefulset(id).last);
        self.touch_object(key, cause);
    }
}
