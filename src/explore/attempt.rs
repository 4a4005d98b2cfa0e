//! One run of a search: a fork with something put into it, up to its end, and what came of it. Nothing of the run is kept.

use std::collections::BTreeSet;

use super::base::{Base, over_at};
use super::differential::{churn, divergence};
use super::effect::is_like;
use super::fork::Fork;
use super::group::{Seen, seen, told_once};
use super::plan::Plan;
use super::prune::Reason;
use crate::kernel::Time;
use crate::rehearsal::{Ending, Fate, Finding};
use crate::scenario::model::Trigger;
use crate::timeline::steps::{self, Step};

/// Something to try: a plan, and the run that is forked for it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What is put in.
    pub plan: Plan,
    /// The position of the run.
    pub kept: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Came {
    /// Nothing that was worth looking at.
    Pruned(Reason),
    /// A run of its own.
    Ran(Ran),
}

/// A run that was another than that without the faults.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What was found in it, and not without what was put in.
    pub seen: Vec<Seen>,
    /// What its subjects went through from the fork on.
    pub steps: BTreeSet<Step>,
    /// The names of what was put in and had no effect: it was refused, found nothing, or never fired.
    pub idle: Vec<String>,
}

impl Attempt {
    /// Forks the run, puts the plan in and goes on to the end.
    pub fn run(&self, base: &Base) -> Came {
        let start = &base.kept[self.kept];
        let mut run = start.fork.fork();
        run.put(&self.plan);
        let names: Vec<&str> = names(&self.plan).collect();
        let mut pending = names.clone();
        // Whatever does nothing leaves the run as it is: its end is known.
        let mut idle: Vec<(&str, Reason)> = Vec::new();
        // An order of events has no name of its own: what comes of it shows in the run.
        while !pending.is_empty() && run.step() {
            pending.retain(|name| match run.fate(name) {
                Fate::Pending => true,
                Fate::Void => {
                    idle.push((name, Reason::NothingHit));
                    false
                }
                Fate::Refused => {
                    idle.push((name, Reason::Refused));
                    false
                }
                Fate::Fired | Fate::Standing => false,
            });
            if idle.len() == names.len() {
                return Came::Pruned(idle[0].1);
            }
        }
        run.go_on();
        let is_idle = |name: &&&str| matches!(run.fate(name), Fate::Pending | Fate::Standing);
        idle.extend(names.iter().filter(is_idle).map(|name| (*name, Reason::NeverFired)));
        if !idle.is_empty() && idle.len() == names.len() {
            return Came::Pruned(idle[0].1);
        }
        if is_like(&run, &base.end, start.entries) {
            return Came::Pruned(Reason::NoDifference);
        }
        let findings = findings(base, &mut run, &self.plan);
        let mut told = BTreeSet::new();
        let seen = findings
            .into_iter()
            .filter(|finding| !base.known.contains(&told_once(finding)) && told.insert(told_once(finding)))
            .map(|finding| seen(finding, &run, &self.plan))
            .collect();
        let idle = idle.into_iter().map(|(name, _)| name.to_owned()).collect();
        // Up to the fork it went the way of the run without the plan.
        Came::Ran(Ran { seen, steps: steps::taken(run.timeline(), start.entries, &start.states), idle })
    }
}

fn names(plan: &Plan) -> impl Iterator<Item = &str> {
    let faults = plan.faults.iter().map(|fault| fault.name.as_str());
    faults.chain(plan.actions.iter().map(|action| action.name.as_str()))
}

/// What the oracles find in a run that is over, those that compare it with the run without the plan among them.
pub fn findings(base: &Base, run: &mut Fork, plan: &Plan) -> Vec<Finding> {
    let mut findings = run.findings();
    // What an operator changes is another end that is wanted.
    let limit = matches!(run.rehearsal().ending(), Some(Ending::LimitReached(_)));
    if plan.actions.is_empty()
        && !plan.faults.is_empty()
        && !limit
        && let Some(over) = all_over(run, plan)
    {
        findings.extend(divergence(base, run, over));
        findings.extend(churn(base, run, over));
    }
    findings
}

/// When the last fault of a plan was over; `None` if one never is.
fn all_over(run: &Fork, plan: &Plan) -> Option<Time> {
    let struck = |fault: &crate::scenario::model::FaultEntry| match &fault.trigger {
        Trigger::At(at) => *at,
        // The entry that it strikes with has its name.
        Trigger::On { .. } | Trigger::Access(_) => run.struck_at(&fault.name).unwrap_or(Time::ZERO),
    };
    let mut last = Time::ZERO;
    for fault in &plan.faults {
        last = last.max(over_at(&fault.kind, struck(fault))?);
    }
    Some(last)
}
