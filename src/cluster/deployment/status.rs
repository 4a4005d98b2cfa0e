//! The status of a Deployment: counts as its ReplicaSets report them, and the conditions `Available` and `Progressing`.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment (progress.go, sync.go), util/deployment_util.go.

use super::{Cluster, Sync};
use crate::cluster::pen::Draft;
use crate::cluster::{Arg, Cause, Class, DeploymentId, Event, ReplicaSetId, Why};
use crate::workload::{DeploymentStatus, ProgressReason, Progressing};

impl Cluster {
    /// The condition of a pause, so that a deadline does not strike when the Deployment is resumed
    /// (`checkPausedConditions`).
    pub(super) fn note_pause(&mut self, sync: &mut Sync) {
        if !self.has_deadline(sync.id) {
            return;
        }
        let reason = sync.status.progressing.map(|one| one.reason);
        if reason == Some(ProgressReason::ProgressDeadlineExceeded) {
            return;
        }
        let noted = reason == Some(ProgressReason::DeploymentPaused);
        let reason = match (self.deployment(sync.id).spec.paused, noted) {
            (true, false) => ProgressReason::DeploymentPaused,
            (false, true) => ProgressReason::DeploymentResumed,
            _ => return,
        };
        self.set_progressing(sync, reason);
        self.write_deployment(sync);
    }

    /// Makes the condition `Progressing` this one; the same reason again changes nothing (`SetDeploymentCondition`).
    pub(super) fn set_progressing(&self, sync: &mut Sync, reason: ProgressReason) {
        set(&mut sync.status, Progressing { reason, updated_at: self.queue.now().whole_seconds() });
    }

    /// True if the status that the sync read says that the rollout is complete.
    pub(super) fn is_complete(&self, sync: &Sync) -> bool {
        let deployment = self.deployment(sync.id);
        DeploymentStatus { desired: sync.replicas, generation: deployment.generation, ..sync.status }.complete()
    }

    /// Counts, judges and writes the status, if it changed (`syncRolloutStatus`; `syncDeploymentStatus` judges nothing).
    pub(super) fn sync_deployment_status(&mut self, sync: &mut Sync, judges: bool) {
        let deployment = self.deployment(sync.id);
        let mut status = DeploymentStatus {
            observed_generation: deployment.generation,
            generation: deployment.generation,
            desired: sync.replicas,
            progressing: sync.status.progressing,
            replica_failure: sync.status.replica_failure,
            ..DeploymentStatus::default()
        };
        let mut asked = 0;
        for (index, member) in sync.members.iter().enumerate() {
            // What the sync read: its own writes are in the next one's (`calculateStatus`, sync.go:496).
            asked = u32::saturating_add(asked, member.asked);
            status.replicas += member.status.replicas;
            status.ready += member.status.ready;
            status.available += member.status.available;
            status.terminating += member.status.terminating;
            if sync.is_newest(index) {
                status.updated = member.status.replicas;
            }
        }
        status.unavailable = asked.saturating_sub(status.available);
        status.minimum_available = Some(status.available >= sync.replicas - sync.bounds.unavailable.min(sync.replicas));
        if judges {
            status.replica_failure = sync.members.iter().any(|one| one.status.replica_failure);
            self.judge_progress(sync, &mut status);
        }
        if status == sync.status {
            return;
        }
        if sync.stale {
            self.write_in_vain(&mut sync.pen);
            sync.again = true;
        } else {
            self.write(&mut sync.pen, Draft::DeploymentStatus(sync.id, status));
        }
    }

    fn judge_progress(&self, sync: &Sync, status: &mut DeploymentStatus) {
        if !self.has_deadline(sync.id) {
            status.progressing = None;
            return;
        }
        let before = sync.status;
        let was_complete = status.replicas == status.updated
            && before.progressing.is_some_and(|one| one.reason == ProgressReason::NewReplicaSetAvailable);
        if was_complete {
            return;
        }
        let updated_at = self.queue.now().whole_seconds();
        let old = |status: &DeploymentStatus| i64::from(status.replicas) - i64::from(status.updated);
        let progressed = status.updated > before.updated
            || status.ready > before.ready
            || status.available > before.available
            || old(status) < old(&before);
        if status.complete() {
            set(status, Progressing { reason: ProgressReason::NewReplicaSetAvailable, updated_at });
        } else if progressed {
            status.progressing = Some(Progressing { reason: ProgressReason::ReplicaSetUpdated, updated_at });
        } else if self.timed_out(sync.id, status) {
            set(status, Progressing { reason: ProgressReason::ProgressDeadlineExceeded, updated_at });
        }
    }

    /// `DeploymentTimedOut`.
    fn timed_out(&self, id: DeploymentId, status: &DeploymentStatus) -> bool {
        let Some(condition) = status.progressing else { return false };
        match condition.reason {
            ProgressReason::NewReplicaSetAvailable => false,
            ProgressReason::ProgressDeadlineExceeded => true,
            _ => condition.updated_at + self.deployment(id).spec.progress_deadline < self.queue.now(),
        }
    }

    /// The API has taken a Deployment's status: what changed is written down, and those that watch it are told.
    pub(in crate::cluster) fn write_deployment_status(&mut self, id: DeploymentId, status: DeploymentStatus) {
        let deployment = self.deployment_mut(id);
        if deployment.deleted {
            return;
        }
        let before = std::mem::replace(&mut deployment.status, status);
        let (key, deadline, cause) = (deployment.key, deployment.spec.progress_deadline, Cause::Entry(deployment.last));
        let newly_complete = status.complete() && (!before.complete() || before.generation != status.generation);
        let entry = if newly_complete {
            let why = Why::with("{} available", Arg::Count(status.available.into()));
            Some(self.note(key, "Complete", why, cause))
        } else if status.deadline_exceeded() && !before.deadline_exceeded() {
            let why = Why::with("no progress for {}", Arg::Length(deadline));
            Some(self.note(key, "ProgressDeadlineExceeded", why, cause))
        } else if status.replica_failure && !before.replica_failure {
            let refused = |id: &&ReplicaSetId| self.replicaset(**id).status.replica_failure;
            let refused = self.deployment(id).replicasets.iter().rev().find(refused).copied();
            let why = refused.map_or(Why::NONE, |refused| {
                Why::with("{} cannot create its pods", Arg::Subject(self.replicaset(refused).key))
            });
            Some(self.note(key, "ReplicaFailure", why, cause))
        } else {
            None
        };
        if let Some(entry) = entry {
            self.deployment_mut(id).last = entry;
        }
        if newly_complete {
            // Old ReplicaSets are forgotten by a sync that reads that the rollout is complete.
            self.queue_deployment(id);
        }
        if let Some(condition) = status.progressing
            // A new ReplicaSet is written down while the counts are still those of the rollout before.
            && (status.progressing != before.progressing || before.complete())
            && condition.reason != ProgressReason::NewReplicaSetAvailable
            && !status.complete()
            && !status.deadline_exceeded()
            && !deadline.is_zero()
        {
            // `requeueStuckDeployment` looks again a second after the deadline, and timestamps have whole seconds.
            // A status that was written after a long wait for the API may be past its deadline: it is looked at again at once.
            let due = condition.updated_at + deadline + self.profile.progress_check_margin;
            let due = due.max(self.queue.now());
            self.schedule(due, Class::BUILT_IN, Event::ProgressDeadline(id));
        }
        self.journal_object(key);
        let cause = Cause::Entry(self.deployment(id).last);
        self.touch_object(key, cause);
    }

    /// Handles [`Event::ProgressDeadline`].
    pub(in crate::cluster) fn on_progress_deadline(&mut self, id: DeploymentId) {
        if !self.deployment(id).deleted {
            self.queue_deployment(id);
        }
    }
}

/// Sets the condition unless it has the same reason and status already.
fn set(status: &mut DeploymentStatus, condition: Progressing) {
    if status.progressing.is_none_or(|one| one.reason != condition.reason) {
        status.progressing = Some(condition);
    }
}
