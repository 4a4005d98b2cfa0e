//! The claims of a StatefulSet's pods: named after template, set and number, made before the pod, and kept or deleted as the
//! retention policy says. Source: k8s.io/kubernetes v1.36.3, pkg/controller/statefulset (stateful_pod_control.go,
//! createPersistentVolumeClaims; stateful_set_utils.go, updateClaimOwnerRefForSetAndPod).
//!
//! In the source claims get owners, and the garbage collector deletes them after these. Here they are deleted when their owner
//! goes, and are gone once no pod uses them, which comes to the same.

use super::range;
use crate::cluster::{Cause, Cluster, StatefulSetId, Subject};
use crate::kernel::{Name, Time};
use crate::timeline::Kind;

impl Cluster {
    /// The claims of a number.
    fn claims_of(&mut self, id: StatefulSetId, ordinal: u32) -> Vec<(Subject, crate::workload::storage::ClaimSpec)> {
        let statefulset = self.statefulset(id);
        let (key, claims) = (statefulset.key, statefulset.spec.claims.clone());
        let set = self.names.show(key.name);
        let named = |claim: crate::workload::storage::ClaimTemplate| {
            let base = self.names.intern(&format!("{}-{set}", claim.name));
            let name = Name::numbered(base, ordinal);
            (Subject { kind: Kind::PersistentVolumeClaim, name, ..key }, claim.spec)
        };
        claims.into_iter().map(named).collect()
    }

    /// When the controller may try again to make the claims of a pod, if a quota refuses one.
    pub(super) fn refuse_claims(&mut self, id: StatefulSetId, ordinal: u32) -> Option<Time> {
        let owner = self.statefulset(id).key;
        if self.statefulset(id).spec.claims.is_empty() {
            return None;
        }
        let claims = self.claims_of(id, ordinal);
        claims
            .into_iter()
            .filter_map(|(key, spec)| {
                let there = self.objects.contains_key(&key);
                if there { None } else { self.refuse_owned(owner, key, Some(&spec)) }
            })
            .next()
    }

    /// A pod is gone: if its set has shrunk, its claims go with it (`whenScaled: Delete`).
    pub(in crate::cluster) fn claims_of_shrunk(&mut self, id: StatefulSetId, ordinal: u32, cause: Cause) {
        let statefulset = self.statefulset(id);
        let (first, end) = range(&statefulset.spec);
        if !statefulset.deleted && statefulset.spec.claims_go_when_scaled && !(first..end).contains(&ordinal) {
            self.delete_claims_of(id, ordinal, cause);
        }
    }

    /// A StatefulSet was deleted: the claims of the numbers that it wanted go with it (`whenDeleted: Delete`).
    pub(super) fn claims_of_deleted(&mut self, id: StatefulSetId, cause: Cause) {
        let statefulset = self.statefulset(id);
        if !statefulset.spec.claims_go_when_deleted {
            return;
        }
        let (key, (first, end)) = (statefulset.key, range(&statefulset.spec));
        let set = self.names.show(key.name);
        let bases: Vec<String> = statefulset.spec.claims.iter().map(|claim| format!("{}-{set}", claim.name)).collect();
        let there = self.volumes.claims_in(key.namespace).into_iter().map(|(claim, _)| claim);
        let own: Vec<Subject> = there
            .filter(|claim| {
                let wanted = claim.name.ordinal().is_some_and(|ordinal| (first..end).contains(&ordinal));
                wanted && bases.iter().any(|base| self.names.text(claim.name.base()) == base)
            })
            .collect();
        for claim in own {
            self.delete(claim, cause);
        }
    }

    fn delete_claims_of(&mut self, id: StatefulSetId, ordinal: u32, cause: Cause) {
        for (claim, _) in self.claims_of(id, ordinal) {
            if self.objects.contains_key(&claim) {
                self.delete(claim, cause);
            }
        }
    }
}
