//! Deployments, StatefulSets and DaemonSets as watches show them, and what is written of them. What other modules keep of an
//! object that shows a status is here too.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, DeploymentCondition, StatefulSet};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time as Timestamp};

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::{NO_ENTRY, count, generation};
use crate::kernel::Time;
use crate::timeline::{Arg, EntryId, Kind, Subject, Why};
use crate::workload::{DaemonSetStatus, DeploymentStatus, ProgressReason, Progressing, StatefulSetStatus, Status};

/// The annotation that says which of the run's templates a pod was made from.
pub const TEMPLATE: &str = "greenroom.dev/template";

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
    pub template: Option<usize>,
    /// See `template`.
    pub paused: bool,
    /// The last entry about it.
    pub last: EntryId,
}

impl WorkloadSeen {
    /// An object that shows this, of which nothing was written yet.
    pub fn of(status: Status, desired: u32, generation: u32) -> WorkloadSeen {
        WorkloadSeen { status, desired, serves: None, generation, template: None, paused: false, last: NO_ENTRY }
    }
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
        let serves = self.applied.get(&subject).and_then(|applied| applied.object.template()?.serves);
        let last = before.as_ref().map_or(NO_ENTRY, |before| before.last);
        self.mirror.workloads.insert(subject, WorkloadSeen { serves, last, ..now.clone() });
        match &before {
            None => {
                self.introduce(kind.0, meta, subject);
                let cause = self.cause_of(subject);
                self.note_next(subject, "Created", created, cause);
            }
            Some(before) if before.generation != now.generation => {
                if let Some((became, why)) = change(before, &now) {
                    let cause = self.cause_of(subject);
                    self.note_next(subject, became, why, cause);
                }
            }
            Some(_) => {}
        }
        Some((subject, before))
    }

    fn note_complete(&mut self, subject: Subject, available: u32) {
        let why = Why::with("{} available", Arg::Count(available.into()));
        self.note_next(subject, "Complete", why, self.last_of(subject));
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
            template: template_number(spec.template.metadata.as_ref()),
            paused: spec.paused == Some(true),
            ..WorkloadSeen::of(Status::Deployment(shown), desired, shown.generation)
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
            self.note_complete(subject, shown.available);
        } else if shown.deadline_exceeded() && !was.deadline_exceeded() {
            let deadline = u64::from(count(Some(spec.progress_deadline_seconds.unwrap_or(600))));
            let why = Why::with("no progress for {}", Arg::Length(crate::kernel::Duration::from_secs(deadline)));
            self.note_next(subject, "ProgressDeadlineExceeded", why, cause);
        } else if shown.replica_failure && !was.replica_failure {
            self.note_next(subject, "ReplicaFailure", Why::NONE, cause);
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
        let template = template_number(spec.template.metadata.as_ref());
        let now = WorkloadSeen { template, ..WorkloadSeen::of(Status::StatefulSet(shown), desired, shown.generation) };
        let created = Why::with("replicas: {}", Arg::Count(desired.into()));
        let kept = self.keep((SeenKind::StatefulSet, Kind::StatefulSet), &object.metadata, now, created);
        let Some((subject, before)) = kept else { return };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::StatefulSet(was)) => was,
            _ => StatefulSetStatus::default(),
        };
        let was_complete = before.is_some() && was.complete() && was.generation == shown.generation;
        if shown.complete() && !was_complete && shown.observed_generation > 0 {
            self.note_complete(subject, shown.available);
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
        let template = template_number(spec.template.metadata.as_ref());
        let seen = WorkloadSeen::of(Status::DaemonSet(shown), shown.desired, shown.generation);
        let now = WorkloadSeen { template, ..seen };
        let kept = self.keep((SeenKind::DaemonSet, Kind::DaemonSet), &object.metadata, now, Why::NONE);
        let Some((subject, before)) = kept else { return };
        let was = match before.as_ref().map(|before| before.status) {
            Some(Status::DaemonSet(was)) => was,
            _ => DaemonSetStatus::default(),
        };
        let was_complete = before.is_some() && was.complete() && was.generation == shown.generation;
        if shown.complete() && !was_complete && shown.observed_generation > 0 && shown.desired > 0 {
            self.note_complete(subject, shown.available);
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

/// The number of the template that pods with this metadata are made from, if this run asked for it.
pub(super) fn template_number(pods: Option<&ObjectMeta>) -> Option<usize> {
    pods?.annotations.as_ref()?.get(TEMPLATE)?.parse().ok()
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
