//! The scenarios of one command: which they are, their runs side by side, and what is reported of each. What comes out
//! does not depend on how many threads there are.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::ProgressBar;
use rayon::prelude::*;

use super::filter::{Filter, any_matches};
use super::find::find;
use super::inputs::{Inputs, load_recorded};
use super::progress;
use super::scenario::rehearse_read;
use super::snapshots::Snapshots;
use crate::rehearsal::{Options, RunResult};
use crate::report::snapshot::snapshot_text;
use crate::report::{Invalid, Item, Rehearsed, Selection, Shard};
use crate::text::Diagnostic;

/// What is to be run.
pub struct Suite {
    /// The scenario files, sorted.
    pub files: Vec<PathBuf>,
    /// What was named and is not there.
    pub missing: Vec<(PathBuf, Diagnostic)>,
    /// The folders in which scenarios were looked for.
    pub folders: Vec<PathBuf>,
    /// What is left of what was found.
    pub selection: Selection,
}

impl Suite {
    /// Looks for scenarios. Filters come first, and the shards tile what they leave, so that they stay equally long.
    pub fn choose(paths: &[PathBuf], filters: &[Filter], shard: Option<Shard>) -> Suite {
        let found = find(paths);
        let mut selection = Selection { found: found.files.len(), shard, ..Selection::default() };
        let mut files = found.files;
        if !filters.is_empty() {
            files.retain(|file| any_matches(filters, file));
            selection.matched = Some(files.len());
        }
        if let Some(shard) = shard {
            files = shard.share(files.len()).map(|index| files[index].clone()).collect();
        }
        Suite { files, missing: found.missing, folders: found.folders, selection }
    }

    /// What was named and is not there, as items of a report.
    pub fn missing_items(&self) -> impl Iterator<Item = Item> {
        self.missing.iter().map(|(path, problem)| invalid(path, vec![problem.clone()]))
    }
}

/// A scenario that was run, and the text that its snapshot is to hold.
pub type Outcome = Result<(RunResult, String), Vec<Diagnostic>>;

/// What became of a file, and what it was made of.
pub struct Ran {
    /// What became of it.
    pub outcome: Outcome,
    /// What it was made of.
    pub inputs: Inputs,
}

/// Runs every file; the outcomes are in the order of the files. With `fail_fast`, some behind the first that fails by itself
/// (not by its snapshot, which is compared later) are `None`: how many is up to the threads, and nobody must look at them.
///
/// # Errors
/// That no threads can be started.
pub fn run_all(files: &[PathBuf], jobs: Option<u16>, fail_fast: bool) -> Result<Vec<Option<Ran>>, String> {
    let progress = progress(files.len());
    let first_failed = AtomicUsize::new(usize::MAX);
    let run = |(index, path): (usize, &PathBuf)| {
        if fail_fast && index > first_failed.load(Ordering::Relaxed) {
            return None;
        }
        let ran = run_one(path);
        if !ran.outcome.as_ref().is_ok_and(|(run, _)| run.exit_code() == 0) {
            first_failed.fetch_min(index, Ordering::Relaxed);
        }
        progress.inc(1);
        Some(ran)
    };
    let jobs = jobs.map_or(0, usize::from);
    let outcomes = if files.len() <= 1 || jobs == 1 {
        files.iter().enumerate().map(run).collect()
    } else {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool = pool.map_err(|error| format!("cannot start {jobs} threads: {error}"))?;
        pool.install(|| files.par_iter().enumerate().map(run).collect())
    };
    progress.finish_and_clear();
    Ok(outcomes)
}

fn run_one(path: &Path) -> Ran {
    let (scenario, inputs) = load_recorded(path);
    let outcome = scenario.and_then(|scenario| {
        let run = rehearse_read(&scenario, Options::default())?;
        let text = snapshot_text(&run, scenario.snapshot);
        Ok((run, text))
    });
    Ran { outcome, inputs }
}

/// What is reported of a file, after its snapshot was compared.
pub fn judged(path: &Path, outcome: Outcome, snapshots: &mut Snapshots) -> Item {
    match outcome {
        Err(problems) => {
            snapshots.cannot_tell();
            invalid(path, problems)
        }
        Ok((run, text)) => match snapshots.compare(path, &run.name, &text) {
            Ok(state) => Item::Ran(Box::new(Rehearsed::new(run, state))),
            Err(problem) => invalid(path, vec![problem]),
        },
    }
}

fn invalid(path: &Path, problems: Vec<Diagnostic>) -> Item {
    Item::Invalid(Invalid { file: path.to_string_lossy().into_owned(), problems })
}

/// How far it is; of a single scenario there is nothing to show.
fn progress(count: usize) -> ProgressBar {
    match count {
        0 | 1 => ProgressBar::hidden(),
        _ => progress::bar(count as u64, "{bar:30} {pos} of {len} scenarios, {elapsed}"),
    }
}

/// Reads `2/3`.
///
/// # Errors
/// It is no shard.
pub fn shard(text: &str) -> Result<Shard, String> {
    let number = |text: &str| usize::from_str(text).ok().filter(|number| *number > 0);
    let parts = text.split_once('/').and_then(|(index, count)| number(index).zip(number(count)));
    match parts {
        Some((index, count)) if index <= count => Ok(Shard { index, count }),
        Some((index, count)) => Err(format!("there is no shard {index} of {count}; the last is {count}/{count}")),
        None => Err("a shard is its number and how many there are, from 1 on: 2/3".to_owned()),
    }
}
