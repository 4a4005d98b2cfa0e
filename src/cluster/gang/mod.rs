//! Groups of pods and the batch schedulers that place them: KAI-Scheduler and Volcano. Pods that name one of them
//! (`schedulerName`) are never looked at by the cluster's own scheduler. What a group asks for is in `workload::gang`.
//!
//! A scheduler works in cycles (`cycle`), of which only those are events that could decide something. In a cycle, groups come
//! one after the other; `tree` says which pods of a group are to be placed next, `place` looks for their nodes, in `topology`'s
//! domains, on a `ledger` that is written first and done later. Groups that find no room may put out others (`preempt`), and what
//! is left of a group that lost pods is evicted (`stale`). `members` keeps who is of which group, `api` what the API has of it,
//! `gates` what holds pods back, `words` what pods are told.
//!
//! Not here: shares of queues and what follows from them (`reclaim`), moving pods closer together (`consolidation`), parts of
//! GPUs, and how evenly pods are spread (`topologySpreadConstraints`), which batch schedulers do not look at.

mod api;
mod cycle;
mod gates;
mod ledger;
mod members;
mod neighbours;
mod place;
mod preempt;
mod profile;
mod stale;
mod topology;
mod tree;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::{PodId, Symbol};
use crate::kernel::{EventId, Time};
use crate::timeline::{EntryId, Subject};
use crate::workload::{BatchScheduler, PodGroupSpec, PodGroupStatus, TopologySpec};

pub use profile::{BatchProfile, Packing};

/// All that is known of groups of pods.
#[derive(Clone, Debug, Default)]
pub struct Gangs {
    /// The batch schedulers that are installed.
    profiles: BTreeMap<BatchScheduler, BatchProfile>,
    groups: BTreeMap<Subject, Gang>,
    /// How many groups there were so far.
    made: u32,
    topologies: BTreeMap<Subject, TopologySpec>,
    /// The group of each pod that a batch scheduler places.
    members: BTreeMap<PodId, Subject>,
    /// Groups with pods that wait for a node.
    waiting: BTreeSet<Subject>,
    /// Groups whose pods changed since the last cycle.
    touched: BTreeSet<Subject>,
    /// Groups that have fewer pods than their minimum, after they had them.
    stale: BTreeSet<Subject>,
    /// Pods that are on their way out and hold what they have on their node still.
    leaving: BTreeSet<PodId>,
    /// The next cycle of each scheduler.
    cycles: BTreeMap<BatchScheduler, (Time, EventId)>,
    /// The last cycle of each scheduler.
    cycled: BTreeMap<BatchScheduler, Time>,
}

/// One group of pods.
#[derive(Clone, Debug)]
struct Gang {
    /// What it asks for; `None`: there is no such object, and only pods that name it, or one pod that names none.
    spec: Option<PodGroupSpec>,
    scheduler: BatchScheduler,
    /// What it shows.
    status: PodGroupStatus,
    /// Its place in the order of creation.
    order: u32,
    /// Its pods that are in the API.
    pods: Vec<PodId>,
    /// What the scheduler said last; it is written down only when it changes.
    message: Symbol,
    /// True once its pods may be looked at: Volcano admits groups one by one.
    is_admitted: bool,
    /// The last entry about it; none where there is no object.
    last: Option<EntryId>,
}

impl Gang {
    fn new(spec: Option<PodGroupSpec>, scheduler: BatchScheduler, order: u32) -> Gang {
        Gang {
            spec,
            scheduler,
            status: PodGroupStatus::default(),
            order,
            pods: Vec::new(),
            message: Symbol::EMPTY,
            is_admitted: false,
            last: None,
        }
    }
}
