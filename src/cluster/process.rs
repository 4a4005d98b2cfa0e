//! The processes of Kubernetes' own controllers: they end, nothing is decided for a while, and they start again without what they
//! kept in memory. Source: k8s.io/kubernetes v1.36.3, pkg/controller and pkg/scheduler.
//!
//! What is lost of kube-controller-manager: what a sync had decided and not written; the back-off of its work queues, of Jobs
//! (`podBackoffStore`), of a DaemonSet's failed pods (`failedPodsBackoff`); what autoscalers recommended (`recommendations`,
//! `scaleUpEvents`, `scaleDownEvents`); since when a node was not heard of (`nodeHealthMap`: a node that is new to it was probed just
//! now); and how long a pod's toleration of a taint has run (`taintEvictionQueue`): both begin anew. Of kube-scheduler: the order of
//! its queue, back-off, and pods that it had assumed; nominations stand in the pods. Everything else is read from the API.
//!
//! What goes on although its controller is in the process, because the model has it at the very change: endpoints of Services, and
//! what goes with an owner that is deleted.

use std::collections::BTreeMap;

use super::pen::Draft;
use super::{Arg, Cause, Class, Cluster, DeploymentId, Event, NodeId, PodId, Subject, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::{EntryId, Kind};
use crate::workload::{Process, TaintEffect};

/// Which processes are away.
#[derive(Clone, Debug, Default)]
pub struct Processes {
    /// Until when, and the entry that tells of it.
    away: BTreeMap<Process, (Time, EntryId)>,
    /// Since when the monitor of nodes has looked at them, if it has started again.
    monitors_since: Option<Time>,
    /// True while any process is away.
    pub(super) any_away: bool,
}

impl Cluster {
    /// A process ends; it is there again after a while.
    pub(super) fn restart_process(&mut self, process: Process, lasts: Duration, cause: Cause) {
        let until = self.queue.now() + lasts;
        let subject = self.process_subject(process);
        let entry = self.note(subject, "ended", Why::with("away for {}", Arg::Length(lasts)), cause);
        self.processes.away.insert(process, (until, entry));
        self.processes.any_away = true;
        match process {
            Process::ControllerManager => self.controllers_end(),
            Process::Scheduler => drop(self.take_held_drafts(|by| by.process() == process)),
        }
        self.schedule(until, Class::FAULT, Event::ProcessStart(process));
    }

    fn process_subject(&mut self, process: Process) -> Subject {
        Subject::new(Kind::Controller, self.names.name(process.text()))
    }

    /// True while a process is away.
    pub(super) fn is_away(&self, process: Process) -> bool {
        self.processes.any_away && self.processes.away.contains_key(&process)
    }

    /// Handles [`Event::ProcessStart`].
    pub(super) fn on_process_start(&mut self, process: Process) {
        let now = self.queue.now();
        // It may have ended once more since.
        if self.processes.away.get(&process).is_none_or(|(until, _)| *until > now) {
            return;
        }
        let Some((_, ended)) = self.processes.away.remove(&process) else { return };
        self.processes.any_away = !self.processes.away.is_empty();
        let subject = self.process_subject(process);
        let entry = self.note(subject, "started", Why::text("it lists everything"), Cause::Entry(ended));
        match process {
            Process::ControllerManager => self.controllers_start(Cause::Entry(entry)),
            Process::Scheduler => self.scheduler_starts(),
        }
    }

    /// Puts an event off until the process is back that would handle it. False if none is away that would.
    pub(super) fn puts_off(&mut self, event: Event) -> bool {
        let Some((process, class)) = handler(event) else { return false };
        let Some((until, _)) = self.processes.away.get(&process).copied() else { return false };
        let id = self.schedule(until, class, event);
        match event {
            Event::Job(job) => self.job_mut(job).due = Some((until, id)),
            Event::Schedule => self.cycle = Some((until, id)),
            _ => {}
        }
        true
    }

    fn controllers_end(&mut self) {
        let on_their_way = self.drafts.take_all();
        let held = self.take_held_drafts(|by| by.process() == Process::ControllerManager);
        for draft in on_their_way.into_iter().chain(held) {
            self.undo_draft(draft);
        }
        let planned: Vec<PodId> = self.evictions.keys().copied().collect();
        for pod in planned {
            self.call_off_eviction(pod);
        }
        self.forget_sync_failures();
        for job in &mut self.jobs {
            job.backoff = Default::default();
            job.busy_until = Time::ZERO;
        }
        for daemonset in &mut self.daemonsets {
            daemonset.seats.failures.clear();
            daemonset.busy_until = Time::ZERO;
        }
        self.deployments.iter_mut().for_each(|one| one.busy_until = Time::ZERO);
        self.replicasets.iter_mut().for_each(|one| one.busy_until = Time::ZERO);
        self.statefulsets.iter_mut().for_each(|one| one.busy_until = Time::ZERO);
        self.autoscalers.iter_mut().for_each(|one| one.forget());
    }

    /// Everything is listed: each object is looked at once.
    fn controllers_start(&mut self, cause: Cause) {
        let now = self.queue.now();
        self.processes.monitors_since = Some(now);
        self.monitor_anew();
        for index in 0..self.deployments.len() as u32 {
            if !self.deployments[index as usize].deleted {
                self.queue_deployment(DeploymentId(index));
            }
        }
        for index in 0..self.replicasets.len() as u32 {
            if !self.replicasets[index as usize].deleted {
                self.queue_replicaset(super::ReplicaSetId(index));
            }
        }
        for index in 0..self.statefulsets.len() as u32 {
            if !self.statefulsets[index as usize].deleted {
                self.queue_statefulset(super::StatefulSetId(index));
            }
        }
        for index in 0..self.daemonsets.len() as u32 {
            if !self.daemonsets[index as usize].deleted {
                self.queue_daemonset(super::DaemonSetId(index));
            }
        }
        for index in 0..self.jobs.len() as u32 {
            self.queue_job(super::JobId(index), Duration::ZERO);
        }
        for index in 0..self.cronjobs.len() as u32 {
            self.queue_cronjob(super::CronJobId(index), now);
        }
        self.autoscalers_start();
        // Tolerations of taints are counted from now on.
        let tainted: Vec<NodeId> = self
            .nodes
            .iter()
            .filter(|(_, node)| node.joined && node.taints.iter().any(|taint| taint.effect == TaintEffect::NoExecute))
            .map(|(id, _)| id)
            .collect();
        for node in tainted {
            for pod in self.kubelet(node).pods.clone() {
                let cause = self.node_cause(node).unwrap_or(cause);
                self.tolerate_anew(pod, node, cause);
            }
        }
    }

    /// The earliest instant at which the monitor can find a node silent, of which it first heard then.
    fn found_silent_at(&self, since: Time) -> Time {
        let tick = self.profile.node_monitor_period;
        let seen = since.ceil_to(Time::ZERO, tick);
        (seen + self.profile.node_monitor_grace + Duration::from_nanos(1)).ceil_to(Time::ZERO, tick)
    }

    /// When the monitor can find a node silent, if it has not looked for long enough since it started again.
    pub(super) fn monitor_finds_at(&self) -> Option<Time> {
        let at = self.found_silent_at(self.processes.monitors_since?);
        (self.queue.now() < at).then_some(at)
    }

    /// The queue is filled from a list: all pods that wait, in the order of their names, each without back-off.
    fn scheduler_starts(&mut self) {
        let assumed: Vec<PodId> = self.assumed_pods();
        for pod in &assumed {
            if let Some(event) = self.forget_assumed(*pod) {
                self.tell_scheduler(event);
            }
        }
        let mut waiting: Vec<PodId> = self.waiting.pods().chain(assumed).collect();
        waiting.sort_by_cached_key(|pod| {
            let subject = self.pod_subject(*pod);
            (self.names.text(subject.namespace).to_owned(), self.names.show(subject.name))
        });
        waiting.dedup();
        for pod in &waiting {
            self.waiting.forget(*pod);
        }
        for pod in waiting {
            if !self.pod(pod).gone && self.pod(pod).node.is_none() {
                self.seek_again(pod);
            }
        }
        self.plan_schedule();
    }

    /// What a sync noted in memory of a write that is not done.
    pub(super) fn undo_draft(&mut self, draft: Draft) {
        match draft {
            Draft::Appear(id, _) => {
                let deployment = self.replicaset(id).deployment;
                self.replicaset_mut(id).deleted = true;
                let key = self.replicaset(id).key;
                self.objects.remove(&key);
                if let Some(deployment) = deployment {
                    self.deployment_mut(deployment).replicasets.retain(|one| *one != id);
                    let newest = self.next_revision(deployment, None) - 1;
                    let owner = self.deployment_mut(deployment);
                    owner.revision = newest;
                    owner.noted_revision = owner.noted_revision.min(newest);
                }
            }
            Draft::Forget(id) => {
                if let Some(deployment) = self.replicaset(id).deployment {
                    let place = self.deployment(deployment).replicasets.iter().position(|one| *one > id);
                    let list = &mut self.deployment_mut(deployment).replicasets;
                    list.insert(place.unwrap_or(list.len()), id);
                }
            }
            Draft::CreatePod { set, .. } => self.job_pod_refused(set),
            // The pods that it counts keep their finalizers: the next sync writes the same counts.
            Draft::JobStatus(id, _) => self.sync_failures.writes_again(id),
            Draft::DeletePod(..)
            | Draft::Scale(..)
            | Draft::DeploymentStatus(..)
            | Draft::DaemonSetStatus(..)
            | Draft::StatefulSetStatus(..)
            | Draft::ReplicaSetStatus(..)
            | Draft::CreateJob(..)
            | Draft::DeleteJob(..)
            | Draft::CronJobStatus(_)
            | Draft::Rescale(..)
            | Draft::AutoscalerStatus(..) => {}
        }
    }
}

/// The process that handles an event, and the event's class.
const fn handler(event: Event) -> Option<(Process, Class)> {
    Some(match event {
        Event::Deployment(_)
        | Event::ProgressDeadline(_)
        | Event::ReplicaSet(_)
        | Event::StatefulSet(_)
        | Event::DaemonSet(_)
        | Event::Job(_)
        | Event::JobExpired(_)
        | Event::CronJob(_)
        | Event::CreateAgain(_)
        | Event::NodeMonitor
        | Event::PodGc
        | Event::Budget(_)
        | Event::Quota(_)
        | Event::Autoscaler(_)
        | Event::Namespace(_)
        | Event::VolumeSync
        | Event::Detach(..)
        | Event::DetachOverdue(..) => (Process::ControllerManager, Class::BUILT_IN),
        Event::Silent(..) | Event::TaintPass | Event::Orphans(_) | Event::NodelessPod(_) => {
            (Process::ControllerManager, Class::COMPLETION)
        }
        Event::Schedule | Event::PreBind(_) => (Process::Scheduler, Class::SCHEDULE),
        _ => return None,
    })
}
