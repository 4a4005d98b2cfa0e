//! `greenroom fleet`: replays traces of pods on a fleet under placement policies. Here are its options, its threads and its progress;
//! `load` reads its tables, `files` writes what it leaves. What is read, decided and shown is in `fleet` and `report`.

mod files;
mod load;

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;

use files::write_files;
use load::{Loaded, load};

use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use super::progress;
use super::whole_file::resolved;
use crate::fleet::inventory::Fleet;
use crate::fleet::placement::{NODE_PODS_MAX, Policy};
use crate::fleet::read::Columns;
use crate::fleet::replay::{Decision, Order, Outcome, Setting, Tune, replay_arrivals, replay_timed};
use crate::report::fleet::{add_placements, no_placements, write_json, write_text};
use crate::report::{Exit, Paint, exit};
use crate::text::counted::counted;
use crate::text::render::render;

/// Pods between two steps of the progress bar.
const PROGRESS_STEP: u64 = 4096;

/// Replay traces of pods on a fleet of nodes under placement policies.
#[derive(Args)]
pub struct FleetArgs {
    /// Tables of pods: the openb CSVs, any CSV, TSV (both also gzip) or Parquet with such columns.
    #[arg(required = true, value_name = "PODS")]
    traces: Vec<PathBuf>,
    /// The table of nodes.
    #[arg(long, value_name = "NODES")]
    nodes: PathBuf,
    /// Who decides where a pod goes: kube-default, kube-most-allocated, fgd, best-fit, dot-product, gpu-packing, gpu-clustering, random.
    #[arg(long, value_name = "POLICY", value_delimiter = ',', default_value = "kube-default")]
    policy: Vec<Policy>,
    /// The first seed.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    seed: u64,
    /// How many seeds, one after the other.
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// Clone pods, or leave some out, until they ask for so much of the fleet's GPUs: 1.3 is 130 %.
    #[arg(long, value_name = "RATIO", value_parser = tune, allow_negative_numbers = true)]
    #[arg(conflicts_with_all = ["timed", "listed", "order"])]
    tune: Option<Tune>,
    /// Play the trace in its own time: pods wait, run as long as they ran, and leave. It needs the columns creation_time, and duration or
    /// deletion_time.
    #[arg(long)]
    timed: bool,
    /// Take nodes and pods in the order of their tables. Without it both are shuffled by the seed.
    #[arg(long)]
    listed: bool,
    /// Take the order from a file with the rows of nodes and pods for each seed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["timed", "listed"])]
    order: Option<PathBuf>,
    /// The columns of the pods, where they have other names: num_gpu=gpus,cpu=cores.
    #[arg(long, value_name = "FIELD=COLUMN,...", default_value = "", hide_default_value = true)]
    columns: Columns,
    /// The columns of the nodes, where they have other names.
    #[arg(long, value_name = "FIELD=COLUMN,...", default_value = "", hide_default_value = true)]
    node_columns: Columns,
    /// The most pods of a node.
    #[arg(long, value_name = "N", default_value_t = NODE_PODS_MAX, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_535))]
    max_pods: u32,
    /// The same nodes and pods so many times over.
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    times: u32,
    /// How many replays go on at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write the results to a file, a row each: CSV, or Parquet if its name ends in .parquet. May be given several times.
    #[arg(long, value_name = "FILE")]
    results: Vec<PathBuf>,
    /// Write the points of the curves to a file: CSV, or Parquet if its name ends in .parquet.
    #[arg(long, value_name = "FILE")]
    curves: Option<PathBuf>,
    /// Write where each pod went to a file: CSV, or Parquet if its name ends in .parquet.
    #[arg(long, value_name = "FILE", conflicts_with = "timed")]
    placements: Option<PathBuf>,
    /// Draw the curves of what is in use.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write a page with the table and all curves, which needs no other file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

impl FleetArgs {
    /// The seeds that are asked for.
    fn all_seeds(&self) -> impl Iterator<Item = u64> {
        (0..self.seeds).map(|at| self.seed + u64::from(at))
    }
}

/// `1.3` as 1300 thousandths.
fn tune(text: &str) -> Result<Tune, String> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let number = (digits(whole) && digits(rest) && rest.len() <= 3 && !whole.is_empty())
        .then(|| format!("{whole}{rest:0<3}").parse::<u32>().ok())
        .flatten();
    match number {
        Some(thousandths @ 1..=100_000) => Ok(Tune(thousandths)),
        _ => Err("a ratio from 0.001 to 100 with at most three digits behind the point".to_owned()),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a whole number from 0 to {}", u64::MAX))
}

/// One replay.
struct Job<'a> {
    loaded: &'a Loaded,
    policy: Policy,
    seed: u64,
}

/// Replays the traces.
pub fn fleet(args: &FleetArgs) -> Exit {
    if let Err(refusal) = args.output.check_for(&[Format::Human, Format::Json]) {
        return refuse(&refusal);
    }
    if let Err(refusal) = check(args) {
        return refuse(&refusal);
    }
    let (fleet, traces, warnings) = match load(args) {
        Ok(loaded) => loaded,
        Err(problems) => {
            tell(render(&problems, stderr_is_coloured()).trim_end());
            return Exit::Invalid;
        }
    };
    if !warnings.is_empty() {
        tell(render(&warnings, stderr_is_coloured()).trim_end());
    }
    let jobs = args.jobs.map_or(0, usize::from);
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool,
        Err(error) => return complain(&format!("cannot start {}: {error}", counted(jobs, "thread"))),
    };
    let replayed = pool.install(|| replay_all(args, &fleet, &traces));
    let mut placements = no_placements();
    let mut outcomes = Vec::new();
    for (job, outcome, decisions) in replayed {
        if args.placements.is_some() {
            add_placements(&mut placements, &fleet, &job.loaded.trace, &outcome, &decisions);
        }
        outcomes.push(outcome);
    }
    let written = write_files(args, &outcomes, &placements);
    let shown = args.output.write_each(Exit::Passed, &|format, out: &mut dyn Write, paint: Paint| match format {
        Format::Json => write_json(out, &outcomes),
        _ => write_text(out, &outcomes, paint),
    });
    exit::gravest([written, shown])
}

fn replay_all<'a>(args: &FleetArgs, fleet: &Fleet, traces: &'a [Loaded]) -> Vec<(Job<'a>, Outcome, Vec<Decision>)> {
    let mut jobs = Vec::new();
    for loaded in traces {
        for policy in &args.policy {
            jobs.extend(args.all_seeds().map(|seed| Job { loaded, policy: *policy, seed }));
        }
    }
    let pods: u64 = jobs.iter().map(|job| job.loaded.trace.pods.len() as u64).sum();
    let bar = progress::bar(pods, "{bar:30} {pos} of {len} pods, {per_sec}, {elapsed}");
    let replayed = jobs.into_par_iter().map(|job| {
        let (outcome, decisions) = replay(args, fleet, &job, &bar);
        (job, outcome, decisions)
    });
    let replayed = replayed.collect();
    bar.finish_and_clear();
    replayed
}

fn replay(args: &FleetArgs, fleet: &Fleet, job: &Job<'_>, bar: &ProgressBar) -> (Outcome, Vec<Decision>) {
    let Job { loaded, policy, seed } = job;
    let Loaded { trace, typical, orders } = loaded;
    let setting = Setting { policy: *policy, seed: *seed, pods_max: args.max_pods };
    let given = orders.as_ref().and_then(|orders| orders.get(seed)).cloned();
    let order = given.unwrap_or_else(|| match args.listed {
        true => Order::listed(fleet, trace),
        false => Order::drawn(fleet, trace, *seed, args.tune),
    });
    let done = AtomicU64::new(0);
    let step = || {
        if done.fetch_add(1, Ordering::Relaxed) % PROGRESS_STEP == PROGRESS_STEP - 1 {
            bar.inc(PROGRESS_STEP);
        }
    };
    if args.timed {
        return (replay_timed(fleet, trace, typical, &order.nodes, setting, &mut |_| step()), Vec::new());
    }
    let mut decisions = Vec::new();
    let outcome = replay_arrivals(fleet, trace, typical, &order, setting, &mut |decision| {
        step();
        if args.placements.is_some() {
            decisions.push(decision);
        }
    });
    (outcome, decisions)
}

/// What options cannot mean together.
fn check(args: &FleetArgs) -> Result<(), String> {
    if args.seed.checked_add(u64::from(args.seeds) - 1).is_none() {
        return Err(format!("there are fewer than {} seeds from {} on", args.seeds, args.seed));
    }
    if args.order.is_some() && args.traces.len() > 1 {
        return Err("--order is for one trace: its rows are those of that trace".to_owned());
    }
    if let Some((_, twice)) = args.policy.iter().enumerate().find(|(at, policy)| args.policy[..*at].contains(policy)) {
        return Err(format!("the policy {} is given twice", twice.name()));
    }
    let read = args.traces.iter().chain([&args.nodes]).chain(&args.order);
    let mut taken: Vec<PathBuf> = read.map(|path| resolved(path)).collect();
    let one_each = [&args.curves, &args.placements, &args.svg, &args.html].into_iter().flatten();
    for path in args.results.iter().chain(one_each).chain(args.output.files()) {
        let file = resolved(path);
        if taken.contains(&file) {
            return Err(format!("{} is read, or written to, by another option", path.display()));
        }
        taken.push(file);
    }
    Ok(())
}
