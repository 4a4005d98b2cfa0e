//! The scale of workloads: how many pods they want, read and set without knowing what they are (the `scale` subresource).

use std::sync::Arc;

use super::apply::ObjectId;
use super::{Cause, Cluster, Subject};
use crate::workload::{DeploymentSpec, Object, PodTemplate, ReplicaSetSpec, StatefulSetSpec};

impl Cluster {
    /// How many pods a workload wants, if it has a scale.
    pub(super) fn scale_of(&self, workload: Subject) -> Option<u32> {
        match *self.objects.get(&workload)? {
            ObjectId::Deployment(id) => Some(self.deployment(id).spec.replicas),
            ObjectId::StatefulSet(id) => Some(self.statefulset(id).spec.replicas),
            ObjectId::ReplicaSet(id) => Some(self.replicaset(id).replicas),
            ObjectId::Custom => match &self.custom.get(&workload)?.object {
                Object::Rollout(spec) => Some(spec.replicas),
                _ => None,
            },
            ObjectId::GroupSet => Some(self.group_sets.get(&workload)?.spec.replicas),
            _ => None,
        }
    }

    /// Makes a workload want so many pods; `false` if it has no scale.
    pub(super) fn set_scale(&mut self, workload: Subject, replicas: u32, cause: Cause) -> bool {
        match self.objects.get(&workload).copied() {
            Some(ObjectId::Deployment(id)) => {
                let spec = DeploymentSpec { replicas, ..self.deployment(id).spec.clone() };
                self.change_deployment(id, spec, cause);
            }
            Some(ObjectId::StatefulSet(id)) => {
                let spec = StatefulSetSpec { replicas, ..self.statefulset(id).spec.clone() };
                self.change_statefulset(id, spec, cause);
            }
            Some(ObjectId::ReplicaSet(id)) => {
                let replicaset = self.replicaset(id);
                let (min_ready, template) = (replicaset.min_ready, Arc::clone(&replicaset.template));
                let (owner, annotations) = (replicaset.owner, replicaset.annotations.clone());
                let spec = ReplicaSetSpec { replicas, min_ready, template, owner, annotations };
                // A template that stays is never refused.
                let _ = self.change_replicaset(id, spec, cause);
            }
            Some(ObjectId::Custom) => match self.custom.get(&workload).map(|custom| &custom.object) {
                Some(Object::Rollout(spec)) => {
                    let mut spec = spec.clone();
                    spec.replicas = replicas;
                    self.apply_custom(workload, Object::Rollout(spec), cause);
                }
                _ => return false,
            },
            Some(ObjectId::GroupSet) => self.scale_group_set(workload, replicas, cause),
            _ => return false,
        }
        true
    }

    /// The templates of a workload that are still there, by revision: those of a Deployment's ReplicaSets, or of the
    /// ControllerRevisions of a StatefulSet or DaemonSet.
    pub(super) fn revisions_of(&self, workload: Subject) -> Vec<(u32, Arc<PodTemplate>)> {
        let mut revisions: Vec<(u32, Arc<PodTemplate>)> = match self.objects.get(&workload) {
            Some(ObjectId::Deployment(id)) => {
                let replicasets = self.deployment(*id).replicasets.iter().map(|one| self.replicaset(*one));
                replicasets.map(|one| (one.revision, Arc::clone(&one.template))).collect()
            }
            Some(ObjectId::StatefulSet(id)) => {
                let revisions = self.statefulset(*id).revisions.iter();
                revisions.map(|one| (one.number, Arc::clone(&self.set(one.set).source))).collect()
            }
            Some(ObjectId::DaemonSet(id)) => self.daemonset(*id).templates().collect(),
            _ => Vec::new(),
        };
        revisions.sort_by_key(|(number, _)| *number);
        revisions
    }
}
