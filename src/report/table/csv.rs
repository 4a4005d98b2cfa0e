//! A table as RFC 4180 has it: the names of the columns, then a line a row. No value is nothing between commas.

use std::io::{self, Write};

use super::{Cell, Column};

/// Writes a table.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, columns: &[Column], rows: impl Iterator<Item = Vec<Cell>>) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(columns.iter().map(|column| &column.name))?;
    for row in rows {
        csv.write_record(row.into_iter().map(shown))?;
    }
    csv.flush()
}

fn shown(cell: Cell) -> String {
    match cell {
        Cell::Unsigned(number) => number.to_string(),
        Cell::Whole(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Hundredths(number) => {
            let (sign, number) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
            format!("{sign}{}.{:02}", number / 100, number % 100)
        }
        Cell::Text(text) => text,
        Cell::Empty => String::new(),
    }
}
