//! One look at a DaemonSet: `manage`, `rollingUpdate` and `updateDaemonSetStatus` of pkg/controller/daemon,
//! k8s.io/kubernetes v1.36.3. Where the source goes through nodes in the order of a map, this goes by their number.

use crate::cluster::pen::{Draft, Pen};
use crate::cluster::{Arg, Cause, Class, Cluster, DaemonSetId, Event, NodeId, PodId, PodSetId, Why};
use crate::workload::apps::DaemonSetStrategy;
use crate::workload::{DaemonSetStatus, PodPhase};

impl Cluster {
    /// Handles [`crate::cluster::Event::DaemonSet`].
    pub(in crate::cluster) fn sync_daemonset(&mut self, id: DaemonSetId) {
        let daemonset = self.daemonset_mut(id);
        daemonset.queued = false;
        if daemonset.deleted {
            return;
        }
        let mut pen = self.pen();
        let (update, written) = self.daemonset_revision(id);
        if written {
            self.write_in_vain(&mut pen);
        }
        self.count_seats(id, update);
        let (made, deleted) = self.manage_daemons(id, update, &mut pen);
        if made + deleted == 0 {
            self.roll_daemons(id, update, &mut pen);
        }
        self.count_seats(id, update);
        let mut status = self.count_daemonset(id);
        if !self.profile.control_plane.notice.is_zero() && made > 0 {
            // The source counts what its watch has shown of the pods that it has just made: all but the last.
            status.current += made - 1;
            status.updated += made - 1;
        }
        if status != self.daemonset(id).status {
            self.write(&mut pen, Draft::DaemonSetStatus(id, status));
        }
        let keep = self.daemonset(id).spec.revision_history as usize + 1;
        let surplus = self.daemonset(id).revisions.len().saturating_sub(keep);
        let empty = |set: PodSetId| self.set(set).active.is_empty() && self.set(set).terminating == 0;
        if surplus > 0 && empty(self.daemonset(id).revisions[0].set) {
            self.daemonset_mut(id).revisions.remove(0);
        }
        self.daemonset_mut(id).busy_until = pen.end();
    }

    /// True if a node may have an old and a new pod (`AllowsSurge`).
    pub(super) fn surges(&self, id: DaemonSetId) -> bool {
        self.daemonset_bounds(id).0 > 0
    }

    /// Surge and unavailable: both are rounded up; one may be unavailable if both come to nothing
    /// (`updatedDesiredNodeCounts`).
    fn daemonset_bounds(&self, id: DaemonSetId) -> (u32, u32) {
        let daemonset = self.daemonset(id);
        let desired = daemonset.seats.sums.desired;
        match daemonset.spec.strategy {
            DaemonSetStrategy::OnDelete => (0, 0),
            DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable } => {
                let (surge, unavailable) = (max_surge.rounded_up(desired), max_unavailable.rounded_up(desired));
                if desired > 0 && surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
            }
        }
    }

    /// Makes pods where they should be and takes away those that should not be; how many of each.
    fn manage_daemons(&mut self, id: DaemonSetId, update: PodSetId, pen: &mut Pen) -> (u32, u32) {
        let burst = self.profile.daemonset_burst as usize;
        let seats = &self.daemonset(id).seats;
        let missing: Vec<NodeId> = seats.missing.iter().copied().take(burst).collect();
        let surplus: Vec<NodeId> = seats.surplus.iter().copied().take(burst).collect();
        let mut goes: Vec<PodId> = Vec::new();
        for node in surplus {
            if self.may_delete_failed(id, node) {
                self.surplus_on(id, node, update, &mut goes);
            }
        }
        self.make_daemons(id, update, &missing, pen);
        self.delete_daemons(id, &goes, "{} does not belong here", pen);
        (missing.len() as u32, goes.len() as u32)
    }

    /// A pod that failed is deleted after a back-off that doubles, so that a node that fails every pod costs little
    /// (`failedPodsBackoff`).
    fn may_delete_failed(&mut self, id: DaemonSetId, node: NodeId) -> bool {
        let pods = self.daemonset(id).seats.pods.get(&node);
        let failed = |pod: &PodId| self.pod(*pod).phase == PodPhase::Failed && !self.pod(*pod).terminating;
        if !pods.into_iter().flatten().any(failed) {
            return true;
        }
        let now = self.queue.now();
        let [first, most] = self.profile.daemonset_failed_backoff;
        let before = self.daemonset(id).seats.failures.get(&node).copied();
        let wait = match before {
            Some((wait, last)) if now.since(last) < wait => {
                self.schedule(last + wait, Class::BUILT_IN, Event::DaemonSet(id));
                return false;
            }
            Some((wait, last)) if now.since(last) <= most * 2 => (wait * 2).min(most),
            _ => first,
        };
        self.daemonset_mut(id).seats.failures.insert(node, (wait, now));
        true
    }

    /// The pods of a node that should not be there (`podsShouldBeOnNode`).
    fn surplus_on(&self, id: DaemonSetId, node: NodeId, update: PodSetId, goes: &mut Vec<PodId>) {
        let (_, stays) = self.daemon_runs(node, update);
        let pods = self.daemonset(id).seats.pods.get(&node);
        let mut live: Vec<PodId> = pods.into_iter().flatten().copied().collect();
        live.retain(|pod| !self.pod(*pod).terminating);
        if !stays {
            goes.extend(live);
            return;
        }
        let ended = |pod: &PodId| matches!(self.pod(*pod).phase, PodPhase::Succeeded | PodPhase::Failed);
        goes.extend(live.iter().copied().filter(ended));
        live.retain(|pod| !ended(pod));
        live.sort_unstable_by_key(|pod| (self.pod(*pod).node.is_none(), *pod));
        if !self.surges(id) {
            goes.extend(live.into_iter().skip(1));
            return;
        }
        let (new, old): (Vec<PodId>, Vec<PodId>) = live.into_iter().partition(|pod| self.pod(*pod).set == update);
        goes.extend(new.into_iter().skip(1).chain(old.into_iter().skip(1)));
    }

    fn make_daemons(&mut self, id: DaemonSetId, set: PodSetId, nodes: &[NodeId], pen: &mut Pen) {
        let cause = Cause::Entry(self.daemonset(id).last);
        for node in nodes {
            self.write(pen, Draft::CreatePod { set, ordinal: None, node: Some(*node), cause });
        }
    }

    fn delete_daemons(&mut self, id: DaemonSetId, pods: &[PodId], why: &'static str, pen: &mut Pen) {
        let (key, cause) = (self.daemonset(id).key, Cause::Entry(self.daemonset(id).last));
        for pod in pods {
            self.write(pen, Draft::DeletePod(*pod, Why::with(why, Arg::Subject(key)), cause));
        }
    }

    /// `rollingUpdate`: without a surge old pods go and the next sync makes new ones; with a surge new ones come first.
    fn roll_daemons(&mut self, id: DaemonSetId, update: PodSetId, pen: &mut Pen) {
        if self.daemonset(id).spec.strategy == DaemonSetStrategy::OnDelete {
            return;
        }
        const WHY: &str = "{} has a new template";
        let (surge, unavailable) = self.daemonset_bounds(id);
        let seats = &self.daemonset(id).seats;
        let sums = seats.sums;
        let burst = self.profile.daemonset_burst as usize;
        let oldest = |node: &NodeId| {
            let pods = seats.pods.get(node).into_iter().flatten().copied();
            pods.filter(|pod| self.pod(*pod).set != update && !self.pod(*pod).terminating).min()
        };
        if surge == 0 {
            let more = unavailable.saturating_sub(sums.unavailable) as usize;
            let nodes = seats.old_unavailable.iter().chain(seats.old_available.iter().take(more));
            let goes: Vec<PodId> = nodes.filter_map(oldest).take(burst).collect();
            self.delete_daemons(id, &goes, WHY, pen);
            return;
        }
        let runs = |node: &&NodeId| self.daemon_runs(**node, update).0;
        let more = surge.saturating_sub(sums.surging) as usize;
        let candidates = seats.old_available.iter().filter(runs).take(more);
        let comes: Vec<NodeId> = seats.old_unavailable.iter().filter(runs).chain(candidates).copied().collect();
        // Where the template no longer belongs an old pod goes once enough others are available.
        let spare = sums.available.saturating_sub(sums.desired) as usize;
        let sunset = seats.old_available.iter().filter(|node| !runs(node)).take(spare);
        let lost = seats.old_unavailable.iter().filter(|node| !runs(node));
        let goes: Vec<PodId> = seats.replaced.iter().chain(lost).chain(sunset).filter_map(oldest).take(burst).collect();
        self.make_daemons(id, update, &comes, pen);
        self.delete_daemons(id, &goes, WHY, pen);
    }

    fn count_daemonset(&self, id: DaemonSetId) -> DaemonSetStatus {
        let daemonset = self.daemonset(id);
        let sums = daemonset.seats.sums;
        DaemonSetStatus {
            observed_generation: daemonset.generation,
            generation: daemonset.generation,
            desired: sums.desired,
            current: sums.current,
            misscheduled: sums.misscheduled,
            ready: sums.ready,
            updated: sums.updated,
            available: sums.available,
        }
    }

    /// The API has taken a DaemonSet's status.
    pub(in crate::cluster) fn write_daemonset_status(&mut self, id: DaemonSetId, status: DaemonSetStatus) {
        let daemonset = self.daemonset_mut(id);
        if daemonset.deleted {
            return;
        }
        let before = std::mem::replace(&mut daemonset.status, status);
        let (key, cause) = (daemonset.key, Cause::Entry(daemonset.last));
        if status.complete() && (!before.complete() || before.observed_generation != status.observed_generation) {
            let why = Why::with("{} available", Arg::Count(status.available.into()));
            let entry = self.note(key, "Complete", why, cause);
            self.daemonset_mut(id).last = entry;
        }
        self.journal_object(key);
        let cause = Cause::Entry(self.daemonset(id).last);
        self.touch_object(key, cause);
    }
}
