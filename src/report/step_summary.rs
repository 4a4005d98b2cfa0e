//! The summary of a step, as GitHub shows it below the job: Markdown with the totals, and of each scenario that failed its
//! cases, what led to them, and how to see them again. GitHub refuses a summary above a size, so that what does not fit is
//! counted instead.

use std::fmt::Write as _;

use super::summary::totals;
use super::{Case, CaseStatus, Exit, Invalid, Item, Rehearsed, Report, SnapshotState};
use crate::text::render::render;

/// The most bytes that GitHub takes as the summary of one step.
pub const BYTES_MAX: usize = 1 << 20;
/// The most bytes of what is told of one case: a few such must not push out all others.
const CASE_BYTES_MAX: usize = 8 << 10;
/// The most cases of one scenario.
const CASES_MAX: usize = 20;
/// Room that is kept for the line that says what does not fit.
const REST_BYTES_MAX: usize = 200;

/// The summary, in at most so many bytes; `None` if not even the totals fit.
pub fn text(report: &Report, bytes_max: usize) -> Option<String> {
    let mut text = head(report);
    let general: Vec<&String> = report.troubles.iter().chain(&report.notices).collect();
    if !general.is_empty() {
        let lines: Vec<&str> = general.iter().map(|line| line.as_str()).collect();
        text.push_str(&pre(&cut(&lines.join("\n"))));
    }
    let room = bytes_max.checked_sub(REST_BYTES_MAX).filter(|room| text.len() <= *room)?;
    let failed: Vec<&Item> = report.items.iter().filter(|item| item.exit() != Exit::Passed).collect();
    let mut shown = 0;
    for item in &failed {
        let section = section(item);
        if text.len() + section.len() > room {
            break;
        }
        text.push_str(&section);
        shown += 1;
    }
    match failed.len() - shown {
        0 => {}
        rest => {
            let noun = if rest == 1 { "scenario that failed is" } else { "scenarios that failed are" };
            let why = "the summary of a step has an end, and the log has them all";
            writeln!(text, "{rest} more {noun} not shown: {why}.").expect("writing to a string cannot fail");
        }
    }
    Some(text)
}

/// Heading and totals.
fn head(report: &Report) -> String {
    let failed = report.items.iter().filter(|item| item.exit() != Exit::Passed).count();
    let number = report.items.len();
    let noun = if number == 1 { "scenario" } else { "scenarios" };
    let selection = report.selection.as_ref().map(super::Selection::words).unwrap_or_default();
    let heading = match (report.nothing(), number, failed) {
        (Some(nothing), ..) => nothing,
        (None, 0, _) => "nothing to run here".to_owned(),
        (None, _, 0) if report.troubles.is_empty() => format!("{number} {noun}, all well"),
        (None, _, 0) => format!("{number} {noun} passed, and the environment failed"),
        (None, ..) => format!("{failed} of {number} {noun} failed"),
    };
    let mut text = format!("## greenroom: {heading}\n\n");
    if number > 0 {
        text.push_str("| scenarios | |\n|---|---:|\n");
        for (number, word) in totals(report) {
            text.push_str(&format!("| {word} | {number} |\n"));
        }
        text.push_str(&format!("| **in all** | {number} |\n\n"));
    }
    if !selection.is_empty() {
        text.push_str(&format!("Of what was found: {selection}.\n\n"));
    }
    text
}

fn section(item: &Item) -> String {
    match item {
        Item::Ran(rehearsed) => ran(rehearsed),
        Item::Invalid(invalid) => not_valid(invalid),
        Item::Valid(_) => String::new(),
    }
}

fn ran(rehearsed: &Rehearsed) -> String {
    let run = &rehearsed.run;
    let mut text = format!("### {} ({})\n\n", code(&run.name), code(&run.file));
    for case in rehearsed.failures().take(CASES_MAX) {
        let word = if case.status == CaseStatus::Unjudged { "not judged" } else { case.kind };
        text.push_str(&format!("**{word}** {}\n\n", code(&case.name)));
        text.push_str(&pre(&told(rehearsed, case)));
    }
    match rehearsed.failures().count().saturating_sub(CASES_MAX) {
        0 => {}
        rest => text.push_str(&format!("{rest} more cases of this scenario failed.\n\n")),
    }
    text
}

/// What was found, what led to it, and the command that shows it again. That last line is never cut.
fn told(rehearsed: &Rehearsed, case: &Case) -> String {
    let mut lines = vec![case.place.to_string()];
    lines.extend((!case.detail.is_empty()).then(|| case.detail.clone()));
    lines.extend(case.chain(|path| path).into_iter().map(|line| format!("because {line}")));
    if case.kind == "snapshot"
        && let SnapshotState::Changed { diff, .. } = &rehearsed.snapshot
    {
        lines.push(diff.trim_end().to_owned());
    }
    let mut text = cut(&lines.join("\n"));
    if !case.replay.is_empty() {
        text.push('\n');
        text.push_str(&case.replay);
    }
    text
}

fn not_valid(invalid: &Invalid) -> String {
    let told = render(&invalid.problems, false);
    format!("### {}\n\n**not valid**\n\n{}", code(&invalid.file), pre(&cut(told.trim_end())))
}

/// The text, or so much of it as one case may have.
fn cut(text: &str) -> String {
    if text.len() <= CASE_BYTES_MAX {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(CASE_BYTES_MAX)];
    format!("{kept}\n… {} more bytes", text.len() - kept.len())
}

/// A text that keeps its lines and in which nothing has a meaning.
fn pre(text: &str) -> String {
    format!("<pre>{}</pre>\n\n", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// A text on one line in which nothing has a meaning: not to HTML, to Markdown, to tables or to GitHub, which makes links
/// of `@name` and `#1`. A character reference never begins anything.
fn code(text: &str) -> String {
    let mut shown = String::from("<code>");
    for character in text.chars() {
        match character {
            _ if character.is_alphanumeric() || "-/. ,".contains(character) => shown.push(character),
            _ if character.is_control() => shown.push(' '),
            _ => shown.push_str(&format!("&#{};", u32::from(character))),
        }
    }
    shown.push_str("</code>");
    shown
}

#[cfg(test)]
mod tests {
    use super::super::{Selection, Shard, sample};
    use super::*;
    use crate::text::{Diagnostic, Source, Span};

    fn report(items: Vec<Item>) -> Report {
        Report { items, ..Report::default() }
    }

    fn failing(name: &str) -> Item {
        let mut run = sample::run();
        run.name = name.to_owned();
        Item::Ran(Box::new(Rehearsed::new(run, sample::changed())))
    }

    #[test]
    fn of_a_command() {
        let source = Source::new("bad.yaml", "name: bad\nuntill: 2h\n");
        let problem = Diagnostic::error(&source, Span::new(10, 16), "unknown key `untill`; did you mean `until`?");
        let items = vec![
            failing("two-members"),
            Item::Ran(Box::new(Rehearsed::new(sample::good(), SnapshotState::Same))),
            Item::Invalid(Invalid { file: "bad.yaml".to_owned(), problems: vec![problem] }),
        ];
        let selection = Selection { found: 9, matched: None, shard: Some(Shard { index: 1, count: 3 }), not_run: 0 };
        let report = Report {
            notices: vec!["snapshots/old.timeline belongs to no scenario".to_owned()],
            selection: Some(selection),
            ..report(items)
        };
        insta::assert_snapshot!(text(&report, BYTES_MAX).expect("it fits"));
    }

    #[test]
    fn nothing_in_a_name_has_a_meaning() {
        let shown = code("a|b `c` <d> *e* _f_ @g #1 [h](i)\n&");
        assert_eq!(
            shown,
            "<code>a&#124;b &#96;c&#96; &#60;d&#62; &#42;e&#42; &#95;f&#95; &#64;g &#35;1 &#91;h&#93;&#40;i&#41; &#38;</code>"
        );
        assert_eq!(pre("</pre><b>&"), "<pre>&lt;/pre&gt;&lt;b&gt;&amp;</pre>\n\n");
    }

    /// Goal: GitHub takes the summary of any report, and what it lacks is told. Method: more failures than fit, with limits
    /// at which nothing, some and all of them do.
    #[test]
    fn what_does_not_fit_is_counted() {
        let long = "x".repeat(3 * CASE_BYTES_MAX);
        let mut big = sample::run();
        big.verdicts[1].detail = long;
        let big = Item::Ran(Box::new(Rehearsed::new(big, SnapshotState::Same)));
        let report = report((0..200).map(|_| big.clone()).collect());
        for bytes_max in [1_000, 10_000, 100_000, BYTES_MAX, 4 * BYTES_MAX] {
            let text = text(&report, bytes_max).expect("the totals fit");
            assert!(text.len() <= bytes_max, "{} of {bytes_max}", text.len());
            let shown = text.matches("### <code>").count();
            assert_eq!(
                text.contains(&format!("{} more scenarios that failed are not shown", 200 - shown)),
                shown < 200
            );
            assert_eq!(text.matches("**expectation**").count(), shown);
            assert!(text.matches("\nreplay: ").count() >= shown);
        }
        assert_eq!(text(&report, 100), None);
    }

    #[test]
    fn of_nothing() {
        assert_eq!(text(&Report::default(), BYTES_MAX).as_deref(), Some("## greenroom: no scenario was found\n\n"));
        let well = report(vec![Item::Ran(Box::new(Rehearsed::new(sample::good(), SnapshotState::Same)))]);
        assert!(text(&well, BYTES_MAX).is_some_and(|text| text.starts_with("## greenroom: 1 scenario, all well\n")));
    }
}
