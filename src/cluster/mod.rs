//! The simulated Kubernetes cluster: nodes and their devices, the scheduler, the kubelet, the workload controllers.
//! It knows no system and no scenario file; nothing here reads a file, a clock or an environment.

pub mod node;
pub mod scheduler;
pub mod shape;
pub mod template;

/// A pod of the simulated cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PodId(pub u32);
