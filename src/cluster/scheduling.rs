//! When the scheduler looks at its queue, which pods it is given, and what follows from its decisions. How it decides is in
//! `scheduler/`.

use std::collections::{BTreeMap, BTreeSet};

use super::access::Decided;
use super::budget::Budgets;
use super::kubelet::Kubelet;
use super::pod::{Pod, PodRecord, PodSet};
use super::scheduler::{
    Budget, ClaimProblem, ClusterEvent, Nominee, Preemption, Rejection, Seeker, Surroundings, Tenant, View,
    VolumeProblem,
};
use super::template::Templates;
use super::volume::VolumeView;
use super::{Arg, Cause, Class, Cluster, Event, NodeId, PodId, Why};
use crate::kernel::{Names, Time};
use crate::workload::policy::PriorityClassSpec;
use crate::workload::{BatchScheduler, PodTemplate};

/// What is known of pods for the scheduler's sake alone.
#[derive(Clone, Default, Debug)]
pub struct SchedulingState {
    /// Pods that were asked to go for one of a higher priority, and are not gone.
    preempted: BTreeSet<PodId>,
    /// Pods that may go to one node alone.
    only: BTreeMap<PodId, NodeId>,
    /// The scheduling gates that are still on a pod; none has an empty list.
    pub(super) gates: BTreeMap<PodId, Vec<String>>,
    /// Other pods are counted from now on.
    counts_others: bool,
    /// Priority classes by name.
    pub(super) classes: BTreeMap<String, PriorityClassSpec>,
}

/// The cluster as the scheduler asks about it.
struct Around<'a> {
    pods: &'a [Pod],
    records: &'a [PodRecord],
    sets: &'a [PodSet],
    kubelets: &'a [Kubelet],
    templates: &'a Templates,
    preempted: &'a BTreeSet<PodId>,
    budgets: &'a Budgets,
    names: &'a Names,
    /// What the volumes of the pod that is placed allow, if it has any.
    volumes: Option<VolumeView>,
}

impl Surroundings for Around<'_> {
    fn tenants(&self, node: NodeId) -> Vec<Tenant> {
        let pods = self.kubelets[node.0 as usize].pods.iter();
        let there = pods.filter(|id| self.pods[id.0 as usize].holds);
        let tenant = |id: &PodId| {
            let pod = &self.pods[id.0 as usize];
            let set = &self.sets[pod.set.0 as usize];
            Tenant {
                pod: *id,
                template: set.template,
                spread: set.spread,
                priority: self.templates.get(set.template).priority,
                started_second: self.records[id.0 as usize].admitted_at.since(Time::ZERO).whole_secs() as i64,
                staying: !pod.terminating,
                preempted: self.preempted.contains(id),
            }
        };
        there.map(tenant).collect()
    }

    fn budgets(&self) -> Vec<Budget> {
        let budget = |one: &super::budget::Budget| {
            let selector = one.spec.selector.clone()?;
            let namespace = self.names.text(one.key.namespace).to_owned();
            Some(Budget { namespace, selector, allowed: one.status.allowed })
        };
        self.budgets.iter().filter_map(budget).collect()
    }

    fn has_claims(&self, _pod: PodId) -> bool {
        self.volumes.is_some()
    }

    fn claim_problem(&self, _pod: PodId) -> Option<ClaimProblem> {
        self.volumes.as_ref()?.problem
    }

    fn volume_problem(&self, _pod: PodId, node: NodeId) -> Option<VolumeProblem> {
        self.volumes.as_ref()?.nodes.get(&node).copied()
    }
}

impl Cluster {
    /// Plans the next look at the queue: at the end of this instant, or when a back-off ends.
    pub(super) fn plan_schedule(&mut self) {
        let now = self.queue.now();
        if let Some(due) = self.waiting.next_due(now) {
            self.cycle = Some(self.bring_forward(self.cycle, due, Class::SCHEDULE, Event::Schedule));
        }
    }

    /// A new pod waits for a node, unless it has one, is held back by a gate, or is for a scheduler that is not there.
    pub(super) fn wait_for_node(&mut self, id: PodId, cause: Cause) {
        self.count_others();
        let set = self.set(self.pod(id).set);
        let source = std::sync::Arc::clone(&set.source);
        if let Some(name) = &source.node_name {
            self.bind_to_named(id, &source, name, cause);
        } else {
            if let Some(batch) = self.batch_scheduler_of(id) {
                self.enroll(id, batch);
            }
            if !self.gate(id, &source.scheduling_gates, cause) {
                self.await_scheduler(id, cause);
            }
        }
    }

    /// No gate holds the pod back: it waits for its scheduler, if that is there.
    pub(super) fn await_scheduler(&mut self, id: PodId, cause: Cause) {
        let set = self.set(self.pod(id).set);
        let (source, template) = (std::sync::Arc::clone(&set.source), set.template);
        if let Some(batch) = self.batch_scheduler_of(id) {
            self.await_batch(id, batch);
        } else if BatchScheduler::named(&source.scheduler_name).is_some()
            || !self.scheduler.serves(self.templates.get(template))
        {
            let name = self.names.intern(&source.scheduler_name);
            let cause = self.note_pod(id, "Unserved", Why::with("no scheduler is called {}", Arg::Text(name)), cause);
            self.touch_pod(id, cause);
        } else {
            let now = self.queue.now();
            self.waiting.add(id, self.templates.get(template).priority, now);
            self.plan_schedule();
        }
    }

    /// The pod may go to this node alone, as the pods of a DaemonSet do (`metadata.name` in their node affinity).
    pub(super) fn confine_pod(&mut self, id: PodId, node: NodeId) {
        self.scheduling.only.insert(id, node);
    }

    /// The one node that the pod may go to, if there is one.
    pub(super) fn confined_to(&self, id: PodId) -> Option<NodeId> {
        self.scheduling.only.get(&id).copied()
    }

    /// The pod leaves the API: whatever it waited for no longer matters.
    pub(super) fn stop_waiting(&mut self, id: PodId) {
        self.waiting.forget(id);
        if let Some(event) = self.forget_assumed(id) {
            self.tell_scheduler(event);
        }
        self.scheduling.preempted.remove(&id);
        self.scheduling.only.remove(&id);
        self.scheduling.gates.remove(&id);
        if let Some(nominee) = self.nominations.clear(id)
            && self.pod(id).node.is_none()
        {
            // Who yielded to it may have its node now.
            self.tell_scheduler(ClusterEvent::PodDeleted(nominee.template));
        }
    }

    /// Once some template asks for other pods to be counted, those that are there are counted too.
    fn count_others(&mut self) {
        if self.scheduling.counts_others || !self.templates.count_others() {
            return;
        }
        self.scheduling.counts_others = true;
        for pod in &self.pods {
            let template = self.sets[pod.set.0 as usize].template;
            if let Some(node) = pod.node.filter(|_| pod.holds) {
                self.nodes.count_late(&self.templates, node, template, pod.terminating);
            }
        }
    }

    /// Handles [`Event::Schedule`]: tries every pod that is due, one after the other.
    pub(super) fn on_schedule(&mut self) {
        self.cycle = None;
        let now = self.queue.now();
        while let Some(id) = self.waiting.pop(now) {
            if self.accesses.watched {
                self.line_up(Decided::Seek(id));
                if self.accesses.waits() {
                    // The next pod is looked at once this one has its node.
                    break;
                }
            } else {
                self.seek(id);
            }
        }
        self.plan_schedule();
    }

    /// Looks for a node for one pod, and binds it there.
    pub(super) fn seek(&mut self, id: PodId) {
        let set = self.set(self.pod(id).set);
        let only = self.scheduling.only.get(&id).copied();
        let seeker = Seeker { pod: id, template: set.template, spread: set.spread, only };
        let volumes = self.has_claims(id).then(|| self.volume_view(id));
        let around = Around {
            pods: &self.pods,
            records: &self.pod_records,
            sets: &self.sets,
            kubelets: &self.kubelets,
            templates: &self.templates,
            preempted: &self.scheduling.preempted,
            budgets: &self.budgets,
            names: &self.names,
            volumes,
        };
        let view = View {
            nodes: &self.nodes,
            templates: &self.templates,
            nominations: &self.nominations,
            surroundings: &around,
        };
        match self.scheduler.find(&view, seeker) {
            Ok(node) if self.accesses.watched => self.line_up(Decided::Bind(id, node)),
            Ok(node) => self.place(id, node),
            Err(rejection) => self.on_rejected(seeker, rejection),
        }
    }

    fn place(&mut self, id: PodId, node: NodeId) {
        let template = self.set(self.pod(id).set).template;
        self.waiting.forget(id);
        self.nominations.clear(id);
        self.place_pod(id, node);
        if self.templates.count_others() {
            self.tell_scheduler(ClusterEvent::PodAdded(template));
        }
    }

    /// Binds a pod to the node that was found for it, if both are still there: what became of the node meanwhile the API does not ask.
    pub(super) fn bind_decided(&mut self, id: PodId, node: NodeId) {
        let pod = self.pod(id);
        if pod.gone || pod.node.is_some() || !pod.is_active() {
            return;
        }
        let template = self.set(pod.set).template;
        // What has changed on the node since it was chosen the scheduler does not look at again: its kubelet does.
        let refusal = self.scheduler.admits(&self.nodes, &self.templates, template, node);
        match refusal {
            _ if !self.nodes.get(node).joined => self.seek_again(id),
            None => self.place(id, node),
            Some(reason) => {
                let cause = self.node_cause(node).unwrap_or_else(|| self.pod_cause(id));
                self.not_admitted(id, &reason, cause);
            }
        }
        self.plan_schedule();
    }

    /// A pod for which a node was found, or was about to be, is looked at again.
    pub(super) fn seek_again(&mut self, id: PodId) {
        let now = self.queue.now();
        let priority = self.templates.get(self.set(self.pod(id).set).template).priority;
        self.waiting.add(id, priority, now);
        self.plan_schedule();
    }

    fn on_rejected(&mut self, seeker: Seeker, rejection: Rejection) {
        let (id, now) = (seeker.pod, self.queue.now());
        let template = self.templates.get(seeker.template);
        let priority = template.priority;
        let message = rejection.message(&self.names, template);
        self.waiting.rejected(id, &rejection, now);
        let message = self.names.intern(message);
        let mut cause = self.pod_cause(id);
        if self.pod(id).message != message {
            self.pod_mut(id).message = message;
            cause = self.note_pod(id, "Unschedulable", Why::symbol(message), cause);
            self.touch_pod(id, cause);
            self.room_changed();
        }
        match rejection.preemption {
            Preemption::NoVictims | Preemption::Failed(_) => drop(self.nominations.clear(id)),
            Preemption::Off | Preemption::Never | Preemption::Waits => {}
            Preemption::Nominated(node, victims) => {
                // Pods of a lower priority no longer wait for this node (`prepareCandidate`, framework/preemption/executor.go).
                for other in self.nominations.below(node, priority) {
                    self.nominations.clear(other);
                }
                let Seeker { pod, template, spread, .. } = seeker;
                self.nominations.set(Nominee { pod, template, spread, priority, node });
                let subject = self.pod_subject(id);
                let name = Arg::Name(self.nodes.get(node).name);
                let why = Why::with2("{}, victims: {}", name, Arg::Count(victims.len() as u64));
                let cause = self.note_pod(id, "Nominated", why, cause);
                for victim in victims {
                    self.scheduling.preempted.insert(victim);
                    self.mark_disrupted(victim);
                    self.delete_pod(victim, Why::with("preempted by {}", Arg::Subject(subject)), cause);
                }
            }
        }
    }

    /// Binds a pod that names its node; the scheduler is not asked (`spec.nodeName`).
    fn bind_to_named(&mut self, id: PodId, source: &PodTemplate, name: &str, cause: Cause) {
        let found = self
            .nodes
            .in_order()
            .map(|(node, _)| node)
            .find(|node| self.names.show(self.nodes.get(*node).name) == name);
        let Some(node) = found else {
            let name = self.names.intern(name);
            let cause = self.note_pod(id, "Unschedulable", Why::with("there is no node {}", Arg::Text(name)), cause);
            self.touch_pod(id, cause);
            self.plan_nodeless(id);
            return;
        };
        let template = self.set(self.pod(id).set).template;
        let ends = self.kubelet(node).shutting_down;
        let cause = if ends { self.node_cause(node).unwrap_or(cause) } else { cause };
        let refusal = match ends {
            // `Admit`, k8s.io/kubernetes v1.36.3, pkg/kubelet/nodeshutdown/nodeshutdown_manager.go. Docker's daemon ends with the machine.
            true => Some("NodeShutdown".to_owned()),
            // Docker weighs no requests; a GPU is one instance's, and here it is given to one pod alone.
            false if source.docker && self.nodes.has_devices_for(&self.templates, node, template) => None,
            false => self.scheduler.admits(&self.nodes, &self.templates, template, node),
        };
        match refusal {
            None => self.bind_pod(id, node),
            Some(reason) => self.not_admitted(id, &reason, cause),
        }
    }

    /// The kubelet of the node that a pod is bound to refuses it, for good.
    fn not_admitted(&mut self, id: PodId, reason: &str, cause: Cause) {
        let reason = self.names.intern(reason);
        self.finish_pod(id, false, Why::with("its kubelet does not admit it: {}", Arg::Text(reason)), cause);
    }

    /// Something happened that may help a pod that waits.
    pub(super) fn tell_scheduler(&mut self, event: ClusterEvent) {
        self.room_for_gangs();
        if !self.waiting.is_empty() {
            let now = self.queue.now();
            self.waiting.on_event(&event, &self.nodes, &self.templates, self.scheduler.config(), now);
            self.plan_schedule();
        }
    }

    /// The entry that told of a node's condition last, or the last about the node if none has.
    pub(super) fn condition_cause(&self, id: NodeId) -> Option<Cause> {
        self.kubelet(id).condition_told.map(Cause::Entry).or_else(|| self.node_cause(id))
    }

    /// The last entry about a node.
    pub(super) fn node_cause(&self, id: NodeId) -> Option<Cause> {
        self.kubelet(id).last.map(Cause::Entry)
    }
}
