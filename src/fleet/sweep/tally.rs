//! The figures of each plan, summed up over its samples: what tables and searches are made of.

use std::collections::BTreeMap;

use super::metric::{ALL, Metric};
use super::row::Row;
use crate::fleet::statistics::{Pairs, Summary};

/// What is known of one plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    summaries: BTreeMap<Metric, Summary>,
    /// How many runs had a finding of each oracle, by its code.
    pub found: BTreeMap<String, u64>,
    /// How many runs each expectation failed in, by its position.
    pub failed: BTreeMap<u32, u64>,
    /// The runs.
    pub runs: u64,
    /// The seed of the first run that did not pass.
    pub first_failed_seed: Option<(u64, u64)>,
}

impl Tally {
    /// Adds a run.
    pub fn add(&mut self, row: &Row) {
        self.runs += 1;
        for (_, metric, _) in ALL {
            self.summaries.entry(metric).or_default().add(row.outcome.value(metric));
        }
        for code in row.outcome.findings.keys() {
            *self.found.entry(code.clone()).or_default() += 1;
        }
        for index in &row.outcome.failed {
            *self.failed.entry(*index).or_default() += 1;
        }
        if row.outcome.exit != 0 {
            let this = (row.sample, row.seed);
            self.first_failed_seed = Some(self.first_failed_seed.map_or(this, |first| first.min(this)));
        }
    }

    /// The values of a metric.
    pub fn summary(&self, metric: Metric) -> Summary {
        self.summaries.get(&metric).cloned().unwrap_or_default()
    }
}

/// The values of one metric in the runs of a plan, which [`Tally`] does not keep for each oracle.
pub fn summary_of<'r>(rows: impl Iterator<Item = &'r Row>, metric: Metric) -> Summary {
    let mut summary = Summary::default();
    rows.for_each(|row| summary.add(row.outcome.value(metric)));
    summary
}

/// The same of each plan.
pub fn summaries(rows: &[Row], plans: u32, metric: Metric) -> Vec<Summary> {
    let mut summaries = vec![Summary::default(); plans as usize];
    for row in rows {
        if let Some(summary) = summaries.get_mut(row.plan as usize) {
            summary.add(row.outcome.value(metric));
        }
    }
    summaries
}

/// The tallies of all plans.
pub fn tallies(rows: &[Row], plans: u32) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); plans as usize];
    for row in rows {
        if let Some(tally) = tallies.get_mut(row.plan as usize) {
            tally.add(row);
        }
    }
    tallies
}

/// The samples of two plans side by side. `rows` are in the order of their runs, and those of a sample follow one another.
pub fn pairs(rows: &[Row], plans: u32, first: u32, second: u32, metric: Metric) -> Pairs {
    let mut pairs = Pairs::default();
    for sample in rows.chunks_exact(plans.max(1) as usize) {
        let of = |plan: u32| sample.get(plan as usize).and_then(|row| row.outcome.value(metric));
        pairs.add(of(first), of(second));
    }
    pairs
}
