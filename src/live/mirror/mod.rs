//! What the run knows of the cluster: the last that watches showed of each object, in the words of the model, and what is
//! written down when that changes. One file a family of kinds. Names here are the scenario's; those of the cluster are kept
//! where a request needs them.

mod claims;
pub mod events;
pub mod jobs;
pub mod nodes;
pub mod pods;
pub mod policy;
mod replicasets;
pub mod scheduling;
pub mod services;
pub mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::cluster::LiveCluster;
use super::message::{Seen, SeenKind};
use crate::kernel::Time;
use crate::timeline::{Cause, EntryId, Kind, Subject, Why};
use crate::workload::{Counts, Status};
use nodes::NodeSeen;
pub use pods::PodSeen;
use pods::is_served;
use replicasets::SetSeen;
use services::ServiceSeen;
use workloads::WorkloadSeen;

/// What is known of all objects.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Pods that are there.
    pub pods: BTreeMap<Subject, PodSeen>,
    /// ReplicaSets that are there.
    pub sets: BTreeMap<Subject, SetSeen>,
    /// Other objects that are there, by what they show.
    pub workloads: BTreeMap<Subject, WorkloadSeen>,
    /// Services that are there.
    pub services: BTreeMap<Subject, ServiceSeen>,
    /// Nodes, in the order in which they were seen first.
    pub nodes: BTreeMap<Subject, NodeSeen>,
    /// The nodes' order.
    pub node_order: Vec<Subject>,
    /// Who each uid is here.
    uids: BTreeMap<String, (SeenKind, String, Subject)>,
    /// How many pods each owner had so far: the next one's number.
    made: BTreeMap<Subject, u32>,
    /// The numbers of a StatefulSet's revisions, in the order in which they were seen.
    revisions: BTreeMap<Subject, Vec<String>>,
    /// Events of the cluster that were told.
    events: BTreeSet<String>,
    /// Objects whose owners have not been seen yet, by the uid of the owner: watches of two kinds keep no order.
    orphans: BTreeMap<String, Vec<Seen>>,
}

impl Mirror {
    /// True figures of a pod, a workload, a Service's pods or of what serves a system's deployment.
    pub fn counts(&self, subject: Subject, now: Time) -> Option<Counts> {
        let mut counts = Counts::default();
        let mut known = self.workloads.contains_key(&subject) || self.sets.contains_key(&subject);
        for pod in self.pods.values() {
            let counted = match subject.kind {
                Kind::Service => self.services.get(&subject).is_some_and(|service| service.selects(pod)),
                _ => pod.belongs_to(subject),
            };
            if !counted {
                continue;
            }
            known = true;
            let there = !pod.status.terminating;
            counts.pods += u32::from(there);
            counts.running += u32::from(there && pod.running);
            counts.ready += u32::from(there && pod.status.ready);
            counts.serving += u32::from(there && pod.status.ready);
            counts.registered += u32::from(there && pod.status.ready);
            counts.available += u32::from(there && pod.is_available(now));
            counts.restarts += pod.status.restarts;
            counts.gpus += if pod.is_finished() { 0 } else { pod.gpus };
        }
        let wants = |own: &WorkloadSeen| own.serves == Some(subject);
        let has_workloads = is_served(subject.kind) && self.workloads.values().any(wants);
        counts.desired = match subject.kind {
            Kind::Pod => 1,
            _ if has_workloads => self.workloads.values().filter(|own| wants(own)).map(|own| own.desired).sum(),
            _ => match (self.workloads.get(&subject), self.sets.get(&subject)) {
                (Some(own), _) => own.desired,
                (_, Some(own)) => own.status.desired,
                _ => counts.pods,
            },
        };
        known |= has_workloads;
        known |= self.services.contains_key(&subject);
        known.then_some(counts)
    }

    /// What an object shows; `None` if it is not there.
    pub fn status(&self, key: Subject) -> Option<Status> {
        match key.kind {
            Kind::Pod => self.pods.get(&key).map(|pod| Status::Pod(pod.status)),
            Kind::ReplicaSet => self.sets.get(&key).map(|set| Status::ReplicaSet(set.status)),
            Kind::Service => self.services.get(&key).map(|service| Status::Service(service.status)),
            _ => self.workloads.get(&key).map(|own| own.status),
        }
    }

    /// The last entry about an object.
    fn last_mut(&mut self, key: Subject) -> Option<&mut EntryId> {
        match key.kind {
            Kind::Pod => self.pods.get_mut(&key).map(|pod| &mut pod.last),
            Kind::ReplicaSet => self.sets.get_mut(&key).map(|set| &mut set.last),
            Kind::Service => self.services.get_mut(&key).map(|service| &mut service.last),
            Kind::Node => self.nodes.get_mut(&key).map(|node| &mut node.last),
            _ => self.workloads.get_mut(&key).map(|own| &mut own.last),
        }
    }

    /// The number of an owner's next pod.
    fn next_number(&mut self, owner: Subject) -> u32 {
        let next = self.made.entry(owner).or_default();
        *next += 1;
        *next - 1
    }
}

impl LiveCluster {
    /// An object came or changed.
    pub(in crate::live) fn saw(&mut self, object: Seen) {
        if let Some(owner) = self.missing_owner(object.meta()) {
            self.mirror.orphans.entry(owner).or_default().push(object);
            return;
        }
        let uid = object.meta().uid.clone().unwrap_or_default();
        self.read(object);
        for orphan in self.mirror.orphans.remove(&uid).unwrap_or_default() {
            self.saw(orphan);
        }
    }

    /// The uid of an object's owner that has not been seen yet.
    fn missing_owner(&self, meta: &ObjectMeta) -> Option<String> {
        const WATCHED: [&str; 7] =
            ["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Deployment", "CronJob", "Service"];
        let owner = meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))?;
        let is_awaited = WATCHED.contains(&owner.kind.as_str())
            && !self.mirror.uids.contains_key(&owner.uid)
            && self.known(meta).is_none();
        is_awaited.then(|| owner.uid.clone())
    }

    fn read(&mut self, object: Seen) {
        match object {
            Seen::Pod(pod) => self.saw_pod(&pod),
            Seen::ReplicaSet(set) => self.saw_replicaset(&set),
            Seen::Deployment(object) => self.saw_deployment(&object),
            Seen::StatefulSet(object) => self.saw_statefulset(&object),
            Seen::DaemonSet(object) => self.saw_daemonset(&object),
            Seen::Job(object) => self.saw_job(&object),
            Seen::CronJob(object) => self.saw_cronjob(&object),
            Seen::Service(object) => self.saw_service(&object),
            Seen::EndpointSlice(slice) => self.saw_slice(&slice, false),
            Seen::PodDisruptionBudget(object) => self.saw_budget(&object),
            Seen::HorizontalPodAutoscaler(object) => self.saw_autoscaler(&object),
            Seen::ResourceQuota(object) => self.saw_quota(&object),
            Seen::PersistentVolumeClaim(object) => self.saw_claim(&object),
            Seen::Event(event) => self.saw_event(&event),
            Seen::Node(node) => self.saw_node(&node),
        }
    }

    /// An object is gone.
    pub(in crate::live) fn lost_sight(&mut self, object: &Seen) {
        if let Seen::EndpointSlice(slice) = object {
            self.saw_slice(slice, true);
        }
        if let Some(uid) = object.meta().uid.as_deref() {
            self.forget(uid);
            self.mirror.orphans.remove(uid);
            for orphans in self.mirror.orphans.values_mut() {
                orphans.retain(|orphan| orphan.meta().uid.as_deref() != Some(uid));
            }
        }
    }

    /// A watch was begun again: what it does not list any more is gone.
    pub(in crate::live) fn listed(&mut self, kind: SeenKind, namespace: &str, uids: &[String]) {
        let there: BTreeSet<&str> = uids.iter().map(String::as_str).collect();
        let known = self.mirror.uids.iter();
        let gone = known
            .filter(|(uid, (other, within, _))| *other == kind && within == namespace && !there.contains(uid.as_str()));
        let gone: Vec<String> = gone.map(|(uid, _)| uid.clone()).collect();
        for uid in gone {
            self.forget(&uid);
        }
    }

    /// The object of this uid is gone.
    fn forget(&mut self, uid: &str) {
        let Some((_, _, subject)) = self.mirror.uids.remove(uid) else { return };
        match subject.kind {
            Kind::Pod => self.pod_gone(subject),
            Kind::ReplicaSet => self.replicaset_gone(subject),
            Kind::Service => self.service_gone(subject),
            Kind::Node => self.node_gone(subject),
            _ => {
                if self.mirror.workloads.remove(&subject).is_some() {
                    let cause = self.cause_of(subject);
                    let entry = self.note(subject, "Deleted", Why::NONE, cause);
                    self.touch(subject, Cause::Entry(entry));
                }
            }
        }
    }

    /// The subject of an object by its own name; `None` if it is not in a namespace of this run.
    fn named(&mut self, kind: Kind, meta: &ObjectMeta) -> Option<Subject> {
        let namespace = self.rendering.naming.document_namespace(meta.namespace.as_deref()?)?.to_owned();
        let namespace = self.names.intern(&namespace);
        let name = self.rendering.naming.document_name(kind, meta.name.as_deref()?);
        Some(Subject { kind, namespace, name: self.names.name(&name) })
    }

    /// The subject that an object was given when it was seen first.
    fn known(&self, meta: &ObjectMeta) -> Option<Subject> {
        self.mirror.uids.get(meta.uid.as_deref()?).map(|(_, _, subject)| *subject)
    }

    /// Gives an object its subject.
    fn introduce(&mut self, kind: SeenKind, meta: &ObjectMeta, subject: Subject) {
        if let Some(uid) = &meta.uid {
            let namespace = meta.namespace.clone().unwrap_or_default();
            self.mirror.uids.insert(uid.clone(), (kind, namespace, subject));
        }
    }

    /// The subject of the object that controls this one.
    fn owner_of(&self, meta: &ObjectMeta) -> Option<Subject> {
        let owners = meta.owner_references.as_deref().unwrap_or_default();
        let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
        self.mirror.uids.get(&owner.uid).map(|(_, _, subject)| *subject)
    }

    /// Writes an entry about an object, from which what happens to it next follows.
    pub(in crate::live) fn note_next(
        &mut self,
        subject: Subject,
        became: &'static str,
        why: Why,
        cause: Cause,
    ) -> Cause {
        let entry = self.note(subject, became, why, cause);
        if let Some(last) = self.mirror.last_mut(subject) {
            *last = entry;
        }
        Cause::Entry(entry)
    }

    /// The last entry about an object, for what follows from it.
    fn last_of(&self, subject: Subject) -> Cause {
        let last = match subject.kind {
            Kind::Pod => self.mirror.pods.get(&subject).map(|pod| pod.last),
            Kind::ReplicaSet => self.mirror.sets.get(&subject).map(|set| set.last),
            Kind::Service => self.mirror.services.get(&subject).map(|service| service.last),
            Kind::Node => self.mirror.nodes.get(&subject).map(|node| node.last),
            _ => self.mirror.workloads.get(&subject).map(|own| own.last),
        };
        last.map_or_else(|| self.cause_of(subject), Cause::Entry)
    }
}

/// A count of the API, which is signed there and absent if zero.
fn count(value: Option<i32>) -> u32 {
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
}

/// A generation of the API.
fn generation(value: Option<i64>) -> u32 {
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0)
}

/// An entry that nothing was written of yet.
const NO_ENTRY: EntryId = EntryId(0);
