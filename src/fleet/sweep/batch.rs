//! Runs on all threads. What comes of them is in the order of the runs, however many threads there are.

use std::ops::Range;

use rayon::prelude::*;

use super::row::Row;
use super::{Base, Prepared, Run, Space};
use crate::text::Diagnostic;

/// Runs of a thread that are handed out together: enough that no thread waits for long, few enough that a kill loses little.
const OF_THREAD: usize = 16;
/// Runs that are handed out together at least.
const BATCH_MIN: usize = 64;

/// Runs that are handed out together. How many decides nothing of what comes of them.
pub fn size() -> u64 {
    (rayon::current_num_threads() * OF_THREAD).max(BATCH_MIN) as u64
}

/// All plans of a space, ready to run.
///
/// # Errors
/// What is wrong with the first plan that is not valid.
pub fn prepare(base: &Base, space: &Space) -> Result<Vec<Prepared>, Vec<Diagnostic>> {
    let plans: Vec<Result<Prepared, Vec<Diagnostic>>> =
        (0..space.plans()).into_par_iter().map(|plan| base.plan(space, plan)).collect();
    plans.into_iter().collect()
}

/// Makes runs.
pub fn rows(plans: &[Prepared], runs: &[Run]) -> Vec<Row> {
    let row = |run: &Run| Row::new(*run, plans[run.plan as usize].run(run.seed));
    runs.par_iter().with_max_len(1).map(row).collect()
}

/// Makes the runs of a range, a batch after the other; `each` gets the rows of each batch, in order, and says whether it goes on.
pub fn run(plans: &[Prepared], space: &Space, range: Range<u64>, each: &mut dyn FnMut(Vec<Row>) -> bool) {
    let mut next = range.start;
    while next < range.end {
        let until = range.end.min(next + size());
        let runs: Vec<Run> = (next..until).map(|id| space.run(id)).collect();
        if !each(rows(plans, &runs)) {
            return;
        }
        next = until;
    }
}
