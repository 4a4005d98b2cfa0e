//! Texts whose columns stand between separators: CSV and TSV. What separates them, where a line or a cell stands, and what is wrong where
//! the library that reads them says little or nothing: quotes that nobody closes, other separators.

use std::ops::Range;

use crate::text::counted::counted;
use crate::text::{Diagnostic, Source, Span};

/// Separators that tables come with, and what they are called.
const SEPARATORS: [(u8, &str); 4] = [(b',', "commas"), (b'\t', "tabs"), (b';', "semicolons"), (b'|', "bars")];

/// What stands between the columns of a file of this name.
pub fn separator(name: &str) -> u8 {
    if name.strip_suffix(".gz").unwrap_or(name).ends_with(".tsv") { b'\t' } else { b',' }
}

/// A reader of the rows of a text.
pub fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(text.as_bytes())
}

/// The line that begins at or right after a byte, without its end.
pub fn line_at(text: &str, byte: usize) -> Range<usize> {
    let start = text.len() - text.get(byte..).unwrap_or("").trim_start_matches(['\n', '\r']).len();
    let end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
    start..end
}

/// The span of a cell in the line that begins at or right after a byte; of the whole line where quotes hide where cells end.
pub fn cell_span(text: &str, byte: usize, column: usize, separator: u8) -> Span {
    let line = line_at(text, byte);
    let cells = &text[line.clone()];
    if !cells.contains('"') {
        let mut start = line.start;
        for (at, cell) in cells.split(char::from(separator)).enumerate() {
            if at == column {
                return span(start..start + cell.len());
            }
            start += cell.len() + 1;
        }
    }
    span(line)
}

/// A range of bytes as a span.
pub fn span(range: Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}

/// A header that is one column because something else stands between its names.
///
/// # Errors
/// The header is such a one.
pub fn check_header(source: &Source, separator: u8) -> Result<(), Box<Diagnostic>> {
    let line = line_at(source.text(), 0);
    let header = &source.text()[line.clone()];
    let Some(other) = other_separator(header, separator) else { return Ok(()) };
    let problem = Diagnostic::error(source, span(line), format!("the names of the columns are separated by {other}"));
    Err(Box::new(problem.help("a table is read with commas, or with tabs if its name ends in .tsv")))
}

/// What separates a line in which the separator does not stand.
fn other_separator(line: &str, separator: u8) -> Option<&'static str> {
    let counts = |one: u8| line.bytes().filter(|byte| *byte == one).count();
    if counts(separator) > 0 {
        return None;
    }
    let others = SEPARATORS.iter().map(|(one, name)| (counts(*one), *name)).filter(|(count, _)| *count > 0);
    others.max_by_key(|(count, _)| *count).map(|(_, name)| name)
}

/// A quote that opens a cell and that nothing closes: the reader would take all that follows for one cell.
///
/// # Errors
/// There is one.
pub fn check_quotes(source: &Source, separator: u8) -> Result<(), Box<Diagnostic>> {
    let text = source.text();
    let Some(byte) = open_quote(text, separator) else { return Ok(()) };
    // A quote may stand behind others on its line.
    let start = text[..byte].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let line = line_at(text, start);
    let problem =
        Diagnostic::error(source, span(byte..line.end), "a quote opens here that nothing closes before the file ends");
    Err(Box::new(
        problem.help("close it, or write a quote that is meant as one twice, in a cell with quotes around it"),
    ))
}

/// Where that quote stands. A quote opens a cell only at its beginning, as for the reader.
fn open_quote(text: &str, separator: u8) -> Option<usize> {
    if !text.contains('"') {
        return None;
    }
    let mut opened = None;
    let mut begins = true;
    let mut closes = false;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(from) = opened {
            if !closes {
                closes = byte == b'"';
                continue;
            }
            closes = false;
            // Two quotes are one that is meant.
            opened = (byte == b'"').then_some(from);
            if byte == b'"' {
                continue;
            }
        } else if begins && byte == b'"' {
            opened = Some(at);
            continue;
        }
        begins = byte == separator || matches!(byte, b'\n' | b'\r');
    }
    opened.filter(|_| !closes)
}

/// What the reader says, with its line.
pub fn problem(source: &Source, separator: u8, error: &csv::Error) -> Diagnostic {
    let csv::ErrorKind::UnequalLengths { pos, expected_len, len } = error.kind() else {
        return Diagnostic::about(source, format!("failed to read the CSV: {error}"));
    };
    let line = line_at(source.text(), pos.as_ref().map_or(0, |position| position.byte() as usize));
    let row = &source.text()[line.clone()];
    let message = format!("the row has {}, the header has {expected_len}", counted(*len as usize, "column"));
    let problem = Diagnostic::error(source, span(line), message);
    if row.matches('"').count() % 2 == 1 {
        return problem.help("a quote opens on this line and closes on a later one: is one missing?");
    }
    match other_separator(row, separator) {
        Some(other) => problem.help(format!("what separates this row is {other}, unlike in the header")),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Goal: a quote is told as open if and only if the reader swallows the rest of the file. Method: rows are added behind the
        /// text; if a quote is open the reader does not see them.
        #[test]
        fn a_quote_is_open_if_it_swallows_what_follows(text in "[a\",;\\n\\r]{0,30}") {
            let rows = |text: &str| {
                let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                reader.records().map(|row| row.expect("it is UTF-8")).filter(|row| row.get(0) == Some("last")).count()
            };
            let swallowed = rows(&format!("{text}\nlast,1\nlast,2\n")) == 0;
            prop_assert_eq!(open_quote(&text, b',').is_some(), swallowed, "{:?}", text);
        }
    }
}
