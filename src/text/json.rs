//! A strict reader of JSON (RFC 8259) that keeps places. `serde_json` checks the same grammar but gives no place of a value.

use super::tree::{DEPTH_MAX, Key, NODES_MAX, Node, Value};
use super::{Diagnostic, Source, Span, diagnostic};
use std::collections::BTreeMap;

/// Reads a JSON text.
///
/// # Errors
/// The first thing that is not JSON, a key that stands twice in one object, or a limit.
pub fn parse(source: &Source) -> Result<Node, Diagnostic> {
    let mut reader = Reader::begin(source);
    let root = reader.value(0)?;
    reader.skip_space();
    if reader.at < reader.bytes.len() {
        return Err(reader.error_here("unexpected text behind the end of the document"));
    }
    Ok(root)
}

/// Reads one or more JSON values, one behind the other.
///
/// # Errors
/// The first thing that is not JSON, a key that stands twice in one object, or a limit.
pub fn parse_all(source: &Source) -> Result<Vec<Node>, Diagnostic> {
    let mut reader = Reader::begin(source);
    let mut values = vec![reader.value(0)?];
    reader.skip_space();
    // What does not begin as an object is told to be too much.
    while reader.bytes.get(reader.at) == Some(&b'{') {
        values.push(reader.value(0)?);
        reader.skip_space();
    }
    if reader.at < reader.bytes.len() {
        return Err(reader.error_here("unexpected text behind the end of the document"));
    }
    Ok(values)
}

struct Reader<'a> {
    source: &'a Source,
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first value.
    fn begin(source: &'a Source) -> Reader<'a> {
        let text = source.text();
        // Some editors begin a file with a byte order mark; RFC 8259 lets a reader ignore it.
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut reader = Reader { source, bytes: text.as_bytes(), at, nodes: 0 };
        reader.skip_space();
        reader
    }
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.error_here(format!("the document has more than {NODES_MAX} values")));
        }
        if depth > DEPTH_MAX {
            return Err(self.error_here(format!("the document is nested more than {DEPTH_MAX} deep")));
        }
        let start = self.at;
        let value = match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'\'') => return Err(self.error_here("a text in JSON stands in double quotes")),
            Some(b'/' | b'#') => return Err(self.error_here("JSON has no comments")),
            Some(_) => return Err(self.error_here("expected a value")),
            None => return Err(self.error_here("the document ends where a value should stand")),
        };
        Ok(Node { value, span: self.span_from(start) })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Diagnostic> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut places: BTreeMap<String, Span> = BTreeMap::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Map(entries));
        }
        loop {
            let start = self.at;
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.error_here("expected a key in double quotes"));
            }
            let text = self.string()?;
            let span = self.span_from(start);
            if let Some(first) = places.insert(text.clone(), span) {
                let message = format!("the key {} stands twice in this object", diagnostic::quote(&text));
                return Err(Diagnostic::error(self.source, span, message).related(self.source, first, "first here"));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(self.error_here("expected `:` behind the key"));
            }
            self.skip_space();
            let value = self.value(depth + 1)?;
            entries.push((Key { text, span }, value));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Map(entries));
            }
            self.comma("}", b'}')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Diagnostic> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Seq(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Seq(items));
            }
            self.comma("]", b']')?;
        }
    }

    /// A comma between two members, not before the closing bracket.
    fn comma(&mut self, closing: &str, closing_byte: u8) -> Result<(), Diagnostic> {
        let comma = self.at;
        if !self.take(b',') {
            let message = match self.bytes.get(self.at) {
                None => format!("the document ends where `,` or `{closing}` should stand"),
                Some(_) => format!("expected `,` or `{closing}`"),
            };
            return Err(self.error_here(message));
        }
        self.skip_space();
        if self.bytes.get(self.at) == Some(&closing_byte) {
            let message = format!("JSON allows no `,` before `{closing}`");
            return Err(Diagnostic::error(self.source, Span::new(comma as u32, comma as u32 + 1), message));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, Diagnostic> {
        let opened = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            while self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            // Both ends stand beside ASCII bytes or the ends of the text, so the slice ends between characters.
            text.push_str(&self.source.text()[start..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(b'\n' | b'\r') | None => {
                    // At the quote alone: the text may be an argument, which no message shows.
                    let span = Span::new(opened as u32, opened as u32 + 1);
                    return Err(Diagnostic::error(self.source, span, "this text has no closing `\"`"));
                }
                Some(_) => {
                    return Err(self.error_here("a control character in a text must be written as `\\u00XX`"));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Diagnostic> {
        let start = self.at;
        let simple = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error_here("unknown escape in a text")),
        };
        self.at = start + 2;
        Ok(simple)
    }

    fn unicode_escape(&mut self) -> Result<char, Diagnostic> {
        let start = self.at;
        let first = self.hex4(start)?;
        self.at = start + 6;
        let code = if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let second = self.hex4(self.at)?;
            self.at += 6;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(Diagnostic::error(self.source, self.span_from(start), "half a surrogate pair in a text"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code)
            .ok_or_else(|| Diagnostic::error(self.source, self.span_from(start), "half a surrogate pair in a text"))
    }

    /// The four digits of the `\uXXXX` that begins at `start`.
    fn hex4(&self, start: usize) -> Result<u32, Diagnostic> {
        let digits = self.bytes.get(start + 2..start + 6).unwrap_or_default();
        let all_hex = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
        let code = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code {
            Some(code) if all_hex => Ok(code),
            _ => {
                let span = Span::new(start as u32, start as u32 + 2);
                Err(Diagnostic::error(self.source, span, "expected four hexadecimal digits behind `\\u`"))
            }
        }
    }

    fn number(&mut self) -> Result<Value, Diagnostic> {
        let start = self.at;
        self.take(b'-');
        let first = self.at;
        if self.digits() == 0 {
            return Err(self.error_here("expected a digit"));
        }
        if self.bytes[first] == b'0' && self.at > first + 1 {
            return Err(Diagnostic::error(self.source, self.span_from(start), "a number does not begin with 0"));
        }
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            if self.digits() == 0 {
                return Err(self.error_here("expected a digit behind `.`"));
            }
        }
        if self.take(b'e') || self.take(b'E') {
            whole = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(self.error_here("expected a digit in the exponent"));
            }
        }
        let text = &self.source.text()[start..self.at];
        match text.parse::<i64>() {
            Ok(number) if whole && text != "-0" => Ok(Value::Int(number)),
            _ => Ok(Value::Float(text.to_owned())),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Diagnostic> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error_here("expected a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn skip_space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(start as u32, self.at as u32)
    }

    /// An error at the character that is next.
    fn error_here(&self, message: impl Into<String>) -> Diagnostic {
        let length = self.source.text()[self.at..].chars().next().map_or(0, char::len_utf8);
        Diagnostic::error(self.source, Span::new(self.at as u32, (self.at + length) as u32), message)
    }
}
