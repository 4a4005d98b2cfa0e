//! ReplicaSets: as many pods as wanted, no more. Failed and terminating pods do not count.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/replicaset (replica_set.go, replica_set_utils.go).
//!
//! A sync counts the pods that are there at its start, makes or deletes what differs, and then writes what it counted:
//! pods that it makes itself are in the status of the next sync.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pen::{Draft, Resize};
use super::{Arg, Cause, Class, Cluster, DeploymentId, Event, PodId, PodSetId, ReplicaSetId, Subject, Why};
use crate::kernel::mutation::{Mutation, is_on};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;
use crate::workload::{PodTemplate, ReplicaSetStatus};

/// One ReplicaSet.
#[derive(Clone, Debug)]
pub struct ReplicaSet {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// Its pods.
    pub set: PodSetId,
    /// The Deployment that owns it; `None`: it stands alone.
    pub deployment: Option<DeploymentId>,
    /// What its pods are made from.
    pub template: Arc<PodTemplate>,
    /// The custom resource that owns it.
    pub owner: Option<Subject>,
    /// What its owner noted on it.
    pub annotations: BTreeMap<String, String>,
    /// How long a pod must be ready to count as available, if it stands alone.
    pub min_ready: Duration,
    /// Its revision: the highest is the newest.
    pub revision: u32,
    /// Counts changes of its size.
    pub generation: u32,
    /// How many pods it wants.
    pub replicas: u32,
    /// How many pods its Deployment wanted when it was last scaled (`deployment.kubernetes.io/desired-replicas`).
    pub desired: u32,
    /// How many pods its Deployment allowed then (`deployment.kubernetes.io/max-replicas`).
    pub most: u32,
    /// What watches were last told.
    pub status: ReplicaSetStatus,
    /// True while a sync is planned.
    pub queued: bool,
    /// When the sync that goes on ends.
    pub busy_until: Time,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

impl Cluster {
    pub(super) fn replicaset(&self, id: ReplicaSetId) -> &ReplicaSet {
        &self.replicasets[id.0 as usize]
    }

    pub(super) fn replicaset_mut(&mut self, id: ReplicaSetId) -> &mut ReplicaSet {
        &mut self.replicasets[id.0 as usize]
    }

    /// Plans a sync at the end of what else happens at this instant, or once the sync that goes on is over.
    pub(super) fn queue_replicaset(&mut self, id: ReplicaSetId) {
        let replicaset = self.replicaset_mut(id);
        if !std::mem::replace(&mut replicaset.queued, true) {
            let busy_until = replicaset.busy_until;
            let at = self.next_sync(busy_until);
            self.schedule(at, Class::BUILT_IN, Event::ReplicaSet(id));
        }
    }

    /// What a sync would write now.
    fn count_replicaset(&self, id: ReplicaSetId) -> ReplicaSetStatus {
        let replicaset = self.replicaset(id);
        let set = self.set(replicaset.set);
        ReplicaSetStatus {
            observed_generation: replicaset.generation,
            desired: replicaset.replicas,
            replicas: set.active.len() as u32,
            ready: set.ready,
            available: set.available,
            terminating: if self.profile.terminating_replicas { set.terminating } else { 0 },
            replica_failure: self.is_refused(replicaset.set),
        }
    }

    /// A pod of a ReplicaSet changed: it looks at its pods if that changes what it counts.
    pub(super) fn replicaset_pod_changed(&mut self, id: ReplicaSetId) {
        let counted = self.count_replicaset(id);
        let replicaset = self.replicaset(id);
        if counted != replicaset.status || counted.replicas != replicaset.replicas {
            self.queue_replicaset(id);
        }
    }

    /// Handles [`Event::ReplicaSet`]: creates or deletes at most a burst of pods, and comes back for the rest.
    pub(super) fn sync_replicaset(&mut self, id: ReplicaSetId) {
        let burst = self.profile.replicaset_burst;
        let replicaset = self.replicaset_mut(id);
        replicaset.queued = false;
        if replicaset.deleted {
            return;
        }
        let (set, wanted, cause) = (replicaset.set, replicaset.replicas, Cause::Entry(replicaset.last));
        let key = replicaset.key;
        let status = self.count_replicaset(id);
        let mut pen = self.pen();
        let active = status.replicas;
        let wanted = wanted + u32::from(is_on(Mutation::OnePodTooMany) && active == wanted && wanted > 0);
        for _ in 0..wanted.saturating_sub(active).min(burst) {
            self.write(&mut pen, Draft::CreatePod { set, ordinal: None, node: None, cause });
        }
        for pod in self.go_first(set, active.saturating_sub(wanted).min(burst)) {
            self.write(&mut pen, Draft::DeletePod(pod, Why::with("{} shrinks", Arg::Subject(key)), cause));
        }
        // A refusal of this sync's own creations is in the status that it writes (`calculateStatus`).
        let status = ReplicaSetStatus { replica_failure: self.is_refused(set), ..status };
        if status != self.replicaset(id).status {
            self.write(&mut pen, Draft::ReplicaSetStatus(id, status));
        }
        self.replicaset_mut(id).busy_until = pen.end();
        if active.abs_diff(wanted) > burst {
            self.queue_replicaset(id);
        }
    }

    /// The API has taken a ReplicaSet's status.
    pub(super) fn write_replicaset_status(&mut self, id: ReplicaSetId, status: ReplicaSetStatus) {
        let replicaset = self.replicaset_mut(id);
        if replicaset.deleted {
            return;
        }
        replicaset.status = status;
        let (key, deployment, last) = (replicaset.key, replicaset.deployment, replicaset.last);
        self.journal_object(key);
        match deployment {
            Some(deployment) => self.queue_deployment(deployment),
            None => self.touch_object(key, Cause::Entry(last)),
        }
    }

    /// A Deployment's new ReplicaSet comes to be.
    pub(super) fn replicaset_appears(&mut self, id: ReplicaSetId, size: Resize) {
        let replicaset = self.replicaset(id);
        let (key, deployment) = (replicaset.key, replicaset.deployment);
        // What is made for a Deployment that has gone meanwhile names an owner that is not there: the garbage collector takes it.
        if replicaset.deleted {
            return;
        }
        let why = match deployment {
            Some(deployment) => Why::with("of {}", Arg::Subject(self.deployment(deployment).key)),
            None => Why::with("replicas: {}", Arg::Count(size.replicas.into())),
        };
        let last = self.note(key, "Created", why, size.cause);
        let replicaset = self.replicaset_mut(id);
        replicaset.last = last;
        replicaset.generation = 1;
        if deployment.is_some() && size.replicas > 0 {
            self.scale_replicaset(id, Resize { cause: Cause::Entry(last), ..size });
            self.replicaset_mut(id).generation = 1;
            return;
        }
        (replicaset.replicas, replicaset.desired, replicaset.most) = (size.replicas, size.desired, size.most);
        self.replicaset_written(id);
    }

    /// Sets how many pods a ReplicaSet wants, and notes what its Deployment wanted at that moment.
    pub(super) fn scale_replicaset(&mut self, id: ReplicaSetId, size: Resize) {
        if self.replicaset(id).deleted {
            return;
        }
        let replicaset = self.replicaset_mut(id);
        (replicaset.desired, replicaset.most) = (size.desired, size.most);
        let before = std::mem::replace(&mut replicaset.replicas, size.replicas);
        if before != size.replicas {
            replicaset.generation += 1;
            let key = replicaset.key;
            let why = Why::with2("{} to {}", Arg::Count(before.into()), Arg::Count(size.replicas.into()));
            let entry = self.note(key, "Scaled", why, size.cause);
            self.replicaset_mut(id).last = entry;
        }
        self.replicaset_written(id);
    }

    /// The spec of a ReplicaSet was written: its own controller looks at it, and its Deployment's.
    fn replicaset_written(&mut self, id: ReplicaSetId) {
        let replicaset = self.replicaset(id);
        let (key, deployment) = (replicaset.key, replicaset.deployment);
        let (is_owned, last) = (replicaset.owner.is_some(), replicaset.last);
        self.journal_object(key);
        self.queue_replicaset(id);
        if is_owned {
            self.touch_object(key, Cause::Entry(last));
        }
        if let Some(deployment) = deployment {
            self.queue_deployment(deployment);
        }
    }

    /// An old ReplicaSet without pods goes, beyond the history that its Deployment keeps.
    pub(super) fn forget_replicaset(&mut self, id: ReplicaSetId) {
        let replicaset = self.replicaset(id);
        let cause = replicaset.deployment.map_or(replicaset.last, |owner| self.deployment(owner).last);
        let key = replicaset.key;
        if std::mem::replace(&mut self.replicaset_mut(id).deleted, true) {
            return;
        }
        self.object_discharged(key);
        let entry = self.note(key, "Deleted", Why::text("beyond revisionHistoryLimit"), Cause::Entry(cause));
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// Deletes a ReplicaSet and its pods.
    pub(super) fn delete_replicaset(&mut self, id: ReplicaSetId, cause: Cause) {
        let replicaset = self.replicaset_mut(id);
        replicaset.deleted = true;
        let (key, set) = (replicaset.key, replicaset.set);
        self.object_discharged(key);
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(entry));
        if !is_on(Mutation::PodsOrphaned) {
            self.delete_pods(set, Why::with("{} deleted", Arg::Subject(key)), Cause::Entry(entry));
        }
    }

    /// Deletes all pods of a set whose owner is gone, those that have ended as well: each names the owner that is to be waited for no more
    /// (kubernetes v1.36.3, pkg/controller/garbagecollector), and what has ended goes at once (`CheckGracefulDelete`).
    pub(super) fn delete_pods(&mut self, set: PodSetId, why: Why, cause: Cause) {
        let mut pods: Vec<PodId> = self.pods_in(set).collect();
        pods.sort_unstable();
        for pod in pods {
            self.delete_pod(pod, why, cause);
        }
    }
}
