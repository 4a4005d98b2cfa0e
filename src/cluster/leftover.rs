//! What is there and asked for by nobody: pods and ReplicaSets of owners that are gone, old revisions that still have pods, more
//! old revisions than are to be kept, GPUs that no pod holds. For those who judge a run; no controller reads it.
//!
//! Not left over by what Kubernetes documents: claims of StatefulSets, pods of Jobs that ended, old ReplicaSets within
//! `revisionHistoryLimit`, old pods while an update goes on or is paused, and pods on their way out, however long that takes.

use super::pod::Owner;
use super::{Cluster, PodSetId};
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::leftover::{Left, Leftover};

impl Cluster {
    /// Everything of that, by kind and in the order in which it was made.
    pub(super) fn left_over(&self) -> Vec<Leftover> {
        let mut left = Vec::new();
        self.orphaned_pods(&mut left);
        self.old_replicasets(&mut left);
        self.unheld_gpus(&mut left);
        left
    }

    /// Pods of a set that nobody asked to go.
    fn staying(&self, set: PodSetId) -> u32 {
        self.set(set).active.len() as u32
    }

    fn orphaned_pods(&self, left: &mut Vec<Leftover>) {
        for index in 0..self.sets.len() as u32 {
            let set = PodSetId(index);
            let pods = self.staying(set);
            if pods == 0 {
                continue;
            }
            let (key, is_gone, since) = self.owner_state(self.set(set).owner);
            if is_gone {
                left.push(Leftover { subject: key, why: Left::Orphan { owner: key, pods }, since: Some(since) });
            }
        }
    }

    /// The owner of pods, whether it is gone, and the last entry about it.
    fn owner_state(&self, owner: Owner) -> (Subject, bool, EntryId) {
        match owner {
            Owner::ReplicaSet(id) => {
                let one = self.replicaset(id);
                let above_is_gone = one.deployment.is_some_and(|id| self.deployment(id).deleted)
                    || one.owner.is_some_and(|owner| !self.objects.contains_key(&owner));
                (one.key, one.deleted || above_is_gone, one.last)
            }
            Owner::StatefulSet(id) => {
                let one = self.statefulset(id);
                (one.key, one.deleted, one.last)
            }
            Owner::DaemonSet(id) => {
                let one = self.daemonset(id);
                (one.key, one.deleted, one.last)
            }
            Owner::Job(id) => {
                let one = self.job(id);
                (one.key, one.deleted, one.last)
            }
            Owner::Alone(set) => (self.set(set).workload, false, EntryId(0)),
        }
    }

    fn old_replicasets(&self, left: &mut Vec<Leftover>) {
        for deployment in self.deployments.iter().filter(|one| !one.deleted && !one.spec.paused) {
            let own = || deployment.replicasets.iter().map(|id| self.replicaset(*id)).filter(|one| !one.deleted);
            let Some(newest) = own().find(|one| one.template == deployment.spec.template) else { continue };
            if self.set(newest.set).available < deployment.spec.replicas {
                continue;
            }
            let mut kept = 0;
            for old in own().filter(|one| one.key != newest.key) {
                let pods = self.staying(old.set).max(old.replicas);
                if pods > 0 {
                    let why = Left::Old { owner: deployment.key, pods };
                    left.push(Leftover { subject: old.key, why, since: Some(old.last) });
                } else {
                    kept += 1;
                }
            }
            let limit = deployment.spec.revision_history.unwrap_or(self.profile.revision_history as u32);
            if kept > limit {
                let why = Left::History { kept, limit };
                left.push(Leftover { subject: deployment.key, why, since: Some(deployment.last) });
            }
        }
    }

    fn unheld_gpus(&self, left: &mut Vec<Leftover>) {
        for (id, node) in self.nodes.iter().filter(|(_, node)| node.joined) {
            let of_pods = self.kubelet(id).pods.iter().fold(0, |sum, pod| sum | self.pod(*pod).devices);
            let unheld = node.devices.held() & !of_pods;
            if unheld != 0 {
                let subject = Subject::new(Kind::Node, node.name);
                left.push(Leftover { subject, why: Left::Gpus(unheld), since: None });
            }
        }
    }
}
