//! How an explanation looks: text, JSON, and graphs for Mermaid and Graphviz. What is told is derived before, by `explain`.

pub mod dot;
pub mod json;
pub mod mermaid;
pub mod text;
mod words;

#[cfg(test)]
mod tests;

use crate::explain::Story;
use crate::rehearsal::RunResult;
use crate::text::Source;

/// A run, and what is explained of it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The run.
    pub run: RunResult,
    /// The text of the scenario.
    pub source: Source,
    /// What is explained.
    pub story: Story,
}
