//! Looks for the nodes of the pods of one group: all of those that are to be placed next, or none. It writes on the ledger only.
//! Source: kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/actions/common/allocate.go.

use std::collections::BTreeMap;

use super::super::node::NodeId;
use super::super::scheduler::Verdict;
use super::super::template::TemplateId;
use super::super::{Cluster, PodId, Subject};
use super::ledger::{Ledger, Placement};
use super::topology::{self, Asked, Domain};
use super::tree::{ROOT, Tally, Tree};
use super::words;
use crate::workload::BatchScheduler;

/// The pods of one group that are to be placed together.
pub struct Attempt<'a> {
    /// Who places it.
    pub scheduler: BatchScheduler,
    /// The group.
    pub key: Subject,
    /// Its parts.
    pub tree: &'a Tree,
    /// The pods of its parts.
    pub tallies: &'a [Tally],
    /// The pods, each with its part.
    pub pods: &'a [(PodId, usize)],
}

/// Why a group was not placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// How many of its pods found a node at the best try.
    found: usize,
    /// In words.
    pub message: String,
}

impl Attempt<'_> {
    /// Places the pods on the ledger. `true` if some of them have to wait for others to leave.
    ///
    /// # Errors
    /// Why they do not all find a node; nothing is written then.
    pub fn run(&self, cluster: &Cluster, ledger: &mut Ledger<'_>) -> Result<bool, Failure> {
        let mark = ledger.mark();
        match self.place_part(cluster, ledger, ROOT, None, (mark, None)) {
            Ok(()) => Ok(self.waits(ledger, mark)),
            Err(failure) => {
                ledger.roll_back(mark);
                Err(failure)
            }
        }
    }

    /// True if a part would be below its minimum without its pods that wait: then all of them do (`ShouldPipelineJob`).
    fn waits(&self, ledger: &Ledger<'_>, mark: usize) -> bool {
        let mut now: BTreeMap<usize, u32> = BTreeMap::new();
        let mut waiting: BTreeMap<usize, u32> = BTreeMap::new();
        for placement in ledger.placed_since(mark) {
            let leaf = self.pods.iter().find(|(pod, _)| *pod == placement.pod).map_or(ROOT, |(_, leaf)| *leaf);
            *if placement.waits { &mut waiting } else { &mut now }.entry(leaf).or_default() += 1;
        }
        waiting.keys().any(|leaf| {
            let placed = self.tallies[*leaf].placed + now.get(leaf).copied().unwrap_or(0);
            placed < self.tree.0[*leaf].min
        })
    }

    fn place_part(
        &self,
        cluster: &Cluster,
        ledger: &mut Ledger<'_>,
        part: usize,
        within: Option<&[NodeId]>,
        (mark, buckets): (usize, Option<&BTreeMap<NodeId, u32>>),
    ) -> Result<(), Failure> {
        let leaves = self.tree.leaves_below(part);
        let pods: Vec<TemplateId> = self
            .pods
            .iter()
            .filter(|(_, leaf)| leaves.contains(leaf))
            .map(|(pod, _)| template_of(cluster, *pod))
            .collect();
        if pods.is_empty() {
            return Ok(());
        }
        let domains = match &self.tree.0[part].topology {
            None => vec![Domain { nodes: within.map(<[_]>::to_vec), buckets: buckets.cloned() }],
            Some(constraint) => {
                let there = cluster.nodes_of_parts(self.key, self.tree, &leaves);
                let asked = Asked { constraint, pods: &pods, there: &there, within };
                let found = ledger.placed_since(mark).count();
                topology::domains(cluster, ledger, &asked).map_err(|message| Failure { found, message })?
            }
        };
        let mut best: Option<Failure> = None;
        for domain in domains {
            let before = ledger.mark();
            match self.place_in(cluster, ledger, part, &domain, mark) {
                Ok(()) => return Ok(()),
                Err(failure) => {
                    ledger.roll_back(before);
                    // Of equal failures the first is told.
                    if best.as_ref().is_none_or(|best| best.found < failure.found) {
                        best = Some(failure);
                    }
                }
            }
        }
        Err(best.unwrap_or(Failure { found: 0, message: words::NO_NODES.to_owned() }))
    }

    fn place_in(
        &self,
        cluster: &Cluster,
        ledger: &mut Ledger<'_>,
        part: usize,
        domain: &Domain,
        mark: usize,
    ) -> Result<(), Failure> {
        let (nodes, buckets) = (domain.nodes.as_deref(), domain.buckets.as_ref());
        if !self.tree.0[part].is_leaf {
            for child in &self.tree.0[part].children {
                self.place_part(cluster, ledger, *child, nodes, (mark, buckets))?;
            }
            return Ok(());
        }
        for (pod, _) in self.pods.iter().filter(|(_, leaf)| *leaf == part) {
            let template = template_of(cluster, *pod);
            let only = self.only(cluster, *pod, nodes);
            match ledger.best(template, only.as_deref().or(nodes), buckets) {
                Some((node, waits)) => ledger.place(Placement { pod: *pod, template, node, waits }),
                None => {
                    let found = ledger.placed_since(mark).count();
                    let why = why_none(cluster, ledger, template, nodes);
                    return Err(Failure { found, message: words::too_few(self, part, found, &why) });
                }
            }
        }
        Ok(())
    }

    /// The nodes that the volumes of a pod leave it, if it has any, or its DaemonSet.
    fn only(&self, cluster: &Cluster, pod: PodId, nodes: Option<&[NodeId]>) -> Option<Vec<NodeId>> {
        if let Some(only) = cluster.confined_to(pod) {
            return Some(
                vec![only].into_iter().filter(|node| nodes.is_none_or(|nodes| nodes.contains(node))).collect(),
            );
        }
        if !cluster.has_claims(pod) {
            return None;
        }
        let view = cluster.volume_view(pod);
        if view.problem.is_some() {
            return Some(Vec::new());
        }
        let all = || cluster.nodes.in_order().map(|(node, _)| node).collect::<Vec<_>>();
        let nodes = nodes.map_or_else(all, <[_]>::to_vec);
        Some(nodes.into_iter().filter(|node| !view.nodes.contains_key(node)).collect())
    }
}

pub fn template_of(cluster: &Cluster, pod: PodId) -> TemplateId {
    cluster.set(cluster.pod(pod).set).template
}

/// Why none of these nodes takes a pod, in words.
fn why_none(cluster: &Cluster, ledger: &mut Ledger<'_>, template: TemplateId, nodes: Option<&[NodeId]>) -> String {
    let all = || cluster.nodes.in_order().map(|(node, _)| node).collect::<Vec<_>>();
    let nodes = nodes.map_or_else(all, <[_]>::to_vec);
    let mut verdicts: BTreeMap<Verdict, u32> = BTreeMap::new();
    for node in &nodes {
        *verdicts.entry(ledger.verdict(template, *node)).or_default() += 1;
    }
    let verdicts: Vec<(Verdict, u32)> = verdicts.into_iter().collect();
    words::none_of(nodes.len() as u32, &verdicts, &cluster.names, cluster.templates.get(template))
}
