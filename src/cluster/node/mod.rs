//! Nodes as the scheduler and the kubelet see them: labels, taints, what they can hold, what is asked of them, their
//! GPUs one by one. Where pods go is decided in `scheduler`; what a pod does on its node is the kubelet's.

mod changes;
mod crowd;
mod devices;
mod order;
mod spread;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::template::{Amounts, SpreadId};
use crate::kernel::{Name, Symbol};
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};
use crate::workload::{Resources, Taint};

pub use changes::Changes;
pub use crowd::Share;
pub use devices::Devices;
pub(super) use spread::SpreadShare;
pub use table::Nodes;

/// The label that holds a node's zone.
pub const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
/// The label that holds a node's region.
pub const REGION_LABEL: &str = "topology.kubernetes.io/region";
/// The label that holds a node's own name.
pub const HOSTNAME_LABEL: &str = "kubernetes.io/hostname";
/// What a kubelet says of its machine, beside the host name: k8s.io/kubernetes v1.36.3, pkg/kubelet/kubelet_node_status.go,
/// initialNode.
pub const KUBELET_LABELS: [(&str, &str); 4] = [
    ("kubernetes.io/os", "linux"),
    ("kubernetes.io/arch", "amd64"),
    ("beta.kubernetes.io/os", "linux"),
    ("beta.kubernetes.io/arch", "amd64"),
];
/// The label that holds a node's shape.
pub const INSTANCE_TYPE_LABEL: &str = "node.kubernetes.io/instance-type";
/// Pods that a node takes unless it says otherwise: `MaxPods`, k8s.io/kubernetes v1.36.3,
/// pkg/kubelet/apis/config/v1beta1/defaults.go.
pub const PODS_MAX: u32 = 110;

/// A node; ids are given in the order in which nodes join and never given again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

/// What a node is when it joins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeSpec {
    /// Its name.
    pub name: Name,
    /// Its labels; the zone's is added if [`NodeSpec::zone`] is set.
    pub labels: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Its zone, if it has one.
    pub zone: Option<String>,
    /// The shape that it was made from.
    pub shape: Option<String>,
    /// The model of its GPUs.
    pub gpu_model: Option<String>,
    /// What pods may ask of it in all. Nothing is taken off for the kubelet or the system.
    pub allocatable: Resources,
    /// How many pods it takes.
    pub pods_max: u32,
    /// True if its Ready condition is.
    pub ready: bool,
    /// True if it is cordoned.
    pub unschedulable: bool,
}

impl NodeSpec {
    /// A node that is ready, takes as many pods as a node does by default, and is nothing in particular.
    pub const fn new(name: Name, allocatable: Resources) -> NodeSpec {
        NodeSpec {
            name,
            labels: BTreeMap::new(),
            taints: Vec::new(),
            zone: None,
            shape: None,
            gpu_model: None,
            allocatable,
            pods_max: PODS_MAX,
            ready: true,
            unschedulable: false,
        }
    }

    /// Why a node cannot be made from this, in words that follow the node's name.
    pub fn refusal(&self) -> Option<String> {
        let kinds = [NVIDIA_GPU, AMD_GPU].map(|kind| self.allocatable.extended(kind));
        if kinds.iter().all(|count| *count > 0) {
            return Some(format!("has both {NVIDIA_GPU} and {AMD_GPU}: one kind of GPU a node"));
        }
        let most = kinds.into_iter().max().unwrap_or(0);
        (most > u64::from(Devices::MAX)).then(|| format!("has {most} GPUs: at most {} a node", Devices::MAX))
    }
}

/// A node that joined.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// False once it left the cluster.
    pub joined: bool,
    /// True if its Ready condition is. The scheduler does not read this: it goes by taints, as Kubernetes' does.
    pub ready: bool,
    /// True if it is cordoned.
    pub unschedulable: bool,
    /// Its labels. They seldom change, so that copies of a node share them.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Its taints.
    pub taints: Arc<[Taint]>,
    /// The shape that it was made from.
    pub shape: Option<Arc<str>>,
    /// The model of its GPUs.
    pub gpu_model: Option<Arc<str>>,
    /// What pods may ask of it in all; may fall below what is asked.
    pub allocatable: Amounts,
    /// What its pods ask for.
    pub requested: Amounts,
    /// CPU as scores count it.
    pub scored_cpu_milli: u64,
    /// Memory as scores count it.
    pub scored_memory_bytes: u64,
    /// Pods on it.
    pub pods: u32,
    /// How many pods it takes.
    pub pods_max: u32,
    /// Its GPUs one by one.
    pub devices: Devices,
    /// What each of its GPUs is cut into: resources and their counts; empty if the GPUs are whole.
    pub(super) slices: SmallVec<[(Symbol, u32); 1]>,
    /// Its zone for the spread: 0 without a zone label, else one more than the zone's number.
    pub(super) zone_id: u32,
    /// Pods that are not terminating, by what the topology spread counts together; sorted, none is empty.
    pub(super) spread: SmallVec<[SpreadShare; 4]>,
    /// Images of known size that it holds, sorted.
    pub(super) images: SmallVec<[Symbol; 4]>,
    /// Ports of the node that its pods hold, with their protocol, one entry a pod.
    pub ports: Vec<(u16, String)>,
}

impl Node {
    /// Pods of this ReplicaSet that are on the node and not terminating.
    pub fn spread_count(&self, spread: SpreadId) -> u32 {
        match self.spread.binary_search_by_key(&spread, |share| share.spread) {
            Ok(at) => self.spread[at].pods,
            Err(_) => 0,
        }
    }

    /// Pods on the node that are not terminating, by ReplicaSet.
    pub fn spread_counts(&self) -> impl Iterator<Item = (SpreadId, u32)> {
        self.spread.iter().map(|share| (share.spread, share.pods))
    }

    /// The value of the zone label.
    pub fn zone(&self) -> Option<&str> {
        self.labels.get(ZONE_LABEL).map(String::as_str)
    }

    /// True if the node holds the image and its size is known.
    pub fn has_image(&self, image: Symbol) -> bool {
        self.images.binary_search(&image).is_ok()
    }
}
