//! The scheduler: which node a pod goes to, and which pod is tried when. It repeats kube-scheduler v1.36.3 with
//! `parallelism: 1` and all nodes scored, where every decision is determined. Pods are not preempted.
//!
//! A placement goes through `filter` (can the node take the pod), `score` (how good is it), `index` (the same for all
//! nodes, kept up to date), `choice` (the best node) and `preorder` (which of several); `queue` says whose turn it is,
//! `event` whom a change may help, `rejection` why there is no node. `plain`, for tests, is all of it without an index.
//!
//! It binds nothing and knows no pods: who asks for a place tells [`crate::cluster::node::Nodes`] what became of it.

mod bits;
mod choice;
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

use choice::Choice;
use index::{Index, PodKind};

use super::node::{NodeId, Nodes};
use super::template::{SpreadId, TemplateId, Templates};
use crate::kernel::Names;

/// Which scoring the scheduler uses; everything else is Kubernetes' default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchedulerProfile {
    /// The default plugins as they are.
    KubeDefault,
    /// NodeResourcesFit with `MostAllocated` on GPUs (`nvidia.com/gpu` and `amd.com/gpu`, weight 1 each): fills one node
    /// with GPUs after the other.
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
/// nodes alone, so a clone starts without them and decides the same. A scheduler serves one table of nodes.
#[derive(Debug)]
pub struct Scheduler {
    strategy: FitStrategy,
    /// Index and the count of placements at its last use.
    indexes: Vec<(Index, u64)>,
    latest: usize,
    placements: u64,
    choice: Choice,
    exceptions_max: usize,
}

/// Indexes that are kept whatever the number of nodes.
const INDEXES_MIN: usize = 16;
/// Indexes that are kept at most: the right one is looked for from the first to the last.
const INDEXES_MAX: usize = 256;
/// How many nodes all indexes together may hold; one takes some 40 bytes a node.
const SEATS_MAX: usize = 1 << 21;
/// A ReplicaSet gets an index of its own when it is on more nodes than this and a 32nd of all; below that, scoring its
/// nodes one by one costs less than keeping an index up to date.
const EXCEPTIONS_MAX: usize = 64;

impl Scheduler {
    /// A scheduler with this profile.
    pub fn new(profile: SchedulerProfile, names: &mut Names) -> Scheduler {
        Scheduler::with(FitStrategy::of(profile, names))
    }

    fn with(strategy: FitStrategy) -> Scheduler {
        Scheduler {
            strategy,
            indexes: Vec::new(),
            latest: 0,
            placements: 0,
            choice: Choice::new(),
            exceptions_max: EXCEPTIONS_MAX,
        }
    }

    /// The node for a pod, or why there is none.
    pub fn place(
        &mut self,
        nodes: &Nodes,
        templates: &Templates,
        template: TemplateId,
        spread: SpreadId,
    ) -> Result<NodeId, Rejection> {
        let id = template;
        let template = templates.get(id);
        let has_images = nodes.has_images() && template.images.iter().any(|image| nodes.image(*image).is_some());
        let many = self.exceptions_max + nodes.len() / 32;
        let kind = PodKind {
            form: templates.form(id),
            images: has_images.then_some(id),
            counted: (nodes.with_pods_of(spread).len() > many).then_some(spread),
        };
        self.placements += 1;
        self.latest = self.index_of(kind, nodes.order().places());
        let (index, used) = &mut self.indexes[self.latest];
        *used = self.placements;
        index.refresh(nodes, template);
        let place = match index.feasible.len() {
            0 => return Err(Rejection::new(id, index.detail())),
            1 => index.feasible.select(0),
            _ => self.choice.best_place(index, nodes, template, spread),
        };
        Ok(nodes.order().node_at(place).expect("a feasible place has a node"))
    }

    /// Where the index of these pods is; the one that was not used for longest makes room for a new one.
    fn index_of(&mut self, kind: PodKind, places: usize) -> usize {
        if self.indexes.get(self.latest).is_some_and(|(index, _)| index.kind == kind) {
            return self.latest;
        }
        if let Some(at) = self.indexes.iter().position(|(index, _)| index.kind == kind) {
            return at;
        }
        if self.indexes.len() < (SEATS_MAX / places.max(1)).clamp(INDEXES_MIN, INDEXES_MAX) {
            self.indexes.push((Index::new(kind, self.strategy), 0));
            return self.indexes.len() - 1;
        }
        let used = self.indexes.iter().map(|(_, used)| *used).enumerate();
        let (oldest, _) = used.min_by_key(|(_, used)| *used).expect("there are some");
        self.indexes[oldest].0.reuse_for(kind);
        oldest
    }
}

impl Clone for Scheduler {
    fn clone(&self) -> Self {
        Scheduler { exceptions_max: self.exceptions_max, ..Scheduler::with(self.strategy) }
    }
}

#[cfg(test)]
mod tests;
