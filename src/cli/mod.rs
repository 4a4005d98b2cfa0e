//! The command line: one file a verb, each a thin layer over the library. Results go to stdout, progress and mistakes
//! in what was asked for to stderr.

mod check;
#[cfg(feature = "live")]
mod cleanup;
#[cfg(feature = "live")]
mod cluster;
mod completions;
#[cfg(feature = "live")]
mod conform;
#[cfg(feature = "live")]
mod doctor;
mod explain;
mod explore;
mod facts;
mod filter;
mod find;
mod fleet;
mod inputs;
mod interrupt;
mod output;
mod plan;
mod progress;
mod run;
mod scenario;
mod schema;
mod shrink;
mod snapshots;
mod stand_in;
mod step_summary;
mod suite;
mod sweep;
mod test;
mod watch;
mod whole_file;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::Exit;

pub use stand_in::stand_in_alone;

/// What scripts rely on; shown by `greenroom --help`.
const EXIT_CODES: &str = "\
Exit codes:
  0    all is well
  1    an expectation failed, or a plan, or a search found something, or a sweep not what it was to find
  2    wrong usage, or a file that is not valid
  3    a snapshot is new or changed
  4    no scenario was found, or nothing to explain or to shrink
  5    the environment failed: a file cannot be written, a cluster does not answer
  6    the simulation and the cluster diverge
  7    something that a run made on a cluster could not be removed
  8    a fault or an action never fired, or an object was refused
  130  interrupted
The gravest wins: 130, 5, 2, 6, 1, 8, 3, 7, 4.";

/// Rehearses a GPU deployment before it goes on stage.
#[derive(Parser)]
#[command(name = "greenroom", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Run(run::RunArgs),
    Test(test::TestArgs),
    Check(check::CheckArgs),
    Plan(plan::PlanArgs),
    Explore(explore::ExploreArgs),
    Fleet(Box<fleet::FleetArgs>),
    Explain(explain::ExplainArgs),
    Shrink(shrink::ShrinkArgs),
    Sweep(Box<sweep::SweepArgs>),
    #[cfg(feature = "live")]
    Conform(Box<conform::ConformArgs>),
    #[cfg(feature = "live")]
    Cleanup(cleanup::CleanupArgs),
    #[cfg(feature = "live")]
    Doctor(doctor::DoctorArgs),
    StandIn(stand_in::StandInArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let exit = match Cli::try_parse() {
        Ok(Cli { verb }) => match verb {
            Verb::Run(args) => run::run(&args),
            Verb::Test(args) => test::test(&args),
            Verb::Check(args) => check::check(&args),
            Verb::Plan(args) => plan::plan(&args),
            Verb::Explore(args) => explore::explore(&args),
            Verb::Fleet(args) => fleet::fleet(&args),
            Verb::Explain(args) => explain::explain(&args),
            Verb::Shrink(args) => shrink::shrink(&args),
            Verb::Sweep(args) => sweep::sweep(&args),
            #[cfg(feature = "live")]
            Verb::Conform(args) => conform::conform(&args),
            #[cfg(feature = "live")]
            Verb::Cleanup(args) => cleanup::cleanup(&args),
            #[cfg(feature = "live")]
            Verb::Doctor(args) => doctor::doctor(&args),
            // It ends with the code that it was asked to end with, which may be any.
            Verb::StandIn(args) => return stand_in::stand_in(args),
            Verb::Schema(args) => schema::schema(&args),
            Verb::Completions(args) => completions::completions(&args),
        },
        Err(error) => return usage(&error),
    };
    ExitCode::from(exit.code())
}

/// Tells what is wrong with the command line, or what was asked of it.
fn usage(error: &clap::Error) -> ExitCode {
    // Help and version are such an "error" too, and go to stdout. Nobody can be told if the writing fails.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { Exit::Invalid } else { Exit::Passed }.code())
}
