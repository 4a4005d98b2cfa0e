//! Which pods of a ReplicaSet go first when it shrinks: `ActivePodsWithRanks` of k8s.io/kubernetes v1.36.3,
//! pkg/controller/controller_utils.go, kept as an ordered index so that a sync does not sort every pod.
//!
//! The source compares ready times by the logarithm of their age and breaks ties by UID, which is random. Here the pod that
//! became ready last goes first, which is one of the orders that the source can give.

//! All pods of a set on one node have the same number of neighbours, so only the first of them can be the first of all:
//! the set's order holds one key a node, and the pods of a node are sorted beside it.

use std::collections::BTreeSet;
use std::num::NonZeroU128;

use smallvec::SmallVec;

use super::pod::Pod;
use super::{Cluster, NodeId, PodId, PodSetId};
use crate::workload::PodPhase;

/// The order of deletion: the least goes first. The source's comparisons, in its order, packed into one integer: not
/// assigned, phase, not ready, more neighbours, ready for less time, more restarts, created later. Pods are numbered as
/// they are created, so the number stands for the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RankKey(NonZeroU128);

/// The most neighbours and restarts that a key tells apart.
const MOST: u128 = u16::MAX as u128;
/// Where the neighbours stand in a key; below them 58 bits of time, as in the queue's keys, restarts and number.
const NEIGHBOURS: u32 = 58 + 16 + 32;

impl RankKey {
    /// Beside no neighbours.
    fn new(id: PodId, pod: &Pod) -> RankKey {
        let phase = match pod.phase {
            PodPhase::Pending => 0,
            PodPhase::Unknown => 1,
            _ => 2,
        };
        let standing = u128::from(pod.node.is_some()) << 3 | phase << 1 | u128::from(pod.ready);
        let ready_nanos = if pod.ready { pod.ready_since.nanos() } else { 0 };
        let key = standing << (NEIGHBOURS + 16)
            | MOST << NEIGHBOURS
            | u128::from(!ready_nanos << 6 >> 6) << 48
            | (MOST - u128::from(pod.restarts).min(MOST)) << 32
            | u128::from(!id.0);
        RankKey(NonZeroU128::MIN | key << 1)
    }

    /// The same pod beside `count` neighbours: active pods of the same Deployment on the same node.
    fn beside(self, count: u32) -> RankKey {
        let cleared = self.0.get() & !(MOST << (NEIGHBOURS + 1));
        RankKey(NonZeroU128::MIN | cleared | (MOST - u128::from(count).min(MOST)) << (NEIGHBOURS + 1))
    }

    fn pod(self) -> PodId {
        PodId(!((self.0.get() >> 1) as u32))
    }
}

/// The ranked pods of a node.
#[derive(Clone, Debug, Default)]
pub struct NodeRanks {
    /// True while the neighbours have to be counted again.
    stale: bool,
    sets: SmallVec<[SetRanks; 1]>,
}

/// The pods of one set on a node.
#[derive(Clone, Debug)]
struct SetRanks {
    set: PodSetId,
    /// The neighbours that the first of them stands beside in the set's order.
    neighbours: u32,
    /// Beside no neighbours; the first goes first.
    keys: SmallVec<[RankKey; 8]>,
}

impl Cluster {
    /// The pod that goes first, if the set has an active one.
    pub(super) fn first_to_go(&mut self, set_id: PodSetId) -> Option<PodId> {
        if self.set(set_id).ranks.is_none() {
            self.set_mut(set_id).ranks = Some(BTreeSet::new());
            self.sets_ranked += 1;
            self.node_ranks.resize_with(self.kubelets.len(), NodeRanks::default);
            for index in 0..self.set(set_id).active.len() {
                self.rank(self.set(set_id).active[index]);
            }
        }
        self.count_neighbours_again();
        let first = self.set(set_id).ranks.as_ref()?.first()?.pod();
        debug_assert!(self.set(set_id).active.len() > 64 || Some(first) == self.first_of_all(set_id));
        Some(first)
    }

    /// The same by looking at every pod: what the order is held against in debug builds, as long as that is cheap.
    fn first_of_all(&self, set: PodSetId) -> Option<PodId> {
        let key = |id: &PodId| {
            let pod = self.pod(*id);
            RankKey::new(*id, pod).beside(pod.node.map_or(0, |node| self.neighbours(node, set)))
        };
        self.set(set).active.iter().copied().min_by_key(key)
    }

    /// No pod of the set is left that could go.
    pub(super) fn end_ranking(&mut self, set: PodSetId) {
        if let Some(ranks) = self.set_mut(set).ranks.take() {
            debug_assert!(ranks.is_empty(), "a pod that is ranked is active");
            self.sets_ranked -= 1;
        }
    }

    /// Puts an active pod into its set's order, or moves it to where it belongs by now. To be called before and after a
    /// pod gets its node: `unrank` goes by the node that it has.
    pub(super) fn rank(&mut self, id: PodId) {
        let pod = *self.pod(id);
        if self.set(pod.set).ranks.is_none() {
            return;
        }
        self.unrank(id);
        if !pod.is_active() {
            return;
        }
        let key = RankKey::new(id, &pod);
        self.ranks[id.0 as usize] = Some(key);
        let Some(node) = pod.node else { return self.list(pod.set, key) };
        let at = self.ranks_on(node, pod.set).unwrap_or_else(|| {
            let neighbours = self.neighbours(node, pod.set);
            let sets = &mut self.node_ranks_mut(node).sets;
            sets.push(SetRanks { set: pod.set, neighbours, keys: SmallVec::new() });
            sets.len() - 1
        });
        let ranks = &mut self.node_ranks_mut(node).sets[at];
        let place = ranks.keys.partition_point(|other| *other < key);
        ranks.keys.insert(place, key);
        if place == 0 {
            let (second, neighbours) = (ranks.keys.get(1).copied(), ranks.neighbours);
            if let Some(second) = second {
                self.unlist(pod.set, second.beside(neighbours));
            }
            self.list(pod.set, key.beside(neighbours));
        }
    }

    /// Takes a pod out of its set's order.
    pub(super) fn unrank(&mut self, id: PodId) {
        let (set, node) = (self.pod(id).set, self.pod(id).node);
        if self.set(set).ranks.is_none() {
            return;
        }
        let Some(key) = self.ranks[id.0 as usize].take() else { return };
        let Some(node) = node else { return self.unlist(set, key) };
        let at = self.ranks_on(node, set).expect("a pod that is ranked stands on its node");
        let ranks = &mut self.node_ranks_mut(node).sets[at];
        let place = ranks.keys.binary_search(&key).expect("a pod stands where its key says");
        ranks.keys.remove(place);
        let (first, neighbours) = (ranks.keys.first().copied(), ranks.neighbours);
        if first.is_none() {
            self.node_ranks_mut(node).sets.swap_remove(at);
        }
        if place == 0 {
            self.unlist(set, key.beside(neighbours));
            if let Some(first) = first {
                self.list(set, first.beside(neighbours));
            }
        }
    }

    /// The number of active pods on a node has changed, and with it the place of each of them: they are moved when
    /// somebody asks for the order.
    pub(super) fn rank_node(&mut self, node: NodeId) {
        if self.sets_ranked == 0 {
            return;
        }
        let ranks = self.node_ranks_mut(node);
        if !ranks.sets.is_empty() && !std::mem::replace(&mut ranks.stale, true) {
            self.stale_nodes.push(node);
        }
    }

    fn count_neighbours_again(&mut self) {
        while let Some(node) = self.stale_nodes.pop() {
            self.node_ranks_mut(node).stale = false;
            for at in 0..self.node_ranks_mut(node).sets.len() {
                let set = self.node_ranks_mut(node).sets[at].set;
                let now = self.neighbours(node, set);
                let ranks = &mut self.node_ranks_mut(node).sets[at];
                let before = std::mem::replace(&mut ranks.neighbours, now);
                let first = *ranks.keys.first().expect("a set without pods on a node is not listed there");
                if before != now {
                    self.unlist(set, first.beside(before));
                    self.list(set, first.beside(now));
                }
            }
        }
    }

    fn list(&mut self, set: PodSetId, key: RankKey) {
        if let Some(ranks) = &mut self.set_mut(set).ranks {
            ranks.insert(key);
        }
    }

    fn unlist(&mut self, set: PodSetId, key: RankKey) {
        if let Some(ranks) = &mut self.set_mut(set).ranks {
            let removed = ranks.remove(&key);
            debug_assert!(removed, "the first pod of a node stands where its key says");
        }
    }

    fn node_ranks_mut(&mut self, node: NodeId) -> &mut NodeRanks {
        let index = node.0 as usize;
        if self.node_ranks.len() <= index {
            self.node_ranks.resize_with(index + 1, NodeRanks::default);
        }
        &mut self.node_ranks[index]
    }

    fn ranks_on(&self, node: NodeId, set: PodSetId) -> Option<usize> {
        self.node_ranks.get(node.0 as usize)?.sets.iter().position(|one| one.set == set)
    }

    /// Active pods on a node that belong to the same Deployment as the set.
    fn neighbours(&self, node: NodeId, set: PodSetId) -> u32 {
        let family = self.set(set).family;
        self.nodes
            .get(node)
            .spread_counts()
            .filter(|(other, _)| self.family(*other) == family)
            .map(|(_, pods)| pods)
            .sum()
    }

    /// The family of the ReplicaSet whose pods are spread together.
    fn family(&self, spread: super::SpreadId) -> u32 {
        self.sets[spread.0 as usize].family
    }
}
