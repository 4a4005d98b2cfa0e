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
        !subject.starts_with(OF_THE_CLIENT) && their.is_none_or(|their| is_worse(end, their))
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

/// True if the end with the faults is worse than that without them; a better one is no failure, nor is one that waits for somebody.
fn is_worse(end: &End, their: &End) -> bool {
    // What is gone in both, or is unwell without the faults too, has no end to come back to.
    if (their.gone && end.gone) || matches!(end.health, Some((Health::Unwell, _))) {
        return false;
    }
    let is_well = matches!(their.health, Some((Health::Well, _)));
    let is_open = |state| WAITS_FOR_SOMEBODY.contains(&state) || ENDED_BY_A_TIMEOUT.contains(&state);
    let waits = matches!(their.health, Some((_, state)) if is_open(state));
    let less = match (end.pods, their.pods) {
        (Some((wanted, ready)), Some((their_wanted, their_ready))) => their_wanted != wanted || their_ready < ready,
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
