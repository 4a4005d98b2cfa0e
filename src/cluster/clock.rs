//! Clocks of nodes that are wrong, and what goes by them. Source: k8s.io/kubernetes v1.36.3.
//!
//! - When a pod became ready is its kubelet's word (`LastTransitionTime`), and whether that is `minReadySeconds` ago the controller's
//!   (`IsPodAvailable`, pkg/api/v1/pod/util.go): ahead by so much, a pod is available so much later; behind, so much earlier.
//! - A lease counts as renewed if its `renewTime` is later than the one seen before (`tryUpdateNodeHealth`,
//!   pkg/controller/nodelifecycle/node_lifecycle_controller.go). That it is wrong does not matter, only that it goes back: a clock that
//!   is set back by so much renews nothing for so long. The node is found silent after the grace period. Its kubelet sees that it is not
//!   ready at its next look, every 10 s, and posts its status, which counts; and so on until the clock has caught up.
//!
//! Probes, back-off, grace periods and evictions of a kubelet go by a clock that only counts on.

use super::lifecycle::ReadyCondition;
use super::{Arg, Cause, Class, Cluster, Event, NodeId, Subject, Why};
use crate::kernel::{Duration, Time};

/// The kubelet's `nodeStatusUpdateFrequency` and `nodeStatusReportFrequency`
/// (pkg/kubelet/apis/config/v1beta1/defaults.go): how often it looks at its status, and how often it posts one that has not changed.
const LOOKS_EVERY: Duration = Duration::from_secs(10);
const POSTS_EVERY: Duration = Duration::from_secs(300);

/// How wrong a clock is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Off {
    /// It shows what is to come.
    Ahead(Duration),
    /// It shows what was.
    Behind(Duration),
}

/// A clock that is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Skew {
    node: NodeId,
    off: Off,
    until: Time,
    cause: Cause,
    effect: usize,
    /// Until when no lease of the node counts as renewed, once its clock was set back.
    catches_up: Time,
}

impl Cluster {
    /// Sets the clocks of nodes wrong; the number of the effect.
    pub(super) fn skew_clocks(&mut self, target: Subject, off: Off, lasts: Option<Duration>, cause: Cause) -> usize {
        let effect = self.new_effect();
        let now = self.queue.now();
        let until = lasts.map_or(Time::MAX, |lasts| now + lasts);
        for node in self.nodes_of(target) {
            let why = match off {
                Off::Ahead(by) => Why::with("ahead by {}", Arg::Length(by)),
                Off::Behind(by) => Why::with("behind by {}", Arg::Length(by)),
            };
            let cause = self.note_node(node, "ClockWrong", why, cause);
            let index = self.skews.len();
            self.skews.push(Skew { node, off, until, cause, effect, catches_up: now });
            if let Off::Behind(by) = off {
                self.set_back(index, by);
            }
            if until < Time::MAX {
                self.schedule(until, Class::COMPLETION, Event::ClockRight(index as u32));
            }
        }
        effect
    }

    /// Handles [`Event::ClockRight`].
    pub(super) fn on_clock_right(&mut self, index: u32) {
        let skew = self.skews[index as usize];
        if !self.nodes.get(skew.node).joined {
            return;
        }
        let cause = self.note_node(skew.node, "ClockRight", Why::NONE, skew.cause);
        self.skews[index as usize].cause = cause;
        match skew.off {
            Off::Ahead(by) => self.set_back(index as usize, by),
            // What it shows now is later than all that it showed before.
            Off::Behind(_) => self.skews[index as usize].catches_up = self.queue.now(),
        }
    }

    /// A clock shows what it has shown before: for so long its leases do not count.
    fn set_back(&mut self, index: usize, by: Duration) {
        let now = self.queue.now();
        self.skews[index].catches_up = now + by;
        self.plan_lease_lost(index, now);
    }

    /// Plans when the monitor finds that a node renews nothing, of which it heard last at this time.
    fn plan_lease_lost(&mut self, index: usize, heard: Time) {
        let skew = self.skews[index];
        let joined_at = self.kubelet(skew.node).joined_at;
        let tick = self.profile.node_monitor_period;
        let mut seen = heard.ceil_to(Time::ZERO, tick);
        loop {
            let lost = (seen + self.profile.node_monitor_grace + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick);
            let posted = (seen + Duration::from_nanos(1)).ceil_to(joined_at, POSTS_EVERY);
            if seen >= skew.catches_up {
                return;
            }
            if posted < lost {
                seen = posted.ceil_to(Time::ZERO, tick);
                continue;
            }
            // A lease that is renewed before that counts again.
            if lost < skew.catches_up {
                self.schedule(lost, Class::COMPLETION, Event::LeaseStale(index as u32));
            }
            return;
        }
    }

    /// Handles [`Event::LeaseStale`]: the node is marked, although it is well.
    pub(super) fn on_lease_stale(&mut self, index: u32) {
        let skew = self.skews[index as usize];
        let (node, now) = (skew.node, self.queue.now());
        let well = self.kubelet(node).in_touch() && self.kubelet(node).condition == ReadyCondition::True;
        if now >= skew.catches_up || !well || !self.nodes.get(node).joined {
            return;
        }
        self.effects[skew.effect] += 1;
        let why = Why::text("its lease is not renewed: its clock was set back");
        self.set_condition(node, ReadyCondition::Unknown, why, skew.cause);
        let tick = self.profile.node_monitor_period;
        let next = (now + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick);
        self.plan_monitor(if self.profile.taints_at_detection { now } else { next });
        let looks = (now + Duration::from_nanos(1)).ceil_to(self.kubelet(node).joined_at, LOOKS_EVERY);
        self.schedule(looks, Class::COMPLETION, Event::StatusPosted(index));
    }

    /// Handles [`Event::StatusPosted`]: the kubelet finds its node not ready, and says that it is.
    pub(super) fn on_status_posted(&mut self, index: u32) {
        let skew = self.skews[index as usize];
        let node = skew.node;
        if !self.kubelet(node).in_touch() || !self.nodes.get(node).joined {
            return;
        }
        if self.kubelet(node).condition == ReadyCondition::Unknown {
            self.set_condition(node, ReadyCondition::True, Why::text("its kubelet posts status again"), skew.cause);
            let now = self.queue.now();
            let tick = self.profile.node_monitor_period;
            self.plan_monitor((now + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick));
            let cause = self.node_cause(node).unwrap_or(skew.cause);
            self.report_again(node, cause);
        }
        self.plan_lease_lost(index as usize, self.queue.now());
    }

    /// When a pod of a node that becomes ready now has been ready for so long, as its kubelet's clock and the controllers' have it.
    pub(super) fn ready_for(&mut self, node: Option<NodeId>, length: Duration) -> Time {
        let now = self.queue.now();
        let wrong = self.skews.iter().rfind(|skew| Some(skew.node) == node && now < skew.until);
        let Some(Skew { off, effect, .. }) = wrong.copied() else { return now + length };
        self.effects[effect] += 1;
        match off {
            Off::Ahead(by) => now + length + by,
            Off::Behind(by) => now + Duration::from_nanos(length.nanos().saturating_sub(by.nanos())),
        }
    }
}
