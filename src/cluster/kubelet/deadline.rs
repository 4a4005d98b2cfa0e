//! How long a pod may be active on its node: once that is over its kubelet stops it, and it has failed.
//! Source: k8s.io/kubernetes v1.36.3, pkg/kubelet/active_deadline.go (pastActiveDeadline, ShouldEvict).

use super::super::{Cause, Class, Cluster, Event, PodId, Why};

impl Cluster {
    /// A kubelet has taken a pod on: the time that it may be active begins.
    pub(super) fn begin_deadline(&mut self, id: PodId) {
        if let Some(deadline) = self.set(self.pod(id).set).source.active_deadline {
            let at = self.pod_record(id).admitted_at + deadline;
            self.schedule(at, Class::COMPLETION, Event::PodDeadline(id));
        }
    }

    /// Handles [`Event::PodDeadline`]: the containers stop, within the grace period. A kubelet that is down does it when it is
    /// back.
    pub(in crate::cluster) fn on_pod_deadline(&mut self, id: PodId) {
        let Some(node) = self.pod(id).node.filter(|_| self.pod(id).is_active()) else { return };
        if !self.kubelet(node).in_touch() || !self.overdue.insert(id) {
            return;
        }
        let cause = self.pod_cause(id);
        self.drop_pulls(node, Some(&[id]));
        self.stop_containers(id, cause);
        self.end_overdue(id, cause);
    }

    /// A kubelet hears of the API again: `true` if the pod was active for too long meanwhile.
    pub(super) fn overran(&mut self, id: PodId) -> bool {
        let deadline = self.set(self.pod(id).set).source.active_deadline;
        let over = deadline.is_some_and(|deadline| self.pod_record(id).admitted_at + deadline <= self.queue.now());
        if over {
            self.on_pod_deadline(id);
        }
        over
    }

    /// True once a pod was told to stop because it was active for too long.
    pub(super) fn is_overdue(&self, id: PodId) -> bool {
        !self.overdue.is_empty() && self.overdue.contains(&id)
    }

    /// The pod has failed once all of its containers have ended.
    pub(super) fn end_overdue(&mut self, id: PodId, cause: Cause) {
        if !self.is_any_up(id) {
            self.overdue.remove(&id);
            self.pod_record_mut(id).reason = "DeadlineExceeded";
            let why = Why::text("DeadlineExceeded: it was active on its node longer than activeDeadlineSeconds");
            self.finish_pod(id, false, why, cause);
        }
    }
}
