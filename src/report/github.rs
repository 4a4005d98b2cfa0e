//! Annotations for GitHub's workflow log. It shows about ten a step and hides the rest without a word, so at most
//! [`SHOWN_MAX`] are written and one line that says how many more there are.

use std::io::{self, Write};

use super::{CaseStatus, Item, Report};
use crate::text::Place;
use crate::text::mask::mask;

/// The most annotations of failures.
pub const SHOWN_MAX: usize = 9;

/// Where the failures are that have no annotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// In the log of the step.
    Log,
    /// In the summary of the step.
    Summary,
}

/// Writes an annotation a failure; `rest` is where the last one sends those who look for more.
///
/// # Errors
/// Those of the writer.
pub fn write_report(out: &mut dyn Write, report: &Report, rest: Rest) -> io::Result<()> {
    let mut annotations = Vec::new();
    for item in &report.items {
        match item {
            Item::Ran(rehearsed) => {
                for case in rehearsed.failures() {
                    let word = match (case.status, case.kind) {
                        (CaseStatus::Unjudged, _) => "not judged",
                        (_, "unfired") => "never fired",
                        (_, "snapshot") => "snapshot",
                        (_, "document") => "not valid",
                        _ => "failed",
                    };
                    let title = format!("{}: {word}", rehearsed.run.name);
                    let mut lines = vec![case.name.clone(), case.detail.clone()];
                    lines.extend(case.chain(|path| path));
                    lines.push(case.replay.clone());
                    lines.retain(|line| !line.is_empty());
                    annotations.push(annotation(Some(&case.place), &title, &lines.join("\n")));
                }
            }
            Item::Invalid(invalid) => {
                for problem in &invalid.problems {
                    annotations.push(annotation(Some(&problem.place()), "not valid", &mask(&problem.message)));
                }
            }
            Item::Valid(_) => {}
        }
    }
    annotations.extend(report.troubles.iter().map(|trouble| annotation(None, "environment", trouble)));
    annotations.extend(report.nothing().map(|nothing| annotation(None, "nothing matched", &nothing)));
    for annotation in annotations.iter().take(SHOWN_MAX) {
        writeln!(out, "{annotation}")?;
    }
    match annotations.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => {
            let rest = match rest {
                Rest::Log => "log",
                Rest::Summary => "summary of the step",
            };
            writeln!(out, "::error title=greenroom::{more} more failures are not shown here; the {rest} has them all")
        }
    }
}

fn annotation(place: Option<&Place>, title: &str, message: &str) -> String {
    annotation_of("error", place, title, message)
}

/// An annotation of a level: `error`, `warning` or `notice`.
pub(super) fn annotation_of(level: &str, place: Option<&Place>, title: &str, message: &str) -> String {
    let mut properties = String::new();
    if let Some(place) = place {
        properties.push_str(&format!("file={},", property(&place.file)));
        if place.line > 0 {
            properties.push_str(&format!("line={},", place.line));
        }
        if place.column > 0 {
            properties.push_str(&format!("col={},", place.column));
        }
    }
    format!("::{level} {properties}title={}::{}", property(title), data(message))
}

/// Escapes what GitHub gives a meaning in a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what GitHub gives a meaning in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_end_a_property_or_a_line() {
        let place = Place { file: "a,b:c.yaml".into(), line: 3, column: 0 };
        let shown = annotation(Some(&place), "50%: bad", "one\r\ntwo: 100%");
        assert_eq!(shown, "::error file=a%2Cb%3Ac.yaml,line=3,title=50%25%3A bad::one%0D%0Atwo: 100%25");
    }
}
