//! What `test` tells people: a line a scenario, below it what failed, and the sum at the end.

use std::io::{self, Write};

use super::paint::{Paint, Tone};
use super::text::{self, Form, write_case};
use super::{CaseStatus, Exit, Item, Rehearsed, Report, SnapshotState};
use crate::text::render::render;

/// Writes every scenario of a command and the sum.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report, paint: Paint) -> io::Result<()> {
    for item in &report.items {
        match item {
            Item::Ran(rehearsed) => scenario(out, rehearsed, paint)?,
            Item::Invalid(invalid) => {
                writeln!(out, "{}  {}", paint.tone(Tone::Bad, "INVALID"), invalid.file)?;
                writeln!(out, "{}", render(&invalid.problems, paint == Paint::Colour).trim_end())?;
            }
            Item::Valid(valid) => {
                writeln!(out, "{}  {}", paint.tone(Tone::Good, "valid  "), valid.file)?;
                for notice in &valid.notices {
                    writeln!(out, "         {}", text::notice_line(notice, Form::Screen(paint)))?;
                }
            }
        }
    }
    for notice in &report.notices {
        writeln!(out, "{}   {notice}", paint.tone(Tone::Notice, "notice"))?;
    }
    for trouble in &report.troubles {
        writeln!(out, "{}    {trouble}", paint.tone(Tone::Bad, "error"))?;
    }
    sum(out, report, paint)
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

fn sum(out: &mut dyn Write, report: &Report, paint: Paint) -> io::Result<()> {
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
    let mut parts = Vec::new();
    for (number, word) in [(count(&passed), "passed"), (count(&valid), "valid")] {
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    for (exit, text) in [
        (Exit::Invalid, "not valid"),
        (Exit::Failed, "failed"),
        (Exit::Unfired, "with faults or actions that never fired"),
        (Exit::Snapshot, "with a new or changed snapshot (greenroom test --accept writes it)"),
    ] {
        match count(&|item| has(item, exit)) {
            0 => {}
            number => parts.push(format!("{number} {text}")),
        }
    }
    match report.items.len() {
        0 => writeln!(out, "no scenario was found"),
        number => {
            let tone = if report.exit() == Exit::Passed { Tone::Good } else { Tone::Bad };
            let noun = if number == 1 { "scenario" } else { "scenarios" };
            writeln!(out, "{}", paint.tone(tone, &format!("{number} {noun}: {}", parts.join(", "))))
        }
    }
}
