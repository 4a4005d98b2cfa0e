//! GR109: faults are over, and the end is another than without them.

use super::super::base::{Base, is_at_rest};
use super::super::fork::Fork;
use super::decided::is_decided;
use super::ends::{End, Ends, Health};
use crate::kernel::Time;
use crate::oracle::builtin::rules;
use crate::rehearsal::{Fate, Finding};
use crate::timeline::EntryId;

/// What whoever applies manifests makes of them: no controller brings it back, and it shows where its objects fail as well.
const OF_THE_CLIENT: &str = "manifests/";
/// States in which something waits until an operator acts.
const WAITS_FOR_SOMEBODY: [&str; 2] = ["Paused", "awaiting_promotion"];
/// States of a rollout of Backend.AI: its `deploying_timeout`, an hour and more, is still to decide how it ends.
const ENDED_BY_A_TIMEOUT: [&str; 6] =
    ["initializing", "provisioning", "provisioned", "promoting", "finalizing", "draining"];

/// Compares the end of a run, all of whose faults were over at a time, with that of the run without them. One finding a run, about
/// whatever is furthest up: the rest follows from it.
pub fn divergence(base: &Base, run: &Fork, over: Time) -> Option<Finding> {
    // What is still on its way is stuck, or has not had the time: neither is this oracle's.
    if !is_at_rest(run) || !is_at_rest(&base.end) || run.now() < over || is_decided(run, &base.end) {
        return None;
    }
    // An operator to whom the faults brought other answers would act again; the scenario's does not.
    if was_answered_otherwise(base, run) {
        return None;
    }
    let ends = Ends::of(run);
    let mut worse = base.ends.differences(&ends).filter(|(subject, end, their)| {
        !subject.starts_with(OF_THE_CLIENT) && their.map_or_else(|| is_missed(end), |their| is_worse(end, their))
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

/// How many pods are ready of what lacks some without the faults too: it has no other end to come back to.
fn short_of(end: &End) -> Option<u32> {
    let (wanted, ready) = end.pods?;
    wanted.is_some_and(|wanted| ready < wanted).then_some(ready)
}

/// True if what was never made with the faults is there without them, and is of use there.
fn is_missed(end: &End) -> bool {
    !end.gone && short_of(end) != Some(0)
}

/// True if the end with the faults is worse than that without them; a better one is no failure, nor is one that waits for somebody.
fn is_worse(end: &End, their: &End) -> bool {
    // What is gone in both, or is unwell without the faults too, has no end to come back to.
    if (their.gone && end.gone) || matches!(end.health, Some((Health::Unwell, _))) {
        return false;
    }
    if let Some(ready) = short_of(end) {
        return their.pods.map_or(0, |(_, their)| their) < ready;
    }
    let is_well = matches!(their.health, Some((Health::Well, _)));
    let is_open = |state| WAITS_FOR_SOMEBODY.contains(&state) || ENDED_BY_A_TIMEOUT.contains(&state);
    let waits = matches!(their.health, Some((_, state)) if is_open(state));
    let less = match (end.pods, their.pods) {
        (Some((wanted, ready)), Some((their_wanted, their_ready))) => {
            // More than are wanted are no better than as many.
            their_wanted != wanted || their_ready < wanted.map_or(ready, |wanted| ready.min(wanted))
        }
        (pods, their_pods) => pods.is_some() != their_pods.is_some(),
    };
    !waits
        && (their.gone != end.gone
            || less
            || (!is_well && their.health.map(|one| one.0) != end.health.map(|one| one.0)))
}

/// True if an action of the scenario took place without the faults and did not with them.
fn was_answered_otherwise(base: &Base, run: &Fork) -> bool {
    let was_done = |name: &str| base.end.fate(name) == Fate::Fired;
    base.scenario.actions.iter().any(|action| was_done(&action.name) && run.fate(&action.name) != Fate::Fired)
}

fn last(run: &Fork) -> Option<EntryId> {
    run.timeline().len().checked_sub(1).map(|index| EntryId(index as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(wanted: u32, ready: u32) -> End {
        End { pods: Some((Some(wanted), ready)), health: None, gone: false, last: EntryId(0) }
    }

    #[test]
    fn what_lacks_pods_anyway_is_worse_with_fewer_alone() {
        assert!(!is_worse(&end(5, 4), &end(6, 4)), "more of it may wait for room");
        assert!(is_worse(&end(5, 4), &end(5, 3)));
        assert!(is_worse(&end(4, 4), &end(6, 4)), "what had room has another size");
        assert!(!is_worse(&end(1, 2), &end(1, 1)), "one too many is not missed");
        assert!(is_worse(&end(1, 2), &end(1, 0)));
        assert!(!is_missed(&end(1, 0)), "what was not ready is not missed");
        assert!(is_missed(&end(2, 1)));
    }

    #[test]
    fn what_goes_is_not_missed() {
        let gone = End { gone: true, ..end(1, 1) };
        assert!(!is_missed(&gone), "it was never made, or is gone: both are nothing");
        assert!(is_worse(&gone, &end(1, 1)), "it stays");
    }
}
