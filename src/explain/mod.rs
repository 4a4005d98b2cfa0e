//! Why something came to be, or did not: the chain of causes behind an entry, an expectation or a fault that never fired,
//! and beyond it what a person asks next: what a subject waits for, who holds the place that a pod needs, what an entry
//! led to. Everything is read from a finished timeline, its entries and causes, so that it holds for a live run as well.
//! How an explanation is shown is the work of `report`.

pub mod chain;
mod context;
pub mod graph;
mod holders;
pub mod select;
mod standing;
#[cfg(test)]
mod tests;
mod view;
mod waits;
mod wanted;

pub use chain::Chain;
pub use graph::Graph;
pub use select::{Missing, Selection, explain};

use crate::kernel::Time;
use crate::timeline::{EntryId, Subject};

/// What is explained, and all that was found about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Story {
    /// The explanations, in the order of the scenario.
    pub explanations: Vec<Explanation>,
    /// How many more there would have been.
    pub left_out: usize,
    /// True if nothing was asked for and nothing had failed: then it tells how everything came to its end.
    pub all_well: bool,
}

/// One thing that is explained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What it is.
    pub about: About,
    /// The instant of which it tells: nothing later is taken into account.
    pub moment: Time,
    /// The causes, if an entry decided it.
    pub chain: Option<Chain>,
    /// What a person needs to know beside the causes.
    pub sections: Vec<Section>,
}

/// What an explanation is about; numbers are positions in the lists of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// An entry of the timeline.
    Entry(EntryId),
    /// An expectation.
    Expectation(usize),
    /// A fault or action that never fired.
    Unfired(usize),
    /// A document that was rejected.
    Document(usize),
    /// What a built-in oracle found.
    Finding(usize),
    /// What a built-in oracle was to find and did not.
    Missed(usize),
    /// That the run hit a limit.
    Limit,
}

/// Something about the surroundings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// What it answers.
    pub topic: Topic,
    /// The answer.
    pub content: Content,
    /// How many rows more there would have been.
    pub left_out: usize,
}

impl Section {
    /// True if this section answers the same sort of question as the other and has all its rows.
    fn says(&self, other: &Section) -> bool {
        let (Content::Rows(rows), Content::Rows(others)) = (&self.content, &other.content) else { return false };
        let has = |row: &Row| rows.iter().any(|own| own.entry == row.entry);
        std::mem::discriminant(&self.topic) == std::mem::discriminant(&other.topic) && others.iter().all(has)
    }
}

/// The question that a section answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// What the subject became, last of all.
    Became(Subject),
    /// What the subject is waiting for.
    WaitsFor(Subject),
    /// How the subject came to be what it is.
    CameToBe(Subject),
    /// Who holds what the pod needs.
    Holders(Subject),
    /// Nodes on which no pod can start, or not this one.
    Nodes(Subject),
    /// The workload that the pod serves.
    Serves(Subject),
    /// The node that the pod is on.
    OnNode(Subject),
    /// The parts of the subject that changed last.
    MadeOf(Subject),
    /// What the entry led to.
    LedTo(EntryId),
}

/// What a section holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// Entries, each by itself or below the one that it belongs to.
    Rows(Vec<Row>),
    /// A chain of causes.
    Chain(Chain),
}

/// An entry in a section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// How deep it stands below others: 0 for those at the top.
    pub depth: usize,
    /// The entry.
    pub entry: EntryId,
    /// What its subject has become since; the same entry if nothing.
    pub now: EntryId,
}

impl Row {
    const fn new(depth: usize, entry: EntryId) -> Row {
        Row { depth, entry, now: entry }
    }
}
