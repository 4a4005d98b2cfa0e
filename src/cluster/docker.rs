//! Pods that stand for containers of docker, which a system runs on a node by itself: what is different of them from pods that an API
//! server keeps. How such a container runs is the kubelet's concern here all the same.
//!
//! - No quota of a namespace bounds them: docker knows no namespaces.
//! - No kubelet refuses them for what they ask for: docker weighs no requests (`scheduling`).
//! - Of a machine that is off, whoever asks is told of no container. Kubernetes keeps the object of a pod on a node that is lost.

use super::{Cluster, PodId, PodSetId};

impl Cluster {
    /// True for a container of docker on a machine that is off.
    pub(super) fn is_off(&self, id: PodId) -> bool {
        let pod = self.pod(id);
        self.is_docker(pod.set) && pod.node.is_some_and(|node| self.kubelet(node).down)
    }

    /// True if the pods of a set stand for containers of docker.
    pub(super) fn is_docker(&self, set: PodSetId) -> bool {
        self.set(set).source.docker
    }

    /// Active pods of a set that are there, and the GPUs that its pods hold: of docker's none on machines that are off.
    pub(super) fn there_of(&self, id: PodSetId) -> (u32, u64) {
        let set = self.set(id);
        let (pods, gpus) = (set.active.len() as u32, set.gpus);
        if !set.source.docker {
            return (pods, gpus);
        }
        let off: Vec<PodId> = self.pods_in(id).filter(|pod| self.is_off(*pod)).collect();
        let active = off.iter().filter(|pod| self.pod(**pod).is_active()).count() as u32;
        let held: u64 = off.iter().map(|pod| u64::from(self.pod(*pod).devices.count_ones())).sum();
        (pods - active, gpus - held)
    }
}
