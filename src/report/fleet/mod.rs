//! How replays on fleets look: one table of all policies, traces and seeds for people, JSON, CSV and Parquet for programs, curves as SVG and
//! on a page of HTML. All are made from the same [`Outcome`]s.

mod curves;
mod html;
mod json;
mod rows;
mod text;

pub use curves::{Panel, svg};
pub use html::write as write_html;
pub use json::write as write_json;
pub use rows::{Rows, add_placements, curve_rows, no_placements, result_rows};
pub use text::write as write_text;

use crate::fleet::placement::Policy;
use crate::fleet::replay::{Outcome, Timed};

/// The outcomes of one trace under one policy, a seed each.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The trace.
    pub trace: &'a str,
    /// The policy.
    pub policy: Policy,
    /// In the order of their seeds.
    pub outcomes: Vec<&'a Outcome>,
}

/// Outcomes by trace and policy, in the order in which these come first.
pub fn groups(outcomes: &[Outcome]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for outcome in outcomes {
        match groups.iter_mut().find(|group| group.trace == outcome.trace && group.policy == outcome.policy) {
            Some(group) => group.outcomes.push(outcome),
            None => groups.push(Group { trace: &outcome.trace, policy: outcome.policy, outcomes: vec![outcome] }),
        }
    }
    groups
}

impl Group<'_> {
    /// The mean of a figure over the seeds that have it, in tenths and rounded to the nearest; `None` if none has it.
    pub fn mean_tenths(&self, figure: impl Fn(&Outcome) -> Option<u64>) -> Option<u64> {
        self.mean_of(10, figure)
    }

    /// The same in the unit of the figure.
    pub fn mean(&self, figure: impl Fn(&Outcome) -> Option<u64>) -> Option<u64> {
        self.mean_of(1, figure)
    }

    fn mean_of(&self, parts: u128, figure: impl Fn(&Outcome) -> Option<u64>) -> Option<u64> {
        let figures = self.outcomes.iter().filter_map(|outcome| figure(outcome)).map(u128::from);
        let (sum, count) = figures.fold((0, 0), |(sum, count), figure| (sum + figure * parts, count + 1));
        (sum + count / 2).checked_div(count).map(|mean| mean as u64)
    }
}

/// True for replays in time; all of one call are of one kind.
pub fn is_in_time(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|outcome| outcome.timed.is_some())
}

/// What is in use at the end of all that there is, in hundredths of a percent.
pub fn allocation(outcome: &Outcome) -> u64 {
    (outcome.used_gpu_milli * 10_000).checked_div(outcome.fleet.gpus * 1000).unwrap_or(0)
}

/// GPUs that nobody uses at the end, in hundredths.
pub fn unallocated(outcome: &Outcome) -> u64 {
    (outcome.fleet.gpus * 1000 - outcome.used_gpu_milli) / 10
}

/// GPUs that the usual pods cannot use at the end, in hundredths.
pub fn fragmented(outcome: &Outcome) -> u64 {
    (outcome.fragmentation_centi_milli.max(0) / 1000) as u64
}

/// GPUs that the usual pods could not use, the mean over the time that was played, in hundredths.
pub fn mean_fragmented(timed: &Timed) -> u64 {
    (timed.fragmentation_centi_milli.max(0) / 1000) as u64
}

/// Hundredths as a decimal number.
pub fn hundredths(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

/// GPU-hours from thousandths of a GPU times ms, in hundredths.
pub const fn gpu_hours(gpu_milli_ms: u128) -> u64 {
    ((gpu_milli_ms * 100 + 1_800_000_000) / 3_600_000_000) as u64
}

/// Tenths as a decimal number.
pub fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

/// Seconds from ms, with a decimal.
pub fn seconds(ms: u64) -> String {
    format!("{}.{}s", ms / 1000, ms % 1000 / 100)
}
