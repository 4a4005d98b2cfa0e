//! A chain of causes, from the line of the scenario on: bounded, and cut where another chain tells the beginning.

use crate::rehearsal::RunResult;
use crate::timeline::{Cause, EntryId, LineId};

/// The most steps of a chain that are told.
pub const STEPS_MAX: usize = 24;
/// Of a longer chain, so many steps at its beginning.
const STEPS_FIRST: usize = 6;

/// A chain of causes, the first first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chain {
    /// The line of the scenario where it begins; `None` if it goes on from a step that was told already.
    pub line: Option<LineId>,
    /// The step that was told already and from which it goes on.
    pub joins: Option<EntryId>,
    /// The steps.
    pub steps: Vec<EntryId>,
    /// Steps that are left out: how many, and behind how many of `steps` they would stand.
    pub gap: Option<Gap>,
}

/// Steps that are left out of a long chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// How many steps are told before.
    pub after: usize,
    /// How many are left out.
    pub count: usize,
}

impl Chain {
    /// The chain behind an entry. It goes on from the last of its steps that is among those `told`.
    pub fn behind(run: &RunResult, entry: EntryId, told: &[EntryId]) -> Chain {
        let mut steps = run.timeline.chain(entry);
        let joins = steps.iter().position(|step| told.contains(step)).map(|at| {
            let joined = steps[at];
            steps.truncate(at);
            joined
        });
        steps.reverse();
        let line = match steps.first().and_then(|first| run.timeline.get(*first)).map(|first| first.cause) {
            Some(Cause::Line(line)) => Some(line),
            _ => None,
        };
        let mut chain = Chain { line, joins, steps, gap: None };
        if chain.steps.len() > STEPS_MAX {
            let count = chain.steps.len() - STEPS_MAX;
            chain.steps.drain(STEPS_FIRST..STEPS_FIRST + count);
            chain.gap = Some(Gap { after: STEPS_FIRST, count });
        }
        chain
    }

    /// How many steps are left out before the one at this position.
    pub fn gap_before(&self, position: usize) -> Option<usize> {
        self.gap.filter(|gap| gap.after == position).map(|gap| gap.count)
    }
}
