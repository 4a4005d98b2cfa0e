//! A message about a text, with the place that it is about. How it is shown on a terminal is [`super::render`]'s.

use std::sync::Arc;

use super::{Place, Source, Span, mask};

/// The most characters of the user's own text that a message repeats.
const QUOTE_CHARS_MAX: usize = 80;

/// How grave a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// The input can be used, but not as it may be meant.
    Warning,
    /// Something worth knowing.
    Note,
}

/// A second place that a message speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Related {
    /// The text that it is in.
    pub source: Source,
    /// Where.
    pub span: Span,
    /// What is there, in a few words.
    pub label: String,
}

/// A message about a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// The text that it is about.
    pub source: Source,
    /// Where in the text; `None`: the message is about the whole.
    pub span: Option<Span>,
    /// What is at that place, in a few words; may be empty.
    pub label: String,
    /// Other places that it speaks of.
    pub related: Vec<Related>,
    /// What explains it.
    pub notes: Vec<String>,
    /// What to do about it.
    pub helps: Vec<String>,
    /// True if of its lines nothing but the places may be shown: beside them may stand the content of a secret.
    pub is_private: bool,
    /// Parts of its source that may never be shown, as the values of annotations.
    pub hidden: Arc<[Span]>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(source: &Source, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { span: Some(span), ..Diagnostic::about(source, message) }
    }

    /// A warning at a place.
    pub fn warning(source: &Source, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(source, span, message) }
    }

    /// An error about a text as a whole.
    pub fn about(source: &Source, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            source: source.clone(),
            span: None,
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            is_private: false,
            hidden: Arc::default(),
        }
    }

    /// Shows nothing of its lines but the places.
    #[must_use]
    pub const fn private(mut self) -> Diagnostic {
        self.is_private = true;
        self
    }

    /// Shows nothing of these parts of its source.
    #[must_use]
    pub fn hiding(mut self, hidden: &Arc<[Span]>) -> Diagnostic {
        self.hidden = Arc::clone(hidden);
        self
    }

    /// Says what is at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, source: &Source, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push(Related { source: source.clone(), span, label: label.into() });
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.helps.push(help.into());
        self
    }

    /// File, line and column; line 1, column 1 for a message about a whole text.
    pub fn place(&self) -> Place {
        self.source.place(self.span.unwrap_or_default())
    }
}

/// The user's text as a message repeats it: in backquotes, on one line, cut if it is long, credentials masked.
pub fn quote(text: &str) -> String {
    let masked = mask::mask(text);
    let mut quoted = String::from("`");
    for (index, character) in masked.chars().enumerate() {
        if index == QUOTE_CHARS_MAX {
            quoted.push('…');
            break;
        }
        if character.is_control() || is_invisible(character) {
            quoted.extend(character.escape_unicode());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

/// Characters that change how the text around them is shown.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The known word that was probably meant by `word`, if one is near enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > QUOTE_CHARS_MAX {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let plain_word = plain(word);
    let mut best: Option<((usize, usize), &str)> = None;
    for candidate in known {
        let distance = strsim::osa_distance(&plain_word, &plain(candidate));
        // Of `Deployment` and `deployment`, both as near but for case, the one in the right case is meant.
        let rank = (distance, strsim::osa_distance(word, candidate));
        let bound = candidate.chars().count().div_ceil(3);
        if distance <= bound && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_on_one_line() {
        assert_eq!(quote("a\nb\u{1b}[31m\u{202e}"), "`a\\u{a}b\\u{1b}[31m\\u{202e}`");
        assert_eq!(quote(&"x".repeat(100)).chars().count(), QUOTE_CHARS_MAX + 3);
        assert!(!quote("postgres://u:hunter2@db").contains("hunter2"));
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let known = ["deployment", "workload", "image", "kind"];
        assert_eq!(nearest("deploymnet", known), Some("deployment"));
        assert_eq!(nearest("Image", known), Some("image"));
        assert_eq!(nearest("deploiment", ["Deployment", "deployment"]), Some("deployment"));
        assert_eq!(nearest("zone", known), None);
        assert_eq!(nearest("max_surge", ["maxSurge"]), Some("maxSurge"));
    }
}
