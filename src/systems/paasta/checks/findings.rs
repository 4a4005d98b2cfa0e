//! What was found, and what of the files must not be shown with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::systems::paasta::reading::{File, Folder};
use crate::systems::paasta::schema::is_secret;
use crate::text::tree::Value;
use crate::text::{Diagnostic, Node, Span};

/// The most problems, and the most warnings, that are told of one folder.
const FINDINGS_MAX: usize = 100;

/// What was found.
#[derive(Debug)]
pub struct Findings {
    /// Why PaaSTA refuses the folder.
    pub problems: Vec<Diagnostic>,
    /// What the user should know.
    pub warnings: Vec<Diagnostic>,
    /// Files that a schema refused: rules that build on it are not checked there.
    refused: Vec<String>,
    /// By file, where values stand that could be secret.
    hidden: BTreeMap<String, Arc<[Span]>>,
}

impl Findings {
    /// Nothing yet.
    pub fn new(folder: &Folder) -> Findings {
        let hidden = folder.files.iter().map(|file| {
            let mut spans = Vec::new();
            secrets(&file.root, &mut spans);
            (file.path.clone(), spans.into())
        });
        Findings { problems: Vec::new(), warnings: Vec::new(), refused: Vec::new(), hidden: hidden.collect() }
    }

    /// An error at a place.
    pub fn problem(&mut self, file: &File, span: Span, message: impl Into<String>) {
        self.report(file, Diagnostic::error(&file.source, span, message));
    }

    /// An error that was made.
    pub fn report(&mut self, file: &File, problem: Diagnostic) {
        if self.problems.len() < FINDINGS_MAX {
            self.problems.push(self.hiding(file, problem));
        }
    }

    /// An error about the folder.
    pub fn about(&mut self, folder: &Folder, message: impl Into<String>) {
        self.problems.push(Diagnostic::about(&folder.source, message));
    }

    /// A warning at a place.
    pub fn warning(&mut self, file: &File, span: Span, message: impl Into<String>) {
        if self.warnings.len() < FINDINGS_MAX {
            let warning = self.hiding(file, Diagnostic::warning(&file.source, span, message));
            // What an anchor holds stands in several instances, and is told once.
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Notes that a schema refused a file.
    pub fn refuse(&mut self, file: &File) {
        self.refused.push(file.path.clone());
    }

    /// True if no schema refused the file.
    pub fn is_sound(&self, file: &File) -> bool {
        !self.refused.contains(&file.path)
    }

    fn hiding(&self, file: &File, diagnostic: Diagnostic) -> Diagnostic {
        match self.hidden.get(&file.path) {
            Some(hidden) => diagnostic.hiding(hidden),
            None => diagnostic,
        }
    }
}

/// Where the values of secret keys stand.
fn secrets(node: &Node, out: &mut Vec<Span>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| secrets(item, out)),
        Value::Map(entries) => {
            for (key, value) in entries {
                if is_secret(&key.text) { leaves(value, out) } else { secrets(value, out) }
            }
        }
        _ => {}
    }
}

fn leaves(node: &Node, out: &mut Vec<Span>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| leaves(item, out)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| leaves(value, out)),
        _ => out.push(node.span),
    }
}
