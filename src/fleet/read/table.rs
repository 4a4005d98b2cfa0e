//! A table of texts, row by row, whatever file it comes from, and where each text stands.

use csv::StringRecord;

use super::gzip::{self, TEXT_BYTES_MAX};
use super::{parquet, separated};
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Source, Span};

/// The most problems that are told of one table.
pub const PROBLEMS_MAX: usize = 20;

/// A table that was opened.
pub struct Table {
    source: Source,
    header: StringRecord,
    rows: Rows,
}

enum Rows {
    Separated { separator: u8 },
    Parquet(Box<parquet::Reader>),
}

/// A row, and where it stands.
pub struct Row<'a> {
    /// The texts of its columns.
    pub cells: &'a StringRecord,
    table: &'a Table,
    /// The first byte of the row in a text.
    byte: usize,
    /// Its number, from 1, the header not counted.
    number: u64,
}

/// The place of a cell, for a message later.
pub struct Spot {
    source: Source,
    span: Option<Span>,
    row: u64,
}

impl Table {
    /// The table in a file's bytes. The name tells what they are: `.parquet`, `.tsv`, else CSV; gzip and Parquet are also seen by their
    /// first bytes.
    ///
    /// # Errors
    /// What is wrong with it: gzip that is not whole, a text that is not UTF-8, a quote that nothing closes, no header, two columns of one
    /// name.
    pub fn open(name: &str, bytes: Vec<u8>) -> Result<Table, Box<Diagnostic>> {
        if bytes.starts_with(b"PAR1") || name.ends_with(".parquet") {
            let source = Source::new(name, "");
            let opened = parquet::open(bytes);
            let (reader, header) = opened.map_err(|what| Box::new(Diagnostic::about(&source, what)))?;
            return Table { source, header, rows: Rows::Parquet(Box::new(reader)) }.check_header();
        }
        let bytes = if gzip::is_gzip(&bytes) { gzip::unpack(name, &bytes)? } else { bytes };
        let source = Source::new(name, text_of(name, bytes)?);
        let separator = separated::separator(name);
        separated::check_quotes(&source, separator)?;
        let header = separated::reader(source.text(), separator).headers().cloned();
        let mut header = header.map_err(|error| Box::new(separated::problem(&source, separator, &error)))?;
        // The mark that some programs put before a text is no part of the first name.
        if let Some(first) = header.get(0).and_then(|first| first.strip_prefix('\u{feff}')) {
            header = std::iter::once(first).chain(header.iter().skip(1)).collect::<Vec<_>>().into();
        }
        if header.len() == 1 {
            separated::check_header(&source, separator)?;
        }
        Table { source, header, rows: Rows::Separated { separator } }.check_header()
    }

    fn check_header(self) -> Result<Table, Box<Diagnostic>> {
        if self.header.is_empty() || self.header.iter().all(str::is_empty) {
            return Err(Box::new(self.about("the table has no header: its first line names the columns")));
        }
        let twice =
            self.header.iter().enumerate().find(|(at, name)| self.header.iter().take(*at).any(|one| one == *name));
        match twice {
            Some((at, name)) if !name.is_empty() => {
                Err(Box::new(self.about_column(at, format!("two columns are named {}", quote(name)))))
            }
            _ => Ok(self),
        }
    }

    /// The names of the columns.
    pub fn header(&self) -> impl Iterator<Item = &str> {
        self.header.iter()
    }

    /// Where a column stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|one| one == name)
    }

    /// A message about the header.
    pub fn about_header(&self, message: impl Into<String>) -> Diagnostic {
        match self.rows {
            Rows::Separated { .. } => {
                let line = separated::line_at(self.source.text(), 0);
                Diagnostic::error(&self.source, separated::span(line), message)
            }
            Rows::Parquet(_) => self.about(message),
        }
    }

    /// A message about the name of a column.
    pub fn about_column(&self, column: usize, message: impl Into<String>) -> Diagnostic {
        match self.rows {
            Rows::Separated { separator } => {
                let span = separated::cell_span(self.source.text(), 0, column, separator);
                Diagnostic::error(&self.source, span, message)
            }
            Rows::Parquet(_) => self.about(message),
        }
    }

    /// A message about the table as a whole.
    pub fn about(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::about(&self.source, message)
    }

    /// Hands out each row.
    ///
    /// # Errors
    /// What `take` finds, at most [`PROBLEMS_MAX`] of it, and rows that cannot be read.
    pub fn for_each(
        &self,
        mut take: impl FnMut(&Row<'_>) -> Result<(), Box<Diagnostic>>,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut number = 0;
        let mut one = |cells: &StringRecord, byte: usize| {
            number += 1;
            problems.extend(take(&Row { cells, table: self, byte, number }).err().map(|problem| *problem));
            problems.len() < PROBLEMS_MAX
        };
        let read = match &self.rows {
            Rows::Separated { separator } => self.each_separated(*separator, &mut one),
            Rows::Parquet(reader) => parquet::for_each(reader, |cells| one(cells, 0)).map_err(|what| self.about(what)),
        };
        problems.extend(read.err());
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn each_separated(
        &self,
        separator: u8,
        take: &mut dyn FnMut(&StringRecord, usize) -> bool,
    ) -> Result<(), Diagnostic> {
        let mut reader = separated::reader(self.source.text(), separator);
        let mut cells = StringRecord::new();
        while reader.read_record(&mut cells).map_err(|error| separated::problem(&self.source, separator, &error))? {
            let byte = cells.position().map_or(0, |position| position.byte() as usize);
            if !take(&cells, byte) {
                break;
            }
        }
        Ok(())
    }
}

impl Row<'_> {
    /// A message about one of its cells.
    pub fn problem(&self, column: usize, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(self.spot(column).problem(message))
    }

    /// Where one of its cells stands.
    pub fn spot(&self, column: usize) -> Spot {
        let span = match &self.table.rows {
            Rows::Parquet(_) => None,
            Rows::Separated { separator } => {
                Some(separated::cell_span(self.table.source.text(), self.byte, column, *separator))
            }
        };
        Spot { source: self.table.source.clone(), span, row: self.number }
    }

    /// Its number, from 1, the header not counted.
    pub const fn number(&self) -> u64 {
        self.number
    }
}

impl Spot {
    /// A message about the cell.
    pub fn problem(&self, message: impl Into<String>) -> Diagnostic {
        match self.span {
            Some(span) => Diagnostic::error(&self.source, span, message),
            None => Diagnostic::about(&self.source, format!("row {}: {}", self.row, message.into())),
        }
    }
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    let refuse = |what: String| Box::new(Diagnostic::about(&Source::new(name, ""), what));
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        return Err(refuse(format!("the table has more than {TEXT_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(format!("line {line} is not UTF-8: the file is no table of texts"))
    })
}
