//! Plots: a panel a figure, with its interval at each plan. SVG that needs nothing else.

use std::io::{self, Write};

use plotters::prelude::*;

use super::Swept;
use crate::fleet::statistics::Estimate;
use crate::fleet::sweep::measure::Measure;
use crate::report::plot::{Area, Failure, panels};

/// Width and height of a panel, in pixels.
const SIZE: (u32, u32) = (900, 300);
/// The most plans whose labels stand at the axis.
const LABELS_MAX: usize = 20;

/// Writes the plots.
///
/// # Errors
/// Those of the writer, and what cannot be drawn.
pub fn write(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    let text = panels(SIZE, &swept.measures, |panel, measure| draw(panel, swept, measure)).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn draw<'a>(panel: &Area<'a>, swept: &Swept, measure: &Measure) -> Result<(), Failure<'a>> {
    let unit = measure.unit();
    let points: Vec<(f64, String, [f64; 3])> = swept
        .plans()
        .iter()
        .zip(0_u32..)
        .map(|((plan, tally), place)| {
            let Estimate { value, low, high } = swept.estimate(*plan, tally, measure);
            (f64::from(place), label(swept, *plan), [low, value, high].map(|value| unit.number(value)))
        })
        .collect();
    let finite = || points.iter().flat_map(|(.., values)| values).copied().filter(|value| value.is_finite());
    let (least, most) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let (least, most) = if least <= most { (least, most) } else { (0.0, 1.0) };
    let margin = ((most - least) * 0.08).max(most.abs() * 0.01).max(1e-6);
    // What has no bound goes on to the edge.
    let within = |value: f64| value.clamp(least - margin, most + margin);
    let suffix = if unit.suffix().is_empty() { "" } else { ", seconds" };
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("{measure}{suffix}"), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(80)
        .build_cartesian_2d(-0.5..points.len() as f64 - 0.5, least - margin..most + margin)?;
    let name = |at: &f64| match points.get(at.round().max(0.0) as usize) {
        Some((place, name, _)) if (place - at).abs() < 1e-6 => name.clone(),
        _ => String::new(),
    };
    let axis = match swept.space.varied() {
        [one] => one.path.to_string(),
        [] => String::new(),
        _ => "plan".to_owned(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(points.len().min(LABELS_MAX))
        .x_label_formatter(&name)
        .x_desc(axis)
        .draw()?;
    let line =
        points.iter().filter(|(.., [_, value, _])| value.is_finite()).map(|(at, _, [_, value, _])| (*at, *value));
    chart.draw_series(LineSeries::new(line, &BLUE))?;
    let bars = points.iter().filter(|(.., [_, value, _])| value.is_finite());
    chart.draw_series(bars.map(|(at, _, [low, value, high])| {
        ErrorBar::new_vertical(*at, within(*low), *value, within(*high), BLUE.filled(), 10)
    }))?;
    Ok(())
}

fn label(swept: &Swept, plan: u32) -> String {
    match swept.space.values(plan)[..] {
        [(_, value)] => value.to_owned(),
        [] => "as written".to_owned(),
        _ => plan.to_string(),
    }
}
