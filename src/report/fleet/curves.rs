//! Curves as SVG: a panel for each trace, a line for each policy, means where there are several seeds.

use std::collections::BTreeMap;

use plotters::prelude::*;

use super::{groups, is_in_time};
use crate::fleet::replay::{CurvePoint, Outcome, UsagePoint};
use crate::report::plot::{Area, Failure, panels};

/// What a panel shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Panel {
    /// What is in use: by what had come, or over time.
    Used,
    /// What the usual pods cannot use, likewise.
    Fragmented,
    /// How many pods wait, over time; empty where there is none.
    Waiting,
}

impl Panel {
    /// All that there are of these outcomes.
    pub fn all_of(outcomes: &[Outcome]) -> &'static [Panel] {
        match is_in_time(outcomes) {
            true => &[Panel::Used, Panel::Fragmented, Panel::Waiting],
            false => &[Panel::Used, Panel::Fragmented],
        }
    }
}

/// Width and height of a panel, in pixels.
const SIZE: (u32, u32) = (860, 420);

/// Colours that are told apart in print and by the colour-blind (Okabe and Ito).
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(120, 110, 20),
    RGBColor(0, 0, 0),
];

/// A line: its name and its points.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// All panels of a kind, one below the other, as one SVG.
///
/// # Errors
/// What the library could not draw.
pub fn svg(outcomes: &[Outcome], panel: Panel) -> Result<String, String> {
    let mut traces: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if !traces.contains(&outcome.trace.as_str()) {
            traces.push(&outcome.trace);
        }
    }
    panels(SIZE, &traces, |area, trace| draw(area, trace, &lines(outcomes, trace, panel), labels(outcomes, panel)))
}

fn labels(outcomes: &[Outcome], panel: Panel) -> (&'static str, &'static str) {
    let in_time = is_in_time(outcomes);
    let by = if in_time { "hours" } else { "GPUs asked for, % of the fleet" };
    let what = match panel {
        Panel::Used if in_time => "GPUs in use, % of the fleet",
        Panel::Used => "GPUs allocated, % of the fleet",
        Panel::Fragmented => "GPUs fragmented, % of the fleet",
        Panel::Waiting => "pods waiting",
    };
    (by, what)
}

/// The lines of a trace, each the mean over its seeds.
fn lines(outcomes: &[Outcome], trace: &str, panel: Panel) -> Vec<Line> {
    let of_trace = groups(outcomes).into_iter().filter(|group| group.trace == trace);
    of_trace
        .map(|group| {
            // By the number of the point, so that stretches of runs that last longer stand beside each other.
            let mut sums: BTreeMap<usize, (f64, f64, f64)> = BTreeMap::new();
            for outcome in &group.outcomes {
                for (at, (x, y)) in points(outcome, panel).into_iter().enumerate() {
                    let sum = sums.entry(at).or_default();
                    *sum = (sum.0 + x, sum.1 + y, sum.2 + 1.0);
                }
            }
            let points = sums.into_values().map(|(x, y, count)| (x / count, y / count)).collect();
            Line { name: group.policy.to_string(), points }
        })
        .collect()
}

fn points(outcome: &Outcome, panel: Panel) -> Vec<(f64, f64)> {
    let Some(timed) = &outcome.timed else {
        let point = |at: &CurvePoint| {
            let share = match panel {
                Panel::Used => at.allocated,
                Panel::Fragmented => at.fragmented,
                Panel::Waiting => return None,
            };
            Some((f64::from(at.arrived_percent), f64::from(share) / 100.0))
        };
        return outcome.curve.iter().filter_map(point).collect();
    };
    let point = |at: &UsagePoint| {
        let value = match panel {
            Panel::Used => f64::from(at.utilisation) / 100.0,
            Panel::Fragmented => f64::from(at.fragmented) / 100.0,
            Panel::Waiting => at.waiting as f64,
        };
        (at.until_ms as f64 / 3_600_000.0, value)
    };
    timed.usage.iter().map(point).collect()
}

fn draw<'a>(area: &Area<'a>, trace: &str, lines: &[Line], (x, y): (&str, &str)) -> Result<(), Failure<'a>> {
    let most = |value: fn(&(f64, f64)) -> f64| {
        let all = lines.iter().flat_map(|line| line.points.iter().map(value));
        all.fold(0.0_f64, f64::max).max(1.0)
    };
    let (x_max, y_max) = (most(|point| point.0), most(|point| point.1) * 1.05);
    let mut chart = ChartBuilder::on(area)
        .caption(trace, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..x_max, 0.0..y_max)?;
    chart.configure_mesh().x_desc(x).y_desc(y).light_line_style(WHITE).draw()?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let series = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
        let drawn = chart.draw_series(series)?.label(line.name.as_str());
        drawn.legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
}
