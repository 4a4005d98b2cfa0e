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

/// All nominations.
#[derive(Clone, Default, Debug)]
pub struct Nominations {
    by_pod: BTreeMap<PodId, Nominee>,
}

impl Nominations {
    /// Nominates a node for a pod, in place of any other.
    pub fn set(&mut self, nominee: Nominee) {
        self.by_pod.insert(nominee.pod, nominee);
    }

    /// The pod no longer waits for a node.
    pub fn clear(&mut self, pod: PodId) -> Option<Nominee> {
        self.by_pod.remove(&pod)
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

    /// True if a pod of this priority must count others that wait.
    pub fn bind(&self, pod: PodId, priority: i32) -> bool {
        self.by_pod.values().any(|one| one.pod != pod && one.priority >= priority)
    }

    /// Those that a pod of this priority counts on a node.
    pub fn counted(&self, node: NodeId, pod: PodId, priority: i32) -> impl Iterator<Item = &Nominee> {
        self.by_pod.values().filter(move |one| one.node == node && one.pod != pod && one.priority >= priority)
    }

    /// Those of a lower priority that wait for a node.
    pub fn below(&self, node: NodeId, priority: i32) -> Vec<PodId> {
        let below = self.by_pod.values().filter(|one| one.node == node && one.priority < priority);
        below.map(|one| one.pod).collect()
    }
}
