//! Which built-in oracles judge the runs of a scenario, as its file says. Which there are, `oracle` knows.

use crate::kernel::Duration;
use crate::text::{Place, Span};

/// How long nothing may go on, while something is asked for, before a run counts as stuck, where the scenario does not say.
pub const STUCK_AFTER_DEFAULT: Duration = Duration::from_secs(600);

/// What a scenario says of the built-in oracles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Oracles {
    /// Those that do not judge, by code or name, each with its place.
    pub off: Vec<(String, Span)>,
    /// Those that alone judge, in the same way; `None`: all.
    pub only: Option<Vec<(String, Span)>>,
    /// What is to be found.
    pub expect: Vec<ExpectedFinding>,
    /// How long nothing may go on while something is asked for.
    pub stuck_after: Duration,
}

impl Default for Oracles {
    fn default() -> Self {
        Oracles { off: Vec::new(), only: None, expect: Vec::new(), stuck_after: STUCK_AFTER_DEFAULT }
    }
}

/// Something that an oracle is to find.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExpectedFinding {
    /// Where it stands.
    pub place: Place,
    /// The same within the text.
    pub span: Span,
    /// The oracle, by its code or name.
    pub oracle: String,
    /// A glob over the subjects of findings; `None`: of any.
    pub about: Option<String>,
}
