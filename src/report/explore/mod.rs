//! How a search looks: text, JSON, NDJSON, JUnit, GitHub annotations. All are made from one [`Explored`].

mod github;
mod json;
mod junit;
mod ndjson;
mod text;

pub use github::write as write_github;
pub use json::write as write_json;
pub use junit::write as write_junit;
pub use ndjson::write as write_ndjson;
pub use text::write as write_text;

use super::Exit;
use crate::explore::Exploration;
use crate::text::counted::counted;

/// A search that is over, and what of it is to be shown.
#[derive(Clone, Debug)]
pub struct Explored {
    /// The file of the scenario, as the user named it.
    pub file: String,
    /// What was found.
    pub exploration: Exploration,
    /// What was made of the first findings, in their order.
    pub kept: Vec<Kept>,
    /// True if what was reached is shown too.
    pub coverage: bool,
}

/// What was made of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kept {
    /// The smallest scenario that shows it.
    Written {
        /// Its file.
        file: String,
        /// How many faults are left.
        faults: usize,
        /// How many actions.
        actions: usize,
        /// How many nodes.
        nodes: u32,
        /// How many scenarios were tried.
        tries: usize,
    },
    /// There is none; the text says why.
    Not(String),
}

impl Kept {
    /// In a line.
    fn text(&self) -> String {
        match self {
            Kept::Written { file, faults, actions, nodes, tries } => format!(
                "kept as {file}: {}, {}, {}; {} tried",
                counted(*faults, "fault"),
                counted(*actions, "action"),
                counted(*nodes as usize, "node"),
                counted(*tries, "scenario")
            ),
            Kept::Not(why) => format!("not kept: {why}"),
        }
    }
}

impl Explored {
    /// What the command exits with.
    pub fn exit(&self) -> Exit {
        if self.exploration.groups.is_empty() { Exit::Passed } else { Exit::Failed }
    }

    /// The scenario's name.
    fn name(&self) -> &str {
        &self.exploration.plan.scenario.name
    }
}
