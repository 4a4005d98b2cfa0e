//! A plan as SARIF 2.1.0 (OASIS, sarif-v2.1.0): what code hosts show beside the lines that a finding is about. A mend that
//! changes one field is a fix that can be applied.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Judged;
use super::text::outlook;
use crate::plan::finding::{Finding, Mend};
use crate::plan::mend::told as told_changes;
use crate::plan::rules::{self, Gravity};
use crate::text::mask::mask;

/// Writes a plan.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, judged: &Judged) -> io::Result<()> {
    let rules: Vec<Value> = rules::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "name": rule.name,
                "shortDescription": { "text": rule.summary },
                "fullDescription": { "text": rule.explanation },
                "help": { "text": format!("{}\n\n{}", rule.explanation, rule.example) },
                "defaultConfiguration": { "level": rule.gravity.text() },
            })
        })
        .collect();
    let results: Vec<Value> = judged.plan.findings.iter().map(|finding| result(finding, judged)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [ {
            "tool": { "driver": {
                "name": "greenroom",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        } ],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn result(finding: &Finding, judged: &Judged) -> Value {
    let mut text = vec![mask(&finding.message).into_owned()];
    text.extend(finding.evidence.iter().map(|line| mask(line).into_owned()));
    text.extend(finding.mends.iter().map(told));
    let index = rules::ALL.iter().position(|rule| *rule == finding.rule).unwrap_or(0);
    let file = finding.place.as_ref().map_or_else(|| judged.plan.file.clone(), |(source, _)| source.name().to_string());
    let mut physical = json!({ "artifactLocation": { "uri": uri(&file) } });
    if let Some((source, span)) = &finding.place {
        let place = source.place(*span);
        physical["region"] = json!({ "startLine": place.line, "startColumn": place.column });
    }
    let level = match finding.rule.gravity {
        Gravity::Error => "error",
        Gravity::Warning => "warning",
        Gravity::Note => "note",
    };
    let mut result = json!({
        "ruleId": finding.rule.code,
        "ruleIndex": index,
        "level": level,
        "message": { "text": text.join("\n") },
        "locations": [ {
            "physicalLocation": physical,
            "logicalLocations": [ { "fullyQualifiedName": finding.subject } ],
        } ],
        "partialFingerprints": { "ruleAndSubject/v1": format!("{} {}", finding.rule.code, finding.subject) },
    });
    if let Some(baseline) = &judged.baseline {
        result["baselineState"] = json!(if baseline.has(finding) { "unchanged" } else { "new" });
    }
    result
}

fn told(mend: &Mend) -> String {
    let changes = told_changes(&mend.changes);
    format!("mend: {}: {}", changes, outlook(mend))
}

/// A path as a relative URI reference: what RFC 3986 does not allow in a path is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a/my file#1.yaml"), "a/my%20file%231.yaml");
    }
}
