//! What a sweep gave: tables for people, JSON, a row a run as CSV and Parquet, plots. The figures are `fleet`'s; here is their form.

mod json;
mod rows;
mod svg;
mod text;

pub use self::json::write as write_json;
pub use self::rows::{write_csv, write_parquet};
pub use self::svg::write as write_svg;
pub use self::text::write as write_text;

use crate::fleet::statistics::{Confidence, Estimate, Paired};
use crate::fleet::sweep::Space;
use crate::fleet::sweep::find::{Find, Found};
use crate::fleet::sweep::measure::{Holds, Measure};
use crate::fleet::sweep::metric::{Metric, Unit};
use crate::fleet::sweep::precision::Precision;
use crate::fleet::sweep::row::Row;
use crate::fleet::sweep::shard::Manifest;
use crate::fleet::sweep::tally::{Tally, pairs, summary_of, tallies};
use crate::report::Exit;

/// A sweep that is over.
#[derive(Clone, Debug)]
pub struct Swept {
    /// What it is of.
    pub manifest: Manifest,
    /// Its space, with as many samples as were made.
    pub space: Space,
    /// Its runs, in order; of a search those of the plans that it looked at.
    pub rows: Vec<Row>,
    /// The expectations of the scenario, as they are told.
    pub expectations: Vec<String>,
    /// How sure each interval is.
    pub confidence: Confidence,
    /// The figures to show.
    pub measures: Vec<Measure>,
    /// Whether it was precise enough, if that was asked for.
    pub stopped: Option<Stopped>,
    /// What was found, if something was searched for.
    pub search: Option<Search>,
}

/// When a sweep ended that was to be precise.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// What was asked for.
    pub asked: Vec<Precision>,
    /// The numbers of samples at which was looked, or would have been.
    pub looks: Vec<u64>,
    /// True if it was precise enough at the last look.
    pub is_precise: bool,
    /// How sure all looks are together.
    pub together: Confidence,
}

/// A search that is over.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was searched for.
    pub find: Find,
    /// What was found.
    pub found: Found,
    /// How sure all its statements are together.
    pub together: Confidence,
}

impl Swept {
    /// 1 if nothing that was searched for was found, or the sweep is less precise than was asked for; else 0. A run that fails is a
    /// figure.
    pub fn exit(&self) -> Exit {
        let lacks = self.search.as_ref().is_some_and(|search| search.found.best.is_none());
        let vague = self.stopped.as_ref().is_some_and(|stopped| !stopped.is_precise);
        if lacks || vague { Exit::Failed } else { Exit::Passed }
    }

    /// True if there is every run of the space, as there is not of a search: then samples can be compared between plans.
    fn is_complete(&self) -> bool {
        self.rows.len() as u64 == self.space.runs()
    }

    /// The plans of which there are runs.
    fn plans(&self) -> Vec<(u32, Tally)> {
        let all = tallies(&self.rows, self.space.plans()).into_iter();
        (0..).zip(all).filter(|(_, tally)| tally.runs > 0).collect()
    }

    /// The estimate of a figure of a plan.
    fn estimate(&self, plan: u32, tally: &Tally, measure: &Measure) -> Estimate {
        let summary = match measure.metric {
            Metric::FindingsOf(_) => summary_of(self.rows.iter().filter(|row| row.plan == plan), measure.metric),
            metric => tally.summary(metric),
        };
        measure.estimate(&summary, self.confidence)
    }
}

/// What is said of a value that was looked at.
fn verdict(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "good enough",
        Holds::Undecided => "undecided: the limit lies in the interval",
        Holds::No => "not good enough",
    }
}

/// How a plan differs from the first in a metric, sample by sample.
fn compared(swept: &Swept, plan: u32, metric: Metric) -> Paired {
    let pairs = pairs(&swept.rows, swept.space.plans(), 0, plan, metric);
    match metric.unit() {
        Unit::Truth => pairs.compare_truths(swept.confidence),
        _ => pairs.compare(swept.confidence),
    }
}
