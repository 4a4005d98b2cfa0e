//! A pod whose claims wait for it: the scheduler keeps room for it on its node, has the claims bound for that node, and binds
//! the pod once they are. Source: k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/volumebinding
//! (volume_binding.go, PreBind and Unreserve; binder.go, BindPodVolumes and checkBindings).
//!
//! Looks that must find the claims unbound are not events. A pod that has its room is no victim of others meanwhile.

use super::super::{Class, Cluster, Event, NodeId, PodId, Why};
use super::ClusterEvent;
use crate::kernel::Time;

/// A pod that was placed and not bound yet.
#[derive(Clone, Copy, Debug)]
pub struct Assumed {
    node: NodeId,
    since: Time,
    /// The GPUs that are kept for it.
    devices: u64,
}

impl Cluster {
    /// The scheduler has found a node: the pod is bound to it at once, or when its claims are.
    pub(in crate::cluster) fn place_pod(&mut self, id: PodId, node: NodeId) {
        if self.claims_are_bound(id) {
            return self.bind_pod(id, node);
        }
        let set = self.set(self.pod(id).set);
        let (template, spread) = (set.template, set.spread);
        self.nodes.bind(&self.templates, node, template, spread);
        let devices = self.nodes.take_devices(&self.templates, node, template).unwrap_or(0);
        let since = self.queue.now();
        self.volumes.assumed.insert(id, Assumed { node, since, devices });
        self.schedule(since + self.profile.volume_bind_timeout, Class::SCHEDULE, Event::PreBind(id));
        self.claims_get_node(id, node);
        self.plan_pre_bind(id);
    }

    /// The pods that have their room and wait for their claims.
    pub(in crate::cluster) fn assumed_pods(&self) -> Vec<PodId> {
        self.volumes.assumed.keys().copied().collect()
    }

    /// True while a pod has its room and waits for its claims.
    pub(in crate::cluster) fn is_assumed(&self, id: PodId) -> bool {
        self.volumes.assumed.contains_key(&id)
    }

    fn claims_are_bound(&self, id: PodId) -> bool {
        let mut claims = self.volumes.of_pod.get(&id).into_iter().flatten();
        claims.all(|key| self.volumes.find(*key).is_some_and(|claim| self.volumes.claim(claim).volume.is_some()))
    }

    /// The claims of some pods may be bound now: the next look of the scheduler at these finds it.
    pub(super) fn plan_pre_binds(&mut self) {
        for id in self.volumes.assumed.keys().copied().collect::<Vec<_>>() {
            self.plan_pre_bind(id);
        }
    }

    fn plan_pre_bind(&mut self, id: PodId) {
        let Some(assumed) = self.volumes.assumed.get(&id) else { return };
        if self.claims_are_bound(id) {
            let poll = self.profile.volume_bind_poll;
            let at = self.queue.now().max(assumed.since + poll).ceil_to(assumed.since, poll);
            self.schedule(at, Class::SCHEDULE, Event::PreBind(id));
        }
    }

    /// Handles [`Event::PreBind`].
    pub(in crate::cluster) fn on_pre_bind(&mut self, id: PodId) {
        let Some(assumed) = self.volumes.assumed.get(&id).copied() else { return };
        let now = self.queue.now();
        let is_poll = now > assumed.since && now.ceil_to(assumed.since, self.profile.volume_bind_poll) == now;
        let is_late = now >= assumed.since + self.profile.volume_bind_timeout;
        let bound = self.claims_are_bound(id);
        if !is_poll || !(bound || is_late) {
            return;
        }
        let event = self.forget_assumed(id);
        if bound && self.nodes.get(assumed.node).joined {
            return self.bind_pod(id, assumed.node);
        }
        let why = match bound {
            true => Why::text("binding volumes: failed to get its node: not found"),
            false => Why::text("binding volumes: context deadline exceeded"),
        };
        let cause = self.pod_cause(id);
        let cause = self.note_pod(id, "Unschedulable", why, cause);
        self.touch_pod(id, cause);
        if let Some(event) = event {
            self.tell_scheduler(event);
        }
        self.wait_for_node(id, cause);
    }

    /// Gives back the room that was kept for a pod (`Unreserve`).
    pub(in crate::cluster) fn forget_assumed(&mut self, id: PodId) -> Option<ClusterEvent> {
        let assumed = self.volumes.assumed.remove(&id)?;
        let set = self.set(self.pod(id).set);
        let (template, spread) = (set.template, set.spread);
        let event = self.nodes.release(&self.templates, assumed.node, template, spread, false);
        self.nodes.give_back(assumed.node, assumed.devices);
        Some(event)
    }
}
