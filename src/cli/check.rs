//! `greenroom check`: whether scenarios and their documents are valid, without running them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::find::find;
use super::output::{OutputArgs, refuse};
use super::scenario::read;
use crate::rehearsal::{Options, Rehearsal, Rejection, simulated};
use crate::report::{Exit, Invalid, Item, Report, Valid, json, summary};
use crate::text::Diagnostic;

/// Say whether scenarios and their documents are valid, without running them.
#[derive(Args)]
pub struct CheckArgs {
    /// Scenario files, or folders to look for them: every scenario.yaml and *.greenroom.yaml below. Default: this folder.
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Checks the scenarios.
pub fn check(args: &CheckArgs) -> Exit {
    if let Err(refusal) = args.output.check() {
        return refuse(&refusal);
    }
    let found = find(&args.paths);
    let mut report = Report::default();
    for (path, problem) in found.missing {
        let file = path.to_string_lossy().into_owned();
        report.items.push(Item::Invalid(Invalid { file, problems: vec![problem] }));
    }
    for path in found.files {
        let file = path.to_string_lossy().into_owned();
        report.items.push(match check_one(&path) {
            Ok(notices) => Item::Valid(Valid { file, notices }),
            Err(problems) => Item::Invalid(Invalid { file, problems }),
        });
    }
    args.output.write(&report, &|out, paint| summary::write_report(out, &report, paint), &|out, _| {
        json::write_report(out, &report)
    })
}

/// Sets a run up and starts nothing: all files are read, all names looked up.
fn check_one(path: &Path) -> Result<Vec<crate::rehearsal::Notice>, Vec<Diagnostic>> {
    let (scenario, _) = read(path)?;
    let options = Options::default();
    let rehearsal = Rehearsal::new(&scenario, simulated(&scenario, scenario.seed)?, options)?;
    let run = rehearsal.finish(options, &mut []);
    let unexpected = |rejection: Rejection| (!rejection.expected).then_some(rejection.diagnostics);
    let problems: Vec<Diagnostic> = run.rejections.into_iter().filter_map(unexpected).flatten().collect();
    if problems.is_empty() { Ok(run.notices) } else { Err(problems) }
}
