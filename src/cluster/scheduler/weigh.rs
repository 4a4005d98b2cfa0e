//! Which of the feasible nodes is the best for a pod that was surveyed: every score of every node, each with its weight.
//! Sources are beside the functions of `score`.

use super::constraint::Constraint;
use super::index::Standing;
use super::preorder::preorder;
use super::score;
use super::survey::Survey;
use crate::cluster::node::NodeId;

/// A node that the pod can go to, with its place in the index.
pub(super) type Feasible = (usize, NodeId);

impl Survey<'_> {
    /// The best of two or more feasible nodes, in the order in which they were found.
    pub fn best(&self, feasible: &[Feasible], soft: &[Constraint], all_places: bool) -> NodeId {
        let totals = self.totals(feasible, soft, all_places);
        let most = totals.iter().max().expect("there are feasible nodes");
        let ranks = (0..feasible.len()).filter(|rank| totals[*rank] == *most);
        let rank = ranks.min_by_key(|rank| preorder(*rank)).expect("one has the best score");
        feasible[rank].1
    }

    /// The total score of each feasible node.
    pub fn totals(&self, feasible: &[Feasible], soft: &[Constraint], all_places: bool) -> Vec<i64> {
        let weights = self.rules.rules.weights;
        let mut totals: Vec<i64> = feasible.iter().map(|one| self.own(*one)).collect();
        let seats = || feasible.iter().map(|(place, _)| &self.index.seats[*place]);
        let disliked_max = seats().map(|seat| seat.disliked).max().unwrap_or(0);
        let preferred_max = seats().map(|seat| seat.preferred).max().unwrap_or(0);
        for (total, seat) in totals.iter_mut().zip(seats()) {
            *total += weights.taints * score::normal_taints(seat.disliked, disliked_max);
            *total += weights.affinity * score::normal_preferred(seat.preferred, preferred_max);
        }
        if weights.spread > 0 && !soft.is_empty() {
            let spread = self.spread(feasible, soft, all_places);
            totals.iter_mut().zip(spread).for_each(|(total, spread)| *total += weights.spread * spread);
        }
        if weights.pods > 0 && !self.scores.is_empty() && !feasible.is_empty() {
            let pods = self.pods(feasible);
            totals.iter_mut().zip(pods).for_each(|(total, pods)| *total += weights.pods * pods);
        }
        totals
    }

    /// NodeResourcesFit, BalancedAllocation and ImageLocality.
    fn own(&self, (place, id): Feasible) -> i64 {
        let node = self.nodes.get(id);
        let own = match self.index.seats[place].standing {
            Standing::Feasible(class) => self.index.classes[class as usize].traits.own,
            _ => score::own_score(self.rules, node, self.template),
        };
        if self.rules.rules.weights.images == 0 || node.images.is_empty() {
            return own;
        }
        let held = self.template.images.iter().filter(|image| node.has_image(**image));
        let bytes = held.filter_map(|image| self.nodes.image(*image));
        let bytes = bytes.map(|state| state.scaled_bytes(self.nodes.len())).sum();
        own + self.rules.rules.weights.images * score::image_score(bytes, self.template.containers as usize)
    }

    /// PodTopologySpread's scores: plugins/podtopologyspread/scoring.go.
    fn spread(&self, feasible: &[Feasible], soft: &[Constraint], all_places: bool) -> Vec<i64> {
        let ignored = |id: NodeId| all_places && !self.in_all_places(soft.iter(), id);
        let counted = feasible.iter().filter(|(_, id)| !ignored(*id)).count();
        // Places of feasible nodes; a node that is in no place is one more, at 0.
        let mut counts: Vec<Vec<Option<i64>>> =
            soft.iter().map(|one| vec![None; self.topologies.places(one.key)]).collect();
        let place = |one: &Constraint, id: NodeId| self.topologies.place(one.key, id).unwrap_or(0);
        for (_, id) in feasible.iter().filter(|(_, id)| !ignored(*id)) {
            for (one, counts) in soft.iter().zip(&mut counts).filter(|(one, _)| !one.is_hostname) {
                counts[place(one, *id)] = Some(0);
            }
        }
        let sizes: Vec<usize> = soft
            .iter()
            .zip(&counts)
            .map(|(one, counts)| if one.is_hostname { counted } else { counts.iter().flatten().count() })
            .collect();
        for id in self.nodes.order().iter() {
            let Some(at) = self.nodes.order().place_of(id).filter(|_| !ignored(id)) else { continue };
            for (one, counts) in soft.iter().zip(&mut counts).filter(|(one, _)| !one.is_hostname) {
                if let Some(count) = counts[place(one, id)].as_mut().filter(|_| self.includes(one, at)) {
                    *count += self.counted_on(one, id);
                }
            }
        }
        let raw = |id: NodeId| {
            let there = soft.iter().enumerate().filter_map(|(at, one)| {
                let place = self.topologies.place(one.key, id)?;
                let count = if one.is_hostname { self.counted_on(one, id) } else { counts[at][place].unwrap_or(0) };
                Some((count, one.max_skew, sizes[at]))
            });
            score::soft_spread(there)
        };
        let raw: Vec<Option<i64>> = feasible.iter().map(|(_, id)| (!ignored(*id)).then(|| raw(*id))).collect();
        let min = raw.iter().flatten().min().copied().unwrap_or(i64::MAX);
        let max = raw.iter().flatten().max().copied().unwrap_or(0).max(0);
        raw.into_iter().map(|raw| raw.map_or(0, |raw| score::normal_spread(raw, min, max))).collect()
    }

    /// InterPodAffinity's scores: plugins/interpodaffinity/scoring.go.
    fn pods(&self, feasible: &[Feasible]) -> Vec<i64> {
        let raw = |id: NodeId| self.scores.keys().map(|key| self.scores.at(self.topologies, key, id)).sum();
        let raw: Vec<i64> = feasible.iter().map(|(_, id)| raw(*id)).collect();
        let (min, max) = (*raw.iter().min().expect("not empty"), *raw.iter().max().expect("not empty"));
        raw.into_iter().map(|raw| score::normal_pods(raw, min, max)).collect()
    }
}
