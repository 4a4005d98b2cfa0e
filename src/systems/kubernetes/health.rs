//! How an applied object fares, read from its status: what `kubectl rollout status`, `kubectl wait` and `helm --wait` look at.

use super::manifest::{Body, Manifest};
use crate::systems::argorollouts::Rollout;
use crate::timeline::{Kind, Subject};
use crate::workload::apps::{DaemonSetStrategy, StatefulSetStrategy};
use crate::workload::status::{DaemonSetStatus, StatefulSetStatus};
use crate::workload::{DaemonSetSpec, Object, PodPhase, PodStatus, RolloutPhase, StatefulSetSpec, Status, World};

/// How an object fares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Health {
    /// Nothing of it is waited for.
    Plain,
    /// It is on its way.
    Progressing,
    /// It is as it should be.
    Ready,
    /// It has ended well.
    Done,
    /// It will not become what it should, or not by itself.
    Failed(&'static str),
}

/// How the object fares as observed.
pub fn health(manifest: &Manifest, subject: Subject, world: &dyn World) -> Health {
    let Body::Object(object) = &manifest.body else { return Health::Plain };
    match (object, world.observed(subject)) {
        (Object::Deployment(_), Some(Status::Deployment(status))) => {
            if status.complete() {
                Health::Ready
            } else if status.deadline_exceeded() {
                Health::Failed("ProgressDeadlineExceeded")
            } else {
                Health::Progressing
            }
        }
        (Object::Job(_), Some(Status::Job(status))) if status.complete => Health::Done,
        (Object::Job(_), Some(Status::Job(status))) if status.gave_up => {
            Health::Failed(status.ending.map_or("Failed", |ending| ending.reason.text()))
        }
        (Object::Job(spec), _) if spec.suspended => Health::Plain,
        (Object::Pod(_), Some(Status::Pod(status))) => pod(&status),
        (Object::ReplicaSet(_), Some(Status::ReplicaSet(status))) => {
            let all = status.available == status.desired && status.replicas == status.desired;
            if all { Health::Ready } else { Health::Progressing }
        }
        (Object::StatefulSet(spec), Some(Status::StatefulSet(status))) => stateful_set(spec, &status),
        (Object::LeaderWorkerSet(_), Some(Status::LeaderWorkerSet(status))) if status.available => Health::Ready,
        // Its controller tells.
        (Object::LeaderWorkerSet(_) | Object::Rollout(_), _) => Health::Progressing,
        (Object::DaemonSet(spec), Some(Status::DaemonSet(status))) => daemon_set(spec, &status),
        (Object::Deployment(_) | Object::ReplicaSet(_) | Object::StatefulSet(_), _) => Health::Progressing,
        (Object::DaemonSet(_) | Object::Job(_) | Object::Pod(_), _) => Health::Progressing,
        _ => Health::Plain,
    }
}

/// A Rollout fares as its phase says; one that is paused is on its way.
pub fn rollout(rollout: &Rollout) -> Health {
    match rollout.phase() {
        RolloutPhase::Healthy => Health::Ready,
        RolloutPhase::Progressing | RolloutPhase::Paused => Health::Progressing,
        RolloutPhase::Degraded => Health::Failed(rollout.failure()),
    }
}

/// As many pods have the newest template as its strategy brings it to, and all are available.
/// Source: k8s.io/kubectl v0.36.3, pkg/polymorphichelpers/rollout_status.go, StatefulSetStatusViewer.
fn stateful_set(spec: &StatefulSetSpec, status: &StatefulSetStatus) -> Health {
    let updates = match spec.strategy {
        StatefulSetStrategy::OnDelete => 0,
        StatefulSetStrategy::RollingUpdate { partition, .. } => status.desired.saturating_sub(partition),
    };
    let seen = status.observed_generation >= status.generation;
    let all = status.available == status.desired && status.replicas == status.desired;
    // A set that was never updated counts its pods as current.
    let updated = status.updated >= updates || status.current_revision == status.update_revision;
    if seen && all && updated { Health::Ready } else { Health::Progressing }
}

/// Every node that should have a pod has one that is available, of the newest template unless pods wait to be deleted.
/// Source: k8s.io/kubectl v0.36.3, pkg/polymorphichelpers/rollout_status.go, DaemonSetStatusViewer.
fn daemon_set(spec: &DaemonSetSpec, status: &DaemonSetStatus) -> Health {
    let seen = status.observed_generation >= status.generation;
    let updated = spec.strategy == DaemonSetStrategy::OnDelete || status.updated >= status.desired;
    if seen && updated && status.available >= status.desired { Health::Ready } else { Health::Progressing }
}

/// A pod that no workload made.
const fn pod(status: &PodStatus) -> Health {
    match status.phase {
        PodPhase::Succeeded => Health::Done,
        PodPhase::Failed => Health::Failed("Failed"),
        _ if status.ready && !status.terminating => Health::Ready,
        _ => Health::Progressing,
    }
}

/// Pods that are available, and pods that are wanted.
pub fn availability(subject: Subject, world: &dyn World) -> (u32, u32) {
    match world.observed(subject) {
        Some(Status::Deployment(status)) => (status.available, status.desired),
        Some(Status::ReplicaSet(status)) => (status.available, status.desired),
        Some(Status::Rollout(status)) => (status.available, status.desired),
        Some(Status::StatefulSet(status)) => (status.available, status.desired),
        Some(Status::DaemonSet(status)) => (status.available, status.desired),
        Some(Status::Pod(status)) => (u32::from(status.ready && !status.terminating), 1),
        _ => (0, 0),
    }
}

/// True for kinds whose objects have pods, and are gone only when those are.
pub const fn has_pods(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::LeaderWorkerSet
            | Kind::Rollout
            | Kind::Job
            | Kind::CronJob
            | Kind::Pod
    )
}

/// True once neither the object nor a pod of it is left.
pub fn is_gone(subject: Subject, world: &dyn World) -> bool {
    let is_gone = |subject| world.observed(subject).is_none() && world.observed_pods(subject).is_empty();
    // The leaders of groups are the pods of a StatefulSet of the same name.
    let leaders = Subject { kind: Kind::StatefulSet, ..subject };
    is_gone(subject) && (subject.kind != Kind::LeaderWorkerSet || is_gone(leaders))
}
