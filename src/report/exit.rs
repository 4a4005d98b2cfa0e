//! Exit codes, and which of several wins.

/// How a command ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exit {
    /// All is well.
    Passed,
    /// An expectation, an oracle or a plan rule failed.
    Failed,
    /// Wrong usage, or a file that is not valid.
    Invalid,
    /// A snapshot is new or changed.
    Snapshot,
    /// No scenario was found.
    NothingMatched,
    /// The environment failed: a file that cannot be written, an API that does not answer.
    Environment,
    /// The simulation and the cluster differ.
    Diverged,
    /// Cleaning up failed.
    Cleanup,
    /// A fault or an action never fired.
    Unfired,
    /// Somebody stopped it.
    Interrupted,
}

/// The gravest first.
const BY_GRAVITY: [Exit; 10] = [
    Exit::Interrupted,
    Exit::Environment,
    Exit::Invalid,
    Exit::Diverged,
    Exit::Failed,
    Exit::Unfired,
    Exit::Snapshot,
    Exit::Cleanup,
    Exit::NothingMatched,
    Exit::Passed,
];

impl Exit {
    /// The number that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Invalid => 2,
            Exit::Snapshot => 3,
            Exit::NothingMatched => 4,
            Exit::Environment => 5,
            Exit::Diverged => 6,
            Exit::Cleanup => 7,
            Exit::Unfired => 8,
            Exit::Interrupted => 130,
        }
    }
}

/// The one that the process ends with: the gravest of them, [`Exit::Passed`] if there is none.
pub fn gravest(exits: impl IntoIterator<Item = Exit>) -> Exit {
    let rank = |exit: &Exit| BY_GRAVITY.iter().position(|other| other == exit);
    exits.into_iter().min_by_key(rank).unwrap_or(Exit::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order is fixed by what scripts rely on: 130, 5, 2, 6, 1, 8, 3, 7, 4, and 0 only if there is nothing else.
    #[test]
    fn the_gravest_wins_in_the_documented_order() {
        let codes = BY_GRAVITY.map(Exit::code);
        assert_eq!(codes, [130, 5, 2, 6, 1, 8, 3, 7, 4, 0]);
        for (graver, one) in BY_GRAVITY.iter().enumerate() {
            for other in &BY_GRAVITY[graver..] {
                assert_eq!(gravest([*other, *one]), *one, "{one:?} against {other:?}");
            }
        }
    }

    #[test]
    fn nothing_at_all_has_passed() {
        assert_eq!(gravest([]).code(), 0);
    }
}
