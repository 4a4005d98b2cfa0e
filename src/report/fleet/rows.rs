//! Outcomes as rows of named columns, which CSV and Parquet hold alike: results, a row each; points of curves; placements.

use std::io::{self, Write};

use super::{allocation, fragmented, gpu_hours, hundredths, is_in_time, mean_fragmented, unallocated};
use crate::fleet::demand::{Bracket, Trace};
use crate::fleet::inventory::Fleet;
use crate::fleet::replay::{Decision, Outcome};

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// A decimal number, in hundredths.
    Hundredths(u64),
    /// None where there might be one.
    Nothing,
}

/// What the values of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Texts.
    Text,
    /// Whole numbers.
    Whole,
    /// Whole numbers, some of which may be missing.
    WholeOrNothing,
    /// Decimal numbers.
    Hundredths,
}

/// A column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub sort: Sort,
    /// Its values, a row each.
    pub cells: Vec<Cell>,
}

/// Rows of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rows {
    /// The columns, all of the same length.
    pub columns: Vec<Column>,
}

/// What every row begins with: whose it is.
const WHO: [(&str, Sort); 3] = [("trace", Sort::Text), ("policy", Sort::Text), ("seed", Sort::Whole)];

impl Rows {
    /// No rows yet, with the columns that say whose a row is, and these.
    fn of(columns: &[(&str, Sort)]) -> Rows {
        let column = |(name, sort): &(&str, Sort)| Column { name: (*name).to_owned(), sort: *sort, cells: Vec::new() };
        Rows { columns: WHO.iter().chain(columns).map(column).collect() }
    }

    fn push(&mut self, outcome: &Outcome, cells: impl IntoIterator<Item = Cell>) {
        let who =
            [Cell::Text(outcome.trace.clone()), Cell::Text(outcome.policy.to_string()), Cell::Whole(outcome.seed)];
        for (column, cell) in self.columns.iter_mut().zip(who.into_iter().chain(cells)) {
            column.cells.push(cell);
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
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
        writer.write_record(self.columns.iter().map(|column| &column.name))?;
        for row in 0..self.len() {
            writer.write_record(self.columns.iter().map(|column| column.cells[row].shown()))?;
        }
        writer.flush()
    }
}

impl Cell {
    fn shown(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Whole(value) => value.to_string(),
            Cell::Hundredths(value) => hundredths(*value),
            Cell::Nothing => String::new(),
        }
    }
}

/// A row for each outcome. Replays in order and in time have columns of their own between those that both have.
pub fn result_rows(outcomes: &[Outcome]) -> Rows {
    let mut header: Vec<(&str, Sort)> =
        ["nodes", "gpus", "pods", "placed", "unplaced", "arrived_gpu_milli"].map(|name| (name, Sort::Whole)).into();
    header.extend(if is_in_time(outcomes) { &IN_TIME[..] } else { &IN_ORDER[..] });
    header.push(("unplaceable", Sort::Whole));
    let brackets: Vec<String> =
        (0..Bracket::COUNT).map(|at| format!("unplaced_{}", Bracket(at as u8).to_string().replace(' ', "_"))).collect();
    header.extend(brackets.iter().map(|name| (name.as_str(), Sort::Whole)));
    let mut rows = Rows::of(&header);
    for outcome in outcomes {
        let pods = &outcome.pods;
        let all = [outcome.fleet.nodes, outcome.fleet.gpus, pods.arrived(), pods.placed(), pods.unplaced()];
        let mut cells: Vec<Cell> = all.into_iter().chain([pods.arrived_gpu_milli]).map(Cell::Whole).collect();
        cells.extend(own_figures(outcome));
        cells.push(Cell::Whole(pods.unplaceable));
        cells.extend(pods.unplaced.map(Cell::Whole));
        rows.push(outcome, cells);
    }
    rows
}

/// The figures of a replay in order.
const IN_ORDER: [(&str, Sort); 4] = [
    ("used_gpu_milli", Sort::Whole),
    ("allocation_percent", Sort::Hundredths),
    ("unallocated_gpus", Sort::Hundredths),
    ("fragmented_gpus", Sort::Hundredths),
];

/// The figures of a replay in time.
const IN_TIME: [(&str, Sort); 11] = [
    ("wait_p50_ms", Sort::WholeOrNothing),
    ("wait_p99_ms", Sort::WholeOrNothing),
    ("wait_max_ms", Sort::WholeOrNothing),
    ("gpu_hours", Sort::Hundredths),
    ("lost_gpu_hours", Sort::Hundredths),
    ("utilisation_percent", Sort::Hundredths),
    ("mean_fragmented_gpus", Sort::Hundredths),
    ("peak_gpu_milli", Sort::Whole),
    ("peak_waiting", Sort::Whole),
    ("preemptions", Sort::Whole),
    ("span_ms", Sort::Whole),
];

/// What stands under [`IN_ORDER`] or [`IN_TIME`].
fn own_figures(outcome: &Outcome) -> Vec<Cell> {
    let Some(timed) = &outcome.timed else {
        let decimals = [allocation(outcome), unallocated(outcome), fragmented(outcome)].map(Cell::Hundredths);
        return [Cell::Whole(outcome.used_gpu_milli)].into_iter().chain(decimals).collect();
    };
    let waits = match timed.waits {
        Some(waits) => [waits.p50_ms, waits.p99_ms, waits.max_ms].map(Cell::Whole),
        None => [Cell::Nothing, Cell::Nothing, Cell::Nothing],
    };
    let hours = [gpu_hours(timed.gpu_milli_ms), gpu_hours(timed.lost_gpu_milli_ms)];
    let decimals = hours.into_iter().chain([timed.utilisation.into(), mean_fragmented(timed)]).map(Cell::Hundredths);
    let wholes = [timed.peak_gpu_milli, timed.peak_waiting, timed.preemptions, timed.span_ms].map(Cell::Whole);
    waits.into_iter().chain(decimals).chain(wholes).collect()
}

/// A row for each point of each curve: by what had come, or by time.
pub fn curve_rows(outcomes: &[Outcome]) -> Rows {
    let mut rows = Rows::of(match is_in_time(outcomes) {
        true => &[
            ("until_ms", Sort::Whole),
            ("utilisation_percent", Sort::Hundredths),
            ("allocation_percent", Sort::Hundredths),
            ("fragmentation_percent", Sort::Hundredths),
            ("waiting", Sort::Whole),
        ],
        false => &[
            ("arrived_percent", Sort::Whole),
            ("allocation_percent", Sort::Hundredths),
            ("fragmentation_percent", Sort::Hundredths),
        ],
    });
    for outcome in outcomes {
        for point in outcome.timed.iter().flat_map(|timed| &timed.usage) {
            let shares = [point.utilisation, point.allocated, point.fragmented];
            let shares = shares.map(|share| Cell::Hundredths(share.into()));
            let cells = [Cell::Whole(point.until_ms)].into_iter().chain(shares).chain([Cell::Whole(point.waiting)]);
            rows.push(outcome, cells);
        }
        for point in &outcome.curve {
            let shares = [point.allocated, point.fragmented].map(|share| Cell::Hundredths(share.max(0) as u64));
            rows.push(outcome, [Cell::Whole(point.arrived_percent.into())].into_iter().chain(shares));
        }
    }
    rows
}

/// No placements yet.
pub fn no_placements() -> Rows {
    Rows::of(&[("pod", Sort::Text), ("node", Sort::Text), ("gpus", Sort::Text)])
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
