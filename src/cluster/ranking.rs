//! Which pods of a ReplicaSet go first when it shrinks: `ActivePodsWithRanks` of k8s.io/kubernetes v1.36.3,
//! pkg/controller/controller_utils.go, kept as an ordered index so that a sync does not sort every pod.
//!
//! The source compares ready times by the logarithm of their age and breaks ties by UID, which is random. Here the pod that
//! became ready last goes first, which is one of the orders that the source can give.
//! `controller.kubernetes.io/pod-deletion-cost` is part of a template here, so all pods of a ReplicaSet have the same.
//!
//! All pods of a set on one node have the same number of neighbours, so only the first of them can be the first of all:
//! the set's order holds one key a node, and the pods of a node are sorted beside it. Keys that no longer hold stay in
//! the order until they come to its head, or are too many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
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

/// The pods of a set that may go first, the first at the head.
#[derive(Clone, Debug, Default)]
pub struct DeletionOrder {
    heap: BinaryHeap<Reverse<RankKey>>,
    /// How many of the keys hold.
    listed: usize,
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
    /// The pods that go first, so many of them, in the order of their going. The order is made once, as in the source
    /// (`getPodsToDelete`): that the first are gone changes nothing for the others.
    pub(super) fn go_first(&mut self, set_id: PodSetId, count: u32) -> Vec<PodId> {
        if count == 0 {
            return Vec::new();
        }
        if self.set(set_id).ranks.is_none() {
            self.set_mut(set_id).ranks = Some(DeletionOrder::default());
            self.sets_ranked += 1;
            self.node_ranks.resize_with(self.kubelets.len(), NodeRanks::default);
            for index in 0..self.set(set_id).active.len() {
                self.rank(self.set(set_id).active[index]);
            }
        }
        self.count_neighbours_again();
        let mut heap =
            self.set_mut(set_id).ranks.as_mut().map(|order| std::mem::take(&mut order.heap)).unwrap_or_default();
        // Of the pods of a node the first is in the set's order; once it is taken, the next one stands for the node.
        let (mut taken, mut nexts) = (Vec::new(), BinaryHeap::new());
        let mut pods = Vec::with_capacity(count as usize);
        while pods.len() < count as usize {
            while heap.peek().is_some_and(|Reverse(key)| !self.holds(set_id, *key) || taken.last() == Some(key)) {
                heap.pop();
            }
            let first = match (heap.peek(), nexts.peek()) {
                (None, None) => break,
                (Some(first), next) if next.is_none_or(|next| first > next) => {
                    heap.pop().inspect(|Reverse(key)| taken.push(*key))
                }
                _ => nexts.pop(),
            };
            let Some(Reverse(key)) = first else { break };
            debug_assert!(
                !pods.is_empty() || self.set(set_id).active.len() > 64 || Some(key.pod()) == self.first_of_all(set_id)
            );
            pods.push(key.pod());
            nexts.extend(self.next_on_node(set_id, key.pod()).map(Reverse));
        }
        // They hold until somebody deletes their pods.
        heap.extend(taken.into_iter().map(Reverse));
        if let Some(order) = &mut self.set_mut(set_id).ranks {
            order.heap = heap;
        }
        pods
    }

    /// The key of the pod that goes next of those on the same node.
    fn next_on_node(&self, set: PodSetId, pod: PodId) -> Option<RankKey> {
        let node = self.pod(pod).node?;
        let ranks = &self.node_ranks.get(node.0 as usize)?.sets[self.ranks_on(node, set)?];
        let place = ranks.keys.binary_search(&self.ranks[pod.0 as usize]?).ok()?;
        Some(ranks.keys.get(place + 1)?.beside(ranks.neighbours))
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
            debug_assert!(ranks.listed == 0, "a pod that is ranked is active");
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
            let (was_another, neighbours) = (ranks.keys.len() > 1, ranks.neighbours);
            if was_another {
                self.unlist(pod.set);
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
        let Some(node) = node else { return self.unlist(set) };
        let at = self.ranks_on(node, set).expect("a pod that is ranked stands on its node");
        let ranks = &mut self.node_ranks_mut(node).sets[at];
        let place = ranks.keys.binary_search(&key).expect("a pod stands where its key says");
        ranks.keys.remove(place);
        let (first, neighbours) = (ranks.keys.first().copied(), ranks.neighbours);
        if first.is_none() {
            self.node_ranks_mut(node).sets.swap_remove(at);
        }
        if place == 0 {
            self.unlist(set);
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
                    self.unlist(set);
                    self.list(set, first.beside(now));
                }
            }
        }
    }

    fn list(&mut self, set: PodSetId, key: RankKey) {
        let Some(order) = &mut self.set_mut(set).ranks else { return };
        order.listed += 1;
        order.heap.push(Reverse(key));
        if order.heap.len() > 2 * order.listed + 64 {
            let mut keys = std::mem::take(&mut order.heap).into_vec();
            keys.retain(|Reverse(key)| self.holds(set, *key));
            keys.sort_unstable();
            keys.dedup();
            if let Some(order) = &mut self.set_mut(set).ranks {
                order.heap = keys.into();
            }
        }
    }

    /// A listed key no longer holds. By now its pod or its node says so.
    fn unlist(&mut self, set: PodSetId) {
        if let Some(order) = &mut self.set_mut(set).ranks {
            order.listed -= 1;
        }
    }

    /// True if a key is that of a pod that may go first as things are.
    fn holds(&self, set: PodSetId, key: RankKey) -> bool {
        let id = key.pod();
        let (Some(own), node) = (self.ranks[id.0 as usize], self.pod(id).node) else { return false };
        match node {
            None => own == key,
            Some(node) => self.ranks_on(node, set).is_some_and(|at| {
                let ranks = &self.node_ranks[node.0 as usize].sets[at];
                ranks.keys.first() == Some(&own) && own.beside(ranks.neighbours) == key
            }),
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
