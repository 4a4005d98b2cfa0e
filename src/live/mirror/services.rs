//! Services and the endpoints behind them as watches show them, and what is written of them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::NO_ENTRY;
use super::pods::PodSeen;
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::{Object, ServiceSpec, ServiceStatus};

/// The label that names the Service of a slice: k8s.io/api v0.36.3, discovery/v1/well_known_labels.go.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// What is known of a Service.
#[derive(Clone, Debug)]
pub struct ServiceSeen {
    /// What it shows.
    pub status: ServiceStatus,
    /// What it selects.
    pub selector: BTreeMap<String, String>,
    /// Its namespace on the cluster.
    namespace: String,
    /// The ready endpoints of each slice, by the uids of their pods.
    slices: BTreeMap<String, BTreeSet<String>>,
    /// The last entry about it.
    pub last: EntryId,
}

impl ServiceSeen {
    /// How many ready endpoints there are.
    pub fn ready(&self) -> u32 {
        self.slices.values().flatten().collect::<BTreeSet<_>>().len() as u32
    }

    /// True if a pod is behind it.
    pub fn selects(&self, pod: &PodSeen) -> bool {
        pod.namespace == self.namespace
            && !self.selector.is_empty()
            && self.selector.iter().all(|(key, value)| pod.labels.get(key) == Some(value))
    }
}

impl LiveCluster {
    pub(super) fn saw_service(&mut self, object: &Service) {
        let meta = &object.metadata;
        let selector = object.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default();
        let Some(subject) = self.known(meta).or_else(|| self.named(Kind::Service, meta)) else { return };
        let labels: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let shown = self.names.intern(&labels.join(","));
        let applied = self.applied.get(&subject).map(|applied| applied.object.clone());
        let (ingress, ports) = match applied {
            Some(Object::Service(spec)) => (spec.ingress, [spec.port, spec.target_port]),
            _ => (false, [0, 0]),
        };
        if let Some(service) = self.mirror.services.get(&subject).cloned() {
            if service.selector == selector {
                return;
            }
            let why = match selector.iter().find(|(key, value)| service.selector.get(*key) != Some(value)) {
                Some((key, value)) => {
                    let text = |run: &mut LiveCluster, text: &str| Arg::Text(run.names.intern(text));
                    match service.selector.get(key) {
                        Some(before) => {
                            let (key, before, value) = (text(self, key), text(self, before), text(self, value));
                            Why::with3("{}: {} to {}", key, before, value)
                        }
                        None => Why::with2("{}: {}", text(self, key), text(self, value)),
                    }
                }
                None => Why::NONE,
            };
            let cause = self.cause_of(subject);
            let last = self.note(subject, "Changed", why, cause);
            if let Some(service) = self.mirror.services.get_mut(&subject) {
                service.selector = selector;
                service.status.selector = shown;
                service.last = last;
            }
            self.touch(subject, Cause::Entry(last));
            return;
        }
        self.introduce(SeenKind::Service, meta, subject);
        let cause = self.cause_of(subject);
        let last = self.note(subject, "Created", ServiceSpec::leads(ports[0], ports[1]), cause);
        let status = ServiceStatus { ready_endpoints: 0, ingress_ready: ingress, selector: shown };
        let namespace = meta.namespace.clone().unwrap_or_default();
        let service = ServiceSeen { status, selector, namespace, slices: BTreeMap::new(), last };
        self.mirror.services.insert(subject, service);
        self.touch(subject, Cause::Entry(last));
    }

    /// Endpoints came, changed or went.
    pub(super) fn saw_slice(&mut self, slice: &EndpointSlice, is_gone: bool) {
        let meta = &slice.metadata;
        let Some(name) = meta.labels.as_ref().and_then(|labels| labels.get(SERVICE_NAME)) else { return };
        let Some(own) = self.named(Kind::Service, meta) else { return };
        let subject = Subject { name: self.names.name(name), ..own };
        let uid = meta.uid.clone().unwrap_or_default();
        let ready = slice
            .endpoints
            .iter()
            .flatten()
            .filter(|endpoint| endpoint.conditions.as_ref().and_then(|conditions| conditions.ready) != Some(false));
        let ready: BTreeSet<String> = ready.filter_map(|endpoint| endpoint.target_ref.as_ref()?.uid.clone()).collect();
        let pods: Vec<Subject> =
            ready.iter().filter_map(|uid| self.mirror.uids.get(uid)).map(|(_, _, pod)| *pod).collect();
        let Some(service) = self.mirror.services.get_mut(&subject) else { return };
        let before = service.ready();
        if is_gone {
            service.slices.remove(&uid);
        } else {
            service.slices.insert(uid, ready);
        }
        let after = service.ready();
        if before == after {
            return;
        }
        service.status.ready_endpoints = after;
        let newest = pods.iter().filter_map(|pod| self.mirror.pods.get(pod)).map(|pod| pod.last).max();
        let cause = newest.filter(|entry| *entry != NO_ENTRY).map_or(self.last_of(subject), Cause::Entry);
        let entry = match (before, after) {
            (0, _) => Some(("Ready", Why::with("{} ready endpoint", Arg::Count(after.into())))),
            (_, 0) => Some(("NoEndpoints", Why::text("no ready pod behind it"))),
            _ => None,
        };
        let mut cause = cause;
        if let Some((became, why)) = entry {
            cause = self.note_next(subject, became, why, cause);
        }
        self.touch(subject, cause);
    }

    pub(super) fn service_gone(&mut self, subject: Subject) {
        if self.mirror.services.remove(&subject).is_some() {
            let cause = self.cause_of(subject);
            let entry = self.note(subject, "Deleted", Why::NONE, cause);
            self.touch(subject, Cause::Entry(entry));
        }
    }
}
