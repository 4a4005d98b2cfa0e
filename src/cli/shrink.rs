//! `greenroom shrink`: the smallest scenario that still fails for the same reason, written beside its documents and its timeline.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::interrupt::Interrupt;
use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use super::snapshots::Snapshots;
use crate::explore::shrink::{Options, Refusal, Shrunk, TRIES_DEFAULT, shrink as shrink_source};
use crate::report::shrink::{Written, write_json, write_text};
use crate::report::snapshot::snapshot_text;
use crate::report::{Exit, Paint};
use crate::scenario::Folder;
use crate::scenario::documents::read_text;
use crate::text::counted::counted;
use crate::text::render::render;
use crate::text::{Diagnostic, Source};

/// How a scenario names its schema for editors.
const SCHEMA: &str = "# yaml-language-server: $schema=";

/// Shrink a scenario that fails to the smallest that still fails for the same reason.
#[derive(Args)]
pub struct ShrinkArgs {
    /// The scenario file.
    file: PathBuf,
    /// The folder that the smaller scenario is written to, with its documents and its timeline.
    #[arg(long, value_name = "FOLDER", default_value = "found")]
    out: PathBuf,
    /// Which failure is kept, if there are several: the code or name of an oracle, or a part of an expectation. Default: the first.
    #[arg(long, value_name = "ORACLE|EXPECTATION")]
    keep: Option<String>,
    /// The most scenarios that are tried.
    #[arg(long, value_name = "N", default_value_t = TRIES_DEFAULT as u64, value_parser = clap::value_parser!(u64).range(1..))]
    tries: u64,
    #[command(flatten)]
    output: OutputArgs,
}

/// Shrinks the scenario.
pub fn shrink(args: &ShrinkArgs) -> Exit {
    if let Err(refusal) = args.output.check_for(&[Format::Human, Format::Json]) {
        return refuse(&refusal);
    }
    let name = args.file.to_string_lossy().into_owned();
    let source = match read_text(&args.file) {
        Ok(text) => Source::new(name.as_str(), text),
        Err(error) => return invalid(&[Diagnostic::about(&Source::new(name.as_str(), ""), error)]),
    };
    let folder = args.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let tries = usize::try_from(args.tries).unwrap_or(usize::MAX);
    tell(&format!("shrinking {name}"));
    let schema = schema_line(source.text(), folder, &args.out);
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => return complain(&format!("cannot listen to signals: {error}")),
    };
    let stop = Some(interrupt.flag());
    let options = Options { keep: args.keep.as_deref(), schema: schema.as_deref(), tries_max: tries, stop };
    let shrunk = match shrink_source(&source, &Folder::new(folder), options) {
        Ok(shrunk) => shrunk,
        Err(refusal) => return refused(&name, args.keep.as_deref(), &refusal),
    };
    let ended = if interrupt.is_asked() { Exit::Interrupted } else { Exit::Passed };
    if ended == Exit::Interrupted {
        tell(&format!(
            "interrupted: what was smallest of {} that were tried is kept",
            counted(shrunk.tries, "scenario")
        ));
    } else if shrunk.is_cut_short {
        tell(&format!("warning: {tries} scenarios were tried, the most that --tries allows: it may be smaller yet"));
    }
    let (file, snapshot) = match write(&shrunk, &args.out) {
        Ok(written) => written,
        Err(error) => return complain(&error),
    };
    let written = Written { shrunk: &shrunk, file: &file, snapshot: &snapshot };
    args.output.write_each(ended, &|format, out: &mut dyn Write, paint: Paint| match format {
        Format::Json => write_json(out, written),
        _ => write_text(out, written, paint),
    })
}

/// Tells why a scenario cannot be shrunk.
fn refused(file: &str, keep: Option<&str>, refusal: &Refusal) -> Exit {
    match refusal {
        Refusal::Invalid(problems) => invalid(problems),
        Refusal::NothingFails(failures) => {
            let what = keep.map_or_else(|| "nothing fails".to_owned(), |keep| format!("`{keep}` does not fail"));
            tell(&format!("error: {what} in {file}: there is nothing to shrink"));
            for failure in failures {
                tell(&format!("  note: what fails is {failure}"));
            }
            Exit::NothingMatched
        }
        Refusal::Unsteady(what) => {
            tell(&format!(
                "error: {file} fails by {what} only together with what else it expects: it cannot be shrunk"
            ));
            Exit::Failed
        }
        Refusal::Stopped => {
            tell("interrupted: nothing was written");
            Exit::Interrupted
        }
        Refusal::Secrets(places) => {
            tell(&format!(
                "error: {file} fails only with values that may be secret, and these are not written: {places}"
            ));
            Exit::Failed
        }
    }
}

fn invalid(problems: &[Diagnostic]) -> Exit {
    tell(render(problems, stderr_is_coloured()).trim_end());
    Exit::Invalid
}

/// Writes the scenario, its documents and its snapshot; the paths of the first and the last.
///
/// # Errors
/// What could not be written, or stands there already and is another.
pub(super) fn write(shrunk: &Shrunk, out: &Path) -> Result<(String, String), String> {
    let file = out.join(format!("{}.greenroom.yaml", shrunk.name));
    let mut files = vec![(file.clone(), shrunk.text.clone())];
    files.extend(shrunk.documents.iter().map(|(path, text)| (out.join(path), text.to_string())));
    // The name tells what the scenario holds; which of several it was found from, the comment of the first tells.
    if let Ok(there) = fs::read_to_string(&file)
        && without_comment(&there) == without_comment(&files[0].1)
    {
        files[0].1 = there;
    }
    for (path, text) in &files {
        match fs::read_to_string(path) {
            Ok(there) if there != *text => {
                return Err(format!("{} is there already and is another: it is left as it is", path.display()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        }
    }
    for (path, text) in &files {
        let written = fs::create_dir_all(path.parent().unwrap_or(out)).and_then(|()| fs::write(path, text));
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let mut snapshots = Snapshots::new(true);
    let text = snapshot_text(&shrunk.run, shrunk.scenario.snapshot);
    let compared = snapshots.compare(&file, &shrunk.name, &text).map_err(|problem| problem.message);
    compared?;
    if let Some(trouble) = snapshots.troubles.first() {
        return Err(trouble.clone());
    }
    let snapshot = snapshots.path(&file, &shrunk.name).to_string_lossy().into_owned();
    Ok((file.to_string_lossy().into_owned(), snapshot))
}

/// A scenario's text behind the comment that it begins with.
fn without_comment(text: &str) -> &str {
    let lines = text.split_inclusive('\n').take_while(|line| line.starts_with('#'));
    &text[lines.map(str::len).sum()..]
}

/// Where the schema is from the folder that is written to, if the scenario names one.
pub(super) fn schema_line(text: &str, folder: &Path, out: &Path) -> Option<String> {
    let schema = text.lines().find_map(|line| line.strip_prefix(SCHEMA))?.trim();
    if schema.contains("://") || schema.starts_with('/') {
        return Some(schema.to_owned());
    }
    let absolute = |path: &Path| std::path::absolute(path).ok().map(|path| plain(&path));
    let (schema, out) = (absolute(&folder.join(schema))?, absolute(out)?);
    let common = schema.components().zip(out.components()).take_while(|(one, other)| one == other).count();
    let up = out.components().skip(common).map(|_| "..");
    let down = schema.components().skip(common).map(|part| part.as_os_str().to_str());
    let parts: Option<Vec<&str>> = up.map(Some).chain(down).collect();
    Some(parts?.join("/"))
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_named_from_the_new_folder() {
        let line = |schema: &str, folder: &str, out: &str| {
            schema_line(&format!("{SCHEMA}{schema}\nname: a\n"), Path::new(folder), Path::new(out))
        };
        let found = line("../../schema/s.json", "scenarios/a", "found");
        assert_eq!(found.as_deref(), Some("../schema/s.json"));
        assert_eq!(line("s.json", ".", "found/deep").as_deref(), Some("../../s.json"));
        assert_eq!(line("https://example.com/s.json", "a", "b").as_deref(), Some("https://example.com/s.json"));
        assert_eq!(schema_line("name: a\n", Path::new("."), Path::new("found")), None);
    }
}
