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
        let order = self.nodes.order();
        let mut verdicts = BTreeMap::new();
        if let Some(verdict) = self.refusal() {
            return Err(Rejected { verdicts, others: Some((verdict, self.nodes.len() as u32)) });
        }
        let waits_for = self.nominations.node_of(self.seeker.pod);
        if let Some((place, id)) = waits_for.and_then(|id| Some((order.place_of(id)?, id)))
            && self.verdict(place, id) == Verdict::FITS
        {
            return Ok(id);
        }
        if let Some(only) = self.seeker.only {
            let others = Some((Verdict::NOT_ITS_NODE, self.nodes.len() as u32 - 1)).filter(|(_, count)| *count > 0);
            let Some(place) = order.place_of(only) else {
                return Err(Rejected { verdicts, others: Some((Verdict::NOT_ITS_NODE, self.nodes.len() as u32)) });
            };
            return match self.verdict(place, only) {
                Verdict::FITS => Ok(only),
                verdict => {
                    verdicts.insert(only, verdict);
                    Err(Rejected { verdicts, others })
                }
            };
        }
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
