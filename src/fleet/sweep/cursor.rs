//! Reads what stands on the command line word by word, and tells what is wrong with it at its place. What the words mean is told by
//! who reads them.

use crate::text::{Diagnostic, Source, Span};

/// The longest text that is read: a parameter with as many values as it may have is one.
const CHARS_MAX: usize = 200_000;

/// A text and how far it is read.
pub struct Cursor<'t> {
    source: Source,
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The start of a text, which messages show under a name such as `--vary`.
    ///
    /// # Errors
    /// It is too long, or has line breaks.
    pub fn new(name: &str, text: &'t str) -> Result<Cursor<'t>, Diagnostic> {
        let short = || Source::new(name, text.chars().take(60).collect::<String>());
        if text.chars().count() > CHARS_MAX {
            return Err(Diagnostic::about(&short(), format!("longer than {CHARS_MAX} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(Diagnostic::about(&Source::new(name, ""), "holds a control character or a line break"));
        }
        Ok(Cursor { source: Source::new(name, text), text, at: 0 })
    }

    /// Where it is.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// True if nothing is left but white space.
    pub fn is_done(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    /// Goes over white space.
    pub fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Takes the characters for which something holds.
    pub fn take_while(&mut self, holds: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|character| !holds(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Takes a text if it comes next.
    pub fn takes(&mut self, expected: &str) -> bool {
        let comes = self.rest().starts_with(expected);
        if comes {
            self.at += expected.len();
        }
        comes
    }

    /// Takes a text, or says that it was expected.
    ///
    /// # Errors
    /// It does not come next.
    pub fn expect(&mut self, expected: &str, why: &str) -> Result<(), Diagnostic> {
        if self.takes(expected) { Ok(()) } else { Err(self.error(format!("expected `{expected}` {why}"))) }
    }

    /// Takes a word after white space, or says that it was expected.
    ///
    /// # Errors
    /// It does not come next.
    pub fn expect_word(&mut self, word: &str, why: &str) -> Result<(), Diagnostic> {
        self.skip_space();
        let start = self.at;
        if self.take_while(char::is_alphanumeric) == word {
            return Ok(());
        }
        self.at = start;
        Err(self.error(format!("expected `{word}` {why}")))
    }

    /// What was read since a place.
    pub fn since(&self, start: usize) -> Span {
        Span::new(start as u32, self.at.max(start) as u32)
    }

    /// The text, as messages show it.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What is wrong with the next character.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        let end = self.rest().chars().next().map_or(self.at, |next| self.at + next.len_utf8());
        Diagnostic::error(&self.source, Span::new(self.at as u32, end as u32), message)
    }

    /// What is wrong with what was read since a place.
    pub fn error_since(&self, start: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&self.source, self.since(start), message)
    }
}
