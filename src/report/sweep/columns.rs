//! The columns of a table with a row a run: CSV and Parquet have the same.

use crate::fleet::sweep::metric::{ALL, Metric};
use crate::fleet::sweep::row::Row;

use super::Swept;

/// A cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// A number, or a seed, which may have all 64 bits.
    Unsigned(u64),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A text.
    Text(String),
    /// What never came.
    Empty,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers.
    Whole,
    /// Numbers.
    Number,
    /// Texts.
    Text,
}

/// The names of the columns and what they hold: the run, the parameters, the figures. Times are in seconds, shares from 0 to 1.
pub fn columns(swept: &Swept) -> Vec<(String, Sort)> {
    let run = ["run", "plan", "sample", "seed", "exit"].map(|name| (name.to_owned(), Sort::Unsigned));
    let varied = swept.space.varied().iter().map(|vary| {
        let is_whole = vary.values.iter().all(|value| value.parse::<i64>().is_ok());
        (vary.path.to_string(), if is_whole { Sort::Whole } else { Sort::Text })
    });
    let metrics = ALL.iter().map(|(name, metric, _)| {
        let unit = metric.unit();
        (format!("{name}{}", unit.suffix()), if is_whole(*metric) { Sort::Whole } else { Sort::Number })
    });
    run.into_iter().chain(varied).chain(metrics).collect()
}

/// The cells of a run, in the order of the columns.
pub fn cells(swept: &Swept, row: &Row) -> Vec<Cell> {
    let run = [row.run, u64::from(row.plan), row.sample, row.seed, row.outcome.exit.into()].map(Cell::Unsigned);
    let values = swept.space.values(row.plan);
    let varied = swept.space.varied().iter().zip(values).map(|(vary, (_, value))| {
        let is_whole = vary.values.iter().all(|value| value.parse::<i64>().is_ok());
        match value.parse().ok().filter(|_| is_whole) {
            Some(number) => Cell::Whole(number),
            None => Cell::Text(value.to_owned()),
        }
    });
    let metrics = ALL.iter().map(|(_, metric, _)| match row.outcome.value(*metric) {
        None => Cell::Empty,
        Some(value) if is_whole(*metric) => Cell::Whole(value),
        Some(value) => Cell::Number(metric.unit().number(value as f64)),
    });
    run.into_iter().chain(varied).chain(metrics).collect()
}

fn is_whole(metric: Metric) -> bool {
    use crate::fleet::sweep::metric::Unit;
    matches!(metric.unit(), Unit::Truth | Unit::Count)
}
