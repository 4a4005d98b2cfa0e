//! What the scheduler asks of those who know pods, budgets and volumes. It knows none of these itself.

use crate::cluster::PodId;
use crate::cluster::node::NodeId;
use crate::cluster::template::{SpreadId, TemplateId};
use crate::timeline::Subject;
use crate::workload::LabelSelector;

/// A pod on a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// The pod.
    pub pod: PodId,
    /// What it is made from.
    pub template: TemplateId,
    /// What the default spread counts it as.
    pub spread: SpreadId,
    /// Its priority.
    pub priority: i32,
    /// The second in which it started; one that has not starts now.
    pub started_second: i64,
    /// False once it was asked to go.
    pub staying: bool,
    /// True if it was asked to go for a pod of a higher priority.
    pub preempted: bool,
}

/// A disruption budget.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Its namespace.
    pub namespace: String,
    /// The pods that it protects; an empty selector protects none from preemption.
    pub selector: LabelSelector,
    /// How many of them may go now.
    pub allowed: u32,
}

/// Why no node is looked at for a pod: `PreFilter` of VolumeBinding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimProblem {
    /// This claim is not there.
    Missing(Subject),
    /// A claim is not bound and does not wait for its pod.
    Unbound,
}

/// Why a node will not do for the volumes of a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VolumeProblem {
    /// VolumeRestrictions: a claim that one pod alone may use is used.
    InUse,
    /// NodeVolumeLimits: the node attaches no more.
    TooMany,
    /// VolumeBinding: a bound volume cannot be reached from there.
    Elsewhere,
    /// VolumeBinding: there is no volume to bind, and none can be made for the node.
    NoneToBind,
    /// VolumeZone: a bound volume is in another zone.
    OtherZone,
}

/// What the scheduler asks. Everything has an answer for clusters without it.
pub trait Surroundings {
    /// The pods that are on a node, terminating ones too, in the order in which they came.
    fn tenants(&self, node: NodeId) -> Vec<Tenant>;

    /// The disruption budgets.
    fn budgets(&self) -> Vec<Budget> {
        Vec::new()
    }

    /// True if a pod mounts claims.
    fn has_claims(&self, _pod: PodId) -> bool {
        false
    }

    /// Why no node is to be looked at for a pod.
    fn claim_problem(&self, _pod: PodId) -> Option<ClaimProblem> {
        None
    }

    /// Why a node will not do for a pod's volumes.
    fn volume_problem(&self, _pod: PodId, _node: NodeId) -> Option<VolumeProblem> {
        None
    }
}
