//! Outcomes as rows of named columns, which CSV and Parquet hold alike: results, a row each; points of curves; placements.

use std::io::{self, Write};

use super::{allocation, fragmented, gpu_hours, is_in_time, mean_fragmented, unallocated};
use crate::fleet::demand::{Bracket, Trace};
use crate::fleet::inventory::Fleet;
use crate::fleet::replay::{Decision, Outcome};
use crate::report::table::{self, Cell, Column, Sort, Writer};

/// Rows of one kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// What every row begins with: whose it is.
const WHO: [(&str, Sort); 3] = [("trace", Sort::Text), ("policy", Sort::Text), ("seed", Sort::Unsigned)];

impl Rows {
    /// No rows yet, with the columns that say whose a row is, and these.
    fn of(columns: impl IntoIterator<Item = Column>) -> Rows {
        Rows { columns: WHO.iter().map(column).chain(columns).collect(), rows: Vec::new() }
    }

    fn push(&mut self, outcome: &Outcome, cells: impl IntoIterator<Item = Cell>) {
        let who =
            [Cell::Text(outcome.trace.clone()), Cell::Text(outcome.policy.to_string()), Cell::Unsigned(outcome.seed)];
        self.rows.push(who.into_iter().chain(cells).collect());
    }

    /// Writes CSV.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        table::write_csv(out, &self.columns, self.rows.iter().cloned())
    }

    /// Writes Parquet, with all rows in one group.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_parquet(&self, out: &mut dyn Write) -> io::Result<()> {
        let writer = Writer { schema: "greenroom", created_by: "greenroom".to_owned(), group_rows: usize::MAX };
        table::write_parquet(out, &writer, &self.columns, self.rows.iter().cloned())
    }
}

fn column((name, sort): &(&str, Sort)) -> Column {
    Column::new(*name, *sort)
}

fn hundredths(value: u64) -> Cell {
    Cell::Hundredths(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A row for each outcome. Replays in order and in time have columns of their own between those that both have.
pub fn result_rows(outcomes: &[Outcome]) -> Rows {
    let both = ["nodes", "gpus", "pods", "placed", "unplaced", "arrived_gpu_milli"];
    let mut header: Vec<Column> = both.map(|name| Column::new(name, Sort::Unsigned)).into();
    match is_in_time(outcomes) {
        true => {
            header.extend(WAITS.map(|name| Column::new(name, Sort::Unsigned).optional()));
            header.extend(IN_TIME.iter().map(column));
        }
        false => header.extend(IN_ORDER.iter().map(column)),
    }
    header.push(Column::new("unplaceable", Sort::Unsigned));
    let brackets = (0..Bracket::COUNT).map(|at| Bracket(at as u8).to_string().replace(' ', "_"));
    header.extend(brackets.map(|name| Column::new(format!("unplaced_{name}"), Sort::Unsigned)));
    let mut rows = Rows::of(header);
    for outcome in outcomes {
        let pods = &outcome.pods;
        let all = [outcome.fleet.nodes, outcome.fleet.gpus, pods.arrived(), pods.placed(), pods.unplaced()];
        let mut cells: Vec<Cell> = all.into_iter().chain([pods.arrived_gpu_milli]).map(Cell::Unsigned).collect();
        cells.extend(own_figures(outcome));
        cells.push(Cell::Unsigned(pods.unplaceable));
        cells.extend(pods.unplaced.map(Cell::Unsigned));
        rows.push(outcome, cells);
    }
    rows
}

/// The figures of a replay in order.
const IN_ORDER: [(&str, Sort); 4] = [
    ("used_gpu_milli", Sort::Unsigned),
    ("allocation_percent", Sort::Hundredths),
    ("unallocated_gpus", Sort::Hundredths),
    ("fragmented_gpus", Sort::Hundredths),
];

/// How long pods waited that were placed in a replay in time; nothing if none was.
const WAITS: [&str; 3] = ["wait_p50_ms", "wait_p99_ms", "wait_max_ms"];

/// The other figures of a replay in time.
const IN_TIME: [(&str, Sort); 8] = [
    ("gpu_hours", Sort::Hundredths),
    ("lost_gpu_hours", Sort::Hundredths),
    ("utilisation_percent", Sort::Hundredths),
    ("mean_fragmented_gpus", Sort::Hundredths),
    ("peak_gpu_milli", Sort::Unsigned),
    ("peak_waiting", Sort::Unsigned),
    ("preemptions", Sort::Unsigned),
    ("span_ms", Sort::Unsigned),
];

/// What stands under [`IN_ORDER`], or under [`WAITS`] and [`IN_TIME`].
fn own_figures(outcome: &Outcome) -> Vec<Cell> {
    let Some(timed) = &outcome.timed else {
        let decimals = [allocation(outcome), unallocated(outcome), fragmented(outcome)].map(hundredths);
        return [Cell::Unsigned(outcome.used_gpu_milli)].into_iter().chain(decimals).collect();
    };
    let waits = match timed.waits {
        Some(waits) => [waits.p50_ms, waits.p99_ms, waits.max_ms].map(Cell::Unsigned),
        None => [Cell::Empty, Cell::Empty, Cell::Empty],
    };
    let hours = [gpu_hours(timed.gpu_milli_ms), gpu_hours(timed.lost_gpu_milli_ms)];
    let decimals = hours.into_iter().chain([timed.utilisation.into(), mean_fragmented(timed)]).map(hundredths);
    let wholes = [timed.peak_gpu_milli, timed.peak_waiting, timed.preemptions, timed.span_ms].map(Cell::Unsigned);
    waits.into_iter().chain(decimals).chain(wholes).collect()
}

/// A row for each point of each curve: by what had come, or by time.
pub fn curve_rows(outcomes: &[Outcome]) -> Rows {
    let columns: &[(&str, Sort)] = match is_in_time(outcomes) {
        true => &[
            ("until_ms", Sort::Unsigned),
            ("utilisation_percent", Sort::Hundredths),
            ("allocation_percent", Sort::Hundredths),
            ("fragmentation_percent", Sort::Hundredths),
            ("waiting", Sort::Unsigned),
        ],
        false => &[
            ("arrived_percent", Sort::Unsigned),
            ("allocation_percent", Sort::Hundredths),
            ("fragmentation_percent", Sort::Hundredths),
        ],
    };
    let mut rows = Rows::of(columns.iter().map(column));
    for outcome in outcomes {
        for point in outcome.timed.iter().flat_map(|timed| &timed.usage) {
            let shares = [point.utilisation, point.allocated, point.fragmented];
            let shares = shares.map(|share| hundredths(share.into()));
            let cells =
                [Cell::Unsigned(point.until_ms)].into_iter().chain(shares).chain([Cell::Unsigned(point.waiting)]);
            rows.push(outcome, cells);
        }
        for point in &outcome.curve {
            let shares = [point.allocated, point.fragmented].map(|share| Cell::Hundredths(share.max(0).into()));
            rows.push(outcome, [Cell::Unsigned(point.arrived_percent.into())].into_iter().chain(shares));
        }
    }
    rows
}

/// No placements yet.
pub fn no_placements() -> Rows {
    Rows::of(["pod", "node", "gpus"].map(|name| Column::new(name, Sort::Text)))
}

/// A row for each decision of one replay: the pod, its node and its GPUs; both are empty where no node took it. Of a pod that comes
/// several times, as by tuning, the second is `NAME~2`, the third `NAME~3`.
pub fn add_placements(rows: &mut Rows, fleet: &Fleet, trace: &Trace, outcome: &Outcome, decisions: &[Decision]) {
    let mut came = vec![0_u32; trace.pods.len()];
    for decision in decisions {
        let times = &mut came[decision.pod as usize];
        *times += 1;
        let name = &trace.names[decision.pod as usize];
        let pod = if *times == 1 { name.to_string() } else { format!("{name}~{times}") };
        let (node, gpus) = match decision.placed {
            None => (String::new(), String::new()),
            Some((node, placement)) => {
                let gpus = (0..16).filter(|at| placement.gpus >> at & 1 == 1).map(|at| at.to_string());
                (fleet.nodes[node as usize].name.to_string(), gpus.collect::<Vec<_>>().join(" "))
            }
        };
        rows.push(outcome, [pod, node, gpus].map(Cell::Text));
    }
}
