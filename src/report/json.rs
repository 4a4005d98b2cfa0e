//! One JSON object: of one run, or of all scenarios of a command. It is written as it is made; a long timeline is never
//! held as JSON.

use std::io::Write;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Exit, Invalid, Item, Rehearsed, Report, Valid, rows, traffic};

/// Writes the one scenario of a command: what was run, every entry with its cause, every case, and how it came out.
///
/// # Errors
/// Those of the writer.
pub fn write_item(out: &mut dyn Write, item: &Item) -> std::io::Result<()> {
    write(out, &ItemJson(item))
}

/// Writes all scenarios of a command and its exit codes.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    write(out, &ReportJson(report))
}

fn write(out: &mut dyn Write, value: &impl Serialize) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    out.flush()
}

struct RunJson<'a>(&'a Rehearsed);

impl Serialize for RunJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let run = &self.0.run;
        #[derive(Serialize)]
        struct Whole<'a, L: Serialize, E: Serialize, C: Serialize, T: Serialize, N: Serialize> {
            #[serde(flatten)]
            head: rows::HeadRow<'a>,
            lines: L,
            entries: E,
            cases: C,
            traffic: T,
            notices: N,
            #[serde(flatten)]
            summary: rows::SummaryRow<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            native: Option<&'a Value>,
        }
        let whole = Whole {
            head: rows::head(run),
            lines: List(|| rows::lines(run)),
            entries: List(|| rows::entries(run)),
            cases: List(|| self.0.cases.iter().map(rows::case)),
            traffic: List(|| traffic::rows(run)),
            notices: List(|| run.notices.iter().map(rows::notice)),
            summary: rows::summary(self.0),
            native: run.native.as_ref(),
        };
        whole.serialize(serializer)
    }
}

/// A list whose values are made while it is written.
struct List<F>(F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

struct InvalidJson<'a>(&'a Invalid);

impl Serialize for InvalidJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let problems = List(|| self.0.problems.iter().map(rows::problem));
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("file", &self.0.file)?;
        map.serialize_entry("problems", &problems)?;
        map.serialize_entry("exit_code", &Exit::Invalid.code())?;
        map.end()
    }
}

struct ValidJson<'a>(&'a Valid);

impl Serialize for ValidJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let notices = List(|| self.0.notices.iter().map(rows::notice));
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("file", &self.0.file)?;
        map.serialize_entry("notices", &notices)?;
        map.serialize_entry("exit_code", &Exit::Passed.code())?;
        map.end()
    }
}

struct ItemJson<'a>(&'a Item);

impl Serialize for ItemJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Item::Ran(rehearsed) => RunJson(rehearsed).serialize(serializer),
            Item::Valid(valid) => ValidJson(valid).serialize(serializer),
            Item::Invalid(invalid) => InvalidJson(invalid).serialize(serializer),
        }
    }
}

struct ReportJson<'a>(&'a Report);

impl Serialize for ReportJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let items = List(|| report.items.iter().map(ItemJson));
        let codes: Vec<u8> = report.exits().into_iter().map(Exit::code).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scenarios", &items)?;
        if let Some(selection) = &report.selection {
            map.serialize_entry("selection", selection)?;
        }
        map.serialize_entry("notices", &report.notices)?;
        map.serialize_entry("troubles", &report.troubles)?;
        map.serialize_entry("exit_codes", &codes)?;
        map.serialize_entry("exit_code", &report.exit().code())?;
        map.end()
    }
}
