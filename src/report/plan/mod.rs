//! How a plan looks: text, JSON, SARIF, GitHub annotations. All are made from one [`Judged`].

mod github;
mod json;
mod sarif;
mod text;

pub use github::write as write_github;
pub use json::{read as read_baseline, write as write_json};
pub use sarif::write as write_sarif;
pub use text::write as write_text;

use super::Exit;
use crate::plan::Plan;
use crate::plan::baseline::Baseline;
use crate::plan::threshold::Threshold;

/// A plan, and what of it is not to be.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The plan.
    pub plan: Plan,
    /// What it is compared with.
    pub baseline: Option<Baseline>,
    /// What is beyond a limit.
    pub failures: Vec<String>,
}

impl Judged {
    /// Judges a plan by limits; findings that the baseline has too break none.
    pub fn new(plan: Plan, thresholds: &[Threshold], baseline: Option<Baseline>) -> Judged {
        let is_known = |finding: &crate::plan::finding::Finding| baseline.as_ref().is_some_and(|one| one.has(finding));
        let failures = thresholds.iter().filter_map(|threshold| threshold.broken(&plan, &is_known)).collect();
        Judged { plan, baseline, failures }
    }

    /// What the command exits with.
    pub fn exit(&self) -> Exit {
        if self.failures.is_empty() { Exit::Passed } else { Exit::Failed }
    }
}
