//! Holds a recipe's text against the table of fields: types, bounds, missing and unknown keys. It reads nothing out of it.

use super::fields::{Field, Form};
use super::reference::references;
use crate::text::diagnostic::{nearest, quote};
use crate::text::tree::{Key, Value};
use crate::text::{Diagnostic, Node, Source, Span};

/// Reads values of a document and gathers what is wrong with them.
pub struct Inspector<'a> {
    /// The text that places are in.
    pub source: &'a Source,
    /// True if a value may stand for a reference that is not resolved yet.
    pub references_open: bool,
    /// True if a text may be a number: references were resolved into it.
    pub references_resolved: bool,
    /// What is wrong.
    pub errors: Vec<Diagnostic>,
    /// What may not be meant so.
    pub warnings: Vec<Diagnostic>,
}

impl<'a> Inspector<'a> {
    /// For a document as it is submitted.
    pub fn new(source: &'a Source, in_group: bool) -> Inspector<'a> {
        Inspector {
            source,
            references_open: in_group,
            references_resolved: false,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Records an error.
    pub fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.errors.push(Diagnostic::error(self.source, span, message));
        self.errors.last_mut().expect("just pushed")
    }

    /// Records a warning.
    pub fn warn(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.warnings.push(Diagnostic::warning(self.source, span, message));
        self.warnings.last_mut().expect("just pushed")
    }

    /// Checks a recipe: an open object, unknown keys of which are only reported.
    pub fn recipe(&mut self, node: &Node, fields: &'static [Field]) {
        let Some(entries) = node.as_map() else {
            self.error(node.span, format!("a recipe must be a map, not {}", node.kind()));
            return;
        };
        for (key, value) in entries {
            match fields.iter().find(|field| field.name == key.text) {
                Some(field) => {
                    if field.newer {
                        self.newer(key);
                    }
                    self.value(key, value, &field.form);
                }
                None => self.unknown_in_recipe(key, fields),
            }
        }
        self.missing(node, entries, fields, "the recipe");
    }

    fn newer(&mut self, key: &Key) {
        let message = format!("`{}` is newer than the published schema and has no effect here", key.text);
        let message = match key.text.as_str() {
            "recipe_disable_ingress" | "service_endpoint_subdomain" => {
                format!("`{}` is newer than the published schema", key.text)
            }
            _ => message,
        };
        self.warn(key.span, message);
    }

    fn unknown_in_recipe(&mut self, key: &Key, fields: &'static [Field]) {
        let message = format!("no known recipe field {}: it has no effect here", quote(&key.text));
        let meant = nearest(&key.text, fields.iter().map(|field| field.name));
        let warning = self.warn(key.span, message);
        if let Some(meant) = meant {
            warning.helps.push(format!("did you mean `{meant}`?"));
        }
    }

    /// Checks the value of a key.
    pub fn value(&mut self, key: &Key, node: &Node, form: &Form) {
        if self.stands_for_reference(node, form) {
            return;
        }
        match form {
            Form::Any => {}
            Form::List(item) => match node.as_seq() {
                Some(items) => items.iter().for_each(|one| self.value(key, one, item)),
                None => self.wrong(key, node, "a list"),
            },
            Form::Object(fields) => self.object(key, node, fields),
            Form::Labels => match node.as_map() {
                Some(entries) => entries.iter().for_each(|(key, value)| self.value(key, value, &Form::Text)),
                None => self.wrong(key, node, "a map of texts"),
            },
            _ => self.scalar(key, node, form),
        }
    }

    /// Before references are resolved, a text with one may become anything that a scalar can be.
    fn stands_for_reference(&self, node: &Node, form: &Form) -> bool {
        self.references_open
            && !matches!(form, Form::List(_) | Form::Object(_) | Form::Labels)
            && node.as_str().is_some_and(|text| !references(text).is_empty())
    }

    fn scalar(&mut self, key: &Key, node: &Node, form: &Form) {
        match *form {
            Form::Text if node.as_str().is_none() => self.wrong(key, node, "a text"),
            Form::Secret if node.as_str().is_none() => self.hidden(key, "a text"),
            Form::Env if node.as_str().is_none() && node.as_i64().is_none() => {
                self.hidden(key, "a text or a whole number");
            }
            Form::Bool if node.as_bool().is_none() && !self.resolved_text_is(node, &["true", "false"]) => {
                self.wrong_scalar(key, node, "true or false");
            }
            Form::Choice(choices) if !node.as_str().is_some_and(|text| choices.contains(&text)) => {
                self.wrong_scalar(key, node, &format!("one of {}", choices.join(", ")));
                self.suggest(node, choices);
            }
            Form::Port if !node.as_str().is_some_and(is_port) => {
                self.wrong_scalar(key, node, "a text with a port from 1 to 65535 in it");
                if let Some(number) = node.as_i64()
                    && is_port(&number.to_string())
                {
                    self.help(format!("write \"{number}\""));
                }
            }
            Form::Integer(least, most) => match self.integer(node) {
                Some(number) if (least..=most).contains(&number) => {}
                Some(number) => self.out_of_bounds(key, node, number, least, most),
                None => self.wrong_scalar(key, node, "a whole number"),
            },
            Form::Whole(most) => match self.integer(node).or_else(|| whole(node)) {
                Some(number) if (0..=most).contains(&number) => {}
                Some(number) => self.out_of_bounds(key, node, number, 0, most),
                None => self.wrong_scalar(key, node, "a number without a fraction"),
            },
            Form::Number if !is_number(node) && self.integer(node).is_none() => {
                self.wrong_scalar(key, node, "a number that is not negative");
            }
            _ => {}
        }
    }

    /// The whole number that a value is, or that a reference in it became.
    fn integer(&self, node: &Node) -> Option<i64> {
        node.as_i64().or_else(|| node.as_str().filter(|_| self.references_resolved)?.parse().ok())
    }

    fn resolved_text_is(&self, node: &Node, words: &[&str]) -> bool {
        self.references_resolved && node.as_str().is_some_and(|text| words.contains(&text))
    }

    fn object(&mut self, key: &Key, node: &Node, fields: &'static [Field]) {
        let Some(entries) = node.as_map() else {
            self.wrong(key, node, "a map");
            return;
        };
        for (inner, value) in entries {
            match fields.iter().find(|field| field.name == inner.text) {
                Some(field) => self.value(inner, value, &field.form),
                None => {
                    let message = format!("`{}` has no field {}", key.text, quote(&inner.text));
                    let help = nearest(&inner.text, fields.iter().map(|field| field.name))
                        .map(|meant| format!("did you mean `{meant}`?"))
                        .unwrap_or_else(|| format!("its fields are {}", list(fields)));
                    self.error(inner.span, message).helps.push(help);
                }
            }
        }
        self.missing(node, entries, fields, &format!("`{}`", key.text));
    }

    fn missing(&mut self, node: &Node, entries: &[(Key, Node)], fields: &'static [Field], whose: &str) {
        for field in fields.iter().filter(|field| field.required) {
            if !entries.iter().any(|(key, _)| key.text == field.name) {
                // An object spans many lines; its first key is where a reader looks.
                let span = entries.first().map_or(node.span, |(key, _)| key.span);
                self.error(span, format!("{whose} has no `{}`, which it must have", field.name));
            }
        }
    }

    /// Names the kind of what was found, not its text: what stands where an object should be may hold anything.
    fn wrong(&mut self, key: &Key, node: &Node, wanted: &str) {
        self.error(node.span, format!("`{}` must be {wanted}, not {}", key.text, node.kind()));
    }

    /// Like `wrong`, for a field that can hold no secret.
    fn wrong_scalar(&mut self, key: &Key, node: &Node, wanted: &str) {
        match node.scalar_text() {
            None => self.wrong(key, node, wanted),
            Some(text) => {
                self.error(node.span, format!("`{}` must be {wanted}, not {}", key.text, quote(&text)));
            }
        }
    }

    /// Like `wrong`, about a value that is never shown: the place is that of its key.
    fn hidden(&mut self, key: &Key, wanted: &str) {
        self.error(key.span, format!("`{}` must be {wanted}", key.text));
    }

    fn out_of_bounds(&mut self, key: &Key, node: &Node, number: i64, least: i64, most: i64) {
        self.error(node.span, format!("`{}` must be from {least} to {most}, not {number}", key.text));
    }

    fn suggest(&mut self, node: &Node, choices: &[&'static str]) {
        if let Some(meant) = node.as_str().and_then(|text| nearest(text, choices.iter().copied())) {
            self.help(format!("did you mean `{meant}`?"));
        }
    }

    fn help(&mut self, help: String) {
        if let Some(last) = self.errors.last_mut() {
            last.helps.push(help);
        }
    }
}

fn list(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_number(node: &Node) -> bool {
    match &node.value {
        Value::Int(number) => *number >= 0,
        Value::Float(text) => text.starts_with(|first: char| first.is_ascii_digit()),
        _ => false,
    }
}

/// The whole number that is written with an empty fraction: `10.0`.
pub fn whole(node: &Node) -> Option<i64> {
    let Value::Float(text) = &node.value else { return None };
    let (whole, fraction) = text.split_once('.')?;
    if !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0') { whole.parse().ok() } else { None }
}
