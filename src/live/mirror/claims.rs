//! Claims of volumes as watches show them. What provides volumes is the cluster's; of the volumes themselves nothing is shown.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::workloads::WorkloadSeen;
use super::{NO_ENTRY, generation};
use crate::timeline::{Kind, Why};
use crate::workload::{ClaimStatus, Status};

impl LiveCluster {
    pub(super) fn saw_claim(&mut self, object: &PersistentVolumeClaim) {
        let meta = &object.metadata;
        let Some(subject) = self.known(meta).or_else(|| self.named(Kind::PersistentVolumeClaim, meta)) else { return };
        let phase = object.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default();
        let now = ClaimStatus { bound: phase == "Bound", terminating: meta.deletion_timestamp.is_some() };
        let before = self.mirror.workloads.get(&subject).cloned();
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::PersistentVolumeClaim(was)) => was,
            _ => ClaimStatus::default(),
        };
        let last = before.as_ref().map_or(NO_ENTRY, |before| before.last);
        let seen = WorkloadSeen::of(Status::PersistentVolumeClaim(now), 0, generation(meta.generation));
        self.mirror.workloads.insert(subject, WorkloadSeen { last, ..seen });
        if before.is_none() {
            self.introduce(SeenKind::PersistentVolumeClaim, meta, subject);
            self.note_next(subject, "Pending", Why::NONE, self.cause_of(subject));
        }
        if now.bound && !was.bound {
            self.note_next(subject, "Bound", Why::NONE, self.last_of(subject));
        }
        if phase == "Lost" && was.bound {
            self.note_next(subject, "Lost", Why::NONE, self.last_of(subject));
        }
        if now.terminating && !was.terminating {
            self.note_next(subject, "Terminating", Why::NONE, self.last_of(subject));
        }
        self.told(subject, before.as_ref());
    }
}
