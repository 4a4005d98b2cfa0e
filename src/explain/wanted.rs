//! Which subjects an expectation or a trigger is about, and which of them to look at.

use super::view::View;
use crate::scenario::model::{Condition, ExpectEntry, ExpectKind};
use crate::timeline::Subject;

/// The subjects that are to be looked at to understand how an expectation came out, in the order of the file: of states
/// that are to be reached those that are not, else all.
pub fn subjects(view: &View<'_>, entry: &ExpectEntry) -> Vec<Subject> {
    let to_be_reached = !matches!(entry.kind, ExpectKind::Always { .. } | ExpectKind::Never { .. });
    let mut all = Vec::new();
    let mut missed = Vec::new();
    for (text, state) in entry.kind.states() {
        let Some(subject) = view.find(text) else { continue };
        all.push(subject);
        if view.latest(subject).is_some_and(|id| view.entry(id).became != state) {
            missed.push(subject);
        }
    }
    all.extend(named(&entry.kind).iter().filter_map(|text| view.find(text)));
    let mut chosen = if to_be_reached && !missed.is_empty() { missed } else { all };
    let mut once = Vec::new();
    chosen.retain(|subject| {
        let new = !once.contains(subject);
        once.push(*subject);
        new
    });
    chosen
}

/// The texts that name subjects elsewhere than in states: in an expression, in an export.
fn named(kind: &ExpectKind) -> Vec<String> {
    match kind {
        ExpectKind::Export { values } => values.iter().map(|value| value.subject.clone()).collect(),
        ExpectKind::Always { condition: Condition::Cel(source), .. }
        | ExpectKind::Never { condition: Condition::Cel(source), .. } => quoted(source),
        _ => Vec::new(),
    }
}

/// The texts of an expression, without their quotes.
fn quoted(expression: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = expression;
    while let Some(open) = rest.find(['\'', '"']) {
        let quote = rest[open..].chars().next().unwrap_or('"');
        let inner = &rest[open + 1..];
        let Some(close) = inner.find(quote) else { break };
        texts.push(inner[..close].to_owned());
        rest = &inner[close + 1..];
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_names_subjects_in_its_texts() {
        let expression = "ready('deployment/vllm') >= 1 || status(\"group/a\") != 'x";
        assert_eq!(quoted(expression), ["deployment/vllm", "group/a"]);
    }
}
