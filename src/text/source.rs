//! A text that was loaded, under the name by which its user knows it, and places in it.

use std::fmt;
use std::sync::Arc;

/// The most bytes that a source may have.
pub const SOURCE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A range of bytes of a source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub const fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }
}

/// A line of a file, for whatever outlives the file's text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// The notation of a source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Format {
    /// YAML 1.2.
    Yaml,
    /// JSON as RFC 8259 has it.
    Json,
}

/// A text and its name. Cloning shares both.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl fmt::Debug for Source {
    /// The name alone: the text may hold secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// The text `text` under the name `name`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// The name of the file, as the user gave it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// JSON if the name ends so, else YAML.
    pub fn format(&self) -> Format {
        let json = self.name.len() >= 5 && self.name.as_bytes()[self.name.len() - 5..].eq_ignore_ascii_case(b".json");
        if json { Format::Json } else { Format::Yaml }
    }

    /// The text of a span; empty if the span is not one of this source.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The character at a line and column, both from 1; the end of the text if there is none.
    pub fn span_at(&self, line: u32, column: u32) -> Span {
        let mut start = 0;
        for _ in 1..line {
            start = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline + 1);
        }
        let mut characters = self.text[start..].char_indices().skip(column.saturating_sub(1) as usize);
        match characters.next() {
            Some((offset, character)) => {
                let at = start + offset;
                Span::new(at as u32, (at + character.len_utf8()) as u32)
            }
            None => Span::new(self.text.len() as u32, self.text.len() as u32),
        }
    }

    /// Line and column of the start of a span.
    pub fn place(&self, span: Span) -> Place {
        let before = &self.text[..self.text.floor_char_boundary(span.start as usize)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Place { file: Arc::clone(&self.name), line: line as u32, column: column as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let source = Source::new("a.yaml", "é: 1\nb: ß2\n");
        assert_eq!(source.place(Span::new(0, 1)).to_string(), "a.yaml:1:1");
        let two = source.text().find('2').expect("it is there") as u32;
        assert_eq!(source.place(Span::new(two, two + 1)).to_string(), "a.yaml:2:5");
        assert_eq!(source.place(Span::new(900, 901)).to_string(), "a.yaml:3:1");
        assert_eq!(source.place(Span::new(1, 2)).column, 1);
    }

    #[test]
    fn the_name_tells_the_format() {
        assert_eq!(Source::new("Group.JSON", "").format(), Format::Json);
        assert_eq!(Source::new("scenario.yaml", "").format(), Format::Yaml);
        assert_eq!(Source::new("é", "").format(), Format::Yaml);
    }
}
