//! The scale of workloads: how many pods they want, read and set without knowing what they are (the `scale` subresource).

use std::sync::Arc;

use super::apply::ObjectId;
use super::{Cause, Cluster, Subject};
use crate::workload::{DeploymentSpec, Object, ReplicaSetSpec, StatefulSetSpec};

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
            _ => return false,
        }
        true
    }
}
