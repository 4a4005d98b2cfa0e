//! What a fault or an action waits for, and which of the things of one instant come last, as the scenario file writes it.

use crate::file_types;
use crate::scenario::values::Length;
use crate::text::decode::Spanned;

file_types! {
    /// A subject that reaches a state, or a single write or read.
    pub struct OnFile as "a trigger" {
        /// The subject: `deployment/vllm`, `Pod/vllm-r1-0`.
        subject: Option<Spanned<String>>,
        /// The state.
        reaches: Option<Spanned<String>>,
        /// Before a write of this kind (`ReplicaSet`), of this object (`Pod/web-r1-0`), of a durable `record`, or of `any`.
        before_write: Option<Spanned<String>>,
        /// Right after such a write, before anybody knows of it.
        after_write: Option<Spanned<String>>,
        /// Before such a read.
        before_read: Option<Spanned<String>>,
        /// Right after such a read, before anything comes of it.
        after_read: Option<Spanned<String>>,
        /// Whose write or read: a controller (`replicaset`, `scheduler`, `podclique`), a system (`oci`), or a group, deployment or document.
        /// Default: anybody's.
        by: Option<Spanned<String>>,
        /// The how many-th time. Default: 1.
        occurrence: Option<Spanned<u32>>,
    }

    /// What happens with a subject at an instant comes behind the rest of its class: what kubelets complete, what is delivered, what
    /// controllers decide. Without it things come in the order in which they were planned.
    pub struct TieFile as "a tie" {
        /// The instant.
        at: Spanned<Length>,
        /// The subject: `ReplicaSet/web-r1`; `controller/system-0` is the system of the first document.
        subject: Spanned<String>,
        /// Behind all with a lower number; all others have 0. Default: 1.
        tie: Option<Spanned<u32>>,
    }
}
