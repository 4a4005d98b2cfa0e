//! A search as a JSON object a line: each finding, and then how much was run.

use std::io::{self, Write};

use super::Explored;
use super::json::{group, summary};

/// Writes a search.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, explored: &Explored) -> io::Result<()> {
    for (index, found) in explored.exploration.groups.iter().enumerate() {
        let mut value = group(found, explored.kept.get(index));
        value["type"] = "finding".into();
        writeln!(out, "{value}")?;
    }
    let mut value = summary(explored);
    value["type"] = "search".into();
    value["findings"] = explored.exploration.groups.len().into();
    writeln!(out, "{value}")
}
