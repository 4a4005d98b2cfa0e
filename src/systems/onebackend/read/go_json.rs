//! What Go's `encoding/json` says of a document that does not fit the types of the `oo` client, in its words and its order. The
//! client turns YAML into JSON, whose keys are sorted; each type with required properties reads itself, and what it complains
//! of ends the reading at once, while unknown keys and wrong types are told at the end.
//! Source: go1.26 encoding/json, decode.go (`object`, `saveError`, `addErrorContext`); 1backend/1backend 1305defcf2, clients/go.

use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Source, Span};

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// A map of texts.
    Texts,
    /// One of these words, of the type of this name.
    Word(&'static str, &'static [&'static str]),
    /// A map with these keys.
    Object(&'static Type),
    /// A list of these.
    List(&'static Shape),
}

/// A struct of the client.
#[derive(Debug)]
pub struct Type {
    /// Its name.
    pub name: &'static str,
    /// Keys that must be there. A type that has any reads itself.
    pub required: &'static [&'static str],
    /// Its keys.
    pub fields: &'static [(&'static str, Shape)],
}

impl Type {
    const fn reads_itself(&self) -> bool {
        !self.required.is_empty()
    }
}

impl Shape {
    /// The type as Go writes it.
    fn go(self) -> String {
        match self {
            Shape::Text | Shape::Word(..) => "string".to_owned(),
            Shape::Int32 => "int32".to_owned(),
            Shape::Texts => "map[string]string".to_owned(),
            Shape::Object(of) => format!("openapi.{}", of.name),
            Shape::List(of) => format!("[]{}", of.go()),
        }
    }
}

/// Something that is wrong.
struct Complaint {
    span: Span,
    what: What,
}

enum What {
    /// Words that are said as they are.
    Said(String),
    /// A value of another type: what it is, where it stands, what it must be.
    Mismatch { value: String, within: String, path: Vec<String>, must_be: String },
}

impl What {
    fn text(&self) -> String {
        match self {
            What::Said(text) => text.clone(),
            What::Mismatch { value, within, path, must_be } if within.is_empty() && path.is_empty() => {
                format!("json: cannot unmarshal {value} into Go value of type {must_be}")
            }
            What::Mismatch { value, within, path, must_be } => {
                format!(
                    "json: cannot unmarshal {value} into Go struct field {within}.{} of type {must_be}",
                    path.join(".")
                )
            }
        }
    }
}

/// What is wrong with a document of a type; the first is what the client says.
pub fn complaints(node: &Node, of: &'static Type, source: &Source) -> Vec<Diagnostic> {
    let complaints = read_by_itself(node, of).into_iter();
    complaints.map(|one| Diagnostic::error(source, one.span, one.what.text())).collect()
}

/// A type that reads itself.
fn read_by_itself(node: &Node, of: &'static Type) -> Vec<Complaint> {
    if node.as_map().is_none() && !node.is_null() {
        let must_be = "map[string]interface {}".to_owned();
        let what = What::Mismatch { value: kind(node), within: String::new(), path: Vec::new(), must_be };
        return vec![Complaint { span: node.span, what }];
    }
    let lacking = of.required.iter().filter(|key| node.get(key).is_none());
    let mut all: Vec<Complaint> = lacking
        .map(|key| Complaint {
            span: node.span,
            what: What::Said(format!("no value given for required property {key}")),
        })
        .collect();
    let mut decoder = Decoder::default();
    // The alias without methods that a type is read through has an underscore before its name.
    decoder.object(node, of, &format!("_{}", of.name), &mut Vec::new());
    all.append(&mut decoder.at_once);
    all.append(&mut decoder.saved);
    all
}

/// One run of a decoder.
#[derive(Default)]
struct Decoder {
    /// What ends the reading where it is met.
    at_once: Vec<Complaint>,
    /// What is told at the end.
    saved: Vec<Complaint>,
}

impl Decoder {
    fn object(&mut self, node: &Node, of: &'static Type, within: &str, path: &mut Vec<String>) {
        let Some(entries) = node.as_map() else { return };
        let mut entries: Vec<_> = entries.iter().collect();
        entries.sort_by(|(one, _), (other, _)| one.text.cmp(&other.text));
        for (key, value) in entries {
            // Keys are compared without case where none is equal.
            let known = of.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key.text));
            let Some((name, shape)) = known else {
                let what = What::Said(format!("json: unknown field \"{}\"", key.text));
                self.saved.push(Complaint { span: key.span, what });
                continue;
            };
            path.push((*name).to_owned());
            self.value(value, *shape, within, path);
            path.pop();
        }
    }

    fn value(&mut self, node: &Node, shape: Shape, within: &str, path: &mut Vec<String>) {
        match (shape, &node.value) {
            (Shape::Object(of), value) if of.reads_itself() && !matches!(value, Value::Null) => {
                for mut complaint in read_by_itself(node, of) {
                    if let What::Mismatch { within: inner, path: below, .. } = &mut complaint.what {
                        within.clone_into(inner);
                        *below = path.iter().chain(below.iter()).cloned().collect();
                    }
                    self.at_once.push(complaint);
                }
            }
            (_, Value::Null) | (Shape::Text, Value::String(_)) => {}
            (Shape::Object(of), Value::Map(_)) => self.object(node, of, of.name, path),
            (Shape::List(of), Value::Seq(items)) => {
                for item in items {
                    self.value(item, *of, within, path);
                }
            }
            (Shape::Texts, Value::Map(entries)) => {
                for (_, value) in entries {
                    self.value(value, Shape::Text, within, path);
                }
            }
            (Shape::Int32, Value::Int(number)) if i32::try_from(*number).is_ok() => {}
            (Shape::Int32, Value::Float(_)) if node.as_whole().is_some_and(|whole| i32::try_from(whole).is_ok()) => {}
            (Shape::Int32, Value::Int(_) | Value::Float(_)) => {
                let number = node.scalar_text().unwrap_or_default();
                self.saved.push(mismatch(node, format!("number {number}"), shape, within, path));
            }
            (Shape::Word(name, words), Value::String(text)) => {
                if !words.contains(&text.as_str()) {
                    let what = What::Said(format!("{text} is not a valid {name}"));
                    self.at_once.push(Complaint { span: node.span, what });
                }
            }
            (Shape::Word(..), _) => self.at_once.push(mismatch(node, kind(node), shape, within, path)),
            _ => self.saved.push(mismatch(node, kind(node), shape, within, path)),
        }
    }
}

fn mismatch(node: &Node, value: String, shape: Shape, within: &str, path: &[String]) -> Complaint {
    let what = What::Mismatch { value, within: within.to_owned(), path: path.to_vec(), must_be: shape.go() };
    Complaint { span: node.span, what }
}

/// What JSON calls a value.
fn kind(node: &Node) -> String {
    match &node.value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::Seq(_) => "array",
        Value::Map(_) => "object",
    }
    .to_owned()
}
