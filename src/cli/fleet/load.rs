//! Reads the tables and orders that the options name, and what is multiplied of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::FleetArgs;
use crate::cli::whole_file::resolved;
use crate::fleet::demand::{PODS_MAX, Trace};
use crate::fleet::inventory::{Fleet, NODES_MAX};
use crate::fleet::placement::Typical;
use crate::fleet::read::{Table, Times, read_nodes, read_order, read_pods};
use crate::fleet::replay::Order;
use crate::text::counted::counted;
use crate::text::{Diagnostic, Source};

/// A trace with all that its replays share.
pub struct Loaded {
    /// The pods.
    pub trace: Trace,
    /// The usual ones.
    pub typical: Typical,
    /// Who comes when, by seed, if a file says so.
    pub orders: Option<BTreeMap<u64, Order>>,
}

/// The fleet, the traces, and warnings of what may not be as meant.
///
/// # Errors
/// Everything that is wrong with a file.
pub fn load(args: &FleetArgs) -> Result<(Fleet, Vec<Loaded>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut fleet = read_nodes(&open(&args.nodes)?, &args.node_columns)?;
    let mut traces = Vec::new();
    let mut warnings = Vec::new();
    for (at, path) in args.traces.iter().enumerate() {
        if args.traces[..at].iter().any(|other| resolved(other) == resolved(path)) {
            return Err(vec![Diagnostic::about(&source(path), "the trace is given twice")]);
        }
        // Results tell traces apart by their names: of files with the same, by where they are.
        let is_alone = args.traces.iter().filter(|other| stem(other) == stem(path)).count() == 1;
        let name = if is_alone { stem(path) } else { path.to_string_lossy().into_owned() };
        let table = open(path)?;
        let times = if args.timed { Times::IfThere } else { Times::Ignored };
        let (trace, told) = read_pods(&table, &args.columns, &mut fleet, &name, times)?;
        if args.timed && trace.timings.is_none() {
            let help = "name the columns: --columns creation_time=COLUMN,duration=COLUMN";
            let problem = table
                .about_header("the pods have no times: --timed needs creation_time, and duration or deletion_time");
            return Err(vec![problem.help(help)]);
        }
        warnings.extend(told);
        traces.push(trace);
    }
    if args.tune.is_some() && fleet.gpus() == 0 {
        let problem = Diagnostic::about(&source(&args.nodes), "the fleet has no GPUs: --tune is a ratio of them");
        return Err(vec![problem]);
    }
    check_times(args, &fleet, &traces)?;
    let fleet = if args.times > 1 { fleet.times(args.times) } else { fleet };
    let loaded = traces.into_iter().map(|trace| {
        let trace = if args.times > 1 { trace.times(args.times) } else { trace };
        let orders = args.order.as_deref().map(|path| orders(args, path, &fleet, &trace)).transpose()?;
        Ok(Loaded { typical: Typical::of(&trace), orders, trace })
    });
    let loaded = loaded.collect::<Result<Vec<_>, Vec<Diagnostic>>>()?;
    Ok((fleet, loaded, warnings))
}

/// What is multiplied stays within what can be counted.
fn check_times(args: &FleetArgs, fleet: &Fleet, traces: &[Trace]) -> Result<(), Vec<Diagnostic>> {
    let traces = args.traces.iter().zip(traces).map(|(path, trace)| (path, trace.pods.len(), "pod", PODS_MAX));
    for (path, count, what, max) in [(&args.nodes, fleet.nodes.len(), "node", NODES_MAX)].into_iter().chain(traces) {
        if count.saturating_mul(args.times as usize) > max {
            let (count, times) = (counted(count, what), args.times);
            let message = format!("{count} are too many for --times {times}: at most {max} can be replayed");
            return Err(vec![Diagnostic::about(&source(path), message)]);
        }
    }
    Ok(())
}

/// The orders of a file, with all seeds that are asked for.
fn orders(
    args: &FleetArgs,
    path: &Path,
    fleet: &Fleet,
    trace: &Trace,
) -> Result<BTreeMap<u64, Order>, Vec<Diagnostic>> {
    let orders = read_order(&path.to_string_lossy(), &bytes(path)?, fleet, trace).map_err(|problem| vec![*problem])?;
    match args.all_seeds().find(|seed| !orders.contains_key(seed)) {
        None => Ok(orders),
        Some(seed) => {
            let known: Vec<String> = orders.keys().map(u64::to_string).collect();
            let problem = Diagnostic::about(&source(path), format!("there is no order for seed {seed}"));
            Err(vec![problem.note(format!("there are orders for {}", known.join(", ")))])
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
