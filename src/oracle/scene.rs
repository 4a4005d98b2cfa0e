//! What a rule may look at while it judges, and what it decides.

use super::board::{Board, Slot, most_alike};
use crate::kernel::Time;
use crate::rehearsal::VerdictStatus;
use crate::timeline::{EntryId, Kind};
use crate::workload::Stage;

/// The present of a run.
pub struct Scene<'a> {
    /// The time.
    pub now: Time,
    /// The states of what the scenario names.
    pub board: &'a mut Board,
    /// The world.
    pub stage: &'a dyn Stage,
}

/// A subject and the state that it is to be in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The subject.
    pub slot: Slot,
    /// The state.
    pub state: String,
}

impl Wanted {
    /// True if the subject is in the state now.
    pub fn holds(&self, board: &Board) -> bool {
        board.now(self.slot).is_some_and(|now| now.became == self.state)
    }

    /// The wanted state in words: `deployment/vllm: monitoring`.
    pub fn text(&self, board: &Board) -> String {
        format!("{}: {}", board.text(self.slot), self.state)
    }
}

/// True if all of these hold now.
pub fn all_hold(wanted: &[Wanted], board: &Board) -> bool {
    wanted.iter().all(|wanted| wanted.holds(board))
}

impl Scene<'_> {
    /// The entry that was written last about any of these subjects: the one that made them what they are together.
    pub fn latest(&self, wanted: &[Wanted]) -> Option<EntryId> {
        wanted.iter().filter_map(|wanted| self.board.now(wanted.slot)).map(|seen| seen.id).max()
    }

    /// What the subject is, in words: `deployment/vllm was active since 00:01:00.000`.
    pub fn state_of(&self, slot: Slot) -> String {
        let text = self.board.text(slot);
        match self.board.now(slot) {
            Some(seen) => format!("{text} was {} since {}", seen.became, seen.at),
            None if self.there(slot) => format!("{text} had no state"),
            None => self.never_appeared(slot),
        }
    }

    /// Each of these that does not hold, in words, a line each.
    pub fn missing(&self, wanted: &[Wanted]) -> String {
        let missing: Vec<String> = wanted
            .iter()
            .filter(|wanted| !wanted.holds(self.board))
            .map(|wanted| format!("expected {}, but {}", wanted.text(self.board), self.state_of(wanted.slot)))
            .collect();
        missing.join("\n")
    }

    /// The latest entry about a subject that is not as it is wanted.
    pub fn culprit(&self, wanted: &[Wanted]) -> Option<EntryId> {
        let wrong = wanted.iter().filter(|wanted| !wanted.holds(self.board));
        wrong.filter_map(|wanted| self.board.now(wanted.slot)).map(|seen| seen.id).max()
    }

    /// True once there is or was such a subject.
    pub fn there(&self, slot: Slot) -> bool {
        if self.board.first(slot).is_some() {
            return true;
        }
        // These are never in the world itself.
        if matches!(self.board.kind(slot), Kind::Fault | Kind::Action | Kind::Scenario) {
            return false;
        }
        let subjects = self.board.subjects(slot, self.stage.names());
        subjects.into_iter().any(|subject| self.stage.counts(subject).is_some())
    }

    /// That a subject is nowhere in the run, with the name that may have been meant.
    pub fn never_appeared(&self, slot: Slot) -> String {
        let text = self.board.text(slot);
        match most_alike(text, self.stage.timeline(), self.stage.names()) {
            Some(other) => format!("{text} never appeared in the run; did you mean {other}?"),
            None => format!("{text} never appeared in the run"),
        }
    }
}

/// What was decided about an expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// How it came out.
    pub status: VerdictStatus,
    /// When that was known.
    pub at: Time,
    /// What was found.
    pub detail: String,
    /// The entry that decided it.
    pub evidence: Option<EntryId>,
}

impl Decision {
    /// It held.
    pub fn passed(at: Time, detail: String, evidence: Option<EntryId>) -> Decision {
        Decision { status: VerdictStatus::Passed, at, detail, evidence }
    }

    /// It did not hold.
    pub fn failed(at: Time, detail: String, evidence: Option<EntryId>) -> Decision {
        Decision { status: VerdictStatus::Failed, at, detail, evidence }
    }

    /// It could not be judged.
    pub fn unjudged(at: Time, detail: String) -> Decision {
        Decision { status: VerdictStatus::Unjudged, at, detail, evidence: None }
    }
}
