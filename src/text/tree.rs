//! YAML and JSON as one kind of tree, in which every key and value knows where it stands.
//! Keys keep their order, a key stands in a map once, and size and depth are bounded.

use super::{Diagnostic, Format, Source, Span, json, yaml};

/// The deepest nesting of lists and maps.
pub const DEPTH_MAX: usize = 100;
/// The most values in one document, those behind aliases counted each time.
pub const NODES_MAX: usize = 250_000;

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands; behind an alias, where it is defined.
    pub span: Span,
}

/// A key of a map and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The values that YAML and JSON share.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as it is written.
    Float(String),
    /// A text.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A map, in the order of the text.
    Map(Vec<(Key, Node)>),
}

/// Reads a source in the notation that its name tells.
///
/// # Errors
/// The first thing that makes it no YAML or JSON, or a limit that it passes.
pub fn parse(source: &Source) -> Result<Node, Diagnostic> {
    if source.text().len() > super::source::SOURCE_BYTES_MAX {
        let mebibytes = super::source::SOURCE_BYTES_MAX >> 20;
        return Err(Diagnostic::about(source, format!("the file is larger than {mebibytes} MiB")));
    }
    match source.format() {
        Format::Json => json::parse(source),
        Format::Yaml => yaml::parse(source),
    }
}

impl Node {
    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value, if this is a map that has it.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.as_map()?.iter().find(|(candidate, _)| candidate.text == key).map(|(key, value)| (key, value))
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The whole number, if this is one.
    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Int(number) = self.value { Some(number) } else { None }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self.value { Some(truth) } else { None }
    }

    /// The items, if this is a list.
    pub fn as_seq(&self) -> Option<&[Node]> {
        if let Value::Seq(items) = &self.value { Some(items) } else { None }
    }

    /// Keys and values, if this is a map.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        if let Value::Map(entries) = &self.value { Some(entries) } else { None }
    }

    /// True for null.
    pub const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What sort of value it is, as a message says it: `a text`, `a list`.
    pub const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::String(_) => "a text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// A number, truth value or text as it is written; `None` for anything else.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Int(number) => Some(number.to_string()),
            Value::Float(text) | Value::String(text) => Some(text.clone()),
            Value::Null | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// The value as JSON. A number that JSON cannot hold becomes a text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Int(number) => Json::from(*number),
            Value::Float(text) => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                Some(number) => Json::Number(number),
                None => Json::String(text.clone()),
            },
            Value::String(text) => Json::String(text.clone()),
            Value::Seq(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> Result<Node, Diagnostic> {
        parse(&Source::new("a.yaml", text))
    }

    #[test]
    fn probe() {
        for text in [
            "a: [1, 2.50, 90s, \"x\", true, yes, ~, 0x1f, 1e400, 18446744073709551615]\nb:\n  c: 00:07:31.250\n  d: {e: f}\n",
            "a: 1\nb: 2\na: 3\n",
            "a: [1, 2\nb: 3",
            "a: b: c",
            "a: 'x",
            "\ta: 1",
            "a: !foo 3",
            "a: !!binary aGVsbG8=",
            "a: *x",
            "? [a]\n: 1\n",
            "a: 1\n---\nb: 2\n",
            "",
            "- a\n-b\nc",
            "1: a\n\"1\": b\n",
            "a: &x [1,2]\nb: *x\n",
            "x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n",
            "\u{0}",
            "a: \"\\q\"",
            "~: 1",
            "a: .nan",
            "a: {b",
            "a: |\n  text\n more",
            "%YAML 9\n---\na",
            "a:\n\t- b",
            "a: @b",
            "!!str 5",
            "a: &x [*x]",
            "k: >\n  folded\n  text\n",
        ] {
            match yaml(text) {
                Ok(node) => println!("{text:?}\n   OK {node:?}"),
                Err(d) => {
                    println!("{text:?}\n   ERR {} @{} {:?}", d.message, d.place(), d.span.map(|s| d.source.slice(s)))
                }
            }
        }
        let bomb = format!(
            "a: &a [x,x,x,x,x,x,x,x,x]\n{}",
            (b'b'..b'k')
                .map(|c| {
                    let p = (c - 1) as char;
                    let c = c as char;
                    format!("{c}: &{c} [{}]\n", vec![format!("*{p}"); 9].join(","))
                })
                .collect::<String>()
        );
        println!("{:?}", yaml(&bomb).map(|_| ()).map_err(|d| (d.message.clone(), d.place())));
        println!("{:?}", yaml(&"[".repeat(5000)).map(|_| ()).map_err(|d| (d.message.clone(), d.place())));
        println!(
            "{:?}",
            yaml(&format!("{}{}", "[".repeat(200), "]".repeat(200)))
                .map(|_| ())
                .map_err(|d| (d.message.clone(), d.place()))
        );
    }
}
