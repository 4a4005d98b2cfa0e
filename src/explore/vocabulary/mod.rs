//! What can be done to a scenario: each fault with each sensible target, each action that its systems take, made from the scenario and
//! from its run. When each of it is done is the search's.

mod actions;
mod faults;
mod lengths;
mod targets;

use std::collections::BTreeMap;

pub use faults::{WORDS as FAULT_WORDS, ends_after};
pub use targets::Targets;

use super::fork::Fork;
use super::plan::Plan;
use crate::scenario::model::{ActionKind, FaultKind, Scenario, Trigger};
use crate::systems::System;
use crate::workload::Counts;

/// What is done.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// A fault.
    Fault(FaultKind),
    /// An operator's action.
    Action(ActionKind),
}

/// Something that can be done to a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What.
    pub what: What,
    /// What must be there for it, as a subject; `None`: it can stand before anything is there.
    pub needs: Option<String>,
}

/// What a search may use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Choice {
    /// The faults, by the names that scenarios have for them; `None`: all.
    pub faults: Option<Vec<String>>,
    /// No operator's actions.
    pub no_actions: bool,
}

impl Item {
    fn fault(kind: FaultKind) -> Item {
        Item { what: What::Fault(kind), needs: None }
    }

    fn action(kind: ActionKind) -> Item {
        Item { what: What::Action(kind), needs: None }
    }

    fn needing(mut self, subject: &str) -> Item {
        self.needs = Some(subject.to_owned());
        self
    }

    /// The name of the fault or action, as a scenario writes it.
    pub const fn word(&self) -> &'static str {
        match &self.what {
            What::Fault(kind) => kind.text(),
            What::Action(kind) => kind.text(),
        }
    }

    /// The plan with this done as well.
    pub fn put_into(&self, plan: Plan, trigger: Trigger) -> Plan {
        match &self.what {
            What::Fault(kind) => plan.with_fault(kind.clone(), trigger),
            What::Action(kind) => plan.with_action(kind.clone(), trigger),
        }
    }

    /// True if what it needs is there at this instant of a run.
    pub fn can_strike(&self, fork: &Fork) -> bool {
        self.needs.as_ref().is_none_or(|needs| counts(fork, needs).is_some_and(|counts| counts.pods > 0))
    }
}

/// Everything that can be done to a scenario, in a fixed order.
pub fn vocabulary(scenario: &Scenario, targets: &Targets, systems: &[System], choice: &Choice) -> Vec<Item> {
    let mut items = faults::faults(scenario, targets, systems);
    if let Some(wanted) = &choice.faults {
        items.retain(|item| wanted.iter().any(|word| word == item.word()));
    }
    if !choice.no_actions {
        items.extend(actions::actions(scenario, targets, systems));
    }
    // What two rows of a table made alike is one.
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    items.retain(|item| seen.insert(format!("{:?}", item.what), ()).is_none());
    items
}

/// The true figures of a subject that is given as a text.
fn counts(fork: &Fork, subject: &str) -> Option<Counts> {
    use crate::workload::Stage;
    let stage = fork.stage();
    targets::find(subject, stage.names()).and_then(|subject| stage.counts(subject))
}
