//! A comparison as one JSON object. Times stand as people read them and in nanoseconds.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{exit, substrate, word};
use crate::conform::{Comparison, Difference, Evidence, Side};
use crate::kernel::Time;

/// Names the form of the object; it changes when a reader would have to.
const FORM: &str = "greenroom-conform/1";

/// Writes a comparison.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &value(comparison))?;
    writeln!(out)
}

fn value(comparison: &Comparison) -> Value {
    let subjects = comparison.subjects.iter();
    let compared = comparison.compared.iter();
    json!({
        "form": FORM,
        "scenario": comparison.name,
        "file": comparison.file,
        "seed": comparison.seed,
        "substrate": substrate(comparison.substrate),
        "verdict": word(comparison.verdict),
        "subjects": subjects.map(|(name, one)| json!({ "subject": name, "verdict": word(*one) })).collect::<Vec<_>>(),
        "compared": compared
            .map(|(aspect, count)| json!({ "aspect": aspect.text(), "count": count }))
            .collect::<Vec<_>>(),
        "not_checked": comparison.not_checked,
        "findings": comparison.findings.iter().map(finding).collect::<Vec<_>>(),
        "exit_code": exit(comparison).code(),
    })
}

fn finding(finding: &Difference) -> Value {
    let tolerated = finding
        .tolerated
        .iter()
        .map(|one| json!({ "reason": one.tolerance.text(), "detail": one.detail, "text": one.tolerance.reason() }));
    json!({
        "aspect": finding.aspect.text(),
        "about": finding.about,
        "verdict": word(finding.conformity()),
        "at": finding.at.map(time),
        "simulated": side(&finding.simulated),
        "live": side(&finding.live),
        "tolerated": tolerated.collect::<Vec<_>>(),
    })
}

fn side(side: &Side) -> Value {
    json!({ "text": side.text, "evidence": side.evidence.as_ref().map(evidence) })
}

fn evidence(evidence: &Evidence) -> Value {
    let line = evidence
        .line
        .as_ref()
        .map(|line| json!({ "file": &*line.file, "line": line.line, "column": line.column, "what": &*line.what }));
    let chain = evidence.chain.iter().map(|told| {
        json!({
            "id": told.id,
            "at": time(told.at),
            "subject": told.subject,
            "became": told.became,
            "why": told.why,
        })
    });
    let left_out = evidence.left_out.map(|(count, after)| json!({ "count": count, "after": after }));
    json!({ "line": line, "chain": chain.collect::<Vec<_>>(), "left_out": left_out })
}

fn time(at: Time) -> Value {
    json!({ "at": at.to_string(), "ns": at.nanos() })
}
