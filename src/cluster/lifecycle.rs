//! Nodes that fall silent: when that is noticed, the taints that follow, the pods that leave, and the way back.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/nodelifecycle (node_lifecycle_controller.go), pkg/controller/tainteviction,
//! pkg/controller/podgc.
//!
//! Leases and monitor ticks are not events. A node that falls silent was last seen at the monitor's first tick after its last
//! renewal; it is found lost at the first tick later than the grace period after that.

use super::{Arg, Cause, Class, Cluster, Event, NodeId, PodId, Subject, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::Kind;
use crate::workload::{Taint, TaintEffect};

/// The taint of a node that has not been heard of.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// The pace at which lost nodes get their NoExecute taint: one bucket a zone, of one token.
#[derive(Clone, Debug, Default)]
pub struct TaintPace {
    /// Lost nodes that wait for their taint, in the order in which they were found.
    pub waiting: Vec<NodeId>,
    /// When the next may be tainted.
    pub next_at: Time,
    /// True while a pass is planned.
    pub planned: bool,
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
        let now = self.queue.now();
        let cause = self.note_node(id, "Down", why, cause);
        let kubelet = self.kubelet_mut(id);
        kubelet.down = true;
        kubelet.outage += 1;
        let (outage, joined_at) = (kubelet.outage, kubelet.joined_at);
        self.power_off(id);
        let renewal = self.profile.lease_renewal;
        let renewed = joined_at + renewal * (now.since(joined_at).nanos() / renewal.nanos());
        let tick = self.profile.node_monitor_period;
        let seen = renewed.ceil_to(Time::ZERO, tick);
        let lost = (seen + self.profile.node_monitor_grace + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick);
        self.schedule(lost.max(now), Class::COMPLETION, Event::Silent(id, outage));
        if let Some(lasts) = lasts {
            self.schedule(now + lasts, Class::COMPLETION, Event::Back(id, outage));
        }
        debug_assert!(matches!(cause, Cause::Entry(_)));
    }

    /// Handles [`Event::Silent`]: the node is marked NotReady, and so are its pods.
    pub(super) fn on_silent(&mut self, id: NodeId, outage: u32) {
        if self.kubelet(id).outage != outage || !self.kubelet(id).down || !self.nodes.get(id).joined {
            return;
        }
        let Some(cause) = self.node_cause(id) else { return };
        self.nodes.set_ready(id, false);
        self.nodes.add_taint(id, unreachable(TaintEffect::NoSchedule));
        let why = Why::text("its kubelet stopped posting status, tainted unreachable:NoSchedule");
        let cause = self.note_node(id, "NotReady", why, cause);
        for index in 0..self.kubelet(id).pods.len() {
            let pod = self.kubelet(id).pods[index];
            self.set_ready(pod, false, Why::text("its node is not ready"), cause);
        }
        self.taints.waiting.push(id);
        self.plan_taint_pass();
    }

    fn plan_taint_pass(&mut self) {
        if self.taints.planned || self.taints.waiting.is_empty() {
            return;
        }
        self.taints.planned = true;
        let pass = self.profile.taint_pass;
        let earliest = (self.queue.now() + pass).max(self.taints.next_at);
        let at = earliest.ceil_to(Time::ZERO, pass);
        self.schedule(at, Class::COMPLETION, Event::TaintPass);
    }

    /// Handles [`Event::TaintPass`]: one lost node gets its NoExecute taint, at the pace that the state of the cluster allows.
    pub(super) fn on_taint_pass(&mut self) {
        self.taints.planned = false;
        let Some(interval) = self.taint_interval() else { return };
        if self.taints.waiting.is_empty() {
            return;
        }
        let id = self.taints.waiting.remove(0);
        self.taints.next_at = self.queue.now() + interval;
        if let Some(cause) = self.node_cause(id)
            && self.kubelet(id).down
            && self.nodes.get(id).joined
        {
            self.nodes.add_taint(id, unreachable(TaintEffect::NoExecute));
            let cause = self.note_node(id, "Tainted", Why::text("unreachable:NoExecute"), cause);
            let at = self.queue.now();
            for index in 0..self.kubelet(id).pods.len() {
                let pod = self.kubelet(id).pods[index];
                if let Some(stays) = self.stays_on_tainted(pod) {
                    let readiness = self.kubelet(id).outage;
                    self.schedule(at + stays, Class::COMPLETION, Event::Evict(pod, readiness));
                }
            }
            debug_assert!(matches!(cause, Cause::Entry(_)));
        }
        self.plan_taint_pass();
    }

    /// Time between two taints; `None` while all nodes are lost, which stops evictions altogether.
    /// The whole cluster is taken as one zone.
    fn taint_interval(&self) -> Option<Duration> {
        let (lost, all) = self
            .nodes
            .in_order()
            .fold((0_u32, 0_u32), |(lost, all), (_, node)| (lost + u32::from(!node.ready), all + 1));
        let mostly_lost =
            lost > 2 && u64::from(lost) * 100 >= u64::from(all) * u64::from(self.profile.unhealthy_zone_percent);
        match () {
            () if lost == all => None,
            () if !mostly_lost => Some(self.profile.taint_interval),
            () if all > self.profile.large_zone_nodes => Some(self.profile.taint_interval_partial),
            () => None,
        }
    }

    /// How long a pod stays on an unreachable node; `None`: for ever.
    fn stays_on_tainted(&self, id: PodId) -> Option<Duration> {
        let taint = unreachable(TaintEffect::NoExecute);
        let template = &self.set(self.pod(id).set).source;
        let mut stays = self.profile.unreachable_toleration;
        for toleration in template.tolerations.iter().filter(|one| one.tolerates(&taint)) {
            stays = Duration::from_secs(toleration.seconds?);
        }
        Some(stays)
    }

    /// Handles [`Event::Evict`].
    pub(super) fn on_evict(&mut self, id: PodId, outage: u32) {
        let pod = self.pod(id);
        let Some(node) = pod.node.filter(|_| !pod.gone && !pod.terminating) else { return };
        if !self.kubelet(node).down || self.kubelet(node).outage != outage {
            return;
        }
        if let Some(cause) = self.node_cause(node) {
            let why = Why::with("evicted from unreachable {}", Arg::Name(self.nodes.get(node).name));
            self.pod_record_mut(id).disrupted = true;
            self.delete_pod(id, why, cause);
        }
    }

    /// Handles [`Event::Back`]: the node has started again and renews its lease.
    pub(super) fn on_back(&mut self, id: NodeId, outage: u32) {
        if self.kubelet(id).outage != outage || !self.kubelet(id).down || !self.nodes.get(id).joined {
            return;
        }
        let Some(cause) = self.node_cause(id) else { return };
        let now = self.queue.now();
        let kubelet = self.kubelet_mut(id);
        kubelet.down = false;
        kubelet.joined_at = now;
        self.taints.waiting.retain(|other| *other != id);
        self.nodes.set_ready(id, true);
        let event = self.nodes.remove_taint(id, UNREACHABLE);
        let cause = self.note_node(id, "Ready", Why::text("its kubelet posts status again"), cause);
        self.power_on(id, cause);
        self.tell_scheduler(event);
        self.plan_taint_pass();
    }

    /// A node leaves the cluster: its pods are collected once it has been gone for long enough.
    pub(super) fn remove_node(&mut self, id: NodeId, cause: Cause) {
        let now = self.queue.now();
        self.power_off(id);
        let cause = self.note_node(id, "Removed", Why::NONE, cause);
        self.nodes.remove(id);
        if !self.kubelet(id).pods.is_empty() {
            let collected = (now + self.profile.pod_gc_quarantine).ceil_to(Time::ZERO, self.profile.pod_gc_period);
            self.schedule(collected, Class::COMPLETION, Event::Orphans(id));
        }
        self.touch_nodes(cause);
    }

    /// Handles [`Event::Orphans`].
    pub(super) fn on_orphans(&mut self, id: NodeId) {
        let Some(cause) = self.node_cause(id) else { return };
        for pod in self.kubelet(id).pods.clone() {
            self.pod_record_mut(pod).disrupted = true;
            self.delete_pod(pod, Why::text("its node is gone"), cause);
            self.pod_gone(pod, cause);
        }
    }
}

fn unreachable(effect: TaintEffect) -> Taint {
    Taint { key: UNREACHABLE.to_owned(), value: String::new(), effect }
}
