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

/// A search that is over, and what of it is to be shown.
#[derive(Clone, Debug)]
pub struct Explored {
    /// The file of the scenario, as the user named it.
    pub file: String,
    /// What was found.
    pub exploration: Exploration,
    /// True if what was reached is shown too.
    pub coverage: bool,
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
