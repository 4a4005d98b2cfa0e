//! How pools shrink: nodes that are hardly used for long enough are emptied and given back.
//! Source: kubernetes/autoscaler at 01ea19e5, cluster-autoscaler/core/scaledown (eligibility, unneeded, planner, actuation)
//! and simulator/utilization. Empty nodes go together, others one at a time.

use super::super::template::SpreadId;
use super::super::{Arg, Cause, Cluster, NodeId, PodId, Why};
use crate::timeline::Kind;
use crate::workload::{Drain, Taint, TaintEffect};

/// The taint of a node that is about to be given back.
const TO_BE_DELETED: &str = "ToBeDeletedByClusterAutoscaler";

impl Cluster {
    /// Finds nodes that are not needed, and gives back those that have not been for long enough.
    pub(super) fn shrink(&mut self) {
        let now = self.queue.now();
        let mut unneeded = Vec::new();
        for index in 0..self.groups.groups.len() {
            let mut left = self.group_size(index).saturating_sub(self.groups.groups[index].min);
            for node in self.group_nodes(index) {
                if left > 0 && self.is_unneeded(node) {
                    unneeded.push(node);
                    left -= 1;
                }
            }
        }
        let before = std::mem::take(&mut self.groups.unneeded);
        self.groups.unneeded = unneeded.iter().map(|node| (*node, before.get(node).copied().unwrap_or(now))).collect();
        let wait = self.profile.scale_down_unneeded;
        let cooled = self.groups.grew_at.map(|grew| grew + self.profile.scale_down_delay_after_add);
        let due = |since| cooled.map_or(since + wait, |cooled| cooled.max(since + wait));
        let mut drains = self.groups.leaving.iter().any(|node| !self.staying_pods(*node).is_empty());
        let mut next = None;
        for (node, since) in self.groups.unneeded.clone() {
            let at = due(since);
            if at > now {
                next = next.map_or(Some(at), |next: crate::kernel::Time| Some(next.min(at)));
            } else if self.staying_pods(node).is_empty() {
                self.give_back_node(node);
            } else if !drains {
                drains = true;
                self.give_back_node(node);
            }
        }
        if let Some(next) = next {
            self.plan_scan(next);
        }
    }

    /// Pods of a node that would have to go elsewhere: all but those of DaemonSets and those that have ended.
    fn staying_pods(&self, node: NodeId) -> Vec<PodId> {
        let of_daemon = |id: PodId| self.set(self.pod(id).set).workload.kind == Kind::DaemonSet;
        self.kubelet(node).pods.iter().copied().filter(|id| self.pod(*id).holds && !of_daemon(*id)).collect()
    }

    /// True for a node that is hardly used and whose pods have room elsewhere.
    fn is_unneeded(&self, id: NodeId) -> bool {
        let node = self.nodes.get(id);
        if self.groups.leaving.contains(&id) || !node.ready || node.unschedulable || !self.is_hardly_used(id) {
            return false;
        }
        let pods = self.staying_pods(id);
        let movable = |pod: &PodId| {
            let set = self.set(self.pod(*pod).set);
            let allowed = |budget: &super::super::BudgetId| self.budgets.get(*budget).status.allowed > 0;
            set.workload.kind != Kind::Pod && self.budgets.of(self.pod(*pod).set).iter().all(allowed)
        };
        if !pods.iter().all(movable) {
            return false;
        }
        let mut others = self.nodes.clone();
        others.remove(id);
        for leaving in &self.groups.leaving {
            others.remove(*leaving);
        }
        pods.iter().all(|pod| {
            let template = self.set(self.pod(*pod).set).template;
            let taker = others.in_order().map(|(node, _)| node);
            let taker = taker.into_iter().find(|node| self.scheduler.takes(&others, &self.templates, template, *node));
            if let Some(node) = taker {
                others.bind(&self.templates, node, template, SpreadId::NONE);
            }
            taker.is_some()
        })
    }

    /// True if less of a node is asked for than the threshold: of its GPUs if it has any, else the larger of CPU and memory.
    fn is_hardly_used(&self, id: NodeId) -> bool {
        let node = self.nodes.get(id);
        let percent = u64::from(self.profile.scale_down_threshold_percent);
        // requested/allocatable < threshold in the source's float64: exact for a threshold of a half.
        let below = |asked: u64, has: u64| u128::from(asked) * 100 < u128::from(has) * u128::from(percent);
        match node.devices.resource() {
            Some(gpu) if node.allocatable.extended(gpu) > 0 => {
                below(node.requested.extended(gpu), node.allocatable.extended(gpu))
            }
            _ => {
                below(node.requested.cpu_milli, node.allocatable.cpu_milli)
                    && below(node.requested.memory_bytes, node.allocatable.memory_bytes)
            }
        }
    }

    /// Empties a node and gives it back once it is empty.
    fn give_back_node(&mut self, id: NodeId) {
        let since = self.groups.unneeded.remove(&id).unwrap_or(self.queue.now());
        let Some(cause) = self.node_cause(id) else { return };
        let for_long = Arg::Length(self.queue.now().since(since));
        let cause = self.note_node(id, "Unneeded", Why::with("for {}: it is given back", for_long), cause);
        self.groups.leaving.push(id);
        let mut taints = self.nodes.get(id).taints.to_vec();
        taints.push(Taint { key: TO_BE_DELETED.to_owned(), value: String::new(), effect: TaintEffect::NoSchedule });
        self.set_taints(id, taints, cause);
        let options =
            Drain { deletes_empty_dirs: true, timeout: Some(self.profile.pod_eviction_max), ..Drain::default() };
        self.evict_all(id, options, cause);
    }

    /// A drain has ended: a node that is given back goes, or stays after all.
    pub(in crate::cluster) fn drained(&mut self, id: NodeId, done: bool, cause: Cause) {
        let Some(at) = self.groups.leaving.iter().position(|node| *node == id) else { return };
        self.groups.leaving.remove(at);
        if done {
            self.remove_node(id, cause);
        } else {
            let mut taints = self.nodes.get(id).taints.to_vec();
            taints.retain(|taint| taint.key != TO_BE_DELETED);
            self.set_taints(id, taints, cause);
        }
        self.room_changed();
    }
}
