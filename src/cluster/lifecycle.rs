//! Nodes that fall silent: when that is noticed, what they and their pods are marked as, and the way back.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth,
//! doNoScheduleTaintingPass). The taints that evict and their pace are in `zones`, the evictions in `taints`.
//!
//! Leases and monitor ticks are not events. A node that falls silent was last seen at the monitor's first tick after its last
//! renewal; it is found lost at the first tick later than the grace period after that.

use super::taints::{NOT_READY, UNREACHABLE, UNSCHEDULABLE, no_schedule};
use super::{Arg, Cause, Class, Cluster, Event, NodeId, Subject, Why};
use crate::kernel::mutation::{Mutation, is_on};
use crate::kernel::{Duration, Time};
use crate::timeline::Kind;
use crate::workload::{Taint, TaintEffect};

/// The Ready condition of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReadyCondition {
    /// Its kubelet says that it is ready.
    #[default]
    True,
    /// Its kubelet says that it is not.
    False,
    /// Its kubelet has not been heard of.
    Unknown,
}

impl ReadyCondition {
    /// The key of the taint of a node with this condition.
    pub const fn taint(self) -> Option<&'static str> {
        match self {
            ReadyCondition::True => None,
            ReadyCondition::False => Some(NOT_READY),
            ReadyCondition::Unknown => Some(UNREACHABLE),
        }
    }
}

impl Cluster {
    pub(super) fn node_subject(&self, id: NodeId) -> Subject {
        Subject::new(Kind::Node, self.nodes.get(id).name)
    }

    /// Writes an entry about a node, and tells those that watch nodes.
    pub(super) fn note_node(&mut self, id: NodeId, became: &'static str, why: Why, cause: Cause) -> Cause {
        let subject = self.node_subject(id);
        let entry = self.note(subject, became, why, cause);
        self.kubelet_mut(id).last = Some(entry);
        self.daemonsets_node_changed(id);
        self.touch_nodes(Cause::Entry(entry));
        Cause::Entry(entry)
    }

    /// A node goes down at once: its containers end, its lease is no longer renewed.
    pub(super) fn node_down(&mut self, id: NodeId, lasts: Option<Duration>, why: Why, cause: Cause) {
        let cause = self.note_node(id, "Down", why, cause);
        self.kubelet_mut(id).down = true;
        for pod in self.kubelet(id).pods.clone() {
            self.registration_left_alone(pod);
        }
        self.power_off(id, cause);
        self.lose_touch(id, lasts);
    }

    /// The kubelet of a node is no longer heard of, nor hears of anything; the containers go on.
    pub(super) fn node_silent(&mut self, id: NodeId, lasts: Option<Duration>, why: Why, cause: Cause) {
        self.note_node(id, "Silent", why, cause);
        self.kubelet_mut(id).silent = true;
        self.lose_touch(id, lasts);
    }

    /// Plans when the silence of a node is noticed, and when it ends.
    fn lose_touch(&mut self, id: NodeId, lasts: Option<Duration>) {
        let now = self.queue.now();
        let kubelet = self.kubelet_mut(id);
        kubelet.outage += 1;
        kubelet.fell_silent = kubelet.last;
        let (outage, joined_at) = (kubelet.outage, kubelet.joined_at);
        let renewal = self.profile.lease_renewal;
        let renewed = joined_at + renewal * (now.since(joined_at).nanos() / renewal.nanos());
        let tick = self.profile.node_monitor_period;
        let seen = renewed.ceil_to(Time::ZERO, tick);
        let lost = (seen + self.profile.node_monitor_grace + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick);
        self.schedule(lost.max(now), Class::COMPLETION, Event::Silent(id, outage));
        if let Some(lasts) = lasts {
            self.schedule(now + lasts, Class::COMPLETION, Event::Back(id, outage));
        }
    }

    /// Handles [`Event::Silent`]: the node is marked NotReady, and so are its pods.
    pub(super) fn on_silent(&mut self, id: NodeId, outage: u32) {
        let kubelet = self.kubelet(id);
        if kubelet.outage != outage || kubelet.in_touch() || !self.nodes.get(id).joined {
            return;
        }
        if let Some(at) = self.monitor_finds_at() {
            self.schedule(at, Class::COMPLETION, Event::Silent(id, outage));
            return;
        }
        let Some(cause) = self.kubelet(id).fell_silent.map(Cause::Entry) else { return };
        let why = Why::text("its kubelet stopped posting status, tainted unreachable:NoSchedule");
        self.set_condition(id, ReadyCondition::Unknown, why, cause);
        // The monitor looks at the zones in the same tick, once it has looked at every node.
        let now = self.queue.now();
        let tick = self.profile.node_monitor_period;
        let next = (now + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick);
        self.plan_monitor(if self.profile.taints_at_detection { now } else { next });
        self.plan_cloud_check(id);
    }

    /// Sets the Ready condition of a node, with its NoSchedule taint and what the pods on it are marked as.
    pub(super) fn set_condition(&mut self, id: NodeId, condition: ReadyCondition, why: Why, cause: Cause) {
        let was = std::mem::replace(&mut self.kubelet_mut(id).condition, condition);
        if was == condition {
            return;
        }
        let ready = condition == ReadyCondition::True;
        self.nodes.set_ready(id, ready);
        let zone = self.kubelet(id).zone;
        self.zones.count_condition(zone, was, condition);
        self.zones.attention.insert(id);
        let cause = self.note_node(id, if ready { "Ready" } else { "NotReady" }, why, cause);
        self.kubelet_mut(id).condition_told = self.kubelet(id).last;
        self.sync_no_schedule(id, cause);
        // Pods are marked by the monitor, and it marks them when it finds the silence itself.
        if was == ReadyCondition::True && condition == ReadyCondition::Unknown {
            for index in 0..self.kubelet(id).pods.len() {
                let pod = self.kubelet(id).pods[index];
                self.set_ready(pod, false, Why::text("its node is not ready"), cause);
            }
        }
    }

    /// Makes the NoSchedule taints that follow from a node's condition and from its being cordoned what they should be.
    pub(super) fn sync_no_schedule(&mut self, id: NodeId, cause: Cause) {
        if is_on(Mutation::TaintStays) && self.kubelet(id).condition == ReadyCondition::True {
            return;
        }
        let mut wanted: Vec<&str> = self.kubelet(id).condition.taint().into_iter().collect();
        if self.nodes.get(id).unschedulable {
            wanted.push(UNSCHEDULABLE);
        }
        let is_ours = |taint: &Taint| {
            taint.effect == TaintEffect::NoSchedule
                && [NOT_READY, UNREACHABLE, UNSCHEDULABLE].contains(&taint.key.as_str())
        };
        let had = self.nodes.get(id).taints.iter().filter(|taint| is_ours(taint));
        if had.clone().count() == wanted.len() && had.into_iter().all(|taint| wanted.contains(&taint.key.as_str())) {
            return;
        }
        let mut taints = self.nodes.get(id).taints.to_vec();
        taints.retain(|taint| !is_ours(taint) || wanted.contains(&taint.key.as_str()));
        for key in wanted {
            if !taints.iter().any(|taint| is_ours(taint) && taint.key == key) {
                taints.push(no_schedule(key));
            }
        }
        self.set_taints(id, taints, cause);
    }

    /// Handles [`Event::Back`]: the node has started again, or is heard of again, and renews its lease.
    pub(super) fn on_back(&mut self, id: NodeId, outage: u32) {
        if self.kubelet(id).outage != outage || self.kubelet(id).in_touch() || !self.nodes.get(id).joined {
            return;
        }
        let Some(cause) = self.node_cause(id) else { return };
        let now = self.queue.now();
        let kubelet = self.kubelet_mut(id);
        let was_down = std::mem::replace(&mut kubelet.down, false);
        kubelet.silent = false;
        kubelet.joined_at = now;
        let why = Why::text("its kubelet posts status again");
        if self.kubelet(id).condition == ReadyCondition::True {
            self.note_node(id, "Ready", why, cause);
        } else {
            self.set_condition(id, ReadyCondition::True, why, cause);
            // The taint that evicts stays until the monitor looks at the node.
            let tick = self.profile.node_monitor_period;
            self.plan_monitor((now + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick));
        }
        let cause = self.node_cause(id).unwrap_or(cause);
        if was_down {
            self.power_on(id, cause);
        } else {
            self.report_again(id, cause);
        }
        self.detach_unused(id);
    }

    /// A node leaves the cluster: its pods are collected once it has been gone for long enough.
    pub(super) fn remove_node(&mut self, id: NodeId, cause: Cause) {
        if !self.nodes.get(id).joined {
            return;
        }
        let now = self.queue.now();
        self.power_off(id, cause);
        self.kubelet_mut(id).down = true;
        let cause = self.note_node(id, "Removed", Why::NONE, cause);
        self.nodes.remove(id);
        let (zone, condition) = (self.kubelet(id).zone, self.kubelet(id).condition);
        self.zones.forget(id, zone, condition);
        if !self.kubelet(id).pods.is_empty() {
            let collected = (now + self.profile.pod_gc_quarantine).ceil_to(Time::ZERO, self.profile.pod_gc_period);
            self.schedule(collected, Class::COMPLETION, Event::Orphans(id));
        }
        self.touch_nodes(cause);
        if self.templates.count_others() {
            let labels = self.nodes.get(id).labels.clone();
            self.tell_scheduler(super::scheduler::ClusterEvent::NodeRemoved(labels));
        }
    }

    /// Cordons a node, or ends that; `false`: it was so already.
    pub(super) fn cordon(&mut self, id: NodeId, unschedulable: bool, why: Why, cause: Cause) -> bool {
        if self.nodes.get(id).unschedulable == unschedulable {
            return false;
        }
        let event = self.nodes.set_unschedulable(id, unschedulable);
        let cause = self.note_node(id, if unschedulable { "Cordoned" } else { "Uncordoned" }, why, cause);
        self.sync_no_schedule(id, cause);
        self.tell_scheduler(event);
        true
    }

    /// The name of a node, for a reason.
    pub(super) fn node_arg(&self, id: NodeId) -> Arg {
        Arg::Name(self.nodes.get(id).name)
    }
}
