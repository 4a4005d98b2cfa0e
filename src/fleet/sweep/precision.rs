//! How precise a figure must be before a sweep ends: `p99(time_to_ready)=10s`, `rate(passed)=1%`. When is looked, and why that does
//! not spoil the intervals, stands in `statistics::looks`.

use std::fmt;

use super::cursor::Cursor;
use super::measure::{Measure, limit};
use super::row::Row;
use super::tally::summaries;
use crate::fleet::statistics::{Confidence, Estimate};
use crate::text::Diagnostic;

/// The samples of the first look.
pub const FIRST_LOOK: u64 = 100;

/// A figure, and the half width that its interval must not pass.
#[derive(Clone, PartialEq, Debug)]
pub struct Precision {
    /// The figure.
    pub measure: Measure,
    /// The half width, in the unit of the figure.
    pub half_width: f64,
    /// The same as it was written.
    pub written: String,
}

impl Precision {
    /// Reads a precision.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn parse(text: &str) -> Result<Precision, Diagnostic> {
        let mut cursor = Cursor::new("--precision", text)?;
        let measure = Measure::read(&mut cursor)?;
        cursor.skip_space();
        cursor.expect("=", "and half the width that the interval may have")?;
        cursor.skip_space();
        let start = cursor.at();
        let written = cursor.take_while(|_| true).trim_end();
        let half_width = limit(measure.unit(), written).map_err(|why| cursor.error_since(start, why))?;
        if half_width <= 0.0 {
            return Err(cursor.error_since(start, "an interval has some width; write how much it may have"));
        }
        Ok(Precision { measure, half_width, written: written.to_owned() })
    }

    /// True if the figure is as precise in every plan.
    pub fn is_met(&self, rows: &[Row], plans: u32, confidence: Confidence) -> bool {
        let summaries = summaries(rows, plans, self.measure.metric);
        let is_precise = |estimate: Estimate| estimate.half_width() <= self.half_width;
        summaries.iter().all(|summary| is_precise(self.measure.estimate(summary, confidence)))
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}", self.measure, self.written)
    }
}
