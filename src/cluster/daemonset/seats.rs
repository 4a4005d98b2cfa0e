//! What a DaemonSet has on each node, and the sums over all nodes. A node is counted again when something on it changed.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::cluster::{Cluster, DaemonSetId, NodeId, PodId, PodSetId};
use crate::kernel::{Duration, Time};
use crate::workload::{PodPhase, TaintEffect};

/// The nodes of a DaemonSet.
#[derive(Clone, Debug, Default)]
pub struct Seats {
    /// Pods by node, oldest first, terminating ones among them.
    pub pods: BTreeMap<NodeId, SmallVec<[PodId; 2]>>,
    /// Where each pod belongs.
    pub node_of: BTreeMap<PodId, NodeId>,
    /// Nodes that have to be looked at again.
    pub stale: BTreeSet<NodeId>,
    /// What each node counts for.
    tallies: BTreeMap<NodeId, Tally>,
    /// The sums.
    pub sums: Sums,
    /// Nodes whose only pod is old and not available.
    pub old_unavailable: BTreeSet<NodeId>,
    /// Nodes whose only pod is old and available.
    pub old_available: BTreeSet<NodeId>,
    /// Nodes with an old pod and a new one that is available.
    pub replaced: BTreeSet<NodeId>,
    /// Nodes that a pod should be on, and none is.
    pub missing: BTreeSet<NodeId>,
    /// Nodes with pods that should not be there.
    pub surplus: BTreeSet<NodeId>,
    /// Nodes on which a pod failed: the wait before the next one is deleted, and when the last was.
    pub failures: BTreeMap<NodeId, (Duration, Time)>,
    /// The template that counted as new when the sums were made.
    update: Option<PodSetId>,
}

/// What one node counts for; each field is zero or one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// A pod should be there.
    pub desired: u32,
    /// It should, and one is.
    pub current: u32,
    /// It should not, and one is.
    pub misscheduled: u32,
    /// The oldest pod is ready.
    pub ready: u32,
    /// The oldest pod is available.
    pub available: u32,
    /// The oldest pod is new.
    pub updated: u32,
    /// Without a surge: nothing may be taken away here.
    pub unavailable: u32,
    /// With a surge: an old pod and a new one that is not available yet.
    pub surging: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    sums: Sums,
}

impl Sums {
    fn add(&mut self, other: &Sums, sign: bool) {
        let one = |a: &mut u32, b: u32| *a = if sign { *a + b } else { *a - b };
        one(&mut self.desired, other.desired);
        one(&mut self.current, other.current);
        one(&mut self.misscheduled, other.misscheduled);
        one(&mut self.ready, other.ready);
        one(&mut self.available, other.available);
        one(&mut self.updated, other.updated);
        one(&mut self.unavailable, other.unavailable);
        one(&mut self.surging, other.surging);
    }
}

impl Cluster {
    /// A pod of a DaemonSet came, changed or went.
    pub(in crate::cluster) fn daemonset_pod_changed(&mut self, id: DaemonSetId, pod: PodId) {
        let gone = self.pod(pod).gone;
        let pin = self.confined_to(pod);
        let seats = &mut self.daemonset_mut(id).seats;
        let node = match (seats.node_of.get(&pod).copied(), pin) {
            (Some(node), _) => node,
            (None, Some(node)) if !gone => {
                seats.node_of.insert(pod, node);
                seats.pods.entry(node).or_default().push(pod);
                node
            }
            _ => return,
        };
        if gone {
            seats.node_of.remove(&pod);
            if let Some(pods) = seats.pods.get_mut(&node) {
                pods.retain(|other| *other != pod);
                if pods.is_empty() {
                    seats.pods.remove(&node);
                }
            }
        }
        seats.stale.insert(node);
        self.queue_daemonset(id);
    }

    /// Looks again at the nodes on which something changed; at all of them if the template is another one.
    pub(super) fn count_seats(&mut self, id: DaemonSetId, update: PodSetId) {
        let seats = &mut self.daemonset_mut(id).seats;
        if seats.update.replace(update) != Some(update) {
            let nodes: Vec<NodeId> = self.nodes.iter().map(|(node, _)| node).collect();
            self.daemonset_mut(id).seats.stale.extend(nodes);
        }
        while let Some(node) = self.daemonset_mut(id).seats.stale.pop_first() {
            self.count_seat(id, node, update);
        }
    }

    fn count_seat(&mut self, id: DaemonSetId, node: NodeId, update: PodSetId) {
        let (runs, stays) = self.daemon_runs(node, update);
        let there = self.nodes.get(node).joined;
        let seats = &self.daemonset(id).seats;
        let pods = seats.pods.get(&node).cloned().unwrap_or_default();
        let mut sums = Sums { desired: u32::from(runs), ..Sums::default() };
        // The oldest that is bound comes first; of others the oldest.
        let first = pods.iter().copied().min_by_key(|pod| (self.pod(*pod).node.is_none(), *pod));
        if let Some(first) = first {
            let pod = self.pod(first);
            if runs {
                sums.current = 1;
                sums.ready = u32::from(pod.ready || self.pod_record(first).leaves_ready);
                sums.available = u32::from(pod.available);
                sums.updated = u32::from(pod.set == update);
            } else {
                sums.misscheduled = u32::from(there);
            }
        }
        let live: SmallVec<[PodId; 2]> = pods.iter().copied().filter(|pod| !self.pod(*pod).terminating).collect();
        let (new, old): (SmallVec<[PodId; 2]>, SmallVec<[PodId; 2]>) =
            live.iter().copied().partition(|pod| self.pod(*pod).set == update);
        let available = |pods: &[PodId]| pods.first().is_some_and(|pod| self.pod(*pod).available);
        let (mut unavailable, mut old_unavailable, mut old_available, mut replaced) = (false, false, false, false);
        match (new.len(), old.len()) {
            _ if !runs && pods.is_empty() => {}
            (0, 0) => unavailable = true,
            (1, 0) => unavailable = !available(&new),
            (0, 1) if available(&old) => old_available = true,
            (0, 1) => {
                old_unavailable = true;
                unavailable = true;
            }
            (1, 1) => {
                unavailable = true;
                replaced = available(&new);
                sums.surging = u32::from(!replaced);
            }
            _ => {
                unavailable = true;
                sums.surging = 1;
            }
        }
        sums.unavailable = u32::from(unavailable);
        let surges = self.surges(id);
        let ended = |pod: &PodId| matches!(self.pod(*pod).phase, PodPhase::Succeeded | PodPhase::Failed);
        let has_ended = live.iter().any(ended);
        // With a surge a new pod may be made beside one that terminates.
        let missing = runs && there && if surges { live.is_empty() } else { pods.is_empty() };
        let too_many = live.len() > if surges { 2 } else { 1 };
        let surplus = (!stays && !live.is_empty()) || (stays && (has_ended || too_many));
        let seats = &mut self.daemonset_mut(id).seats;
        let before = seats.tallies.insert(node, Tally { sums }).unwrap_or_default();
        seats.sums.add(&before.sums, false);
        seats.sums.add(&sums, true);
        let keep = |set: &mut BTreeSet<NodeId>, holds: bool| {
            if holds {
                set.insert(node);
            } else {
                set.remove(&node);
            }
        };
        keep(&mut seats.old_unavailable, old_unavailable);
        keep(&mut seats.old_available, old_available);
        keep(&mut seats.replaced, replaced);
        keep(&mut seats.missing, missing);
        keep(&mut seats.surplus, surplus);
    }

    /// Whether a pod should be made on a node, and whether one that is there may stay (`NodeShouldRunDaemonPod`).
    pub(super) fn daemon_runs(&self, node: NodeId, set: PodSetId) -> (bool, bool) {
        let node = self.nodes.get(node);
        let set = self.set(set);
        let template = self.templates.get(set.template);
        let named = set.source.node_name.as_ref().is_none_or(|name| *name == self.names.show(node.name));
        if !node.joined || !named || !template.matches_labels(&node.labels) {
            return (false, false);
        }
        let untolerated = |effects: &[TaintEffect]| {
            node.taints.iter().any(|taint| {
                effects.contains(&taint.effect) && !set.source.tolerations.iter().any(|one| one.tolerates(taint))
            })
        };
        match untolerated(&[TaintEffect::NoSchedule, TaintEffect::NoExecute]) {
            false => (true, true),
            true => (false, !untolerated(&[TaintEffect::NoExecute])),
        }
    }
}
