//! Gangs: pods that a batch scheduler places together or not at all, and the topology that they are packed into.
//! Shapes follow KAI-Scheduler's `PodGroup` (kai-scheduler/KAI-Scheduler, pkg/apis/scheduling/v2alpha2/podgroup_types.go) and
//! Volcano's (volcano-sh/volcano, staging/src/volcano.sh/apis/pkg/apis/scheduling/v1beta1/types.go). A custom controller
//! that makes gangs (Grove, LeaderWorkerSet) fills the same types. Who places them is in `cluster/gang`.

use super::Resources;
use crate::kernel::{Duration, Time};

/// Stands for the number of a pod in [`GangMember::group`], because all pods of one workload have one template. No name of an
/// object holds it by itself.
pub const ORDINAL: &str = "{ordinal}";

/// A scheduler that places gangs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BatchScheduler {
    /// KAI-Scheduler.
    Kai,
    /// Volcano.
    Volcano,
}

impl BatchScheduler {
    /// Every batch scheduler.
    pub const ALL: [BatchScheduler; 2] = [BatchScheduler::Kai, BatchScheduler::Volcano];

    /// The name by which pods choose it (`schedulerName`).
    pub const fn scheduler_name(self) -> &'static str {
        match self {
            // kai-scheduler/KAI-Scheduler v0.13.4, pkg/common/constants/constants.go, DefaultSchedulerName.
            BatchScheduler::Kai => "kai-scheduler",
            // volcano-sh/volcano v1.12, cmd/scheduler/app/options/options.go, defaultSchedulerName.
            BatchScheduler::Volcano => "volcano",
        }
    }

    /// The one that pods choose with this name.
    pub fn named(scheduler_name: &str) -> Option<BatchScheduler> {
        BatchScheduler::ALL.into_iter().find(|one| one.scheduler_name() == scheduler_name)
    }
}

/// What a group of pods asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodGroupSpec {
    /// Whose object it is.
    pub scheduler: BatchScheduler,
    /// Pods of the whole group that are placed together or not at all.
    pub min_member: u32,
    /// Subgroups at the top that must be placed; `None`: all of them.
    pub min_subgroups: Option<u32>,
    /// Parts of it, each with a minimum and a topology of its own. Empty: the group is one part.
    pub subgroups: Vec<SubGroup>,
    /// Where all of it must be.
    pub topology: Option<TopologyConstraint>,
    /// Its priority class; empty: that of its pods.
    pub priority_class: String,
    /// The queue that it is counted in; empty: the default one.
    pub queue: String,
    /// False: it is never put out for another group; `None`: as its priority has it.
    pub preemptible: Option<bool>,
    /// What must be left of the cluster before it is admitted (`minResources`); nothing where nothing is said.
    pub min_resources: Resources,
    /// What becomes of it when it has fewer pods than its minimum; `None`: as the scheduler has it.
    pub staleness: Option<Staleness>,
}

impl PodGroupSpec {
    /// A group of one part without topology, in the default queue.
    pub fn of(scheduler: BatchScheduler, min_member: u32) -> PodGroupSpec {
        PodGroupSpec {
            scheduler,
            min_member,
            min_subgroups: None,
            subgroups: Vec::new(),
            topology: None,
            priority_class: String::new(),
            queue: String::new(),
            preemptible: None,
            min_resources: Resources::default(),
            staleness: None,
        }
    }
}

/// What becomes of a group that has fewer pods than its minimum, after it had them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Staleness {
    /// What is left of it is evicted after so long.
    EvictedAfter(Duration),
    /// It stays.
    Kept,
}

/// A part of a group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SubGroup {
    /// Its name, unique in the group.
    pub name: String,
    /// The part that it is a part of; `None`: of the group itself.
    pub parent: Option<String>,
    /// Pods of it that are placed together with those of the others, or not at all. A part that has parts counts these instead.
    pub min_member: u32,
    /// Of its own parts, how many must be placed; `None`: all of them.
    pub min_subgroups: Option<u32>,
    /// Where all of it must be, within where its parent is.
    pub topology: Option<TopologyConstraint>,
}

impl SubGroup {
    /// A part at the top, without topology.
    pub fn of(name: &str, min_member: u32) -> SubGroup {
        SubGroup { name: name.to_owned(), parent: None, min_member, min_subgroups: None, topology: None }
    }
}

/// Where the pods of a group or part must be. Levels are labels of nodes; nodes with equal values of a level and of all above it
/// are one domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TopologyConstraint {
    /// The object that names the levels, from the broadest on; empty: each level stands alone.
    pub topology: String,
    /// Where each level stands alone: what the levels are of, for messages.
    pub of: String,
    /// All pods are in one domain of this level, or none is placed.
    pub required: Option<String>,
    /// If possible, all pods are in one domain of this level.
    pub preferred: Option<String>,
}

/// The levels of a cluster's network, from the broadest to the narrowest: labels of nodes
/// (KAI-Scheduler's `Topology`, pkg/apis/kai/v1alpha1/topology_types.go).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopologySpec {
    /// The labels.
    pub levels: Vec<String>,
}

/// The group that a pod is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GangMember {
    /// The group's name, in the pod's namespace; [`ORDINAL`] in it stands for the pod's own number.
    pub group: String,
    /// The part of the group; empty: the group itself.
    pub subgroup: String,
}

impl GangMember {
    /// The name of the group of the pod with this number.
    pub fn group_of(&self, ordinal: u32) -> String {
        self.group.replace(ORDINAL, &ordinal.to_string())
    }
}

/// What a group of pods shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PodGroupStatus {
    /// Pods that there are and that have not ended.
    pub members: u32,
    /// Of these, pods that have a node.
    pub scheduled: u32,
    /// Of these, pods whose containers run.
    pub running: u32,
    /// Pods that ended well.
    pub succeeded: u32,
    /// Pods that failed.
    pub failed: u32,
    /// True once its scheduler looks for room for it; one that admits all groups looks at once.
    pub admitted: bool,
    /// True while at least its minimum has nodes.
    pub placed: bool,
    /// Since when it has had fewer pods than its minimum, after it had them.
    pub stale_since: Option<Time>,
}
