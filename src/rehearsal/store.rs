//! What a scenario has in store for a run that an operator or a search may add to: faults, actions and ties, those that were put in last.
//! The rest of the scenario stays as it is, and all forks of a run share it.

use crate::scenario::model::{ActionEntry, FaultEntry, Scenario, TieEntry};

/// The faults, actions and ties of a run, by the positions that its cues have.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub faults: Vec<FaultEntry>,
    pub actions: Vec<ActionEntry>,
    pub ties: Vec<TieEntry>,
}

impl Store {
    /// Those of a scenario.
    pub fn of(scenario: &Scenario) -> Store {
        let Scenario { faults, actions, ties, .. } = scenario;
        Store { faults: faults.clone(), actions: actions.clone(), ties: ties.clone() }
    }
}
