//! What is done to a node as a whole: silenced, cordoned, tainted, drained, shut down, taken back by its provider.
//! How long a node is lost, and what follows, is in `lifecycle`; how a drain goes on is in `drain`.

use super::lifecycle::ReadyCondition;
use super::{Arg, Cause, Class, Cluster, Event, NodeId, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::workload::{Drain, NodeDisruption, Taint};

/// Something that ends by itself: a cordon or a taint that was set for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Passing {
    /// The node is cordoned.
    Cordon,
    /// The node has this taint.
    Taint(Taint),
}

impl Cluster {
    /// Does something to the node of the target's oldest pod, or to the node that it is; how many nodes it changed.
    pub(super) fn disturb_node(&mut self, target: Subject, what: &NodeDisruption, cause: Cause) -> u32 {
        let Some(&node) = self.nodes_of(target).first() else { return 0 };
        u32::from(self.operate(node, what, cause))
    }

    fn operate(&mut self, node: NodeId, what: &NodeDisruption, cause: Cause) -> bool {
        match what {
            NodeDisruption::Silent { lasts } => {
                let in_touch = self.kubelet(node).in_touch();
                if in_touch {
                    self.node_silent(node, *lasts, for_how_long(*lasts), cause);
                }
                in_touch
            }
            NodeDisruption::Cordon { lasts } => {
                let cordoned =
                    self.cordon(node, true, lasts.map_or(Why::NONE, |lasts| for_how_long(Some(lasts))), cause);
                if cordoned {
                    self.pass(node, Passing::Cordon, *lasts);
                }
                cordoned
            }
            NodeDisruption::Uncordon => self.cordon(node, false, Why::NONE, cause),
            NodeDisruption::Taint { taint, lasts } => {
                let tainted = self.taint(node, taint, cause);
                if tainted {
                    self.pass(node, Passing::Taint(taint.clone()), *lasts);
                }
                tainted
            }
            NodeDisruption::Untaint { key } => self.untaint(node, |taint| taint.key == *key, cause),
            NodeDisruption::Drain(drain) => self.drain(node, *drain, cause),
            NodeDisruption::Shutdown { grace_period, critical, lasts } => {
                self.shut_down(node, [*grace_period, *critical], *lasts, cause)
            }
            NodeDisruption::Reclaim { notice, drains } => self.reclaim(node, *notice, *drains, cause),
        }
    }

    /// Sets a taint; one with the same key and effect is replaced. `false`: it was there already.
    fn taint(&mut self, node: NodeId, taint: &Taint, cause: Cause) -> bool {
        let mut taints = self.nodes.get(node).taints.to_vec();
        if taints.contains(taint) {
            return false;
        }
        taints.retain(|one| (&one.key, one.effect) != (&taint.key, taint.effect));
        taints.push(taint.clone());
        let text = self.taint_text(taint);
        let cause = self.note_node(node, "Tainted", Why::symbol(text), cause);
        self.set_taints(node, taints, cause);
        true
    }

    /// Takes taints off; `false`: there was none.
    fn untaint(&mut self, node: NodeId, goes: impl Fn(&Taint) -> bool, cause: Cause) -> bool {
        let mut taints = self.nodes.get(node).taints.to_vec();
        let Some(first) = taints.iter().find(|taint| goes(taint)).cloned() else { return false };
        taints.retain(|taint| !goes(taint));
        let text = self.taint_text(&first);
        let cause = self.note_node(node, "Untainted", Why::symbol(text), cause);
        self.set_taints(node, taints, cause);
        true
    }

    fn taint_text(&mut self, taint: &Taint) -> Symbol {
        let Taint { key, value, effect } = taint;
        let text = if value.is_empty() { format!("{key}:{effect:?}") } else { format!("{key}={value}:{effect:?}") };
        self.names.intern(&text)
    }

    /// Has something end by itself.
    fn pass(&mut self, node: NodeId, what: Passing, lasts: Option<Duration>) {
        if let Some(lasts) = lasts {
            let at = self.queue.now() + lasts;
            let index = self.passing.len() as u32;
            self.passing.push((node, what));
            self.schedule(at, Class::FAULT, Event::Passed(index));
        }
    }

    /// Handles [`Event::Passed`].
    pub(super) fn on_passed(&mut self, index: u32) {
        let (node, what) = self.passing[index as usize].clone();
        let Some(cause) = self.node_cause(node).filter(|_| self.nodes.get(node).joined) else { return };
        match what {
            Passing::Cordon => self.cordon(node, false, Why::NONE, cause),
            Passing::Taint(taint) => self.untaint(node, |one| *one == taint, cause),
        };
    }

    /// The provider tells that it takes the node back, and does so after the notice. A handler of notices may drain it.
    fn reclaim(&mut self, node: NodeId, notice: Duration, drains: bool, cause: Cause) -> bool {
        let why = Why::with("its provider takes it back in {}", Arg::Length(notice));
        let cause = self.note_node(node, "Reclaimed", why, cause);
        if drains {
            self.drain(node, Drain { force: true, deletes_empty_dirs: true, ..Drain::default() }, cause);
        }
        let at = self.queue.now() + notice;
        self.schedule(at, Class::FAULT, Event::Reclaimed(node));
        true
    }

    /// Handles [`Event::Reclaimed`]: the machine is gone, and the cloud controller deletes the node when it finds out.
    pub(super) fn on_reclaimed(&mut self, node: NodeId) {
        let Some(cause) = self.node_cause(node).filter(|_| self.nodes.get(node).joined) else { return };
        self.kubelet_mut(node).reclaimed = true;
        if self.kubelet(node).down {
            self.plan_cloud_check(node);
        } else {
            self.node_down(node, None, Why::text("its provider took it back"), cause);
        }
    }

    /// The cloud controller asks the provider for nodes that are not ready, at its own ticks, and deletes those that are
    /// no more: k8s.io/cloud-provider v0.36.3, controllers/nodelifecycle/node_lifecycle_controller.go (MonitorNodes).
    pub(super) fn plan_cloud_check(&mut self, node: NodeId) {
        if self.kubelet(node).reclaimed && self.kubelet(node).condition != ReadyCondition::True {
            let tick = self.profile.node_monitor_period;
            let at = (self.queue.now() + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick);
            self.schedule(at, Class::BUILT_IN, Event::CloudCheck(node));
        }
    }

    /// Handles [`Event::CloudCheck`].
    pub(super) fn on_cloud_check(&mut self, node: NodeId) {
        if let Some(cause) = self.node_cause(node) {
            self.remove_node(node, cause);
        }
    }
}

/// How long something lasts, in words.
pub(super) const fn for_how_long(lasts: Option<Duration>) -> Why {
    match lasts {
        Some(lasts) => Why::with("for {}", Arg::Length(lasts)),
        None => Why::text("for good"),
    }
}
