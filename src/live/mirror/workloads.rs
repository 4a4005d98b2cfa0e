//! Deployments, ReplicaSets, StatefulSets and DaemonSets as watches show them, and what is written of them.
//! A Deployment's ReplicaSets are known by their revisions here (`web-r1`), because the hashes of their names say nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{
    DaemonSet, Deployment, DeploymentCondition, DeploymentSpec, ReplicaSet, ReplicaSetCondition, StatefulSet,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time as Timestamp};

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::{NO_ENTRY, count, generation, pods};
use crate::kernel::Time;
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::{
    DaemonSetStatus, DeploymentStatus, Object, PodTemplate, ProgressReason, Progressing, ReplicaSetStatus,
    StatefulSetStatus, Status,
};

/// The annotation that says which of the run's templates a pod was made from.
pub const TEMPLATE: &str = "greenroom.dev/template";

/// The annotation that holds a ReplicaSet's revision: k8s.io/kubernetes v1.36.3, pkg/controller/deployment/util.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// What is known of an object that shows a status.
#[derive(Clone, Debug)]
pub struct WorkloadSeen {
    /// What it shows.
    pub status: Status,
    /// Pods that it wants.
    pub desired: u32,
    /// The system's deployment that it serves.
    pub serves: Option<Subject>,
    /// The generation of its spec.
    pub generation: u32,
    /// What of its spec is told when it changes: its template's number, and whether it is paused.
    pub template: Option<String>,
    /// See `template`.
    pub paused: bool,
    /// The last entry about it.
    pub last: EntryId,
}

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
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// What it shows.
    pub status: ReplicaSetStatus,
    /// The last entry about it.
    pub last: EntryId,
}

impl LiveCluster {
    /// Keeps what an object shows and writes down that it was created or changed; gives what it showed before.
    pub(super) fn keep(
        &mut self,
        kind: (SeenKind, Kind),
        meta: &ObjectMeta,
        now: WorkloadSeen,
        created: Why,
    ) -> Option<(Subject, Option<WorkloadSeen>)> {
        let subject = self.known(meta).or_else(|| self.named(kind.1, meta))?;
        let before = self.mirror.workloads.get(&subject).cloned();
        let serves = self.applied.get(&subject).and_then(|applied| pods::template_of(&applied.object)?.serves);
        let last = before.as_ref().map_or(NO_ENTRY, |before| before.last);
        self.mirror.workloads.insert(subject, WorkloadSeen { serves, last, ..now.clone() });
        match &before {
            None => {
                self.introduce(kind.0, meta, subject);
                let cause = self.cause_of(subject);
                self.note_workload(subject, "Created", created, cause);
            }
            Some(before) if before.generation != now.generation => {
                if let Some((became, why)) = change(before, &now) {
                    let cause = self.cause_of(subject);
                    self.note_workload(subject, became, why, cause);
                }
            }
            Some(_) => {}
        }
        Some((subject, before))
    }

    /// Writes an entry about an object, from which what happens to it next follows.
    pub(super) fn note_workload(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> Cause {
        let entry = self.note(subject, became, why, cause);
        if let Some(own) = self.mirror.workloads.get_mut(&subject) {
            own.last = entry;
        }
        Cause::Entry(entry)
    }

    /// Tells those that watch an object, if it shows something else than before.
    pub(super) fn told(&mut self, subject: Subject, before: Option<&WorkloadSeen>) {
        let now = self.mirror.workloads.get(&subject).map(|own| own.status);
        if now != before.map(|before| before.status) {
            let cause = self.last_of(subject);
            self.touch(subject, cause);
        }
    }

    pub(super) fn saw_deployment(&mut self, object: &Deployment) {
        let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
        let conditions = status.conditions.as_deref().unwrap_or_default();
        let condition = |name: &str| conditions.iter().find(|condition| condition.type_ == name);
        let desired = spec.replicas.map_or(1, |replicas| count(Some(replicas)));
        let shown = DeploymentStatus {
            observed_generation: generation(status.observed_generation),
            generation: generation(object.metadata.generation),
            desired,
            unavailable: count(status.unavailable_replicas),
            replicas: count(status.replicas),
            updated: count(status.updated_replicas),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            terminating: count(status.terminating_replicas),
            minimum_available: condition("Available").map(|available| available.status == "True"),
            progressing: condition("Progressing").and_then(|one| self.progressing(one)),
            replica_failure: condition("ReplicaFailure").is_some_and(|failure| failure.status == "True"),
        };
        let now = WorkloadSeen {
            status: Status::Deployment(shown),
            desired,
            serves: None,
            generation: shown.generation,
            template: template_of(&spec),
            paused: spec.paused == Some(true),
            last: NO_ENTRY,
        };
        let created = Why::with("replicas: {}", Arg::Count(desired.into()));
        let Some((subject, before)) =
            self.keep((SeenKind::Deployment, Kind::Deployment), &object.metadata, now, created)
        else {
            return;
        };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::Deployment(was)) => was,
            _ => DeploymentStatus::default(),
        };
        let cause = self.last_of(subject);
        let was_complete = before.is_some() && was.complete() && was.generation == shown.generation;
        if shown.complete() && !was_complete && shown.observed_generation > 0 {
            let why = Why::with("{} available", Arg::Count(shown.available.into()));
            self.note_workload(subject, "Complete", why, cause);
        } else if shown.deadline_exceeded() && !was.deadline_exceeded() {
            let deadline = u64::from(count(Some(spec.progress_deadline_seconds.unwrap_or(600))));
            let why = Why::with("no progress for {}", Arg::Length(crate::kernel::Duration::from_secs(deadline)));
            self.note_workload(subject, "ProgressDeadlineExceeded", why, cause);
        } else if shown.replica_failure && !was.replica_failure {
            self.note_workload(subject, "ReplicaFailure", Why::NONE, cause);
        }
        self.told(subject, before.as_ref());
    }

    /// The condition `Progressing` in the model's words.
    fn progressing(&self, condition: &DeploymentCondition) -> Option<Progressing> {
        let reason = match condition.reason.as_deref()? {
            "NewReplicaSetCreated" => ProgressReason::NewReplicaSetCreated,
            "FoundNewReplicaSet" => ProgressReason::FoundNewReplicaSet,
            "ReplicaSetUpdated" => ProgressReason::ReplicaSetUpdated,
            "NewReplicaSetAvailable" => ProgressReason::NewReplicaSetAvailable,
            "DeploymentPaused" => ProgressReason::DeploymentPaused,
            "DeploymentResumed" => ProgressReason::DeploymentResumed,
            "ProgressDeadlineExceeded" => ProgressReason::ProgressDeadlineExceeded,
            _ => return None,
        };
        Some(Progressing { reason, updated_at: self.present().whole_seconds() })
    }

    pub(super) fn saw_replicaset(&mut self, object: &ReplicaSet) {
        let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
        let meta = &object.metadata;
        let annotations = meta.annotations.clone().unwrap_or_default();
        let revision = annotations.get(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0);
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
        (set.annotations, set.revision) = (annotations, revision);
        let workload = set.workload;
        if before.desired != shown.desired {
            let cause = workload.map_or_else(|| self.cause_of(subject), |owner| self.last_of(owner));
            let sizes = [before.desired, shown.desired].map(|size| Arg::Count(size.into()));
            let entry = self.note(subject, "Scaled", Why::with2("{} to {}", sizes[0], sizes[1]), cause);
            if let Some(set) = self.mirror.sets.get_mut(&subject) {
                set.last = entry;
            }
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
        let pods =
            object.spec.as_ref().and_then(|spec| spec.template.as_ref()?.metadata.as_ref()?.annotations.as_ref());
        let number = pods.and_then(|annotations| annotations.get(TEMPLATE)?.parse::<usize>().ok());
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
                annotations: BTreeMap::new(),
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

    pub(super) fn saw_statefulset(&mut self, object: &StatefulSet) {
        let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
        let Some(subject) = self.known(&object.metadata).or_else(|| self.named(Kind::StatefulSet, &object.metadata))
        else {
            return;
        };
        let mut number = |revision: Option<&String>| {
            let Some(revision) = revision else { return 0 };
            let known = self.mirror.revisions.entry(subject).or_default();
            if !known.contains(revision) {
                known.push(revision.clone());
            }
            known.iter().position(|one| one == revision).map_or(0, |position| position as u32 + 1)
        };
        let current_revision = number(status.current_revision.as_ref());
        let update_revision = number(status.update_revision.as_ref());
        let desired = spec.replicas.map_or(1, |replicas| count(Some(replicas)));
        let shown = StatefulSetStatus {
            observed_generation: generation(status.observed_generation),
            generation: generation(object.metadata.generation),
            desired,
            replicas: count(Some(status.replicas)),
            ready: count(status.ready_replicas),
            available: count(status.available_replicas),
            current: count(status.current_replicas),
            updated: count(status.updated_replicas),
            current_revision,
            update_revision,
        };
        let template =
            spec.template.metadata.as_ref().and_then(|meta| meta.annotations.as_ref()?.get(TEMPLATE).cloned());
        let now = WorkloadSeen {
            status: Status::StatefulSet(shown),
            desired,
            serves: None,
            generation: shown.generation,
            template,
            paused: false,
            last: NO_ENTRY,
        };
        let created = Why::with("replicas: {}", Arg::Count(desired.into()));
        let kept = self.keep((SeenKind::StatefulSet, Kind::StatefulSet), &object.metadata, now, created);
        let Some((subject, before)) = kept else { return };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::StatefulSet(was)) => was,
            _ => StatefulSetStatus::default(),
        };
        let was_complete = before.is_some() && was.complete() && was.generation == shown.generation;
        if shown.complete() && !was_complete && shown.observed_generation > 0 {
            let cause = self.last_of(subject);
            let why = Why::with("{} available", Arg::Count(shown.available.into()));
            self.note_workload(subject, "Complete", why, cause);
        }
        self.told(subject, before.as_ref());
    }

    pub(super) fn saw_daemonset(&mut self, object: &DaemonSet) {
        let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
        let shown = DaemonSetStatus {
            observed_generation: generation(status.observed_generation),
            generation: generation(object.metadata.generation),
            desired: count(Some(status.desired_number_scheduled)),
            current: count(Some(status.current_number_scheduled)),
            misscheduled: count(Some(status.number_misscheduled)),
            ready: count(Some(status.number_ready)),
            updated: count(status.updated_number_scheduled),
            available: count(status.number_available),
        };
        let template =
            spec.template.metadata.as_ref().and_then(|meta| meta.annotations.as_ref()?.get(TEMPLATE).cloned());
        let now = WorkloadSeen {
            status: Status::DaemonSet(shown),
            desired: shown.desired,
            serves: None,
            generation: shown.generation,
            template,
            paused: false,
            last: NO_ENTRY,
        };
        let kept = self.keep((SeenKind::DaemonSet, Kind::DaemonSet), &object.metadata, now, Why::NONE);
        let Some((subject, before)) = kept else { return };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::DaemonSet(was)) => was,
            _ => DaemonSetStatus::default(),
        };
        let was_complete = before.is_some() && was.complete() && was.generation == shown.generation;
        if shown.complete() && !was_complete && shown.observed_generation > 0 && shown.desired > 0 {
            let cause = self.last_of(subject);
            let why = Why::with("{} available", Arg::Count(shown.available.into()));
            self.note_workload(subject, "Complete", why, cause);
        }
        self.told(subject, before.as_ref());
    }

    /// When a timestamp of the API was, on the clock of the run; never before its start.
    pub(super) fn time_of(&self, timestamp: &Timestamp) -> Time {
        let seconds = timestamp.0.as_second();
        let since = seconds.saturating_sub(self.options.began_at_unix_seconds);
        Time::from_nanos(u64::try_from(since).unwrap_or(0).saturating_mul(1_000_000_000))
    }
}

/// The number of a Deployment's template.
fn template_of(spec: &DeploymentSpec) -> Option<String> {
    spec.template.metadata.as_ref().and_then(|meta| meta.annotations.as_ref()?.get(TEMPLATE).cloned())
}

/// What is told of a changed spec; `None`: what changed is not of this world.
fn change(before: &WorkloadSeen, now: &WorkloadSeen) -> Option<(&'static str, Why)> {
    if let (Status::Job(_), Status::Job(_)) = (&before.status, &now.status) {
        return match (before.paused, now.paused) {
            (false, true) => Some(("Suspended", Why::NONE)),
            (true, false) => Some(("Resumed", Why::NONE)),
            // What a Job wants is counted by its pods.
            _ => Some(("Changed", Why::NONE)),
        };
    }
    let counts = [before.desired, now.desired].map(|size| Arg::Count(size.into()));
    let why = match () {
        () if before.template != now.template => Why::text("a new template"),
        () if before.desired != now.desired => Why::with2("replicas {} to {}", counts[0], counts[1]),
        () if now.paused && !before.paused => Why::text("paused"),
        () if before.paused && !now.paused => Why::text("resumed"),
        () => Why::NONE,
    };
    Some(("Changed", why))
}
