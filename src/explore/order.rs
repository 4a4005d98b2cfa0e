//! What else a search plays with besides faults at entries: single writes and reads at which something is put in, and the order of
//! what happens at one instant. Both are read off a run of the scenario as it is that keeps them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attempt::Attempt;
use super::base::{Base, Place};
use super::fork::Fork;
use super::plan::Plan;
use super::points::{Point, first_middle_last};
use crate::kernel::Time;
use crate::scenario::model::{AccessTrigger, Scenario, Trigger};
use crate::text::Diagnostic;
use crate::timeline::EntryId;
use crate::workload::Stage;

/// The most writes and reads at which something is put in: beyond, they are thinned out evenly.
const ACCESSES_MAX: usize = 80;
/// The most events that are put behind their peers.
const TIES_MAX: usize = 400;

/// An event that could have come behind its peers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tie {
    /// The instant.
    pub at: Time,
    /// Whom it is about.
    pub subject: String,
}

/// Single writes and reads of a scenario's run, as places at which something is put in, and events that could have come later at their
/// instant.
///
/// # Errors
/// What is wrong with the scenario or its documents.
pub fn accesses_and_ties(scenario: &Arc<Scenario>, seed: u64) -> Result<(Vec<Place>, Vec<Tie>), Vec<Diagnostic>> {
    let mut run = Fork::new(scenario, seed)?;
    run.keep_accesses_and_ties();
    run.go_on();
    // Of equal writes of equal objects the first, the middle and the last stand for all.
    let mut roles: BTreeMap<(&str, Option<String>, String), Vec<AccessTrigger>> = BTreeMap::new();
    for access in run.rehearsal().points() {
        let object = access.object.clone().unwrap_or_default();
        let role = object.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned();
        roles.entry((access.edge.text(), access.by.clone(), role)).or_default().push(access);
    }
    let chosen: Vec<AccessTrigger> = roles.values().flat_map(|group| first_middle_last(group)).collect();
    let step = chosen.len().div_ceil(ACCESSES_MAX).max(1);
    let place = |access: AccessTrigger| {
        let point = Point { entry: EntryId(0), at: Time::ZERO, trigger: Trigger::Access(access) };
        // It is counted from the start on.
        Place { point, kept: 0 }
    };
    let places = chosen.into_iter().step_by(step).map(place).collect();
    let stage = run.stage();
    let groups = stage.ties().iter();
    // The last of its group has nobody to come behind.
    let events = groups.flat_map(|group| {
        group
            .subjects
            .split_last()
            .map_or(&[][..], |(_, others)| others)
            .iter()
            .map(move |subject| Tie { at: group.at, subject: subject.show(stage.names()) })
    });
    let mut ties: Vec<Tie> = Vec::new();
    for tie in events {
        if ties.last() != Some(&tie) {
            ties.push(tie);
        }
    }
    let step = ties.len().div_ceil(TIES_MAX).max(1);
    Ok((places, ties.into_iter().step_by(step).collect()))
}

/// The orders of a run that are left to try.
pub struct Orders<'a> {
    base: &'a Base,
    next: usize,
}

impl<'a> Orders<'a> {
    /// All of them.
    pub const fn new(base: &'a Base) -> Orders<'a> {
        Orders { base, next: 0 }
    }

    /// The next of them.
    pub fn batch(&mut self, most: usize) -> Vec<Attempt> {
        let left = &self.base.ties[self.next..];
        let batch = &left[..left.len().min(most)];
        self.next += batch.len();
        let attempt = |tie: &Tie| {
            let kept = self.base.kept.partition_point(|kept| kept.fork.now() < tie.at).saturating_sub(1);
            let plan = Plan::of(self.base.scenario.clone()).with_tie(tie.at, tie.subject.clone());
            Attempt { plan, kept }
        };
        batch.iter().map(attempt).collect()
    }
}
