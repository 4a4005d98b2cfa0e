//! What the oracles of a run have found so far. The same thing is told once.

use crate::kernel::{Duration, Time};
use crate::rehearsal::Finding;
use crate::text::rule::Rule;
use crate::timeline::EntryId;

/// The findings of one run.
#[derive(Clone, Debug, Default)]
pub struct Found(Vec<Finding>);

impl Found {
    /// Adds a finding that is no matter of time. One of the same oracle about the same subject stays as it was first told.
    pub fn add(
        &mut self,
        rule: &'static Rule,
        subject: impl Into<String>,
        at: Time,
        detail: impl Into<String>,
        evidence: Option<EntryId>,
    ) {
        self.add_lasting(rule, subject, at, None, detail, evidence);
    }

    /// Adds a finding that is so from `at` on, for a length of time.
    pub fn add_lasting(
        &mut self,
        rule: &'static Rule,
        subject: impl Into<String>,
        at: Time,
        lasts: Option<Duration>,
        detail: impl Into<String>,
        evidence: Option<EntryId>,
    ) {
        let subject = subject.into();
        if self.0.iter().any(|known| known.rule == rule && known.subject == subject) {
            return;
        }
        self.0.push(Finding { rule, subject, at, lasts, detail: detail.into(), evidence, expected: false });
    }

    /// All of them, in the order in which they were told.
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}
