//! A node that shuts down in order: its kubelet says that it is not ready, ends the pods by groups of priority, each within
//! its share of the grace period, and then the machine is off. Source: k8s.io/kubernetes v1.36.3,
//! pkg/kubelet/nodeshutdown (nodeshutdown_manager.go, killPods, groupByPriority; migrateConfig for the two groups).
//!
//! Without a grace period, which is the kubelet's default, nobody is told: the machine is off at once.

use super::lifecycle::ReadyCondition;
use super::operate::for_how_long;
use super::{Cause, Class, Cluster, Event, NodeId, PodId, Why};
use crate::kernel::{Duration, Time};

/// A shutdown as it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Shutdown {
    /// How long the two groups have: pods of ordinary priority, then critical ones.
    shares: [Duration; 2],
    /// The group that is being ended; 2: none is left.
    group: usize,
    /// Counts steps, so that the end of a group's time is stale once the group is done.
    step: u32,
    lasts: Option<Duration>,
}

impl Cluster {
    /// Shuts a node down; `periods` are the grace period and the part of it that is kept for critical pods.
    pub(super) fn shut_down(
        &mut self,
        node: NodeId,
        periods: [Duration; 2],
        lasts: Option<Duration>,
        cause: Cause,
    ) -> bool {
        let kubelet = self.kubelet(node);
        if !kubelet.in_touch() || kubelet.shutting_down {
            return false;
        }
        let [all, critical] = periods;
        let cause = self.note_node(node, "ShuttingDown", for_how_long(lasts), cause);
        if all.is_zero() || all < critical {
            self.node_down(node, lasts, Why::text("shut down without a grace period"), cause);
            return true;
        }
        let kubelet = self.kubelet_mut(node);
        (kubelet.shutting_down, kubelet.fell_silent) = (true, kubelet.last);
        self.set_condition(node, ReadyCondition::False, Why::text("node is shutting down"), cause);
        let tick = self.profile.node_monitor_period;
        self.plan_monitor((self.queue.now() + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick));
        let shares = [Duration::from_nanos(all.nanos() - critical.nanos()), critical];
        self.shutdowns.insert(node, Shutdown { shares, group: 0, step: 0, lasts });
        self.begin_group(node);
        true
    }

    /// True while the kubelet of a pod's node shuts the node down.
    pub(super) fn shuts_down(&self, id: PodId) -> bool {
        self.pod(id).node.is_some_and(|node| self.kubelet(node).shutting_down)
    }

    /// Pods of the group that is being ended, and have not yet.
    fn group_of(&self, node: NodeId, group: usize) -> Vec<PodId> {
        let priority = |id: PodId| self.templates.get(self.set(self.pod(id).set).template).priority;
        let critical = |id: PodId| priority(id) >= self.profile.system_critical_priority;
        let left = |id: &PodId| self.pod(*id).is_active() && usize::from(critical(*id)) == group;
        self.kubelet(node).pods.iter().copied().filter(left).collect()
    }

    /// Ends the pods of the next group that has any, or the node.
    fn begin_group(&mut self, node: NodeId) {
        while let Some(&Shutdown { shares, group, step, lasts }) = self.shutdowns.get(&node) {
            let Some(&share) = shares.get(group) else {
                self.shutdowns.remove(&node);
                self.kubelet_mut(node).shutting_down = false;
                if let Some(cause) = self.node_cause(node) {
                    self.node_down(node, lasts, Why::text("shut down"), cause);
                }
                return;
            };
            let pods = self.group_of(node, group);
            if pods.is_empty() {
                self.next_group(node);
                continue;
            }
            self.drop_pulls(node, Some(&pods));
            for id in pods {
                let grace = self.grace_period(id).min(share);
                self.graces.insert(id, grace);
                let cause = self.node_cause(node).unwrap_or_else(|| self.pod_cause(id));
                self.stop_containers(id, cause);
                self.shut_down_pod(id, cause);
            }
            // After the ends of the pods, which may fall on the same instant.
            let at = self.queue.now() + share;
            self.schedule(at, Class::COMPLETION, Event::ShutdownStep(node, step));
            return;
        }
    }

    fn next_group(&mut self, node: NodeId) {
        if let Some(shutdown) = self.shutdowns.get_mut(&node) {
            shutdown.group += 1;
            shutdown.step += 1;
        }
    }

    /// Handles [`Event::ShutdownStep`]: the group has had its time, whatever is left of it.
    pub(super) fn on_shutdown_step(&mut self, node: NodeId, step: u32) {
        if self.shutdowns.get(&node).is_some_and(|shutdown| shutdown.step == step) {
            self.next_group(node);
            self.begin_group(node);
        }
    }

    /// A container of a pod on a node that shuts down has ended: the pod has failed once all have.
    pub(super) fn shut_down_pod(&mut self, id: PodId, cause: Cause) {
        if self.is_any_up(id) || !self.pod(id).is_active() {
            return;
        }
        let Some(node) = self.pod(id).node else { return };
        self.mark_disrupted(id);
        // Its containers end by themselves within their grace period; why they were told to is the node's.
        let cause = self.node_cause(node).unwrap_or(cause);
        self.finish_pod(id, false, Why::text("Terminated: its node shuts down"), cause);
        if let Some(shutdown) = self.shutdowns.get(&node).copied()
            && self.group_of(node, shutdown.group).is_empty()
        {
            self.next_group(node);
            self.begin_group(node);
        }
    }
}
