//! A sweep as one JSON object: the figures of each plan with their intervals. The runs themselves are in the other forms.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::text::replay;
use super::{Swept, compared, verdict};
use crate::fleet::statistics::Estimate;
use crate::fleet::sweep::measure::{Measure, Statistic};
use crate::fleet::sweep::metric::{ALL, Unit};
use crate::fleet::sweep::tally::Tally;

/// Names the form of the object; it changes when a reader would have to.
const FORM: &str = "greenroom-sweep-report/1";

/// Writes a sweep.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(swept))?;
    writeln!(out)
}

fn value(swept: &Swept) -> Value {
    let plans = swept.plans();
    json!({
        "form": FORM,
        "version": swept.manifest.version,
        "scenario": swept.manifest.scenario,
        "file": swept.manifest.file,
        "hash": swept.manifest.hash,
        "seed": swept.space.seed(),
        "samples": swept.space.samples(),
        "runs": swept.rows.len(),
        "confidence": swept.confidence.share(),
        "plans": plans.iter().map(|(number, tally)| plan(swept, *number, tally)).collect::<Vec<_>>(),
        "precision": swept.stopped.as_ref().map(|stopped| json!({
            "asked": stopped.asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "looks": stopped.looks,
            "is_precise": stopped.is_precise,
            "confidence_together": stopped.together.share(),
        })),
        "find": swept.search.as_ref().map(|search| {
            let value = |place: usize| swept.space.varied()[0].values[place].clone();
            let seen = search.found.seen.iter();
            json!({
                "asked": search.find.to_string(),
                "found": search.found.best.map(value),
                "is_monotone": search.found.is_monotone,
                "looked_at": seen.map(|(place, holds)| json!({ "value": value(*place), "verdict": verdict(*holds) })).collect::<Vec<_>>(),
                "confidence_together": search.together.share(),
            })
        }),
    })
}

fn plan(swept: &Swept, number: u32, tally: &Tally) -> Value {
    let values: Map<String, Value> =
        swept.space.values(number).into_iter().map(|(path, value)| (path.to_string(), value.into())).collect();
    let figure = |measure: &Measure| estimate(measure.unit(), &swept.estimate(number, tally, measure));
    let figures: Map<String, Value> =
        swept.measures.iter().map(|measure| (measure.to_string(), figure(measure))).collect();
    let metrics = ALL.iter().map(|(name, metric, _)| {
        let (summary, unit) = (tally.summary(*metric), metric.unit());
        let in_unit = |value: Option<i64>| value.map(|value| rounded(unit.number(value as f64)));
        let mean = Measure { statistic: Statistic::Mean, metric: *metric };
        let told = json!({
            "came": summary.count(),
            "never_came": summary.never(),
            "least": in_unit(summary.least()),
            "greatest": in_unit(summary.greatest()),
            "mean": figure(&mean),
        });
        (format!("{name}{}", unit.suffix()), told)
    });
    let difference = |(name, metric, _): &(&str, _, &str)| {
        let paired = compared(swept, number, *metric);
        let told = json!({
            "mean": estimate(metric.unit(), &paired.mean),
            "greater": paired.greater,
            "less": paired.less,
            "chance": rounded(paired.chance),
        });
        (format!("{name}{}", metric.unit().suffix()), told)
    };
    let differences: Option<Map<String, Value>> =
        (swept.is_complete() && number > 0).then(|| ALL.iter().map(difference).collect());
    json!({
        "plan": number,
        "values": values,
        "runs": tally.runs,
        "figures": figures,
        "metrics": metrics.collect::<Map<_, _>>(),
        "compared_with_plan_0": differences,
        "failed_expectations": tally.failed.iter().map(|(index, runs)| json!({
            "expectation": swept.expectations.get(*index as usize),
            "runs": runs,
        })).collect::<Vec<_>>(),
        "findings": tally.found,
        "replay": tally.first_failed_seed.map(|(_, seed)| replay(swept, number, seed)),
    })
}

/// An estimate in the unit of programs; `null` where there is no bound, or it never came.
fn estimate(unit: Unit, estimate: &Estimate) -> Value {
    let number = |value: f64| value.is_finite().then(|| rounded(unit.number(value)));
    json!({ "estimate": number(estimate.value), "low": number(estimate.low), "high": number(estimate.high) })
}

/// Twelve digits: what libraries of other machines may compute otherwise stands behind them.
fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}
