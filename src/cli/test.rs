//! `greenroom test`: all scenarios, in parallel, against their accepted snapshots. What is shown does not depend on how
//! many threads there are.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use super::find::find;
use super::output::{OutputArgs, complain, refuse};
use super::scenario::rehearse_file;
use super::snapshots::Snapshots;
use crate::rehearsal::{Options, RunResult};
use crate::report::snapshot::snapshot_text;
use crate::report::{Exit, Invalid, Item, Rehearsed, Report, json, summary};
use crate::text::Diagnostic;

/// Run all scenarios, in parallel, against their accepted snapshots.
#[derive(Args)]
pub struct TestArgs {
    /// Scenario files, or folders to look for them: every scenario.yaml and *.greenroom.yaml below. Default: this folder.
    paths: Vec<PathBuf>,
    /// Take the timelines of this run as the accepted ones and write their snapshots.
    #[arg(long)]
    accept: bool,
    /// How many scenarios run at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    output: OutputArgs,
}

/// A scenario that was run, and the text that its snapshot is to hold.
type Outcome = Result<(RunResult, String), Vec<Diagnostic>>;

/// Runs the scenarios.
pub fn test(args: &TestArgs) -> Exit {
    if let Err(refusal) = args.output.check() {
        return refuse(&refusal);
    }
    let found = find(&args.paths);
    let outcomes = match run_all(&found.files, args.jobs) {
        Ok(outcomes) => outcomes,
        Err(error) => return complain(&error),
    };
    let mut report = Report::default();
    for (path, problem) in found.missing {
        let file = path.to_string_lossy().into_owned();
        report.items.push(Item::Invalid(Invalid { file, problems: vec![problem] }));
    }
    let mut snapshots = Snapshots::new(args.accept);
    for (path, outcome) in found.files.iter().zip(outcomes) {
        let invalid = |problems| Item::Invalid(Invalid { file: path.to_string_lossy().into_owned(), problems });
        report.items.push(match outcome {
            Err(problems) => {
                snapshots.cannot_tell();
                invalid(problems)
            }
            Ok((run, text)) => match snapshots.compare(path, &run.name, &text) {
                Ok(state) => Item::Ran(Box::new(Rehearsed::new(run, state))),
                Err(problem) => invalid(vec![problem]),
            },
        });
    }
    report.notices = snapshots.left_over(&args.paths);
    report.troubles = snapshots.troubles;
    args.output.write(&report, &|out, paint| summary::write_report(out, &report, paint), &|out, _| {
        json::write_report(out, &report)
    })
}

/// Runs every file; the outcomes are in the order of the files.
fn run_all(files: &[PathBuf], jobs: Option<u16>) -> Result<Vec<Outcome>, String> {
    let progress = progress(files.len());
    let run = |path: &PathBuf| {
        let outcome = run_one(path);
        progress.inc(1);
        outcome
    };
    let jobs = jobs.map_or(0, usize::from);
    let outcomes = if files.len() <= 1 || jobs == 1 {
        files.iter().map(run).collect()
    } else {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool = pool.map_err(|error| format!("cannot start {jobs} threads: {error}"))?;
        pool.install(|| files.par_iter().map(run).collect())
    };
    progress.finish_and_clear();
    Ok(outcomes)
}

fn run_one(path: &Path) -> Outcome {
    let (run, layers) = rehearse_file(path, 1, Options::default())?;
    let text = snapshot_text(&run, layers);
    Ok((run, text))
}

/// A bar on stderr, if a person looks at it.
fn progress(count: usize) -> ProgressBar {
    if count < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} scenarios, {elapsed}");
    ProgressBar::new(count as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
