//! Rolling updates: the new grow within the surge, the old shrink within what may be missing.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/rolling.go.

use super::{Cluster, Sync, newest_size};
use crate::kernel::mutation::{Mutation, is_on};

impl Cluster {
    /// One step of a rolling update (`rolloutRolling`).
    pub(super) fn roll(&mut self, sync: &mut Sync) {
        self.find_newest(sync, true);
        if self.grow_newest(sync) || self.shrink_old(sync) {
            return;
        }
        if self.is_complete(sync) && !is_on(Mutation::HistoryKept) {
            self.forget_old(sync);
        }
    }

    /// `reconcileNewReplicaSet`; `true` if it did something.
    fn grow_newest(&mut self, sync: &mut Sync) -> bool {
        let Some(newest) = sync.newest else { return false };
        let current = sync.members[newest].replicas;
        let size = if current > sync.replicas { sync.replicas } else { newest_size(sync, current) };
        self.resize(sync, newest, size, false)
    }

    /// Takes old pods away: those that are not available first, then as many of the others as may be missing
    /// (`reconcileOldReplicaSets`); `true` if it did something.
    fn shrink_old(&mut self, sync: &mut Sync) -> bool {
        let Some(newest) = sync.newest.map(|newest| sync.members[newest]) else { return false };
        if sync.old().all(|index| sync.members[index].replicas == 0) {
            return false;
        }
        let mut least = sync.replicas - sync.bounds.unavailable;
        let mut newest_missing = newest.replicas.saturating_sub(newest.status.available);
        if is_on(Mutation::OldPodsGoEarly) {
            (least, newest_missing) = (0, 0);
        }
        let Some(mut unready_left) = sync.total().checked_sub(least + newest_missing).filter(|left| *left > 0) else {
            return false;
        };
        let mut shrunk = false;
        for index in sync.old() {
            let one = sync.members[index];
            if unready_left == 0 {
                break;
            }
            if one.replicas == 0 {
                continue;
            }
            // More available than wanted: its controller has not caught up, and the source gives up for this sync.
            let Some(unready) = one.replicas.checked_sub(one.status.available) else { return false };
            let unready = unready.min(unready_left);
            unready_left -= unready;
            shrunk |= self.resize(sync, index, one.replicas - unready, false);
        }
        let available: u32 = sync.members.iter().map(|one| one.status.available).sum();
        let mut ready_left = available.saturating_sub(least);
        for index in sync.old() {
            let wanted = sync.members[index].replicas;
            let fewer = wanted.min(ready_left);
            ready_left -= fewer;
            shrunk |= self.resize(sync, index, wanted - fewer, false);
        }
        shrunk
    }
}
