//! Writes of Kubernetes' own controllers that the API refuses through a fault: what is left of the sync, and when its key comes again.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controller; k8s.io/client-go v0.36.3, util/workqueue/default_rate_limiters.go.
//!
//! A Deployment's sync ends with its first error. The others make and delete no more pods in this sync (`slowStartBatch` begins with one),
//! and write their status all the same. The key comes again after 5 ms, and after twice as long each time, up to 1000 s; an autoscaler
//! looks again at its next tick.

use std::collections::{BTreeMap, BTreeSet};

use super::pen::Draft;
use super::{Arg, Class, Cluster, Event, JobId, Subject, Why};
use crate::kernel::{Duration, EventId, Time};
use crate::timeline::Kind;
use crate::workload::BuiltIn;

/// `DefaultTypedControllerRateLimiter`: the wait after the first failure, and the longest.
const RETRY: Duration = Duration::from_millis(5);
const RETRY_MAX: Duration = Duration::from_secs(1000);

/// Syncs that failed.
#[derive(Clone, Debug, Default)]
pub struct SyncFailures {
    /// How often in a row, by what is looked at.
    times: BTreeMap<Subject, u32>,
    /// Whose last sync has failed.
    failed: BTreeSet<Subject>,
    /// When each key comes again: the soonest that was asked for (`waitingEntryQueue`).
    due: BTreeMap<Subject, (Time, EventId)>,
    /// Jobs whose last status was not written.
    unwritten: BTreeSet<JobId>,
}

impl SyncFailures {
    /// True if nothing has failed.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty() && self.unwritten.is_empty()
    }

    /// The status of a Job is to be written by its next sync, whatever it is.
    pub fn writes_again(&mut self, id: JobId) {
        self.unwritten.insert(id);
    }
}

impl Cluster {
    pub(super) fn forget_sync_failures(&mut self) {
        self.sync_failures.times.clear();
        self.sync_failures.failed.clear();
        for (_, event) in std::mem::take(&mut self.sync_failures.due).into_values() {
            self.queue.cancel(event);
        }
    }

    /// True if a write of the last sync of this object was refused.
    pub(super) fn has_failed(&self, key: Subject) -> bool {
        self.sync_failures.failed.contains(&key)
    }

    /// A Job whose status was not written is looked at: the API has not heard of its end.
    pub(super) fn restore_job_status(&mut self, id: JobId) {
        if self.sync_failures.unwritten.remove(&id) {
            let job = self.job_mut(id);
            let kept = job.status;
            (job.written.complete, job.written.gave_up) = (kept.complete, kept.gave_up);
            job.written.completed_at = kept.completed_at;
            job.is_written = false;
        }
    }

    /// A controller looks at an object: what failed before is another sync's.
    pub(super) fn look_begins(&mut self, key: Subject) {
        // A sync that is through forgets its failures; one that fails notes another.
        let now = self.queue.now();
        if self.sync_failures.due.get(&key).is_some_and(|(at, _)| *at <= now) {
            self.sync_failures.due.remove(&key);
        }
        if !self.sync_failures.failed.remove(&key) {
            self.sync_failures.times.remove(&key);
        }
    }

    /// The API takes a write of a built-in controller, or a fault has it refused.
    pub(super) fn perform_or_fail(&mut self, draft: Draft) {
        if self.api_faults.is_empty() && self.sync_failures.is_empty() {
            return self.perform(draft);
        }
        let Some((owner, event)) = self.sync_of(&draft) else { return self.perform(draft) };
        let status = matches!(
            draft,
            Draft::DaemonSetStatus(..)
                | Draft::JobStatus(..)
                | Draft::StatefulSetStatus(..)
                | Draft::ReplicaSetStatus(..)
                | Draft::CronJobStatus(_)
                | Draft::AutoscalerStatus(..)
        );
        if self.sync_failures.failed.contains(&owner) && !status {
            return self.undo_draft(draft);
        }
        let (by, key) = (self.drafter(&draft), self.drafted(&draft));
        let locked =
            !matches!(draft, Draft::CreatePod { .. } | Draft::DeletePod(..) | Draft::Appear(..) | Draft::Forget(_));
        let Some(conflict) = self.fails(by, key, locked) else { return self.perform(draft) };
        self.undo_draft(draft);
        // That an ended Job could not be deleted is no error of a CronJob's sync: the next that there is tries again.
        if let Draft::DeleteJob(_, job) = draft
            && self.has_ended(job)
        {
            return self.tell_refused(by, Why::with("{} could not be written", Arg::Subject(key)), false, event);
        }
        // A sync fails once, with whatever it could not write (`processNextWorkItem`).
        let is_first = self.sync_failures.failed.insert(owner);
        let times = self.sync_failures.times.entry(owner).or_default();
        *times += u32::from(is_first);
        let wait = match event {
            Event::Autoscaler(id) => self.autoscaler_waits(id),
            _ => (RETRY * (1_u64 << (*times - 1).min(18))).min(RETRY_MAX),
        };
        let why = match conflict {
            true => Why::with2("{} has been modified: again after {}", Arg::Subject(key), Arg::Length(wait)),
            false => Why::with2("{} could not be written: again after {}", Arg::Subject(key), Arg::Length(wait)),
        };
        self.tell_refused(by, why, conflict, event);
        let at = self.queue.now() + wait;
        match event {
            Event::Job(id) => self.queue_job(id, wait),
            Event::CronJob(id) => self.queue_cronjob(id, at),
            Event::Autoscaler(id) => self.autoscaler_failed(id, draft),
            event => {
                let due = self.sync_failures.due.get(&owner).copied();
                let due = self.bring_forward(due, at, Class::BUILT_IN, event);
                self.sync_failures.due.insert(owner, due);
            }
        }
    }

    fn tell_refused(&mut self, by: BuiltIn, why: Why, conflict: bool, event: Event) {
        let subject = Subject::new(Kind::Controller, self.names.name(by.text()));
        let cause = self.sync_cause(event);
        self.note(subject, if conflict { "conflict" } else { "failed" }, why, cause);
    }

    /// The sync that a write is of: what it looks at, and the event that looks again.
    fn sync_of(&self, draft: &Draft) -> Option<(Subject, Event)> {
        use super::pod::Owner;
        let set = match *draft {
            Draft::CreatePod { set, .. } => set,
            Draft::DeletePod(pod, ..) => self.pod(pod).set,
            Draft::Appear(id, _) | Draft::Scale(id, _) | Draft::Forget(id) => {
                let deployment = self.replicaset(id).deployment?;
                return Some((self.deployment(deployment).key, Event::Deployment(deployment)));
            }
            Draft::DeploymentStatus(id, _) => return Some((self.deployment(id).key, Event::Deployment(id))),
            Draft::DaemonSetStatus(id, _) => return Some((self.daemonset(id).key, Event::DaemonSet(id))),
            Draft::JobStatus(id, _) => return Some((self.job(id).key, Event::Job(id))),
            Draft::StatefulSetStatus(id, _) => return Some((self.statefulset(id).key, Event::StatefulSet(id))),
            Draft::ReplicaSetStatus(id, _) => return Some((self.replicaset(id).key, Event::ReplicaSet(id))),
            Draft::CreateJob(id, _) | Draft::DeleteJob(id, _) | Draft::CronJobStatus(id) => {
                return Some((self.cronjob(id).key, Event::CronJob(id)));
            }
            Draft::Rescale(id, _) | Draft::AutoscalerStatus(id, _) => {
                return Some((self.autoscaler(id).key, Event::Autoscaler(id)));
            }
        };
        Some(match self.set(set).owner {
            Owner::ReplicaSet(id) => (self.replicaset(id).key, Event::ReplicaSet(id)),
            Owner::StatefulSet(id) => (self.statefulset(id).key, Event::StatefulSet(id)),
            Owner::DaemonSet(id) => (self.daemonset(id).key, Event::DaemonSet(id)),
            Owner::Job(id) => (self.job(id).key, Event::Job(id)),
            Owner::Alone(_) => return None,
        })
    }

    fn sync_cause(&self, event: Event) -> super::Cause {
        let last = match event {
            Event::Deployment(id) => self.deployment(id).last,
            Event::ReplicaSet(id) => self.replicaset(id).last,
            Event::StatefulSet(id) => self.statefulset(id).last,
            Event::DaemonSet(id) => self.daemonset(id).last,
            Event::Job(id) => self.job(id).last,
            Event::CronJob(id) => self.cronjob(id).last,
            Event::Autoscaler(id) => self.autoscaler(id).last,
            _ => crate::timeline::EntryId(0),
        };
        super::Cause::Entry(last)
    }

    /// True if a controller is one that `name` means.
    pub(super) fn is_named(by: BuiltIn, name: &str) -> bool {
        by.text() == name || by.process().text() == name
    }
}
