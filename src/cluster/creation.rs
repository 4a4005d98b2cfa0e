//! Pods as they come to be. What becomes of them is in `pod`, who asks for them is in their controllers.

use super::pod::{Owner, Pod, PodRecord};
use super::{Arg, Cause, Cluster, NodeId, PodId, PodSetId, Symbol, Why};
use crate::kernel::Time;
use crate::timeline::EntryId;
use crate::workload::PodPhase;

/// The most pods that may be there at a time: ten times as many as the largest clusters have nodes for.
/// Source: Kubernetes' documentation, "Considerations for large clusters": 150,000 pods in all.
pub const PODS_MAX: usize = 1_500_000;

impl Cluster {
    /// True if no more pods can be there; the run ends with the reason.
    pub(super) fn is_full_of_pods(&mut self, set: PodSetId) -> bool {
        if self.pods.len() - self.pods_gone < PODS_MAX {
            return false;
        }
        let workload = self.set(set).workload;
        let (at, asked) = (self.queue.now(), self.true_counts(workload).map_or(0, |counts| counts.desired));
        let shown = workload.show(&self.names);
        self.exhausted.get_or_insert_with(|| {
            format!("more than {PODS_MAX} pods at {at}, most lately for {shown}, which asks for {asked}; use fewer")
        });
        true
    }

    /// Creates a pod, with this number or the next one, and puts it into the scheduler's queue; `node` is the only one that
    /// it may go to.
    pub(super) fn create_pod(
        &mut self,
        set_id: PodSetId,
        ordinal: Option<u32>,
        node: Option<NodeId>,
        cause: Cause,
    ) -> PodId {
        let id = PodId(u32::try_from(self.pods.len()).expect("a run has fewer than 2^32 pods"));
        let now = self.queue.now();
        let containers = self.make_containers(id, set_id);
        let set = self.set_mut(set_id);
        let position = set.active.len() as u32;
        let ordinal = ordinal.unwrap_or(set.next_ordinal);
        set.next_ordinal = set.next_ordinal.max(ordinal.saturating_add(1));
        set.active.push(id);
        set.all.push(id);
        let owner = set.owner;
        self.ranks.push(None);
        self.pod_records.push(PodRecord {
            created_at: now,
            admitted_at: Time::ZERO,
            reason: "",
            startup_failures: 0,
            disrupted: false,
            leaves_ready: false,
            registered: false,
            awaits_store: false,
        });
        self.pods.push(Pod {
            set: set_id,
            ordinal,
            position,
            node: None,
            devices: 0,
            containers,
            phase: PodPhase::Pending,
            holds: false,
            ready: false,
            available: false,
            running: false,
            serving: false,
            terminating: false,
            gone: false,
            readiness: 0,
            ready_since: Time::ZERO,
            restarts: 0,
            message: Symbol::EMPTY,
            last: EntryId(0),
        });
        let why = match owner {
            Owner::Alone(_) => Why::NONE,
            _ => Why::with("created by {}", Arg::Subject(self.owner_subject(owner))),
        };
        if let Some(node) = node {
            self.confine_pod(id, node);
        }
        let cause = self.note_pod(id, "Pending", why, cause);
        self.claims_for_pod(id, cause);
        self.rank(id);
        self.wait_for_node(id, cause);
        self.touch_pod(id, cause);
        id
    }
}
