//! The files that a replay leaves: results, curves and placements as rows, drawings, the page.

use std::io::{self, Write};
use std::path::Path;

use super::FleetArgs;
use crate::cli::output::complain;
use crate::cli::whole_file::write_whole;
use crate::fleet::replay::Outcome;
use crate::report::fleet::{Panel, Rows, curve_rows, result_rows, svg, write_html};
use crate::report::{Exit, exit};

/// Writes one file.
type FileWriter<'a> = Box<dyn Fn(&mut dyn Write) -> io::Result<()> + 'a>;

/// Writes all files that were asked for, each whole or not at all.
pub fn write_files(args: &FleetArgs, outcomes: &[Outcome], placements: &Rows) -> Exit {
    let mut files: Vec<(&Path, FileWriter<'_>)> = Vec::new();
    for path in &args.results {
        files.push((path, Box::new(move |out| write_rows(path, out, &result_rows(outcomes)))));
    }
    if let Some(path) = &args.curves {
        files.push((path, Box::new(move |out| write_rows(path, out, &curve_rows(outcomes)))));
    }
    if let Some(path) = &args.placements {
        files.push((path, Box::new(move |out| write_rows(path, out, placements))));
    }
    if let Some(path) = &args.svg {
        let drawn = || svg(outcomes, Panel::Used).map_err(io::Error::other);
        files.push((path, Box::new(move |out| out.write_all(drawn()?.as_bytes()))));
    }
    if let Some(path) = &args.html {
        files.push((path, Box::new(|out| write_html(out, outcomes))));
    }
    let written = files.iter().map(|(path, write)| match write_whole(path, write) {
        Ok(()) => Exit::Passed,
        Err(error) => complain(&format!("cannot write {}: {error}", path.display())),
    });
    exit::gravest(written.collect::<Vec<_>>())
}

fn write_rows(path: &Path, out: &mut dyn Write, rows: &Rows) -> io::Result<()> {
    if path.extension().is_some_and(|ending| ending == "parquet") {
        rows.write_parquet(out)
    } else {
        rows.write_csv(out)
    }
}
