//! `greenroom run`: one scenario, its timeline and verdict.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::output::{OutputArgs, refuse, stderr_is_coloured, tell, to_stdout};
#[cfg(feature = "live")]
use super::scenario::read_at;
use super::scenario::rehearse_file;
use crate::kernel::Time;
use crate::rehearsal::{Options, RunResult};
use crate::report::text::{self, Form};
use crate::report::{Exit, Invalid, Item, Paint, Rehearsed, Report, SnapshotState, json};
use crate::text::Diagnostic;
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
    /// So many times as fast: every length of the scenario is divided by this. What Kubernetes and the documents bring is not.
    #[arg(long, value_name = "N", default_value = "1", value_parser = super::scenario::speed)]
    speed: u32,
    /// Run on the cluster of this context of the kubeconfig, in real time. Its current context is never used.
    #[cfg(feature = "live")]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["at", "native"])]
    context: Option<String>,
    /// Show the objects that would be applied, as YAML, and apply nothing: the scenario is played in simulation. No cluster is needed.
    #[cfg(feature = "live")]
    #[arg(long, help_heading = "On a real cluster")]
    dry_run: bool,
    #[cfg(feature = "live")]
    #[command(flatten)]
    cluster: super::cluster::ClusterArgs,
    #[cfg(feature = "live")]
    #[command(flatten)]
    stay: super::cluster::StayArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the scenario.
pub fn run(args: &RunArgs) -> Exit {
    if let Err(refusal) = args.output.check() {
        return refuse(&refusal);
    }
    let options = Options { seed: args.seed, stop_at: args.at, native: args.native };
    let ran = match rehearsed(args, options) {
        Ok(ran) => ran,
        Err(exit) => return exit,
    };
    let item = match ran {
        Ok(run) => Item::Ran(Box::new(Rehearsed::new(run, SnapshotState::NotCompared))),
        Err(problems) => Item::Invalid(Invalid { file: args.file.to_string_lossy().into_owned(), problems }),
    };
    if let (true, Item::Ran(rehearsed)) = (args.native, &item) {
        return native(rehearsed);
    }
    let report = Report { items: vec![item], ..Report::default() };
    let human = |out: &mut dyn Write, paint: Paint| match &report.items[0] {
        Item::Valid(_) => Ok(()),
        Item::Ran(rehearsed) if args.quiet || was_shown(&rehearsed.run) => text::write_verdict(out, rehearsed, paint),
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

/// True if the user has just seen the timeline where the verdict is about to be shown: a live run tells it as it goes.
fn was_shown(run: &RunResult) -> bool {
    run.live.is_some() && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// Runs the scenario where the user wants it. The outer error is that of a cluster, which was told.
fn rehearsed(args: &RunArgs, options: Options) -> Result<Result<RunResult, Vec<Diagnostic>>, Exit> {
    #[cfg(feature = "live")]
    use super::cluster;
    #[cfg(feature = "live")]
    if let Some(refusal) = lacks_cluster(args) {
        return Err(refuse(&refusal));
    }
    #[cfg(feature = "live")]
    if args.dry_run {
        let scenario = match read_at(&args.file, args.speed) {
            Ok(scenario) => scenario,
            Err(problems) => return Ok(Err(problems)),
        };
        return match cluster::show_plan(&scenario, options, &args.cluster.options(&args.stay, None)) {
            Ok(exit) => Err(exit),
            Err(problems) => Ok(Err(problems)),
        };
    }
    #[cfg(feature = "live")]
    if let Some(context) = &args.context {
        let scenario = match read_at(&args.file, args.speed) {
            Ok(scenario) => scenario,
            Err(problems) => return Ok(Err(problems)),
        };
        let connection = cluster::connected_for_runs(context)?;
        let live = args.cluster.options(&args.stay, (!args.quiet).then(cluster::show_progress));
        tell(&format!("run {} on {} ({})", live.run, connection.context, connection.version));
        return match cluster::rehearse_on(&connection, &scenario, options, &live) {
            Ok(run) => Ok(Ok(run)),
            Err(cluster::NoResult::Invalid(problems)) => Ok(Err(problems)),
            Err(cluster::NoResult::Exit(exit)) => Err(exit),
        };
    }
    Ok(rehearse_file(&args.file, args.speed, options).map(|(run, _)| run))
}

/// Why options that are about a real cluster cannot be meant: nobody should take a simulation for a live run.
#[cfg(feature = "live")]
fn lacks_cluster(args: &RunArgs) -> Option<String> {
    if args.context.is_some() {
        return None;
    }
    if args.dry_run {
        let formats = args.output.check_for(&[super::output::Format::Human]).err();
        return formats.map(|_| "--dry-run shows YAML and has no other format".to_owned());
    }
    let stays = [(args.stay.keep, "--keep"), (args.stay.run_id.is_some(), "--run-id")];
    let given = args.cluster.given().or(stays.into_iter().find_map(|(is_given, name)| is_given.then_some(name)))?;
    Some(format!("{given} is about a real cluster: name it with --context"))
}

/// Shows the system's own JSON.
fn native(rehearsed: &Rehearsed) -> Exit {
    let shown = rehearsed.run.native.as_ref().unwrap_or(&serde_json::Value::Null);
    to_stdout(&|out, _| {
        serde_json::to_writer_pretty(&mut *out, shown)?;
        writeln!(out)
    })
}
