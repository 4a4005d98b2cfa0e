//! Figures of a plan, as they are asked for: `p99(time_to_ready)`, `mean(gpu_hours)`, `rate(passed)`; and conditions on them:
//! `p99(time_to_ready) < 20m`.

use std::fmt;

use super::cursor::Cursor;
use super::metric::{Metric, Unit};
use crate::fleet::statistics::{Confidence, Estimate, Summary, clopper_pearson, mean, point_rank, ranks};
use crate::kernel::Duration;
use crate::text::Diagnostic;
use crate::text::diagnostic::quote;
use crate::text::duration::parse as parse_duration;

/// A figure of a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Measure {
    /// What of the values is estimated.
    pub statistic: Statistic,
    /// Whose values.
    pub metric: Metric,
}

/// What of many values is estimated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Statistic {
    /// The value that so many millionths of all runs do not exceed.
    Quantile(u32),
    /// The mean of those runs in which it came.
    Mean,
    /// The share of runs in which it is more than 0.
    Rate,
}

/// How a figure must lie to a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
    /// `>`.
    Above,
    /// `>=`.
    AtLeast,
}

/// What must be so of a plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// The figure.
    pub measure: Measure,
    /// How it must lie.
    pub relation: Relation,
    /// To which limit, in the unit of the metric.
    pub limit: f64,
    /// The limit as it was written.
    pub written: String,
}

/// Whether a condition holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Holds {
    /// The whole interval lies on the right side.
    Yes,
    /// The limit lies in the interval.
    Undecided,
    /// The whole interval lies on the wrong side.
    No,
}

impl Measure {
    /// Reads a figure.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn read(cursor: &mut Cursor<'_>) -> Result<Measure, Diagnostic> {
        const FORM: &str = "a figure is p50(…), p99.9(…), mean(…) or rate(…) of a metric, as in `p99(time_to_ready)`";
        cursor.skip_space();
        let start = cursor.at();
        let word = cursor.take_while(|character| character.is_alphanumeric() || character == '.');
        let statistic = statistic(word).ok_or_else(|| cursor.error_since(start, FORM))?;
        cursor.expect("(", "and a metric")?;
        let start = cursor.at();
        let name = cursor.take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '.' | '-'));
        let metric = Metric::parse(name).map_err(|error| cursor.error_since(start, error))?;
        cursor.expect(")", "behind the metric")?;
        Ok(Measure { statistic, metric })
    }

    /// What its value is in.
    pub const fn unit(&self) -> Unit {
        match self.statistic {
            Statistic::Rate => Unit::Truth,
            _ => self.metric.unit(),
        }
    }

    /// The estimate of it.
    pub fn estimate(&self, summary: &Summary, confidence: Confidence) -> Estimate {
        let all = summary.count() + summary.never();
        match self.statistic {
            // The mean of what is so or not so is its share.
            Statistic::Mean if self.unit() == Unit::Truth => {
                clopper_pearson(summary.hits(|value| value > 0), all, confidence)
            }
            Statistic::Mean => mean(summary, confidence),
            Statistic::Rate => clopper_pearson(summary.hits(|value| value > 0), all, confidence),
            Statistic::Quantile(ppm) => {
                let ranks = ranks(all, ppm, confidence);
                let at = |rank: u64| summary.nth(rank).map_or(f64::INFINITY, |value| value as f64);
                Estimate {
                    value: if all == 0 { f64::NAN } else { at(point_rank(all, ppm)) },
                    low: ranks.low.map_or(f64::NEG_INFINITY, at),
                    high: ranks.high.map_or(f64::INFINITY, at),
                }
            }
        }
    }
}

fn statistic(word: &str) -> Option<Statistic> {
    match word {
        "mean" => Some(Statistic::Mean),
        "rate" => Some(Statistic::Rate),
        _ => {
            let digits = word.strip_prefix('p')?;
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number(whole) || !is_number(fraction) || whole.len() > 2 || fraction.len() > 4 {
                return None;
            }
            let ppm = whole.parse::<u32>().ok()? * 10_000 + format!("{fraction:0<4}").parse::<u32>().ok()?;
            (1..1_000_000).contains(&ppm).then_some(Statistic::Quantile(ppm))
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.statistic {
            Statistic::Mean => write!(out, "mean({})", self.metric),
            Statistic::Rate => write!(out, "rate({})", self.metric),
            Statistic::Quantile(ppm) => {
                let fraction = format!("{:04}", ppm % 10_000);
                let fraction = fraction.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "." };
                write!(out, "p{}{point}{fraction}({})", ppm / 10_000, self.metric)
            }
        }
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is wrong with it, at its place.
    pub fn read(cursor: &mut Cursor<'_>) -> Result<Condition, Diagnostic> {
        let measure = Measure::read(cursor)?;
        cursor.skip_space();
        let relations =
            [("<=", Relation::AtMost), (">=", Relation::AtLeast), ("<", Relation::Below), (">", Relation::Above)];
        let relation = relations.into_iter().find(|(text, _)| cursor.takes(text)).map(|(_, relation)| relation);
        let relation = relation.ok_or_else(|| cursor.error("expected `<`, `<=`, `>` or `>=` and a limit"))?;
        cursor.skip_space();
        let start = cursor.at();
        let written = cursor.take_while(|character| !character.is_whitespace());
        let limit = limit(measure.unit(), written)
            .map_err(|why| if written.is_empty() { cursor.error(why) } else { cursor.error_since(start, why) })?;
        Ok(Condition { measure, relation, limit, written: written.to_owned() })
    }

    /// Whether an estimate shows that it holds.
    pub fn holds(&self, estimate: &Estimate) -> Holds {
        let Estimate { low, high, .. } = *estimate;
        let (yes, no) = match self.relation {
            Relation::Below => (high < self.limit, low >= self.limit),
            Relation::AtMost => (high <= self.limit, low > self.limit),
            Relation::Above => (low > self.limit, high <= self.limit),
            Relation::AtLeast => (low >= self.limit, high < self.limit),
        };
        match (yes, no) {
            (true, _) => Holds::Yes,
            (_, true) => Holds::No,
            _ => Holds::Undecided,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match self.relation {
            Relation::Below => "<",
            Relation::AtMost => "<=",
            Relation::Above => ">",
            Relation::AtLeast => ">=",
        };
        write!(out, "{} {relation} {}", self.measure, self.written)
    }
}

/// A limit in the unit of a metric.
pub fn limit(unit: Unit, text: &str) -> Result<f64, String> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    match unit {
        Unit::Nanos => match parse_duration(text).map(Duration::nanos) {
            Ok(nanos) => Ok(nanos as f64),
            Err(error) => Err(format!("expected a length of time such as `20m`: {error}")),
        },
        Unit::Truth | Unit::Ppm => {
            let share = match text.strip_suffix('%') {
                Some(percent) => number(percent).map(|percent| percent / 100.0),
                None => number(text),
            };
            let share = share.filter(|share| *share <= 1.0);
            let share =
                share.ok_or_else(|| format!("expected a share such as `99%` or `0.99`, not {}", quote(text)))?;
            Ok(if unit == Unit::Ppm { share * 1e6 } else { share })
        }
        Unit::GpuSecs => {
            let hours = number(text).ok_or_else(|| format!("expected a number of GPU-hours, not {}", quote(text)))?;
            Ok(hours * 3600.0)
        }
        Unit::Count => number(text).ok_or_else(|| format!("expected a number, not {}", quote(text))),
    }
}
