//! `greenroom explore`: searches a scenario for what goes wrong. The search is `explore`'s; here are its threads, its clock, its progress
//! and what is shown.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::interrupt::Interrupt;
use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use super::progress;
use super::shrink::{schema_line, write as write_shrunk};
use crate::explore::shrink::{Options as Shrinking, Refusal, Shrunk, shrink_plan};
use crate::explore::{Choice, Exploration, FAULT_WORDS, Group, Options, Progress, explore as search};
use crate::kernel::Duration;
use crate::oracle::builtin::rules;
use crate::report::explore::{self as shown, Explored, Kept};
use crate::report::{Exit, Paint, exit::gravest};
use crate::scenario::{Folder, load};
use crate::text::Diagnostic;
use crate::text::counted::counted;
use crate::text::diagnostic::{nearest, quote};
use crate::text::duration::parse as parse_duration;
use crate::text::render::render;
use crate::text::rule::Rule;

/// Runs where neither a time nor a number is given.
const RUNS_DEFAULT: u64 = 5_000;

/// Search for faults, actions and orders of them that break a scenario.
#[derive(Args)]
pub struct ExploreArgs {
    /// The scenario file.
    file: PathBuf,
    /// End after so long: 60s, 10m. What is found is that of the runs so far, the same on any machine for the same number of runs.
    #[arg(long, value_name = "LENGTH", value_parser = parse_duration, conflicts_with = "runs")]
    budget: Option<Duration>,
    /// End after so many runs. Default: 5000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,
    /// The seed of all random draws, of the runs and of the search, instead of the scenario's own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many runs go on at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Try these faults alone, by the names that a scenario has for them: pod_kill,node_down.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = fault_word)]
    faults: Option<Vec<String>>,
    /// Try no actions of operators.
    #[arg(long)]
    no_actions: bool,
    /// How far to go: 1: one fault or action a run; 2: two; 3: several, drawn.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    depth: u8,
    /// Look for findings of these oracles alone, by code or name: GR104,stuck.
    #[arg(long, value_name = "ORACLE", value_delimiter = ',', value_parser = oracle)]
    only: Option<Vec<&'static Rule>>,
    /// The folder that the smallest scenario of each finding is written to, with its documents and its timeline.
    #[arg(long, value_name = "FOLDER", default_value = "found")]
    out: PathBuf,
    /// Shrink so many of the findings, those that are told first, and write each; 0 writes nothing.
    #[arg(long, value_name = "N", default_value_t = 10)]
    shrink: u16,
    /// Show which states and steps from state to state were reached, and which never.
    #[arg(long)]
    coverage: bool,
    #[command(flatten)]
    output: OutputArgs,
}

fn fault_word(text: &str) -> Result<String, String> {
    let known = FAULT_WORDS.contains(&text).then(|| text.to_owned());
    known.ok_or_else(|| unknown("fault", text, FAULT_WORDS))
}

fn oracle(text: &str) -> Result<&'static Rule, String> {
    let names = || rules::ALL.iter().map(|rule| rule.name).collect::<Vec<&str>>();
    rules::find(text).ok_or_else(|| unknown("oracle", text, &names()))
}

/// That there is nothing of this name, with what may have been meant, or else all that there is.
fn unknown(what: &str, text: &str, names: &[&str]) -> String {
    match nearest(text, names.iter().copied()) {
        Some(near) => format!("there is no {what} {}; did you mean `{near}`?", quote(text)),
        None => format!("there is no {what} {}; there are {}", quote(text), names.join(", ")),
    }
}

/// Searches the scenario.
pub fn explore(args: &ExploreArgs) -> Exit {
    let formats = [Format::Human, Format::Json, Format::Ndjson, Format::Junit, Format::Github];
    if let Err(refusal) = args.output.check_for(&formats) {
        return refuse(&refusal);
    }
    let jobs = args.jobs.map_or(0, usize::from);
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool,
        Err(error) => return complain(&format!("cannot start {jobs} threads: {error}")),
    };
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => return complain(&format!("cannot listen to signals: {error}")),
    };
    let exploration = match pool.install(|| searched(args, &interrupt)) {
        Ok(exploration) => exploration,
        Err(problems) => {
            tell(render(&problems, stderr_is_coloured()).trim_end());
            return Exit::Invalid;
        }
    };
    let file = args.file.to_string_lossy().into_owned();
    let was_cut_short = interrupt.is_asked();
    let (kept, written) = pool.install(|| shrunk(args, &exploration, &interrupt));
    let explored = Explored { file, exploration, kept, coverage: args.coverage, interrupted: was_cut_short };
    let interrupted = interrupt.is_asked().then_some(Exit::Interrupted);
    let ended = interrupted.unwrap_or(gravest([explored.exit(), written]));
    args.output.write_each(ended, &|format, out: &mut dyn Write, paint: Paint| match format {
        Format::Json => shown::write_json(out, &explored),
        Format::Ndjson => shown::write_ndjson(out, &explored),
        Format::Junit => shown::write_junit(out, &explored),
        Format::Github => shown::write_github(out, &explored),
        _ => shown::write_text(out, &explored, paint),
    })
}

fn searched(args: &ExploreArgs, interrupt: &Interrupt) -> Result<Exploration, Vec<Diagnostic>> {
    let scenario = load(&args.file)?;
    let runs = match args.budget {
        Some(_) => None,
        None => Some(args.runs.unwrap_or(RUNS_DEFAULT)),
    };
    let options = Options {
        seed: args.seed,
        runs,
        depth: args.depth,
        choice: Choice { faults: args.faults.clone(), no_actions: args.no_actions },
        only: args.only.clone(),
    };
    let bar = match runs {
        Some(runs) => progress::bar(runs, "{bar:30} {pos} of {len} runs{msg}, {per_sec}, {elapsed}"),
        None => progress::spinner("{spinner} {pos} runs{msg}, {per_sec}, {elapsed}"),
    };
    let ends = Deadline::after(args.budget);
    let exploration = search(&scenario, &options, &mut |Progress { runs, findings }| {
        bar.set_position(runs);
        bar.set_message(format!(", {}", counted(findings, "finding")));
        !ends.is_over() && !interrupt.is_asked()
    });
    bar.finish_and_clear();
    exploration
}

/// The most scenarios that are tried for one finding: a search has many, and `greenroom shrink` goes on from what is written.
const TRIES_MAX: usize = 3_000;

/// Writes the smallest scenario of each of the first findings. What cannot be written is told, and its finding all the same.
fn shrunk(args: &ExploreArgs, exploration: &Exploration, interrupt: &Interrupt) -> (Vec<Kept>, Exit) {
    let groups = exploration.groups.iter().take(args.shrink.into());
    let scenario = &exploration.plan.scenario;
    let schema = schema_line(scenario.source.text(), &scenario.folder, &args.out);
    let stop = Some(interrupt.flag());
    let options = Shrinking { tries_max: TRIES_MAX, schema: schema.as_deref(), stop, ..Shrinking::default() };
    let bar = progress::bar(groups.len() as u64, "{bar:30} {pos} of {len} findings shrunk, {elapsed}");
    let one = |group: &Group| {
        let documents = Folder::new(&scenario.folder);
        let shrunk = shrink_plan(&group.plan, exploration.seed, &documents, &group.target(), options);
        bar.inc(1);
        shrunk
    };
    let all: Vec<Result<Shrunk, Refusal>> = groups.map(one).collect();
    bar.finish_and_clear();
    let mut written = Exit::Passed;
    let kept = all.into_iter().map(|shrunk| match shrunk {
        Ok(shrunk) => match write_shrunk(&shrunk, &args.out) {
            Ok((file, _)) => Kept::Written {
                file,
                faults: shrunk.scenario.faults.len(),
                actions: shrunk.scenario.actions.len(),
                nodes: shrunk.nodes(),
                tries: shrunk.tries,
            },
            Err(error) => {
                written = complain(&error);
                Kept::Not(error)
            }
        },
        Err(refusal) => Kept::Not(refusal.words()),
    });
    (kept.collect(), written)
}

/// When the user's patience ends. The clock of the machine decides how many runs there are, and nothing in them.
#[allow(clippy::disallowed_types, reason = "a budget is time of the machine")]
struct Deadline(Option<std::time::Instant>);

impl Deadline {
    #[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a budget is time of the machine")]
    fn after(budget: Option<Duration>) -> Deadline {
        Deadline(budget.map(|budget| std::time::Instant::now() + std::time::Duration::from_nanos(budget.nanos())))
    }

    #[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a budget is time of the machine")]
    fn is_over(&self) -> bool {
        self.0.is_some_and(|at| std::time::Instant::now() >= at)
    }
}
