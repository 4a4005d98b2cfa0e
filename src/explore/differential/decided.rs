//! Ends that something decided on, as its documentation says it does: a Job that used up its retries, a rollout that was given up. A
//! fault that led there is over, and what was decided stays; that is no failure to converge.

use super::super::fork::Fork;
use crate::timeline::{Head, Kind};

/// True if something in a run was decided for good that was not in the run without faults.
pub fn is_decided(fork: &Fork, base: &Fork) -> bool {
    count(fork) > count(base)
}

fn count(fork: &Fork) -> usize {
    fork.timeline().heads(0).filter(|(_, entry)| decides(entry)).count()
}

fn decides(entry: &Head) -> bool {
    match entry.subject.kind {
        Kind::Job => entry.became == "Failed",
        Kind::AnalysisRun => matches!(entry.became, "Failed" | "Error" | "Inconclusive"),
        Kind::Rollout => entry.became == "Degraded",
        Kind::Member => matches!(entry.became, "failed" | "rolling_back" | "error"),
        Kind::Definition | Kind::Request | Kind::Checkpoint => entry.became == "failed",
        Kind::Node => matches!(entry.became, "Removed" | "Reclaimed"),
        Kind::Step => true,
        _ => entry.became.eq_ignore_ascii_case("rejected"),
    }
}
