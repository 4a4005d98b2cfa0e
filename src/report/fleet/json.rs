//! Outcomes as one JSON object. A replay in order and one in time have figures of their own beside those that both have; docs/fleet.md
//! lists them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{allocation, fragmented, gpu_hours, mean_fragmented, unallocated};
use crate::fleet::demand::Bracket;
use crate::fleet::replay::{Outcome, Timed};

/// Names the form of the object; it changes when a reader would have to.
const FORM: &str = "greenroom-fleet/1";

/// Writes the outcomes.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcomes: &[Outcome]) -> io::Result<()> {
    let results: Vec<Value> = outcomes.iter().map(value).collect();
    serde_json::to_writer_pretty(&mut *out, &json!({ "form": FORM, "results": results }))?;
    writeln!(out)
}

fn value(outcome: &Outcome) -> Value {
    let pods = &outcome.pods;
    let came = (0..Bracket::COUNT).filter(|at| pods.arrived[*at] > 0);
    let by_class: Map<String, Value> =
        came.map(|at| (Bracket(at as u8).to_string(), pods.unplaced[at].into())).collect();
    let mut value = json!({
        "trace": outcome.trace,
        "policy": outcome.policy.name(),
        "seed": outcome.seed,
        "nodes": outcome.fleet.nodes,
        "gpus": outcome.fleet.gpus,
        "pods": pods.arrived(),
        "placed": pods.placed(),
        "unplaced": pods.unplaced(),
        "unplaced_by_class": by_class,
        "unplaceable": pods.unplaceable,
        "arrived_gpu_milli": pods.arrived_gpu_milli,
    });
    match &outcome.timed {
        Some(timed) => value["in_time"] = in_time(timed),
        None => in_order(&mut value, outcome),
    }
    value
}

fn in_order(value: &mut Value, outcome: &Outcome) {
    let curve = outcome.curve.iter().map(|point| {
        let [allocated, fragmented] = [point.allocated, point.fragmented].map(|value| f64::from(value) / 100.0);
        json!({
            "arrived_percent": point.arrived_percent,
            "allocation_percent": allocated,
            "fragmentation_percent": fragmented,
        })
    });
    value["used_gpu_milli"] = outcome.used_gpu_milli.into();
    value["allocation_percent"] = decimal(allocation(outcome)).into();
    value["unallocated_gpus"] = decimal(unallocated(outcome)).into();
    value["fragmented_gpus"] = decimal(fragmented(outcome)).into();
    value["curve"] = curve.collect();
}

fn in_time(timed: &Timed) -> Value {
    let usage = timed.usage.iter().map(|point| {
        json!({
            "until_ms": point.until_ms,
            "utilisation_percent": decimal(point.utilisation.into()),
            "allocation_percent": decimal(point.allocated.into()),
            "fragmentation_percent": decimal(point.fragmented.into()),
            "waiting": point.waiting,
        })
    });
    json!({
        "span_ms": timed.span_ms,
        "wait_p50_ms": timed.waits.map(|waits| waits.p50_ms),
        "wait_p99_ms": timed.waits.map(|waits| waits.p99_ms),
        "wait_max_ms": timed.waits.map(|waits| waits.max_ms),
        "gpu_hours": decimal(gpu_hours(timed.gpu_milli_ms)),
        "lost_gpu_hours": decimal(gpu_hours(timed.lost_gpu_milli_ms)),
        "utilisation_percent": decimal(timed.utilisation.into()),
        "mean_fragmented_gpus": decimal(mean_fragmented(timed)),
        "peak_gpu_milli": timed.peak_gpu_milli,
        "peak_waiting": timed.peak_waiting,
        "preemptions": timed.preemptions,
        "usage": usage.collect::<Vec<_>>(),
    })
}

/// Hundredths as a number.
fn decimal(value: u64) -> f64 {
    value as f64 / 100.0
}
