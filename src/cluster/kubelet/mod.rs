//! What the kubelet of each node does: admits pods, pulls images one at a time, starts containers, probes, restarts and
//! stops them. Sources are files of k8s.io/kubernetes v1.36.3 under pkg/kubelet.

mod awaiting;
mod containers;
mod deadline;
mod environment;
mod images;
mod probes;
mod stopping;

pub use containers::{Container, ContainerState, RestartBackoff};
pub use environment::Environments;
pub use images::{Kubelet, PullBackoffs, PullFault};
pub use probes::{Outlook, outlook};

use super::{Arg, Cluster, NodeId, PodId, Symbol, Why};

impl Cluster {
    pub(super) fn kubelet(&self, node: NodeId) -> &Kubelet {
        &self.kubelets[node.0 as usize]
    }

    pub(super) fn kubelet_mut(&mut self, node: NodeId) -> &mut Kubelet {
        &mut self.kubelets[node.0 as usize]
    }

    /// The scheduler has bound a pod to a node: its kubelet takes it on.
    pub(super) fn bind_pod(&mut self, id: PodId, node: NodeId) {
        let set = self.set(self.pod(id).set);
        let (template, spread) = (set.template, set.spread);
        self.nodes.bind(&self.templates, node, template, spread);
        let devices = self.nodes.take_devices(&self.templates, node, template);
        let devices = devices.expect("the scheduler counts the GPUs that are free");
        let now = self.queue.now();
        self.unrank(id);
        let pod = self.pod_mut(id);
        pod.node = Some(node);
        pod.holds = true;
        pod.devices = devices;
        pod.message = Symbol::EMPTY;
        let set = pod.set;
        self.set_mut(set).gpus += u64::from(devices.count_ones());
        self.pod_record_mut(id).admitted_at = now;
        self.kubelet_mut(node).pods.push(id);
        let name = Arg::Name(self.nodes.get(node).name);
        let why = match devices {
            0 => Why::with("on {}", name),
            _ => Why::with2("on {}, GPU {}", name, Arg::Devices(devices)),
        };
        let cause = self.pod_cause(id);
        let cause = self.note_pod(id, "Scheduled", why, cause);
        self.addresses_changed(set, true, cause);
        self.rank(id);
        self.rank_node(node);
        self.touch_pod(id, cause);
        if self.has_claims(id) {
            self.claims_get_node(id, node);
        }
        self.begin_deadline(id);
        if self.kubelet(node).in_touch() {
            self.start_next(id, cause);
        }
        if !self.nodes.get(node).taints.is_empty() {
            self.bound_to_tainted(id, node);
        }
    }
}
