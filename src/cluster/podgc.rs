//! Pods that nobody else takes away: those of nodes that are gone, those that terminate on a node that is out of service,
//! and the oldest of too many that have ended. Source: k8s.io/kubernetes v1.36.3, pkg/controller/podgc/gc_controller.go.
//!
//! The collector's rounds are not events: a round is planned when it would find something.

use std::collections::BTreeSet;

use super::lifecycle::ReadyCondition;
use super::taints::OUT_OF_SERVICE;
use super::{Cause, Class, Cluster, Event, NodeId, PodId, Why};
use crate::kernel::Time;

/// What the collector has to know.
#[derive(Clone, Debug, Default)]
pub struct PodGc {
    /// Pods that have ended and are still there, oldest first. Of pods that were made in the same second the source takes
    /// the names' order, which is random.
    ended: BTreeSet<PodId>,
    round_at: Option<Time>,
}

impl Cluster {
    /// Sets a pod's `DisruptionTarget` condition: somebody else than its owner takes it away.
    pub(super) fn mark_disrupted(&mut self, id: PodId) {
        self.pod_record_mut(id).disrupted = true;
    }

    /// A pod has ended and stays in the API.
    pub(super) fn pod_ended(&mut self, id: PodId) {
        self.room_changed();
        self.pod_gc.ended.insert(id);
        self.pod_discharged(id);
        self.claims_left(id);
        if self.pod_gc.ended.len() > self.profile.terminated_pods_max {
            self.plan_pod_gc();
        }
    }

    /// A pod has left the API.
    pub(super) fn pod_left(&mut self, id: PodId) {
        self.room_changed();
        self.pod_gc.ended.remove(&id);
        self.pod_discharged(id);
        self.claims_left(id);
        if !self.evictions.is_empty() {
            self.call_off_eviction(id);
        }
        if !self.graces.is_empty() {
            self.graces.remove(&id);
        }
        if !self.drains.is_empty() {
            self.drain_goes_on(id);
        }
    }

    /// True for a node that is not ready and that an operator has marked as out of service.
    pub(super) fn is_out_of_service(&self, id: NodeId) -> bool {
        self.kubelet(id).condition != ReadyCondition::True
            && self.nodes.get(id).taints.iter().any(|taint| taint.key == OUT_OF_SERVICE)
    }

    /// The collector may find pods that terminate on this node.
    pub(super) fn plan_pod_gc_of(&mut self, id: NodeId) {
        if self.is_out_of_service(id) {
            self.plan_pod_gc();
        }
    }

    fn plan_pod_gc(&mut self) {
        let now = self.queue.now();
        let at = now.ceil_to(Time::ZERO, self.profile.pod_gc_period);
        if self.pod_gc.round_at.is_none_or(|planned| planned < now) {
            self.pod_gc.round_at = Some(at);
            self.schedule(at, Class::BUILT_IN, Event::PodGc);
        }
    }

    /// Handles [`Event::PodGc`].
    pub(super) fn on_pod_gc(&mut self) {
        self.pod_gc.round_at = None;
        let too_many = self.pod_gc.ended.len().saturating_sub(self.profile.terminated_pods_max);
        for id in self.pod_gc.ended.iter().copied().take(too_many).collect::<Vec<_>>() {
            let cause = self.pod_cause(id);
            self.force_delete_pod(id, Why::text("collected: too many pods have ended"), cause);
        }
        for node in self.zones.attention.clone() {
            let Some(cause) = self.node_cause(node).filter(|_| self.is_out_of_service(node)) else { continue };
            for id in self.kubelet(node).pods.clone() {
                if self.pod(id).terminating {
                    self.force_delete_pod(id, Why::text("its node is out of service"), cause);
                }
            }
        }
    }

    /// Handles [`Event::Orphans`]: the node has been gone for long enough.
    pub(super) fn on_orphans(&mut self, id: NodeId) {
        let Some(cause) = self.node_cause(id) else { return };
        for pod in self.kubelet(id).pods.clone() {
            self.mark_disrupted(pod);
            self.force_delete_pod(pod, Why::text("its node is gone"), cause);
        }
    }

    /// A pod names a node that is not there: it is collected as the pods of a node that is gone (`gcOrphaned`).
    pub(super) fn plan_nodeless(&mut self, id: PodId) {
        let waits = self.queue.now() + self.profile.pod_gc_quarantine;
        let at = waits.ceil_to(Time::ZERO, self.profile.pod_gc_period);
        self.schedule(at, Class::COMPLETION, Event::NodelessPod(id));
    }

    /// Handles [`Event::NodelessPod`].
    pub(super) fn on_nodeless_pod(&mut self, id: PodId) {
        if self.pod(id).node.is_none() && !self.pod(id).gone {
            let cause = self.pod_cause(id);
            self.mark_disrupted(id);
            self.force_delete_pod(id, Why::text("its node is gone"), cause);
        }
    }

    /// Takes a pod out of the API without waiting for its kubelet (`markFailedAndDeletePodWithCondition`): one that has
    /// not ended counts as failed.
    fn force_delete_pod(&mut self, id: PodId, why: Why, cause: Cause) {
        if self.pod(id).is_active() {
            self.finish_pod(id, false, why, cause);
        }
        self.delete_pod(id, why, cause);
        self.pod_gone(id, cause);
    }
}
