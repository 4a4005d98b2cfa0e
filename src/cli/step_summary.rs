//! Where GitHub takes the summary of a step from: a file that the environment names, to which every command of the step
//! adds.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::output::tell;
use crate::report::Report;
use crate::report::step_summary::{BYTES_MAX, text};

/// The variable in which GitHub names the file.
const VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// The file, if there is one.
pub fn path() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Adds the summary of a report. GitHub shows nothing at all of a file that is too large, so that what is there already
/// counts.
///
/// # Errors
/// The file cannot be written, in words.
pub fn append(path: &Path, report: &Report) -> Result<(), String> {
    let there = fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
    let Some(text) = text(report, BYTES_MAX.saturating_sub(there)) else {
        tell(&format!("notice: the summary of the step has no room for greenroom: {} is full", path.display()));
        return Ok(());
    };
    let written =
        OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("cannot write the summary of the step to {}: {error}", path.display()))
}
