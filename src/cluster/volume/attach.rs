//! How volumes get to nodes and away from them: attached before a pod can start, detached once no pod there uses them, and by
//! force from nodes that do not answer. Source: k8s.io/kubernetes v1.36.3,
//! pkg/controller/volume/attachdetach/reconciler/reconciler.go.

use super::super::lifecycle::ReadyCondition;
use super::super::{Cause, Class, Cluster, Event, NodeId, PodId, Subject, VolumeId, Why};
use crate::kernel::{Duration, Time};

/// Where a volume stands with a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attachment {
    node: NodeId,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Attaching,
    Attached,
    Detaching,
}

impl Cluster {
    /// True if the volumes of a pod are on its node; if not, it is on the way, or the pod is told why not.
    pub(in crate::cluster) fn volumes_are_there(&mut self, id: PodId, cause: Cause) -> bool {
        let Some(claims) = self.volumes.of_pod.get(&id).cloned() else { return true };
        let Some(node) = self.pod(id).node else { return false };
        let mut missing = None;
        for key in claims {
            if let Err(why) = self.attach_claim(key, node) {
                missing = missing.or(Some(why));
            }
        }
        let Some((became, why)) = missing else {
            self.volumes.waiting.remove(&id);
            return true;
        };
        if self.volumes.waiting.insert(id, why) != Some(why) {
            self.pod_record_mut(id).reason = became;
            let cause = self.note_pod(id, became, why, cause);
            self.touch_pod(id, cause);
        }
        false
    }

    /// Sees to it that a claim's volume comes to a node; what is told of it until it is there.
    fn attach_claim(&mut self, key: Subject, node: NodeId) -> Result<(), (&'static str, Why)> {
        let Some(claim) = self.volumes.find(key) else {
            return Err(("FailedMount", Why::with("{} not found", super::Arg::Subject(key))));
        };
        let Some(volume) = self.volumes.claim(claim).volume else {
            return Err(("WaitsForVolume", Cluster::unbound_words(key)));
        };
        if !self.volumes.volume(volume).spec.attaches {
            return Ok(());
        }
        let name = self.volume_arg(volume);
        let here = self.volumes.volume(volume).attached.iter().find(|one| one.node == node).map(|one| one.state);
        let elsewhere = self.volumes.volume(volume).attached.iter().find(|one| one.node != node).map(|one| one.node);
        match here {
            Some(State::Attached) => return Ok(()),
            Some(State::Attaching | State::Detaching) => {}
            None if elsewhere.is_some_and(|_| !self.is_shared(volume)) => {
                let other = elsewhere.map_or(super::Arg::None, |other| self.node_arg(other));
                let why = Why::with2("Multi-Attach error for {}: it is attached to {}", name, other);
                return Err(("FailedAttachVolume", why));
            }
            None => {
                self.volumes.volume_mut(volume).attached.push(Attachment { node, state: State::Attaching });
                let at = self.queue.now() + self.profile.volume_attach;
                self.schedule(at, Class::COMPLETION, Event::VolumeAttached(volume, node));
            }
        }
        Err(("WaitsForVolume", Why::with("{} is being attached", name)))
    }

    /// Handles [`Event::VolumeAttached`].
    pub(in crate::cluster) fn on_volume_attached(&mut self, volume: VolumeId, node: NodeId) {
        let found = self.volumes.volume_mut(volume).attached.iter_mut().find(|one| one.node == node);
        if let Some(one) = found.filter(|one| one.state == State::Attaching) {
            one.state = State::Attached;
        }
        let (key, cause) = (self.volumes.volume(volume).key, Cause::Entry(self.volumes.volume(volume).last));
        let last = self.note(key, "Attached", Why::with("to {}", self.node_arg(node)), cause);
        self.volumes.volume_mut(volume).last = last;
        if self.is_unused_on(volume, node) {
            self.detach(volume, node);
        }
        self.retry_mounts();
    }

    /// Pods that wait for volumes on their nodes look again.
    pub(super) fn retry_mounts(&mut self) {
        for id in self.waiting_for_volumes() {
            self.on_mount(id);
        }
    }

    /// A pod on this node uses these claims no more.
    pub(super) fn unmount(&mut self, claims: &[Subject], node: NodeId) {
        for key in claims {
            let volume = self.volumes.find(*key).and_then(|claim| self.volumes.claim(claim).volume);
            if let Some(volume) = volume.filter(|volume| self.is_unused_on(*volume, node)) {
                self.detach(volume, node);
            }
        }
    }

    /// A node uses a volume no more: the reconciler sees it at its next look.
    fn detach(&mut self, volume: VolumeId, node: NodeId) {
        if self.is_attached(volume, node) {
            let next = self.queue.now() + Duration::from_nanos(1);
            let at = next.ceil_to(Time::ZERO, self.profile.attach_sync);
            self.schedule(at, Class::BUILT_IN, Event::Detach(volume, node));
        }
    }

    fn is_attached(&self, volume: VolumeId, node: NodeId) -> bool {
        let attached = &self.volumes.volume(volume).attached;
        attached.iter().any(|one| one.node == node && one.state == State::Attached)
    }

    /// Handles [`Event::Detach`]: a volume leaves a node unless a pod of its claim is there again, once the node can have
    /// unmounted it. A node that does not answer has time for that, unless it is out of service (`reconcile`).
    pub(in crate::cluster) fn on_detach(&mut self, volume: VolumeId, node: NodeId) {
        if !self.is_attached(volume, node) || !self.is_unused_on(volume, node) {
            return;
        }
        let unmounted = self.kubelet(node).in_touch() || !self.nodes.get(node).joined;
        if unmounted || self.is_out_of_service(node) {
            self.begin_detach(volume, node);
        } else {
            let at = self.queue.now() + self.profile.unmount_wait;
            self.schedule(at, Class::BUILT_IN, Event::DetachOverdue(volume, node));
        }
    }

    fn begin_detach(&mut self, volume: VolumeId, node: NodeId) {
        let found = self.volumes.volume_mut(volume).attached.iter_mut().find(|one| one.node == node);
        if let Some(one) = found.filter(|one| one.state == State::Attached) {
            one.state = State::Detaching;
            let at = self.queue.now() + self.profile.volume_detach;
            self.schedule(at, Class::COMPLETION, Event::VolumeDetached(volume, node));
        }
    }

    /// Handles [`Event::DetachOverdue`]: by force, if the node is not healthy and still unused.
    pub(in crate::cluster) fn on_detach_overdue(&mut self, volume: VolumeId, node: NodeId) {
        let healthy = self.kubelet(node).condition == ReadyCondition::True && self.nodes.get(node).joined;
        if self.is_unused_on(volume, node) && (!healthy || self.kubelet(node).in_touch()) {
            self.begin_detach(volume, node);
        }
    }

    /// Handles [`Event::VolumeDetached`].
    pub(in crate::cluster) fn on_volume_detached(&mut self, volume: VolumeId, node: NodeId) {
        self.volumes.volume_mut(volume).attached.retain(|one| one.node != node);
        if self.volumes.volume(volume).gone {
            return;
        }
        let (key, cause) = (self.volumes.volume(volume).key, Cause::Entry(self.volumes.volume(volume).last));
        let last = self.note(key, "Detached", Why::with("from {}", self.node_arg(node)), cause);
        self.volumes.volume_mut(volume).last = last;
        self.retry_mounts();
    }

    /// A node answers again, or is out of service: volumes that it uses no more are detached.
    pub(in crate::cluster) fn detach_unused(&mut self, node: NodeId) {
        for volume in (0..self.volumes.volumes.len() as u32).map(VolumeId) {
            let there = self.volumes.volume(volume).attached.iter().any(|one| one.node == node);
            if there && self.is_unused_on(volume, node) {
                self.detach(volume, node);
            }
        }
    }
}
