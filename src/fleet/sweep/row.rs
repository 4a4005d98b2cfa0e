//! A run as a line of a file, and back.

use serde::{Deserialize, Serialize};

use super::{Outcome, Run};

/// A run and what it gave.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The number of the run.
    pub run: u64,
    /// Its plan.
    pub plan: u32,
    /// Its sample.
    pub sample: u64,
    /// Its seed.
    pub seed: u64,
    /// What it gave.
    pub outcome: Outcome,
}

impl Row {
    /// The row of a run.
    pub const fn new(run: Run, outcome: Outcome) -> Row {
        Row { run: run.id, plan: run.plan, sample: run.sample, seed: run.seed, outcome }
    }

    /// The line, with its line break.
    ///
    /// # Panics
    /// Never: there is nothing in it that JSON cannot hold.
    pub fn line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("numbers and texts are JSON");
        line.push('\n');
        line
    }

    /// The row of a line.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(line: &str) -> Result<Row, String> {
        serde_json::from_str(line).map_err(|error| error.to_string())
    }
}
