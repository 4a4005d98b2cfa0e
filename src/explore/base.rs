//! The run that all others are compared with: the scenario as it is, its decision points, a fork at each of them, and its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::differential::{Ends, Made, at_once, path_dependence};
use super::fork::{Fork, lengthened};
use super::group::told_once;
use super::order::{Tie, accesses_and_ties};
use super::points::{Point, points};
use super::vocabulary::FAULT_WORDS;
use crate::kernel::{Duration, Time};
use crate::rehearsal::{Ending, Finding};
use crate::scenario::model::{FaultKind, Scenario, Trigger};
use crate::text::Diagnostic;
use crate::timeline::steps::{States, follow};
use crate::workload::Stage;

/// The longest that a fault of the vocabulary lasts.
const FAULT_MAX: Duration = Duration::from_secs(600);
/// What a run has at least, after the last fault is over, to come to rest: the deadline of a rollout, once and a half.
const REST_MIN: Duration = Duration::from_secs(900);
/// What it has at most: what goes on for longer by itself does so for ever.
const REST_MAX: Duration = Duration::from_secs(7200);
/// The most runs that are kept to be forked; beyond, some begin at an earlier one.
const KEPT_MAX: usize = 400;

/// A run at a decision point.
#[derive(Clone)]
pub struct Kept {
    /// The run.
    pub fork: Fork,
    /// How many entries it has.
    pub entries: usize,
    /// In which states its subjects are.
    pub states: Arc<States>,
}

/// A decision point, and the run that is forked there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The point.
    pub point: Point,
    /// The position of the run, in the order of time.
    pub kept: usize,
}

/// The run without anything added.
pub struct Base {
    /// The scenario as it is searched, with its end put off where runs need it.
    pub scenario: Arc<Scenario>,
    /// By how much the end was put off.
    pub put_off: Duration,
    /// The seed of its random draws.
    pub seed: u64,
    /// Runs that can be forked, in the order of time; the first is that before anything happened.
    pub kept: Vec<Kept>,
    /// Decision points: after entries and at the start of instants, each in the order of time, then at single writes and reads.
    pub places: Vec<Place>,
    /// What could have come later at its instant.
    pub ties: Vec<Tie>,
    /// Entries that are equal to those of a point.
    pub equal: usize,
    /// The run at its end.
    pub end: Fork,
    /// What the oracles find in it.
    pub findings: Vec<Finding>,
    /// The same, each as it is compared with those of other runs.
    pub known: BTreeSet<(&'static str, String)>,
    /// What there is at its end, as far as another seed comes to the same.
    pub ends: Ends,
    /// How many objects of each role it made.
    pub made: Made,
}

impl Base {
    /// Runs a scenario as it is.
    ///
    /// # Errors
    /// What is wrong with the scenario or its documents.
    pub fn new(scenario: &Scenario, seed: u64) -> Result<Base, Vec<Diagnostic>> {
        let mut first = Fork::new(&lengthened(scenario, scenario.until), seed)?;
        first.go_on();
        let settled = last_change(&first);
        let rest = settled.since(Time::ZERO).max(REST_MIN).min(REST_MAX);
        let asked = scenario.until;
        let scenario = lengthened(scenario, settled + FAULT_MAX + rest);
        let put_off = scenario.until.since(asked);
        let mut base = Base::compared(&scenario, seed)?;
        let points = points(base.end.timeline(), base.end.stage().names());
        let mut start = Fork::new(&scenario, seed)?;
        start.foretell(words(&points.list));
        (base.kept, base.places) = keep(&start, points.list);
        let (accesses, ties) = accesses_and_ties(&base.scenario, seed)?;
        base.places.extend(accesses);
        base.ties = ties;
        (base.put_off, base.equal) = (put_off, points.equal);
        Ok(base)
    }

    /// What other runs of a scenario are compared with, and no more: it cannot be forked.
    ///
    /// # Errors
    /// What is wrong with the scenario or its documents.
    pub fn compared(scenario: &Scenario, seed: u64) -> Result<Base, Vec<Diagnostic>> {
        let scenario = lengthened(scenario, scenario.until);
        let mut end = Fork::new(&scenario, seed)?;
        end.go_on();
        let mut other = Fork::new(&scenario, seed.wrapping_add(1))?;
        other.go_on();
        let ends = Ends::of(&end).stable_in(&Ends::of(&other));
        let findings = end.findings();
        let known = findings.iter().map(told_once).collect();
        let made = Made::of(&end);
        Ok(Base {
            scenario,
            put_off: Duration::ZERO,
            seed,
            kept: Vec::new(),
            places: Vec::new(),
            ties: Vec::new(),
            equal: 0,
            end,
            findings,
            known,
            ends,
            made,
        })
    }

    /// How the end differs from that of the run in which the last documents are deployed at once, if it does.
    ///
    /// # Errors
    /// What is wrong with the documents once they are merged.
    pub fn path_dependence(&self) -> Result<Option<Finding>, Vec<Diagnostic>> {
        let Some(merged) = at_once(&self.scenario) else { return Ok(None) };
        let mut other = Fork::new(&lengthened(&merged, self.scenario.until), self.seed)?;
        other.go_on();
        // What no API takes at once is reached by no other way.
        if other.rehearsal().has_rejected() {
            return Ok(None);
        }
        Ok(path_dependence(self, &other))
    }
}

/// What the entries of faults and actions say that are put in at points. Names that Kubernetes' objects could have are not among them.
fn words(points: &[Point]) -> Vec<String> {
    let states = points.iter().filter_map(|point| match &point.trigger {
        Trigger::On { subject, reaches, .. } => Some(format!("{subject}: {reaches}")),
        Trigger::At(_) | Trigger::Access(_) => None,
    });
    let names = ["search".to_owned()].into_iter();
    names.chain(FAULT_WORDS.iter().map(|word| (*word).to_owned())).chain(states).collect()
}

/// When something last happened in a run, the end of the scenario aside.
pub fn last_change(fork: &Fork) -> Time {
    let timeline = fork.timeline();
    let last = timeline.len().checked_sub(1).and_then(|index| timeline.get(crate::timeline::EntryId(index as u32)));
    last.map_or(Time::ZERO, |entry| entry.at)
}

/// True if nothing happens any more at the end of a run, or nothing has for long.
pub fn is_at_rest(fork: &Fork) -> bool {
    matches!(fork.rehearsal().ending(), Some(Ending::Quiet)) || fork.now().since(last_change(fork)) >= REST_MIN
}

/// Forks a run at each point. Points within one step are one: nothing can come between their entries. Beside each is one at the start
/// of the instant, which comes after whatever else was put off.
fn keep(start: &Fork, points: Vec<Point>) -> (Vec<Kept>, Vec<Place>) {
    let mut run = start.fork();
    run.freeze();
    let mut states = States::new();
    follow(&mut states, start.timeline(), 0);
    let mut known = start.timeline().len();
    let mut kept = vec![Kept { fork: run.fork(), entries: known, states: Arc::new(states.clone()) }];
    let mut places: Vec<Place> = Vec::new();
    let mut points = points.into_iter().peekable();
    let mut instants: BTreeMap<Time, usize> = BTreeMap::new();
    while points.peek().is_some() {
        let goes_on = run.step();
        let entries = run.timeline().len();
        let mut is_first = true;
        while let Some(point) = points.next_if(|point| (point.entry.0 as usize) < entries) {
            if !std::mem::take(&mut is_first) {
                continue;
            }
            if kept.len() < KEPT_MAX {
                run.freeze();
                follow(&mut states, run.timeline(), known);
                known = entries;
                kept.push(Kept { fork: run.fork(), entries, states: Arc::new(states.clone()) });
            }
            instants.entry(point.at).or_insert(kept.len() - 1);
            places.push(Place { point, kept: kept.len() - 1 });
        }
        if !goes_on {
            break;
        }
    }
    let before = instants.iter().filter(|(at, _)| **at > Time::ZERO).map(|(at, first)| {
        let entry = crate::timeline::EntryId(kept[*first].entries.saturating_sub(1) as u32);
        let point = Point { entry, at: *at, trigger: Trigger::At(*at) };
        Place { point, kept: kept.partition_point(|kept| kept.fork.now() < *at).saturating_sub(1) }
    });
    let before: Vec<Place> = before.collect();
    places.extend(before);
    (kept, places)
}

/// When a fault of a plan, which struck at a time, is over; `None`: never by itself.
pub fn over_at(kind: &FaultKind, struck: Time) -> Option<Time> {
    super::vocabulary::ends_after(kind).map(|length| struck + length)
}
