//! GR109: faults are over, and the end is another than without them.

use super::super::base::{Base, is_at_rest};
use super::super::fork::Fork;
use super::decided::is_decided;
use super::ends::{Ends, Health};
use crate::kernel::Time;
use crate::oracle::builtin::rules;
use crate::rehearsal::Finding;
use crate::timeline::EntryId;

/// Compares the end of a run, all of whose faults were over at a time, with that of the run without them. One finding a run, about
/// whatever is furthest up: the rest follows from it.
pub fn divergence(base: &Base, run: &Fork, over: Time) -> Option<Finding> {
    // What is still on its way is stuck, or has not had the time: neither is this oracle's.
    if !is_at_rest(run) || !is_at_rest(&base.end) || run.now() < over || is_decided(run, &base.end) {
        return None;
    }
    let ends = Ends::of(run);
    // Better than without the faults is no failure.
    let mut worse = base.ends.differences(&ends).filter(|(_, _, their)| {
        their.is_none_or(|their| their.pods.is_some() || their.gone || !matches!(their.health, Some((Health::Well, _))))
    });
    let (subject, end, their) = worse.next()?;
    let others: Vec<&str> = worse.map(|(subject, ..)| subject).take(3).collect();
    let found = their.map_or("not there".to_owned(), |their| their.told());
    let mut detail = format!("{found}; without the faults: {}", end.told());
    if !others.is_empty() {
        detail.push_str(&format!("; other ends also of {}", others.join(", ")));
    }
    let evidence = their.map(|their| their.last).or_else(|| last(run));
    Some(Finding {
        rule: &rules::DIVERGENCE,
        subject: subject.to_owned(),
        at: run.now(),
        lasts: None,
        detail,
        evidence,
        expected: false,
    })
}

fn last(run: &Fork) -> Option<EntryId> {
    run.timeline().len().checked_sub(1).map(|index| EntryId(index as u32))
}
