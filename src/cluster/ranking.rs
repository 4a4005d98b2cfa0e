//! Which pods of a ReplicaSet go first when it shrinks: `ActivePodsWithRanks` of k8s.io/kubernetes v1.36.3,
//! pkg/controller/controller_utils.go, kept as an ordered index so that a sync does not sort every pod.
//!
//! The source compares ready times by the logarithm of their age and breaks ties by UID, which is random. Here the pod that
//! became ready last goes first, which is one of the orders that the source can give.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{Cluster, NodeId, PodId, PodSetId};
use crate::kernel::Time;
use crate::workload::PodPhase;

/// The order of deletion: the least goes first. Fields are the source's comparisons, in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RankKey {
    assigned: bool,
    phase: u8,
    ready: bool,
    /// Active pods of the same Deployment on the same node: more of them go first.
    neighbours: Reverse<u32>,
    ready_since: Reverse<Time>,
    restarts: Reverse<u32>,
    created_at: Reverse<Time>,
    pod: Reverse<u32>,
}

impl Cluster {
    /// The pod that goes first, if the set has an active one.
    pub(super) fn first_to_go(&mut self, set_id: PodSetId) -> Option<PodId> {
        if self.set(set_id).ranks.is_none() {
            self.set_mut(set_id).ranks = Some(BTreeSet::new());
            self.sets_ranked += 1;
            for index in 0..self.set(set_id).active.len() {
                self.rank(self.set(set_id).active[index]);
            }
        }
        let first = self.set(set_id).ranks.as_ref()?.first()?;
        Some(PodId(first.pod.0))
    }

    /// Puts an active pod into its set's order, or moves it to where it belongs by now.
    pub(super) fn rank(&mut self, id: PodId) {
        self.unrank(id);
        let pod = self.pod(id);
        let set = pod.set;
        if pod.is_active() && self.set(set).ranks.is_some() {
            let key = self.rank_key(id);
            self.pod_mut(id).rank = Some(key);
            if let Some(ranks) = &mut self.set_mut(set).ranks {
                ranks.insert(key);
            }
        }
    }

    /// Takes a pod out of its set's order.
    pub(super) fn unrank(&mut self, id: PodId) {
        let pod = self.pod_mut(id);
        if let Some(key) = pod.rank.take() {
            let set = pod.set;
            if let Some(ranks) = &mut self.set_mut(set).ranks {
                let removed = ranks.remove(&key);
                debug_assert!(removed, "a pod stands where its key says");
            }
        }
    }

    /// The number of active pods on a node has changed, and with it the place of each of them.
    pub(super) fn rank_node(&mut self, node: NodeId) {
        if self.sets_ranked == 0 {
            return;
        }
        for index in 0..self.kubelet(node).pods.len() {
            let id = self.kubelet(node).pods[index];
            if self.pod(id).rank.is_some() {
                self.rank(id);
            }
        }
    }

    fn rank_key(&self, id: PodId) -> RankKey {
        let pod = self.pod(id);
        RankKey {
            assigned: pod.node.is_some(),
            phase: match pod.phase {
                PodPhase::Pending => 0,
                PodPhase::Unknown => 1,
                _ => 2,
            },
            ready: pod.ready,
            neighbours: Reverse(pod.node.map_or(0, |node| self.related_on(node, pod.set))),
            ready_since: Reverse(if pod.ready { pod.ready_since } else { Time::ZERO }),
            restarts: Reverse(pod.restarts),
            created_at: Reverse(pod.created_at),
            pod: Reverse(id.0),
        }
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
