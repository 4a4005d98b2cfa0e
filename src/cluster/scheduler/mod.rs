//! The scheduler: which node a pod goes to, and which pod is tried when. It repeats kube-scheduler v1.36.3 with
//! `parallelism: 1` and all nodes scored, where every decision is determined (see `profile`).
//! It binds nothing and knows no pods: who asks for a place tells [`crate::cluster::node::Nodes`] what became of it.

mod event;
mod filter;
mod plain;
mod preorder;
mod queue;
mod rejection;
mod score;

pub use event::{ClusterEvent, NodeUpdate};
pub use queue::SchedulingQueue;
pub use rejection::{Plugins, Rejection};
pub use score::{FitStrategy, balanced_allocation_score};

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

/// Decides where pods go.
#[derive(Clone, Debug)]
pub struct Scheduler {
    strategy: FitStrategy,
}

impl Scheduler {
    /// A scheduler with this profile.
    pub fn new(profile: SchedulerProfile, names: &mut Names) -> Scheduler {
        Scheduler { strategy: FitStrategy::of(profile, names) }
    }

    /// The node for a pod, or why there is none.
    pub fn place(
        &mut self,
        nodes: &Nodes,
        templates: &Templates,
        template: TemplateId,
        spread: SpreadId,
    ) -> Result<NodeId, Rejection> {
        plain::place(self.strategy, nodes, templates, template, spread)
    }
}
