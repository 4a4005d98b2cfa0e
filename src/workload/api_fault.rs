//! What can go wrong between the controllers of custom resources and the API server: watches that lag or lose an event, writes
//! that are refused, controllers that start again. A scenario's words stand in `scenario/`, their effects in
//! `systems/machinery/`.

use crate::kernel::Duration;
use crate::timeline::{Kind, Subject};

/// One fault of watches or writes, and where it strikes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiFault {
    /// By which its effects are asked for later; every fault of a run has its own.
    pub number: u32,
    /// Which control plane it strikes: the name of a document, group or deployment of it; `None`: any that has it.
    pub of: Option<String>,
    /// Whose reads or writes; `None`: those of all controllers.
    pub controller: Option<String>,
    /// What is read or written.
    pub about: About,
    /// What goes wrong.
    pub trouble: ApiTrouble,
}

/// Which objects a fault is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// All of them.
    Anything,
    /// Those of one kind.
    Kind(Kind),
    /// One.
    Object(Subject),
}

impl About {
    /// True if the fault is about this object.
    pub fn means(self, key: Subject) -> bool {
        match self {
            About::Anything => true,
            About::Kind(kind) => kind == key.kind,
            About::Object(object) => object == key,
        }
    }
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApiTrouble {
    /// What is read is old.
    Lag {
        /// By how much; `None`: it stands still until the fault ends.
        by: Option<Duration>,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Changes are seen by whoever reads, but wake nobody.
    MissedEvent {
        /// The how many-th change from now on is the first, from 1.
        occurrence: u32,
        /// How many changes.
        times: u32,
    },
    /// Writes are refused because somebody else was faster.
    Conflict {
        /// The how many-th write from now on is the first, from 1.
        occurrence: u32,
        /// How many writes; `None`: all.
        times: Option<u32>,
    },
    /// Writes fail without having been done.
    Error {
        /// The how many-th write from now on is the first, from 1.
        occurrence: u32,
        /// How many writes; `None`: all.
        times: Option<u32>,
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// The webhook that admits writes does not answer, so that writes which need it are refused.
    WebhookDown {
        /// For how long; `None`: for ever.
        lasts: Option<Duration>,
    },
    /// Controllers end and start again: what they kept in memory is lost.
    Restart {
        /// When.
        moment: Moment,
        /// How long they are away.
        lasts: Duration,
    },
}

impl ApiTrouble {
    /// True for a fault of what is read; false for one of writes.
    pub const fn is_of_reads(self) -> bool {
        matches!(self, ApiTrouble::Lag { .. } | ApiTrouble::MissedEvent { .. })
    }

    /// True for a fault that a world can cause too; the others are of custom resources alone.
    pub const fn is_of_worlds(self) -> bool {
        !matches!(self, ApiTrouble::WebhookDown { .. } | ApiTrouble::Restart { .. })
    }
}

/// When a controller ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// At once.
    Now,
    /// Instead of its how many-th write from now on, from 1.
    BeforeWrite(u32),
    /// Right after its how many-th write from now on, from 1, before it knows that it was done.
    AfterWrite(u32),
}
