//! NDJSON: a JSON object a line. For each scenario a `scenario` line, its `line`s, each `entry`, each `case`, each
//! `notice` and a `summary`; a file that is not valid gives `problem` lines,
//! one that is only checked and valid a `valid` line. At the end stand each `trouble`, the `selection` if something was left out, and the
//! `exit`. The field `type` says which it is.

use std::io::{self, Write};

use serde::Serialize;

use super::{Item, Rehearsed, Report, rows};

/// Writes every scenario of a command.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for item in &report.items {
        match item {
            Item::Ran(rehearsed) => run(&mut out, rehearsed)?,
            Item::Valid(valid) => {
                line(&mut out, "valid", &FileRow { file: &valid.file })?;
                valid.notices.iter().try_for_each(|notice| line(&mut out, "notice", &rows::notice(notice)))?;
            }
            Item::Invalid(invalid) => {
                invalid.problems.iter().try_for_each(|problem| line(&mut out, "problem", &rows::problem(problem)))?;
            }
        }
    }
    for text in &report.troubles {
        line(&mut out, "trouble", &TextRow { text })?;
    }
    for text in &report.notices {
        line(&mut out, "notice", &TextRow { text })?;
    }
    if let Some(selection) = &report.selection {
        line(&mut out, "selection", selection)?;
    }
    line(&mut out, "exit", &ExitRow { exit_code: report.exit().code() })?;
    out.flush()
}

fn run(out: &mut impl Write, rehearsed: &Rehearsed) -> io::Result<()> {
    let run = &rehearsed.run;
    line(out, "scenario", &rows::head(run))?;
    rows::lines(run).try_for_each(|row| line(out, "line", &row))?;
    rows::entries(run).try_for_each(|row| line(out, "entry", &row))?;
    rehearsed.cases.iter().try_for_each(|case| line(out, "case", &rows::case(case)))?;
    run.notices.iter().try_for_each(|notice| line(out, "notice", &rows::notice(notice)))?;
    line(out, "summary", &rows::summary(rehearsed))
}

#[derive(Serialize)]
struct FileRow<'a> {
    file: &'a str,
}

#[derive(Serialize)]
struct TextRow<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct ExitRow {
    exit_code: u8,
}

fn line(out: &mut impl Write, kind: &'static str, row: &impl Serialize) -> io::Result<()> {
    #[derive(Serialize)]
    struct Typed<'a, T: Serialize> {
        r#type: &'static str,
        #[serde(flatten)]
        row: &'a T,
    }
    serde_json::to_writer(&mut *out, &Typed { r#type: kind, row })?;
    out.write_all(b"\n")
}
