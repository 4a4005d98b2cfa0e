//! How a run looks: text, JSON, NDJSON, JUnit, GitHub's annotations and step summary, and the text that a snapshot holds.
//! Everything here is made from [`Report`]; what a run means was decided before, by `oracle` and `rehearsal`.

pub mod case;
pub mod conform;
pub mod diff;
pub mod exit;
pub mod explain;
pub mod explore;
pub mod fleet;
pub mod github;
pub mod json;
pub mod junit;
pub mod ndjson;
pub mod paint;
pub mod plan;
pub mod replay;
mod rows;
pub mod selection;
pub mod shrink;
pub mod snapshot;
mod state;
pub mod step_summary;
pub mod summary;
pub mod sweep;
pub mod text;
mod traffic;
mod xml;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use case::{Case, CaseStatus};
pub use exit::Exit;
pub use paint::Paint;
pub use selection::{Selection, Shard};
pub use snapshot::SnapshotState;

use crate::rehearsal::{Notice, RunResult};
use crate::text::Diagnostic;

/// All that one command has to tell: one item a scenario file, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What became of each file.
    pub items: Vec<Item>,
    /// What is to be said that belongs to no one file: snapshots without a scenario.
    pub notices: Vec<String>,
    /// What went wrong beside the scenarios: a snapshot that could not be written.
    pub troubles: Vec<String>,
    /// What was left out of what was found; `None` if nothing could be.
    pub selection: Option<Selection>,
}

/// What became of one scenario file.
#[derive(Clone, Debug)]
pub enum Item {
    /// It was run.
    Ran(Box<Rehearsed>),
    /// It was only checked, and is valid.
    Valid(Valid),
    /// It could not be read, or something in it is wrong.
    Invalid(Invalid),
}

/// A scenario that was run, and how it is judged.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// The run.
    pub run: RunResult,
    /// How it compares with its accepted snapshot.
    pub snapshot: SnapshotState,
    /// What is judged, one after another. Every format and the exit code are made from these.
    pub cases: Vec<Case>,
}

/// A scenario file that could not be run.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// The file.
    pub file: String,
    /// What is wrong, in order.
    pub problems: Vec<Diagnostic>,
}

/// A scenario file that was checked.
#[derive(Clone, Debug)]
pub struct Valid {
    /// The file.
    pub file: String,
    /// What the user should know nevertheless.
    pub notices: Vec<Notice>,
}

impl Rehearsed {
    /// Judges a run.
    pub fn new(run: RunResult, snapshot: SnapshotState) -> Rehearsed {
        let cases = case::cases(&run, &snapshot);
        Rehearsed { run, snapshot, cases }
    }

    /// The cases that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.status != CaseStatus::Passed)
    }

    /// What this run makes the command exit with: the gravest of its cases.
    pub fn exit(&self) -> Exit {
        exit::gravest(self.failures().map(|case| case.exit))
    }
}

impl Item {
    /// The file, as the user named it.
    pub fn file(&self) -> &str {
        match self {
            Item::Ran(rehearsed) => &rehearsed.run.file,
            Item::Valid(valid) => &valid.file,
            Item::Invalid(invalid) => &invalid.file,
        }
    }

    /// What this item alone makes the command exit with.
    pub fn exit(&self) -> Exit {
        match self {
            Item::Ran(rehearsed) => rehearsed.exit(),
            Item::Valid(_) => Exit::Passed,
            Item::Invalid(_) => Exit::Invalid,
        }
    }
}

impl Report {
    /// Every exit code that something in this report calls for, in the order of the items.
    pub fn exits(&self) -> Vec<Exit> {
        let mut exits: Vec<Exit> = Vec::new();
        for item in &self.items {
            match item {
                Item::Ran(rehearsed) => exits.extend(rehearsed.failures().map(|case| case.exit)),
                Item::Valid(_) => {}
                Item::Invalid(_) => exits.push(Exit::Invalid),
            }
        }
        if !self.troubles.is_empty() {
            exits.push(Exit::Environment);
        }
        if self.nothing().is_some() {
            exits.push(Exit::NothingMatched);
        }
        exits
    }

    /// What to say if there is nothing to run. A shard may be empty if others are not.
    pub fn nothing(&self) -> Option<String> {
        match &self.selection {
            _ if !self.items.is_empty() => None,
            Some(selection) if selection.is_empty_shard() => None,
            Some(Selection { found: found @ 1.., matched: Some(_), .. }) => {
                Some(format!("no scenario matches, of {found} found"))
            }
            _ => Some("no scenario was found".to_owned()),
        }
    }

    /// The exit code of the command: the gravest.
    pub fn exit(&self) -> Exit {
        exit::gravest(self.exits())
    }
}
