//! The simulated scheduler over what a live run saw: the nodes and the pods on them as they were at each placement, and what the
//! scheduler would have made of the nodes then. In which order things happened is for `reorder` to say.

use std::collections::BTreeMap;

use crate::cluster::PodId;
use crate::cluster::node::{HOSTNAME_LABEL, KUBELET_LABELS, NodeId, NodeSpec, Nodes, ZONE_LABEL};
use crate::cluster::scheduler::{Nominations, Nominee, Scheduler, Seeker, Surroundings, Tenant, View};
use crate::cluster::template::{SpreadId, TemplateId, Templates};
use crate::kernel::Names;
use crate::rehearsal::scheduling::{Change, Choice, Placement, Scheduling};
use crate::timeline::EntryId;

/// What the scheduler reads of a pod.
#[derive(Clone, Copy, Debug)]
struct Asked {
    id: PodId,
    template: TemplateId,
    spread: SpreadId,
    priority: i32,
}

/// A pod on a node.
#[derive(Clone, Copy, Debug)]
struct Held {
    node: NodeId,
    asked: Asked,
    leaving: bool,
}

/// What the simulated scheduler says of a placement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// No node has a higher score, or the node will do and more is not asked.
    Right,
    /// The filters do not let the pod go there.
    NotFeasible {
        /// What they say.
        why: String,
        /// The best nodes, if there is any that will do.
        best: Vec<String>,
    },
    /// Other nodes have a higher score.
    NotBest {
        /// The node's.
        score: i64,
        /// Theirs.
        best_score: i64,
        /// Those with the highest.
        best: Vec<String>,
    },
}

/// The state at some time.
#[derive(Clone, Debug)]
pub struct Replay {
    names: Names,
    nodes: Nodes,
    templates: Templates,
    nominations: Nominations,
    scheduler: Scheduler,
    /// The nodes that are there.
    there: BTreeMap<String, NodeId>,
    /// Which number each pod has.
    ids: BTreeMap<String, PodId>,
    /// What the pods of placements ask for, by the entries that tell of them.
    asked: BTreeMap<EntryId, Asked>,
    held: BTreeMap<String, Held>,
    /// True if the best nodes are asked for, not only those that will do.
    asks_best: bool,
}

/// Nothing that preemption would ask is asked here.
struct Nobody;

impl Surroundings for Nobody {
    fn tenants(&self, _: NodeId) -> Vec<Tenant> {
        Vec::new()
    }
}

impl Replay {
    /// Before anything happened. All templates are made known at once, so that those that ask for others to be counted find all of
    /// them counted.
    pub fn new(scheduling: &Scheduling) -> Replay {
        let mut names = Names::default();
        let scheduler = Scheduler::of_release(&scheduling.profile, scheduling.balance, &mut names);
        let mut templates = Templates::default();
        let (mut ids, mut asked) = (BTreeMap::new(), BTreeMap::new());
        let mut spreads: BTreeMap<&str, SpreadId> = BTreeMap::new();
        let placements = || {
            scheduling.sightings.iter().filter_map(|sighting| match &sighting.change {
                Change::Bound(placement) | Change::Nominated(placement) => Some(placement),
                _ => None,
            })
        };
        for placement in placements() {
            let Some(source) = &placement.template else { continue };
            let next = SpreadId(spreads.len() as u32);
            let spread = placement.spread.as_deref();
            let spread = spread.map_or(SpreadId::NONE, |owner| *spreads.entry(owner).or_insert(next));
            let template = templates.intern_in(&mut names, source, &placement.namespace);
            let template = templates.with_priority(template, placement.priority, source.preempts);
            let next = PodId(ids.len() as u32);
            let id = *ids.entry(placement.pod.clone()).or_insert(next);
            asked.insert(placement.entry, Asked { id, template, spread, priority: placement.priority });
        }
        let claims = placements().any(|placement| placement.choice == Choice::Claims);
        Replay {
            names,
            nodes: Nodes::default(),
            templates,
            nominations: Nominations::default(),
            scheduler,
            there: BTreeMap::new(),
            ids,
            asked,
            held: BTreeMap::new(),
            asks_best: !claims,
        }
    }

    /// True if more is asked than whether a node will do.
    pub fn asks_best(&self) -> bool {
        self.asks_best && self.scheduler.looks_at_all(self.nodes.len())
    }

    /// True if a scheduler of the profile chose this node, and it is known from what.
    pub fn can_judge(&self, placement: &Placement) -> bool {
        placement.choice != Choice::Fixed
            && self.there.contains_key(&placement.node)
            && self
                .asked
                .get(&placement.entry)
                .is_some_and(|asked| self.scheduler.serves(self.templates.get(asked.template)))
    }

    /// Something happened.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Node(name, spec) => self.see_node(name, spec),
            Change::NodeGone(name) => {
                if let Some(node) = self.there.remove(name) {
                    self.nodes.remove(node);
                }
            }
            Change::Nominated(placement) => {
                let node = self.there.get(&placement.node);
                if let (Some(node), Some(asked)) = (node, self.asked.get(&placement.entry)) {
                    let Asked { id, template, spread, priority } = *asked;
                    self.nominations.set(Nominee { pod: id, template, spread, priority, node: *node });
                }
            }
            Change::NotNominated(pod) => self.no_longer_waits(pod),
            Change::Bound(placement) => {
                self.no_longer_waits(&placement.pod);
                let node = self.there.get(&placement.node);
                if let (Some(node), Some(asked)) = (node, self.asked.get(&placement.entry)) {
                    self.nodes.bind(&self.templates, *node, asked.template, asked.spread);
                    self.held.insert(placement.pod.clone(), Held { node: *node, asked: *asked, leaving: false });
                }
            }
            Change::Leaving(pod) => {
                if let Some(held) = self.held.get_mut(pod).filter(|held| !held.leaving) {
                    held.leaving = true;
                    self.nodes.terminate(&self.templates, held.node, held.asked.template, held.asked.spread);
                }
            }
            Change::Gone(pod) => {
                self.no_longer_waits(pod);
                if let Some(Held { node, asked, leaving }) = self.held.remove(pod) {
                    self.nodes.release(&self.templates, node, asked.template, asked.spread, leaving);
                }
            }
        }
    }

    /// What the scheduler would say of a placement now.
    pub fn judge(&mut self, placement: &Placement) -> Judgement {
        let (Some(asked), Some(node)) = (self.asked.get(&placement.entry), self.there.get(&placement.node)) else {
            return Judgement::Right;
        };
        let asks_best = self.asks_best();
        let seeker = Seeker { pod: asked.id, template: asked.template, spread: asked.spread, only: None };
        let view = View {
            nodes: &self.nodes,
            templates: &self.templates,
            nominations: &self.nominations,
            surroundings: &Nobody,
        };
        let weighed = self.scheduler.weigh(&view, seeker, &self.names);
        let name = |id: NodeId| self.names.show(self.nodes.get(id).name);
        let best = || weighed.best().map(name).collect();
        let Some(score) = weighed.score(*node) else {
            let why = weighed.refused.iter().find(|(id, _)| id == node);
            let waits_elsewhere = "the pod waits for another node, and that will do".to_owned();
            return Judgement::NotFeasible { why: why.map_or(waits_elsewhere, |(_, why)| why.clone()), best: best() };
        };
        let best_score = weighed.feasible.iter().map(|(_, score)| *score).max().unwrap_or(score);
        if score < best_score && asks_best {
            return Judgement::NotBest { score, best_score, best: best() };
        }
        Judgement::Right
    }

    fn no_longer_waits(&mut self, pod: &str) {
        if let Some(id) = self.ids.get(pod) {
            self.nominations.clear(*id);
        }
    }

    fn see_node(&mut self, name: &str, spec: &NodeSpec) {
        let Some(node) = self.there.get(name).copied() else {
            let spec = NodeSpec { name: self.names.name(name), ..spec.clone() };
            let node = self.nodes.add(&mut self.names, spec);
            self.there.insert(name.to_owned(), node);
            return;
        };
        // As a node that joins is labelled.
        let mut labels = spec.labels.clone();
        labels.entry(HOSTNAME_LABEL.to_owned()).or_insert_with(|| name.to_owned());
        for (label, value) in KUBELET_LABELS {
            labels.entry(label.to_owned()).or_insert_with(|| value.to_owned());
        }
        if let Some(zone) = &spec.zone {
            labels.entry(ZONE_LABEL.to_owned()).or_insert_with(|| zone.clone());
        }
        if labels != *self.nodes.get(node).labels {
            self.nodes.set_labels(node, labels);
        }
        self.nodes.set_taints(node, spec.taints.clone());
        self.nodes.set_unschedulable(node, spec.unschedulable);
        let now = self.nodes.get(node).allocatable.to_resources(&self.names).extended;
        let wanted = &spec.allocatable.extended;
        let resources = now.keys().chain(wanted.keys().filter(|resource| !now.contains_key(*resource)));
        for resource in resources {
            let count = wanted.get(resource).copied().unwrap_or(0);
            if now.get(resource) != Some(&count) {
                self.nodes.set_extended(&mut self.names, node, resource, count);
            }
        }
    }
}
