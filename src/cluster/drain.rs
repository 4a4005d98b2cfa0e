//! `kubectl drain`: the node is cordoned, then its pods are evicted, and evicted again while a budget refuses.
//! Source: k8s.io/kubectl v0.36.3, pkg/cmd/drain/drain.go and pkg/drain (drain.go, filters.go); that pods with data in an
//! `emptyDir` refuse it is from the documentation of `kubectl drain --delete-emptydir-data`.

use std::collections::BTreeSet;

use super::eviction::Refusal;
use super::{Arg, Cause, Class, Cluster, Event, NodeId, PodId, Why};
use crate::timeline::{EntryId, Kind};
use crate::workload::{Drain, PodPhase};

/// A drain as it goes on.
#[derive(Clone, Debug)]
pub struct DrainRun {
    node: NodeId,
    options: Drain,
    /// Pods that are not gone yet.
    left: BTreeSet<PodId>,
    /// Pods of which a refusal has been told.
    refused: BTreeSet<PodId>,
    /// True once it was told how it ended.
    ended: bool,
    /// The last entry about it.
    last: EntryId,
}

impl Cluster {
    /// Drains a node. It is cordoned even if the drain is refused, as in the source.
    pub(super) fn drain(&mut self, node: NodeId, options: Drain, cause: Cause) -> bool {
        self.cordon(node, true, Why::text("to be drained"), cause);
        let cause = self.node_cause(node).unwrap_or(cause);
        self.evict_all(node, options, cause)
    }

    /// Evicts the pods of a node.
    pub(super) fn evict_all(&mut self, node: NodeId, options: Drain, cause: Cause) -> bool {
        let finished = |pod: PodPhase| matches!(pod, PodPhase::Succeeded | PodPhase::Failed);
        let kind = |id: PodId| self.set(self.pod(id).set).workload.kind;
        let pods: BTreeSet<PodId> = self.kubelet(node).pods.iter().copied().collect();
        let pods: BTreeSet<PodId> =
            pods.into_iter().filter(|id| kind(*id) != Kind::DaemonSet || finished(self.pod(*id).phase)).collect();
        let bare = pods.iter().find(|id| kind(**id) == Kind::Pod && !finished(self.pod(**id).phase));
        if let (Some(&bare), false) = (bare, options.force) {
            let bare = Arg::Subject(self.pod_subject(bare));
            self.note_node(node, "DrainRefused", Why::with("no controller would make {} again", bare), cause);
            return true;
        }
        let local =
            pods.iter().find(|id| self.set(self.pod(**id).set).source.has_empty_dir && !finished(self.pod(**id).phase));
        if let (Some(&local), false) = (local, options.deletes_empty_dirs) {
            let local = Arg::Subject(self.pod_subject(local));
            self.note_node(node, "DrainRefused", Why::with("{} has data in an emptyDir", local), cause);
            return true;
        }
        let why = Why::with("{} pods to evict", Arg::Count(pods.len() as u64));
        self.note_node(node, "Draining", why, cause);
        let Some(last) = self.kubelet(node).last else { return false };
        let index = self.drains.len() as u32;
        let left = pods.clone();
        self.drains.push(DrainRun { node, options, left, refused: BTreeSet::new(), ended: false, last });
        if let Some(timeout) = options.timeout {
            let at = self.queue.now() + timeout;
            self.schedule(at, Class::ACTION, Event::DrainTimeout(index));
        }
        for id in pods {
            self.drain_pod(index, id);
        }
        self.end_drain(index);
        true
    }

    /// Evicts a pod of a drain, or plans to try again.
    fn drain_pod(&mut self, index: u32, id: PodId) {
        let DrainRun { node, options, last, .. } = self.drains[index as usize];
        let cause = Cause::Entry(last);
        let why = Why::with("evicted: {} is drained", self.node_arg(node));
        if options.ignores_budgets {
            self.delete_pod_within(id, options.grace_period, why, cause);
            return;
        }
        let Err(refusal) = self.evict(id, options.grace_period, why, cause) else { return };
        let why = match refusal {
            Refusal::TooMany(budget) => {
                let budget = self.budgets.get(budget);
                let (healthy, desired) = (budget.status.healthy, budget.status.desired);
                let counts = [healthy, desired].map(|count| Arg::Count(count.into()));
                Why::with3("{} needs {} ready pods and has {}", Arg::Subject(budget.key), counts[1], counts[0])
            }
            Refusal::SeveralBudgets => Why::text("more than one PodDisruptionBudget selects it"),
        };
        if self.drains[index as usize].refused.insert(id) {
            self.note_pod(id, "EvictionRefused", why, cause);
        }
        if refusal == Refusal::SeveralBudgets {
            self.fail_drain(index, Why::text("a pod has more than one PodDisruptionBudget"));
            return;
        }
        let at = self.queue.now() + self.profile.drain_retry;
        self.schedule(at, Class::ACTION, Event::EvictAgain(index, id));
    }

    /// Handles [`Event::EvictAgain`].
    pub(super) fn on_evict_again(&mut self, index: u32, id: PodId) {
        if self.drains[index as usize].left.contains(&id) {
            self.drain_pod(index, id);
        }
    }

    /// A pod is gone: drains that waited for it go on.
    pub(super) fn drain_goes_on(&mut self, id: PodId) {
        for index in 0..self.drains.len() as u32 {
            if self.drains[index as usize].left.remove(&id) {
                self.end_drain(index);
            }
        }
    }

    /// Ends a drain that has nothing left to do.
    fn end_drain(&mut self, index: u32) {
        let drain = &mut self.drains[index as usize];
        if drain.left.is_empty() && !std::mem::replace(&mut drain.ended, true) {
            let (node, cause) = (drain.node, Cause::Entry(drain.last));
            let cause = self.note_node(node, "Drained", Why::NONE, cause);
            self.drained(node, true, cause);
        }
    }

    /// Handles [`Event::DrainTimeout`].
    pub(super) fn on_drain_timeout(&mut self, index: u32) {
        let left = self.drains[index as usize].left.len() as u64;
        if left > 0 {
            self.fail_drain(index, Why::with("timed out with {} pods left", Arg::Count(left)));
        }
    }

    /// Gives a drain up; pods that were evicted go all the same.
    fn fail_drain(&mut self, index: u32, why: Why) {
        let drain = &mut self.drains[index as usize];
        if !drain.left.is_empty() && !std::mem::replace(&mut drain.ended, true) {
            drain.left.clear();
            let (node, cause) = (drain.node, Cause::Entry(drain.last));
            let cause = self.note_node(node, "DrainFailed", why, cause);
            self.drained(node, false, cause);
        }
    }
}
