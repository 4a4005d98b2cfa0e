//! A table of measurements: what, figure, ratio to a peer that did the same work in the same run.

use std::fmt;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What it came to, with its unit.
    pub figure: String,
    /// How much more the peer took, and what the peer is; empty without one.
    pub peer: String,
}

/// All lines, shown as a Markdown table.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a line without a peer.
    pub fn add(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.0.push(Row { what: what.into(), figure: figure.into(), peer: String::new() });
    }

    /// Adds a line with a peer.
    pub fn add_ratio(&mut self, what: impl Into<String>, figure: impl Into<String>, peer: impl Into<String>) {
        self.0.push(Row { what: what.into(), figure: figure.into(), peer: peer.into() });
    }

    /// Adds the lines of another table.
    pub fn append(&mut self, other: Table) {
        self.0.extend(other.0);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["what", "figure", "ratio to peer"];
        let cells: Vec<[&str; 3]> = self.0.iter().map(|row| [&*row.what, &*row.figure, &*row.peer]).collect();
        let width = |column: usize| {
            let longest = cells.iter().map(|row| row[column].chars().count()).max();
            longest.unwrap_or(0).max(heads[column].len())
        };
        let widths = [width(0), width(1), width(2)];
        let mut line = |row: [&str; 3]| {
            writeln!(out, "| {:<1$} | {2:<3$} | {4:<5$} |", row[0], widths[0], row[1], widths[1], row[2], widths[2])
        };
        line(heads)?;
        line([&"-".repeat(widths[0]), &"-".repeat(widths[1]), &"-".repeat(widths[2])])?;
        cells.into_iter().try_for_each(line)
    }
}

/// The middle value.
///
/// # Panics
/// If there are no values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A number with as many digits as are worth reading: `4.31`, `43.1`, `4310`.
pub fn shown(value: f64) -> String {
    match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let mut table = Table::default();
        table.add_ratio("hold", "43.1 ns an event", "2.6x simcore");
        table.add("a longer line", "1 us");
        let expected = "\
            | what          | figure           | ratio to peer |\n\
            | ------------- | ---------------- | ------------- |\n\
            | hold          | 43.1 ns an event | 2.6x simcore  |\n\
            | a longer line | 1 us             |               |\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(vec![9.0, 1.0, 5.0]), 5.0);
    }
}
