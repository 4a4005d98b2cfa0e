//! Trees as YAML that reads the same in YAML 1.2, in `kubectl` and in Python: a text stands without quotes only where none of
//! them takes it for anything else. Small maps of a scenario stand in one line, as people write them.

use super::tree::Tree;

/// The longest line in which a list or map stands as a whole.
const LINE_MAX: usize = 110;

/// Words that YAML 1.1 takes for truth values or for nothing, in small letters.
const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"];

/// How lists and maps are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Each key in a line of its own.
    Block,
    /// The same at the top, with small lists and maps in one line below it.
    Compact,
}

/// The tree as a YAML document, with a line break at its end.
pub fn yaml(tree: &Tree, style: Style) -> String {
    let mut out = String::new();
    match tree {
        Tree::Map(entries) if !entries.is_empty() => map(entries, 0, style, true, &mut out),
        Tree::List(items) if !items.is_empty() => list(items, 0, style, &mut out),
        other => {
            out.push_str(&flow(other));
            out.push('\n');
        }
    }
    out
}

fn map(entries: &[(String, Tree)], depth: usize, style: Style, is_top: bool, out: &mut String) {
    for (index, (key, value)) in entries.iter().enumerate() {
        // The first key of a map in a list stands behind the dash.
        if index > 0 || is_top {
            indent(depth, out);
        }
        let key = scalar(key);
        out.push_str(&key);
        out.push(':');
        // The parts of a scenario stand in lines of their own even if they would fit into one.
        let is_part = is_top && depth == 0;
        behind(value, depth, style, is_part, 2 * depth + key.len() + 2, out);
    }
}

/// What stands behind the colon of a key.
fn behind(value: &Tree, depth: usize, style: Style, is_part: bool, used: usize, out: &mut String) {
    let is_list_of_maps = value.items().iter().any(|item| matches!(item, Tree::Map(_)));
    let may_be_flow = style == Style::Compact && !is_list_of_maps && !(is_part && matches!(value, Tree::Map(_)));
    let line = flow(value);
    match value {
        _ if is_leaf(value) || may_be_flow && used + line.chars().count() <= LINE_MAX => {
            out.push(' ');
            out.push_str(&line);
            out.push('\n');
        }
        Tree::Map(entries) => {
            out.push('\n');
            map(entries, depth + 1, style, true, out);
        }
        Tree::List(items) => {
            out.push('\n');
            list(items, depth + usize::from(style == Style::Compact), style, out);
        }
        _ => {}
    }
}

fn list(items: &[Tree], depth: usize, style: Style, out: &mut String) {
    for item in items {
        indent(depth, out);
        out.push_str("- ");
        let line = flow(item);
        let fits = style == Style::Compact && 2 * depth + 2 + line.chars().count() <= LINE_MAX;
        match item {
            _ if is_leaf(item) || fits => {
                out.push_str(&line);
                out.push('\n');
            }
            Tree::Map(entries) => map(entries, depth + 1, style, false, out),
            // A list in a list is rare, and reads best in one line.
            _ => {
                out.push_str(&line);
                out.push('\n');
            }
        }
    }
}

/// True for what stands in one line in any style.
fn is_leaf(tree: &Tree) -> bool {
    match tree {
        Tree::List(items) => items.is_empty(),
        Tree::Map(entries) => entries.is_empty(),
        _ => true,
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// The tree in one line.
pub fn flow(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(truth) => truth.to_string(),
        Tree::Int(number) => number.to_string(),
        Tree::Float(text) => text.clone(),
        Tree::Text(text) => scalar(text),
        Tree::List(items) if items.is_empty() => "[]".to_owned(),
        Tree::List(items) => format!("[ {} ]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Tree::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Tree::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A text as it stands in YAML: plain, or in double quotes with the escapes of JSON.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { super::json::quoted(text) }
}

/// True for a text that every reader of YAML takes for just that, within braces too.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return false };
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-' | b'@' | b'+');
    if !text.bytes().all(is_part) || WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return false;
    }
    if first.is_ascii_digit() {
        return is_amount(text);
    }
    first.is_ascii_alphabetic() || first == b'/'
}

/// True for a length of time or an amount with a unit (`1h30m`, `128Gi`, `2.5s`): no YAML takes it for a number.
fn is_amount(text: &str) -> bool {
    let mut rest = text;
    let mut parts = 0;
    while !rest.is_empty() {
        let number = rest.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(rest.len());
        let behind = &rest[number..];
        let unit = behind.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(behind.len());
        let word = &behind[..unit];
        let known = ["ns", "us", "ms", "s", "m", "h", "d", "Ki", "Mi", "Gi", "Ti", "k", "M", "G", "T"];
        if number == 0 || !known.contains(&word) {
            return false;
        }
        rest = &behind[unit..];
        parts += 1;
    }
    parts > 0
}
