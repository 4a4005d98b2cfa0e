//! What a plan finds.

use super::mend::Change;
use super::rules::Rule;
use crate::kernel::{Duration, Time};
use crate::systems::kubernetes::Identity;
use crate::text::{Source, Span};

/// Something that a plan found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What it is about: `Deployment/web`.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// What shows it: the words of the API or of the scheduler, and when.
    pub evidence: Vec<String>,
    /// Where it comes from: a text and the place in it; `None` if no document says it.
    pub place: Option<(Source, Span)>,
    /// The object that is to be changed, if it is one of the manifests.
    pub object: Option<Identity>,
    /// What mends it: each was run.
    pub mends: Vec<Mend>,
}

/// A change that mends a finding, and what the run with it shows.
#[derive(Clone, Debug)]
pub struct Mend {
    /// The changes; all are needed.
    pub changes: Vec<Change>,
    /// How long the rollout takes then; `None`: something else keeps it from its end.
    pub took: Option<Duration>,
    /// The most GPUs that are held then.
    pub gpus_peak: u64,
    /// The fewest available pods of the workload then.
    pub lowest: Option<u32>,
    /// How long a Service is without a ready endpoint then, at most.
    pub outage: Duration,
}

impl Finding {
    /// A finding about a subject.
    pub fn new(rule: &'static Rule, subject: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            rule,
            subject: subject.into(),
            message: message.into(),
            evidence: Vec::new(),
            place: None,
            object: None,
            mends: Vec::new(),
        }
    }

    /// The same with something that shows it.
    #[must_use]
    pub fn shown_by(mut self, at: Time, evidence: impl std::fmt::Display) -> Finding {
        let line = format!("{at}  {evidence}");
        if !self.evidence.contains(&line) {
            self.evidence.push(line);
        }
        self
    }

    /// What tells findings of two plans apart: the rule and the subject.
    pub fn key(&self) -> (&'static str, &str) {
        (self.rule.code, &self.subject)
    }
}
