//! The domains of a topology, and in which of them the pods of a part may be placed together.
//! Source: kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/plugins/topology (job_filtering.go, node_scoring.go).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::super::Cluster;
use super::super::node::NodeId;
use super::super::template::{Amounts, TemplateId};
use super::ledger::Ledger;
use crate::timeline::{Kind, Subject};
use crate::workload::TopologyConstraint;

/// Nodes that are tried for the pods of a part, as a whole.
#[derive(Clone, Debug)]
pub struct Domain {
    /// The nodes; `None`: all of them.
    pub nodes: Option<Vec<NodeId>>,
    /// Of nodes in a larger domain than preferred: which preferred ones come first.
    pub buckets: Option<BTreeMap<NodeId, u32>>,
}

/// What a part asks for, and where it is already.
pub struct Asked<'a> {
    /// The constraint.
    pub constraint: &'a TopologyConstraint,
    /// The pods that are to be placed, by what they are made from.
    pub pods: &'a [TemplateId],
    /// Nodes of its pods that are placed already.
    pub there: &'a BTreeSet<NodeId>,
    /// Where its parent is to be.
    pub within: Option<&'a [NodeId]>,
}

/// How much of what is free would be taken: the resource of which the most would.
#[derive(Clone, Copy, Debug)]
struct Share {
    asked: u64,
    free: u64,
}

/// A domain of one level, by the values of this level and all above it.
type Id = Vec<String>;

/// The domains in which all pods of a part may be placed, the first to be tried first.
///
/// # Errors
/// Why there is none.
pub fn domains(cluster: &Cluster, ledger: &Ledger<'_>, asked: &Asked<'_>) -> Result<Vec<Domain>, String> {
    let constraint = asked.constraint;
    let levels = levels(cluster, constraint)?;
    let position = |level: &Option<String>| match level {
        None => Ok(None),
        Some(level) => levels
            .iter()
            .position(|one| one == level)
            .map(Some)
            .ok_or_else(|| format!("topology {:?} has no level {level:?}", constraint.topology)),
    };
    let (required, preferred) = (position(&constraint.required)?, position(&constraint.preferred)?);
    let Some(narrowest) = preferred.max(required) else {
        return Ok(vec![Domain { nodes: asked.within.map(<[_]>::to_vec), buckets: None }]);
    };
    let tree = Tree::of(cluster, ledger, asked, &levels);
    let broadest = required.map_or(0, |level| level + 1);
    let mut found = Vec::new();
    // From the narrowest level up to the one that is required, or to the whole cluster.
    for depth in (broadest..=narrowest + 1).rev() {
        for id in tree.at(depth) {
            let nodes = &tree.nodes[id];
            let elsewhere =
                |nodes: &Vec<NodeId>| !asked.there.is_empty() && !asked.there.iter().any(|node| nodes.contains(node));
            if !tree.shares[id].fits() || required.is_some() && elsewhere(tree.of_level(id, broadest)) {
                continue;
            }
            let buckets = preferred.filter(|level| *level + 1 > depth).map(|level| tree.buckets(id, level + 1));
            found.push(Domain { nodes: Some(nodes.clone()), buckets });
        }
    }
    if found.is_empty() {
        let level = constraint.required.as_deref().unwrap_or("");
        return Err(format!(
            "topology {}, requirement {level} couldn't be satisfied for the {} pods",
            if constraint.topology.is_empty() { &constraint.of } else { &constraint.topology },
            asked.pods.len()
        ));
    }
    Ok(found)
}

/// The labels of the levels, from the broadest on.
fn levels(cluster: &Cluster, constraint: &TopologyConstraint) -> Result<Vec<String>, String> {
    if constraint.topology.is_empty() {
        let mut levels: Vec<String> = constraint.required.iter().chain(&constraint.preferred).cloned().collect();
        levels.dedup();
        return Ok(levels);
    }
    let named = |key: &&Subject| key.kind == Kind::Topology && cluster.names.show(key.name) == constraint.topology;
    match cluster.gangs.topologies.keys().find(named) {
        Some(key) => Ok(cluster.gangs.topologies[key].levels.clone()),
        None => Err(format!("Requested topology {} does not exist", constraint.topology)),
    }
}

/// The domains of all levels, as far as they are within what is asked.
struct Tree {
    nodes: BTreeMap<Id, Vec<NodeId>>,
    shares: BTreeMap<Id, Share>,
}

impl Tree {
    fn of(cluster: &Cluster, ledger: &Ledger<'_>, asked: &Asked<'_>, levels: &[String]) -> Tree {
        let mut nodes: BTreeMap<Id, Vec<NodeId>> = BTreeMap::new();
        let within: Option<BTreeSet<NodeId>> = asked.within.map(|nodes| nodes.iter().copied().collect());
        for (id, node) in cluster.nodes.in_order() {
            if within.as_ref().is_some_and(|within| !within.contains(&id)) {
                continue;
            }
            let values = levels.iter().map_while(|level| node.labels.get(level).cloned());
            let values: Vec<String> = values.collect();
            for depth in 0..=values.len() {
                nodes.entry(values[..depth].to_vec()).or_default().push(id);
            }
        }
        let mut sum = Amounts::default();
        for template in asked.pods {
            sum.add(&cluster.templates.get(*template).requests);
        }
        let shares = nodes.iter().map(|(id, nodes)| (id.clone(), Share::of(ledger, nodes, &sum))).collect();
        Tree { nodes, shares }
    }

    /// The domains of one depth, the fullest first, as their parents stand.
    fn at(&self, depth: usize) -> Vec<&Id> {
        let mut ids: Vec<&Id> = self.nodes.keys().filter(|id| id.len() == depth).collect();
        ids.sort_by(|a, b| {
            let steps = (1..=depth).map(|to| {
                let (a, b) = (&a[..to], &b[..to]);
                self.shares[b].compare(self.shares[a]).then_with(|| a.cmp(b))
            });
            steps.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        ids
    }

    /// The nodes of the domain of a higher level that a domain is in.
    fn of_level(&self, id: &Id, depth: usize) -> &Vec<NodeId> {
        &self.nodes[&id[..depth.min(id.len())]]
    }

    /// Where the nodes of a domain stand by the domains of the preferred level: those of the one with the most room first
    /// (`calculateNodeScores`; ten steps).
    fn buckets(&self, id: &Id, depth: usize) -> BTreeMap<NodeId, u32> {
        let below: Vec<&Id> = self.at(depth).into_iter().filter(|one| one.starts_with(id)).collect();
        let count = below.len() as u32;
        let bucket = |(at, id): (usize, &Id)| {
            let bucket = (at as u32 + 1) * 10 / count;
            self.nodes[id].iter().map(move |node| (*node, bucket)).collect::<Vec<_>>()
        };
        below.into_iter().enumerate().flat_map(bucket).collect()
    }
}

impl Share {
    fn of(ledger: &Ledger<'_>, nodes: &[NodeId], asked: &Amounts) -> Share {
        let free =
            |resource: &dyn Fn(&Amounts) -> u64| -> u64 { nodes.iter().map(|node| ledger.free(*node, resource)).sum() };
        let mut most = Share { asked: 0, free: 1 };
        let mut look = |resource: &dyn Fn(&Amounts) -> u64| {
            let asked = resource(asked);
            if asked > 0 {
                let share = Share { asked, free: free(resource) };
                if share.compare(most).is_gt() {
                    most = share;
                }
            }
        };
        look(&|amounts| amounts.cpu_milli);
        look(&|amounts| amounts.memory_bytes);
        for (name, _) in &asked.extended {
            look(&|amounts| amounts.extended(*name));
        }
        most
    }

    /// True if not more is asked than is free.
    const fn fits(self) -> bool {
        self.asked <= self.free
    }

    /// By how much of what is free would be taken.
    fn compare(self, other: Share) -> Ordering {
        let cross = |one: Share, other: Share| u128::from(one.asked) * u128::from(other.free);
        cross(self, other).cmp(&cross(other, self))
    }
}
