//! From a tree to types, with every mistake reported at its place rather than the first alone.
//! [`file_types!`](crate::file_types) makes a struct, its reading and its JSON Schema from one declaration, so that they cannot disagree.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::diagnostic::{nearest, quote};
use super::tree::{Key, Value};
use super::{Diagnostic, Node, Source, Span};

/// The most mistakes that are gathered from one file.
const DIAGNOSTICS_MAX: usize = 100;

/// The file that is read, and what is wrong with it so far.
#[derive(Debug)]
pub struct Context<'a> {
    /// The file.
    pub source: &'a Source,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    /// Begins the reading of a file.
    pub const fn new(source: &'a Source) -> Context<'a> {
        Context { source, diagnostics: Vec::new() }
    }

    /// Notes a mistake.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Notes a mistake at a place; what it says can be added to.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        let diagnostic = Diagnostic::error(self.source, span, message);
        self.report(diagnostic);
    }

    /// True if nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// True if something is wrong within a span.
    pub fn is_wrong_within(&self, span: Span) -> bool {
        let within = |place: Span| span.start <= place.start && place.end <= span.end;
        self.diagnostics.iter().any(|diagnostic| diagnostic.span.is_some_and(within))
    }

    /// All that is wrong, in the order of the file.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        self.diagnostics
    }

    /// Notes that a map has no such key; several keys that one map lacks make one message.
    pub fn missing(&mut self, key: &str, what: &str, map: Span) {
        let start = format!("{what} needs the key");
        match self.diagnostics.last_mut() {
            Some(last) if last.span == Some(map) && last.message.starts_with(&start) => {
                last.message = last.message.replacen("the key `", "the keys `", 1) + &format!(", `{key}`");
            }
            _ => self.error(map, format!("{start} `{key}`")),
        }
    }

    fn expected(&mut self, expected: &str, node: &Node) {
        let found = match node.scalar_text() {
            Some(text) => format!("{} {}", node.kind(), quote(&text)),
            None => node.kind().to_owned(),
        };
        self.error(node.span, format!("expected {expected}, found {found}"));
    }
}

/// What can be read from a tree.
pub trait FromNode: Sized {
    /// Reads a value; `None` if it was wrong and is reported.
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self>;

    /// What stands for a key that is not there; the default reports it missing from the map at `parent`.
    fn absent(key: &str, what: &str, parent: Span, context: &mut Context<'_>) -> Option<Self> {
        context.missing(key, what, parent);
        None
    }
}

/// A value and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T: FromNode> FromNode for Spanned<T> {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        T::from_node(node, context).map(|value| Spanned { value, span: node.span })
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A map whose keys are the user's own, in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table<T>(pub Vec<(Key, T)>);

impl<T: FromNode> FromNode for Table<T> {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            context.expected("a map", node);
            return None;
        };
        let read = entries.iter().map(|(key, value)| T::from_node(value, context).map(|value| (key.clone(), value)));
        all(read).map(Table)
    }
}

impl<T: JsonSchema> JsonSchema for Table<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": values })
    }
}

impl<T: FromNode> FromNode for Option<T> {
    /// Null is as good as absent: a key whose items are all commented out.
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        if node.is_null() { Some(None) } else { T::from_node(node, context).map(Some) }
    }

    fn absent(_: &str, _: &str, _: Span, _: &mut Context<'_>) -> Option<Self> {
        Some(None)
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let Some(items) = node.as_seq() else {
            context.expected("a list", node);
            return None;
        };
        all(items.iter().map(|item| T::from_node(item, context)))
    }
}

/// The values if every one could be read. Unlike `collect`, it reads the rest after the first that could not.
fn all<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let mut complete = true;
    let values: Vec<T> = read
        .filter_map(|value| {
            complete &= value.is_some();
            value
        })
        .collect();
    complete.then_some(values)
}

impl FromNode for String {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        if let Some(text) = node.as_str() {
            return Some(text.to_owned());
        }
        context.expected("a text", node);
        if node.scalar_text().is_some()
            && let Some(last) = context.diagnostics.last_mut()
        {
            last.helps.push("put it in quotes".to_owned());
        }
        None
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
        let truth = node.as_bool();
        if truth.is_none() {
            context.expected("`true` or `false`", node);
        }
        truth
    }
}

/// Reads unsigned integers, each within the bounds of its type.
macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl FromNode for $number {
            fn from_node(node: &Node, context: &mut Context<'_>) -> Option<Self> {
                let read = match &node.value {
                    Value::Int(number) => <$number>::try_from(*number).ok(),
                    // A whole number above the largest `i64` is kept as its text.
                    Value::Float(text) => text.parse().ok(),
                    _ => None,
                };
                if read.is_none() {
                    context.expected(&format!("a whole number from 0 to {}", <$number>::MAX), node);
                }
                read
            }
        }
    )*};
}

whole_numbers!(u8, u32, u64);

/// Reads the keys of one map. Made by [`file_types!`](crate::file_types).
#[derive(Debug)]
pub struct Fields<'n> {
    node: &'n Node,
    entries: &'n [(Key, Node)],
    what: &'static str,
}

impl<'n> Fields<'n> {
    /// Begins with a map of which `known` are the keys, and `later` those that a later version will know.
    pub fn begin(
        node: &'n Node,
        what: &'static str,
        known: &[&str],
        later: &[&str],
        context: &mut Context<'_>,
    ) -> Option<Fields<'n>> {
        let Some(entries) = node.as_map() else {
            context.expected(&format!("a map, for {what}"), node);
            return None;
        };
        for (key, _) in entries {
            if !known.contains(&key.text.as_str()) {
                context.report(unknown_key(key, what, known, later, context.source));
            }
        }
        Some(Fields { node, entries, what })
    }

    /// Reads one key.
    pub fn read<T: FromNode>(&self, key: &str, context: &mut Context<'_>) -> Option<T> {
        match self.entries.iter().find(|(candidate, _)| candidate.text == key) {
            Some((_, value)) if !value.is_null() => T::from_node(value, context),
            _ => T::absent(key, self.what, self.node.span, context),
        }
    }
}

fn unknown_key(key: &Key, what: &str, known: &[&str], later: &[&str], source: &Source) -> Diagnostic {
    if later.contains(&key.text.as_str()) {
        let message = format!("{} is not in this version of greenroom yet", quote(&key.text));
        return Diagnostic::error(source, key.span, message).help("take it out, or use a later version");
    }
    let unknown = Diagnostic::error(source, key.span, format!("unknown key {} in {what}", quote(&key.text)));
    match nearest(&key.text, known.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.note(format!("known are {}", list(known))),
    }
}

/// `a, b, c`, each in backquotes.
pub fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// One of a few words.
pub fn one_of<T: Copy>(node: &Node, context: &mut Context<'_>, words: &[(&str, T)], what: &str) -> Option<T> {
    let Some(text) = node.scalar_text() else {
        context.expected(what, node);
        return None;
    };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let unknown = Diagnostic::error(context.source, node.span, format!("{} is not {what}", quote(&text)));
    context.report(match nearest(&text, known.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown.note(format!("known are {}", list(&known))),
    });
    None
}

impl Context<'_> {
    /// Notes that a value is not what was expected.
    pub fn not_what_was_expected(&mut self, expected: &str, node: &Node) {
        self.expected(expected, node);
    }
}

/// Declares structs that mirror maps of a file. Each field is a key; `Option` makes it optional; a raw identifier (`r#for`)
/// stands for the key without `r#`. Behind the name stands what messages call the map, and the keys of later versions.
#[macro_export]
macro_rules! file_types {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident as $what:literal $(later [$($later:literal),* $(,)?])? {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            /// Where the map stands.
            #[schemars(skip)]
            pub span: $crate::text::Span,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $crate::text::decode::FromNode for $name {
            fn from_node(
                node: &$crate::text::Node,
                context: &mut $crate::text::decode::Context<'_>,
            ) -> Option<Self> {
                const KNOWN: &[&str] = &[$($crate::text::decode::key(stringify!($field)),)*];
                const LATER: &[&str] = &[$($($later,)*)?];
                let fields = $crate::text::decode::Fields::begin(node, $what, KNOWN, LATER, context)?;
                // Every field is read before any is given up, so that each mistake is reported.
                $(let $field = fields.read::<$type>($crate::text::decode::key(stringify!($field)), context);)*
                Some($name { span: node.span, $($field: $field?,)* })
            }
        }
    )*};
}

/// The key that an identifier stands for.
pub const fn key(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}
