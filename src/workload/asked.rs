//! What is asked of a world and is not there, as the world itself knows it: for those who judge a run, never for controllers.
//! Whether that is wrong is not decided here.

use crate::timeline::{EntryId, Subject};

/// A workload that has fewer pods than are asked for, or a pod that stands alone and does not serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Short {
    /// The workload: of what a custom resource owns, that resource.
    pub subject: Subject,
    /// What it has made, whose entries tell of its progress: ReplicaSets.
    pub parts: Vec<Subject>,
    /// Pods that are asked for.
    pub wanted: u32,
    /// Pods of what is asked for now that are available; of a Job, those that succeeded.
    pub there: u32,
    /// Its pods that are not available.
    pub pods: Vec<Unready>,
    /// Pods that were made for it one by one and are not there any more.
    pub gone: Vec<Subject>,
    /// True if it waits for somebody by its own spec: it is paused, or suspended.
    pub paused: bool,
    /// True if its controller has set a time at which it goes on.
    pub comes: bool,
}

impl Short {
    /// One that lacks these pods, and of which nothing else is to be said.
    pub const fn new(subject: Subject, wanted: u32, there: u32, pods: Vec<Unready>) -> Short {
        Short { subject, parts: Vec::new(), wanted, there, pods, gone: Vec::new(), paused: false, comes: false }
    }
}

/// A pod that is not available.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unready {
    /// Which.
    pub pod: Subject,
    /// The last entry about it.
    pub last: EntryId,
    /// True if it is on its way: an image is being pulled, a container starts, a probe or a grace period runs. A container that
    /// was restarted again and again is not.
    pub comes: bool,
    /// True if it was asked to go: what is missing is another.
    pub leaves: bool,
}
