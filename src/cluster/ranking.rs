//! Which pods of a ReplicaSet go first when it shrinks: `ActivePodsWithRanks` of k8s.io/kubernetes v1.36.3,
//! pkg/controller/controller_utils.go, kept as an ordered index so that a sync does not sort every pod.
//!
//! The source compares ready times by the logarithm of their age and breaks ties by UID, which is random. Here the pod that
//! became ready last goes first, which is one of the orders that the source can give.

use std::collections::BTreeSet;

use super::pod::Pod;
use super::{Cluster, NodeId, PodId, PodSetId};
use crate::kernel::Time;
use crate::workload::PodPhase;

/// The order of deletion: the least goes first. The source's comparisons, in its order, packed into two integers: not
/// assigned, phase, not ready, more neighbours, ready for less time, more restarts, created later; the newest of equals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RankKey(u128, u128);

impl RankKey {
    /// `neighbours` are the active pods of the same Deployment on the same node.
    fn new(id: PodId, pod: &Pod, neighbours: u32) -> RankKey {
        let phase = match pod.phase {
            PodPhase::Pending => 0,
            PodPhase::Unknown => 1,
            _ => 2,
        };
        let ready_since = if pod.ready { pod.ready_since } else { Time::ZERO };
        let standing = u128::from(pod.node.is_some()) << 3 | phase << 1 | u128::from(pod.ready);
        let high = standing << 112
            | RankKey::neighbours(neighbours)
            | u128::from(!ready_since.nanos()) << 32
            | u128::from(!pod.restarts);
        RankKey(high, u128::from(!pod.created_at.nanos()) << 32 | u128::from(!id.0))
    }

    /// The same pod beside another number of neighbours.
    const fn beside(self, neighbours: u32) -> RankKey {
        const NEIGHBOURS: u128 = (u16::MAX as u128) << 96;
        RankKey(self.0 & !NEIGHBOURS | RankKey::neighbours(neighbours), self.1)
    }

    const fn neighbours(count: u32) -> u128 {
        let count = if count > u16::MAX as u32 { u16::MAX } else { count as u16 };
        ((u16::MAX - count) as u128) << 96
    }

    const fn pod(self) -> PodId {
        PodId(!(self.1 as u32))
    }
}

impl Cluster {
    /// The pods that go first, so many of them, in the order of their going. The order is made once, as in the source
    /// (`getPodsToDelete`): that the first are gone changes nothing for the others.
    pub(super) fn go_first(&mut self, set_id: PodSetId, count: u32) -> Vec<PodId> {
        if count == 0 {
            return Vec::new();
        }
        if self.set(set_id).ranks.is_none() {
            self.set_mut(set_id).ranks = Some(BTreeSet::new());
            self.sets_ranked += 1;
            for index in 0..self.set(set_id).active.len() {
                self.rank(self.set(set_id).active[index]);
            }
        }
        self.rank_stale_nodes();
        let ranks = self.set(set_id).ranks.iter().flatten();
        ranks.take(count as usize).map(|rank| rank.pod()).collect()
    }

    /// Puts an active pod into its set's order, or moves it to where it belongs by now.
    pub(super) fn rank(&mut self, id: PodId) {
        self.unrank(id);
        let pod = self.pod(id);
        let set = pod.set;
        if pod.is_active() && self.set(set).ranks.is_some() {
            let key = self.rank_key(id);
            self.ranks[id.0 as usize] = Some(key);
            if let Some(ranks) = &mut self.set_mut(set).ranks {
                ranks.insert(key);
            }
        }
    }

    /// Takes a pod out of its set's order.
    pub(super) fn unrank(&mut self, id: PodId) {
        if let Some(key) = self.ranks[id.0 as usize].take() {
            let set = self.pod(id).set;
            if let Some(ranks) = &mut self.set_mut(set).ranks {
                let removed = ranks.remove(&key);
                debug_assert!(removed, "a pod stands where its key says");
            }
        }
    }

    /// The number of active pods on a node has changed, and with it the place of each of them: they are moved when
    /// somebody asks for the order.
    pub(super) fn rank_node(&mut self, node: NodeId) {
        if self.sets_ranked > 0 && !std::mem::replace(&mut self.kubelet_mut(node).rank_stale, true) {
            self.stale_nodes.push(node);
        }
    }

    fn rank_stale_nodes(&mut self) {
        while let Some(node) = self.stale_nodes.pop() {
            self.kubelet_mut(node).rank_stale = false;
            // Pods of one Deployment stand side by side on most nodes: what was counted for one holds for the next.
            let mut counted = None;
            for index in 0..self.kubelet(node).pods.len() {
                let id = self.kubelet(node).pods[index];
                let Some(rank) = self.ranks[id.0 as usize] else { continue };
                let set = self.pod(id).set;
                let family = self.set(set).family;
                let neighbours = match counted {
                    Some((same, count)) if same == family => count,
                    _ => self.related_on(node, set),
                };
                counted = Some((family, neighbours));
                let moved = rank.beside(neighbours);
                if moved != rank {
                    self.ranks[id.0 as usize] = Some(moved);
                    if let Some(ranks) = &mut self.set_mut(set).ranks {
                        ranks.remove(&rank);
                        ranks.insert(moved);
                    }
                }
            }
        }
    }

    fn rank_key(&self, id: PodId) -> RankKey {
        let pod = self.pod(id);
        RankKey::new(id, pod, pod.node.map_or(0, |node| self.related_on(node, pod.set)))
    }

    /// Active pods on a node that belong to the same Deployment as the set.
    fn related_on(&self, node: NodeId, set: PodSetId) -> u32 {
        let family = self.set(set).family;
        let related = |id: &&PodId| {
            let pod = self.pod(**id);
            pod.is_active() && self.set(pod.set).family == family
        };
        self.kubelet(node).pods.iter().filter(related).count() as u32
    }
}
