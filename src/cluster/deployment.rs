//! Deployments: one action a sync, up before down, never below what must stay available.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller/deployment (deployment_controller.go, rolling.go, recreate.go, sync.go).

use super::{Arg, Cause, Class, Cluster, DeploymentId, Event, ReplicaSetId, Subject, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::EntryId;
use crate::workload::{DeploymentSpec, DeploymentStatus, Strategy};

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
    /// Its ReplicaSets, oldest first.
    pub replicasets: Vec<ReplicaSetId>,
    /// What watches were last told.
    pub status: DeploymentStatus,
    /// When it last made progress.
    pub progress_at: Time,
    /// True while a sync is planned for this instant.
    pub queued: bool,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

/// How far a rolling update may go above and below the wanted number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Bounds {
    surge: u32,
    unavailable: u32,
}

impl Bounds {
    /// Surge is rounded up and unavailable down; if both come to nothing, one may be unavailable (`ResolveFenceposts`).
    fn of(spec: &DeploymentSpec) -> Bounds {
        match spec.strategy {
            Strategy::Recreate => Bounds { surge: 0, unavailable: 0 },
            Strategy::RollingUpdate { max_surge, max_unavailable } => {
                let surge = max_surge.rounded_up(spec.replicas);
                let unavailable = max_unavailable.rounded_down(spec.replicas).min(spec.replicas);
                if surge == 0 && unavailable == 0 {
                    return Bounds { surge: 0, unavailable: 1 };
                }
                Bounds { surge, unavailable }
            }
        }
    }
}

impl Cluster {
    pub(super) fn deployment(&self, id: DeploymentId) -> &Deployment {
        &self.deployments[id.0 as usize]
    }

    pub(super) fn deployment_mut(&mut self, id: DeploymentId) -> &mut Deployment {
        &mut self.deployments[id.0 as usize]
    }

    /// Plans a sync at the end of what else happens at this instant.
    pub(super) fn queue_deployment(&mut self, id: DeploymentId) {
        if !std::mem::replace(&mut self.deployment_mut(id).queued, true) {
            let now = self.queue.now();
            self.schedule(now, Class::BUILT_IN, Event::Deployment(id));
        }
    }

    /// Handles [`Event::Deployment`].
    pub(super) fn sync_deployment(&mut self, id: DeploymentId) {
        let deployment = self.deployment_mut(id);
        deployment.queued = false;
        if deployment.deleted {
            return;
        }
        let strategy = deployment.spec.strategy;
        if deployment.spec.paused || self.was_rescaled(id) {
            self.scale_proportionally(id);
        } else {
            match strategy {
                Strategy::Recreate => self.recreate(id),
                Strategy::RollingUpdate { .. } => self.roll(id),
            }
        }
        self.update_deployment_status(id);
    }

    /// The newest ReplicaSet: the one with the Deployment's template.
    pub(super) fn newest(&self, id: DeploymentId) -> Option<ReplicaSetId> {
        let deployment = self.deployment(id);
        let same = |one: &&ReplicaSetId| self.replicaset(**one).template == deployment.spec.template;
        deployment.replicasets.iter().rev().find(same).copied()
    }

    fn wanted(&self, sets: &[ReplicaSetId]) -> u32 {
        sets.iter().map(|one| self.replicaset(*one).replicas).sum()
    }

    fn available(&self, one: ReplicaSetId) -> u32 {
        self.set(self.replicaset(one).set).available
    }

    /// The size that the newest ReplicaSet should have now (`NewRSNewReplicas`).
    fn newest_size(&self, id: DeploymentId, current: u32) -> u32 {
        let deployment = self.deployment(id);
        let replicas = deployment.spec.replicas;
        let total = self.wanted(&deployment.replicasets);
        let most = replicas + Bounds::of(&deployment.spec).surge;
        if total >= most { current } else { current + (most - total).min(replicas.saturating_sub(current)) }
    }

    /// One step of a rolling update.
    fn roll(&mut self, id: DeploymentId) {
        let cause = Cause::Entry(self.deployment(id).last);
        let Some(newest) = self.newest(id) else {
            let size = self.newest_size(id, 0);
            let newest = self.make_replicaset(id, size, cause);
            return self.shrink_old(id, newest, cause);
        };
        self.take_newest_revision(id, newest);
        let current = self.replicaset(newest).replicas;
        let replicas = self.deployment(id).spec.replicas;
        let size = if current > replicas { replicas } else { self.newest_size(id, current) };
        if size != current {
            return self.rescale(id, newest, size, cause);
        }
        self.shrink_old(id, newest, cause);
    }

    /// Takes old pods away: unready ones first, then as many ready ones as may be missing (`reconcileOldReplicaSets`).
    fn shrink_old(&mut self, id: DeploymentId, newest: ReplicaSetId, cause: Cause) {
        let old: Vec<ReplicaSetId> =
            self.deployment(id).replicasets.iter().copied().filter(|one| *one != newest).collect();
        if self.wanted(&old) == 0 {
            return self.forget_old(id);
        }
        let spec = &self.deployment(id).spec;
        let least = spec.replicas - Bounds::of(spec).unavailable;
        let newest_missing = self.replicaset(newest).replicas.saturating_sub(self.available(newest));
        let total = self.wanted(&self.deployment(id).replicasets);
        let Some(mut unready_left) = total.checked_sub(least + newest_missing).filter(|left| *left > 0) else { return };
        for one in &old {
            let wanted = self.replicaset(*one).replicas;
            let unready = wanted.saturating_sub(self.available(*one)).min(unready_left);
            unready_left -= unready;
            self.rescale(id, *one, wanted - unready, cause);
        }
        let available: u32 = self.deployment(id).replicasets.iter().map(|one| self.available(*one)).sum();
        let mut ready_left = available.saturating_sub(least);
        for one in &old {
            let wanted = self.replicaset(*one).replicas;
            let fewer = wanted.min(ready_left);
            ready_left -= fewer;
            self.rescale(id, *one, wanted - fewer, cause);
        }
    }

    /// One step of a recreation: the old go, and once none is left, terminating ones included, the new come.
    fn recreate(&mut self, id: DeploymentId) {
        let cause = Cause::Entry(self.deployment(id).last);
        let newest = self.newest(id);
        let old: Vec<ReplicaSetId> =
            self.deployment(id).replicasets.iter().copied().filter(|one| Some(*one) != newest).collect();
        if self.wanted(&old) > 0 {
            for one in old {
                self.rescale(id, one, 0, cause);
            }
            return;
        }
        let left = |one: &ReplicaSetId| {
            let set = self.set(self.replicaset(*one).set);
            !set.active.is_empty() || set.terminating > 0
        };
        if old.iter().any(left) {
            return;
        }
        let replicas = self.deployment(id).spec.replicas;
        match newest {
            None => {
                self.make_replicaset(id, replicas, cause);
            }
            Some(newest) => {
                self.take_newest_revision(id, newest);
                self.rescale(id, newest, replicas, cause);
                self.forget_old(id);
            }
        }
    }

    pub(super) fn rescale(&mut self, id: DeploymentId, one: ReplicaSetId, replicas: u32, cause: Cause) {
        let spec = &self.deployment(id).spec;
        let (desired, most) = (spec.replicas, spec.replicas + Bounds::of(spec).surge);
        self.scale_replicaset(one, replicas, desired, most, cause);
    }

    /// True if the wanted number changed since a ReplicaSet was last scaled (`isScalingEvent`).
    fn was_rescaled(&self, id: DeploymentId) -> bool {
        let deployment = self.deployment(id);
        let stale = |one: &ReplicaSetId| {
            let replicaset = self.replicaset(*one);
            replicaset.replicas > 0 && replicaset.desired != deployment.spec.replicas
        };
        deployment.replicasets.iter().any(stale)
    }

    /// Spreads a new wanted number over the ReplicaSets that have pods, in proportion to their sizes (`scale`).
    fn scale_proportionally(&mut self, id: DeploymentId) {
        let cause = Cause::Entry(self.deployment(id).last);
        let replicas = self.deployment(id).spec.replicas;
        let most = replicas + Bounds::of(&self.deployment(id).spec).surge;
        let newest = self.newest(id);
        let has_pods = |one: &ReplicaSetId| self.replicaset(*one).replicas > 0;
        let mut active: Vec<ReplicaSetId> = self.deployment(id).replicasets.iter().copied().filter(has_pods).collect();
        if active.len() <= 1 {
            if let Some(only) = active.first().copied().or(newest).or(self.deployment(id).replicasets.last().copied()) {
                self.rescale(id, only, replicas, cause);
            }
            return;
        }
        if let Some(newest) = newest.filter(|one| self.is_saturated(id, *one)) {
            for one in active.into_iter().filter(|one| *one != newest) {
                self.rescale(id, one, 0, cause);
            }
            return;
        }
        if self.deployment(id).spec.strategy == Strategy::Recreate {
            return;
        }
        let total: i64 = active.iter().map(|one| i64::from(self.replicaset(*one).replicas)).sum();
        let to_add = if replicas > 0 { i64::from(most) } else { 0 } - total;
        // Larger first; of equals the newer first when growing, the older first when shrinking.
        active.sort_by_key(|one| {
            let replicaset = self.replicaset(*one);
            let age = if to_add > 0 { -i64::from(one.0) } else { i64::from(one.0) };
            (-i64::from(replicaset.replicas), age)
        });
        let mut added = 0;
        let mut sizes: Vec<i64> = Vec::new();
        for one in &active {
            let replicaset = self.replicaset(*one);
            let share = proportion(replicaset.replicas, replicaset.most, most, replicas);
            let left = to_add - added;
            let share = if to_add > 0 { share.min(left) } else { share.max(left) };
            let share = if left == 0 { 0 } else { share };
            sizes.push(i64::from(replicaset.replicas) + share);
            added += share;
        }
        sizes[0] = (sizes[0] + to_add - added).max(0);
        for (one, size) in active.into_iter().zip(sizes) {
            self.rescale(id, one, u32::try_from(size.max(0)).unwrap_or(u32::MAX), cause);
        }
    }

    /// All that is wanted is new, known to its ReplicaSet, and available (`IsSaturated`).
    fn is_saturated(&self, id: DeploymentId, one: ReplicaSetId) -> bool {
        let replicas = self.deployment(id).spec.replicas;
        let replicaset = self.replicaset(one);
        replicaset.replicas == replicas && replicaset.desired == replicas && self.available(one) == replicas
    }

    /// Drops old, empty ReplicaSets beyond the history that is kept.
    fn forget_old(&mut self, id: DeploymentId) {
        let keep = self.profile.revision_history + 1;
        let count = self.deployment(id).replicasets.len();
        if count > keep {
            let surplus: Vec<ReplicaSetId> = self.deployment_mut(id).replicasets.drain(..count - keep).collect();
            for one in surplus {
                self.replicaset_mut(one).deleted = true;
            }
        }
    }

    /// A rollback brings an older ReplicaSet to the front: it becomes the newest revision again.
    fn take_newest_revision(&mut self, id: DeploymentId, newest: ReplicaSetId) {
        let deployment = self.deployment_mut(id);
        if deployment.replicasets.last() == Some(&newest) {
            return;
        }
        deployment.replicasets.retain(|one| *one != newest);
        deployment.replicasets.push(newest);
        deployment.revision += 1;
        let revision = deployment.revision;
        self.replicaset_mut(newest).revision = revision;
    }

    /// `minReadySeconds` of the Deployment that a set belongs to.
    pub(super) fn min_ready(&self, set: super::PodSetId) -> Duration {
        match self.set(set).owner {
            super::pod::Owner::ReplicaSet(id) => self.deployment(self.replicaset(id).deployment).spec.min_ready,
            super::pod::Owner::Job(_) => Duration::ZERO,
        }
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
        self.touch_object(key, Cause::Entry(entry));
    }

    /// Handles [`Event::ProgressDeadline`].
    pub(super) fn on_progress_deadline(&mut self, id: DeploymentId) {
        let deployment = self.deployment(id);
        if !deployment.deleted && !deployment.spec.paused {
            self.update_deployment_status(id);
        }
    }

    /// Writes down what changed in a Deployment's status and tells those that watch it.
    fn update_deployment_status(&mut self, id: DeploymentId) {
        let now = self.queue.now();
        let newest = self.newest(id).map(|one| self.replicaset(one).set);
        let deployment = self.deployment(id);
        let before = deployment.status;
        let mut status = DeploymentStatus {
            observed_generation: deployment.generation,
            generation: deployment.generation,
            desired: deployment.spec.replicas,
            ..DeploymentStatus::default()
        };
        for one in &deployment.replicasets {
            let id = self.replicaset(*one).set;
            let set = self.set(id);
            let pods = set.active.len() as u32;
            status.replicas += pods;
            status.ready += set.ready;
            status.available += set.available;
            if Some(id) == newest {
                status.updated = pods;
            }
        }
        let old = |status: &DeploymentStatus| status.replicas - status.updated.min(status.replicas);
        let progressed = status.generation != before.generation
            || status.updated > before.updated
            || status.ready > before.ready
            || status.available > before.available
            || old(&status) < old(&before);
        let (key, deadline, cause) = (deployment.key, deployment.spec.progress_deadline, Cause::Entry(deployment.last));
        if progressed {
            self.deployment_mut(id).progress_at = now;
        }
        let due = self.deployment(id).progress_at + deadline;
        // The source asks for strictly later than the deadline; events at the deadline itself still count as progress.
        let late = !status.complete() && now >= due && !progressed && !deadline.is_zero();
        status.deadline_exceeded = late || (before.deadline_exceeded && !progressed);
        if status == before {
            return;
        }
        self.deployment_mut(id).status = status;
        let entry = if status.complete() && (!before.complete() || before.generation != status.generation) {
            let why = Why::with("{} available", Arg::Count(status.available.into()));
            Some(self.note(key, "Complete", why, cause))
        } else if status.deadline_exceeded && !before.deadline_exceeded {
            let why = Why::with("no progress for {}", Arg::Length(deadline));
            Some(self.note(key, "ProgressDeadlineExceeded", why, cause))
        } else {
            None
        };
        if let Some(entry) = entry {
            self.deployment_mut(id).last = entry;
        }
        if progressed && !status.complete() && !deadline.is_zero() {
            self.schedule(due, Class::CHECK, Event::ProgressDeadline(id));
        }
        let cause = Cause::Entry(self.deployment(id).last);
        self.touch_object(key, cause);
    }
}

/// The change of a ReplicaSet's size that keeps its share: round(size * new maximum / maximum when it was last scaled) - size
/// (`getReplicaSetFraction`). The source computes it in float64 and rounds half away from zero; in integers that is the same.
fn proportion(size: u32, most_then: u32, most_now: u32, replicas: u32) -> i64 {
    if replicas == 0 {
        return -i64::from(size);
    }
    let then = i64::from(most_then.max(1));
    (2 * i64::from(size) * i64::from(most_now) + then) / (2 * then) - i64::from(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_up() {
        assert_eq!(proportion(5, 10, 20, 20), 5);
        assert_eq!(proportion(3, 13, 20, 15), 2);
        assert_eq!(proportion(4, 10, 5, 0), -4);
    }
}
