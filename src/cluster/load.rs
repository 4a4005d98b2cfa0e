//! What the pods of a node ask for and hold, summed from the pods themselves: the books of the scheduler and of the devices are
//! not read, so that a mistake in them shows.
//!
//! A pod counts until it has ended or is gone: terminating pods hold what they have (k8s.io/kubernetes v1.36.3,
//! pkg/scheduler/framework/types.go, `NodeInfo.AddPod`; pkg/kubelet/kubelet_pods.go, `filterOutInactivePods`).

use super::template::Amounts;
use super::{Cluster, Subject};
use crate::workload::PodPhase;
use crate::workload::load::Excess;

impl Cluster {
    /// What the pods of a node have beyond what there is; empty where all is well and for a node that is not there. Of resources
    /// those alone that one of these newcomers asks for: who asks for nothing of one may come where there is too little of it
    /// (pkg/scheduler/framework/plugins/noderesources/fit.go, `fitsRequest`).
    pub(super) fn excess_on(&self, node: Subject, newcomers: &[Subject]) -> Vec<Excess> {
        let Some(id) = self.find_node(node) else { return Vec::new() };
        let (node, mut sum) = (self.nodes.get(id), Amounts::default());
        let (mut pods, mut seen, mut excess) = (0u64, 0u64, Vec::new());
        let mut new = Amounts::default();
        let mut holders: Vec<(u64, Subject)> = Vec::new();
        for pod_id in &self.kubelet(id).pods {
            let pod = self.pod(*pod_id);
            if pod.gone || matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed) {
                continue;
            }
            pods += 1;
            let requests = &self.templates.get(self.set(pod.set).template).requests;
            sum.add(requests);
            // Docker holds nobody to what is asked for; that a system's own allocator counts well is not the cluster's.
            if newcomers.contains(&self.pod_subject(*pod_id)) && !self.is_docker(pod.set) {
                new.add(requests);
            }
            let twice = seen & pod.devices;
            if twice != 0 {
                let other = holders.iter().find(|(devices, _)| devices & twice != 0).map(|(_, other)| *other);
                let own = self.pod_subject(*pod_id);
                excess.push(Excess::Gpu { index: twice.trailing_zeros(), pods: [other.unwrap_or(own), own] });
            }
            seen |= pod.devices;
            if pod.devices != 0 {
                holders.push((pod.devices, self.pod_subject(*pod_id)));
            }
            let asked = node.devices.resource().map_or(0, |resource| requests.extended(resource));
            let holds = u64::from(pod.devices.count_ones());
            if asked != holds {
                excess.push(Excess::Unlike { pod: self.pod_subject(*pod_id), asked, holds });
            }
        }
        let has = &node.allocatable;
        let mut compare = |resource: &str, new: u64, asked: u64, has: u64| {
            if new > 0 && asked > has {
                excess.push(Excess::Resource { resource: resource.to_owned(), asked, has });
            }
        };
        compare("cpu", new.cpu_milli, sum.cpu_milli, has.cpu_milli);
        compare("memory", new.memory_bytes, sum.memory_bytes, has.memory_bytes);
        compare(
            "ephemeral-storage",
            new.ephemeral_storage_bytes,
            sum.ephemeral_storage_bytes,
            has.ephemeral_storage_bytes,
        );
        compare("pods", newcomers.len() as u64, pods, node.pods_max.into());
        for (resource, asked) in &sum.extended {
            compare(self.names.text(*resource), new.extended(*resource), *asked, has.extended(*resource));
        }
        excess
    }
}
