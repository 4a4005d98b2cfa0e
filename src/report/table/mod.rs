//! Tables for programs: columns of typed cells, a row a thing, written as CSV and as Apache Parquet alike. What the columns are is told by
//! whose rows they are; tables for people are each report's own.

mod csv;
mod parquet;
#[cfg(test)]
mod tests;

pub use self::csv::write as write_csv;
pub use self::parquet::{Writer, write as write_parquet};

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers.
    Whole,
    /// Numbers.
    Number,
    /// Numbers with two decimals.
    Hundredths,
    /// Texts.
    Text,
}

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name, with its unit last.
    pub name: String,
    /// What it holds.
    pub sort: Sort,
    /// True if it may have no value in a row.
    pub is_optional: bool,
}

/// A value of a row.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// A number, or a seed, which may have all 64 bits.
    Unsigned(u64),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A number in hundredths.
    Hundredths(i64),
    /// A text.
    Text(String),
    /// No value.
    Empty,
}

impl Column {
    /// A column that has a value in every row.
    pub fn new(name: impl Into<String>, sort: Sort) -> Column {
        Column { name: name.into(), sort, is_optional: false }
    }

    /// The same, which may have none.
    #[must_use]
    pub fn optional(self) -> Column {
        Column { is_optional: true, ..self }
    }
}
