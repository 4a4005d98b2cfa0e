//! A scenario that was shrunk, for people and as JSON: where it is, how it fails and what is left of it.

use std::io::{self, Write};

use serde_json::json;

use super::paint::{Paint, Tone};
use crate::explore::shrink::Shrunk;
use crate::text::counted::counted;
use crate::text::mask::mask;

/// A shrunk scenario and where it was written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'s> {
    /// What was written.
    pub shrunk: &'s Shrunk,
    /// The scenario's file.
    pub file: &'s str,
    /// Its snapshot.
    pub snapshot: &'s str,
}

/// Writes it for people.
///
/// # Errors
/// Those of the writer.
pub fn write_text(out: &mut dyn Write, written: Written<'_>, paint: Paint) -> io::Result<()> {
    let Shrunk { failure, scenario, tries, .. } = written.shrunk;
    writeln!(out, "{}", paint.tone(Tone::Strong, written.file))?;
    writeln!(out, "fails    {}", mask(&failure.title()))?;
    writeln!(out, "         at {}: {}", failure.at, mask(&failure.detail))?;
    let left = [
        counted(scenario.faults.len(), "fault"),
        counted(scenario.actions.len(), "action"),
        counted(scenario.deploy.len(), "deployed document"),
        counted(written.shrunk.nodes() as usize, "node"),
        counted(written.shrunk.run.timeline.len(), "entry"),
    ];
    writeln!(out, "left     {}", left.join(", "))?;
    writeln!(out, "tried    {}", counted(*tries, "scenario"))?;
    if written.shrunk.is_cut_short {
        writeln!(out, "         it was cut short: with more tries it may become smaller")?;
    }
    for other in &written.shrunk.besides {
        writeln!(out, "besides  {}", mask(other))?;
    }
    writeln!(out, "\nsee it: greenroom run {}", written.file)
}

/// Writes it as one JSON object.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut dyn Write, written: Written<'_>) -> io::Result<()> {
    let Shrunk { name, failure, scenario, documents, tries, is_cut_short, run, .. } = written.shrunk;
    let object = json!({
        "file": written.file,
        "name": name,
        "snapshot": written.snapshot,
        "documents": documents.keys().collect::<Vec<_>>(),
        "fails": {
            "what": mask(&failure.title()),
            "at": failure.at.to_string(),
            "detail": mask(&failure.detail),
        },
        "faults": scenario.faults.len(),
        "actions": scenario.actions.len(),
        "nodes": written.shrunk.nodes(),
        "entries": run.timeline.len(),
        "tries": tries,
        "limit_reached": is_cut_short,
        "besides": written.shrunk.besides.iter().map(|other| mask(other)).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &object)?;
    writeln!(out)
}
