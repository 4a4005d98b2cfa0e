//! Runs on all threads. They are begun in their order, and each is handed on as soon as it and all before it are made, so that what comes
//! of them is in the same order however many threads there are, and what is made waits for nothing but what was begun before it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::row::Row;
use super::{Base, Prepared, Run, Space};
use crate::text::Diagnostic;

/// Runs of a thread in a batch, which ends before the next one begins: enough that no thread waits for long, few enough that little is
/// made behind a run that takes longer than others.
const OF_THREAD: usize = 16;
/// Runs of a batch at least.
const BATCH_MIN: usize = 64;

/// All plans of a space, ready to run.
///
/// # Errors
/// What is wrong with the first plan that is not valid.
pub fn prepare(base: &Base, space: &Space) -> Result<Vec<Prepared>, Vec<Diagnostic>> {
    let plans: Vec<Result<Prepared, Vec<Diagnostic>>> =
        (0..space.plans()).into_par_iter().map(|plan| base.plan(space, plan)).collect();
    plans.into_iter().collect()
}

/// Who gets what comes of a run, and says whether it goes on.
pub type Each<'e> = &'e mut (dyn FnMut(Row) -> bool + Send);

/// Makes runs; `each` gets them one by one, in their order.
pub fn run(plans: &[Prepared], runs: impl IntoIterator<Item = Run>, each: Each<'_>) {
    let size = (rayon::current_num_threads() * OF_THREAD).max(BATCH_MIN);
    let mut runs = runs.into_iter();
    loop {
        let batch: Vec<Run> = runs.by_ref().take(size).collect();
        if batch.is_empty() || !together(plans, &batch, each) {
            return;
        }
    }
}

/// Makes the runs of a batch; false: it does not go on.
fn together(plans: &[Prepared], batch: &[Run], each: Each<'_>) -> bool {
    let begun = AtomicUsize::new(0);
    let queue = Mutex::new(Queue { made: BTreeMap::new(), next: 0, goes_on: true, each });
    let queue = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    batch.par_iter().with_max_len(1).for_each(|_| {
        if !queue().goes_on {
            return;
        }
        // Whatever part of the batch a thread was given, it takes the first run that nobody has begun.
        let place = begun.fetch_add(1, Ordering::Relaxed);
        let run = batch[place];
        let row = Row::new(run, plans[run.plan as usize].run(run.seed));
        queue().add(place, row);
    });
    queue().goes_on
}

/// What is made and waits for what comes before it.
struct Queue<'e> {
    made: BTreeMap<usize, Row>,
    /// The first that was not handed on.
    next: usize,
    goes_on: bool,
    each: Each<'e>,
}

impl Queue<'_> {
    fn add(&mut self, place: usize, row: Row) {
        self.made.insert(place, row);
        while let Some(row) = self.made.remove(&self.next).filter(|_| self.goes_on) {
            self.next += 1;
            self.goes_on = (self.each)(row);
        }
    }
}
