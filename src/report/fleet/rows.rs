//! Outcomes as rows of named columns, which CSV and Parquet hold alike: results, a row each; points of curves; placements.

use std::io::{self, Write};

use super::{allocation, fragmented, gpu_hours, unallocated};
use crate::fleet::demand::{Bracket, Trace};
use crate::fleet::inventory::Fleet;
use crate::fleet::replay::{Decision, Outcome};

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A decimal number, in hundredths.
    Hundredths(i64),
}

/// Rows of one kind.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rows {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The values, a list for each column.
    pub columns: Vec<Vec<Cell>>,
}

impl Rows {
    fn new(header: &[&str]) -> Rows {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        Rows { columns: vec![Vec::new(); header.len()], header }
    }

    fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes CSV.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(&self.header)?;
        for row in 0..self.len() {
            writer.write_record(self.columns.iter().map(|column| column[row].shown()))?;
        }
        writer.flush()
    }
}

impl Cell {
    fn shown(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Whole(value) => value.to_string(),
            Cell::Hundredths(value) => {
                let sign = if *value < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", value.abs() / 100, value.abs() % 100)
            }
        }
    }
}

fn whole(value: u64) -> Cell {
    Cell::Whole(i64::try_from(value).unwrap_or(i64::MAX))
}

fn decimal(value: u64) -> Cell {
    Cell::Hundredths(i64::try_from(value).unwrap_or(i64::MAX))
}

fn who(outcome: &Outcome) -> [Cell; 3] {
    [Cell::Text(outcome.trace.clone()), Cell::Text(outcome.policy.to_string()), whole(outcome.seed)]
}

/// A row for each outcome.
pub fn result_rows(outcomes: &[Outcome]) -> Rows {
    let mut header = vec![
        "trace",
        "policy",
        "seed",
        "nodes",
        "gpus",
        "pods",
        "placed",
        "unplaced",
        "arrived_gpu_milli",
        "used_gpu_milli",
        "allocation_percent",
        "unallocated_gpus",
        "fragmented_gpus",
    ];
    let in_time = outcomes.iter().any(|outcome| outcome.timed.is_some());
    if in_time {
        header.extend([
            "wait_p50_ms",
            "wait_p99_ms",
            "wait_max_ms",
            "gpu_hours",
            "lost_gpu_hours",
            "utilisation_percent",
            "peak_gpu_milli",
            "peak_waiting",
            "preemptions",
            "span_ms",
        ]);
    }
    let brackets: Vec<String> =
        (0..Bracket::COUNT).map(|at| format!("unplaced_{}", Bracket(at as u8).to_string().replace(' ', "_"))).collect();
    header.extend(brackets.iter().map(String::as_str));
    let mut rows = Rows::new(&header);
    for outcome in outcomes {
        let pods = &outcome.pods;
        let mut cells = Vec::from(who(outcome));
        cells.extend(
            [outcome.fleet.nodes, outcome.fleet.gpus, pods.arrived(), pods.placed(), pods.unplaced()].map(whole),
        );
        cells.extend([pods.arrived_gpu_milli, outcome.used_gpu_milli].map(whole));
        cells.extend([allocation(outcome), unallocated(outcome), fragmented(outcome)].map(decimal));
        if let Some(timed) = &outcome.timed {
            cells.extend([timed.wait_p50_ms, timed.wait_p99_ms, timed.wait_max_ms].map(whole));
            let hours = [gpu_hours(timed.gpu_milli_ms), gpu_hours(timed.lost_gpu_milli_ms), timed.utilisation.into()];
            cells.extend(hours.map(decimal));
            cells.extend([timed.peak_gpu_milli, timed.peak_waiting, timed.preemptions, timed.span_ms].map(whole));
        }
        cells.extend(pods.unplaced.map(whole));
        rows.push(cells);
    }
    rows
}

/// A row for each point of each curve: by what had come, or by time.
pub fn curve_rows(outcomes: &[Outcome]) -> Rows {
    let in_time = outcomes.iter().any(|outcome| outcome.timed.is_some());
    let mut rows = Rows::new(match in_time {
        true => &["trace", "policy", "seed", "until_ms", "utilisation_percent", "waiting"],
        false => &["trace", "policy", "seed", "arrived_percent", "allocation_percent", "fragmentation_percent"],
    });
    for outcome in outcomes {
        for point in outcome.timed.iter().flat_map(|timed| &timed.usage) {
            let cells = [whole(point.until_ms), decimal(point.utilisation.into()), whole(point.waiting)];
            rows.push(who(outcome).into_iter().chain(cells));
        }
        for point in outcome.curve.iter().filter(|_| !in_time) {
            let values = [point.allocated, point.fragmented].map(|value| Cell::Hundredths(value.into()));
            let cells = [whole(point.arrived_percent.into())].into_iter().chain(values);
            rows.push(who(outcome).into_iter().chain(cells));
        }
    }
    rows
}

/// A row for each decision of one replay: the pod, its node and its GPUs; both are empty where no node took it.
pub fn placement_rows(fleet: &Fleet, trace: &Trace, outcome: &Outcome, decisions: &[Decision], rows: &mut Rows) {
    if rows.header.is_empty() {
        *rows = Rows::new(&["trace", "policy", "seed", "pod", "node", "gpus"]);
    }
    for decision in decisions {
        let pod = trace.names[decision.pod as usize].to_string();
        let (node, gpus) = match decision.placed {
            None => (String::new(), String::new()),
            Some((node, placement)) => {
                let gpus = (0..16).filter(|at| placement.gpus >> at & 1 == 1).map(|at| at.to_string());
                (fleet.nodes[node as usize].name.to_string(), gpus.collect::<Vec<_>>().join(" "))
            }
        };
        rows.push(who(outcome).into_iter().chain([pod, node, gpus].map(Cell::Text)));
    }
}
