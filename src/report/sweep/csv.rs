//! A row a run, as RFC 4180 has it.

use std::io::{self, Write};

use super::Swept;
use super::columns::{Cell, cells, columns};

/// Writes the runs.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns(swept).iter().map(|(name, _)| name))?;
    for row in &swept.rows {
        csv.write_record(cells(swept, row).into_iter().map(|cell| match cell {
            Cell::Unsigned(number) => number.to_string(),
            Cell::Whole(number) => number.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text,
            Cell::Empty => String::new(),
        }))?;
    }
    csv.flush()
}
