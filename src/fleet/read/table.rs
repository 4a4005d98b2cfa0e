//! A table of texts, row by row, from CSV or Parquet, and where each text stands. Compressed CSV is unpacked first.

use std::io::Read as _;
use std::ops::Range;

use bytes::Bytes;
use csv::StringRecord;
use flate2::read::MultiGzDecoder;
use parquet::basic::LogicalType;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field as Value, Row as ParquetRow};

use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Source, Span};

/// The most bytes of a table's text: a million pods take a tenth of it.
pub const TABLE_BYTES_MAX: u64 = 1 << 30;

/// The most problems that are told of one table.
pub const PROBLEMS_MAX: usize = 20;

/// A table that was opened.
pub struct Table {
    source: Source,
    header: StringRecord,
    rows: Rows,
}

enum Rows {
    Csv { delimiter: u8 },
    Parquet(Box<SerializedFileReader<Bytes>>),
}

/// A row, and where it stands.
pub struct Row<'a> {
    /// The texts of its columns.
    pub cells: &'a StringRecord,
    table: &'a Table,
    /// The first byte of the row in a CSV.
    byte: usize,
    /// Its number, from 1, the header not counted.
    number: u64,
}

impl Table {
    /// The table in a file's bytes. The name tells what they are: `.parquet`, `.tsv`, else CSV; gzip is seen by its first bytes.
    ///
    /// # Errors
    /// What is wrong with it: gzip that ends early, a text that is not UTF-8, no header, two columns of one name.
    pub fn open(name: &str, bytes: Vec<u8>) -> Result<Table, Box<Diagnostic>> {
        if bytes.starts_with(b"PAR1") || name.ends_with(".parquet") {
            return Table::open_parquet(name, bytes);
        }
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) { unpack(name, &bytes)? } else { bytes };
        let text = text_of(name, bytes)?;
        let plain_name = name.strip_suffix(".gz").unwrap_or(name);
        let delimiter = if plain_name.ends_with(".tsv") { b'\t' } else { b',' };
        let source = Source::new(name, text);
        let header = reader(source.text(), delimiter).headers().cloned();
        let header = header.map_err(|error| Box::new(csv_problem(&source, &error)))?;
        let mut table = Table { source, header, rows: Rows::Csv { delimiter } };
        // The mark that some programs put before a text is no part of the first name.
        if let Some(first) = table.header.get(0).and_then(|first| first.strip_prefix('\u{feff}')) {
            let names: Vec<&str> = std::iter::once(first).chain(table.header.iter().skip(1)).collect();
            table.header = StringRecord::from(names);
        }
        table.check_header()
    }

    fn open_parquet(name: &str, bytes: Vec<u8>) -> Result<Table, Box<Diagnostic>> {
        let source = Source::new(name, "");
        let refuse = |what: String| Box::new(Diagnostic::about(&source, what));
        let reader = SerializedFileReader::new(Bytes::from(bytes))
            .map_err(|error| refuse(format!("failed to read the Parquet file: {error}")))?;
        let schema = reader.metadata().file_metadata().schema();
        if let Some(nested) = schema.get_fields().iter().find(|field| !field.is_primitive()) {
            // A text or a number has no parts; a list cannot be a cell.
            let kind = nested.get_basic_info().logical_type_ref().map_or("", |kind| match kind {
                LogicalType::List => " is a list and",
                LogicalType::Map => " is a map and",
                _ => "",
            });
            return Err(refuse(format!(
                "the column {}{kind} has parts; columns must be texts or numbers",
                quote(nested.name())
            )));
        }
        let header: StringRecord = schema.get_fields().iter().map(|field| field.name()).collect::<Vec<_>>().into();
        Table { source, header, rows: Rows::Parquet(Box::new(reader)) }.check_header()
    }

    fn check_header(self) -> Result<Table, Box<Diagnostic>> {
        if self.header.is_empty() || self.header.iter().all(str::is_empty) {
            let problem = Diagnostic::about(&self.source, "the table has no header: its first line names the columns");
            return Err(Box::new(problem));
        }
        let twice =
            self.header.iter().enumerate().find(|(at, name)| self.header.iter().take(*at).any(|one| one == *name));
        match twice {
            Some((_, name)) if !name.is_empty() => {
                Err(Box::new(self.about_header(format!("two columns are named {}", quote(name)))))
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
    pub fn about_header(&self, message: String) -> Diagnostic {
        match self.rows {
            Rows::Csv { .. } => Diagnostic::error(&self.source, span(line_at(self.source.text(), 0)), message),
            Rows::Parquet(_) => Diagnostic::about(&self.source, message),
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
        let mut one = |cells: &StringRecord, byte: usize, problems: &mut Vec<Diagnostic>| {
            number += 1;
            if let Err(problem) = take(&Row { cells, table: self, byte, number }) {
                problems.push(*problem);
            }
            problems.len() < PROBLEMS_MAX
        };
        match &self.rows {
            Rows::Csv { delimiter } => {
                let mut reader = reader(self.source.text(), *delimiter);
                let mut cells = StringRecord::new();
                loop {
                    match reader.read_record(&mut cells) {
                        Ok(false) => break,
                        Ok(true) => {
                            let byte = cells.position().map_or(0, |position| position.byte() as usize);
                            if !one(&cells, byte, &mut problems) {
                                break;
                            }
                        }
                        Err(error) => {
                            problems.push(csv_problem(&self.source, &error));
                            break;
                        }
                    }
                }
            }
            Rows::Parquet(reader) => {
                let rows = reader.get_row_iter(None);
                for row in rows.into_iter().flatten() {
                    match row {
                        Ok(row) if one(&texts(&row), 0, &mut problems) => {}
                        Ok(_) => break,
                        Err(error) => {
                            problems.push(self.about(format!("failed to read the Parquet file: {error}")));
                            break;
                        }
                    }
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

impl Row<'_> {
    /// A message about one of its cells.
    pub fn problem(&self, column: usize, message: impl Into<String>) -> Box<Diagnostic> {
        let message = message.into();
        Box::new(match &self.table.rows {
            Rows::Parquet(_) => Diagnostic::about(&self.table.source, format!("row {}: {message}", self.number)),
            Rows::Csv { delimiter } => Diagnostic::error(&self.table.source, self.span(column, *delimiter), message),
        })
    }

    /// Where it stands, for a second message about it later.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The span of a cell; of its whole line where quotes hide where cells end.
    fn span(&self, column: usize, delimiter: u8) -> Span {
        let text = self.table.source.text();
        let line = line_at(text, self.byte);
        let cells = &text[line.clone()];
        if cells.contains('"') {
            return span(line);
        }
        let mut start = line.start;
        for (at, cell) in cells.split(char::from(delimiter)).enumerate() {
            if at == column {
                return span(start..start + cell.len());
            }
            start += cell.len() + 1;
        }
        span(line)
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes())
}

fn span(range: Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}

/// The line that begins at or right after a byte, without its end.
fn line_at(text: &str, byte: usize) -> Range<usize> {
    let start = text.len() - text.get(byte..).unwrap_or("").trim_start_matches(['\n', '\r']).len();
    let end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
    start..end
}

/// The text of gzip.
fn unpack(name: &str, bytes: &[u8]) -> Result<Vec<u8>, Box<Diagnostic>> {
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(TABLE_BYTES_MAX + 1).read_to_end(&mut out);
    let source = Source::new(name, "");
    if out.len() as u64 > TABLE_BYTES_MAX {
        return Err(Box::new(Diagnostic::about(&source, format!("the table has more than {TABLE_BYTES_MAX} bytes"))));
    }
    match read {
        Ok(_) => Ok(out),
        Err(error) => {
            let lines = out.iter().filter(|byte| **byte == b'\n').count();
            let what = match error.kind() {
                std::io::ErrorKind::UnexpectedEof => "the gzip data ends early".to_owned(),
                _ => format!("the gzip data is damaged: {error}"),
            };
            let problem = Diagnostic::about(&source, format!("{what}, behind line {lines} of the table"));
            Err(Box::new(problem.help("fetch or copy the file again: a part of it is missing")))
        }
    }
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    if bytes.len() as u64 > TABLE_BYTES_MAX {
        let source = Source::new(name, "");
        return Err(Box::new(Diagnostic::about(&source, format!("the table has more than {TABLE_BYTES_MAX} bytes"))));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        let source = Source::new(name, "");
        Box::new(Diagnostic::about(&source, format!("line {line} is not UTF-8: the file is no table of texts")))
    })
}

/// What the reader of CSV says, with its line.
fn csv_problem(source: &Source, error: &csv::Error) -> Diagnostic {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let message = format!("the row has {len} columns, the header has {expected_len}");
            let byte = pos.as_ref().map_or(0, |position| position.byte() as usize);
            Diagnostic::error(source, span(line_at(source.text(), byte)), message)
        }
        _ => Diagnostic::about(source, format!("failed to read the CSV: {error}")),
    }
}

/// A row of Parquet as texts; nothing for a null.
fn texts(row: &ParquetRow) -> StringRecord {
    row.get_column_iter()
        .map(|(_, value)| match value {
            Value::Null => String::new(),
            Value::Str(text) => text.clone(),
            Value::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
            other => other.to_string(),
        })
        .collect::<Vec<_>>()
        .into()
}
