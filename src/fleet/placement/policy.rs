//! The policies by name, and where each comes from. How a policy scores is in the file that has its name.

use std::fmt;
use std::str::FromStr;

use crate::text::diagnostic::{nearest, quote};

/// Who decides where a pod goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Policy {
    /// kube-scheduler v1.36.3 as it comes: NodeResourcesFit by LeastAllocated on CPU and memory, and BalancedAllocation.
    KubeDefault,
    /// The same with MostAllocated on GPUs.
    KubeMostAllocated,
    /// Fragmentation gradient descent: the node whose fragmentation grows least.
    Fgd,
    /// The node with the least left.
    BestFit,
    /// The node whose rest is least like what the pod asks for.
    DotProduct,
    /// GPUs in use first, then nodes in use, then free nodes.
    GpuPacking,
    /// Nodes that run pods with the same number of GPUs.
    GpuClustering,
    /// Any node that takes the pod.
    Random,
}

impl Policy {
    /// All, in the order in which messages list them.
    pub const ALL: [Policy; 8] = [
        Policy::KubeDefault,
        Policy::KubeMostAllocated,
        Policy::Fgd,
        Policy::BestFit,
        Policy::DotProduct,
        Policy::GpuPacking,
        Policy::GpuClustering,
        Policy::Random,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Policy::KubeDefault => "kube-default",
            Policy::KubeMostAllocated => "kube-most-allocated",
            Policy::Fgd => "fgd",
            Policy::BestFit => "best-fit",
            Policy::DotProduct => "dot-product",
            Policy::GpuPacking => "gpu-packing",
            Policy::GpuClustering => "gpu-clustering",
            Policy::Random => "random",
        }
    }

    /// True for those of kube-scheduler itself.
    pub const fn is_kube(self) -> bool {
        matches!(self, Policy::KubeDefault | Policy::KubeMostAllocated)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Policy, String> {
        let names = Policy::ALL.map(Policy::name);
        Policy::ALL.into_iter().find(|policy| policy.name() == text).ok_or_else(|| match nearest(text, names) {
            Some(near) => format!("there is no policy {}; did you mean `{near}`?", quote(text)),
            None => format!("there is no policy {}; there are {}", quote(text), names.join(", ")),
        })
    }
}
