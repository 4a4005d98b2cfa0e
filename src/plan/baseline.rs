//! A plan beside that of another version of the files: what is new, what is gone, what costs more.

use std::collections::BTreeSet;

use super::Plan;
use super::course::Outcome;
use super::finding::Finding;
use crate::kernel::Duration;

/// The verdict that another plan is compared with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Baseline {
    /// How it ended, in a word: `finished`, `deadlocked`.
    pub outcome: String,
    /// How long it took.
    pub took: Option<Duration>,
    /// The most GPUs that were held.
    pub gpus_peak: u64,
    /// The longest time that a Service was without a ready endpoint.
    pub outage: Duration,
    /// The longest stall.
    pub stall: Duration,
    /// Rule and subject of each finding.
    pub findings: BTreeSet<(String, String)>,
}

/// A figure of both plans.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What it is: `GPUs at most`.
    pub what: &'static str,
    /// In the baseline.
    pub before: String,
    /// In the plan.
    pub after: String,
    /// True if the plan is worse.
    pub worse: bool,
}

/// The outcome in a word.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Finished(_) => "finished",
        Outcome::Deadlocked => "deadlocked",
        Outcome::Failed => "failed",
        Outcome::Waiting => "waiting",
        Outcome::Unfinished => "unfinished",
    }
}

impl Baseline {
    /// What a plan is remembered by.
    pub fn of(plan: &Plan) -> Baseline {
        let course = &plan.course;
        let outages = course.services.iter().map(|service| service.outage(course.ends));
        Baseline {
            outcome: outcome(course.outcome).to_owned(),
            took: course.took(),
            gpus_peak: course.gpus.peak,
            outage: outages.max().unwrap_or(Duration::ZERO),
            stall: course.stall.length,
            findings: plan.findings.iter().map(own).collect(),
        }
    }

    /// True if the baseline has the same finding.
    pub fn has(&self, finding: &Finding) -> bool {
        self.findings.contains(&own(finding))
    }

    /// The figures that differ.
    pub fn changes(&self, plan: &Plan) -> Vec<Change> {
        let now = Baseline::of(plan);
        let length = |took: Option<Duration>| took.map_or_else(|| "never".to_owned(), |took| took.to_string());
        let longer = |before: Option<Duration>, after: Option<Duration>| match (before, after) {
            (Some(before), Some(after)) => after > before,
            (Some(_), None) => true,
            _ => false,
        };
        let rows = [
            ("the end", self.outcome.clone(), now.outcome.clone(), now.outcome != "finished"),
            ("time to finish", length(self.took), length(now.took), longer(self.took, now.took)),
            ("GPUs at most", self.gpus_peak.to_string(), now.gpus_peak.to_string(), now.gpus_peak > self.gpus_peak),
            ("longest outage", self.outage.to_string(), now.outage.to_string(), now.outage > self.outage),
            ("longest stall", self.stall.to_string(), now.stall.to_string(), now.stall > self.stall),
        ];
        let differ = rows.into_iter().filter(|(_, before, after, _)| before != after);
        differ.map(|(what, before, after, worse)| Change { what, before, after, worse }).collect()
    }

    /// Findings of the baseline that the plan no longer has.
    pub fn gone(&self, plan: &Plan) -> Vec<(String, String)> {
        let now = Baseline::of(plan);
        self.findings.difference(&now.findings).cloned().collect()
    }
}

fn own(finding: &Finding) -> (String, String) {
    (finding.rule.code.to_owned(), finding.subject.clone())
}
