//! One object of a document while it is read: its tree without nulls, and what is found wrong with it, each with its place.
//! What kinds mean is not known here.

use serde::Deserialize;

use super::super::model::Table;
use super::super::native::denial;
use crate::systems::kubernetes::complaint::{Findings, locate};
use crate::systems::kubernetes::hidden;
use crate::systems::kubernetes::typed::{self, Misfit, Unknown};
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Source, Span};

/// The names that a message lists at most.
const NAMES_MAX: usize = 8;
/// The values of other types that are told of in one part.
const MISFITS_MAX: usize = 64;
/// How what the rules of a schema say begins. Source: k8s.io/apiextensions-apiserver, pkg/registry/customresource/validator.go:
/// rules are asked once the types are right.
const RULES: [&str; 2] = ["Invalid value: \"object\"", "Invalid value: \"array\""];
/// The pattern of a quantity in every custom resource definition.
const QUANTITY: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// An object that is being read.
#[derive(Debug)]
pub struct Object<'s> {
    /// Its tree, without nulls.
    pub node: Node,
    /// The text that it is from.
    pub source: &'s Source,
    /// Its kind.
    pub kind: &'static str,
    /// Its name; empty if it has none that could be read.
    pub name: String,
    /// What the schema and its rules refuse, and what has no effect here.
    pub schema: Findings,
    /// What the webhook refuses.
    pub admission: Findings,
    /// Warnings of the webhook, and what the user should know besides.
    pub warnings: Vec<(String, String)>,
    /// Why it may not be made, though it may be changed to this.
    pub on_create: Vec<(String, String)>,
    unknown: Vec<Unknown>,
    nulls: Vec<(String, Span)>,
    placeholders: Vec<(String, Span)>,
    /// Fields whose values are of another type, and where these stand.
    misfits: Vec<(String, Option<Span>)>,
}

impl<'s> Object<'s> {
    /// Begins with a document.
    pub fn begin(document: &Node, kind: &'static str, source: &'s Source) -> Object<'s> {
        let mut nulls = Vec::new();
        let mut placeholders = Vec::new();
        let mut node = document.clone();
        clean(&mut node, "", &mut nulls, &mut placeholders);
        let name = node.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str).unwrap_or("");
        Object {
            name: name.to_owned(),
            node,
            source,
            kind,
            schema: Findings::default(),
            admission: Findings::default(),
            warnings: Vec::new(),
            on_create: Vec::new(),
            unknown: Vec::new(),
            nulls,
            placeholders,
            misfits: Vec::new(),
        }
    }

    /// Fields that no schema has, by their paths.
    pub fn unknown_paths(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(|one| one.path.as_str())
    }

    /// A part of the object by its path.
    pub fn part(&self, path: &str) -> Option<Node> {
        let mut node = &self.node;
        for step in path.split('.') {
            node = node.get(step)?;
        }
        Some(node.clone())
    }

    /// The texts of a map by its path.
    pub fn table(&self, path: &str) -> Table {
        let entries = self.part(path);
        let entries = entries.iter().flat_map(|all| all.as_map().unwrap_or_default());
        entries.filter_map(|(key, value)| Some((key.text.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// The object may not be made like this, though it may become it.
    pub fn created_without(&mut self, path: &str, detail: &str) {
        self.on_create.push((path.to_owned(), detail.to_owned()));
    }

    /// Decodes a part; a default if it is absent. A value of another type is told of and left out, and the rest is read: nothing
    /// else is said to be missing because of it.
    pub fn decode<T: for<'n> Deserialize<'n> + Default>(&mut self, node: Option<&Node>, path: &str) -> T {
        let Some(node) = node else { return T::default() };
        let mut unknown = Vec::new();
        let mut read = typed::read(node, path, &mut unknown);
        let mut left = None;
        for _ in 0..MISFITS_MAX {
            let Err(misfit) = &read else { break };
            self.misfit(misfit);
            let rest = left.get_or_insert_with(|| node.clone());
            if !misfit.span.is_some_and(|span| blank(rest, span)) {
                break;
            }
            unknown.clear();
            read = typed::read(rest, path, &mut unknown);
        }
        self.unknown.append(&mut unknown);
        read.unwrap_or_default()
    }

    /// What the schema says of a value of another type. Source of the words: k8s.io/kube-openapi, pkg/validation/errors.
    fn misfit(&mut self, misfit: &Misfit) {
        let words = misfit.message.strip_prefix("json: cannot unmarshal ").unwrap_or("");
        let message = match words.split_once(" into Go struct field of type ") {
            Some((found, wanted)) => {
                let wanted = match wanted {
                    "int32" | "int64" => "integer",
                    "bool" => "boolean",
                    "Quantity" => "integer,string",
                    other => other,
                };
                let found = if found == "bool" { "boolean" } else { found };
                format!("Invalid value: \"{found}\": {} in body must be of type {wanted}: \"{found}\"", misfit.path)
            }
            None => format!("Invalid value: {}", misfit.message),
        };
        self.misfits.push((misfit.path.clone(), misfit.span));
        self.schema
            .complaints
            .push(crate::systems::kubernetes::complaint::Complaint { path: misfit.path.clone(), message });
    }

    /// True if a value of another type stands at this field, or above it: what is below is not known.
    fn is_misfit(&self, path: &str) -> bool {
        self.misfits.iter().any(|(misfit, _)| match path.strip_prefix(misfit.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with(['.', '[']),
            None => false,
        })
    }

    /// A word must be one of a few.
    pub fn one_of(&mut self, value: Option<&String>, path: &str, supported: &[&str]) {
        if let Some(value) = value.filter(|value| !supported.contains(&value.as_str())) {
            self.schema.unsupported(path, value, supported);
        }
    }

    /// A whole number must be at least so large.
    pub fn at_least(&mut self, value: Option<i64>, least: i64, path: &str) {
        if let Some(value) = value.filter(|value| *value < least) {
            let detail = format!("{path} in body should be greater than or equal to {least}");
            self.schema.invalid(path, value, &detail);
        }
        if let Some(value) = value.filter(|value| *value > i64::from(i32::MAX)) {
            self.schema.invalid(path, value, &format!("{path} in body must be of type int32"));
        }
    }

    /// A field must be there.
    pub fn required<T>(&mut self, value: Option<&T>, path: &str) {
        if value.is_none() && !self.is_misfit(path) {
            self.schema.required(path, "");
        }
    }

    /// A version has three plain numbers.
    pub fn version(&mut self, value: Option<&String>, path: &str) {
        if let Some(value) = value.filter(|value| !is_plain_version(value)) {
            let detail = format!(
                "{path} in body should match '^(0|[1-9][0-9]{{0,3}})\\.(0|[1-9][0-9]{{0,3}})\\.(0|[1-9][0-9]{{0,3}})$'"
            );
            self.schema.invalid_text(path, value, &detail);
        }
    }

    /// An amount must be written as one. The pattern is the schema's for every quantity.
    pub fn quantity(&mut self, value: Option<&str>, path: &str) {
        if let Some(value) = value.filter(|value| !is_quantity(value)) {
            let detail = format!("{path} in body should match '{QUANTITY}'");
            self.schema.invalid_text(path, value, &detail);
        }
    }

    /// A text must not be empty.
    pub fn not_empty(&mut self, value: Option<&String>, path: &str) {
        if value.is_some_and(String::is_empty) {
            self.schema.invalid_text(path, "", &format!("{path} in body should be at least 1 chars long"));
        }
    }

    /// Why the object is refused: what its schema says, or else the webhook.
    pub fn problems(&self) -> Vec<Diagnostic> {
        let (complaints, by) = match self.schema.complaints.as_slice() {
            [] => (&self.admission.complaints, denial(self.kind)),
            _ => (&self.schema.complaints, String::new()),
        };
        let group = if by.is_empty() { "" } else { ".nvidia.com" };
        // Rules over several fields are not asked of an object whose fields are of other types.
        let is_rule = |message: &str| {
            RULES.iter().any(|of| message.starts_with(of)) && !message.contains(" in body must be of type ")
        };
        let told = complaints.iter().filter(|one| self.misfits.is_empty() || !is_rule(&one.message));
        let told = told.map(|one| {
            let (path, told) = match by.is_empty() {
                true => (as_schemas_tell(&one.path), as_schemas_tell(&one.message)),
                false => (one.path.clone(), one.message.clone()),
            };
            let message = format!("{by}{}{group} {:?} is invalid: {path}: {told}", self.kind, self.name);
            let misfit = self.misfits.iter().find(|(path, _)| *path == one.path).and_then(|(_, span)| *span);
            let span = misfit.or_else(|| locate(&self.node, &one.path)).unwrap_or_else(|| head(&self.node));
            let error = Diagnostic::error(self.source, span, message);
            match may_be_secret(&one.path) {
                // Of these what may be secret is known by its place.
                true if one.path.starts_with("metadata.annotations") => error.hiding(&hidden(self.source)),
                true => error.private(),
                false => error,
            }
        });
        told.collect()
    }

    /// Why the API refuses to make the object, though it takes it as a change of one that is there.
    pub fn refusal_to_make(&self) -> Option<Diagnostic> {
        let (path, why) = self.on_create.first()?;
        let message = format!("{} {:?} is invalid: {path}: Invalid value: \"object\": {why}", self.kind, self.name);
        let span = locate(&self.node, &format!("{path}.restart")).unwrap_or_else(|| head(&self.node));
        Some(Diagnostic::error(self.source, span, message))
    }

    /// What the user should know.
    pub fn told(&self) -> Vec<Diagnostic> {
        let (kind, name) = (self.kind, &self.name);
        let mut told = Vec::new();
        for (path, span) in &self.nulls {
            let message = format!("{kind} {name:?}: {path}: null is taken as absent; the schema has no null there");
            told.push(Diagnostic::warning(self.source, *span, message));
        }
        for unknown in &self.unknown {
            let last = unknown.path.rsplit('.').next().unwrap_or("");
            // A run shows the message alone.
            let meant = nearest(last, unknown.known.iter().copied());
            let meant = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("{kind} {name:?}: unknown field {} is dropped{meant}", quote(&unknown.path));
            told.push(Diagnostic::warning(self.source, unknown.span, message).private());
        }
        told.extend(of_placeholders(kind, name, &self.placeholders, self.source));
        let notes = self.schema.notes.iter().chain(&self.admission.notes);
        let notes = notes.map(|note| (&note.path, &note.message));
        for (path, message) in notes.chain(self.warnings.iter().map(|(path, message)| (path, message))) {
            let span = locate(&self.node, path).unwrap_or_else(|| head(&self.node));
            told.push(Diagnostic::warning(self.source, span, format!("{kind} {name:?}: {path}: {message}")));
        }
        told
    }
}

/// Tells of the texts of any other object that nobody filled in.
pub fn placeholders(document: &Node, source: &Source) -> Option<Diagnostic> {
    let (mut nulls, mut found) = (Vec::new(), Vec::new());
    clean(&mut document.clone(), "", &mut nulls, &mut found);
    let text = |node: Option<&Node>| node.and_then(Node::as_str).unwrap_or("").to_owned();
    let name = text(document.get("metadata").and_then(|metadata| metadata.get("name")));
    of_placeholders(&text(document.get("kind")), &name, &found, source)
}

fn of_placeholders(kind: &str, name: &str, found: &[(String, Span)], source: &Source) -> Option<Diagnostic> {
    let (_, span) = found.first()?;
    let shown: Vec<&str> = found.iter().take(NAMES_MAX).map(|(path, _)| path.as_str()).collect();
    let more = match found.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = shown.join(", ");
    let message = format!("{kind} {name:?}: `${{…}}` is not filled in, and is taken as it stands: {shown}{more}");
    Some(Diagnostic::warning(source, *span, message))
}

/// Takes nulls out, and gathers texts with a placeholder. What shells make of `${…}` in commands is their own.
fn clean(node: &mut Node, path: &str, nulls: &mut Vec<(String, Span)>, placeholders: &mut Vec<(String, Span)>) {
    match &mut node.value {
        Value::Map(entries) => {
            entries.retain(|(key, value)| {
                // The schema says nothing of what metadata and statuses hold.
                if value.is_null() && (path.starts_with("spec") || path.is_empty() && key.text == "spec") {
                    nulls.push((format!("{path}.{}", key.text).trim_start_matches('.').to_owned(), key.span));
                }
                !value.is_null()
            });
            for (key, value) in entries {
                if key.text.contains("${") {
                    placeholders.push((path.to_owned(), key.span));
                }
                let here = match path {
                    "" => key.text.clone(),
                    "spec.services" => format!("{path}[{}]", key.text),
                    _ => format!("{path}.{}", key.text),
                };
                if !matches!(key.text.as_str(), "command" | "args") {
                    clean(value, &here, nulls, placeholders);
                }
            }
        }
        Value::Seq(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                clean(item, &format!("{path}[{index}]"), nulls, placeholders);
            }
        }
        Value::String(text) if text.contains("${") => placeholders.push((path.to_owned(), node.span)),
        _ => {}
    }
}

/// Three numbers, none with a zero before it.
fn is_plain_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| {
        (1..=4).contains(&part.len())
            && part.bytes().all(|one| one.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    parts.len() == 3 && parts.iter().all(number)
}

/// Puts nothing in the place of the value that stands there; false if there is none.
fn blank(node: &mut Node, span: Span) -> bool {
    if node.span == span && !node.is_null() {
        node.value = Value::Null;
        return true;
    }
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().any(|(_, value)| blank(value, span)),
        Value::Seq(items) => items.iter_mut().any(|item| blank(item, span)),
        _ => false,
    }
}

/// True for what [`QUANTITY`] matches.
fn is_quantity(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some(suffix) = after_number(rest) else { return false };
    match suffix {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" => true,
        _ => suffix.strip_prefix(['e', 'E']).is_some_and(|power| {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            after_number(power).is_some_and(str::is_empty)
        }),
    }
}

/// What stands behind a number that may have a point; `None` if there is no number.
fn after_number(text: &str) -> Option<&str> {
    let behind = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = behind(text);
    let rest = &text[whole..];
    let Some(fraction) = rest.strip_prefix('.') else { return (whole > 0).then_some(rest) };
    let digits = behind(fraction);
    (whole > 0 || digits > 0).then(|| &fraction[digits..])
}

/// True for fields whose values no message repeats.
fn may_be_secret(path: &str) -> bool {
    path.split(['.', '['])
        .any(|step| matches!(step, "env" | "envs" | "args" | "command" | "annotations" | "httpHeaders" | "config"))
}

/// Where an object begins.
pub fn head(node: &Node) -> Span {
    node.get("kind").map_or(node.span, |kind| kind.span)
}

/// A text with the paths in it as schemas have them: the key of a map stands behind a dot, where webhooks have it in brackets.
/// Source: k8s.io/kube-openapi, pkg/validation/validate/object_validator.go.
fn as_schemas_tell(text: &str) -> String {
    let Some((before, (key, after))) =
        text.split_once("spec.services[").and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    else {
        return text.to_owned();
    };
    format!("{before}spec.services.{key}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_of_the_schema() {
        for text in ["1", "+1", "-1", "1.", ".5", "500m", "8Gi", "1e3", "1E-3", "12E", "0"] {
            assert!(is_quantity(text), "{text}");
        }
        for text in ["", "two", "x", ".", "1x", "1gi", "1 ", " 1", "1e", "0x1", "1Gim", "--1"] {
            assert!(!is_quantity(text), "{text}");
        }
    }

    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Part {
        name: Option<String>,
        count: Option<i64>,
        list: Option<Vec<i64>>,
    }

    #[test]
    fn a_value_of_another_type_makes_nothing_else_missing() {
        let source = Source::new("a.yaml", "{ name: a, count: many, list: [ 1, b, 3 ] }");
        let node = crate::text::tree::parse(&source).expect("it is YAML");
        let mut object = Object::begin(&node, "Part", &source);
        let part: Part = object.decode(Some(&node), "spec");
        object.required(part.name.as_ref(), "spec.name");
        object.required(part.count.as_ref(), "spec.count");
        assert_eq!((part.name.as_deref(), part.list), (Some("a"), Some(vec![1, 0, 3])));
        let told: Vec<&str> = object.schema.complaints.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(told, ["spec.count", "spec.list[1]"]);
    }
}
