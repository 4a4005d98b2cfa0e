//! Taints of nodes, and the pods that a NoExecute taint evicts: at once, after the time that they tolerate it, or never.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/tainteviction/taint_eviction.go; the tolerations that every pod has
//! come from plugin/pkg/admission/defaulttolerationseconds/admission.go.

use std::collections::BTreeMap;

use super::{Arg, Cause, Class, Cluster, Event, NodeId, PodId, Why};
use crate::kernel::{Duration, EventId, Time};
use crate::workload::{Process, Taint, TaintEffect, Toleration};

/// The taint of a node that has not been heard of.
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
/// The taint of a node whose kubelet says that it is not ready.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// The taint of a cordoned node.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// The taint of a node that an operator knows to be switched off for good.
pub const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Evictions that are planned: since when, the event, and why.
pub type Evictions = BTreeMap<PodId, (Time, EventId, Cause)>;

/// How long a pod stays on a node with NoExecute taints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stay {
    /// It does not tolerate the one at this position.
    Not(usize),
    /// The least time that it tolerates one of them.
    For(Duration),
    /// It tolerates them all for ever.
    Forever,
}

/// A taint that keeps new pods away.
pub fn no_schedule(key: &str) -> Taint {
    Taint { key: key.to_owned(), value: String::new(), effect: TaintEffect::NoSchedule }
}

/// A taint that evicts.
pub fn no_execute(key: &str) -> Taint {
    Taint { effect: TaintEffect::NoExecute, ..no_schedule(key) }
}

/// How long a pod with these tolerations stays (`GetMatchingTolerations`, `getMinTolerationTime`). A pod that says
/// nothing of lost nodes tolerates both of their taints for `default`.
fn stay(taints: &[Taint], tolerations: &[Toleration], default: Duration) -> Stay {
    let mut least: Option<Duration> = None;
    let evicting = taints.iter().enumerate().filter(|(_, taint)| taint.effect == TaintEffect::NoExecute);
    for (at, taint) in evicting {
        let seconds = match tolerations.iter().find(|one| one.tolerates(taint)) {
            Some(toleration) => toleration.seconds.map(Duration::from_secs),
            // A toleration of the key with another value stops admission from adding its own.
            None if by_default(taint) && !tolerations.iter().any(|one| names(one, &taint.key)) => Some(default),
            None => return Stay::Not(at),
        };
        if let Some(seconds) = seconds {
            least = Some(least.map_or(seconds, |least| least.min(seconds)));
        }
    }
    least.map_or(Stay::Forever, Stay::For)
}

fn by_default(taint: &Taint) -> bool {
    [NOT_READY, UNREACHABLE].contains(&taint.key.as_str()) && taint.value.is_empty()
}

fn names(toleration: &Toleration, key: &str) -> bool {
    toleration.key.as_ref().is_none_or(|own| own == key)
        && toleration.effect.is_none_or(|effect| effect == TaintEffect::NoExecute)
}

impl Cluster {
    /// Makes the taints of a node these; its pods are evicted as they follow.
    pub(super) fn set_taints(&mut self, id: NodeId, taints: Vec<Taint>, cause: Cause) {
        let evicting = |taints: &[Taint]| -> Vec<Taint> {
            taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute).cloned().collect()
        };
        let (were, are) = (evicting(&self.nodes.get(id).taints), evicting(&taints));
        let event = self.nodes.set_taints(id, taints);
        self.tell_scheduler(event);
        if were != are {
            for pod in self.kubelet(id).pods.clone() {
                self.evict_by_taints(pod, id, &are, cause);
            }
        }
        self.plan_pod_gc_of(id);
        if self.is_out_of_service(id) {
            self.detach_unused(id);
        }
    }

    /// A pod was bound to a node whose taints may evict it.
    pub(super) fn bound_to_tainted(&mut self, pod: PodId, node: NodeId) {
        let taints = &self.nodes.get(node).taints;
        if taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute)
            && let (taints, Some(cause)) = (taints.clone(), self.node_cause(node))
        {
            self.evict_by_taints(pod, node, &taints, cause);
        }
    }

    /// Evicts a pod, plans its eviction, or calls a planned one off (`processPodOnNode`).
    fn evict_by_taints(&mut self, id: PodId, node: NodeId, taints: &[Taint], cause: Cause) {
        if self.is_away(Process::ControllerManager) {
            return;
        }
        let tolerations = &self.set(self.pod(id).set).source.tolerations;
        let now = self.queue.now();
        match stay(taints, tolerations, self.profile.unreachable_toleration) {
            Stay::Not(at) => {
                self.call_off_eviction(id);
                self.evict_tainted(id, node, &taints[at].key, cause);
            }
            Stay::Forever => self.call_off_eviction(id),
            Stay::For(length) => {
                // A planned eviction keeps the time at which it was planned first.
                if self.evictions.get(&id).is_some_and(|(planned, ..)| *planned < now) {
                    return;
                }
                self.call_off_eviction(id);
                let event = self.schedule(now + length, Class::COMPLETION, Event::Evict(id, node));
                self.evictions.insert(id, (now, event, cause));
            }
        }
    }

    /// A controller that has just started sees a pod on its node: what the pod tolerates for a while it tolerates from now on.
    pub(super) fn tolerate_anew(&mut self, id: PodId, node: NodeId, cause: Cause) {
        self.call_off_eviction(id);
        let taints = &self.nodes.get(node).taints;
        let taints: Vec<Taint> =
            taints.iter().filter(|taint| taint.effect == TaintEffect::NoExecute).cloned().collect();
        self.evict_by_taints(id, node, &taints, cause);
    }

    /// Calls off the planned eviction of a pod, if there is one.
    pub(super) fn call_off_eviction(&mut self, id: PodId) {
        if let Some((_, event, _)) = self.evictions.remove(&id) {
            self.queue.cancel(event);
        }
    }

    /// Handles [`Event::Evict`].
    pub(super) fn on_evict(&mut self, id: PodId, node: NodeId) {
        let planned = self.evictions.remove(&id);
        let taint = self.nodes.get(node).taints.iter().find(|taint| taint.effect == TaintEffect::NoExecute);
        if let (Some((.., cause)), Some(key)) = (planned, taint.map(|taint| taint.key.clone())) {
            self.evict_tainted(id, node, &key, cause);
        }
    }

    /// Deletes a pod because of its node's taints. A budget does not protect it.
    fn evict_tainted(&mut self, id: PodId, node: NodeId, key: &str, cause: Cause) {
        if self.pod(id).gone || self.pod(id).terminating {
            return;
        }
        let why = match key {
            UNREACHABLE => Why::with("evicted from unreachable {}", self.node_arg(node)),
            key => {
                let key = self.names.intern(key);
                Why::with2("evicted from {}: taint {}", self.node_arg(node), Arg::Text(key))
            }
        };
        self.mark_disrupted(id);
        self.delete_pod(id, why, cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toleration(key: Option<&str>, seconds: Option<u64>) -> Toleration {
        Toleration { key: key.map(str::to_owned), value: None, effect: None, seconds }
    }

    #[test]
    fn the_shortest_toleration_counts_and_one_that_is_missing_evicts_at_once() {
        let five = Duration::from_secs(300);
        let lost = [no_execute(UNREACHABLE)];
        assert_eq!(stay(&lost, &[], five), Stay::For(five));
        assert_eq!(stay(&lost, &[toleration(None, None)], five), Stay::Forever);
        assert_eq!(stay(&[no_execute("mine"), no_execute(UNREACHABLE)], &[], five), Stay::Not(0));
        let both = [toleration(Some("mine"), Some(20)), toleration(Some(UNREACHABLE), Some(60))];
        let taints = [no_execute("mine"), no_execute(UNREACHABLE)];
        assert_eq!(stay(&taints, &both, five), Stay::For(Duration::from_secs(20)));
        // A NoSchedule taint evicts nobody.
        assert_eq!(stay(&[no_schedule("mine")], &[], five), Stay::Forever);
    }
}
