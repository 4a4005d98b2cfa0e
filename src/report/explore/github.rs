//! The findings of a search as annotations in GitHub's workflow log, each at the scenario's file.

use std::io::{self, Write};

use super::Explored;
use crate::report::github::{SHOWN_MAX, annotation_of};
use crate::text::Place;
use crate::text::mask::mask;
use crate::text::rule::Gravity;

/// Writes a search.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explored: &Explored) -> io::Result<()> {
    let groups = &explored.exploration.groups;
    let place = Place { file: explored.file.as_str().into(), line: 1, column: 0 };
    for group in groups.iter().take(SHOWN_MAX) {
        let level = match group.rule.gravity {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
            Gravity::Note => "notice",
        };
        let title = format!("{}: {} {}", explored.name(), group.rule.code, group.rule.name);
        let mut lines = vec![group.finding.subject.clone(), mask(&group.finding.detail).into_owned()];
        lines.extend(group.plan.describe());
        writeln!(out, "{}", annotation_of(level, Some(&place), &title, &lines.join("\n")))?;
    }
    match groups.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(out, "::error title=greenroom::{more} more findings are not shown here; the log has them all"),
    }
}
