//! The timeline as text: a line an entry, in columns of fixed width. A name that is longer than its column shifts the
//! rest of its own line and no other. Snapshots hold the same text without colours and without paths.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Rehearsed;
use super::case::{Case, CaseStatus, ending};
use super::paint::{Paint, Tone};
use super::state::states;
use super::traffic;
use crate::kernel::Names;
use crate::rehearsal::{Notice, RunResult};
use crate::scenario::model::SnapshotLayers;
use crate::text::Place;
use crate::text::render::render;
use crate::timeline::{Entry, Layer, render as words};

/// Width of the column of times.
const TIME_WIDTH: usize = 14;
/// Width of the column of subjects.
pub(super) const SUBJECT_WIDTH: usize = 36;
/// Width of the column of states.
pub(super) const STATE_WIDTH: usize = 18;

/// What the text is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// For people.
    Screen(Paint),
    /// For a snapshot that holds these layers.
    Snapshot(SnapshotLayers),
}

impl Form {
    const fn paint(self) -> Paint {
        match self {
            Form::Screen(paint) => paint,
            Form::Snapshot(_) => Paint::Plain,
        }
    }

    /// True if the form holds entries of this layer. What the scenario itself does belongs to every form.
    const fn holds(self, layer: Layer) -> bool {
        !matches!((self, layer), (Form::Snapshot(SnapshotLayers::System), Layer::Substrate))
    }

    /// A path as the form shows it: a snapshot is the same from whatever folder the scenario is named.
    fn path(self, path: &str) -> &str {
        match self {
            Form::Screen(_) => path,
            Form::Snapshot(_) => path.rsplit(['/', '\\']).next().unwrap_or(path),
        }
    }
}

/// Writes a run: header, timeline, verdicts, what never fired, notices, digest; on a screen also how to see failures again.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, run: &RunResult, cases: &[Case], form: Form) -> io::Result<()> {
    header(out, run, form)?;
    timeline(out, run, form)?;
    let paint = form.paint();
    writeln!(out, "\nended {}  {}", run.ended_at, ending(&run.ending))?;
    match form {
        Form::Screen(_) => judged(out, cases, form)?,
        Form::Snapshot(_) => judged(out, &super::case::cases(run, &super::SnapshotState::NotCompared), form)?,
    }
    traffic::write(out, run)?;
    notices(out, &run.notices, form)?;
    // The digest covers every layer: a snapshot of the system alone must not change with the substrate.
    if form != Form::Snapshot(SnapshotLayers::System) {
        writeln!(out, "\ndigest {}", run.timeline.digest())?;
    }
    if let Form::Screen(_) = form {
        replays(out, cases, paint)?;
    }
    Ok(())
}

/// Writes what was judged, without the timeline.
///
/// # Errors
/// Those of the writer.
pub fn write_verdict(out: &mut dyn Write, rehearsed: &Rehearsed, paint: Paint) -> io::Result<()> {
    let Rehearsed { run, cases, .. } = rehearsed;
    let form = Form::Screen(paint);
    header(out, run, form)?;
    writeln!(out, "ended    {}  {}", run.ended_at, ending(&run.ending))?;
    judged(out, cases, form)?;
    traffic::write(out, run)?;
    notices(out, &run.notices, form)?;
    replays(out, cases, paint)
}

/// Writes a run that was cut short: its timeline so far and the state of everything then.
///
/// # Errors
/// Those of the writer.
pub fn write_at(out: &mut dyn Write, rehearsed: &Rehearsed, paint: Paint) -> io::Result<()> {
    let Rehearsed { run, cases, .. } = rehearsed;
    let form = Form::Screen(paint);
    header(out, run, form)?;
    timeline(out, run, form)?;
    writeln!(out, "\nstate at {}", run.ended_at)?;
    for (subject, seen) in states(run) {
        let mut line = String::new();
        column(&mut line, TIME_WIDTH, |_| {});
        column(&mut line, SUBJECT_WIDTH, |line| subject.write(&run.names, line));
        column(&mut line, STATE_WIDTH, |line| line.push_str(seen.became));
        writeln!(out, "{line}since {}", seen.at)?;
    }
    judged(out, cases, form)?;
    notices(out, &run.notices, form)
}

pub(super) fn header(out: &mut dyn Write, run: &RunResult, form: Form) -> io::Result<()> {
    let paint = form.paint();
    writeln!(out, "scenario {}", paint.tone(Tone::Strong, &run.name))?;
    writeln!(out, "seed     {}", run.seed)?;
    writeln!(out, "profile  {}", run.profile)
}

/// Writes the timeline alone.
fn timeline(out: &mut dyn Write, run: &RunResult, form: Form) -> io::Result<()> {
    let mut line = String::new();
    writeln!(out)?;
    for (_, entry) in run.timeline.since(0).filter(|(_, entry)| form.holds(entry.layer)) {
        line.clear();
        entry_line(&mut line, &entry, &run.names);
        match (form.paint(), entry.layer) {
            (Paint::Colour, Layer::Substrate) => writeln!(out, "{}", Paint::Colour.tone(Tone::Faint, &line))?,
            (Paint::Colour, Layer::Scenario) => writeln!(out, "{}", Paint::Colour.tone(Tone::Notice, &line))?,
            _ => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// Appends the line of an entry.
pub fn entry_line(line: &mut String, entry: &Entry, names: &Names) {
    write!(line, "{}  ", entry.at).expect("writing to a string cannot fail");
    column(line, SUBJECT_WIDTH, |line| entry.subject.write(names, line));
    column(line, STATE_WIDTH, |line| line.push_str(entry.became));
    line.push_str(&words::why(&entry.why, names));
    line.truncate(line.trim_end().len());
}

/// Appends a text, filled with spaces to the width of its column and at least two.
pub(super) fn column(line: &mut String, width: usize, text: impl FnOnce(&mut String)) {
    let start = line.len();
    text(line);
    let used = line[start..].chars().count();
    for _ in 0..width.saturating_sub(used).max(2) {
        line.push(' ');
    }
}

/// True for a case that is told even if it passed: what the scenario says must be so.
fn is_told(case: &Case) -> bool {
    matches!(case.kind, "expectation" | "oracle") || case.status != CaseStatus::Passed
}

/// Writes the verdicts and what never fired.
fn judged(out: &mut dyn Write, cases: &[Case], form: Form) -> io::Result<()> {
    let mut shown = cases.iter().filter(|case| is_told(case)).peekable();
    if shown.peek().is_some() {
        writeln!(out)?;
    }
    for case in shown {
        write_case(out, case, form, "")?;
    }
    Ok(())
}

/// Writes a case: its verdict in a line, and below it, if it failed, what led there.
pub fn write_case(out: &mut dyn Write, case: &Case, form: Form, indent: &str) -> io::Result<()> {
    let paint = form.paint();
    let (word, tone) = match (case.status, case.kind) {
        (CaseStatus::Passed, _) => ("passed  ", Tone::Good),
        (CaseStatus::Failed, "unfired") => ("UNFIRED ", Tone::Bad),
        (CaseStatus::Failed, "document") => ("INVALID ", Tone::Bad),
        (CaseStatus::Failed, _) => ("FAILED  ", Tone::Bad),
        (CaseStatus::Unjudged, _) => ("UNJUDGED", Tone::Bad),
    };
    if case.status == CaseStatus::Passed {
        let detail = paint.tone(Tone::Faint, &format!("({})", case.detail));
        return writeln!(out, "{indent}{}  {}  {detail}", paint.tone(tone, word), case.name);
    }
    writeln!(out, "{indent}{}  {}", paint.tone(tone, word), case.name)?;
    match (&case.problem, form) {
        (Some(problem), Form::Screen(paint)) => {
            let rendered = render(std::slice::from_ref(problem), paint == Paint::Colour);
            for line in rendered.trim_end().lines() {
                writeln!(out, "{indent}          {line}")?;
            }
            return Ok(());
        }
        (Some(_), Form::Snapshot(_)) => {
            let Place { file, line, column } = &case.place;
            writeln!(out, "{indent}          {}:{line}:{column}", form.path(file))?;
        }
        (None, _) => {}
    }
    if !case.detail.is_empty() {
        writeln!(out, "{indent}          {}", case.detail.replace('\n', &format!("\n{indent}          ")))?;
    }
    for (number, line) in case.chain(|path| form.path(path)).iter().enumerate() {
        let lead = if number == 0 { "because " } else { "        " };
        writeln!(out, "{indent}          {}", paint.tone(Tone::Faint, &format!("{lead}{line}")))?;
    }
    Ok(())
}

fn notices(out: &mut dyn Write, notices: &[Notice], form: Form) -> io::Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for notice in notices {
        writeln!(out, "{}", notice_line(notice, form))?;
    }
    Ok(())
}

/// A notice in one line.
pub fn notice_line(notice: &Notice, form: Form) -> String {
    let word = form.paint().tone(Tone::Notice, "notice");
    let file = form.path(&notice.file);
    match notice.line {
        0 => format!("{word}  {file}: {}", notice.text),
        line => format!("{word}  {file}:{line}: {}", notice.text),
    }
}

/// Writes how to see the failures again, each command once.
fn replays(out: &mut dyn Write, cases: &[Case], paint: Paint) -> io::Result<()> {
    let mut told: Vec<&str> = Vec::new();
    for case in cases.iter().filter(|case| case.status != CaseStatus::Passed) {
        if !told.contains(&case.replay.as_str()) {
            told.push(&case.replay);
            writeln!(out, "{}", paint.tone(Tone::Strong, &case.replay))?;
        }
    }
    Ok(())
}
