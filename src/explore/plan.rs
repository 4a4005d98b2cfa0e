//! What a search tried: a scenario, and the faults, actions and order of events that it added. And what is to be found in it again.
//! How a plan is found, run or written down stands elsewhere.

use std::sync::Arc;

use crate::kernel::Time;
use crate::rehearsal::Finding;
use crate::scenario::model::{ActionEntry, ActionKind, FaultEntry, FaultKind, Scenario, TieEntry, Trigger};
use crate::text::Place;
use crate::text::counted::ordinal;
use crate::text::rule::Rule;

/// A scenario and what a search added to it. Equal plans give equal runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The scenario as it stands in its file.
    pub scenario: Arc<Scenario>,
    /// Faults beyond those of the scenario, in the order in which they were put in.
    pub faults: Vec<FaultEntry>,
    /// An operator's actions beyond those of the scenario, in the same way.
    pub actions: Vec<ActionEntry>,
    /// What comes behind its peers of one instant, beyond the scenario's own.
    pub ties: Vec<TieEntry>,
}

/// What is to be found in the runs of a plan, whatever becomes of the rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// The oracle.
    pub rule: &'static Rule,
    /// The kind of whom it is about, as a subject has it before the slash: `Deployment`.
    pub subject_kind: String,
    /// Whom it was about in the run that showed it: `Deployment/web`.
    pub subject: String,
}

impl Plan {
    /// The scenario as it is.
    pub const fn of(scenario: Arc<Scenario>) -> Plan {
        Plan { scenario, faults: Vec::new(), actions: Vec::new(), ties: Vec::new() }
    }

    /// The scenario with all that was added to it, as a file could have it.
    pub fn merged(&self) -> Scenario {
        let mut scenario = Scenario::clone(&self.scenario);
        scenario.faults.extend(self.faults.iter().cloned());
        scenario.actions.extend(self.actions.iter().cloned());
        scenario.ties.extend(self.ties.iter().cloned());
        scenario
    }

    /// True if another plan of the same scenario adds the same.
    pub fn adds_the_same(&self, other: &Plan) -> bool {
        (&self.faults, &self.actions, &self.ties) == (&other.faults, &other.actions, &other.ties)
    }

    /// True if another plan of the same scenario adds all that this one does, at whatever time.
    pub fn is_within(&self, other: &Plan) -> bool {
        let has_fault = |kind: &FaultKind| other.faults.iter().any(|fault| fault.kind == *kind);
        let has_action = |kind: &ActionKind| other.actions.iter().any(|action| action.kind == *kind);
        let has_tie = |tie: &TieEntry| other.ties.iter().any(|one| one == tie);
        self.faults.iter().all(|fault| has_fault(&fault.kind))
            && self.actions.iter().all(|action| has_action(&action.kind))
            && self.ties.iter().all(has_tie)
    }

    /// How many faults, actions and ties were added.
    pub const fn len(&self) -> usize {
        self.faults.len() + self.actions.len() + self.ties.len()
    }

    /// True for the scenario as it is.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a fault under a name of its own.
    #[must_use]
    pub fn with_fault(mut self, kind: FaultKind, trigger: Trigger) -> Plan {
        let name = self.next_name();
        self.faults.push(FaultEntry { place: self.place(), name, trigger, kind });
        self
    }

    /// Adds an action under a name of its own.
    #[must_use]
    pub fn with_action(mut self, kind: ActionKind, trigger: Trigger) -> Plan {
        let name = self.next_name();
        self.actions.push(ActionEntry { place: self.place(), name, trigger, read: None, kind });
        self
    }

    /// Puts what happens with a subject at an instant behind its peers.
    #[must_use]
    pub fn with_tie(mut self, at: Time, subject: String) -> Plan {
        self.ties.push(TieEntry { place: self.place(), at, subject, tie: 1 });
        self
    }

    /// The plan without the faults and actions of these names.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Plan {
        self.faults.retain(|fault| !names.contains(&fault.name));
        self.actions.retain(|action| !names.contains(&action.name));
        self
    }

    /// What was added, a line each: `pod_kill deployment/vllm, at 00:07:10.000`.
    pub fn describe(&self) -> Vec<String> {
        let faults = self.faults.iter().map(|fault| describe_fault(&fault.kind, &fault.trigger));
        let actions = self.actions.iter().map(|action| describe_action(&action.kind, &action.trigger));
        let ties = self.ties.iter().map(|tie| format!("{} behind its peers at {}", tie.subject, tie.at));
        faults.chain(actions).chain(ties).collect()
    }

    /// A name that nothing in the scenario has.
    fn next_name(&self) -> String {
        let is_taken = |name: &String| {
            self.scenario.faults.iter().chain(&self.faults).any(|fault| fault.name == *name)
                || self.scenario.actions.iter().chain(&self.actions).any(|action| action.name == *name)
        };
        let mut names = (self.len() + 1..).map(|number| format!("search-{number}"));
        names.find(|name| !is_taken(name)).unwrap_or_default()
    }

    /// Where something stands that no file has yet: before the first line of the scenario's.
    fn place(&self) -> Place {
        Place { file: self.scenario.file.clone(), line: 0, column: 0 }
    }
}

impl Target {
    /// To find again what was found.
    pub fn of(finding: &Finding) -> Target {
        let subject_kind = kind_of(&finding.subject).to_owned();
        Target { rule: finding.rule, subject_kind, subject: finding.subject.clone() }
    }

    /// True for a finding of the same oracle about the same kind of subject.
    pub fn is_met_by(&self, finding: &Finding) -> bool {
        self.rule == finding.rule && self.subject_kind == kind_of(&finding.subject)
    }
}

/// What stands before the slash of a subject.
fn kind_of(subject: &str) -> &str {
    subject.split_once('/').map_or(subject, |(kind, _)| kind)
}

/// A fault, whom it hits and when, in a line.
pub fn describe_fault(kind: &FaultKind, trigger: &Trigger) -> String {
    format!("{}, {}", super::words::fault(kind), describe_trigger(trigger))
}

/// An action and when it takes place, in a line.
pub fn describe_action(kind: &ActionKind, trigger: &Trigger) -> String {
    format!("{}, {}", kind.describe(), describe_trigger(trigger))
}

fn describe_trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::At(at) => format!("at {at}"),
        Trigger::On { subject, reaches, occurrence, after } => {
            let time = nth_time(*occurrence);
            let after = if after.nanos() > 0 { format!("{after} after ") } else { "when ".to_owned() };
            format!("{after}{subject} becomes {reaches}{time}")
        }
        Trigger::Access(access) => {
            let time = nth_time(access.occurrence);
            let after = if access.after.nanos() > 0 { format!("{} after ", access.after) } else { String::new() };
            format!("{after}{}{time}", access.describe())
        }
    }
}

/// ` for the 2nd time`; nothing for the first.
fn nth_time(occurrence: u32) -> String {
    if occurrence > 1 { format!(" for the {} time", ordinal(occurrence)) } else { String::new() }
}
