//! A row a run, for programs: its number, plan, sample, seed and exit code, the values of its plan, and all metrics. CSV and Parquet have
//! the same columns.

use std::io::{self, Write};

use super::Swept;
use crate::fleet::sweep::Vary;
use crate::fleet::sweep::metric::{ALL, Metric, Unit};
use crate::fleet::sweep::row::Row;
use crate::report::table::{self, Cell, Column, Sort};

/// Rows of a Parquet file that stand together.
const GROUP_ROWS: usize = 100_000;

/// Writes the runs as CSV.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    table::write_csv(out, &columns(swept), rows(swept))
}

/// Writes the runs as Parquet.
///
/// # Errors
/// Those of the writer.
pub fn write_parquet(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    let created_by = format!("greenroom {}", env!("CARGO_PKG_VERSION"));
    let writer = table::Writer { schema: "runs", created_by, group_rows: GROUP_ROWS };
    table::write_parquet(out, &writer, &columns(swept), rows(swept))
}

/// The columns: times are in seconds, shares from 0 to 1. What never came has no value.
fn columns(swept: &Swept) -> Vec<Column> {
    let run = ["run", "plan", "sample", "seed", "exit"].map(|name| Column::new(name, Sort::Unsigned));
    let varied = swept.space.varied().iter().map(|vary| {
        let sort = if has_whole_numbers(vary) { Sort::Whole } else { Sort::Text };
        Column::new(vary.path.to_string(), sort)
    });
    let metrics = ALL.iter().map(|(name, metric, _)| {
        let sort = if is_whole(*metric) { Sort::Whole } else { Sort::Number };
        Column::new(format!("{name}{}", metric.unit().suffix()), sort)
    });
    run.into_iter().chain(varied).chain(metrics).map(Column::optional).collect()
}

fn rows(swept: &Swept) -> impl Iterator<Item = Vec<Cell>> {
    let are_whole: Vec<bool> = swept.space.varied().iter().map(has_whole_numbers).collect();
    swept.rows.iter().map(move |row| cells(swept, &are_whole, row))
}

fn cells(swept: &Swept, are_whole: &[bool], row: &Row) -> Vec<Cell> {
    let run = [row.run, u64::from(row.plan), row.sample, row.seed, row.outcome.exit.into()].map(Cell::Unsigned);
    let values = swept.space.values(row.plan).into_iter().zip(are_whole);
    let varied = values.map(|((_, value), is_whole)| match value.parse().ok().filter(|_| *is_whole) {
        Some(number) => Cell::Whole(number),
        None => Cell::Text(value.to_owned()),
    });
    let metrics = ALL.iter().map(|(_, metric, _)| match row.outcome.value(*metric) {
        None => Cell::Empty,
        Some(value) if is_whole(*metric) => Cell::Whole(value),
        Some(value) => Cell::Number(metric.unit().number(value as f64)),
    });
    run.into_iter().chain(varied).chain(metrics).collect()
}

fn has_whole_numbers(vary: &Vary) -> bool {
    vary.values.iter().all(|value| value.parse::<i64>().is_ok())
}

fn is_whole(metric: Metric) -> bool {
    matches!(metric.unit(), Unit::Truth | Unit::Count)
}
