//! ReplicaSets: as many pods as wanted, no more. Failed and terminating pods do not count.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/replicaset/replica_set.go (manageReplicas).

use std::sync::Arc;

use super::{Arg, Cause, Class, Cluster, DeploymentId, Event, PodSetId, ReplicaSetId, Subject, Why};
use crate::timeline::EntryId;
use crate::workload::PodTemplate;

/// One ReplicaSet.
#[derive(Clone, Debug)]
pub struct ReplicaSet {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// Its pods.
    pub set: PodSetId,
    /// The Deployment that owns it.
    pub deployment: DeploymentId,
    /// What its pods are made from.
    pub template: Arc<PodTemplate>,
    /// Its revision: the highest is the newest.
    pub revision: u32,
    /// How many pods it wants.
    pub replicas: u32,
    /// How many pods its Deployment wanted when it was last scaled (`deployment.kubernetes.io/desired-replicas`).
    pub desired: u32,
    /// How many pods its Deployment allowed then (`deployment.kubernetes.io/max-replicas`).
    pub most: u32,
    /// True while a sync is planned for this instant.
    pub queued: bool,
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

    /// Plans a sync at the end of what else happens at this instant.
    pub(super) fn queue_replicaset(&mut self, id: ReplicaSetId) {
        if !std::mem::replace(&mut self.replicaset_mut(id).queued, true) {
            let now = self.queue.now();
            self.schedule(now, Class::BUILT_IN, Event::ReplicaSet(id));
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
        let active = self.set(set).active.len() as u32;
        if active < wanted {
            for _ in 0..(wanted - active).min(burst) {
                if !self.admit_pod(set) {
                    break;
                }
                self.create_pod(set, cause);
            }
        } else {
            for _ in 0..(active - wanted).min(burst) {
                if let Some(pod) = self.first_to_go(set) {
                    self.delete_pod(pod, Why::with("{} shrinks", Arg::Subject(key)), cause);
                }
            }
        }
        if active.abs_diff(wanted) > burst {
            self.queue_replicaset(id);
        }
    }

    /// Sets how many pods a ReplicaSet wants, and notes what its Deployment wanted at that moment.
    pub(super) fn scale_replicaset(&mut self, id: ReplicaSetId, replicas: u32, desired: u32, most: u32, cause: Cause) {
        let replicaset = self.replicaset_mut(id);
        (replicaset.desired, replicaset.most) = (desired, most);
        let before = std::mem::replace(&mut replicaset.replicas, replicas);
        if before == replicas {
            return;
        }
        let key = replicaset.key;
        let why = Why::with2("{} to {}", Arg::Count(before.into()), Arg::Count(replicas.into()));
        let entry = self.note(key, "Scaled", why, cause);
        self.replicaset_mut(id).last = entry;
        self.queue_replicaset(id);
    }

    /// Deletes a ReplicaSet and its pods.
    pub(super) fn delete_replicaset(&mut self, id: ReplicaSetId, cause: Cause) {
        let replicaset = self.replicaset_mut(id);
        replicaset.deleted = true;
        let (key, set) = (replicaset.key, replicaset.set);
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.delete_pods(set, Why::with("{} deleted", Arg::Subject(key)), Cause::Entry(entry));
    }

    /// Deletes all active pods of a set.
    pub(super) fn delete_pods(&mut self, set: PodSetId, why: Why, cause: Cause) {
        let mut active = self.set(set).active.clone();
        active.sort_unstable();
        for pod in active {
            self.delete_pod(pod, why, cause);
        }
    }
}
