//! Pods that begin only together: what is asked of a device for all of them is there once so many of them have nodes. A
//! ComputeDomain does that: the kubelet cannot prepare the claim of a pod (`FailedPrepareDynamicResources`) before the domain has
//! all its nodes. Source: NVIDIA/k8s-dra-driver-gpu, api/nvidia.com/resource/v1beta1/computedomain.go (`numNodes`);
//! ai-dynamo/grove #209 tells what follows from it.
//!
//! How many they are says a row of behaviour. Not here: the claims themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::kubelet::ContainerState;
use super::{Arg, Cause, Cluster, ContainerId, PodId, Why};

/// Pods that have nodes, by the row that says that they begin together.
#[derive(Clone, Debug, Default)]
pub struct Companies(BTreeMap<usize, BTreeSet<PodId>>);

impl Cluster {
    /// True if a pod with a node may begin; if not, it is looked at again when others of its row get theirs.
    pub(super) fn begins_together(&mut self, id: PodId, cause: Cause) -> bool {
        let Some((row, wanted)) = self.company_of(id) else { return true };
        let mut there = self.companies.0.remove(&row).unwrap_or_default();
        there.retain(|one| self.pod(*one).is_active() && self.pod(*one).node.is_some());
        let (is_new, count) = (there.insert(id), there.len() as u32);
        let is_complete = is_new && count == wanted;
        let others: Vec<PodId> = there.iter().copied().filter(|other| is_complete && *other != id).collect();
        self.companies.0.insert(row, there);
        if count < wanted {
            if is_new {
                self.pod_record_mut(id).reason = "FailedPrepareDynamicResources";
                let why = Why::with2(
                    "{} of {} pods that begin together have nodes",
                    Arg::Count(count.into()),
                    Arg::Count(wanted.into()),
                );
                let cause = self.note_pod(id, "FailedPrepareDynamicResources", why, cause);
                self.touch_pod(id, cause);
            }
            return false;
        }
        for other in others {
            self.pod_record_mut(other).reason = "";
            if self.is_untouched(other) && self.pod(other).node.is_some_and(|node| self.kubelet(node).in_touch()) {
                self.start_next(other, cause);
            }
        }
        true
    }

    /// The row by which a pod begins together with others, and how many they must be.
    fn company_of(&self, id: PodId) -> Option<(usize, u32)> {
        let (containers, _) = self.containers_of(id);
        containers.map(ContainerId).find_map(|container| {
            let row = self.behaviour_row(container);
            Some((row, self.rows[row].together?))
        })
    }

    /// True if no container of a pod has begun: those that run go on when others of their company are lost.
    fn is_untouched(&self, id: PodId) -> bool {
        let (containers, _) = self.containers_of(id);
        containers.map(ContainerId).all(|container| self.container(container).state == ContainerState::Waiting)
    }
}
