//! Tries of smaller scenarios: each is read, run and held against what is to be found again. A try counts once, however many threads
//! there are, and the answer is the one that trying in order gives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::Options as Shrinking;
use super::draft::Draft;
use super::goal::Goal;
use super::tree::{Tree, keys};
use crate::explore::fork::LIMITS;
use crate::explore::{add_comparisons, is_asked_for};
use crate::oracle::judges;
use crate::rehearsal::{Ending, Observer, Options, Rehearsal, RunResult, simulated};
use crate::scenario::Scenario;
use crate::text::Diagnostic;
use crate::workload::Stage as _;

/// How many steps a run may take for each entry that it may write, before it is given up.
const STEPS_PER_ENTRY: usize = 200;
/// A smaller scenario may write so many times the entries of the first.
const ENTRIES_FACTOR: usize = 4;
/// So many entries are never too many.
const ENTRIES_MIN: usize = 5_000;

/// The run of a scenario, with all that is found in it: by its expectations, by the built-in oracles, and by comparison with other runs where
/// it names an oracle that compares. One that goes on for far longer than `entries_max` entries is given up.
///
/// # Errors
/// What is wrong with the scenario or its documents, so that there is nothing to run; nothing if it was given up.
pub fn run(scenario: &Scenario, entries_max: usize) -> Result<RunResult, Vec<Diagnostic>> {
    let (judge, oracles) = judges(scenario)?;
    let mut observers: [Box<dyn Observer>; 2] = [Box::new(judge), Box::new(oracles)];
    let options = Options::default();
    let mut cluster = simulated(scenario, scenario.seed)?;
    cluster.limit(LIMITS);
    let mut rehearsal = Rehearsal::new(scenario, cluster, options)?;
    let mut steps_left = entries_max.saturating_mul(STEPS_PER_ENTRY);
    while rehearsal.step(&mut observers) {
        steps_left = steps_left.saturating_sub(1);
        if steps_left == 0 || rehearsal.stage().timeline().len() > entries_max {
            return Err(Vec::new());
        }
    }
    let mut run = rehearsal.finish(options, &mut observers);
    if is_asked_for(scenario) {
        add_comparisons(scenario, &mut run)?;
    }
    Ok(run)
}

/// What else must hold of a smaller scenario, so that it fails for the reason for which the first did.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// These lists set the failure off: without all of them the scenario does not fail so.
    pub without: Option<&'static [&'static str]>,
    /// The same oracle finds something about others without them: it must be about the very subject that it is about.
    pub of_same: bool,
    /// What a search put in, by name: some of it must stay.
    pub put_in: Vec<String>,
    /// True if the scenario does not fail so without what was put in: what stays of that must be needed.
    pub needs_put_in: bool,
    /// The `until` of the first scenario: to fail only because the run ends early is no failure.
    pub until: Option<Tree>,
}

/// The tries of one shrinking.
pub struct Trial<'o> {
    goal: Goal,
    guards: Guards,
    /// What became of each draft that was tried, by its digest.
    known: BTreeMap<u128, bool>,
    entries_max: usize,
    tries_max: usize,
    stop: Option<&'o AtomicBool>,
    tries: usize,
    /// True once the limit, or who asked for an end, kept something from being tried.
    is_cut_short: bool,
}

impl<'o> Trial<'o> {
    /// Tries for a way to fail that this draft shows, whose run is given.
    pub fn new(goal: Goal, draft: &Draft, run: &RunResult, put_in: Vec<String>, options: Shrinking<'o>) -> Trial<'o> {
        let is_endless = matches!(run.ending, Ending::LimitReached(_));
        let entries_max = (run.timeline.len() * ENTRIES_FACTOR).max(ENTRIES_MIN);
        let mut trial = Trial {
            goal,
            guards: Guards::default(),
            known: BTreeMap::new(),
            entries_max: if is_endless { usize::MAX } else { entries_max },
            tries_max: options.tries_max,
            stop: options.stop,
            tries: 0,
            is_cut_short: false,
        };
        trial.guards.until = draft.scenario.key("until").cloned();
        let lists: [&'static [&'static str]; 3] = [&["faults"], &["faults", "actions"], &["faults", "actions", "ties"]];
        let there = lists.into_iter().filter(|lists| lists.iter().any(|list| draft.scenario.key(list).is_some()));
        let is_calm = |trial: &Trial<'_>, lists: &[&str]| trial.is_calm(&without_lists(draft, lists)) == Some(true);
        let calm = |trial: &Trial<'_>| there.clone().find(|lists| is_calm(trial, lists));
        trial.guards.without = calm(&trial);
        if trial.guards.without.is_none() && matches!(trial.goal, Goal::Finding(..)) {
            trial.guards.of_same = true;
            trial.guards.without = calm(&trial);
            trial.guards.of_same = trial.guards.without.is_some();
        }
        trial.guards.needs_put_in =
            without_named(draft, &put_in).is_some_and(|calm| trial.is_calm(&calm) == Some(true));
        trial.guards.put_in = put_in;
        trial
    }

    /// How many scenarios were tried.
    pub const fn tries(&self) -> usize {
        self.tries
    }

    /// True if more would have been tried without the limit.
    pub const fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Has what follows not be held back by the limit: it is little, and what was found must be written.
    pub const fn no_limit(&mut self) {
        (self.tries_max, self.stop) = (usize::MAX, None);
        self.is_cut_short = false;
    }

    /// The run of a draft.
    pub fn run(&self, draft: &Draft) -> Option<(Scenario, RunResult)> {
        let scenario = draft.load().ok()?;
        let run = run(&scenario, self.entries_max).ok()?;
        Some((scenario, run))
    }

    /// The goal.
    pub const fn goal(&self) -> &Goal {
        &self.goal
    }

    /// The first of several drafts that still fails as it must, and its position among them.
    pub fn first(&mut self, drafts: &mut dyn Iterator<Item = Draft>) -> Option<(usize, Draft)> {
        let width = rayon::current_num_threads().max(1);
        let mut position = 0;
        loop {
            let batch: Vec<(u128, Draft)> = drafts.take(width).map(|draft| (draft.digest(), draft)).collect();
            if batch.is_empty() {
                return None;
            }
            let judged: Vec<bool> = batch
                .par_iter()
                .map(|(digest, draft)| self.known.get(digest).copied().unwrap_or_else(|| self.fails(draft)))
                .collect();
            for ((digest, draft), fails) in batch.into_iter().zip(judged) {
                if !self.known.contains_key(&digest) {
                    if self.tries >= self.tries_max || self.is_stopped() {
                        self.is_cut_short = true;
                        return None;
                    }
                    self.tries += 1;
                    self.known.insert(digest, fails);
                }
                if fails {
                    return Some((position, draft));
                }
                position += 1;
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// True if a draft still fails as it must.
    pub fn holds(&mut self, draft: Draft) -> Option<Draft> {
        self.first(&mut std::iter::once(draft)).map(|(_, draft)| draft)
    }

    /// The draft without what sets the failure off; `None` if that is not known.
    pub fn calm(&self, draft: &Draft) -> Option<Draft> {
        self.guards.without.map(|lists| without_lists(draft, lists))
    }

    fn fails(&self, draft: &Draft) -> bool {
        let is_meant =
            |run: &RunResult| self.goal.failure(run).is_some() && (!self.guards.of_same || self.goal.is_of_same(run));
        let shows = |draft: &Draft| self.run(draft).is_some_and(|(_, run)| is_meant(&run));
        if !shows(draft) {
            return false;
        }
        let waits_longer = self.guards.until.as_ref().filter(|until| draft.scenario.key("until") != Some(until));
        if let Some(until) = waits_longer
            && !shows(&longer(draft, until))
        {
            return false;
        }
        if !self.guards.put_in.is_empty() {
            let Some(calm) = without_named(draft, &self.guards.put_in) else { return false };
            if self.guards.needs_put_in && self.is_calm(&calm) != Some(true) {
                return false;
            }
        }
        self.guards.without.is_none_or(|lists| self.is_calm(&without_lists(draft, lists)) == Some(true))
    }

    /// True if a draft that lacks what sets the failure off does not fail in this way; `None` if it cannot be told.
    fn is_calm(&self, calm: &Draft) -> Option<bool> {
        let (_, run) = self.run(calm)?;
        Some(if self.guards.of_same { !self.goal.is_of_same(&run) } else { !self.goal.is_alike(&run) })
    }
}

fn without_lists(draft: &Draft, lists: &[&str]) -> Draft {
    let mut calm = draft.clone();
    for list in lists {
        calm.scenario.unset(list);
    }
    calm
}

/// The draft without the faults and actions of these names; `None` if it has none of them.
fn without_named(draft: &Draft, names: &[String]) -> Option<Draft> {
    let mut calm = draft.clone();
    let mut is_other = false;
    for list in ["faults", "actions"] {
        let Some(Tree::List(entries)) = calm.scenario.get_mut(&keys(&[list])) else { continue };
        let there = entries.len();
        let is_meant = |entry: &Tree| {
            let name = entry.key("name").and_then(Tree::as_text);
            name.is_some_and(|name| names.iter().any(|one| one == name))
        };
        entries.retain(|entry| !is_meant(entry));
        is_other |= entries.len() < there;
        if entries.is_empty() {
            calm.scenario.unset(list);
        }
    }
    is_other.then_some(calm)
}

/// The draft with another end.
fn longer(draft: &Draft, until: &Tree) -> Draft {
    let mut draft = draft.clone();
    if let Some(place) = draft.scenario.get_mut(&keys(&["until"])) {
        *place = until.clone();
    }
    draft
}
