//! Recreation: the old go, and once none is left, terminating ones included, the new come.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/recreate.go.

use super::{Cluster, Sync};

impl Cluster {
    /// One step of a recreation (`rolloutRecreate`).
    pub(super) fn recreate(&mut self, sync: &mut Sync) {
        self.find_newest(sync, false);
        let mut shrunk = false;
        for index in sync.old() {
            shrunk |= self.resize(sync, index, 0, false);
        }
        if shrunk || self.old_pods_run(sync) {
            return;
        }
        if sync.newest.is_none() {
            self.find_newest(sync, true);
        }
        if let Some(newest) = sync.newest {
            let replicas = sync.replicas;
            self.resize(sync, newest, replicas, false);
        }
        if self.is_complete(sync) {
            self.forget_old(sync);
        }
    }

    /// True while an old ReplicaSet counts pods, or a pod of one is there that has not finished (`oldPodsRunning`).
    fn old_pods_run(&self, sync: &Sync) -> bool {
        sync.old().any(|index| {
            let member = sync.members[index];
            let set = self.set(self.replicaset(member.id).set);
            member.status.replicas > 0 || !set.active.is_empty() || set.terminating > 0
        })
    }
}
