//! A plan as annotations in GitHub's workflow log, the gravest first.

use std::io::{self, Write};

use super::Judged;
use super::text::outlook;
use crate::plan::mend::told as told_changes;
use crate::plan::rules::Gravity;
use crate::report::github::{SHOWN_MAX, annotation_of};
use crate::text::mask::mask;

/// Writes an annotation for each finding, and for each limit that is broken where there is no finding.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, judged: &Judged) -> io::Result<()> {
    let mut annotations = Vec::new();
    for finding in &judged.plan.findings {
        let level = match finding.rule.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
            Gravity::Note => "notice",
        };
        let mut lines = vec![mask(&finding.message).into_owned()];
        lines.extend(finding.evidence.iter().map(|line| mask(line).into_owned()));
        for mend in &finding.mends {
            let changes = told_changes(&mend.changes);
            lines.push(format!("mend: {}: {}", changes, outlook(mend)));
        }
        let place = finding.place.as_ref().map(|(source, span)| source.place(*span));
        let title = format!("{} {}", finding.rule.code, finding.rule.name);
        annotations.push(annotation_of(level, place.as_ref(), &title, &lines.join("\n")));
    }
    if judged.plan.findings.is_empty() {
        let failures = judged.failures.iter();
        annotations.extend(failures.map(|failure| annotation_of("error", None, "plan", failure)));
    }
    for annotation in annotations.iter().take(SHOWN_MAX) {
        writeln!(out, "{annotation}")?;
    }
    match annotations.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => {
            writeln!(out, "::notice title=greenroom::{more} more findings are not shown here; the log has them all")
        }
    }
}
