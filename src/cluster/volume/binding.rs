//! How a claim gets its volume: one that fits and is free, or one that is made for it, at once or for the node of its first
//! pod. Sources: k8s.io/kubernetes v1.36.3, pkg/controller/volume/persistentvolume/pv_controller.go;
//! k8s.io/component-helpers v0.36.3, storage/volume/pv_helpers.go (FindMatchingVolume).

use std::collections::BTreeMap;

use super::super::node::ZONE_LABEL;
use super::super::{Arg, Cause, ClaimId, Class, Cluster, Event, NodeId, PodId, VolumeId, Why};
use super::Volume;
use crate::kernel::{Duration, Time};
use crate::timeline::{Kind, Subject};
use crate::workload::storage::{ClaimSpec, StorageClassSpec, VolumeSpec};
use crate::workload::{NodeRequirement, NodeTerm, Operator};

/// The provisioner that makes no volumes.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

impl Cluster {
    /// The class of a claim, if there is one: its own, or the default one.
    fn claim_class(&self, spec: &ClaimSpec) -> Option<(String, Option<StorageClassSpec>)> {
        let class = self.volumes.class_of(spec, |key| self.names.show(key.name));
        class.map(|(name, spec)| (name, spec.cloned()))
    }

    /// True for a claim that waits for its first pod.
    pub(super) fn waits_for_consumer(&self, id: ClaimId) -> bool {
        let class = self.claim_class(&self.volumes.claim(id).spec);
        class.and_then(|(_, class)| class).is_some_and(|class| class.waits_for_consumer)
    }

    /// Binds a claim to a volume that fits, or has one made, unless it waits for its first pod.
    pub(super) fn bind_claim(&mut self, id: ClaimId) {
        let claim = self.volumes.claim(id);
        if claim.volume.is_some() || claim.gone || claim.provisioning {
            return;
        }
        if self.waits_for_consumer(id) {
            let reserved = self.fitting_volume(id, None);
            if let Some(volume) = reserved.filter(|volume| self.is_kept_for(*volume, id)) {
                self.bind(id, volume);
            }
            return;
        }
        match self.fitting_volume(id, None) {
            Some(volume) => self.bind(id, volume),
            None => {
                self.provision(id, None);
                self.tell_why_unbound(id);
            }
        }
    }

    /// Tells once why nobody makes a volume for a claim (`syncUnboundClaim`, `provisionClaim`).
    fn tell_why_unbound(&mut self, id: ClaimId) {
        let claim = self.volumes.claim(id);
        if claim.provisioning || claim.told || claim.spec.volume.is_some() {
            return;
        }
        let (key, cause) = (claim.key, Cause::Entry(claim.last));
        let (became, why) = match self.claim_class(&claim.spec) {
            Some((name, None)) if !name.is_empty() => {
                let name = Arg::Text(self.names.intern(&name));
                ("ProvisioningFailed", Why::with("storageclass.storage.k8s.io \"{}\" not found", name))
            }
            Some((_, Some(_))) => return,
            _ => {
                let text = "no persistent volumes available for this claim and no storage class is set";
                ("FailedBinding", Why::text(text))
            }
        };
        let last = self.note(key, became, why, cause);
        let claim = self.volumes.claim_mut(id);
        (claim.told, claim.last) = (true, last);
    }

    /// A pod with claims gets a node: claims that waited for it get volumes that the node reaches.
    pub(in crate::cluster) fn claims_get_node(&mut self, pod: PodId, node: NodeId) {
        for key in self.volumes.of_pod.get(&pod).cloned().unwrap_or_default() {
            let Some(id) = self.volumes.find(key) else { continue };
            let claim = self.volumes.claim(id);
            if claim.volume.is_none() && !claim.provisioning {
                match self.fitting_volume(id, Some(node)) {
                    Some(volume) => self.bind(id, volume),
                    None => self.provision(id, Some(node)),
                }
            }
        }
    }

    /// True if a volume is kept for a claim by the volume's own spec.
    fn is_kept_for(&self, volume: VolumeId, claim: ClaimId) -> bool {
        let key = self.volumes.claim(claim).key;
        let own = (self.namespace_text(key), self.names.show(key.name));
        self.volumes.volume(volume).spec.claim.as_ref() == Some(&own)
    }

    fn namespace_text(&self, key: Subject) -> String {
        let namespace = self.names.text(key.namespace);
        if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() }
    }

    /// The volume for a claim: the one that is kept for it, else the smallest of those that are large enough.
    pub(super) fn fitting_volume(&self, id: ClaimId, node: Option<NodeId>) -> Option<VolumeId> {
        let spec = &self.volumes.claim(id).spec;
        let class = self.claim_class(spec).map(|(name, _)| name).unwrap_or_default();
        let free = |volume: &Volume| volume.claim.is_none() && !volume.released && !volume.gone;
        let fits = |volume: &Volume, kept: bool| {
            let offer = &volume.spec;
            let named = spec.volume.as_ref().is_none_or(|name| self.names.show(volume.key.name) == *name);
            named
                && offer.size_bytes >= spec.size_bytes
                && (kept || offer.class == class)
                && spec.access.iter().all(|mode| offer.access.contains(mode))
                && spec.selector.matches(&offer.labels)
                && node.is_none_or(|node| self.reaches(offer, node))
        };
        let ids = (0..self.volumes.volumes.len() as u32).map(VolumeId);
        let mut best: Option<(u64, VolumeId)> = None;
        for volume_id in ids {
            let volume = self.volumes.volume(volume_id);
            let kept = self.is_kept_for(volume_id, id);
            if !free(volume) || !fits(volume, kept) || (volume.spec.claim.is_some() && !kept) {
                continue;
            }
            if kept {
                return Some(volume_id);
            }
            if best.is_none_or(|(size, _)| volume.spec.size_bytes < size) {
                best = Some((volume.spec.size_bytes, volume_id));
            }
        }
        best.map(|(_, volume)| volume)
    }

    /// True if a volume can be used on a node.
    pub(super) fn reaches(&self, volume: &VolumeSpec, node: NodeId) -> bool {
        let labels = &self.nodes.get(node).labels;
        volume.nodes.is_empty() || volume.nodes.iter().any(|term| term.matches(labels))
    }

    /// True if a volume for a claim can be made for a node.
    pub(super) fn can_provision(&self, id: ClaimId, node: Option<NodeId>) -> bool {
        let Some((_, Some(class))) = self.claim_class(&self.volumes.claim(id).spec) else { return false };
        let allowed = |node| {
            let labels = &self.nodes.get(node).labels;
            class.topologies.is_empty() || class.topologies.iter().any(|term| term.matches(labels))
        };
        class.provisioner != NO_PROVISIONER && !class.provisioner.is_empty() && node.is_none_or(allowed)
    }

    fn bind(&mut self, id: ClaimId, volume: VolumeId) {
        let key = self.volumes.claim(id).key;
        let cause = Cause::Entry(self.volumes.claim(id).last);
        self.volumes.volume_mut(volume).claim = Some(id);
        let entry = self.note(key, "Bound", Why::with("to {}", self.volume_arg(volume)), cause);
        let claim = self.volumes.claim_mut(id);
        claim.volume = Some(volume);
        claim.provisioning = false;
        claim.last = entry;
        self.volumes_changed();
        self.plan_pre_binds();
        self.retry_mounts();
        self.touch_object(key, Cause::Entry(entry));
    }

    /// Has a volume made for a claim, for a node if it waited for one.
    fn provision(&mut self, id: ClaimId, node: Option<NodeId>) {
        if !self.can_provision(id, node) {
            return;
        }
        let claim = self.volumes.claim_mut(id);
        claim.provisioning = true;
        claim.selected = node;
        let (key, cause) = (claim.key, Cause::Entry(claim.last));
        let why = node.map_or(Why::NONE, |node| Why::with("for {}", self.node_arg(node)));
        let last = self.note(key, "Provisioning", why, cause);
        self.volumes.claim_mut(id).last = last;
        let at = self.queue.now() + self.profile.volume_provision;
        self.schedule(at, Class::COMPLETION, Event::VolumeProvisioned(id));
    }

    /// Handles [`Event::VolumeProvisioned`].
    pub(in crate::cluster) fn on_volume_provisioned(&mut self, id: ClaimId) {
        let claim = self.volumes.claim(id);
        if claim.gone || !claim.provisioning {
            return;
        }
        let (key, spec, cause) = (claim.key, claim.spec.clone(), Cause::Entry(claim.last));
        let Some((class, Some(from))) = self.claim_class(&spec) else { return };
        let zone = match claim.selected {
            Some(node) => self.nodes.get(node).labels.get(ZONE_LABEL).cloned(),
            None => self.drawn_zone(key, &from),
        };
        let name = format!("pvc-{}-{}", self.namespace_text(key), self.names.show(key.name));
        let volume = VolumeSpec {
            class,
            access: spec.access,
            size_bytes: spec.size_bytes,
            labels: zone.iter().map(|zone| (ZONE_LABEL.to_owned(), zone.clone())).collect::<BTreeMap<_, _>>(),
            nodes: zone.map(in_zone).into_iter().collect(),
            claim: None,
            deletes: from.deletes,
            attaches: true,
        };
        let name = self.names.name(&name);
        let made = self.create_volume(Subject::new(Kind::PersistentVolume, name), volume, cause);
        self.bind(id, made);
    }

    /// The zone of a volume that is made before anyone knows where its pod will be: one of those that nodes are in and that
    /// the class allows. A provider takes any; here it is drawn by the claim's name.
    fn drawn_zone(&self, key: Subject, class: &StorageClassSpec) -> Option<String> {
        let mut zones: Vec<&String> = Vec::new();
        for (_, node) in self.nodes.in_order() {
            let allowed = class.topologies.is_empty() || class.topologies.iter().any(|term| term.matches(&node.labels));
            if let Some(zone) = node.labels.get(ZONE_LABEL).filter(|zone| allowed && !zones.contains(zone)) {
                zones.push(zone);
            }
        }
        zones.sort_unstable();
        let name = self.names.show(key.name);
        let at = self.streams.stream("volume-zone", &name, 0).below((zones.len() as u64).max(1));
        zones.get(at as usize).map(|zone| (*zone).clone())
    }

    /// Claims without a volume are looked at again at the binder's next round.
    pub(super) fn plan_volume_sync(&mut self) {
        if !std::mem::replace(&mut self.volumes.sync_planned, true) {
            let next = self.queue.now() + Duration::from_nanos(1);
            let at = next.ceil_to(Time::ZERO, self.profile.volume_sync);
            self.schedule(at, Class::BUILT_IN, Event::VolumeSync);
        }
    }

    /// Handles [`Event::VolumeSync`].
    pub(in crate::cluster) fn on_volume_sync(&mut self) {
        self.volumes.sync_planned = false;
        for id in (0..self.volumes.claims.len() as u32).map(ClaimId) {
            self.bind_claim(id);
        }
    }

    /// The words for a claim without a volume.
    pub(super) fn unbound_words(key: Subject) -> Why {
        Why::with("{} is not bound", Arg::Subject(key))
    }
}

/// Nodes of a zone.
fn in_zone(zone: String) -> NodeTerm {
    let requirement = NodeRequirement { key: ZONE_LABEL.to_owned(), operator: Operator::In, values: vec![zone] };
    NodeTerm { requirements: vec![requirement] }
}
