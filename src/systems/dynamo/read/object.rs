//! One object of a document while it is read: its tree without nulls, and what is found wrong with it, each with its place.
//! What kinds mean is not known here.

use serde::Deserialize;

use super::super::model::Table;
use crate::systems::kubernetes::complaint::{Findings, locate};
use crate::systems::kubernetes::typed::{self, Misfit, Unknown};
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Source, Span};

/// The names that a message lists at most.
const NAMES_MAX: usize = 8;

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

    /// Decodes a part; a default if it is absent or does not fit.
    pub fn decode<'n, T: Deserialize<'n> + Default>(&mut self, node: Option<&'n Node>, path: &str) -> T {
        let Some(node) = node else { return T::default() };
        match typed::read(node, path, &mut self.unknown) {
            Ok(read) => read,
            Err(misfit) => {
                self.misfit(&misfit);
                T::default()
            }
        }
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
        self.schema
            .complaints
            .push(crate::systems::kubernetes::complaint::Complaint { path: misfit.path.clone(), message });
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
        if value.is_none() {
            self.schema.required(path, "");
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
            [] => (&self.admission.complaints, "admission webhook denied the request: "),
            _ => (&self.schema.complaints, ""),
        };
        let told = complaints.iter().map(|one| {
            let message = format!("{by}{} {:?} is invalid: {}: {}", self.kind, self.name, one.path, one.message);
            let span = locate(&self.node, &one.path).unwrap_or_else(|| head(&self.node));
            let error = Diagnostic::error(self.source, span, message);
            if may_be_secret(&one.path) { error.private() } else { error }
        });
        told.collect()
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
            let message = format!("{kind} {name:?}: unknown field {} is dropped", quote(&unknown.path));
            let warning = Diagnostic::warning(self.source, unknown.span, message).private();
            let last = unknown.path.rsplit('.').next().unwrap_or("");
            told.push(match nearest(last, unknown.known.iter().copied()) {
                Some(near) => warning.help(format!("did you mean `{near}`?")),
                None => warning,
            });
        }
        if let Some((_, span)) = self.placeholders.first() {
            let shown: Vec<&str> = self.placeholders.iter().take(NAMES_MAX).map(|(path, _)| path.as_str()).collect();
            let more = match self.placeholders.len().saturating_sub(NAMES_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!(
                "{kind} {name:?}: `${{…}}` is not filled in, and is taken as it stands: {}{more}",
                shown.join(", ")
            );
            told.push(Diagnostic::warning(self.source, *span, message));
        }
        let notes = self.schema.notes.iter().chain(&self.admission.notes);
        let notes = notes.map(|note| (&note.path, &note.message));
        for (path, message) in notes.chain(self.warnings.iter().map(|(path, message)| (path, message))) {
            let span = locate(&self.node, path).unwrap_or_else(|| head(&self.node));
            told.push(Diagnostic::warning(self.source, span, format!("{kind} {name:?}: {path}: {message}")));
        }
        told
    }
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

/// True for fields whose values no message repeats.
fn may_be_secret(path: &str) -> bool {
    path.split(['.', '['])
        .any(|step| matches!(step, "env" | "envs" | "args" | "command" | "annotations" | "httpHeaders" | "config"))
}

/// Where an object begins.
pub fn head(node: &Node) -> Span {
    node.get("kind").map_or(node.span, |kind| kind.span)
}
