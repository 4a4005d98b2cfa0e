//! A journal of writes: every state of every object, as a watch without any lag shows them one after the other.
//! Recordings of real clusters are compared with it. It is kept only if somebody asks for it.

use super::pod::Owner;
use super::{Cluster, PodId, Subject};
use crate::kernel::{Symbol, Time};
use crate::workload::{PodStatus, Status};

/// One state of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// When the API took it.
    pub at: Time,
    /// The object.
    pub subject: Subject,
    /// What it shows from now on.
    pub shown: Shown,
}

/// What an object shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// Its status.
    Status(Status),
    /// A pod: its status, the image of its first container, and what the scheduler said of it if it said anything.
    Pod {
        /// The status.
        status: PodStatus,
        /// The image of its first container that is no init container.
        image: Symbol,
        /// The condition `PodScheduled`.
        scheduled: Option<bool>,
        /// The condition `Ready`: a pod that is asked to go keeps it until its containers end, although it serves no more.
        ready: bool,
        /// The object that owns it.
        owner: Subject,
        /// Its index, if an indexed Job owns it.
        index: Option<u32>,
    },
    /// It is no more.
    Gone,
}

impl Cluster {
    /// Keeps a journal from now on.
    pub fn keep_journal(&mut self) {
        self.journal.get_or_insert_default();
    }

    /// The journal so far; empty if none is kept.
    pub fn journal(&self) -> &[Write] {
        self.journal.as_deref().unwrap_or_default()
    }

    /// An object was written.
    pub(super) fn journal_object(&mut self, subject: Subject) {
        if self.journal.is_some() {
            let shown = self.true_status(subject).map_or(Shown::Gone, Shown::Status);
            self.journal_push(subject, shown);
        }
    }

    /// A pod was written.
    pub(super) fn journal_pod(&mut self, id: PodId) {
        if self.journal.is_none() {
            return;
        }
        let subject = self.pod_subject(id);
        let (pod, set) = (self.pod(id), self.set(self.pod(id).set));
        let shown = match pod.gone {
            true => Shown::Gone,
            false => Shown::Pod {
                status: self.pod_status(id),
                image: set.images.get(set.init_count).copied().unwrap_or(Symbol::EMPTY),
                scheduled: pod.node.map(|_| true).or((pod.message != Symbol::EMPTY).then_some(false)),
                ready: pod.ready || self.pod_record(id).leaves_ready,
                owner: self.owner_subject(set.owner),
                index: match set.owner {
                    Owner::Job(job) => self.job(job).tracking.indexes.get(&id).copied(),
                    _ => None,
                },
            },
        };
        self.journal_push(subject, shown);
    }

    fn journal_push(&mut self, subject: Subject, shown: Shown) {
        let at = self.queue.now();
        if let Some(journal) = &mut self.journal {
            journal.push(Write { at, subject, shown });
        }
    }
}
