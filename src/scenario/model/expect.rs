//! What a scenario expects of a run. Judging it is `oracle`'s.

use crate::kernel::{Duration, Time};
use crate::text::Place;

/// Something that must be so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectEntry {
    /// Where it stands.
    pub place: Place,
    /// Whose view of the states counts.
    pub view: View,
    /// What must be so.
    pub kind: ExpectKind,
}

/// Whose view an expectation is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum View {
    /// The true state.
    #[default]
    Actual,
    /// What the system believes.
    Observed,
}

/// A subject and a state: `deployment/vllm` and `monitoring`.
pub type SubjectState = (String, String);

/// The kinds of expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExpectKind {
    /// At some instant all of these hold together.
    Eventually {
        /// The states, in the order of the file.
        states: Vec<SubjectState>,
        /// At the latest so long after the start; `None`: before the run ends.
        within: Option<Duration>,
    },
    /// The first state is reached before the second.
    Before {
        /// What comes first.
        first: SubjectState,
        /// What comes later.
        second: SubjectState,
    },
    /// A condition holds at every instant of a window.
    Always {
        /// The condition.
        condition: Condition,
        /// Where the window opens; `None`: at the start.
        from: Option<Mark>,
        /// Where it closes; `None`: at the end.
        until: Option<Mark>,
    },
    /// A condition holds at no instant of a window.
    Never {
        /// The condition.
        condition: Condition,
        /// Where the window opens; `None`: at the start.
        from: Option<Mark>,
        /// Where it closes; `None`: at the end.
        until: Option<Mark>,
    },
    /// Values that were published have a form.
    Export {
        /// The values, in the order of the file.
        values: Vec<ExportPattern>,
    },
    /// All of these hold when the run ends.
    Final {
        /// The states, in the order of the file.
        states: Vec<SubjectState>,
    },
    /// At some time all of these begin to hold together and go on for so long.
    StableFor {
        /// The states, in the order of the file.
        states: Vec<SubjectState>,
        /// For how long.
        length: Duration,
    },
}

impl ExpectKind {
    /// The states that the expectation waits for or speaks of, other than those of its window.
    pub fn states(&self) -> Vec<&SubjectState> {
        match self {
            ExpectKind::Eventually { states, .. }
            | ExpectKind::Final { states }
            | ExpectKind::StableFor { states, .. } => states.iter().collect(),
            ExpectKind::Before { first, second } => vec![first, second],
            ExpectKind::Always { condition: Condition::States(states), .. }
            | ExpectKind::Never { condition: Condition::States(states), .. } => states.iter().collect(),
            ExpectKind::Always { .. } | ExpectKind::Never { .. } | ExpectKind::Export { .. } => Vec::new(),
        }
    }

    /// The name of the expectation as a scenario writes it.
    pub const fn text(&self) -> &'static str {
        match self {
            ExpectKind::Eventually { .. } => "eventually",
            ExpectKind::Before { .. } => "before",
            ExpectKind::Always { .. } => "always",
            ExpectKind::Never { .. } => "never",
            ExpectKind::Export { .. } => "export",
            ExpectKind::Final { .. } => "final",
            ExpectKind::StableFor { .. } => "stable_for",
        }
    }
}

/// A value that a subject publishes, and its form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportPattern {
    /// The subject: `deployment/vllm`.
    pub subject: String,
    /// The key: `internal_dns_name`.
    pub key: String,
    /// A regular expression that is known to be well formed; it may match anywhere in the value.
    pub pattern: String,
}

/// What holds or does not hold at an instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// All of these states together, in the order of the file.
    States(Vec<SubjectState>),
    /// An expression of the Common Expression Language that gives a boolean.
    Cel(String),
}

/// An end of a window of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A time.
    At(Time),
    /// The first instant at which all of these states hold together.
    States(Vec<SubjectState>),
    /// The instant of the action of this name.
    Action(String),
    /// The instant of the fault of this name.
    Fault(String),
}
