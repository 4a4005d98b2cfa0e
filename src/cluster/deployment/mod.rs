//! Deployments: one action a sync, up before down, never below what must stay available.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment (deployment_controller.go, sync.go).
//!
//! A sync sees the ReplicaSets as they are at its start, their statuses included: how many pods are ready is what the
//! ReplicaSet controller has written, not what is true. `rolling` and `recreate` are the strategies, `scaling` is what
//! a new wanted number does, `status` is counts and conditions.

mod recreate;
mod rolling;
mod scaling;
mod status;

use smallvec::SmallVec;

use super::pen::{Draft, Pen, Resize};
use super::{Cause, Class, Cluster, DeploymentId, Event, ReplicaSetId, Subject, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;
use crate::workload::strategy::Bounds;
use crate::workload::{DeploymentSpec, DeploymentStatus, ProgressReason, ReplicaSetStatus, Strategy};

/// One Deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub spec: DeploymentSpec,
    /// Counts changes of the spec.
    pub generation: u32,
    /// The revision of its newest ReplicaSet.
    pub revision: u32,
    /// The revision that is noted on it.
    pub noted_revision: u32,
    /// Its ReplicaSets, in the order in which they were made.
    pub replicasets: Vec<ReplicaSetId>,
    /// What watches were last told.
    pub status: DeploymentStatus,
    /// True while a sync is planned.
    pub queued: bool,
    /// When the sync that goes on ends.
    pub busy_until: Time,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

/// A ReplicaSet as a sync sees it.
#[derive(Clone, Copy, Debug)]
struct Member {
    id: ReplicaSetId,
    /// How many pods it wants, with what the sync has written so far.
    replicas: u32,
    /// How many pods it wanted when the sync read it.
    asked: u32,
    desired: u32,
    most: u32,
    status: ReplicaSetStatus,
}

/// One sync: what it saw, and what it has written so far.
struct Sync {
    id: DeploymentId,
    pen: Pen,
    /// In the order in which they were made.
    members: SmallVec<[Member; 4]>,
    /// The one with the Deployment's template.
    newest: Option<usize>,
    replicas: u32,
    bounds: Bounds,
    status: DeploymentStatus,
    /// True once the sync has written the Deployment itself: a second write of what it read at its start is refused.
    stale: bool,
    /// True if another sync is to follow.
    again: bool,
    cause: Cause,
}

impl Sync {
    fn is_newest(&self, index: usize) -> bool {
        self.newest == Some(index)
    }

    /// The old ReplicaSets, in the order in which they were made.
    fn old(&self) -> impl Iterator<Item = usize> + use<> {
        let newest = self.newest;
        (0..self.members.len()).filter(move |index| newest != Some(*index))
    }

    fn total(&self) -> u32 {
        self.members.iter().map(|one| one.replicas).sum()
    }
}

impl Cluster {
    pub(super) fn deployment(&self, id: DeploymentId) -> &Deployment {
        &self.deployments[id.0 as usize]
    }

    pub(super) fn deployment_mut(&mut self, id: DeploymentId) -> &mut Deployment {
        &mut self.deployments[id.0 as usize]
    }

    /// Plans a sync at the end of what else happens at this instant, or once the sync that goes on is over.
    pub(super) fn queue_deployment(&mut self, id: DeploymentId) {
        let deployment = self.deployment_mut(id);
        if !std::mem::replace(&mut deployment.queued, true) {
            let busy_until = deployment.busy_until;
            let at = self.next_sync(busy_until);
            self.schedule(at, Class::BUILT_IN, Event::Deployment(id));
        }
    }

    /// Handles [`Event::Deployment`] (`syncDeployment`).
    pub(super) fn sync_deployment(&mut self, id: DeploymentId) {
        let deployment = self.deployment_mut(id);
        deployment.queued = false;
        if deployment.deleted {
            return;
        }
        let mut sync = self.look_at_deployment(id);
        self.note_pause(&mut sync);
        let (paused, strategy) = (self.deployment(id).spec.paused, self.deployment(id).spec.strategy);
        if paused || sync.members.iter().any(|one| one.replicas > 0 && one.desired != sync.replicas) {
            self.find_newest(&mut sync, false);
            self.scale_deployment(&mut sync);
            if paused {
                self.forget_old(&mut sync);
            }
            self.sync_deployment_status(&mut sync, false);
        } else {
            match strategy {
                Strategy::Recreate => self.recreate(&mut sync),
                Strategy::RollingUpdate { .. } => self.roll(&mut sync),
            }
            self.sync_deployment_status(&mut sync, true);
        }
        self.deployment_mut(id).busy_until = sync.pen.end();
        // A sync that failed has its key come again by its own limit of retries alone.
        if sync.again && !self.has_failed(self.deployment(id).key) {
            self.queue_deployment(id);
        }
    }

    fn look_at_deployment(&self, id: DeploymentId) -> Sync {
        let deployment = self.deployment(id);
        let member = |id: &ReplicaSetId| {
            let one = self.replicaset(*id);
            let (replicas, status) = (one.replicas, one.status);
            Member { id: *id, replicas, asked: replicas, desired: one.desired, most: one.most, status }
        };
        Sync {
            id,
            pen: self.pen().of_rollout(),
            members: deployment.replicasets.iter().map(member).collect(),
            newest: self.newest_index(id),
            replicas: deployment.spec.replicas,
            bounds: Bounds::of_strategy(&deployment.spec.strategy, deployment.spec.replicas),
            status: deployment.status,
            stale: false,
            again: false,
            cause: Cause::Entry(deployment.last),
        }
    }

    fn newest_index(&self, id: DeploymentId) -> Option<usize> {
        let deployment = self.deployment(id);
        deployment.replicasets.iter().rposition(|one| self.replicaset(*one).template == deployment.spec.template)
    }

    /// The newest ReplicaSet: the one with the Deployment's template, made at its first size if it is not there
    /// (`getNewReplicaSet`).
    fn find_newest(&mut self, sync: &mut Sync, make: bool) {
        let id = sync.id;
        if let Some(newest) = sync.newest {
            let newest = sync.members[newest].id;
            let next = self.next_revision(id, Some(newest));
            if self.replicaset(newest).revision < next {
                // A rollback brings an older ReplicaSet to the front: it becomes the newest revision again.
                self.deployment_mut(id).revision = next;
                self.replicaset_mut(newest).revision = next;
                self.write_in_vain(&mut sync.pen);
                sync.again = true;
                return;
            }
            let revised = self.note_revision(id);
            let found = self.has_deadline(id) && sync.status.progressing.is_none();
            if found {
                self.set_progressing(sync, ProgressReason::FoundNewReplicaSet);
            }
            if revised || found {
                self.write_deployment(sync);
            }
        } else if make {
            let (owner, key) = (self.deployment(id).key, self.next_replicaset(id));
            if let Some(again_at) = self.refuse_owned(owner, key, None) {
                self.schedule(again_at, Class::BUILT_IN, Event::ProgressDeadline(id));
                return;
            }
            let replicas = newest_size(sync, 0);
            let newest = self.make_replicaset(id);
            let size =
                Resize { replicas, desired: sync.replicas, most: sync.replicas + sync.bounds.surge, cause: sync.cause };
            self.write(&mut sync.pen, Draft::Appear(newest, size));
            sync.newest = Some(sync.members.len());
            let (desired, most) = (size.desired, size.most);
            let status = ReplicaSetStatus::default();
            sync.members.push(Member { id: newest, replicas, asked: replicas, desired, most, status });
            let revised = self.note_revision(id);
            let waits = self.has_deadline(id);
            if waits {
                self.set_progressing(sync, ProgressReason::NewReplicaSetCreated);
            }
            if revised || waits {
                self.write_deployment(sync);
            }
        }
    }

    /// The revision of a Deployment's newest ReplicaSet: one more than the highest of the others (`MaxRevision`).
    pub(super) fn next_revision(&self, id: DeploymentId, newest: Option<ReplicaSetId>) -> u32 {
        let others = self.deployment(id).replicasets.iter().filter(|one| Some(**one) != newest);
        others.map(|one| self.replicaset(*one).revision).max().unwrap_or(0) + 1
    }

    /// Writes the revision of the newest ReplicaSet on its Deployment; `false` if it stands there.
    fn note_revision(&mut self, id: DeploymentId) -> bool {
        let deployment = self.deployment_mut(id);
        let revision = deployment.revision;
        std::mem::replace(&mut deployment.noted_revision, revision) != revision
    }

    /// Writes what a sync has in hand of the Deployment, in the middle of the sync.
    fn write_deployment(&mut self, sync: &mut Sync) {
        if std::mem::replace(&mut sync.stale, true) {
            self.write_in_vain(&mut sync.pen);
        } else {
            self.write(&mut sync.pen, Draft::DeploymentStatus(sync.id, sync.status));
        }
        sync.again = true;
    }

    /// Gives a ReplicaSet another size, unless it has it (`scaleReplicaSet`); `true` if that changed it.
    fn resize(&mut self, sync: &mut Sync, index: usize, replicas: u32, force: bool) -> bool {
        let (desired, most) = (sync.replicas, sync.replicas + sync.bounds.surge);
        let member = &mut sync.members[index];
        let changes = member.replicas != replicas;
        if !changes && (!force || (member.desired, member.most) == (desired, most)) {
            return false;
        }
        (member.replicas, member.desired, member.most) = (replicas, desired, most);
        let id = member.id;
        self.write(&mut sync.pen, Draft::Scale(id, Resize { replicas, desired, most, cause: sync.cause }));
        changes
    }

    /// Drops old, empty ReplicaSets beyond the history that is kept (`cleanupDeployment`).
    fn forget_old(&mut self, sync: &mut Sync) {
        let deployment = self.deployment(sync.id);
        let keep = deployment.spec.revision_history.map_or(self.profile.revision_history, |keep| keep as usize);
        let mut old: SmallVec<[usize; 4]> = sync.old().collect();
        let Some(surplus) = old.len().checked_sub(keep).filter(|surplus| *surplus > 0) else { return };
        old.sort_by_key(|index| self.replicaset(sync.members[*index].id).revision);
        for index in old.into_iter().take(surplus) {
            let member = sync.members[index];
            if member.replicas == 0 && member.status.replicas == 0 {
                self.deployment_mut(sync.id).replicasets.retain(|one| *one != member.id);
                self.write(&mut sync.pen, Draft::Forget(member.id));
            }
        }
    }

    fn has_deadline(&self, id: DeploymentId) -> bool {
        !self.deployment(id).spec.progress_deadline.is_zero()
    }

    /// Deletes a Deployment with its ReplicaSets and pods.
    pub(super) fn delete_deployment(&mut self, id: DeploymentId, cause: Cause) {
        let deployment = self.deployment_mut(id);
        deployment.deleted = true;
        let (key, sets) = (deployment.key, deployment.replicasets.clone());
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        for one in sets {
            self.delete_replicaset(one, Cause::Entry(entry));
        }
        self.journal_object(key);
        self.touch_object(key, Cause::Entry(entry));
    }

    /// How long a pod of a set must be ready to count as available.
    pub(super) fn min_ready(&self, set: super::PodSetId) -> Duration {
        match self.set(set).owner {
            super::pod::Owner::ReplicaSet(id) => match self.replicaset(id).deployment {
                Some(deployment) => self.deployment(deployment).spec.min_ready,
                None => self.replicaset(id).min_ready,
            },
            super::pod::Owner::StatefulSet(id) => self.statefulset(id).spec.min_ready,
            super::pod::Owner::DaemonSet(id) => self.daemonset(id).spec.min_ready,
            super::pod::Owner::Job(_) | super::pod::Owner::Alone(_) => Duration::ZERO,
        }
    }
}

/// The size that the newest ReplicaSet should have now (`NewRSNewReplicas`).
fn newest_size(sync: &Sync, current: u32) -> u32 {
    // Without a surge and without anything that may be missing (a recreation) it gets its whole size.
    let total = sync.total();
    let most = sync.replicas + sync.bounds.surge;
    if sync.bounds == Bounds::NONE {
        return sync.replicas;
    }
    if total >= most { current } else { current + (most - total).min(sync.replicas.saturating_sub(current)) }
}
