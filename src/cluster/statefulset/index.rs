//! The pods of a StatefulSet by number, and which of them need attention. It is kept up to date pod by pod.

use std::collections::{BTreeMap, BTreeSet};

use super::ranges::Ranges;
use crate::cluster::{Cause, Cluster, PodId, StatefulSetId};
use crate::workload::PodPhase;

/// Pods by number.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The numbers that are wanted: the first, and the one after the last.
    range: (u32, u32),
    /// All pods that are not gone.
    pub pods: BTreeMap<u32, PodId>,
    /// Wanted numbers without a pod.
    pub missing: Ranges,
    /// Wanted numbers whose pod is not available or terminates.
    pub unavailable: BTreeSet<u32>,
    /// Pods that were asked to go and have not gone.
    pub leaving: BTreeSet<u32>,
    /// Pods that ended by themselves and are there still.
    pub ended: BTreeSet<u32>,
    /// Numbers that are not wanted and have a pod.
    pub condemned: BTreeSet<u32>,
    /// Wanted numbers whose pod has an old template and does not terminate.
    pub outdated: BTreeSet<u32>,
}

impl Index {
    /// An index without pods.
    pub fn of(range: (u32, u32)) -> Index {
        Index { range, missing: Ranges::of(range), ..Index::default() }
    }

    fn is_wanted(&self, ordinal: u32) -> bool {
        (self.range.0..self.range.1).contains(&ordinal)
    }
}

/// Puts a number into a set, or takes it out.
fn keep(set: &mut BTreeSet<u32>, ordinal: u32, holds: bool) {
    if holds {
        set.insert(ordinal);
    } else {
        set.remove(&ordinal);
    }
}

impl Cluster {
    /// A pod of a StatefulSet came, changed or went.
    pub(in crate::cluster) fn statefulset_pod_changed(&mut self, id: StatefulSetId, pod: PodId) {
        self.index_pod(id, pod);
        self.queue_statefulset(id);
    }

    fn index_pod(&mut self, id: StatefulSetId, pod_id: PodId) {
        let pod = *self.pod(pod_id);
        let update = self.statefulset(id).update;
        let ended = matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed) && !pod.terminating;
        let available = pod.phase == PodPhase::Running && pod.available && !pod.terminating;
        let index = &mut self.statefulset_mut(id).index;
        let (ordinal, wanted) = (pod.ordinal, index.is_wanted(pod.ordinal));
        if pod.gone {
            if index.pods.get(&ordinal) == Some(&pod_id) {
                index.pods.remove(&ordinal);
            }
        } else {
            index.pods.insert(ordinal, pod_id);
        }
        let there = index.pods.contains_key(&ordinal);
        if wanted && !there {
            index.missing.insert(ordinal);
        } else {
            index.missing.remove(ordinal);
        }
        keep(&mut index.unavailable, ordinal, wanted && there && !available);
        keep(&mut index.leaving, ordinal, there && pod.terminating);
        keep(&mut index.ended, ordinal, there && ended);
        keep(&mut index.condemned, ordinal, !wanted && there);
        let outdated = wanted && there && !pod.terminating && Some(pod.set) != update;
        keep(&mut index.outdated, ordinal, outdated);
    }

    /// What is wanted has changed: every pod is looked at again.
    pub(super) fn index_again(&mut self, id: StatefulSetId, range: (u32, u32)) {
        let statefulset = self.statefulset_mut(id);
        let before = std::mem::replace(&mut statefulset.index, Index::of(range));
        for pod in before.pods.into_values() {
            self.index_pod(id, pod);
        }
    }

    /// What follows from what happened to a pod last.
    pub(super) fn statefulset_pod(&self, id: StatefulSetId, ordinal: u32) -> Option<(PodId, Cause)> {
        let pod = *self.statefulset(id).index.pods.get(&ordinal)?;
        Some((pod, self.pod_cause(pod)))
    }
}
