//! One run of a rollout: how it went, its figures, and what waits at its end. How that is read from the run stands beside.

mod ending;
mod judge;
mod owners;

pub use ending::is_settled;

use std::collections::BTreeSet;

use super::figures::{Gpus, Service, Stall, Workload};
use super::watch::Watch;
use crate::kernel::{Duration, Time};
use crate::rehearsal::{Notice, Observer, Options, Rehearsal, Rejection, simulated};
use crate::scenario::Scenario;
use crate::scenario::model::Trigger;
use crate::systems::kubernetes::{Identity, Manifest};
use crate::text::Diagnostic;
use crate::timeline::{EntryId, Kind};
use crate::workload::BudgetStatus;

/// How far a plan looks beyond the last thing that a scenario does: a rollout that has not ended by then does not.
pub const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// How a rollout went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All became as it should be, at this time for the last time.
    Finished(Time),
    /// Something waits for ever for something that never comes.
    Deadlocked,
    /// Something was given up, refused, or fails again and again.
    Failed,
    /// It waits for an operator.
    Waiting,
    /// It was still going on at the end.
    Unfinished,
}

/// Something that is not as it should be at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// What it is.
    pub subject: String,
    /// Its kind.
    pub kind: Kind,
    /// What it became last.
    pub became: &'static str,
    /// Why.
    pub why: String,
    /// When.
    pub at: Time,
    /// The workloads that it is of, the nearest first: `ReplicaSet/web-r2`, `Deployment/web`.
    pub owners: Vec<String>,
    /// The entry that says so.
    pub entry: EntryId,
}

impl Stuck {
    /// What it became, and why: `Pod/web-r2-0 Unschedulable: no nodes available`.
    pub fn told(&self) -> String {
        let colon = if self.why.is_empty() { "" } else { ": " };
        format!("{} {}{colon}{}", self.subject, self.became, self.why)
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Course {
    /// When the rollout began.
    pub begins: Time,
    /// How it went.
    pub outcome: Outcome,
    /// When the run ended.
    pub ends: Time,
    /// The last progress of the rollout.
    pub last_progress: Time,
    /// GPUs.
    pub gpus: Gpus,
    /// Workloads, by name.
    pub workloads: Vec<Workload>,
    /// Services, by name.
    pub services: Vec<Service>,
    /// The longest time without progress.
    pub stall: Stall,
    /// What is not as it should be at the end.
    pub stuck: Vec<Stuck>,
    /// Sets and groups that are not as they should be at the end, and deadlines that struck on the way.
    pub complaints: Vec<Stuck>,
    /// Deployments that reported on the way that their deadline had passed.
    pub deadlines: Vec<Stuck>,
    /// Deployments of which pods of an earlier revision are ready at the end.
    pub old_revisions: BTreeSet<String>,
    /// Disruption budgets at the end.
    pub budgets: Vec<(Identity, BudgetStatus)>,
    /// The limit of a run that was hit.
    pub limit: Option<String>,
    /// Documents that were refused.
    pub rejections: Vec<Rejection>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// The manifests as they were wanted at the end.
    pub objects: Vec<Manifest>,
}

impl Course {
    /// The longest time that a Service which serves was without a ready endpoint.
    pub fn outage(&self) -> Duration {
        let serving = self.services.iter().filter(|service| !service.preview);
        serving.map(|service| service.outage(self.ends)).max().unwrap_or(Duration::ZERO)
    }

    /// How long the rollout took.
    pub fn took(&self) -> Option<Duration> {
        match self.outcome {
            Outcome::Finished(at) => Some(at.since(self.begins)),
            _ => None,
        }
    }
}

/// Runs a scenario to its end and beyond, until it is sure how its rollout ends.
///
/// # Errors
/// What is wrong with the scenario or its documents.
pub fn course(scenario: &Scenario, seed: u64) -> Result<Course, Vec<Diagnostic>> {
    let mut scenario = scenario.clone();
    scenario.until = last_cue(&scenario) + HORIZON;
    scenario.stop_when_settled = false;
    // Expectations are about the run that the scenario describes; a plan has questions of its own.
    scenario
        .expect
        .retain(|expect| expect.kind.states().iter().any(|(_, state)| state.eq_ignore_ascii_case("rejected")));
    let options = Options { seed: Some(seed), ..Options::default() };
    let mut watch = Watch::new(!scenario.actions.is_empty());
    let mut rehearsal = Rehearsal::new(&scenario, simulated(&scenario, seed)?, options)?;
    let quiet_from = last_cue(&scenario);
    {
        let mut observers: [Box<dyn Observer + '_>; 1] = [Box::new(&mut watch)];
        while rehearsal.step(&mut observers) {}
    }
    watch.finish(rehearsal.stage());
    Ok(judge::judge(rehearsal, &watch, quiet_from, options))
}

/// The last time that the scenario itself is sure to do something.
fn last_cue(scenario: &Scenario) -> Time {
    let trigger = |trigger: &Trigger| match trigger {
        Trigger::At(at) => *at,
        Trigger::On { .. } | Trigger::Access(_) => scenario.until,
    };
    let deploys = scenario.deploy.iter().map(|deploy| deploy.at);
    let faults = scenario.faults.iter().map(|fault| trigger(&fault.trigger));
    let actions = scenario.actions.iter().map(|action| trigger(&action.trigger));
    deploys.chain(faults).chain(actions).max().unwrap_or(Time::ZERO).max(scenario.until)
}
