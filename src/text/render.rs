//! Diagnostics as text: the line that each is about, with a caret under the place. Of a line that may hold an environment
//! variable or an argument, only what the message is about is shown.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity, Source, Span, mask};

/// The most messages that are shown in full.
const SHOWN_MAX: usize = 50;

/// The messages, one below the other, each with a blank line behind it.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
        out.push_str(&render_one(diagnostic, &renderer));
        out.push_str("\n\n");
    }
    if diagnostics.len() > SHOWN_MAX {
        out.push_str(&format!("… and {} more\n", diagnostics.len() - SHOWN_MAX));
    }
    out
}

/// A line of a source, by its number from 1, without the spaces around it and with stars over what may be secret.
pub fn line(source: &Source, number: u32) -> String {
    let range = line_of(source, source.span_at(number, 1));
    redact(&source.text()[range], &[], Vec::new()).trim().to_owned()
}

fn render_one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = mask::mask(&diagnostic.message);
    let mut group = Group::with_title(level.primary_title(message.as_ref()));
    match diagnostic.span {
        None => group = group.element(Origin::path(diagnostic.source.name().as_ref())),
        Some(span) => {
            let mut marks = vec![Mark { source: &diagnostic.source, span, label: &diagnostic.label, primary: true }];
            marks.extend(diagnostic.related.iter().map(|related| Mark {
                source: &related.source,
                span: related.span,
                label: &related.label,
                primary: false,
            }));
            for snippet in snippets(&marks, diagnostic) {
                group = group.element(snippet);
            }
        }
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(mask::mask(note)));
    }
    for help in &diagnostic.helps {
        group = group.element(Level::HELP.message(mask::mask(help)));
    }
    renderer.render(&[group])
}

/// A place with a caret.
struct Mark<'a> {
    source: &'a Source,
    span: Span,
    label: &'a str,
    primary: bool,
}

/// One snippet for each line that is shown; marks of one line share it.
fn snippets<'a>(marks: &[Mark<'a>], diagnostic: &Diagnostic) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut lines: Vec<(&Source, Range<usize>, Vec<&Mark<'a>>)> = Vec::new();
    for mark in marks {
        let line = line_of(mark.source, mark.span);
        match lines.iter_mut().find(|(source, range, _)| source.name() == mark.source.name() && *range == line) {
            Some((_, _, there)) => there.push(mark),
            None => lines.push((mark.source, line, vec![mark])),
        }
    }
    lines.into_iter().map(|(source, line, marks)| snippet(source, &line, &marks, diagnostic)).collect()
}

fn snippet<'a>(
    source: &Source,
    line: &Range<usize>,
    marks: &[&Mark<'a>],
    diagnostic: &Diagnostic,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let within = |span: Span| {
        let start = (span.start as usize).clamp(line.start, line.end);
        let end = (span.end as usize).clamp(start, line.end);
        start - line.start..end - line.start
    };
    let spans: Vec<Range<usize>> = marks.iter().map(|mark| within(mark.span)).collect();
    let text = &source.text()[line.clone()];
    let is_its = source.name() == diagnostic.source.name();
    let hidden = diagnostic.hidden.iter().filter(|_| is_its).map(|span| within(*span)).collect();
    let shown = if diagnostic.is_private { redact_all(text, &spans, hidden) } else { redact(text, &spans, hidden) };
    let number = source.place(Span::new(line.start as u32, line.start as u32)).line;
    let mut snippet = Snippet::source(shown).path(source.name().to_string()).line_start(number as usize);
    for (mark, span) in marks.iter().zip(spans) {
        let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(span);
        snippet = snippet.annotation(if mark.label.is_empty() {
            annotation
        } else {
            annotation.label(mask::mask(mark.label).into_owned())
        });
    }
    snippet
}

/// The line in which a span begins, without its line break.
fn line_of(source: &Source, span: Span) -> Range<usize> {
    let text = source.text();
    let at = text.floor_char_boundary(span.start as usize);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    let trimmed = text[start..end].trim_end_matches('\r').len();
    start..(start + trimmed).max(at)
}

/// The line with stars over what may be secret, byte for byte, so that places in it stay.
fn redact(line: &str, shown: &[Range<usize>], mut hidden: Vec<Range<usize>>) -> String {
    hidden.extend(mask::secrets(line));
    for key in ["value", "args", "command", "env"] {
        for (found, _) in line.match_indices(key) {
            hidden.extend(value_of_key(line, found + key.len()));
        }
    }
    if let Some(item) = bare_item(line)
        && !shown.iter().any(|span| span.start <= item.start && item.end <= span.end)
    {
        hidden.push(item);
    }
    let mut bytes = line.as_bytes().to_vec();
    for range in mask::merge(hidden) {
        for at in range.clone().filter(|at| !in_reference(line, &range, *at)) {
            bytes[at] = b'*';
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| "*".repeat(error.as_bytes().len()))
}

/// The line with stars over everything but the places and the marks between values, byte for byte; of these, what is hidden
/// stays so. Where a place is the key of the line, its colon is shown too, and that nothing stands behind it (`{}`, `[]`) is no
/// secret.
fn redact_all(line: &str, shown: &[Range<usize>], hidden: Vec<Range<usize>>) -> String {
    let holds = |ranges: &[Range<usize>], at: usize| ranges.iter().any(|range| range.contains(&at));
    let mut key = key_of(line);
    if !shown.iter().any(|place| place.start < key.end && key.start < place.end) {
        key = 0..0;
    }
    let rest = line[key.end..].trim();
    let is_empty = key.end > 0 && matches!(rest.trim_end_matches(','), "" | "{}" | "[]");
    let is_shown = |at: usize| key.contains(&at) || is_empty || holds(shown, at) && !holds(&hidden, at);
    let is_mark = |at: usize, byte: u8| {
        let ends = line.as_bytes().get(at + 1).is_none_or(u8::is_ascii_whitespace);
        matches!(byte, b' ' | b'\t' | b'{' | b'}' | b'[' | b']') || ends && matches!(byte, b':' | b',')
    };
    let bytes = line.bytes().enumerate();
    let bytes = bytes.map(|(at, byte)| if is_shown(at) || is_mark(at, byte) { byte } else { b'*' });
    String::from_utf8(bytes.collect()).unwrap_or_else(|error| "*".repeat(error.as_bytes().len()))
}

/// The key that a line begins with, its colon and the dash before it; empty if it begins with anything else.
fn key_of(line: &str) -> Range<usize> {
    let trimmed = line.trim_start();
    let start = line.len() - trimmed.len();
    let item = trimmed.strip_prefix("- ").unwrap_or(trimmed);
    let is_part = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.' | '/' | '"');
    let name = item.find(|one: char| !is_part(one)).unwrap_or(item.len());
    let behind = &item[name..];
    let is_key = name > 0 && behind.starts_with(':') && behind[1..].chars().next().is_none_or(char::is_whitespace);
    if is_key { start..line.len() - behind.len() + 1 } else { start..start }
}

/// The value of a key that ends at `key_end`: a text, or a list or map up to the end of the line.
fn value_of_key(line: &str, key_end: usize) -> Option<Range<usize>> {
    let rest = line[key_end..].trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
    let start = line.len() - rest.len();
    let end = match rest.as_bytes().first()? {
        b'"' => start + 1 + closing_quote(&rest[1..]),
        b'[' | b'{' => start + closing_bracket(rest).unwrap_or(rest.len()),
        _ => start + rest.find([',', '}']).unwrap_or(rest.len()),
    };
    let start = if rest.starts_with('"') { start + 1 } else { start };
    Some(start..end)
}

/// The bytes up to the bracket that closes the list or map at the begin of the text, with it.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if b" ,:[{".contains(&bytes[at - 1]) => at += 1 + closing_quote(&text[at + 1..]),
            // A quote within a word, or an apostrophe: what follows is not known then.
            b'"' | b'\'' => return None,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// A text that stands in its line alone: an item of a list, perhaps an argument.
fn bare_item(line: &str) -> Option<Range<usize>> {
    let trimmed = line.trim_start();
    let item = trimmed.strip_prefix("- ").unwrap_or(trimmed);
    let start = line.len() - item.len();
    if let Some(inner) = item.strip_prefix('"') {
        let length = closing_quote(inner);
        let behind = inner.get(length + 1..).unwrap_or("").trim();
        return if behind.is_empty() || behind == "," { Some(start + 1..start + 1 + length) } else { None };
    }
    let is_plain_item = trimmed.starts_with("- ") && !item.contains(": ") && !item.ends_with(':');
    if is_plain_item && !item.starts_with(['{', '[']) { Some(start..line.len()) } else { None }
}

/// The bytes before the quote that closes the text, or all if none does.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// True inside a `${…}` of a hidden text: it names a value and holds none.
fn in_reference(line: &str, hidden: &Range<usize>, at: usize) -> bool {
    let bytes = line.as_bytes();
    let Some(open) = (hidden.start..=at).rev().find(|index| bytes[*index..].starts_with(b"${")) else {
        return false;
    };
    let Some(length) = bytes[open..hidden.end].iter().position(|byte| *byte == b'}') else {
        return false;
    };
    let name = &bytes[open + 2..open + length];
    at <= open + length && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(name: &str, text: &str, word: &str) -> Diagnostic {
        let source = Source::new(name, text);
        let start = text.find(word).expect("the word is there") as u32;
        Diagnostic::error(&source, Span::new(start, start + word.len() as u32), "this is wrong")
    }

    #[test]
    fn points_at_the_place() {
        let one = diagnostic("a.yaml", "a: 1\nbé: [two, three]\n", "three").label("here").help("write 3");
        let source = one.source.clone();
        let one = one.related(&source, Span::new(0, 1), "and there").note("because");
        insta::assert_snapshot!(render(&[one], false));
    }

    #[test]
    fn of_a_private_line_the_place_alone_is_shown() {
        let told = render(&[diagnostic("a.yaml", "a: { bé: key, c: hunter2 }\n", "key").private()], false);
        assert!(told.contains("key") && !told.contains("hunter2") && !told.contains("bé"), "{told}");
        for (line, shown) in [
            ("  settings: {}", "  settings: {}"),
            ("  - settings: hunter2", "  - settings: *******"),
            ("  \"settings\": [ 1 ],", "  \"settings\": [ * ],"),
            ("  $settings: { a: hunter2 }", "  *settings: { *: ******* }"),
            ("  hunter:2", "  ********"),
        ] {
            let place = line.find("settings").map_or(0..0, |start| start..start + "settings".len());
            assert_eq!(redact_all(line, &[place], Vec::new()), shown);
        }
        assert_eq!(redact_all("  - hunter2: {}", &[], Vec::new()), "  * *******: {}");
    }

    #[test]
    fn a_span_of_many_lines_is_shown_by_its_first() {
        insta::assert_snapshot!(render(&[diagnostic("a.yaml", "a:\n  b: 1\n  c: 2\n", "b: 1\n  c: 2")], false));
    }

    #[test]
    fn a_line_by_itself_hides_what_may_be_secret() {
        let source = Source::new("a.yaml", "a: 1\n  - { at: 5m, password: hunter2 }\n  - hunter2\n");
        assert_eq!(line(&source, 2), "- { at: 5m, password: ******* }");
        assert_eq!(line(&source, 3), "- *******");
        assert_eq!(line(&source, 9), "");
    }

    #[test]
    fn a_message_about_a_whole_file_names_it() {
        let source = Source::new("gone.yaml", "");
        insta::assert_snapshot!(render(&[Diagnostic::about(&source, "cannot read the file: not found")], false));
    }

    #[test]
    fn hides_variables_and_arguments() {
        let shown = |text: &str, word: &str| render(&[diagnostic("a.json", text, word)], false);
        for (text, word) in [
            ("{\"key\": \"DB\", \"value\": \"hunter2\"}", "\"key\""),
            ("{\"key\": \"DB\", \"value\": \"hun\\\"ter2\"}", "\"value\""),
            ("{ key: DB, value: hunter2, x: y }", "x: y"),
            ("\"recipe_container_command_args\": [\"--x\", \"hunter2\"]", "\"recipe"),
            ("  \"hunter2\",", "  "),
            ("  - hunter2", "- "),
            ("{\"u\": \"postgres://a:hunter2@b\"}", "\"u\""),
        ] {
            let text = shown(text, word);
            assert!(!text.contains("hunter2") && !text.contains("ter2"), "{text}");
        }
        let flow = shown("args: [\"hunter2\", [\"]\"]], limits: { gpu: two }", "two");
        assert!(flow.contains("limits: { gpu: two }") && !flow.contains("hunter2"), "{flow}");
        let odd = shown("args: [it's, 'a]', hunter2], limits: { gpu: two }", "two");
        assert!(!odd.contains("hunter2"), "{odd}");
        assert!(shown("\"value\": \"a${vllm.url}b\"", "\"value\"").contains("\"*${vllm.url}*\""));
        assert!(shown("depends_on: [\"postgres\"]", "\"postgres\"").contains("\"postgres\""));
        assert!(shown("  \"postgres\",", "\"postgres\"").contains("\"postgres\""));
    }
}
