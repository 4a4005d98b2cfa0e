//! PersistentVolumeClaims, PersistentVolumes and StorageClasses: what there is and who has it. How claims get their volumes
//! is in `binding`, how volumes get to nodes in `attach`, what the scheduler asks in `filter`.

mod attach;
mod binding;
mod filter;
mod prebind;

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::apply::ObjectId;
use super::pod::Owner;
use super::scheduler::ClusterEvent;
use super::{Arg, Cause, ClaimId, Cluster, NodeId, PodId, Subject, Symbol, VolumeId, Why};
use crate::timeline::{EntryId, Kind};
use crate::workload::storage::{AccessMode, ClaimSpec, StorageClassSpec, VolumeSpec};
use crate::workload::{ClaimStatus, Volume as Mounted};
use attach::Attachment;
pub use filter::VolumeView;
use prebind::Assumed;

/// One PersistentVolumeClaim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: ClaimSpec,
    /// Its volume.
    pub volume: Option<VolumeId>,
    /// The node that a volume is being made for.
    selected: Option<NodeId>,
    /// True while a volume is being made for it.
    provisioning: bool,
    /// True once it was told why it gets no volume.
    told: bool,
    /// True once it was deleted, although pods still use it.
    terminating: bool,
    gone: bool,
    last: EntryId,
}

/// One PersistentVolume.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Its kind and name.
    pub key: Subject,
    /// What it is.
    pub spec: VolumeSpec,
    /// The claim that has it, or had it.
    claim: Option<ClaimId>,
    /// True once its claim is gone: nobody else gets it.
    released: bool,
    gone: bool,
    /// The nodes that it is attached to, or on its way to or from.
    attached: SmallVec<[Attachment; 1]>,
    last: EntryId,
}

/// Everything that is known of volumes.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    claims: Vec<Claim>,
    volumes: Vec<Volume>,
    classes: BTreeMap<Subject, StorageClassSpec>,
    /// The claims of pods that have any.
    of_pod: BTreeMap<PodId, Vec<Subject>>,
    /// Pods on a node whose volumes are not there yet, and what they were last told.
    waiting: BTreeMap<PodId, Why>,
    /// Claims that were made with a pod and go with it.
    ephemeral: BTreeMap<PodId, Vec<Subject>>,
    /// Pods whose room is kept while their claims are bound.
    assumed: BTreeMap<PodId, Assumed>,
    /// True while the binder's next round is planned.
    sync_planned: bool,
}

impl Volumes {
    fn claim(&self, id: ClaimId) -> &Claim {
        &self.claims[id.0 as usize]
    }

    fn claim_mut(&mut self, id: ClaimId) -> &mut Claim {
        &mut self.claims[id.0 as usize]
    }

    fn volume(&self, id: VolumeId) -> &Volume {
        &self.volumes[id.0 as usize]
    }

    fn volume_mut(&mut self, id: VolumeId) -> &mut Volume {
        &mut self.volumes[id.0 as usize]
    }

    /// The claim of this name that is there.
    fn find(&self, key: Subject) -> Option<ClaimId> {
        let claims = (0..self.claims.len() as u32).rev().map(ClaimId);
        claims.into_iter().find(|id| self.claim(*id).key == key && !self.claim(*id).gone)
    }

    /// The claims of a namespace that are there.
    pub(super) fn claims_in(&self, namespace: Symbol) -> Vec<(Subject, ClaimSpec)> {
        let there = self.claims.iter().filter(|claim| claim.key.namespace == namespace && !claim.gone);
        there.map(|claim| (claim.key, claim.spec.clone())).collect()
    }

    /// The class of a claim: its own, or the default one.
    fn class_of(
        &self,
        spec: &ClaimSpec,
        name: impl Fn(Subject) -> String,
    ) -> Option<(String, Option<&StorageClassSpec>)> {
        match &spec.class {
            Some(class) => {
                let found = self.classes.iter().find(|(key, _)| name(**key) == *class);
                Some((class.clone(), found.map(|(_, spec)| spec)))
            }
            None => {
                let default = self.classes.iter().rev().find(|(_, class)| class.is_default);
                default.map(|(key, class)| (name(*key), Some(class)))
            }
        }
    }
}

impl Cluster {
    pub(super) fn create_claim(&mut self, key: Subject, spec: ClaimSpec, cause: Cause) {
        let id = ClaimId(self.volumes.claims.len() as u32);
        let last = self.note(key, "Pending", Why::NONE, cause);
        self.volumes.claims.push(Claim {
            key,
            spec,
            volume: None,
            selected: None,
            provisioning: false,
            told: false,
            terminating: false,
            gone: false,
            last,
        });
        self.objects.insert(key, ObjectId::Claim(id));
        self.bind_claim(id);
        self.volumes_changed();
        self.touch_object(key, Cause::Entry(last));
    }

    pub(super) fn create_volume(&mut self, key: Subject, spec: VolumeSpec, cause: Cause) -> VolumeId {
        let id = VolumeId(self.volumes.volumes.len() as u32);
        let last = self.note(key, "Available", Why::NONE, cause);
        let (claim, attached) = (None, SmallVec::new());
        self.volumes.volumes.push(Volume { key, spec, claim, released: false, gone: false, attached, last });
        self.objects.insert(key, ObjectId::Volume(id));
        self.plan_volume_sync();
        self.volumes_changed();
        self.touch_object(key, Cause::Entry(last));
        id
    }

    pub(super) fn apply_class(&mut self, key: Subject, spec: StorageClassSpec, cause: Cause) {
        if self.volumes.classes.get(&key) == Some(&spec) {
            return;
        }
        self.volumes.classes.insert(key, spec);
        let last = self.note(key, "Created", Why::NONE, cause);
        self.objects.insert(key, ObjectId::StorageClass);
        self.plan_volume_sync();
        self.volumes_changed();
        self.touch_object(key, Cause::Entry(last));
    }

    pub(super) fn delete_class(&mut self, key: Subject, cause: Cause) {
        self.volumes.classes.remove(&key);
        let last = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(last));
    }

    /// Deletes a claim: while pods use it, it only begins to terminate (pkg/controller/volume/pvcprotection).
    pub(super) fn delete_claim(&mut self, id: ClaimId, cause: Cause) {
        let key = self.volumes.claim(id).key;
        self.volumes.claim_mut(id).terminating = true;
        if self.users_of(key).next().is_some() {
            let last = self.note(key, "Terminating", Why::text("pods still use it"), cause);
            self.volumes.claim_mut(id).last = last;
            // Its name is taken until it is gone.
            self.objects.insert(key, ObjectId::Claim(id));
        } else {
            self.claim_gone(id, cause);
        }
    }

    fn claim_gone(&mut self, id: ClaimId, cause: Cause) {
        let claim = self.volumes.claim_mut(id);
        claim.gone = true;
        let (key, volume) = (claim.key, claim.volume);
        self.objects.remove(&key);
        self.object_discharged(key);
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(entry));
        if let Some(volume) = volume {
            self.release_volume(volume, Cause::Entry(entry));
        }
        self.volumes_changed();
    }

    /// The claim of a volume is gone: the volume goes too, or stays for somebody to look at.
    fn release_volume(&mut self, id: VolumeId, cause: Cause) {
        let volume = self.volumes.volume_mut(id);
        volume.released = true;
        let (key, deletes) = (volume.key, volume.spec.deletes);
        if deletes {
            self.delete_volume(id, cause);
        } else {
            let last = self.note(key, "Released", Why::text("it is retained"), cause);
            self.volumes.volume_mut(id).last = last;
        }
    }

    pub(super) fn delete_volume(&mut self, id: VolumeId, cause: Cause) {
        let volume = self.volumes.volume_mut(id);
        volume.gone = true;
        let key = volume.key;
        self.objects.remove(&key);
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// What a claim shows.
    pub(super) fn claim_status(&self, id: ClaimId) -> ClaimStatus {
        let claim = self.volumes.claim(id);
        ClaimStatus { bound: claim.volume.is_some(), terminating: claim.terminating }
    }

    /// Something that the scheduler may wait for has changed.
    fn volumes_changed(&mut self) {
        self.tell_scheduler(ClusterEvent::VolumesChanged);
    }

    /// A pod was made: its claims are known from now on, and those that are made with it are made.
    pub(super) fn claims_for_pod(&mut self, id: PodId, cause: Cause) {
        let set = self.set(self.pod(id).set);
        let templates = match set.owner {
            Owner::StatefulSet(owner) => self.statefulset(owner).spec.claims.clone(),
            _ => Vec::new(),
        };
        if set.source.volumes.is_empty() && templates.is_empty() {
            return;
        }
        let (source, namespace) = (std::sync::Arc::clone(&set.source), set.namespace);
        let pod = self.names.show(self.pod_name(id));
        let mut claims = Vec::new();
        for template in &templates {
            let key = self.object_named(Kind::PersistentVolumeClaim, namespace, &format!("{}-{pod}", template.name));
            if !self.objects.contains_key(&key) {
                self.create_claim(key, template.spec.clone(), cause);
            }
            claims.push(key);
        }
        for volume in &source.volumes {
            match volume {
                Mounted::Claim { name, .. } if templates.iter().any(|template| template.name == *name) => {}
                Mounted::Claim { name, .. } => {
                    claims.push(self.object_named(Kind::PersistentVolumeClaim, namespace, name));
                }
                Mounted::Ephemeral(template) => {
                    let name = format!("{pod}-{}", template.name);
                    let key = self.object_named(Kind::PersistentVolumeClaim, namespace, &name);
                    self.create_claim(key, template.spec.clone(), cause);
                    self.volumes.ephemeral.entry(id).or_default().push(key);
                    claims.push(key);
                }
                Mounted::ConfigMap { .. } | Mounted::Secret { .. } => {}
            }
        }
        if !claims.is_empty() {
            self.volumes.of_pod.insert(id, claims);
        }
    }

    /// Pods that use a claim: those that name it and have not ended.
    fn users_of(&self, key: Subject) -> impl Iterator<Item = PodId> {
        let users = self.volumes.of_pod.iter().filter(move |(_, claims)| claims.contains(&key));
        users.map(|(id, _)| *id)
    }

    /// A pod has ended, or left the API: it uses its claims no more.
    pub(super) fn claims_left(&mut self, id: PodId) {
        if self.volumes.of_pod.is_empty() {
            return;
        }
        let Some(claims) = self.volumes.of_pod.remove(&id) else { return };
        self.volumes.waiting.remove(&id);
        let cause = self.pod_cause(id);
        if let Some(node) = self.pod(id).node {
            self.unmount(&claims, node);
        }
        for key in self.volumes.ephemeral.remove(&id).unwrap_or_default() {
            if let Some(claim) = self.volumes.find(key) {
                self.volumes.claim_mut(claim).terminating = true;
            }
        }
        for key in claims {
            let unused = self.users_of(key).next().is_none();
            if let Some(claim) = self.volumes.find(key).filter(|claim| unused && self.volumes.claim(*claim).terminating)
            {
                self.claim_gone(claim, cause);
            }
        }
        if let Owner::StatefulSet(owner) = self.set(self.pod(id).set).owner {
            let ordinal = self.pod(id).ordinal;
            self.claims_of_shrunk(owner, ordinal, cause);
        }
        self.volumes_changed();
    }

    /// The modes of a volume let several nodes have it at once.
    fn is_shared(&self, id: VolumeId) -> bool {
        let access = &self.volumes.volume(id).spec.access;
        access.iter().any(|mode| matches!(mode, AccessMode::ReadWriteMany | AccessMode::ReadOnlyMany))
    }

    /// True if no pod of these claims is left on a node.
    fn is_unused_on(&self, volume: VolumeId, node: NodeId) -> bool {
        let Some(claim) = self.volumes.volume(volume).claim else { return true };
        let key = self.volumes.claim(claim).key;
        !self.users_of(key).any(|pod| self.pod(pod).node == Some(node))
    }

    /// The pods that wait on their nodes for volumes.
    fn waiting_for_volumes(&self) -> BTreeSet<PodId> {
        self.volumes.waiting.keys().copied().collect()
    }

    fn volume_arg(&self, id: VolumeId) -> Arg {
        Arg::Subject(self.volumes.volume(id).key)
    }
}
