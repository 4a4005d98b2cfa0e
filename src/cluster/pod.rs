//! Pods and the sets that they are made in. What a kubelet does to a pod's containers is in `kubelet/`.

use std::sync::Arc;

use super::apply::ObjectId;
use super::ranking::DeletionOrder;
use super::{
    Cluster, ContainerId, DaemonSetId, JobId, NodeId, PodId, PodSetId, ReplicaSetId, ServiceId, SpreadId,
    StatefulSetId, TemplateId,
};
use crate::kernel::{Name, Symbol, Time};
use crate::timeline::{Cause, EntryId, Kind, Subject, Why};
use crate::workload::{PodPhase, PodTemplate, RestartPolicy};

/// Who makes and counts the pods of a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A ReplicaSet.
    ReplicaSet(ReplicaSetId),
    /// A StatefulSet.
    StatefulSet(StatefulSetId),
    /// A DaemonSet.
    DaemonSet(DaemonSetId),
    /// A Job.
    Job(JobId),
    /// Nobody: a pod that stands alone.
    Alone(PodSetId),
}

/// The number of a pod that has none: its name is its set's.
pub const NO_ORDINAL: u32 = u32::MAX;

/// Pods of one owner: all that they share, and counts that are kept up to date rather than counted.
#[derive(Clone, Debug)]
pub struct PodSet {
    /// The owner's name: pods are called `base-0`, `base-1`, ….
    pub base: Symbol,
    /// Sets of one Deployment are one family.
    pub family: u32,
    /// The owner's namespace.
    pub namespace: Symbol,
    /// Who owns the pods.
    pub owner: Owner,
    /// The Deployment or Job that they belong to in the end.
    pub workload: Subject,
    /// What they are made from.
    pub source: Arc<PodTemplate>,
    /// The same, as the scheduler knows it.
    pub template: TemplateId,
    /// What the scheduler counts them as when it spreads them.
    pub spread: SpreadId,
    /// The row of behaviour of each container: init containers first.
    pub behaviour: Vec<u32>,
    /// The image of each container, in the same order.
    pub images: Vec<Symbol>,
    /// How many of these are init containers.
    pub init_count: usize,
    /// The services that they are behind.
    pub services: Vec<ServiceId>,
    /// The number of the next pod.
    pub next_ordinal: u32,
    /// Pods that are neither finished nor terminating, in no particular but a repeatable order.
    pub active: Vec<PodId>,
    /// Its pods, oldest first, with some among them that are gone: see `pods_in`.
    pub all: Vec<PodId>,
    /// How many of these are gone.
    pub gone: u32,
    /// The pods that may go first, in the order in which they would be deleted; kept while the set shrinks.
    pub ranks: Option<DeletionOrder>,
    /// Pods that have a node and have not ended: those with an address.
    pub addressed: u32,
    /// Active pods with a running container.
    pub running: u32,
    /// Active pods that are ready.
    pub ready: u32,
    /// Active pods that have been ready for long enough.
    pub available: u32,
    /// Active pods whose application answers.
    pub serving: u32,
    /// True if those who send requests to its pods go by more than their readiness.
    pub registers: bool,
    /// Active pods that these know of.
    pub registered: u32,
    /// Pods that are on their way out.
    pub terminating: u32,
    /// Pods that ended well.
    pub succeeded: u32,
    /// Pods that failed.
    pub failed: u32,
    /// Restarts of the containers of active pods.
    pub restarts: u32,
    /// GPUs that its pods hold.
    pub gpus: u64,
    /// True once who made its pod, which stands alone, asks for it no more.
    pub unwanted: bool,
}

/// One pod: what events read and write, on one cache line. Its first container begins at `containers`, init containers first;
/// `position` is its place among its set's active pods.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Pod {
    /// The set that it belongs to.
    pub set: PodSetId,
    /// Its number in the set.
    pub ordinal: u32,
    /// Its position among the set's active pods.
    pub position: u32,
    /// Where it runs.
    pub node: Option<NodeId>,
    /// The GPUs that it holds, by index.
    pub devices: u64,
    /// Its first container; init containers come first.
    pub containers: ContainerId,
    /// Where it is in its life.
    pub phase: PodPhase,
    /// True while its requests are taken from its node.
    pub holds: bool,
    /// True while it serves its services.
    pub ready: bool,
    /// True once it has been ready for long enough.
    pub available: bool,
    /// True while a container runs.
    pub running: bool,
    /// True while its application answers.
    pub serving: bool,
    /// True once it was asked to go.
    pub terminating: bool,
    /// True once it is no more.
    pub gone: bool,
    /// Counts changes of readiness, so that what was planned for an earlier one is stale.
    pub readiness: u32,
    /// Since when it has been ready.
    pub ready_since: Time,
    /// Restarts of its containers.
    pub restarts: u32,
    /// What the scheduler said last; it is written down only when it changes.
    pub message: Symbol,
    /// The last entry about it.
    pub last: EntryId,
}

/// What is kept of a pod and seldom looked at.
#[derive(Clone, Copy, Debug)]
pub struct PodRecord {
    /// When it was created.
    pub created_at: Time,
    /// When its kubelet took it on: the phase of its startup and liveness probes.
    pub admitted_at: Time,
    /// Why a container of it waits or ended; empty if there is no reason.
    pub reason: &'static str,
    /// Restarts because a startup probe ran out of tries.
    pub startup_failures: u32,
    /// True once it was evicted or lost with its node (the condition `DisruptionTarget`).
    pub disrupted: bool,
    /// True while those who send requests know of it, if that is more than being ready.
    pub registered: bool,
    /// True while it would be known but for a store that is out.
    pub awaits_store: bool,
    /// True if it was ready when it was asked to go and its containers have not ended yet: its own condition says so still.
    pub leaves_ready: bool,
}

impl PodSet {
    /// Pods that are not gone.
    pub fn there(&self) -> u32 {
        self.all.len() as u32 - self.gone
    }
}

impl Pod {
    /// True until it is finished or on its way out.
    pub fn is_active(&self) -> bool {
        !self.terminating && !self.gone && !matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }
}

impl Cluster {
    pub(super) fn pod(&self, id: PodId) -> &Pod {
        &self.pods[id.0 as usize]
    }

    pub(super) fn pod_mut(&mut self, id: PodId) -> &mut Pod {
        &mut self.pods[id.0 as usize]
    }

    pub(super) fn pod_record(&self, id: PodId) -> &PodRecord {
        &self.pod_records[id.0 as usize]
    }

    pub(super) fn pod_record_mut(&mut self, id: PodId) -> &mut PodRecord {
        &mut self.pod_records[id.0 as usize]
    }

    /// The pods of a set that are not gone, oldest first.
    pub(super) fn pods_in(&self, set: PodSetId) -> impl Iterator<Item = PodId> {
        self.set(set).all.iter().copied().filter(|id| !self.pod(*id).gone)
    }

    pub(super) fn set(&self, id: PodSetId) -> &PodSet {
        &self.sets[id.0 as usize]
    }

    pub(super) fn set_mut(&mut self, id: PodSetId) -> &mut PodSet {
        &mut self.sets[id.0 as usize]
    }

    pub(super) fn pod_name(&self, id: PodId) -> Name {
        let pod = self.pod(id);
        let base = self.set(pod.set).base;
        if pod.ordinal == NO_ORDINAL { Name::plain(base) } else { Name::numbered(base, pod.ordinal) }
    }

    pub(super) fn pod_subject(&self, id: PodId) -> Subject {
        let namespace = self.set(self.pod(id).set).namespace;
        Subject { kind: Kind::Pod, namespace, name: self.pod_name(id) }
    }

    /// Writes an entry about a pod; the pod's next entry has it as its cause unless something else is.
    pub(super) fn note_pod(&mut self, id: PodId, became: &'static str, why: Why, cause: Cause) -> Cause {
        let subject = self.pod_subject(id);
        let entry = self.note(subject, became, why, cause);
        self.pod_mut(id).last = entry;
        Cause::Entry(entry)
    }

    /// What happens to a pod next follows from what happened to it last.
    pub(super) fn pod_cause(&self, id: PodId) -> Cause {
        Cause::Entry(self.pod(id).last)
    }

    /// Marks a pod ready or not, with all that hangs on it: counts, endpoints, the owner's status.
    pub(super) fn set_ready(&mut self, id: PodId, ready: bool, why: Why, cause: Cause) {
        if self.pod(id).ready == ready {
            return;
        }
        let (now, took) = (self.queue.now(), self.took(id));
        let pod = self.pod_mut(id);
        pod.ready = ready;
        pod.readiness += 1;
        let (readiness, was_available, active, set_id) = (pod.readiness, pod.available, pod.is_active(), pod.set);
        if ready {
            pod.ready_since = now;
        } else {
            pod.available = false;
            self.unregister(id);
        }
        self.rank(id);
        // A pod that goes, goes out of its services with that; a line of its own would say nothing.
        let leaving = self.pod(id).phase != PodPhase::Running || self.pod(id).terminating;
        let cause = match (ready, leaving) {
            (true, _) => self.note_pod(id, "Ready", why, cause),
            (false, false) => self.note_pod(id, "NotReady", why, cause),
            (false, true) => cause,
        };
        if active {
            let set = self.set_mut(set_id);
            if ready {
                set.ready += 1;
            } else {
                set.ready -= 1;
                set.available -= u32::from(was_available);
            }
        }
        self.endpoints_changed(id, ready, took, cause);
        if ready && active {
            self.awaited_pod_ready(set_id, cause);
        }
        if ready {
            self.plan_available(id, readiness);
        }
        self.touch_pod(id, cause);
        if ready {
            self.plan_registration(id);
        }
    }

    /// A pod becomes available once it has been ready for its Deployment's `minReadySeconds`.
    fn plan_available(&mut self, id: PodId, readiness: u32) {
        let min_ready = self.min_ready(self.pod(id).set);
        if min_ready.is_zero() {
            self.make_available(id);
        } else {
            let at = match self.skews.is_empty() {
                true => self.queue.now() + min_ready,
                false => self.ready_for(self.pod(id).node, min_ready),
            };
            self.schedule(at, super::Class::COMPLETION, super::Event::Available(id, readiness));
        }
    }

    /// Handles [`super::Event::Available`].
    pub(super) fn on_available(&mut self, id: PodId, readiness: u32) {
        if self.pod(id).readiness == readiness && self.pod(id).ready {
            self.make_available(id);
            let cause = self.pod_cause(id);
            self.touch_pod(id, cause);
        }
    }

    fn make_available(&mut self, id: PodId) {
        let pod = self.pod_mut(id);
        pod.available = true;
        let (set, active) = (pod.set, pod.is_active());
        self.set_mut(set).available += u32::from(active);
    }

    /// Marks whether a container of the pod runs, or its application answers.
    pub(super) fn set_running(&mut self, id: PodId, running: bool, serving: bool, cause: Cause) {
        let took = self.took(id);
        let pod = self.pod_mut(id);
        let (was_running, was_serving) = (pod.running, pod.serving);
        (pod.running, pod.serving) = (running, serving);
        let (active, set) = (pod.is_active(), pod.set);
        if active {
            let set = self.set_mut(set);
            set.running = set.running + u32::from(running) - u32::from(was_running);
            set.serving = set.serving + u32::from(serving) - u32::from(was_serving);
        }
        if serving != was_serving {
            self.touch_traffic(id, serving, took, cause);
        }
    }

    /// Asks a pod to go.
    pub(super) fn delete_pod(&mut self, id: PodId, why: Why, cause: Cause) {
        if self.pod(id).terminating || self.pod(id).gone {
            return;
        }
        let cause = self.note_pod(id, "Terminating", why, cause);
        if self.pod(id).is_active() {
            self.retire(id);
        }
        let pod = self.pod_mut(id);
        pod.terminating = true;
        let (set, node, ready) = (pod.set, pod.node, pod.ready);
        self.pod_record_mut(id).leaves_ready = ready;
        self.set_ready(id, false, Why::NONE, cause);
        self.set_mut(set).terminating += 1;
        self.retired(id);
        self.pod_goes(id);
        self.touch_pod(id, cause);
        match node {
            None => self.pod_gone(id, cause),
            Some(node) => {
                let (template, spread) = (self.set(set).template, self.set(set).spread);
                self.nodes.terminate(&self.templates, node, template, spread);
                if self.is_deleted_at_once(id) {
                    self.pod_gone(id, cause);
                } else {
                    self.stop_pod(id, cause);
                }
            }
        }
    }

    /// Takes a pod out of its set's active pods, and what it added out of the set's counts.
    fn retire(&mut self, id: PodId) {
        self.unrank(id);
        let pod = *self.pod(id);
        if pod.serving {
            let (took, cause) = (self.took(id), self.pod_cause(id));
            self.touch_traffic(id, false, took, cause);
        }
        self.unregister(id);
        let set = self.set_mut(pod.set);
        set.running -= u32::from(pod.running);
        set.serving -= u32::from(pod.serving);
        set.ready -= u32::from(pod.ready);
        set.available -= u32::from(pod.available);
        set.restarts -= pod.restarts;
        set.active.swap_remove(pod.position as usize);
        match set.active.get(pod.position as usize) {
            Some(&moved) => self.pod_mut(moved).position = pod.position,
            None if set.active.is_empty() => self.end_ranking(pod.set),
            None => {}
        }
    }

    /// Called once a pod is no longer active: its neighbours' places in the order of deletion depend on it.
    fn retired(&mut self, id: PodId) {
        if let Some(node) = self.pod(id).node {
            self.rank_node(node);
        }
    }

    /// All containers of a pod have ended and none is started again.
    pub(super) fn finish_pod(&mut self, id: PodId, succeeded: bool, why: Why, cause: Cause) {
        if !self.pod(id).is_active() {
            return;
        }
        let became = if succeeded { "Succeeded" } else { "Failed" };
        self.retire(id);
        let pod = self.pod_mut(id);
        pod.phase = if succeeded { PodPhase::Succeeded } else { PodPhase::Failed };
        let set_id = pod.set;
        self.retired(id);
        let cause = self.note_pod(id, became, why, cause);
        self.set_ready(id, false, Why::NONE, cause);
        let set = self.set_mut(set_id);
        set.succeeded += u32::from(succeeded);
        set.failed += u32::from(!succeeded);
        if self.release(id) {
            self.addresses_changed(set_id, false, cause);
        }
        self.pod_ended(id);
        self.touch_pod(id, cause);
    }

    /// A pod leaves the API.
    pub(super) fn pod_gone(&mut self, id: PodId, cause: Cause) {
        if self.pod(id).gone {
            return;
        }
        self.stop_waiting(id);
        let had_address = self.release(id);
        let cause = self.note_pod(id, "Deleted", Why::NONE, cause);
        if had_address {
            self.addresses_changed(self.pod(id).set, false, cause);
        }
        self.abandon_containers(id);
        self.pod_left(id);
        let pod = self.pod_mut(id);
        pod.gone = true;
        let (set_id, node) = (pod.set, pod.node);
        if let Owner::Alone(_) = self.set(set_id).owner {
            // Its name is free again, whoever deleted it.
            let key = self.set(set_id).workload;
            if self.objects.get(&key) == Some(&ObjectId::Pod(set_id)) {
                self.objects.remove(&key);
            }
        }
        self.pods_gone += 1;
        let set = self.set_mut(set_id);
        set.terminating -= 1;
        set.gone += 1;
        if set.gone as usize * 2 > set.all.len() {
            set.gone = 0;
            let mut all = std::mem::take(&mut set.all);
            all.retain(|one| !self.pod(*one).gone);
            self.set_mut(set_id).all = all;
        }
        if let Some(node) = node {
            self.kubelet_mut(node).pods.retain(|other| *other != id);
        }
        self.touch_pod(id, cause);
    }

    /// Gives back what a pod holds on its node; false if it held nothing any more.
    fn release(&mut self, id: PodId) -> bool {
        let pod = *self.pod(id);
        let Some(node) = pod.node.filter(|_| pod.holds) else { return false };
        self.pod_mut(id).holds = false;
        let (template, spread) = (self.set(pod.set).template, self.set(pod.set).spread);
        let event = self.nodes.release(&self.templates, node, template, spread, pod.terminating);
        self.nodes.give_back(node, pod.devices);
        self.pod_mut(id).devices = 0;
        self.set_mut(pod.set).gpus -= u64::from(pod.devices.count_ones());
        self.tell_scheduler(event);
        true
    }

    /// True if a container that ended with this code is started again.
    pub(super) fn restarts(&self, id: PodId, exit_code: u8) -> bool {
        match self.set(self.pod(id).set).source.restart_policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => exit_code != 0,
            RestartPolicy::Never => false,
        }
    }

    pub(super) fn owner_subject(&self, owner: Owner) -> Subject {
        match owner {
            Owner::ReplicaSet(id) => self.replicasets[id.0 as usize].key,
            Owner::StatefulSet(id) => self.statefulsets[id.0 as usize].key,
            Owner::DaemonSet(id) => self.daemonsets[id.0 as usize].key,
            Owner::Job(id) => self.jobs[id.0 as usize].key,
            Owner::Alone(set) => self.sets[set.0 as usize].workload,
        }
    }
}
