//! What is kept of the scheduler's work for a comparison: nodes and pods as its decisions depend on them. Only on nodes of the run's
//! own: what else is on those of others is not watched.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;

use super::super::cluster::LiveCluster;
use super::super::render::RUN;
use super::pods::PodSeen;
use super::workloads::template_number;
use crate::cluster::scheduler::Balance;
use crate::cluster::{NodeSpec, Profile};
use crate::kernel::Name;
use crate::rehearsal::scheduling::{Change, Choice, Placement, Scheduling, Sighting};
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::{PodTemplate, Taint, TaintEffect};

impl LiveCluster {
    /// All that was seen of the scheduler's work; `None` on nodes of others.
    pub(in crate::live) fn scheduling(&self) -> Option<Scheduling> {
        let release = Profile::named(&self.scenario.kubernetes.version);
        self.options.fake_nodes.then(|| Scheduling {
            profile: self.scenario.cluster.scheduler.clone(),
            balance: release.map_or(Balance::ByChange, |release| release.balance),
            sightings: self.sightings.clone(),
        })
    }

    pub(super) fn sight(&mut self, change: Change) {
        if self.options.fake_nodes {
            let at = self.present();
            self.sightings.push(Sighting { at, change });
        }
    }

    /// A node of the run came or changed. What it can hold is as the run made it.
    pub(super) fn sight_node(&mut self, subject: Subject, object: &core::Node) {
        let Some(known) = self.node_specs.get(&subject) else { return };
        let spec = object.spec.as_ref();
        let taints = spec.and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
        let now = NodeSpec {
            labels: object.metadata.labels.clone().unwrap_or_default(),
            // Every pod of the run tolerates the run's own taint, though no template says so.
            taints: taints.iter().filter(|taint| taint.key != RUN).map(taint).collect(),
            unschedulable: spec.is_some_and(|spec| spec.unschedulable == Some(true)),
            ..known.clone()
        };
        let is_new = self.sighted_nodes.insert(subject);
        if is_new || *known != now {
            let name = self.names.show(subject.name);
            self.node_specs.insert(subject, now.clone());
            self.sight(Change::Node(name, now));
        }
    }

    /// A node is gone.
    pub(super) fn sight_node_gone(&mut self, subject: Subject) {
        if self.sighted_nodes.remove(&subject) {
            let name = self.names.show(subject.name);
            self.sight(Change::NodeGone(name));
        }
    }

    /// A pod was bound to a node.
    pub(super) fn sight_bound(&mut self, pod: &core::Pod, seen: &PodSeen, node: Name, entry: EntryId) {
        let placement = self.placement(pod, seen, node, entry);
        self.sight(Change::Bound(placement));
    }

    /// A pod is to have a node, or no longer.
    pub(super) fn sight_nominated(&mut self, pod: &core::Pod, seen: &PodSeen, node: Option<Name>) {
        let change = match node {
            Some(node) => Change::Nominated(self.placement(pod, seen, node, seen.last)),
            None => Change::NotNominated(seen.subject.show(&self.names)),
        };
        self.sight(change);
    }

    /// A pod was asked to go.
    pub(super) fn sight_leaving(&mut self, subject: Subject) {
        self.sight(Change::Leaving(subject.show(&self.names)));
    }

    /// A pod has ended or is gone.
    pub(super) fn sight_gone(&mut self, subject: Subject) {
        self.sight(Change::Gone(subject.show(&self.names)));
    }

    fn placement(&self, pod: &core::Pod, seen: &PodSeen, node: Name, entry: EntryId) -> Placement {
        let spec = pod.spec.as_ref();
        let template = self.template_behind(pod, seen);
        let is_named = template.as_ref().is_some_and(|template| template.node_name.is_some());
        let volumes = spec.and_then(|spec| spec.volumes.as_deref()).unwrap_or_default();
        let choice = if is_named || seen.owner.is_some_and(|owner| owner.kind == Kind::DaemonSet) {
            Choice::Fixed
        } else if volumes.iter().any(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some()) {
            Choice::Claims
        } else {
            Choice::Free
        };
        let spread = seen.owner.filter(|owner| matches!(owner.kind, Kind::ReplicaSet | Kind::StatefulSet));
        Placement {
            pod: seen.subject.show(&self.names),
            node: self.names.show(node),
            namespace: self.names.text(seen.subject.namespace).to_owned(),
            spread: spread.map(|owner| owner.show(&self.names)),
            template,
            priority: spec.and_then(|spec| spec.priority).unwrap_or(0),
            choice,
            entry,
        }
    }

    /// The template that a pod was made from: the one whose number it carries, or that of the object that was applied.
    fn template_behind(&self, pod: &core::Pod, seen: &PodSeen) -> Option<Arc<PodTemplate>> {
        let number = template_number(Some(&pod.metadata));
        if let Some(template) = number.and_then(|number| self.templates.get(number)) {
            return Some(Arc::clone(template));
        }
        let applied = self.applied.get(&seen.workload).or_else(|| self.applied.get(&seen.owner?));
        applied.and_then(|applied| applied.object.template()).cloned()
    }
}

/// A taint as the API has it.
fn taint(from: &core::Taint) -> Taint {
    let effect = TaintEffect::of(&from.effect).unwrap_or(TaintEffect::NoSchedule);
    Taint { key: from.key.clone(), value: from.value.clone().unwrap_or_default(), effect }
}
