//! Groups of pods and the batch schedulers that place them: KAI-Scheduler and Volcano. Pods that name one of them
//! (`schedulerName`) are never looked at by the cluster's own scheduler. What a group asks for is in `workload::gang`.

mod api;
mod gates;

use std::collections::BTreeMap;

use crate::timeline::{EntryId, Subject};
use crate::workload::{PodGroupSpec, PodGroupStatus, TopologySpec};

/// All that is known of groups of pods.
#[derive(Clone, Debug, Default)]
pub struct Gangs {
    groups: BTreeMap<Subject, Gang>,
    topologies: BTreeMap<Subject, TopologySpec>,
}

/// One group of pods.
#[derive(Clone, Debug)]
pub struct Gang {
    /// What it asks for.
    spec: PodGroupSpec,
    /// What it shows.
    status: PodGroupStatus,
    /// The last entry about it.
    last: EntryId,
}
