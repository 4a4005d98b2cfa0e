//! What the runs of a search reached: of each kind of subject which states, and from which to which; and which faults made which of
//! them happen.

use std::collections::{BTreeMap, BTreeSet};

use crate::timeline::Kind;
use crate::timeline::states::states;
use crate::timeline::steps::{self, Step};

/// What all runs reached together.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    base: BTreeSet<Step>,
    reached: BTreeMap<Step, BTreeSet<&'static str>>,
}

/// What was reached of the subjects of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfKind {
    /// The kind.
    pub kind: Kind,
    /// States in the run as the scenario has it.
    pub in_base: BTreeSet<&'static str>,
    /// States that other runs alone reached.
    pub in_runs: BTreeSet<&'static str>,
    /// States that no run reached.
    pub never: BTreeSet<&'static str>,
    /// Steps in the run as the scenario has it: from (`""`: from nothing), to.
    pub steps_in_base: Vec<(&'static str, &'static str)>,
    /// Steps that other runs alone made, each with the faults and actions of those runs.
    pub steps_in_runs: Vec<(&'static str, &'static str, BTreeSet<&'static str>)>,
    /// [Known steps](steps::known) that no run made.
    pub steps_never: Vec<(&'static str, &'static str)>,
}

impl Coverage {
    /// That of the run as the scenario has it.
    pub fn new(base: BTreeSet<Step>) -> Coverage {
        Coverage { base, reached: BTreeMap::new() }
    }

    /// Adds a run with what was put into it; how many steps no run had made before.
    pub fn add(&mut self, steps: &BTreeSet<Step>, words: &[&'static str]) -> usize {
        let mut fresh = 0;
        for step in steps.difference(&self.base) {
            let by = self.reached.entry(*step).or_insert_with(|| {
                fresh += 1;
                BTreeSet::new()
            });
            by.extend(words);
        }
        fresh
    }

    /// The steps of a run that the run as the scenario has it does not make.
    pub fn beyond_base(&self, steps: &BTreeSet<Step>) -> Vec<Step> {
        steps.difference(&self.base).copied().collect()
    }

    /// How many steps there were in the run as the scenario has it, and in all.
    pub fn counts(&self) -> (usize, usize) {
        (self.base.len(), self.base.len() + self.reached.len())
    }

    /// By kind.
    pub fn kinds(&self) -> Vec<OfKind> {
        let all = self.base.iter().chain(self.reached.keys());
        let kinds: BTreeSet<Kind> = all.map(|(kind, ..)| *kind).collect();
        kinds
            .into_iter()
            .map(|kind| {
                let in_base: BTreeSet<&str> =
                    self.base.iter().filter(|step| step.0 == kind).map(|step| step.2).collect();
                let others: Vec<_> = self.reached.iter().filter(|(step, _)| step.0 == kind).collect();
                let in_runs: BTreeSet<&str> =
                    others.iter().map(|(step, _)| step.2).filter(|state| !in_base.contains(state)).collect();
                let known = states(kind).unwrap_or(&[]).iter().copied();
                let never = known.filter(|state| !in_base.contains(state) && !in_runs.contains(state)).collect();
                let is_reached = |from: &'static str, to: &'static str| {
                    let step = (kind, from, to);
                    self.base.contains(&step) || self.reached.contains_key(&step)
                };
                let steps = self.base.iter().filter(|step| step.0 == kind);
                let all = steps::known(kind).iter().copied();
                OfKind {
                    kind,
                    steps_in_base: steps.map(|step| (step.1, step.2)).collect(),
                    steps_never: all.filter(|(from, to)| !is_reached(from, to)).collect(),
                    steps_in_runs: others.into_iter().map(|(step, by)| (step.1, step.2, by.clone())).collect(),
                    in_base,
                    in_runs,
                    never,
                }
            })
            .collect()
    }
}
