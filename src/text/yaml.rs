//! YAML as a tree. The only module that names `serde_saphyr`: another parser would change nothing else.
//! A scenario is YAML 1.2; manifests are what `kubectl` reads, and files of Python programs what PyYAML reads: the plain words
//! and numbers of both are those of YAML 1.1, each in its own way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, MessageFormatter, Options, Spanned};

use super::tree::{ALIASED_MAX, DEPTH_MAX, DOCUMENTS_MAX, Key, NODES_MAX, Node, Value};
use super::{Diagnostic, Source, Span, diagnostic, pyyaml, yaml11};

/// Who reads a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// YAML 1.2.
    Core,
    /// YAML 1.1 as Kubernetes reads it.
    Kubernetes,
    /// YAML 1.1 as Python reads it.
    Python,
}

/// Reads a YAML text with one document.
///
/// # Errors
/// The first thing that is not YAML, a key that stands twice in one map, or a limit.
pub fn parse(source: &Source) -> Result<Node, Diagnostic> {
    parse_one(source, Dialect::Core)
}

/// Reads a YAML text with one document as PyYAML does.
///
/// # Errors
/// The first thing that is not YAML, a key that stands twice in one map, or a limit.
pub fn parse_python(source: &Source) -> Result<Node, Diagnostic> {
    parse_one(source, Dialect::Python)
}

fn parse_one(source: &Source, dialect: Dialect) -> Result<Node, Diagnostic> {
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(source.text(), options(1, dialect)) {
        Ok(root) => node(root, source, dialect),
        Err(error) => Err(diagnose(error.without_snippet(), source)),
    }
}

/// Reads manifests: a YAML text with any number of documents, of which those that hold nothing are left out.
///
/// # Errors
/// The first thing that is not YAML, a key that stands twice in one map, or a limit.
pub fn parse_all(source: &Source) -> Result<Vec<Node>, Diagnostic> {
    let dialect = Dialect::Kubernetes;
    let read = serde_saphyr::from_multiple_with_options::<Spanned<Raw>>(source.text(), options(DOCUMENTS_MAX, dialect));
    match read {
        Ok(roots) => {
            let nodes = roots.into_iter().map(|root| node(root, source, dialect)).collect::<Result<Vec<Node>, _>>()?;
            Ok(nodes.into_iter().filter(|node| !node.is_null()).collect())
        }
        Err(error) => Err(diagnose(error.without_snippet(), source)),
    }
}

fn options(documents: usize, dialect: Dialect) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            // A list or map has an event more, for its end.
            max_events: 2 * NODES_MAX,
            max_documents: documents,
        },
        emit_comments: false,
        duplicate_keys: DuplicateKeyPolicy::Error,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIASED_MAX },
        strict_booleans: true,
        // `kubectl` passes over tags that are not YAML's own.
        reject_unsupported_tags: dialect != Dialect::Kubernetes,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// A value as the parser gives it, before it is tied to the source.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no `i64`; its text is cut out of the source.
    Number(String),
    String(String),
    Seq(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(i64::try_from(number).map_or_else(|_| Raw::Number(number.to_string()), Raw::Int))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Raw, E> {
        Ok(i64::try_from(number).map_or_else(|_| Raw::Number(number.to_string()), Raw::Int))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Raw, E> {
        Ok(i64::try_from(number).map_or_else(|_| Raw::Number(number.to_string()), Raw::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::String(text))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Raw, E> {
        Err(E::custom("binary values are not supported"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Raw::Map(entries))
    }
}

/// Ties a value to the source. A list or map ends where the last of its values does.
fn node(raw: Spanned<Raw>, source: &Source, dialect: Dialect) -> Result<Node, Diagnostic> {
    let mut span = span_of(raw.defined, source);
    let resolve = match dialect {
        Dialect::Core => None,
        Dialect::Kubernetes => Some(yaml11::resolve as fn(&str) -> Value),
        Dialect::Python => Some(pyyaml::resolve as fn(&str) -> Value),
    };
    if let Some(resolve) = resolve
        && let Some(value) = of_yaml11(&raw.value, span, source, resolve)
    {
        return Ok(Node { value, span });
    }
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(truth) => Value::Bool(truth),
        Raw::Int(number) => Value::Int(number),
        Raw::Number(number) => {
            let written = source.slice(span);
            Value::Float(if written.is_empty() { number } else { written.to_owned() })
        }
        Raw::String(text) => Value::String(text),
        Raw::Seq(items) => {
            let items = items.into_iter().map(|item| node(item, source, dialect)).collect::<Result<Vec<Node>, _>>()?;
            span.end = items.iter().map(|item| item.span.end).fold(span.end, u32::max);
            Value::Seq(items)
        }
        Raw::Map(entries) => {
            let entries = entries.into_iter().map(|entry| map_entry(entry, source, dialect));
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            span.end = entries.iter().map(|(_, value)| value.span.end).fold(span.end, u32::max);
            refuse_duplicates(&entries, source)?;
            Value::Map(entries)
        }
    };
    Ok(Node { value, span })
}

/// A value of YAML 1.1, where that may take it for another than YAML 1.2 does: one that stands there without quotes.
fn of_yaml11(raw: &Raw, span: Span, source: &Source, resolve: fn(&str) -> Value) -> Option<Value> {
    let written = source.slice(span).trim_end();
    let text = match raw {
        Raw::Null | Raw::Seq(_) | Raw::Map(_) => return None,
        Raw::String(text) => text,
        _ => written,
    };
    let (tag, is_plain) = yaml11::written(source.text(), span);
    match tag {
        Some(tag) if yaml11::is_own(tag) => None,
        Some(_) => Some(Value::String(text.to_owned())),
        None if is_plain => Some(resolve(text)),
        None => None,
    }
}

fn map_entry(
    entry: (Spanned<String>, Spanned<Raw>),
    source: &Source,
    dialect: Dialect,
) -> Result<(Key, Node), Diagnostic> {
    let (key, value) = entry;
    let span = span_of(key.defined, source);
    Ok((Key { text: key.value, span }, node(value, source, dialect)?))
}

/// The parser compares keys by what they mean: to it `1` and `"1"` differ, and here they are one key.
fn refuse_duplicates(entries: &[(Key, Node)], source: &Source) -> Result<(), Diagnostic> {
    let mut keys: Vec<&Key> = entries.iter().map(|(key, _)| key).collect();
    keys.sort_by(|one, other| (&one.text, one.span).cmp(&(&other.text, other.span)));
    match keys.windows(2).find(|pair| pair[0].text == pair[1].text) {
        Some(pair) => {
            let error = Diagnostic::error(source, pair[1].span, duplicate_key(&pair[1].text));
            Err(error.related(source, pair[0].span, "first here"))
        }
        None => Ok(()),
    }
}

fn duplicate_key(key: &str) -> String {
    format!("the key {} stands twice in this map", diagnostic::quote(key))
}

/// The bytes of a location. What the scanner itself reports has a line and a column alone.
fn span_of(location: Location, source: &Source) -> Span {
    let text = source.text();
    let clamp = |at: u64| text.floor_char_boundary(usize::try_from(at).unwrap_or(usize::MAX)) as u32;
    match location.span().byte_offset() {
        Some(start) => {
            let end = start.saturating_add(location.span().byte_len().unwrap_or(0));
            Span::new(clamp(start), clamp(end))
        }
        None => source.span_at(location.line() as u32, location.column() as u32),
    }
}

/// Says in our own words what the parser found.
fn diagnose(error: &Error, source: &Source) -> Diagnostic {
    let message = message(error);
    match error.location() {
        Some(location) => Diagnostic::error(source, span_of(location, source), message),
        None => Diagnostic::about(source, message),
    }
}

fn message(error: &Error) -> String {
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => duplicate_key(key),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasError { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::Budget {
            breach: BudgetBreach::RecordedAnchorEvents { .. } | BudgetBreach::RecordedAnchorBytes { .. },
            ..
        } => format!("the aliases of this document stand for more than {ALIASED_MAX} values"),
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "the file holds more than one document".to_owned()
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("the document is nested more than {DEPTH_MAX} deep")
        }
        Error::Budget { .. } => too_large(),
        other => {
            let text = serde_saphyr::UserMessageFormatter.format_message(other);
            if text.contains("recursion limit") {
                return format!("the document is nested more than {DEPTH_MAX} deep");
            }
            let text = text.replace("YAML ", "").replace('\'', "`").replace("``", "`");
            let mut letters = text.chars();
            letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
        }
    }
}

fn too_large() -> String {
    format!("the document is too large: it may have {NODES_MAX} keys and values")
}
