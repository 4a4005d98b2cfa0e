//! What a world has that nobody asks for any more: for those who judge a run, never for controllers. How long it may stay is not
//! decided here.

use crate::timeline::{EntryId, Subject};

/// Something that is there and that nobody asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leftover {
    /// What it is.
    pub subject: Subject,
    /// Why nobody asks for it.
    pub why: Left,
    /// The entry since which that is so; `None`: the world does not know.
    pub since: Option<EntryId>,
}

/// Why something is asked for by nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// Its owner is gone; so many pods are its.
    Orphan {
        /// Who owned it.
        owner: Subject,
        /// Pods that are there and not on their way out.
        pods: u32,
    },
    /// It is of an old revision of what has come to its newest.
    Old {
        /// Of what.
        owner: Subject,
        /// Pods that it has or wants.
        pods: u32,
    },
    /// Its owner keeps more old revisions than it is to keep.
    History {
        /// So many there are.
        kept: u32,
        /// So many are to be kept.
        limit: u32,
    },
    /// GPUs of a node that are held by no pod, by index.
    Gpus(u64),
}
