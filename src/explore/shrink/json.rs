//! Trees as JSON, in the layout that most tools give it. Numbers stay as they were written.

use super::tree::Tree;

/// The tree as a JSON text, with a line break at its end.
pub fn json(tree: &Tree) -> String {
    let mut out = String::new();
    value(tree, 0, &mut out);
    out.push('\n');
    out
}

fn value(tree: &Tree, depth: usize, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Tree::Int(number) => out.push_str(&number.to_string()),
        Tree::Float(text) => out.push_str(text),
        Tree::Text(text) => out.push_str(&quoted(text)),
        Tree::List(items) => {
            let items = items.iter().map(|item| (None, item));
            block(['[', ']'], items, depth, out);
        }
        Tree::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| (Some(key.as_str()), value));
            block(['{', '}'], entries, depth, out);
        }
    }
}

fn block<'t>(
    brackets: [char; 2],
    entries: impl Iterator<Item = (Option<&'t str>, &'t Tree)>,
    depth: usize,
    out: &mut String,
) {
    out.push(brackets[0]);
    let mut is_empty = true;
    for (key, entry) in entries {
        out.push_str(if is_empty { "\n" } else { ",\n" });
        is_empty = false;
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        value(entry, depth + 1, out);
    }
    if !is_empty {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(brackets[1]);
}

/// A text in double quotes. Only what cannot be read in YAML either is escaped.
pub fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Byte order marks and breaks of lines that only YAML 1.1 knows would not come through either.
            letter if letter.is_control() || matches!(letter, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{85}') => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
