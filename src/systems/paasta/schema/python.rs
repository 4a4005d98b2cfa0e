//! Values as Python has them: `repr`, and when two are equal. Messages of PaaSTA hold values in this form.

use std::fmt::Write;

use super::{Rule, Schema, is_secret};
use crate::text::Node;
use crate::text::tree::Value;

/// The most characters of a value in a message. Python has no such limit; a whole instance in one line helps nobody.
const REPR_CHARS_MAX: usize = 2_000;

/// What stands for a value that could be secret.
pub const HIDDEN: &str = "…";

/// `repr` of a value. Values that could be secret are left out.
pub fn repr(node: &Node) -> String {
    let mut out = String::new();
    write_node(node, &mut out);
    if let Some((end, _)) = out.char_indices().nth(REPR_CHARS_MAX) {
        out.truncate(end);
        out.push('…');
    }
    out
}

fn write_node(node: &Node, out: &mut String) {
    // What is cut off later need not be written.
    if out.len() > 4 * REPR_CHARS_MAX {
        return;
    }
    match &node.value {
        Value::Null => out.push_str("None"),
        Value::Bool(truth) => out.push_str(if *truth { "True" } else { "False" }),
        Value::Int(number) => drop(write!(out, "{number}")),
        Value::Float(text) => out.push_str(&number(text)),
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Seq(items) => {
            let parts = items.iter().map(|item| (None, item));
            write_list(parts, ['[', ']'], out);
        }
        Value::Map(entries) => {
            let parts = entries.iter().map(|(key, value)| (Some(key.text.as_str()), value));
            write_list(parts, ['{', '}'], out);
        }
    }
}

fn write_list<'n>(parts: impl Iterator<Item = (Option<&'n str>, &'n Node)>, ends: [char; 2], out: &mut String) {
    out.push(ends[0]);
    for (index, (key, value)) in parts.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        if key.is_some_and(is_secret) { out.push_str(HIDDEN) } else { write_node(value, out) }
    }
    out.push(ends[1]);
}

/// `repr` of a text: in double quotes only if it holds a single one and no double one.
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            _ if character.is_control() || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}') => {
                let code = u32::from(character);
                let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{code:04x}") };
            }
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}

/// `repr` of a number that is no whole number of 64 bits: the shortest digits that mean the same float.
fn number(text: &str) -> String {
    if is_whole(text) {
        return text.strip_prefix('+').unwrap_or(text).to_owned();
    }
    let Ok(number) = plain(text).parse::<f64>() else { return text.to_owned() };
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // Rust writes the same digits; where Python turns to powers of ten differs.
    let scientific = format!("{number:e}");
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match power.parse::<i32>().unwrap_or(0) {
        power @ -4..16 if number != 0.0 || power == 0 => format!("{number:?}"),
        power => format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs()),
    }
}

/// A number as Rust reads it: YAML's names of infinity and of no number have a point before them.
fn plain(text: &str) -> String {
    text.replace('.', if text.to_ascii_lowercase().contains(['i', 'n']) { "" } else { "." })
}

/// True if a number that is kept as its text is whole to Python: it has digits alone.
pub fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// How a number compares with a bound of a schema; `None` for what is no number.
pub fn compare(node: &Node, bound: &str) -> Option<std::cmp::Ordering> {
    let number: f64 = match &node.value {
        Value::Int(number) => *number as f64,
        Value::Float(text) => plain(text).parse().ok()?,
        _ => return None,
    };
    number.partial_cmp(&bound.parse().ok()?)
}

/// A text that two values share if and only if they are equal in Python: numbers by value, truth values among them, maps
/// without their order.
pub fn canonical(node: &Node) -> String {
    match &node.value {
        Value::Null => "n".to_owned(),
        Value::Bool(truth) => float_key(if *truth { 1.0 } else { 0.0 }),
        Value::Int(number) => float_key(*number as f64),
        Value::Float(text) => plain(text).parse().map_or_else(|_| text.clone(), float_key),
        Value::String(text) => quoted(text),
        Value::Seq(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Map(entries) => {
            let mut parts: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}:{}", quoted(&key.text), canonical(value))).collect();
            parts.sort_unstable();
            format!("{{{}}}", parts.join(","))
        }
    }
}

/// Zero has a sign that does not count.
fn float_key(number: f64) -> String {
    format!("{:?}", number + 0.0)
}

/// `repr` of a list of texts.
pub fn quoted_list(texts: &[&str]) -> String {
    let parts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", parts.join(", "))
}

/// `repr` of a schema, as the messages of `oneOf` and `not` show it. Their schemas in the tables use these rules alone.
pub fn schema_repr(schema: Schema) -> String {
    let parts: Vec<String> = schema.iter().filter_map(rule_repr).collect();
    format!("{{{}}}", parts.join(", "))
}

fn rule_repr(rule: &Rule) -> Option<String> {
    Some(match rule {
        Rule::Type([one]) => format!("'type': {}", quoted(one.text())),
        Rule::OneOfTexts(texts) => format!("'enum': {}", quoted_list(texts)),
        Rule::Required(keys) => format!("'required': {}", quoted_list(keys)),
        Rule::Properties(properties) => {
            let parts: Vec<String> =
                properties.iter().map(|(key, schema)| format!("{}: {}", quoted(key), schema_repr(schema))).collect();
            format!("'properties': {{{}}}", parts.join(", "))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: texts and numbers are as CPython 3.11 prints them. Method: values that were printed there.
    #[test]
    fn values_are_printed_as_python_prints_them() {
        for (text, printed) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("a\\b\n\t\u{1}é😀\u{85}\u{feff}", "'a\\\\b\\n\\t\\x01é😀\\x85\\ufeff'"),
        ] {
            assert_eq!(quoted(text), printed);
        }
        for (text, printed) in [
            ("0.10", "0.1"),
            ("512.3", "512.3"),
            ("200.0", "200.0"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("1.0e+16", "1e+16"),
            ("1.0e+15", "1000000000000000.0"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.5e-7", "1.5e-07"),
            ("1.0e+300", "1e+300"),
            ("-0.0", "-0.0"),
            (".inf", "inf"),
            ("-.INF", "-inf"),
            (".nan", "nan"),
            ("18446744073709551616", "18446744073709551616"),
        ] {
            assert_eq!(number(text), printed, "{text}");
        }
    }
}
