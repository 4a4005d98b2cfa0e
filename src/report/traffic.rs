//! Who served what in a run: a line a party for people, and every share with its time for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::rehearsal::RunResult;
use crate::timeline::Kind;
use crate::workload::traffic::Series;

/// Writes outage and shares of every name that a system routes. Services are told of in JSON alone: what is behind them
/// stands in the timeline.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, run: &RunResult) -> io::Result<()> {
    for (name, series) in run.traffic.series().filter(|(name, _)| name.kind == Kind::Traffic) {
        writeln!(out)?;
        writeln!(out, "{}  outage {}", name.show(&run.names), series.outage(run.ended_at))?;
        for party in series.parties() {
            let Some((least, most)) = series.range_ppm(*party) else { continue };
            let now = percent(series.share_ppm(*party, run.ended_at));
            let range = format!("{} to {}", percent(least), percent(most));
            writeln!(out, "  {:<34}  {range}, {now} at the end", party.show(&run.names))?;
        }
    }
    Ok(())
}

/// `1.48 %`: in hundredths of a percent.
fn percent(share_ppm: u64) -> String {
    let hundredths = (share_ppm + 50) / 100;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// The shares of one name.
#[derive(Serialize)]
pub struct TrafficRow {
    name: String,
    outage_ns: u64,
    outages: Vec<OutageRow>,
    parties: Vec<String>,
    points: Vec<PointRow>,
}

/// A time when nobody served.
#[derive(Serialize)]
struct OutageRow {
    from_ns: u64,
    to_ns: u64,
}

/// From `at_ns` on, the weight of each party, in the order of `parties`; what serves nothing weighs 0.
#[derive(Serialize)]
struct PointRow {
    at_ns: u64,
    weights: Vec<u64>,
}

/// Every name that ever was served, Services among them.
pub fn rows(run: &RunResult) -> impl Iterator<Item = TrafficRow> {
    run.traffic.series().map(|(name, series)| TrafficRow {
        name: name.show(&run.names),
        outage_ns: series.outage(run.ended_at).nanos(),
        outages: series
            .outages(run.ended_at)
            .map(|(from, to)| OutageRow { from_ns: from.nanos(), to_ns: to.nanos() })
            .collect(),
        parties: series.parties().iter().map(|party| party.show(&run.names)).collect(),
        points: points(series),
    })
}

fn points(series: &Series) -> Vec<PointRow> {
    let row = |point: &crate::workload::traffic::Point| {
        let mut weights = vec![0; series.parties().len()];
        for (party, weight) in &point.weights {
            weights[usize::from(*party)] = *weight;
        }
        PointRow { at_ns: point.at.nanos(), weights }
    };
    series.points().iter().map(row).collect()
}
