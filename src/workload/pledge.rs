//! What systems owe: what their documents and their documentation say must hold, told to the world when it begins to hold. Nothing here
//! decides anything: whoever judges a run holds the run to it. A pledge is read off the document, never off what a controller decides
//! to do, so that a controller that breaks it cannot hide that.

use crate::kernel::{Duration, Symbol, Time};
use crate::timeline::Subject;

/// Something that is owed from the instant on in which it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pledge {
    /// Nothing of `dependent` begins before `dependency` has come to where it must be.
    Order(Order),
    /// An operator goes past the order that this one was in: no order of it is owed any more.
    Free {
        /// Who waited.
        dependent: Subject,
    },
    /// The pods of `dependent` run no sooner than so many of `dependency` were ready, after they were made: what an init container
    /// waits for.
    ReadyBefore {
        /// Whose pods wait.
        dependent: Numbered,
        /// Whose pods they wait for.
        dependency: Numbered,
        /// How many of these.
        pods: u32,
    },
    /// The pods of a set are made one after the other, each once those before it are ready.
    InTurn {
        /// The pods.
        pods: Numbered,
        /// The number of the first.
        first: u32,
    },
    /// It is not owed any more that these pods are made in turn, or before others.
    AtOnce {
        /// The pods.
        pods: Numbered,
    },
    /// A state that its system ends by itself.
    Leaves(Leaves),
    /// What an operator asked for and its system brings about, if no part of it fails.
    Reaches(Reaches),
    /// The workers of a group are made once its leader is ready: the StatefulSet that has the leader's name.
    LeaderFirst {
        /// The leaders.
        leaders: Numbered,
    },
    /// A value that another published is given to somebody.
    Uses(Uses),
    /// Requests to a name go to this party from now on: it takes over.
    TakesOver {
        /// Who is asked: a Service, or a name that is routed.
        name: Subject,
        /// Who answers.
        party: Subject,
        /// How many of its pods must be ready at this instant; 0 for a name that promises nothing, as that of a preview.
        pods: u32,
    },
    /// A system leaves it alone after so many attempts in a row that failed.
    Attempts(Attempts),
    /// The way back from an update has come to its end.
    GivenUp(GivenUp),
    /// A version that was given up is wanted again.
    Wanted {
        /// The version.
        version: Subject,
    },
}

/// A value on its way from one to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uses {
    /// Who is given it.
    pub user: Subject,
    /// Who published it.
    pub of: Subject,
    /// Under which key.
    pub key: Symbol,
    /// The value as it is given; `None`: it may be secret and is not told.
    pub value: Option<Symbol>,
    /// The words of the publisher that say that what it published is gone.
    pub gone: &'static [&'static str],
}

/// How often something is tried before its system leaves it alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempts {
    /// The pods that each attempt makes anew.
    pub pods: Numbered,
    /// How many attempts in a row may fail.
    pub most: u32,
}

/// What must hold once an update was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GivenUp {
    /// What was updated.
    pub of: Subject,
    /// The version that was given up, as shares of requests are told.
    pub version: Subject,
    /// Its pods, none of which is left.
    pub left: Left,
    /// A name that it gets no requests of.
    pub traffic: Option<Subject>,
    /// What is back, with how many pods. Pods of the other version may stay until these are ready.
    pub back: Subject,
    /// How many.
    pub pods: u32,
    /// How long that may take.
    pub within: Duration,
}

/// The pods of a version that was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// They may stay.
    Kept,
    /// Those of a workload.
    Of(Subject),
    /// So many numbers below a name.
    Numbered(Numbered, u32),
}

/// A state that lasts no longer than its system says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaves {
    /// Who is in it.
    pub of: Subject,
    /// The state.
    pub state: &'static str,
    /// When it is over at the latest.
    pub by: Time,
    /// Which rule says so.
    pub rule: &'static str,
}

/// A value that a subject has published by a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reaches {
    /// Who.
    pub of: Subject,
    /// Under which key.
    pub key: &'static str,
    /// What stands there then.
    pub value: Symbol,
    /// When at the latest.
    pub by: Time,
    /// The parts that it takes, by their common name; nothing is owed once one of them has failed.
    pub parts: Numbered,
    /// Which rule says so.
    pub rule: &'static str,
}

/// An order of two subjects by the words of their entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order {
    /// Who waits.
    pub dependent: Subject,
    /// The words of its entries that say that it has begun.
    pub began: &'static [&'static str],
    /// For whom it waits.
    pub dependency: Subject,
    /// The words that open the way.
    pub reached: &'static [&'static str],
    /// True if the dependency must be there when the dependent begins; false if it suffices that it was, since this is owed.
    pub lasts: bool,
    /// Words of the dependency after which nothing is owed.
    pub void: &'static [&'static str],
    /// True if what begins is the end of a way back: what it comes too early for is then a version that is not back.
    pub is_back: bool,
}

/// Pods that are numbered below one name: `web-0`, `web-1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Numbered {
    /// Their namespace.
    pub namespace: Symbol,
    /// Their name without the number.
    pub stem: Symbol,
}
