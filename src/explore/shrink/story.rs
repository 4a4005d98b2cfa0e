//! What a shrunk scenario says about itself in its first lines: where it is from, what goes wrong in it and when, and what led there.

use super::goal::{Failure, Goal};
use crate::explain::Chain;
use crate::explore::plan::{describe_action, describe_fault};
use crate::rehearsal::RunResult;
use crate::scenario::Scenario;
use crate::text::mask::mask;
use crate::text::rule::Rule;
use crate::timeline::render::why;

/// The longest line.
const WIDTH_MAX: usize = 118;
/// The most steps of the chain of causes that are told, the last ones.
const STEPS_MAX: usize = 6;

/// The story of a run, a line each, without the sign of a comment.
pub fn story(from: &str, rule: Option<&Rule>, scenario: &Scenario, run: &RunResult, failure: &Failure) -> Vec<String> {
    let mut sentences = vec![format!("What is left of {from} when all is taken away that its failure does not need.")];
    if let Some(rule) = rule {
        sentences.push(format!("{} {}: {}", rule.code, rule.name, rule.summary));
    }
    sentences.push(match &failure.goal {
        Goal::Finding(target, _) => {
            let rule = target.rule;
            let summary = rule.summary.trim_end_matches('.');
            format!(
                "{} {}: {summary}. Here: {} at {}: {}.",
                rule.code,
                rule.name,
                target.subject,
                failure.at,
                detail(failure)
            )
        }
        Goal::Expectation(text, ..) => {
            format!("What is expected does not hold: {text}. Known at {}: {}.", failure.at, detail(failure))
        }
        _ => format!("{}.", detail(failure)),
    });
    for fault in &scenario.faults {
        sentences.push(format!("Fault {}: {}.", fault.name, describe_fault(&fault.kind, &fault.trigger)));
    }
    for action in &scenario.actions {
        sentences.push(format!("Action {}: {}.", action.name, describe_action(&action.kind, &action.trigger)));
    }
    let mut lines: Vec<String> = sentences.iter().flat_map(|sentence| folded(&mask(sentence))).collect();
    let steps = failure.evidence.map(|evidence| Chain::behind(run, evidence, &[]).steps).unwrap_or_default();
    if !steps.is_empty() {
        lines.push("What led there:".to_owned());
    }
    for step in steps.iter().skip(steps.len().saturating_sub(STEPS_MAX)) {
        let Some(entry) = run.timeline.get(*step) else { continue };
        let subject = entry.subject.show(&run.names);
        let text = format!("  {}  {subject} {}  {}", entry.at, entry.became, why(&entry.why, &run.names));
        lines.push(cut(text.trim_end()));
    }
    lines
}

fn detail(failure: &Failure) -> &str {
    failure.detail.trim_end_matches('.')
}

/// A line that is not too long.
fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH_MAX {
        return line.to_owned();
    }
    let short: String = line.chars().take(WIDTH_MAX - 1).collect();
    format!("{}…", short.trim_end())
}

/// A sentence in lines. No line break of its own comes through: it would end the comment.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let used = lines.last().map_or(0, |line| line.chars().count());
        if used > 0 && used + 1 + word.chars().count() > WIDTH_MAX {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_break_comes_through() {
        assert_eq!(folded("a\nb\tc"), ["a b c"]);
        let long = folded(&"word ".repeat(100));
        assert!(long.len() > 3 && long.iter().all(|line| line.len() <= WIDTH_MAX));
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(200)).chars().count(), WIDTH_MAX);
    }
}
