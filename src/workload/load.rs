//! What the pods of a node ask for beyond what it has: for those who judge a run, never for controllers.

use crate::timeline::Subject;

/// Something of a node that its pods have more of than there is, or that two of them have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Excess {
    /// More is asked for than can be given.
    Resource {
        /// `cpu` in thousandths of a core, `memory` and `ephemeral-storage` in bytes, `pods`, or an extended resource.
        resource: String,
        /// What the pods ask for together.
        asked: u64,
        /// What the node can give.
        has: u64,
    },
    /// A GPU is held by two pods.
    Gpu {
        /// Which.
        index: u32,
        /// Both.
        pods: [Subject; 2],
    },
    /// A pod does not hold the GPUs that it asks for.
    Unlike {
        /// Which pod.
        pod: Subject,
        /// GPUs that it asks for.
        asked: u64,
        /// GPUs that it holds.
        holds: u64,
    },
}
