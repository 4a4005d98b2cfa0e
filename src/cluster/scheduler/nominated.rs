//! Pods that wait for others to leave the node that they are to have: their nominations. Pods of a lower or the same
//! priority that look at such a node count them as if they were there (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/backend/queue/nominator.go and framework/runtime/framework.go, addGENominatedPods).

use std::collections::BTreeMap;

use crate::cluster::PodId;
use crate::cluster::node::NodeId;
use crate::cluster::template::{SpreadId, TemplateId};

/// A pod that waits for a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nominee {
    /// The pod.
    pub pod: PodId,
    /// What it is made from.
    pub template: TemplateId,
    /// What the default spread counts it as.
    pub spread: SpreadId,
    /// Its priority.
    pub priority: i32,
    /// The node.
    pub node: NodeId,
}

/// All nominations, by pod and by node.
#[derive(Clone, Default, Debug)]
pub struct Nominations {
    by_pod: BTreeMap<PodId, Nominee>,
    by_node: BTreeMap<NodeId, Vec<Nominee>>,
    /// How many have which priority.
    priorities: BTreeMap<i32, u32>,
}

impl Nominations {
    /// Nominates a node for a pod, in place of any other.
    pub fn set(&mut self, nominee: Nominee) {
        self.clear(nominee.pod);
        self.by_pod.insert(nominee.pod, nominee);
        self.by_node.entry(nominee.node).or_default().push(nominee);
        *self.priorities.entry(nominee.priority).or_default() += 1;
    }

    /// The pod no longer waits for a node.
    pub fn clear(&mut self, pod: PodId) -> Option<Nominee> {
        let nominee = self.by_pod.remove(&pod)?;
        if let Some(there) = self.by_node.get_mut(&nominee.node) {
            there.retain(|one| one.pod != pod);
            if there.is_empty() {
                self.by_node.remove(&nominee.node);
            }
        }
        if let Some(count) = self.priorities.get_mut(&nominee.priority) {
            *count -= 1;
            if *count == 0 {
                self.priorities.remove(&nominee.priority);
            }
        }
        Some(nominee)
    }

    /// The node that a pod waits for.
    pub fn node_of(&self, pod: PodId) -> Option<NodeId> {
        self.by_pod.get(&pod).map(|one| one.node)
    }

    /// True if no pod waits for a node.
    pub fn is_empty(&self) -> bool {
        self.by_pod.is_empty()
    }

    /// The templates of those that wait.
    pub fn templates(&self) -> impl Iterator<Item = TemplateId> {
        self.by_pod.values().map(|one| one.template)
    }

    /// True if a pod of this priority must count others that wait; it waits for no node itself.
    pub fn bind(&self, priority: i32) -> bool {
        self.priorities.last_key_value().is_some_and(|(highest, _)| *highest >= priority)
    }

    /// Those that a pod of this priority counts on a node.
    pub fn counted(&self, node: NodeId, pod: PodId, priority: i32) -> impl Iterator<Item = &Nominee> {
        self.on(node).iter().filter(move |one| one.pod != pod && one.priority >= priority)
    }

    /// Those of a lower priority that wait for a node.
    pub fn below(&self, node: NodeId, priority: i32) -> Vec<PodId> {
        self.on(node).iter().filter(|one| one.priority < priority).map(|one| one.pod).collect()
    }

    fn on(&self, node: NodeId) -> &[Nominee] {
        self.by_node.get(&node).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::template::TemplateId;

    #[test]
    fn a_pod_waits_for_one_node() {
        let of = |pod, priority, node| Nominee {
            pod: PodId(pod),
            template: TemplateId(0),
            spread: SpreadId::NONE,
            priority,
            node: NodeId(node),
        };
        let mut waiting = Nominations::default();
        waiting.set(of(1, 5, 0));
        waiting.set(of(2, 9, 0));
        waiting.set(of(1, 5, 3));
        assert_eq!((waiting.node_of(PodId(1)), waiting.node_of(PodId(2))), (Some(NodeId(3)), Some(NodeId(0))));
        assert_eq!(waiting.counted(NodeId(0), PodId(7), 5).count(), 1);
        assert_eq!(waiting.counted(NodeId(0), PodId(2), 5).count(), 0, "it does not count itself");
        assert_eq!(waiting.below(NodeId(3), 6), [PodId(1)]);
        assert!(waiting.bind(9) && !waiting.bind(10));
        waiting.clear(PodId(2));
        assert!(!waiting.bind(9) && waiting.bind(5) && !waiting.is_empty());
    }
}
