//! A run that can be forked: the rehearsal with those who judge it. What is put into it, and what it is compared with, stands
//! elsewhere.

use std::sync::Arc;

use super::plan::Plan;
use crate::cluster::Cluster;
use crate::kernel::{Limits, Time};
use crate::oracle::Oracles;
use crate::rehearsal::{Fate, Finding, Observer, Options, Rehearsal, simulated};
use crate::scenario::model::Scenario;
use crate::text::Diagnostic;
use crate::timeline::{Head, Kind, Timeline};
use crate::workload::Stage;

/// What a run of a search may do at most: one in which time stands still is a finding after a million events as well as after more.
pub const LIMITS: Limits = Limits { events_per_instant: 1_000_000, events_per_run: 100_000_000 };

/// A run that goes on, and its judges.
#[derive(Clone)]
pub struct Fork {
    rehearsal: Rehearsal<Cluster>,
    oracles: Oracles,
}

impl Fork {
    /// A run of a scenario before anything happened, under a seed.
    ///
    /// # Errors
    /// What is wrong with the scenario or its documents, so that there is nothing to run.
    pub fn new(scenario: &Scenario, seed: u64) -> Result<Fork, Vec<Diagnostic>> {
        let oracles = Oracles::new(scenario)?;
        let options = Options { seed: Some(seed), ..Options::default() };
        let mut cluster = simulated(scenario, seed)?;
        cluster.limit(LIMITS);
        let rehearsal = Rehearsal::new(scenario, cluster, options)?;
        Ok(Fork { rehearsal, oracles })
    }

    /// The same run at the same instant, which goes on by itself.
    #[must_use]
    pub fn fork(&self) -> Fork {
        self.clone()
    }

    /// Makes this a run whose forks share with it what they do not change, until it goes on.
    pub fn freeze(&mut self) {
        self.rehearsal.freeze();
    }

    /// Makes texts known that what is put in will bring, so that a fork does not copy the table of names for them.
    pub fn foretell(&mut self, texts: impl IntoIterator<Item = String>) {
        let (_, names) = self.rehearsal.stage_mut().timeline_mut();
        for text in texts {
            names.intern(&text);
        }
    }

    /// Keeps every write and read from now on, and what could have come in another order.
    pub fn keep_accesses_and_ties(&mut self) {
        let stage = self.rehearsal.stage_mut();
        stage.keep_accesses();
        stage.keep_ties();
    }

    /// Handles the next thing that happens; `false` once the run is over.
    pub fn step(&mut self) -> bool {
        self.rehearsal.step(&mut [Box::new(&mut self.oracles)])
    }

    /// Goes on to the end.
    pub fn go_on(&mut self) {
        let observers: &mut [Box<dyn Observer + '_>] = &mut [Box::new(&mut self.oracles)];
        while self.rehearsal.step(observers) {}
    }

    /// Puts in what a plan adds to its scenario.
    pub fn put(&mut self, plan: &Plan) {
        for fault in &plan.faults {
            self.rehearsal.inject_fault(fault.clone());
        }
        for action in &plan.actions {
            self.rehearsal.inject_action(action.clone());
        }
        for tie in &plan.ties {
            self.rehearsal.inject_tie(tie.clone());
        }
    }

    /// What has become of a fault or action.
    pub fn fate(&self, name: &str) -> Fate {
        self.rehearsal.fate(name).unwrap_or(Fate::Pending)
    }

    /// The present.
    pub fn now(&self) -> Time {
        self.rehearsal.now()
    }

    /// The run.
    pub const fn rehearsal(&self) -> &Rehearsal<Cluster> {
        &self.rehearsal
    }

    /// The world.
    pub const fn stage(&self) -> &Cluster {
        self.rehearsal.stage()
    }

    /// What happened.
    pub fn timeline(&self) -> &Timeline {
        self.rehearsal.stage().timeline()
    }

    /// When a fault or an action of this name took place, if it did.
    pub fn struck_at(&self, name: &str) -> Option<Time> {
        let stage = self.stage();
        let name = stage.names().find_name(name)?;
        let is_own =
            |entry: &Head| matches!(entry.subject.kind, Kind::Fault | Kind::Action) && entry.subject.name == name;
        stage.timeline().heads(0).map(|(_, entry)| entry).find(is_own).map(|entry| entry.at)
    }

    /// What the oracles found; those findings that the scenario expects are left out. Called once the run is over.
    pub fn findings(&mut self) -> Vec<Finding> {
        let mut findings = self.rehearsal.findings_of(&mut self.oracles);
        findings.retain(|finding| !finding.expected);
        findings
    }
}

/// A scenario as a search runs it: up to `until`, whatever its expectations are.
pub fn lengthened(scenario: &Scenario, until: Time) -> Arc<Scenario> {
    let mut scenario = scenario.clone();
    scenario.until = until.max(scenario.until);
    // The expectations judge the run that they were written for; they do not end one that was changed.
    scenario.stop_when_settled = false;
    Arc::new(scenario)
}
