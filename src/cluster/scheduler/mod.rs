//! The scheduler: which node a pod goes to, and which pod is tried when. It repeats kube-scheduler v1.36.3 with
//! `parallelism: 1` and all nodes scored, where every decision is determined (see `profile`).
//! It binds nothing and knows no pods: who asks for a place tells [`crate::cluster::node::Nodes`] what became of it.

mod bits;
mod event;
mod filter;
mod index;
#[cfg(test)]
mod plain;
mod preorder;
mod queue;
mod rejection;
mod score;

pub use event::{ClusterEvent, NodeUpdate};
pub use queue::SchedulingQueue;
pub use rejection::{Plugins, Rejection};
pub use score::{FitStrategy, balanced_allocation_score, image_bytes};

use index::{Index, PodKind};

use super::node::{NodeId, Nodes};
use super::template::{SpreadId, TemplateId, Templates};
use crate::kernel::Names;

/// Which scoring the scheduler uses; everything else is Kubernetes' default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchedulerProfile {
    /// The default plugins as they are.
    KubeDefault,
    /// NodeResourcesFit with `MostAllocated` on the resource of GPUs: fills nodes with GPUs one after the other.
    KubeMostAllocated,
}

impl SchedulerProfile {
    /// The profile of this name, as scenario files give it.
    pub fn named(name: &str) -> Option<SchedulerProfile> {
        match name {
            "kube-default" => Some(SchedulerProfile::KubeDefault),
            "kube-most-allocated" => Some(SchedulerProfile::KubeMostAllocated),
            _ => None,
        }
    }
}

/// Decides where pods go. It keeps an index for each kind of pod that it placed lately; they are derived from the
/// nodes alone, so a clone starts without them and decides the same.
#[derive(Debug)]
pub struct Scheduler {
    strategy: FitStrategy,
    /// Index and the count of placements at its last use.
    indexes: Vec<(Index, u64)>,
    latest: usize,
    placements: u64,
}

/// How many indexes are kept. One costs about 40 bytes a node, and rebuilding it about a tenth of a microsecond a node.
const INDEXES_MAX: usize = 64;

impl Scheduler {
    /// A scheduler with this profile.
    pub fn new(profile: SchedulerProfile, names: &mut Names) -> Scheduler {
        Scheduler { strategy: FitStrategy::of(profile, names), indexes: Vec::new(), latest: 0, placements: 0 }
    }

    /// The node for a pod, or why there is none.
    pub fn place(
        &mut self,
        nodes: &Nodes,
        templates: &Templates,
        template: TemplateId,
        spread: SpreadId,
    ) -> Result<NodeId, Rejection> {
        self.placements += 1;
        let latest = self.index_of((template, spread));
        self.latest = latest;
        let (index, used) = &mut self.indexes[latest];
        *used = self.placements;
        index.place(nodes, templates)
    }

    /// Where the index of these pods is; the one that was not used for longest makes room for a new one.
    fn index_of(&mut self, pods: PodKind) -> usize {
        if self.indexes.get(self.latest).is_some_and(|(index, _)| index.pods() == pods) {
            return self.latest;
        }
        if let Some(at) = self.indexes.iter().position(|(index, _)| index.pods() == pods) {
            return at;
        }
        if self.indexes.len() < INDEXES_MAX {
            self.indexes.push((Index::new(pods, self.strategy), 0));
            return self.indexes.len() - 1;
        }
        let used = self.indexes.iter().map(|(_, used)| *used).enumerate();
        let (oldest, _) = used.min_by_key(|(_, used)| *used).expect("there are some");
        self.indexes[oldest].0.reuse_for(pods);
        oldest
    }
}

impl Clone for Scheduler {
    fn clone(&self) -> Self {
        Scheduler { strategy: self.strategy, indexes: Vec::new(), latest: 0, placements: 0 }
    }
}

#[cfg(test)]
mod tests;
