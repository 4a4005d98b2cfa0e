//! Services and their endpoints: which ready pods stand behind a name.
//! Source: k8s.io/endpointslice v0.36.3, reconciler.go: pods that are ready and not terminating are ready endpoints; utils.go, podToEndpoint and
//! ShouldPodBeInEndpoints: with `publishNotReadyAddresses` all that have an address and have not ended are.

use std::collections::BTreeMap;

use super::apply::ObjectId;
use super::traffic::Took;
use super::{Arg, Cause, Cluster, PodId, PodSetId, ServiceId, Subject, Why};
use crate::timeline::EntryId;
use crate::workload::{ServiceSpec, ServiceStatus};

/// One Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: ServiceSpec,
    /// What others than its document have put into its selector.
    pub patched: BTreeMap<String, String>,
    /// What stands behind it now.
    pub status: ServiceStatus,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

impl Service {
    /// True if pods with these labels stand behind the service. An empty selector selects nothing.
    fn selects(&self, namespace: super::Symbol, labels: &BTreeMap<String, String>) -> bool {
        !self.deleted
            && self.key.namespace == namespace
            && self.selector().next().is_some()
            && self.selector().all(|(key, value)| labels.get(key) == Some(value))
    }

    /// The labels that it selects: those of its document, and what was patched in.
    pub fn selector(&self) -> impl Iterator<Item = (&String, &String)> {
        let own = self.spec.selector.iter().filter(|(key, _)| !self.patched.contains_key(*key));
        own.chain(&self.patched)
    }
}

impl Cluster {
    fn service_mut(&mut self, id: ServiceId) -> &mut Service {
        &mut self.services[id.0 as usize]
    }

    /// The services that the pods of a new set stand behind.
    pub(super) fn services_for(&self, namespace: super::Symbol, labels: &BTreeMap<String, String>) -> Vec<ServiceId> {
        let ids = self.labelled.services_for(namespace, labels).into_iter();
        ids.filter(|id| self.services[id.0 as usize].selects(namespace, labels)).collect()
    }

    /// A service has another selector: the pods that it had are no longer behind it, or are found again.
    pub(super) fn select_pods_anew(&mut self, id: ServiceId) {
        for set in &mut self.sets {
            set.services.retain(|other| *other != id);
        }
        self.select_pods(id);
    }

    /// A service that has no pods yet finds its pods.
    pub(super) fn select_pods(&mut self, id: ServiceId) {
        let service = &self.services[id.0 as usize];
        let namespace = service.key.namespace;
        let (mut ready, mut candidates) = (0, Vec::new());
        if let Some(label) = service.selector().next() {
            candidates = self.labelled.sets_with(namespace, label);
            self.labelled.add_service(id, namespace, label);
        }
        for set in candidates {
            let set = &mut self.sets[set.0 as usize];
            if self.services[id.0 as usize].selects(set.namespace, &set.source.labels) {
                set.services.push(id);
                let publishes_unready = self.services[id.0 as usize].spec.publishes_unready;
                ready += if publishes_unready { set.addressed } else { set.ready };
            }
        }
        self.stale_services.insert(id);
        let status = self.service_shown(id, ready);
        self.service_mut(id).status = status;
    }

    /// The sets whose pods may stand behind a service, in the order in which they came.
    pub(super) fn sets_of_service(&self, id: ServiceId) -> Vec<PodSetId> {
        let service = &self.services[id.0 as usize];
        let label = service.selector().next();
        label.map(|label| self.labelled.sets_with(service.key.namespace, label)).unwrap_or_default()
    }

    /// A pod has become ready or stopped being so; `took` is what it took until then.
    pub(super) fn endpoints_changed(&mut self, pod: PodId, ready: bool, took: Took, cause: Cause) {
        self.touch_traffic(pod, ready, took, cause);
        self.count_endpoint(self.pod(pod).set, false, ready, cause);
    }

    /// A pod of a set has got an address or has ended. *Assumed*: it has its address as soon as it has its node.
    pub(super) fn addresses_changed(&mut self, set: PodSetId, has_one: bool, cause: Cause) {
        let count = &mut self.set_mut(set).addressed;
        *count = if has_one { *count + 1 } else { *count - 1 };
        self.count_endpoint(set, true, has_one, cause);
    }

    /// Counts an endpoint of the Services that go by readiness, or of those that go by addresses.
    fn count_endpoint(&mut self, set: PodSetId, by_address: bool, more: bool, cause: Cause) {
        for index in 0..self.set(set).services.len() {
            let id = self.set(set).services[index];
            let service = self.service_mut(id);
            if service.spec.publishes_unready != by_address {
                continue;
            }
            let before = service.status.ready_endpoints;
            let after = if more { before + 1 } else { before - 1 };
            service.status.ready_endpoints = after;
            let key = service.key;
            let cause = self.tell_endpoints(id, before, cause);
            self.touch_object(key, cause);
        }
    }

    /// Says that a Service has lost its last endpoint or got its first, if it has, by how many it had before. Gives what follows from it.
    pub(super) fn tell_endpoints(&mut self, id: ServiceId, before: u32, cause: Cause) -> Cause {
        let service = &self.services[id.0 as usize];
        let (key, publishes_unready) = (service.key, service.spec.publishes_unready);
        let (became, why) = match (before, service.status.ready_endpoints) {
            (1.., 0) if publishes_unready => ("NoEndpoints", Why::text("no pod behind it")),
            (1.., 0) => ("NoEndpoints", Why::text("no ready pod behind it")),
            (0, after @ 1..) => ("Ready", Why::with("{} ready endpoint", Arg::Count(after.into()))),
            _ => return cause,
        };
        let entry = self.note(key, became, why, cause);
        self.service_mut(id).last = entry;
        Cause::Entry(entry)
    }

    /// The ready endpoints of a Service; `None` if there is none of this name.
    pub(super) fn endpoints_of(&self, key: Subject) -> Option<u32> {
        match self.objects.get(&key)? {
            ObjectId::Service(id) => Some(self.services[id.0 as usize].status.ready_endpoints),
            _ => None,
        }
    }

    /// Deletes a service; its pods stay.
    pub(super) fn delete_service(&mut self, id: ServiceId, cause: Cause) {
        let service = self.service_mut(id);
        service.deleted = true;
        let key = service.key;
        for set in self.sets_of_service(id) {
            self.set_mut(set).services.retain(|other| *other != id);
        }
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        self.touch_object(key, Cause::Entry(entry));
    }
}
