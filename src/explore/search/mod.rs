//! The course of a search: batches of attempts, run on all threads and looked at in the order of their numbers, so that the same seed
//! finds the same on any number of threads. First each fault and action by itself at each decision point, between them other orders of
//! what happens at one instant, pairs of those that had an effect, and weighted draws of several.

mod pairs;
mod singles;
mod swarm;

use std::collections::BTreeSet;

use rayon::prelude::*;

use self::pairs::Pairs;
use self::singles::Singles;
use self::swarm::Swarm;
use super::attempt::{Attempt, Came, Ran};
use super::base::Base;
use super::coverage::Coverage;
use super::fork::Fork;
use super::group::{Group, Groups, Seen, seen};
use super::order::Orders;
use super::plan::Plan;
use super::prune::{Pruned, Reason};
use super::replay::repeats;
use super::settings::judges;
use super::vocabulary::{Choice, Item, Targets, vocabulary};
use crate::kernel::{Duration, Streams};
use crate::rehearsal::Finding;
use crate::scenario::model::Scenario;
use crate::text::Diagnostic;
use crate::text::rule::Rule;
use crate::timeline::steps::{self, Step};

/// Attempts a batch: enough for all threads of a large machine, few enough that a search ends in time.
const BATCH: usize = 128;

/// Which stage each batch of a round belongs to, as long as the stage has anything left.
const ROUND: [Stage; 9] = [
    Stage::Singles,
    Stage::Orders,
    Stage::Singles,
    Stage::Pairs,
    Stage::Singles,
    Stage::Swarm,
    Stage::Singles,
    Stage::Pairs,
    Stage::Swarm,
];

/// How a search goes about it.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// The seed of the runs and of the search; `None`: the scenario's.
    pub seed: Option<u64>,
    /// The most runs; `None`: until the caller ends it, or nothing is left.
    pub runs: Option<u64>,
    /// How far it goes: 1: one fault or action a run; 2: two; 3: several.
    pub depth: u8,
    /// What it may use.
    pub choice: Choice,
    /// The oracles whose findings count; `None`: all.
    pub only: Option<Vec<&'static Rule>>,
}

impl Default for Options {
    fn default() -> Options {
        Options { seed: None, runs: None, depth: 3, choice: Choice::default(), only: None }
    }
}

/// The stages of a search.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// One fault or action at one decision point.
    Singles,
    /// Two of those that had an effect.
    Pairs,
    /// Several, drawn.
    Swarm,
    /// What happens at one instant in another order.
    Orders,
}

/// How far a search is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Runs so far.
    pub runs: u64,
    /// Findings so far, each told once.
    pub findings: usize,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// The scenario as it was searched.
    pub plan: Plan,
    /// The seed.
    pub seed: u64,
    /// By how much its end was put off, so that what was put in late had the time to be over.
    pub put_off: Duration,
    /// Runs in all.
    pub runs: u64,
    /// The same by stage: singles, pairs, swarm, orders.
    pub by_stage: [u64; 4],
    /// Decision points, and what can be done at each.
    pub space: (usize, usize),
    /// Faults that were asked for by name, and of which this scenario has no target.
    pub lacking: Vec<String>,
    /// True if there was nothing left to try at the depth that was asked for.
    pub is_whole: bool,
    /// What was left out.
    pub pruned: Pruned,
    /// What was found, the most telling first.
    pub groups: Vec<Group>,
    /// What was reached.
    pub coverage: Coverage,
}

/// Searches a scenario. `goes_on` is asked after each batch; runs of a batch that was begun count whole.
///
/// # Errors
/// What is wrong with the scenario or its documents.
pub fn explore(
    scenario: &Scenario,
    options: &Options,
    goes_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Exploration, Vec<Diagnostic>> {
    let seed = options.seed.unwrap_or(scenario.seed);
    let base = Base::new(scenario, seed)?;
    let looks: Vec<&Fork> = base.kept.iter().map(|kept| &kept.fork).chain([&base.end]).collect();
    let targets = Targets::of(&base.scenario, &looks);
    let items = vocabulary(&base.scenario, &targets, base.end.rehearsal().systems(), &options.choice);
    let has = |word: &String| items.iter().any(|item| item.word() == word);
    let lacking = options.choice.faults.iter().flatten().filter(|word| !has(word)).cloned().collect();
    let mut search = Search::new(&base, options, &items);
    search.pruned.add_many(Reason::Equal, (base.equal + targets.equal_nodes) as u64);
    search.look_at_base()?;
    let is_whole = search.go_on(goes_on);
    let (places, plan) = (base.places.len(), Plan::of(base.scenario.clone()));
    let Search { runs, by_stage, pruned, groups, coverage, .. } = search;
    let mut groups = groups.ranked();
    groups.par_iter_mut().filter(|group| !group.plan.is_empty()).for_each(|group| {
        group.repeats = repeats(&base, &group.plan, &group.target());
        if !group.repeats && group.whole.len() > group.plan.len() && repeats(&base, &group.whole, &group.target()) {
            (group.plan, group.repeats) = (group.whole.clone(), true);
        }
    });
    Ok(Exploration {
        plan,
        seed,
        put_off: base.put_off,
        runs,
        by_stage,
        space: (places, items.len()),
        lacking,
        is_whole,
        pruned,
        groups,
        coverage,
    })
}

/// A search that goes on.
struct Search<'a> {
    base: &'a Base,
    options: &'a Options,
    singles: Singles<'a>,
    pairs: Pairs<'a>,
    swarm: Swarm<'a>,
    orders: Orders<'a>,
    runs: u64,
    by_stage: [u64; 4],
    pruned: Pruned,
    groups: Groups,
    coverage: Coverage,
}

impl<'a> Search<'a> {
    fn new(base: &'a Base, options: &'a Options, items: &'a [Item]) -> Search<'a> {
        let streams = Streams::new(base.seed);
        Search {
            base,
            options,
            singles: Singles::new(base, items),
            pairs: Pairs::new(base, items, streams),
            swarm: Swarm::new(base, items, streams),
            orders: Orders::new(base),
            runs: 0,
            by_stage: [0; 4],
            pruned: Pruned::default(),
            groups: Groups::default(),
            coverage: Coverage::new(steps::taken(base.end.timeline(), 0, &steps::States::new())),
        }
    }

    /// What is found without anything being put in.
    fn look_at_base(&mut self) -> Result<(), Vec<Diagnostic>> {
        let base = self.base;
        let plan = Plan::of(base.scenario.clone());
        let mut findings: Vec<Finding> = base.findings.clone();
        findings.extend(base.path_dependence()?);
        for finding in findings {
            let seen = seen(finding, &base.end, &plan);
            self.add(seen, (&plan, &plan), &[], 0);
        }
        Ok(())
    }

    fn add(&mut self, seen: Seen, plans: (&Plan, &Plan), steps: &[Step], run: u64) {
        let counts = self.options.only.as_ref().is_none_or(|only| only.contains(&seen.finding.rule));
        if counts && judges(&self.base.scenario, &seen.finding) {
            self.groups.add(seen, plans, steps, run);
        }
    }

    /// Goes on until nothing is left or wanted; true if nothing is left.
    fn go_on(&mut self, goes_on: &mut dyn FnMut(Progress) -> bool) -> bool {
        for round in 0_usize.. {
            let stage = ROUND[round % ROUND.len()];
            let Some((stage, mut batch)) = self.next_batch(stage) else { return true };
            let left = self.options.runs.map_or(u64::MAX, |most| most.saturating_sub(self.runs));
            batch.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            let base = self.base;
            let came: Vec<Came> = batch.par_iter().map(|attempt| attempt.attempt.run(base)).collect();
            for (tried, came) in batch.into_iter().zip(came) {
                self.take(stage, tried, came);
            }
            let is_done = self.options.runs.is_some_and(|most| self.runs >= most);
            if is_done || !goes_on(Progress { runs: self.runs, findings: self.groups.len() }) {
                return false;
            }
        }
        true
    }

    /// The next batch: of the stage whose turn it is, or of another that has something left. `None`: none has.
    fn next_batch(&mut self, turn: Stage) -> Option<(Stage, Vec<Tried>)> {
        let depth = self.options.depth;
        let stages = [turn, Stage::Singles, Stage::Orders, Stage::Pairs, Stage::Swarm];
        for stage in stages {
            let batch = match stage {
                Stage::Singles => self.singles.batch(BATCH, &mut self.pruned),
                Stage::Pairs if depth >= 2 => self.pairs.batch(BATCH),
                Stage::Swarm if depth >= 3 => self.swarm.batch(BATCH),
                Stage::Orders => {
                    let orders = self.orders.batch(BATCH).into_iter();
                    orders.map(|attempt| Tried { attempt, single: None }).collect()
                }
                Stage::Pairs | Stage::Swarm => Vec::new(),
            };
            if !batch.is_empty() {
                return Some((stage, batch));
            }
        }
        None
    }

    /// Looks at what came of an attempt.
    fn take(&mut self, stage: Stage, tried: Tried, came: Came) {
        self.runs += 1;
        self.by_stage[stage as usize] += 1;
        let Ran { seen, steps, idle } = match came {
            Came::Pruned(reason) => return self.pruned.add(reason),
            Came::Ran(ran) => ran,
        };
        let whole = tried.attempt.plan;
        let plan = whole.clone().without(&idle);
        let words: Vec<&'static str> = words(&plan).into_iter().collect();
        let fresh = self.coverage.add(&steps, &words);
        if let Some((item, place)) = tried.single {
            self.pairs.add(item, place, fresh, !seen.is_empty());
        }
        let (run, beyond) = (self.runs, if seen.is_empty() { Vec::new() } else { self.coverage.beyond_base(&steps) });
        for one in seen {
            self.add(one, (&plan, &whole), &beyond, run);
        }
    }
}

/// An attempt, and which item at which place it is if it is a single one.
struct Tried {
    attempt: Attempt,
    single: Option<(usize, usize)>,
}

fn words(plan: &Plan) -> BTreeSet<&'static str> {
    let faults = plan.faults.iter().map(|fault| fault.kind.text());
    faults.chain(plan.actions.iter().map(|action| action.kind.text())).collect()
}
