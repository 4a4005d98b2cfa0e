//! What `test` tells people: a line a scenario, below it what failed, and the sum at the end.

use std::io::{self, Write};

use super::paint::{Paint, Tone};
use super::text::{self, Form, write_case};
use super::{CaseStatus, Exit, Item, Rehearsed, Report, Selection, SnapshotState};
use crate::text::render::render;

/// With more scenarios than these, what failed is listed again at the end: about what a screen holds.
const LISTED_MAX: usize = 20;

/// Writes every scenario of a command and the sum.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report, paint: Paint) -> io::Result<()> {
    report.items.iter().try_for_each(|item| write_item(out, item, paint))?;
    write_beside(out, report, paint)?;
    write_sum(out, report, paint)?;
    listed_again(out, report, paint)
}

/// Writes what became of one file.
///
/// # Errors
/// Those of the writer.
pub fn write_item(out: &mut dyn Write, item: &Item, paint: Paint) -> io::Result<()> {
    match item {
        Item::Ran(rehearsed) => scenario(out, rehearsed, paint),
        Item::Invalid(invalid) => {
            writeln!(out, "{}  {}", paint.tone(Tone::Bad, "INVALID"), invalid.file)?;
            writeln!(out, "{}", render(&invalid.problems, paint == Paint::Colour).trim_end())
        }
        Item::Valid(valid) => {
            writeln!(out, "{}  {}", paint.tone(Tone::Good, "valid  "), valid.file)?;
            let notices = valid.notices.iter();
            notices
                .map(|notice| text::notice_line(notice, Form::Screen(paint)))
                .try_for_each(|line| writeln!(out, "         {line}"))
        }
    }
}

/// Writes what belongs to no one file.
///
/// # Errors
/// Those of the writer.
pub fn write_beside(out: &mut dyn Write, report: &Report, paint: Paint) -> io::Result<()> {
    for notice in &report.notices {
        writeln!(out, "{}   {notice}", paint.tone(Tone::Notice, "notice"))?;
    }
    for trouble in &report.troubles {
        writeln!(out, "{}    {trouble}", paint.tone(Tone::Bad, "error"))?;
    }
    Ok(())
}

/// Lists what is not well once more, where it would have to be looked for among many.
fn listed_again(out: &mut dyn Write, report: &Report, paint: Paint) -> io::Result<()> {
    if report.items.len() <= LISTED_MAX {
        return Ok(());
    }
    for item in report.items.iter().filter(|item| item.exit() != Exit::Passed) {
        let word = if matches!(item, Item::Invalid(_)) { "INVALID" } else { "FAILED " };
        writeln!(out, "  {}  {}", paint.tone(Tone::Bad, word), item.file())?;
    }
    Ok(())
}

fn scenario(out: &mut dyn Write, rehearsed: &Rehearsed, paint: Paint) -> io::Result<()> {
    let run = &rehearsed.run;
    let expectations = rehearsed.cases.iter().filter(|case| case.kind == "expectation").count();
    let word = match (rehearsed.failures().next(), &rehearsed.snapshot) {
        (Some(_), _) => paint.tone(Tone::Bad, "FAILED "),
        (None, SnapshotState::Written) => paint.tone(Tone::Notice, "written"),
        (None, _) => paint.tone(Tone::Good, "passed "),
    };
    let noun = if expectations == 1 { "expectation" } else { "expectations" };
    writeln!(out, "{word}  {}  ({expectations} {noun}, ended {})", run.file, run.ended_at)?;
    for case in rehearsed.failures() {
        write_case(out, case, Form::Screen(paint), "         ")?;
        if case.kind == "snapshot"
            && let SnapshotState::Changed { diff, .. } = &rehearsed.snapshot
        {
            changed(out, diff, paint)?;
        }
        writeln!(out, "         {}", paint.tone(Tone::Strong, &case.replay))?;
    }
    Ok(())
}

fn changed(out: &mut dyn Write, diff: &str, paint: Paint) -> io::Result<()> {
    for line in diff.lines() {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Bad,
            _ => Tone::Faint,
        };
        writeln!(out, "         {}", paint.tone(tone, line))?;
    }
    Ok(())
}

/// Writes the line that says how many scenarios came out how, and what was left out.
///
/// # Errors
/// Those of the writer.
pub fn write_sum(out: &mut dyn Write, report: &Report, paint: Paint) -> io::Result<()> {
    if let Some(nothing) = report.nothing() {
        return writeln!(out, "{nothing}");
    }
    let words = report.selection.as_ref().map(Selection::words).unwrap_or_default();
    if report.items.is_empty() {
        return writeln!(out, "nothing to run here: {words}");
    }
    let tone = if report.exit() == Exit::Passed { Tone::Good } else { Tone::Bad };
    let noun = if report.items.len() == 1 { "scenario" } else { "scenarios" };
    let parts: Vec<String> = totals(report).iter().map(|(number, word)| format!("{number} {word}")).collect();
    let mut line = format!("{} {noun}: {}", report.items.len(), parts.join(", "));
    if !words.is_empty() {
        line.push_str(&format!(" ({words})"));
    }
    writeln!(out, "{}", paint.tone(tone, &line))
}

/// How many scenarios came out how, in words. One may be in several of them.
pub(super) fn totals(report: &Report) -> Vec<(usize, &'static str)> {
    let count = |wanted: &dyn Fn(&Item) -> bool| report.items.iter().filter(|item| wanted(item)).count();
    let has = |item: &Item, exit: Exit| match item {
        Item::Ran(rehearsed) => rehearsed.failures().any(|case| case.exit == exit),
        Item::Valid(_) => false,
        Item::Invalid(_) => exit == Exit::Invalid,
    };
    let passed = |item: &Item| match item {
        Item::Ran(rehearsed) => rehearsed.cases.iter().all(|case| case.status == CaseStatus::Passed),
        Item::Valid(_) | Item::Invalid(_) => false,
    };
    let valid = |item: &Item| matches!(item, Item::Valid(_));
    let words: [(usize, &str); 9] = [
        (count(&passed), "passed"),
        (count(&valid), "valid"),
        (count(&|item| has(item, Exit::Invalid)), "not valid"),
        (count(&|item| has(item, Exit::Failed)), "failed"),
        (count(&|item| has(item, Exit::Interrupted)), "interrupted"),
        (count(&|item| has(item, Exit::Environment)), "ended by the environment"),
        (count(&|item| has(item, Exit::Cleanup)), "that left something behind"),
        (count(&|item| has(item, Exit::Unfired)), "with faults or actions that never fired"),
        (
            count(&|item| has(item, Exit::Snapshot)),
            "with a new or changed snapshot (greenroom test --accept writes it)",
        ),
    ];
    words.into_iter().filter(|(number, _)| *number > 0).collect()
}
