//! `greenroom fleet`: replays traces of pods on a fleet under placement policies. Here are its options, its files, its threads and its
//! progress; what is read, decided and shown is in `fleet` and `report`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::output::{Format, OutputArgs, complain, refuse, stderr_is_coloured, tell};
use super::progress;
use super::whole_file::{resolved, write_whole};
use crate::fleet::demand::Trace;
use crate::fleet::inventory::Fleet;
use crate::fleet::placement::{PODS_MAX, Policy, Typical};
use crate::fleet::read::{Columns, Table, read_nodes, read_order, read_pods};
use crate::fleet::replay::{Decision, Order, Outcome, Setting, Tune, replay_arrivals, replay_timed};
use crate::report::fleet::{self as shown, Panel, Rows, curve_rows, placement_rows, result_rows};
use crate::report::{Exit, Paint, exit};
use crate::text::render::render;
use crate::text::{Diagnostic, Source};

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
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after the other.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    seeds: u32,
    /// Clone pods, or leave some out, until they ask for so much of the fleet's GPUs: 1.3 is 130 %.
    #[arg(long, value_name = "RATIO", value_parser = tune, conflicts_with_all = ["timed", "listed", "order"])]
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
    #[arg(long, value_name = "N", default_value_t = PODS_MAX, value_parser = clap::value_parser!(u32).range(1..=65_535))]
    max_pods: u32,
    /// The same nodes and pods so many times over.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    times: u32,
    /// How many replays go on at a time. Default: one a processor.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
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

/// A trace with all that its replays share.
struct Loaded {
    trace: Trace,
    typical: Typical,
    orders: Option<BTreeMap<u64, Order>>,
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
    let (fleet, traces) = match load(args) {
        Ok(loaded) => loaded,
        Err(problems) => {
            tell(render(&problems, stderr_is_coloured()).trim_end());
            return Exit::Invalid;
        }
    };
    let jobs = args.jobs.map_or(0, usize::from);
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(jobs).build() {
        Ok(pool) => pool,
        Err(error) => return complain(&format!("cannot start {jobs} threads: {error}")),
    };
    let replayed = pool.install(|| replay_all(args, &fleet, &traces));
    let mut placements = Rows::default();
    let mut outcomes = Vec::new();
    for (job, outcome, decisions) in replayed {
        if args.placements.is_some() {
            placement_rows(&fleet, &job.loaded.trace, &outcome, &decisions, &mut placements);
        }
        outcomes.push(outcome);
    }
    let written = write_files(args, &outcomes, &placements);
    let shown = args.output.write_each(Exit::Passed, &|format, out: &mut dyn Write, paint: Paint| match format {
        Format::Json => shown::write_json(out, &outcomes),
        _ => shown::write_text(out, &outcomes, paint),
    });
    exit::gravest([written, shown])
}

fn replay_all<'a>(args: &FleetArgs, fleet: &Fleet, traces: &'a [Loaded]) -> Vec<(Job<'a>, Outcome, Vec<Decision>)> {
    let mut jobs = Vec::new();
    for loaded in traces {
        for policy in &args.policy {
            jobs.extend((0..args.seeds).map(|at| Job { loaded, policy: *policy, seed: args.seed + u64::from(at) }));
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
    if args.seed.checked_add(u64::from(args.seeds)).is_none() {
        return Err(format!("there are no {} seeds from {} on", args.seeds, args.seed));
    }
    if let Some((_, twice)) = args.policy.iter().enumerate().find(|(at, policy)| args.policy[..*at].contains(policy)) {
        return Err(format!("the policy {} is given twice", twice.name()));
    }
    let read = args.traces.iter().chain([&args.nodes]).chain(&args.order);
    let mut taken: Vec<PathBuf> = read.map(|path| resolved(path)).collect();
    let one_each = [&args.curves, &args.placements, &args.svg, &args.html].into_iter().flatten();
    for path in args.results.iter().chain(one_each) {
        let file = resolved(path);
        if taken.contains(&file) {
            return Err(format!("{} is read, or written to, by another option", path.display()));
        }
        taken.push(file);
    }
    Ok(())
}

/// Reads nodes, pods and orders.
fn load(args: &FleetArgs) -> Result<(Fleet, Vec<Loaded>), Vec<Diagnostic>> {
    let mut fleet = read_nodes(&open(&args.nodes)?, &args.node_columns)?;
    let mut traces = Vec::new();
    for (at, path) in args.traces.iter().enumerate() {
        if args.traces[..at].contains(path) {
            return Err(vec![Diagnostic::about(&source(path), "the trace is given twice")]);
        }
        // Results tell traces apart by their names: of files with the same, by where they are.
        let is_alone = args.traces.iter().filter(|other| stem(other) == stem(path)).count() == 1;
        let name = if is_alone { stem(path) } else { path.to_string_lossy().into_owned() };
        let table = open(path)?;
        let trace = read_pods(&table, &args.columns, &mut fleet.models, &name)?;
        if args.timed && trace.timings.is_none() {
            let help = "name the columns: --columns creation_time=COLUMN,duration=COLUMN";
            let problem = table.about_header(
                "the pods have no times: --timed needs creation_time, and duration or deletion_time".to_owned(),
            );
            return Err(vec![problem.help(help)]);
        }
        traces.push(trace);
    }
    if args.tune.is_some() && fleet.gpus() == 0 {
        let problem = Diagnostic::about(&source(&args.nodes), "the fleet has no GPUs: --tune is a ratio of them");
        return Err(vec![problem]);
    }
    let fleet = if args.times > 1 { fleet.times(args.times) } else { fleet };
    let loaded = traces.into_iter().map(|trace| {
        let trace = if args.times > 1 { trace.times(args.times) } else { trace };
        let orders = args.order.as_deref().map(|path| orders(args, path, &fleet, &trace)).transpose()?;
        Ok(Loaded { typical: Typical::of(&trace), orders, trace })
    });
    let loaded = loaded.collect::<Result<Vec<_>, Vec<Diagnostic>>>()?;
    Ok((fleet, loaded))
}

/// The orders of a file, with all seeds that are asked for.
fn orders(
    args: &FleetArgs,
    path: &Path,
    fleet: &Fleet,
    trace: &Trace,
) -> Result<BTreeMap<u64, Order>, Vec<Diagnostic>> {
    let orders = read_order(&path.to_string_lossy(), &bytes(path)?, fleet, trace).map_err(|problem| vec![*problem])?;
    let mut seeds = (0..args.seeds).map(|at| args.seed + u64::from(at));
    match seeds.find(|seed| !orders.contains_key(seed)) {
        None => Ok(orders),
        Some(seed) => {
            let known: Vec<String> = orders.keys().map(u64::to_string).collect();
            let problem = Diagnostic::about(&source(path), format!("there is no order for seed {seed}"));
            Err(vec![problem.note(format!("there are {}", known.join(", ")))])
        }
    }
}

fn open(path: &Path) -> Result<Table, Vec<Diagnostic>> {
    Table::open(&path.to_string_lossy(), bytes(path)?).map_err(|problem| vec![*problem])
}

fn bytes(path: &Path) -> Result<Vec<u8>, Vec<Diagnostic>> {
    fs::read(path).map_err(|error| vec![Diagnostic::about(&source(path), format!("failed to read the file: {error}"))])
}

fn source(path: &Path) -> Source {
    Source::new(path.to_string_lossy().into_owned(), "")
}

/// The name of a file without its endings.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let name = [".csv", ".tsv", ".parquet"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    name.to_owned()
}

/// Writes one file.
type FileWriter<'a> = Box<dyn Fn(&mut dyn Write) -> std::io::Result<()> + 'a>;

/// Writes all files that were asked for, each whole or not at all.
fn write_files(args: &FleetArgs, outcomes: &[Outcome], placements: &Rows) -> Exit {
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
        let drawn = || shown::svg(outcomes, Panel::Used).map_err(std::io::Error::other);
        files.push((path, Box::new(move |out| out.write_all(drawn()?.as_bytes()))));
    }
    if let Some(path) = &args.html {
        files.push((path, Box::new(|out| shown::write_html(out, outcomes))));
    }
    let written = files.iter().map(|(path, write)| match write_whole(path, write) {
        Ok(()) => Exit::Passed,
        Err(error) => complain(&format!("cannot write {}: {error}", path.display())),
    });
    exit::gravest(written.collect::<Vec<_>>())
}

fn write_rows(path: &Path, out: &mut dyn Write, rows: &Rows) -> std::io::Result<()> {
    if path.extension().is_some_and(|ending| ending == "parquet") {
        shown::write_parquet(out, rows)
    } else {
        rows.write_csv(out)
    }
}
