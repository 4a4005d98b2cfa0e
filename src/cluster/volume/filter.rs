//! What the scheduler asks about a pod's volumes. Source: k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins:
//! volumebinding, volumezone, volumerestrictions.

use std::collections::BTreeMap;

use super::super::node::{REGION_LABEL, ZONE_LABEL};
use super::super::scheduler::{ClaimProblem, VolumeProblem};
use super::super::{ClaimId, Cluster, NodeId, PodId};
use crate::workload::storage::AccessMode;

/// What was found out of one pod's volumes before it is placed.
#[derive(Clone, Debug, Default)]
pub struct VolumeView {
    /// Why no node is to be looked at.
    pub problem: Option<ClaimProblem>,
    /// Why some nodes will not do; those that are not here will.
    pub nodes: BTreeMap<NodeId, VolumeProblem>,
}

impl Cluster {
    /// True if a pod has claims.
    pub(in crate::cluster) fn has_claims(&self, pod: PodId) -> bool {
        self.volumes.of_pod.contains_key(&pod)
    }

    /// What the volumes of a pod let the scheduler do, node by node.
    pub(in crate::cluster) fn volume_view(&self, pod: PodId) -> VolumeView {
        let mut view = VolumeView::default();
        let mut claims: Vec<ClaimId> = Vec::new();
        for key in self.volumes.of_pod.get(&pod).into_iter().flatten() {
            match self.volumes.find(*key).filter(|claim| !self.volumes.claim(*claim).terminating) {
                None => {
                    view.problem = Some(ClaimProblem::Missing(*key));
                    break;
                }
                Some(claim) => {
                    let unbound = self.volumes.claim(claim).volume.is_none();
                    if unbound && !self.waits_for_consumer(claim) {
                        view.problem = view.problem.or(Some(ClaimProblem::Unbound));
                    }
                    claims.push(claim);
                }
            }
        }
        if view.problem.is_none() {
            for (node, _) in self.nodes.in_order() {
                if let Some(problem) = claims.iter().find_map(|claim| self.volume_problem(pod, *claim, node)) {
                    view.nodes.insert(node, problem);
                }
            }
        }
        view
    }

    fn volume_problem(&self, pod: PodId, id: ClaimId, node: NodeId) -> Option<VolumeProblem> {
        let claim = self.volumes.claim(id);
        let Some(volume) = claim.volume else {
            // A volume that is being made for one node is for that node.
            let elsewhere = claim.provisioning && claim.selected.is_some_and(|selected| selected != node);
            let can = self.fitting_volume(id, Some(node)).is_some() || self.can_provision(id, Some(node));
            return (elsewhere || !can).then_some(VolumeProblem::NoneToBind);
        };
        let spec = &self.volumes.volume(volume).spec;
        let alone = spec.access == [AccessMode::ReadWriteOncePod];
        let used = || {
            self.users_of(claim.key).any(|other| {
                other != pod && (self.pod(other).node.is_some() || self.volumes.assumed.contains_key(&other))
            })
        };
        if alone && used() {
            return Some(VolumeProblem::InUse);
        }
        if !self.reaches(spec, node) {
            return Some(VolumeProblem::Elsewhere);
        }
        let labels = &self.nodes.get(node).labels;
        let other = |label: &str| spec.labels.get(label).is_some_and(|value| labels.get(label) != Some(value));
        (other(ZONE_LABEL) || other(REGION_LABEL)).then_some(VolumeProblem::OtherZone)
    }
}
