//! Objects that nobody else owns: pods that stand alone, ReplicaSets without a Deployment; and what is deleted by name
//! although somebody owns it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::apply::ObjectId;
use super::pen::Resize;
use super::pod::{NO_ORDINAL, Owner};
use super::replicaset::ReplicaSet;
use super::{Cause, Cluster, DeploymentId, PodId, PodSetId, ReplicaSetId, Subject, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::{EntryId, Kind};
use crate::workload::{PodTemplate, ReplicaSetSpec, ReplicaSetStatus};

impl Cluster {
    /// Creates a pod that no workload owns: nobody makes it again when it is gone.
    pub(super) fn create_lone_pod(
        &mut self,
        key: Subject,
        template: &Arc<PodTemplate>,
        cause: Cause,
    ) -> Result<(), String> {
        if self.find_pod(key).is_some() {
            return Err("there is another pod of this name".to_owned());
        }
        let id = PodSetId(self.sets.len() as u32);
        let ordinal = key.name.ordinal().unwrap_or(NO_ORDINAL);
        let set = self.make_set(key.name.base(), key, key, Owner::Alone(id), u32::MAX - id.0, template);
        self.resolve_priority(set).map_err(|refusal| format!("forbidden: {refusal}"))?;
        if let Some(refusal) = self.lone_pod_refusal(set) {
            return Err(refusal);
        }
        self.objects.insert(key, ObjectId::Pod(set));
        self.create_pod(set, Some(ordinal), None, cause);
        Ok(())
    }

    /// Deletes a pod that no workload owns, one that has ended as well.
    pub(super) fn delete_lone_pod(&mut self, set: PodSetId, cause: Cause) {
        let pods: Vec<PodId> = self.pods_in(set).collect();
        for pod in pods {
            self.delete_pod(pod, Why::text("deleted"), cause);
        }
    }

    /// A pod is what it was made as; the little that the API lets change decides nothing here.
    pub(super) fn change_pod(&self, set: PodSetId, template: &Arc<PodTemplate>) -> Result<(), String> {
        if self.set(set).source == *template {
            return Ok(());
        }
        Err("pod updates may not change fields other than images, deadlines and tolerations: delete it first"
            .to_owned())
    }

    pub(super) fn create_lone_replicaset(&mut self, key: Subject, spec: ReplicaSetSpec, cause: Cause) {
        let id = ReplicaSetId(self.replicasets.len() as u32);
        let base = self.names.show(key.name);
        let base = self.names.intern(&base);
        let family = u32::MAX - self.sets.len() as u32;
        let workload = spec.owner.unwrap_or(key);
        let set = self.make_set(base, key, workload, Owner::ReplicaSet(id), family, &spec.template);
        self.push_replicaset(key, set, None, spec.template, 0, EntryId(0));
        let replicaset = self.replicaset_mut(id);
        (replicaset.min_ready, replicaset.owner) = (spec.min_ready, spec.owner);
        replicaset.annotations = spec.annotations;
        self.objects.insert(key, ObjectId::ReplicaSet(id));
        let replicas = spec.replicas;
        self.replicaset_appears(id, Resize { replicas, desired: replicas, most: replicas, cause });
        // What its owner's controller had decided before the owner went is written all the same, and collected: an owner that is not
        // there is no owner (kubernetes v1.36.3, pkg/controller/garbagecollector, attemptToDeleteItem).
        if spec.owner.is_some_and(|owner| !self.objects.contains_key(&owner)) {
            let cause = Cause::Entry(self.replicaset(id).last);
            self.delete_replicaset(id, cause);
        }
    }

    /// A new size counts at once. A new template would count for pods to come, beside those of the old one.
    pub(super) fn change_replicaset(
        &mut self,
        id: ReplicaSetId,
        spec: ReplicaSetSpec,
        cause: Cause,
    ) -> Result<(), String> {
        if self.replicaset(id).template != spec.template {
            return Err(
                "the pods of one ReplicaSet have one template here: use a Deployment, or another name".to_owned()
            );
        }
        let replicaset = self.replicaset_mut(id);
        (replicaset.min_ready, replicaset.annotations) = (spec.min_ready, spec.annotations);
        let replicas = spec.replicas;
        self.scale_replicaset(id, Resize { replicas, desired: replicas, most: replicas, cause });
        Ok(())
    }

    /// Adds a row to the table of ReplicaSets.
    pub(super) fn push_replicaset(
        &mut self,
        key: Subject,
        set: PodSetId,
        deployment: Option<DeploymentId>,
        template: Arc<PodTemplate>,
        revision: u32,
        last: EntryId,
    ) {
        self.replicasets.push(ReplicaSet {
            key,
            set,
            deployment,
            template,
            owner: None,
            annotations: BTreeMap::new(),
            min_ready: Duration::ZERO,
            revision,
            generation: 0,
            replicas: 0,
            desired: 0,
            most: 0,
            status: ReplicaSetStatus::default(),
            queued: false,
            busy_until: Time::ZERO,
            deleted: false,
            last,
        });
    }

    /// Deletes what a workload owns, by its own name: its owner makes another in its place.
    pub(super) fn delete_owned(&mut self, key: Subject, cause: Cause) -> bool {
        match key.kind {
            Kind::Pod => {
                let pod = self.find_pod(key);
                if let Some(pod) = pod {
                    self.delete_pod(pod, Why::text("deleted"), cause);
                }
                pod.is_some()
            }
            Kind::ReplicaSet => {
                let owned = self.owned_replicaset(key);
                if let Some(id) = owned {
                    self.delete_replicaset(id, cause);
                    if let Some(deployment) = self.replicaset(id).deployment {
                        self.deployment_mut(deployment).replicasets.retain(|one| *one != id);
                        self.queue_deployment(deployment);
                    }
                }
                owned.is_some()
            }
            _ => false,
        }
    }

    /// The ReplicaSet of this name that a Deployment owns.
    pub(super) fn owned_replicaset(&self, key: Subject) -> Option<ReplicaSetId> {
        let owned = self.sets_by_subject.get(&key)?.last()?;
        match self.set(*owned).owner {
            Owner::ReplicaSet(id) if !self.replicaset(id).deleted => Some(id),
            _ => None,
        }
    }

    /// True once the owner of a set was deleted: no pod is made for it any more.
    pub(super) fn owner_is_gone(&self, set: PodSetId) -> bool {
        match self.set(set).owner {
            Owner::ReplicaSet(id) => self.replicaset(id).deleted,
            Owner::StatefulSet(id) => self.statefulset(id).deleted,
            Owner::DaemonSet(id) => self.daemonset(id).deleted,
            Owner::Job(id) => self.job(id).deleted,
            Owner::Alone(_) => false,
        }
    }
}
