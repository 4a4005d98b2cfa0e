//! The nodes as a cycle of a batch scheduler sees them: what it would place and put out is written here first, and taken back if
//! not all of a group finds room. Candidates for pods of one form stand in an order that is kept while pods are placed, so
//! that no pod looks at every node.
//! Source of the order: kai-scheduler/KAI-Scheduler, pkg/scheduler/plugins/scores/scores.go and nodeplacement (pack.go, spread.go).
//! The source breaks ties as its maps have it; here the first node in the scheduler's order wins.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::super::node::{Node, NodeId};
use super::super::scheduler::{self, Rules, Verdict};
use super::super::template::{Amounts, FormId, Template, TemplateId};
use super::super::{Cluster, PodId};
use super::neighbours::Presence;
use super::profile::Packing;
use crate::workload::resources::is_gpu;

/// What is asked of a node, with what was written so far.
#[derive(Clone, Debug)]
struct Load {
    requested: Amounts,
    pods: u32,
    /// What pods hold that are on their way out.
    leaving: Amounts,
    leaving_pods: u32,
    /// Ports that pods hold, those on their way out too.
    ports: Vec<(u16, String)>,
}

/// Where a node stands for pods of one form: the preferred affinity that it meets, whether it has room now, whether it is of the
/// pod's sort, how much room it has, its place.
type Rank = (Reverse<i64>, bool, bool, i64, usize);

/// Candidates for pods of one form, the best first.
#[derive(Debug)]
struct Candidates {
    /// One template of the form.
    template: TemplateId,
    order: BTreeSet<(Rank, NodeId)>,
    ranks: BTreeMap<NodeId, Rank>,
}

/// One pod at its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placement {
    /// The pod.
    pub pod: PodId,
    /// What it is made from.
    pub template: TemplateId,
    /// Its node.
    pub node: NodeId,
    /// True if it must wait there until others have left.
    pub waits: bool,
}

/// Something that was written and can be taken back.
#[derive(Clone, Copy, Debug)]
enum Line {
    Placed(Placement),
    /// A pod is put out.
    Leaves(PodId, TemplateId, NodeId),
}

/// The nodes and what was written about them.
pub struct Ledger<'a> {
    cluster: &'a Cluster,
    packing: Packing,
    /// The filters; what a scheduler scores by is not read.
    rules: Rules,
    loads: BTreeMap<NodeId, Load>,
    lines: Vec<Line>,
    candidates: BTreeMap<FormId, Candidates>,
    presence: Presence<'a>,
}

impl<'a> Ledger<'a> {
    /// The nodes as they are.
    pub fn new(cluster: &'a Cluster, packing: Packing) -> Ledger<'a> {
        let mut ledger = Ledger {
            cluster,
            packing,
            rules: Rules::kube_default(),
            loads: BTreeMap::new(),
            lines: Vec::new(),
            candidates: BTreeMap::new(),
            presence: Presence::new(cluster),
        };
        for pod in &cluster.gangs.leaving {
            if let Some(node) = cluster.pod(*pod).node {
                let template = cluster.set(cluster.pod(*pod).set).template;
                ledger.load(node).leave(cluster.templates.get(template), true);
            }
        }
        ledger
    }

    /// How much is written.
    pub fn mark(&self) -> usize {
        self.lines.len()
    }

    /// Takes back what was written since a mark.
    pub fn roll_back(&mut self, mark: usize) {
        while self.lines.len() > mark {
            match self.lines.pop() {
                Some(Line::Placed(placement)) => self.shift(&placement, false),
                Some(Line::Leaves(_, template, node)) => self.leaves(template, node, false),
                None => {}
            }
        }
    }

    /// What was placed since a mark.
    pub fn placed_since(&self, mark: usize) -> impl Iterator<Item = &Placement> {
        self.lines[mark..].iter().filter_map(|line| match line {
            Line::Placed(placement) => Some(placement),
            Line::Leaves(..) => None,
        })
    }

    /// Puts a pod on a node.
    pub fn place(&mut self, placement: Placement) {
        self.shift(&placement, true);
        self.lines.push(Line::Placed(placement));
    }

    /// Puts a pod out: what it holds counts as what leaves.
    pub fn put_out(&mut self, pod: PodId, template: TemplateId, node: NodeId) {
        self.leaves(template, node, true);
        self.lines.push(Line::Leaves(pod, template, node));
    }

    /// Lets a pod stay that was put out, if there is room for it still. `false`: it goes.
    pub fn keep(&mut self, pods: &[(PodId, TemplateId, NodeId)]) -> bool {
        for (at, (_, template, node)) in pods.iter().enumerate() {
            self.leaves(*template, *node, false);
            if !self.is_within(*node) {
                for (_, template, node) in &pods[..=at] {
                    self.leaves(*template, *node, true);
                }
                return false;
            }
        }
        self.lines.retain(|line| !matches!(line, Line::Leaves(pod, ..) if pods.iter().any(|one| one.0 == *pod)));
        true
    }

    /// The best node for a pod, of these or of all, and whether it must wait there. `buckets` say which nodes come first whatever
    /// else they are.
    pub fn best(
        &mut self,
        template: TemplateId,
        among: Option<&[NodeId]>,
        buckets: Option<&BTreeMap<NodeId, u32>>,
    ) -> Option<(NodeId, bool)> {
        let form = self.cluster.templates.form(template);
        self.rank_all(form, template);
        let candidates = &self.candidates[&form];
        let presence = &mut self.presence;
        let mut fits = |node: NodeId| presence.verdict(template, node).is_none();
        let found = match (among, buckets) {
            (None, None) => candidates.order.iter().find(|(_, node)| fits(*node)).copied(),
            _ => {
                let all: Vec<NodeId> = match among {
                    Some(among) => among.to_vec(),
                    None => candidates.ranks.keys().copied().collect(),
                };
                let ranked = all.into_iter().filter_map(|node| Some((*candidates.ranks.get(&node)?, node)));
                let mut ranked: Vec<(Rank, NodeId)> = ranked.collect();
                let bucket = |node: NodeId| buckets.and_then(|all| all.get(&node)).copied().unwrap_or(0);
                ranked.sort_unstable_by_key(|(rank, node)| (rank.0, Reverse(bucket(*node)), *rank));
                ranked.into_iter().find(|(_, node)| fits(*node))
            }
        };
        found.map(|(rank, node)| (node, rank.1))
    }

    /// Why a node does not take a pod, even once all that leaves it has left.
    pub fn verdict(&mut self, template: TemplateId, node: NodeId) -> Verdict {
        let verdict = self.verdict_on(template, node, true);
        if verdict != Verdict::FITS {
            return verdict;
        }
        self.presence.verdict(template, node).unwrap_or(Verdict::FITS)
    }

    /// What is free on a node of one resource, once all that leaves it has left.
    pub fn free(&self, node: NodeId, resource: impl Fn(&Amounts) -> u64) -> u64 {
        let own = self.cluster.nodes.get(node);
        let (requested, leaving) = match self.loads.get(&node) {
            Some(load) => (resource(&load.requested), resource(&load.leaving)),
            None => (resource(&own.requested), 0),
        };
        resource(&own.allocatable).saturating_sub(requested.saturating_sub(leaving))
    }

    fn load(&mut self, node: NodeId) -> &mut Load {
        let own = self.cluster.nodes.get(node);
        self.loads.entry(node).or_insert_with(|| Load::of(own))
    }

    fn shift(&mut self, placement: &Placement, comes: bool) {
        let template = self.cluster.templates.get(placement.template);
        let load = self.load(placement.node);
        match comes {
            true => {
                load.requested.add(&template.requests);
                load.pods += 1;
                load.ports.extend(template.company.ports.iter().cloned());
            }
            false => {
                load.requested.take(&template.requests);
                load.pods -= 1;
                load.ports.truncate(load.ports.len() - template.company.ports.len());
            }
        }
        self.presence.shift(placement.template, placement.node, comes);
        self.rank_again(placement.node);
    }

    fn leaves(&mut self, template: TemplateId, node: NodeId, goes: bool) {
        let template = self.cluster.templates.get(template);
        self.load(node).leave(template, goes);
        self.rank_again(node);
    }

    /// True if a node holds what it was asked for, once all that leaves it has left.
    fn is_within(&self, node: NodeId) -> bool {
        let Some(load) = self.loads.get(&node) else { return true };
        let (mut staying, has) = (load.requested.clone(), &self.cluster.nodes.get(node).allocatable);
        staying.take(&load.leaving);
        let fits = staying.extended.iter().all(|(resource, asked)| *asked <= has.extended(*resource));
        fits && staying.cpu_milli <= has.cpu_milli
            && staying.memory_bytes <= has.memory_bytes
            && staying.ephemeral_storage_bytes <= has.ephemeral_storage_bytes
            && load.pods - load.leaving_pods <= self.cluster.nodes.get(node).pods_max
    }

    fn verdict_on(&self, template: TemplateId, node: NodeId, later: bool) -> Verdict {
        let template = self.cluster.templates.get(template);
        let (own, rules) = (self.cluster.nodes.get(node), &self.rules);
        match self.loads.get(&node) {
            None => scheduler::verdict_with(rules, own, (&own.requested, own.pods, &own.ports), template),
            Some(load) if later && load.leaving_pods > 0 => {
                let mut requested = load.requested.clone();
                requested.take(&load.leaving);
                let pods = load.pods - load.leaving_pods;
                scheduler::verdict_with(rules, own, (&requested, pods, &load.ports), template)
            }
            Some(load) => scheduler::verdict_with(rules, own, (&load.requested, load.pods, &load.ports), template),
        }
    }

    fn rank_all(&mut self, form: FormId, template: TemplateId) {
        if self.candidates.contains_key(&form) {
            return;
        }
        let mut candidates = Candidates { template, order: BTreeSet::new(), ranks: BTreeMap::new() };
        for (node, _) in self.cluster.nodes.in_order() {
            if let Some(rank) = self.rank(template, node) {
                candidates.order.insert((rank, node));
                candidates.ranks.insert(node, rank);
            }
        }
        self.candidates.insert(form, candidates);
    }

    fn rank_again(&mut self, node: NodeId) {
        let forms: Vec<(FormId, TemplateId)> =
            self.candidates.iter().map(|(form, candidates)| (*form, candidates.template)).collect();
        for (form, template) in forms {
            let rank = self.rank(template, node);
            let Some(candidates) = self.candidates.get_mut(&form) else { continue };
            if let Some(old) = candidates.ranks.remove(&node) {
                candidates.order.remove(&(old, node));
            }
            if let Some(rank) = rank {
                candidates.order.insert((rank, node));
                candidates.ranks.insert(node, rank);
            }
        }
    }

    /// Where a node stands for a pod; `None`: it cannot take it.
    fn rank(&self, id: TemplateId, node: NodeId) -> Option<Rank> {
        let waits = self.verdict_on(id, node, false) != Verdict::FITS;
        if waits && self.verdict_on(id, node, true) != Verdict::FITS {
            return None;
        }
        let (own, template) = (self.cluster.nodes.get(node), self.cluster.templates.get(id));
        let preferred = template.preferred_nodes.iter().filter(|one| one.term.matches(&own.labels));
        let preferred: i64 = preferred.map(|one| i64::from(one.weight)).sum();
        let gpu = self.gpu_of(template);
        let room = match gpu {
            Some(gpu) => self.free(node, |amounts| amounts.extended(gpu)),
            None => self.free(node, |amounts| amounts.cpu_milli),
        };
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let room = if self.packing == Packing::Pack { room } else { -room };
        // resourcetype: pods without GPUs go to nodes without GPUs.
        let is_other_sort = gpu.is_none() && own.devices.resource().is_some();
        let place = self.cluster.nodes.order().place_of(node).unwrap_or(usize::MAX);
        Some((Reverse(preferred), waits, is_other_sort, room, place))
    }

    /// The resource of whole GPUs that a pod asks for.
    fn gpu_of(&self, template: &Template) -> Option<crate::kernel::Symbol> {
        let asked = template.requests.extended.iter().map(|(resource, _)| *resource);
        asked.into_iter().find(|resource| is_gpu(self.cluster.names.text(*resource)))
    }
}

impl Load {
    fn of(node: &Node) -> Load {
        Load {
            requested: node.requested.clone(),
            pods: node.pods,
            leaving: Amounts::default(),
            leaving_pods: 0,
            ports: node.ports.clone(),
        }
    }

    fn leave(&mut self, template: &Template, goes: bool) {
        match goes {
            true => {
                self.leaving.add(&template.requests);
                self.leaving_pods += 1;
            }
            false => {
                self.leaving.take(&template.requests);
                self.leaving_pods -= 1;
            }
        }
    }
}
