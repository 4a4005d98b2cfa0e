//! Where results go: stdout or files, in one format or several.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::step_summary;
use super::whole_file::write_whole;
use crate::report::github::Rest;
use crate::report::{Exit, Paint, Report, exit, github, json, junit, ndjson, summary};

/// How results are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// A JSON object a line.
    Ndjson,
    /// JUnit XML.
    Junit,
    /// Annotations in GitHub's workflow log, and the summary of the step.
    Github,
    /// SARIF 2.1.0.
    Sarif,
    /// Comma-separated values, a row a run.
    Csv,
    /// Apache Parquet, a row a run.
    Parquet,
    /// Plots.
    Svg,
}

/// The names of the formats, in the order in which messages list them.
const FORMATS: [(&str, Format); 9] = [
    ("human", Format::Human),
    ("json", Format::Json),
    ("ndjson", Format::Ndjson),
    ("junit", Format::Junit),
    ("github", Format::Github),
    ("sarif", Format::Sarif),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
    ("svg", Format::Svg),
];

impl Format {
    fn name(self) -> &'static str {
        FORMATS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| *name)
    }
}

/// A format and the file that it goes to; without one it goes to stdout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    format: Format,
    path: Option<PathBuf>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) = match text.split_once('=') {
            Some((_, "")) => return Err("a path is missing behind `=`".to_owned()),
            Some((name, path)) => (name, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let known = FORMATS.iter().find(|(known, _)| *known == name);
        let names = || FORMATS.map(|(name, _)| name).join(", ");
        let (_, format) = known.ok_or_else(|| format!("the formats are {}", names()))?;
        Ok(Target { format: *format, path })
    }
}

/// The formats that a verb is asked for.
#[derive(Args)]
pub struct OutputArgs {
    /// How to show the result: human, json, ndjson, junit, github, sarif (of plans), csv, parquet, svg (of sweeps); junit=PATH writes to a file. May be given several times.
    #[arg(long = "format", value_name = "FORMAT[=PATH]")]
    targets: Vec<Target>,
}

/// A writer of one format of a report: what people read is each verb's own, as is the JSON of a single run.
pub type Writer<'a> = &'a dyn Fn(&mut dyn Write, Paint) -> io::Result<()>;

/// A writer of a result in any format.
pub type FormatWriter<'a> = &'a dyn Fn(Format, &mut dyn Write, Paint) -> io::Result<()>;

impl OutputArgs {
    /// Refuses formats that a verb does not have, and what [`OutputArgs::check`] refuses.
    ///
    /// # Errors
    /// What is wrong, for the user.
    pub fn check_for(&self, formats: &[Format]) -> Result<(), String> {
        if let Some(target) = self.targets.iter().find(|target| !formats.contains(&target.format)) {
            let known: Vec<&str> = formats.iter().map(|format| format.name()).collect();
            let wrong = target.format.name();
            return Err(format!("there is no {wrong} of this; the formats are {}", known.join(", ")));
        }
        let on_stdout = self.targets.iter().filter(|target| target.path.is_none() && target.format != Format::Github);
        match on_stdout.count() {
            0 | 1 => Ok(()),
            _ => {
                Err("only one format can go to stdout; give the others a path, as in --format junit=report.xml"
                    .to_owned())
            }
        }
    }

    /// The files that results go to.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.targets.iter().filter_map(|target| target.path.as_ref())
    }

    /// Refuses what cannot be taken apart again: two formats on one stdout. Annotations may go with any of them.
    ///
    /// # Errors
    /// What is wrong, for the user.
    pub fn check(&self) -> Result<(), String> {
        self.check_for(&[Format::Human, Format::Json, Format::Ndjson, Format::Junit, Format::Github])
    }

    /// Refuses what [`OutputArgs::check`] refuses, and formats for programs on stdout: results that are shown again and again
    /// are no document.
    ///
    /// # Errors
    /// What is wrong, for the user.
    pub fn check_for_watch(&self) -> Result<(), String> {
        let for_programs = |target: &&Target| target.path.is_none() && target.format != Format::Human;
        match self.targets.iter().find(for_programs) {
            None => self.check(),
            Some(target) => {
                let name = target.format.name();
                Err(format!(
                    "--watch shows its results to people; give other formats a path, as in --format {name}=PATH"
                ))
            }
        }
    }

    /// Writes a report in every format that was asked for; the gravest of its exit code and what went wrong on the way.
    /// Annotations for GitHub bring the summary of the step with them, where GitHub has a file for it.
    pub fn write(&self, report: &Report, human: Writer<'_>, json: Writer<'_>) -> Exit {
        let is_for_github = self.targets.iter().any(|target| target.format == Format::Github);
        let summary = step_summary::path().filter(|_| is_for_github);
        let rest = if summary.is_some() { Rest::Summary } else { Rest::Log };
        let exit = self.write_each(report.exit(), &|format, out, paint| match format {
            Format::Json => json(out, paint),
            Format::Ndjson => ndjson::write_report(out, report),
            Format::Junit => junit::write_report(out, report),
            Format::Github => github::write_report(out, report, rest),
            _ => human(out, paint),
        });
        match summary.map(|path| step_summary::append(&path, report)) {
            None | Some(Ok(())) => exit,
            Some(Err(error)) => exit::gravest([exit, complain(&error)]),
        }
    }

    /// Writes a report to the files that were named, each in its format, and nothing to stdout.
    pub fn write_files(&self, report: &Report) -> Exit {
        let targets: Vec<Target> = self.targets.iter().filter(|target| target.path.is_some()).cloned().collect();
        if targets.is_empty() {
            return Exit::Passed;
        }
        OutputArgs { targets }.write_each(Exit::Passed, &|format, out, paint| match format {
            Format::Json => json::write_report(out, report),
            Format::Ndjson => ndjson::write_report(out, report),
            Format::Junit => junit::write_report(out, report),
            Format::Github => github::write_report(out, report, Rest::Log),
            _ => summary::write_report(out, report, paint),
        })
    }

    /// Writes a result in every format that was asked for; the gravest of its exit code and what went wrong on the way.
    pub fn write_each(&self, exit: Exit, write: FormatWriter<'_>) -> Exit {
        let mut exits = vec![exit];
        let only_human = [Target { format: Format::Human, path: None }];
        let targets = if self.targets.is_empty() { &only_human } else { self.targets.as_slice() };
        for target in targets {
            let write = |out: &mut dyn Write, paint: Paint| write(target.format, out, paint);
            exits.push(match &target.path {
                None => to_stdout(&write),
                Some(path) => match to_file(path, &write) {
                    Ok(()) => Exit::Passed,
                    Err(error) => complain(&format!("cannot write {}: {error}", path.display())),
                },
            });
        }
        exit::gravest(exits)
    }
}

/// Writes to a file, without colours. The file has its name only once it is whole, so that nothing that was cut off looks like it.
///
/// # Errors
/// Those of the file system.
pub fn to_file(path: &Path, write: Writer<'_>) -> io::Result<()> {
    write_whole(path, &|out| write(out, Paint::Plain))
}

/// Writes to stdout. A reader that has gone away (`greenroom run … | head`) is no failure.
pub fn to_stdout(write: Writer<'_>) -> Exit {
    let stdout = io::stdout();
    let paint = match anstream::AutoStream::choice(&stdout) {
        anstream::ColorChoice::Never => Paint::Plain,
        _ => Paint::Colour,
    };
    let mut out = BufWriter::with_capacity(1 << 16, stdout.lock());
    match write(&mut out, paint).and_then(|()| out.flush()) {
        Ok(()) => Exit::Passed,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is still in the buffer would be tried once more when it is dropped.
            let _ = out.into_parts();
            Exit::Passed
        }
        Err(error) => complain(&format!("cannot write to stdout: {error}")),
    }
}

/// True if messages are shown in colour.
pub fn stderr_is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Tells of a failure of the environment.
pub fn complain(what: &str) -> Exit {
    tell(&format!("error: {what}"));
    Exit::Environment
}

/// Tells of wrong usage, in the form that clap has for it.
pub fn refuse(what: &str) -> Exit {
    tell(&format!("error: {what}\n\nFor more information, try '--help'."));
    Exit::Invalid
}

/// Writes a line to stderr; nobody can be told if that fails.
pub fn tell(what: &str) {
    let _ = writeln!(anstream::stderr(), "{what}");
}
