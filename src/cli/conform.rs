//! `greenroom conform`: the same scenario in simulation and on a real cluster, compared.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use super::cluster::{self, ClusterArgs, NoResult, StayArgs};
use super::find::find;
use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use super::scenario::read_at;
use crate::conform::{Comparison, Conformity, Substrate, compare};
use crate::live::Connection;
use crate::oracle::Judge;
use crate::rehearsal::{Ending, Observer, Options, rehearse};
use crate::report::conform::{exit, write_json, write_text};
use crate::report::{Exit, exit::gravest};
use crate::text::render::render;
use crate::workload::Stop;

/// Run scenarios in simulation and on a real cluster, and compare what ought to agree.
///
/// Both run at the same speed, so that Kubernetes' own times weigh the same on both sides. Exit code 6 if they diverge.
#[derive(Args)]
pub struct ConformArgs {
    /// Scenario files, or folders with some.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The context of the kubeconfig. Its current context is never used.
    #[arg(long, value_name = "NAME")]
    context: String,
    /// The seed of all random draws, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// So many times as fast: every length of the scenario is divided by this. What Kubernetes and the documents bring is not.
    #[arg(long, value_name = "N", default_value = "1", value_parser = super::scenario::speed)]
    speed: u32,
    /// How many scenarios run side by side, each in namespaces of its own.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    stay: StayArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What became of one scenario.
enum Outcome {
    Compared(Box<Comparison>),
    /// It was told why not.
    Failed(Exit),
}

/// Runs and compares.
pub fn conform(args: &ConformArgs) -> Exit {
    if let Err(refusal) = args.output.check_for(&[Format::Human, Format::Json]) {
        return refuse(&refusal);
    }
    if args.stay.run_id.is_some() && args.paths.len() > 1 {
        return refuse("a run's id is for one scenario alone");
    }
    let found = find(&args.paths);
    if let Some((_, problem)) = found.missing.first() {
        tell(render(std::slice::from_ref(problem), stderr_is_coloured()).trim_end());
        return Exit::Invalid;
    }
    let files = found.files;
    if files.is_empty() {
        return Exit::NothingMatched;
    }
    let connection = match cluster::connected_for_runs(&args.context) {
        Ok(connection) => connection,
        Err(exit) => return exit,
    };
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(args.jobs.into()).build() {
        Ok(pool) => pool,
        Err(error) => return complain(&error.to_string()),
    };
    let alone = files.len() == 1;
    let outcomes: Vec<Outcome> =
        pool.install(|| files.par_iter().with_max_len(1).map(|file| one(args, file, &connection, alone)).collect());
    let compared: Vec<&Comparison> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Compared(comparison) => Some(&**comparison),
            Outcome::Failed(_) => None,
        })
        .collect();
    let exits = outcomes.iter().map(|outcome| match outcome {
        Outcome::Compared(comparison) => exit(comparison),
        Outcome::Failed(exit) => *exit,
    });
    let worst = gravest(exits);
    if !alone {
        tell(&summary(&outcomes));
    }
    if compared.is_empty() {
        return worst;
    }
    args.output.write_each(worst, &|format, out: &mut dyn Write, paint| {
        for comparison in &compared {
            match format {
                Format::Json => write_json(out, comparison)?,
                _ => write_text(out, comparison, paint)?,
            }
        }
        Ok(())
    })
}

/// How many scenarios came out how.
fn summary(outcomes: &[Outcome]) -> String {
    let count = |test: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| test(outcome)).count();
    let with = |verdict: Conformity| {
        count(&|outcome| matches!(outcome, Outcome::Compared(comparison) if comparison.verdict == verdict))
    };
    format!(
        "{} scenarios: {} agree, {} agree with tolerated differences, {} diverge, {} were not compared",
        outcomes.len(),
        with(Conformity::Agree),
        with(Conformity::Tolerated),
        with(Conformity::Diverge),
        count(&|outcome| matches!(outcome, Outcome::Failed(_))),
    )
}

/// Runs one scenario twice and compares.
fn one(args: &ConformArgs, file: &std::path::Path, connection: &Connection, alone: bool) -> Outcome {
    let invalid = |problems: Vec<crate::text::Diagnostic>| {
        tell(render(&problems, stderr_is_coloured()).trim_end());
        Outcome::Failed(Exit::Invalid)
    };
    let scenario = match read_at(file, args.speed) {
        Ok(scenario) => scenario,
        Err(problems) => return invalid(problems),
    };
    let options = Options { seed: args.seed, ..Options::default() };
    let judge = match Judge::new(&scenario) {
        Ok(judge) => judge,
        Err(problems) => return invalid(problems),
    };
    let mut observers: [Box<dyn Observer>; 1] = [Box::new(judge)];
    let simulated = match rehearse(&scenario, options, &mut observers) {
        Ok(simulated) => simulated,
        Err(problems) => return invalid(problems),
    };
    if connection.notices.is_interrupted() {
        return Outcome::Failed(Exit::Interrupted);
    }
    let live = args.cluster.options(&args.stay, alone.then(cluster::show_progress));
    tell(&format!("run {} of {} on {}", live.run, file.display(), connection.context));
    let not_compared = |exit| {
        tell(&format!("run {} of {} was not compared", live.run, file.display()));
        Outcome::Failed(exit)
    };
    let seen = match cluster::rehearse_on(connection, &scenario, options, &live) {
        Ok(seen) => seen,
        Err(NoResult::Invalid(problems)) => return invalid(problems),
        Err(NoResult::Exit(exit)) => return not_compared(exit),
    };
    match &seen.ending {
        Ending::Stopped(Stop::Interrupted) => return not_compared(Exit::Interrupted),
        Ending::Stopped(Stop::Lost(why)) => return not_compared(complain(why)),
        _ => {}
    }
    let substrate = if live.fake_nodes { Substrate::Kwok } else { Substrate::Containers };
    let comparison = compare(&simulated, &seen, substrate);
    tell(&format!("run {} of {} is over", live.run, file.display()));
    Outcome::Compared(Box::new(comparison))
}
