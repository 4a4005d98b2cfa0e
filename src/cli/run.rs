//! `greenroom run`: one scenario, its timeline and verdict.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::output::{OutputArgs, refuse, stderr_is_coloured, tell, to_stdout};
use super::scenario::rehearse_file;
use crate::kernel::Time;
use crate::rehearsal::Options;
use crate::report::text::{self, Form};
use crate::report::{Exit, Invalid, Item, Paint, Rehearsed, Report, SnapshotState, json};
use crate::text::duration::parse_time;
use crate::text::render::render;

/// Run one scenario; show its timeline and verdict.
#[derive(Args)]
pub struct RunArgs {
    /// The scenario file.
    file: PathBuf,
    /// The seed of all random draws, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Stop at this time and show the state then: 00:07:31.250 or 7m31s.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Time>,
    /// Show the state as the system itself would show it, as JSON and nothing else.
    #[arg(long, requires = "at")]
    native: bool,
    /// Leave the timeline out; show the verdict alone.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the scenario.
pub fn run(args: &RunArgs) -> Exit {
    if let Err(refusal) = args.output.check() {
        return refuse(&refusal);
    }
    let options = Options { seed: args.seed, stop_at: args.at, native: args.native };
    let item = match rehearse_file(&args.file, options) {
        Ok((run, _)) => Item::Ran(Box::new(Rehearsed::new(run, SnapshotState::NotCompared))),
        Err(problems) => Item::Invalid(Invalid { file: args.file.to_string_lossy().into_owned(), problems }),
    };
    if let (true, Item::Ran(rehearsed)) = (args.native, &item) {
        return native(rehearsed);
    }
    let report = Report { items: vec![item], ..Report::default() };
    let human = |out: &mut dyn Write, paint: Paint| match &report.items[0] {
        Item::Valid(_) => Ok(()),
        Item::Ran(rehearsed) if args.quiet => text::write_verdict(out, rehearsed, paint),
        Item::Ran(rehearsed) => match args.at {
            Some(_) => text::write_at(out, rehearsed, paint),
            None => text::write(out, &rehearsed.run, &rehearsed.cases, Form::Screen(paint)),
        },
        // What is wrong with the input is no result: it goes to stderr.
        Item::Invalid(invalid) => {
            tell(render(&invalid.problems, stderr_is_coloured()).trim_end());
            Ok(())
        }
    };
    args.output.write(&report, &human, &|out, _| json::write_item(out, &report.items[0]))
}

/// Shows the system's own JSON.
fn native(rehearsed: &Rehearsed) -> Exit {
    let shown = rehearsed.run.native.as_ref().unwrap_or(&serde_json::Value::Null);
    to_stdout(&|out, _| {
        serde_json::to_writer_pretty(&mut *out, shown)?;
        writeln!(out)
    })
}
