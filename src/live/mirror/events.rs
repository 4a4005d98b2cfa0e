//! Events of the cluster, as far as they tell what no status says: that a workload could not make its pods.

use k8s_openapi::api::core::v1::Event;

use super::super::cluster::LiveCluster;
use crate::timeline::{Kind, Why};

impl LiveCluster {
    pub(super) fn saw_event(&mut self, event: &Event) {
        if event.reason.as_deref() != Some("FailedCreate") {
            return;
        }
        let uid = event.metadata.uid.clone().unwrap_or_default();
        let owner = event.involved_object.uid.as_deref().and_then(|uid| self.mirror.uids.get(uid));
        let Some(subject) = owner.map(|(_, _, subject)| *subject) else { return };
        if !self.mirror.events.insert(uid) || subject.kind == Kind::Pod {
            return;
        }
        let message = event.message.clone().unwrap_or_default();
        let why = Why::symbol(self.names.intern(&self.rendering.naming.text_to_document(&message)));
        let cause = self.last_of(subject);
        let entry = self.note(subject, "FailedCreate", why, cause);
        if let Some(set) = self.mirror.sets.get_mut(&subject) {
            set.last = entry;
        }
        if let Some(own) = self.mirror.workloads.get_mut(&subject) {
            own.last = entry;
        }
    }
}
