//! ReplicaSets as watches show them, and what is written of them. Those of a Deployment are known by their revisions here
//! (`web-r1`), because the hashes of their names say nothing.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetCondition};

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::workloads::template_number;
use super::{count, generation};
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::{Object, PodTemplate, ReplicaSetStatus};

/// The annotation that holds a ReplicaSet's revision: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/util.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// What is known of a ReplicaSet.
#[derive(Clone, Debug)]
pub struct SetSeen {
    /// Its name on the cluster.
    pub name: String,
    /// The Deployment or custom resource that owns it.
    pub workload: Option<Subject>,
    /// Its revision.
    pub revision: u32,
    /// What its pods are made from, if this run asked for it.
    pub template: Option<Arc<PodTemplate>>,
    /// What it shows.
    pub status: ReplicaSetStatus,
    /// The last entry about it.
    pub last: EntryId,
}

impl LiveCluster {
    pub(super) fn saw_replicaset(&mut self, object: &ReplicaSet) {
        let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
        let meta = &object.metadata;
        let revision = meta.annotations.as_ref().and_then(|annotations| annotations.get(REVISION)?.parse().ok());
        let revision = revision.unwrap_or(0);
        let failing = |one: &ReplicaSetCondition| one.type_ == "ReplicaFailure" && one.status == "True";
        let shown = ReplicaSetStatus {
            observed_generation: generation(status.observed_generation),
            desired: spec.replicas.map_or(1, |replicas| count(Some(replicas))),
            replicas: count(Some(status.replicas)),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            terminating: count(status.terminating_replicas),
            replica_failure: status.conditions.iter().flatten().any(failing),
        };
        let subject = match self.known(meta) {
            Some(known) => known,
            None => match self.meet_replicaset(object, revision) {
                Some(subject) => subject,
                None => return,
            },
        };
        let Some(set) = self.mirror.sets.get_mut(&subject) else { return };
        let before = std::mem::replace(&mut set.status, shown);
        set.revision = revision;
        let workload = set.workload;
        if before.desired != shown.desired {
            let cause = workload.map_or_else(|| self.cause_of(subject), |owner| self.last_of(owner));
            let sizes = [before.desired, shown.desired].map(|size| Arg::Count(size.into()));
            self.note_next(subject, "Scaled", Why::with2("{} to {}", sizes[0], sizes[1]), cause);
        }
        if before != shown {
            let cause = self.last_of(subject);
            self.touch(subject, cause);
            if let Some(owner) = workload {
                self.touch(owner, cause);
            }
        }
    }

    /// A ReplicaSet is seen for the first time.
    fn meet_replicaset(&mut self, object: &ReplicaSet, revision: u32) -> Option<Subject> {
        let meta = &object.metadata;
        let own = self.named(Kind::ReplicaSet, meta)?;
        let deployment = self.owner_of(meta);
        let subject = match deployment {
            Some(owner) => {
                let name = format!("{}-r{revision}", self.names.show(owner.name));
                Subject { name: self.names.name(&name), ..own }
            }
            None => own,
        };
        let applied = self.applied.get(&own).map(|applied| &applied.object);
        let workload = deployment.or(match applied {
            Some(Object::ReplicaSet(spec)) => spec.owner,
            _ => None,
        });
        self.introduce(SeenKind::ReplicaSet, meta, subject);
        let pods = object.spec.as_ref().and_then(|spec| spec.template.as_ref()?.metadata.as_ref());
        let number = template_number(pods);
        let wanted = object.spec.as_ref().and_then(|spec| spec.replicas).map_or(1, |replicas| count(Some(replicas)));
        let (cause, why, from) = match deployment {
            Some(owner) => (self.last_of(owner), Why::with("of {}", Arg::Subject(owner)), 0),
            None => (self.cause_of(subject), Why::with("replicas: {}", Arg::Count(wanted.into())), wanted),
        };
        let last = self.note(subject, "Created", why, cause);
        self.mirror.sets.insert(
            subject,
            SetSeen {
                name: meta.name.clone().unwrap_or_default(),
                workload,
                revision,
                template: number.and_then(|number| self.templates.get(number).cloned()),
                status: ReplicaSetStatus { desired: from, ..ReplicaSetStatus::default() },
                last,
            },
        );
        Some(subject)
    }

    pub(super) fn replicaset_gone(&mut self, subject: Subject) {
        let Some(set) = self.mirror.sets.remove(&subject) else { return };
        let owner = set.workload.filter(|owner| self.mirror.workloads.contains_key(owner));
        let cause = owner.map_or_else(|| self.cause_of(subject), |owner| self.last_of(owner));
        let entry = self.note(subject, "Deleted", Why::NONE, cause);
        self.touch(subject, Cause::Entry(entry));
    }
}
