//! The search through the nodes for a pod that is surveyed: where it begins, when it has found enough, what it takes.

use std::collections::BTreeMap;

use super::Rejected;
use super::constraint::SpreadKeys;
use super::rejection::Verdict;
use super::rules::{self, Sampling};
use super::survey::Survey;
use crate::cluster::node::NodeId;

impl Survey<'_> {
    /// The node for the pod: the one that it waits for if that will do, else the best of those that will
    /// (`findNodesThatFitPod`, pkg/scheduler/schedule_one.go).
    pub fn search(&mut self, keys: &SpreadKeys, next_start: &mut usize) -> Result<NodeId, Rejected> {
        if let Some(decided) = self.alone() {
            return decided;
        }
        let mut verdicts = BTreeMap::new();
        let (start, enough) = self.sample(*next_start);
        let mut feasible = Vec::new();
        for (place, id) in self.from(start) {
            match self.verdict(place, id) {
                // It takes one more that will do to know that there are enough.
                Verdict::FITS if feasible.len() == enough => break,
                Verdict::FITS => feasible.push((place, id)),
                verdict => drop(verdicts.insert(id, verdict)),
            }
        }
        if !self.nodes.is_empty() && self.rules.rules.sampling != Sampling::All {
            *next_start = (start + feasible.len() + verdicts.len()) % self.nodes.len();
        }
        match feasible.as_slice() {
            [] => Err(Rejected { verdicts, others: None }),
            [(_, only)] => Ok(*only),
            _ => Ok(self.best(&feasible, &keys.soft, keys.all_places)),
        }
    }

    /// Every node that the pod may go to with its total score, and what is said of the others. All are looked at.
    pub fn weigh(&mut self, keys: &SpreadKeys) -> (Vec<(NodeId, i64)>, Rejected) {
        let mut rejected = Rejected { verdicts: BTreeMap::new(), others: None };
        match self.alone() {
            // Nothing is scored where one node alone is asked.
            Some(Ok(id)) => return (vec![(id, 0)], rejected),
            Some(Err(rejected)) => return (Vec::new(), rejected),
            None => {}
        }
        let mut feasible = Vec::new();
        for (place, id) in self.from(0) {
            match self.verdict(place, id) {
                Verdict::FITS => feasible.push((place, id)),
                verdict => drop(rejected.verdicts.insert(id, verdict)),
            }
        }
        let totals = self.totals(&feasible, &keys.soft, keys.all_places);
        (feasible.into_iter().map(|(_, id)| id).zip(totals).collect(), rejected)
    }

    /// What is decided before all nodes are looked at: the pod is refused as it is, has the node that it waits for, or may go to
    /// one node alone.
    fn alone(&mut self) -> Option<Result<NodeId, Rejected>> {
        let order = self.nodes.order();
        let mut verdicts = BTreeMap::new();
        if let Some(verdict) = self.refusal() {
            return Some(Err(Rejected { verdicts, others: Some((verdict, self.nodes.len() as u32)) }));
        }
        let waits_for = self.nominations.node_of(self.seeker.pod);
        if let Some((place, id)) = waits_for.and_then(|id| Some((order.place_of(id)?, id)))
            && self.verdict(place, id) == Verdict::FITS
        {
            return Some(Ok(id));
        }
        let only = self.seeker.only?;
        let others = Some((Verdict::NOT_ITS_NODE, self.nodes.len() as u32 - 1)).filter(|(_, count)| *count > 0);
        let Some(place) = order.place_of(only) else {
            return Some(Err(Rejected { verdicts, others: Some((Verdict::NOT_ITS_NODE, self.nodes.len() as u32)) }));
        };
        Some(match self.verdict(place, only) {
            Verdict::FITS => Ok(only),
            verdict => {
                verdicts.insert(only, verdict);
                Err(Rejected { verdicts, others })
            }
        })
    }

    /// Where the search begins, and how many nodes are enough (`numFeasibleNodesToFind`, same file).
    fn sample(&self, next_start: usize) -> (usize, usize) {
        let count = self.nodes.len();
        match self.rules.rules.sampling {
            Sampling::All => (0, count),
            Sampling::Percent(percent) => (next_start, rules::enough_nodes(percent, count)),
        }
    }

    /// The nodes in order, from the one that comes at this place among them, then those before it.
    fn from(&self, start: usize) -> impl Iterator<Item = (usize, NodeId)> + use<> {
        let order = self.nodes.order();
        let mut all: Vec<(usize, NodeId)> = order.iter().filter_map(|id| Some((order.place_of(id)?, id))).collect();
        if start > 0 && !all.is_empty() {
            let middle = start % all.len();
            all.rotate_left(middle);
        }
        all.into_iter()
    }
}
