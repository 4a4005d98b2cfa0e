//! What a run on a real cluster saw of its scheduler's work, in the order in which watches told of it: nodes as they changed, pods
//! as they were bound and gave back what they held. Whether the decisions were right is asked elsewhere: `conform`.

use std::sync::Arc;

use crate::cluster::NodeSpec;
use crate::cluster::scheduler::{Balance, SchedulerProfile};
use crate::kernel::Time;
use crate::timeline::EntryId;
use crate::workload::PodTemplate;

/// All that a scheduler's decisions depend on. Only a run on nodes of its own has it: of nodes of others it does not know what else
/// is on them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scheduling {
    /// The scheduler that the scenario asks for.
    pub profile: SchedulerProfile,
    /// How the release that the scenario names balances resources.
    pub balance: Balance,
    /// What was seen, in order.
    pub sightings: Vec<Sighting>,
}

/// Something that a watch told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// When.
    pub at: Time,
    /// What.
    pub change: Change,
}

/// What a scheduler's decisions depend on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A node of this name came, or is like this now.
    Node(String, NodeSpec),
    /// The node of this name is gone.
    NodeGone(String),
    /// A pod is to have a node once others have left it.
    Nominated(Placement),
    /// This pod is no longer to have one.
    NotNominated(String),
    /// A pod was bound.
    Bound(Placement),
    /// This pod was asked to go.
    Leaving(String),
    /// This pod holds nothing any more: it has ended or is gone.
    Gone(String),
}

/// A pod and its node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// The pod: `Pod/web-r1-0`.
    pub pod: String,
    /// The node's name.
    pub node: String,
    /// The pod's namespace, as documents call it.
    pub namespace: String,
    /// The ReplicaSet or StatefulSet over whose pods the scheduler's default spread counts.
    pub spread: Option<String>,
    /// What the pod was made from; `None` if nobody knows.
    pub template: Option<Arc<PodTemplate>>,
    /// Its priority, as the API resolved it.
    pub priority: i32,
    /// Whether a scheduler chose.
    pub choice: Choice,
    /// The entry of the timeline that tells of it.
    pub entry: EntryId,
}

/// What the scheduler had to choose from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// All nodes.
    Free,
    /// All nodes that its claims allow. Its volumes may have been waited for between the decision and the binding.
    Claims,
    /// None: the pod was for this node alone.
    Fixed,
}
