//! A plan as one JSON object, and back: what a later plan is compared with. Times stand as people read them and in
//! nanoseconds.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Judged;
use super::text::verdict;
use crate::kernel::{Duration, Time};
use crate::plan::baseline::{Baseline, outcome};
use crate::plan::finding::{Finding, Mend};
use crate::text::mask::mask;

/// Names the form of the object; it changes when a reader would have to.
const FORM: &str = "greenroom-plan/1";

/// Writes a plan.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, judged: &Judged) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(judged))?;
    writeln!(out)
}

fn value(judged: &Judged) -> Value {
    let (plan, course) = (&judged.plan, &judged.plan.course);
    let gpus = course.gpus;
    let workloads: Vec<Value> = course
        .workloads
        .iter()
        .map(|one| {
            json!({
                "subject": one.subject,
                "available_before": one.before,
                "available_at_least": one.lowest,
                "lowest_at": time(one.lowest_at),
                "available_after": one.after,
                "desired": one.desired,
            })
        })
        .collect();
    let services: Vec<Value> = course
        .services
        .iter()
        .map(|one| {
            let outages = one.outages.iter();
            let outages = outages.map(|outage| json!({ "from": time(outage.from), "until": outage.until.map(time) }));
            json!({
                "subject": one.subject,
                "ready_at_least": one.lowest,
                "outage": length(one.outage(course.ends)),
                "outages": outages.collect::<Vec<_>>(),
            })
        })
        .collect();
    let spread = plan.spread.map(|spread| {
        json!({
            "seeds": spread.seeds,
            "finished": spread.finished,
            "p50": length(spread.p50),
            "p90": length(spread.p90),
            "p99": length(spread.p99),
        })
    });
    let compared = judged.baseline.as_ref().map(|baseline| {
        let changes = baseline.changes(plan).into_iter().map(|change| {
            json!({ "what": change.what, "before": change.before, "after": change.after, "worse": change.worse })
        });
        let gone = baseline.gone(plan).into_iter().map(|(rule, subject)| json!({ "rule": rule, "subject": subject }));
        let new = plan.findings.iter().filter(|finding| !baseline.has(finding));
        json!({
            "changes": changes.collect::<Vec<_>>(),
            "new": new.map(|finding| json!({ "rule": finding.rule.code, "subject": finding.subject })).collect::<Vec<_>>(),
            "gone": gone.collect::<Vec<_>>(),
        })
    });
    json!({
        "form": FORM,
        "plan": plan.name,
        "file": plan.file,
        "profile": plan.profile,
        "seed": plan.seed,
        "outcome": outcome(course.outcome),
        "verdict": verdict(course),
        "begins": time(course.begins),
        "took": course.took().map(length),
        "last_progress": time(course.last_progress),
        "time_to_finish": spread,
        "gpus": {
            "before": gpus.before,
            "peak": gpus.peak,
            "peak_at": time(gpus.peak_at),
            "after": gpus.after,
            "above_steady": gpus.above_steady(),
            "capacity": gpus.capacity,
        },
        "workloads": workloads,
        "services": services,
        "stall": { "from": time(course.stall.from), "length": length(course.stall.length) },
        "findings": plan.findings.iter().map(finding).collect::<Vec<_>>(),
        "baseline": compared,
        "failures": judged.failures,
        "exit_code": judged.exit().code(),
    })
}

fn finding(finding: &Finding) -> Value {
    let place = finding.place.as_ref().map(|(source, span)| {
        let place = source.place(*span);
        json!({ "file": &*place.file, "line": place.line, "column": place.column })
    });
    json!({
        "rule": finding.rule.code,
        "name": finding.rule.name,
        "level": finding.rule.gravity.text(),
        "subject": finding.subject,
        "message": mask(&finding.message),
        "evidence": finding.evidence.iter().map(|line| mask(line)).collect::<Vec<_>>(),
        "place": place,
        "mends": finding.mends.iter().map(mend).collect::<Vec<_>>(),
    })
}

fn mend(mend: &Mend) -> Value {
    json!({
        "changes": mend.changes.iter().map(|change| change.text()).collect::<Vec<_>>(),
        "took": mend.took.map(length),
        "available_at_least": mend.lowest,
        "gpus_peak": mend.gpus_peak,
        "outage": length(mend.outage),
    })
}

fn time(at: Time) -> Value {
    json!({ "at": at.to_string(), "ns": at.nanos() })
}

fn length(length: Duration) -> Value {
    json!({ "length": length.to_string(), "ns": length.nanos() })
}

/// The verdict of a plan that was written as JSON.
///
/// # Errors
/// What makes it no such object.
pub fn read(text: &str) -> Result<Baseline, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if value["form"] != FORM {
        return Err(format!("it is no plan as `plan --format json` writes it (form {FORM})"));
    }
    let nanos = |value: &Value| value["ns"].as_u64().map(Duration::from_nanos);
    let outages = value["services"].as_array().into_iter().flatten();
    let own = |finding: &Value| Some((finding["rule"].as_str()?.to_owned(), finding["subject"].as_str()?.to_owned()));
    let findings = value["findings"].as_array().into_iter().flatten();
    Ok(Baseline {
        outcome: value["outcome"].as_str().unwrap_or_default().to_owned(),
        took: nanos(&value["took"]),
        gpus_peak: value["gpus"]["peak"].as_u64().unwrap_or(0),
        outage: outages.filter_map(|one| nanos(&one["outage"])).max().unwrap_or(Duration::ZERO),
        stall: nanos(&value["stall"]["length"]).unwrap_or(Duration::ZERO),
        findings: findings.filter_map(own).collect::<BTreeSet<_>>(),
    })
}
