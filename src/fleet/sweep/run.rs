//! A plan that is ready to run, and one run of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Outcome;
use super::watch::Watch;
use crate::cluster::Cluster;
use crate::explore::{add_comparisons, is_asked_for};
use crate::oracle::{Judge, Oracles};
use crate::rehearsal::{Observer, Options, Rehearsal, RunResult, VerdictStatus, simulated};
use crate::scenario::Scenario;
use crate::text::Diagnostic;

/// A plan whose documents are read and whose judges are made.
pub struct Prepared {
    scenario: Arc<Scenario>,
    judge: Judge,
    oracles: Oracles,
    watch: Watch,
    /// The run before its first step, which each run is forked from; `None` if something is drawn before that.
    start: Option<Rehearsal<Cluster>>,
}

impl Prepared {
    /// Makes a scenario ready.
    ///
    /// # Errors
    /// What is wrong with it, so that there is nothing to run.
    pub fn new(scenario: Scenario) -> Result<Prepared, Vec<Diagnostic>> {
        let (judge, oracles) = match (Judge::new(&scenario), Oracles::new(&scenario)) {
            (Ok(judge), Ok(oracles)) => (judge, oracles),
            (judge, oracles) => return Err([judge.err(), oracles.err()].into_iter().flatten().flatten().collect()),
        };
        let mut start = begin(&scenario, scenario.seed)?;
        start.freeze();
        let start = (!Rehearsal::draws_at_once(&scenario)).then_some(start);
        let watch = Watch::new(scenario.deploy.iter().map(|deploy| deploy.at));
        Ok(Prepared { scenario: Arc::new(scenario), judge, oracles, watch, start })
    }

    /// The scenario with the values of the plan.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Runs it under a seed.
    ///
    /// # Panics
    /// If a scenario that was begun once cannot be begun again, which only a mistake here can bring about.
    pub fn run(&self, seed: u64) -> Outcome {
        let mut run = match &self.start {
            Some(start) => {
                let mut run = start.clone();
                run.reseed(seed);
                run
            }
            None => begin(&self.scenario, seed).expect("it was begun when the plan was made"),
        };
        let (mut judge, mut oracles, mut watch) = (self.judge.clone(), self.oracles.clone(), self.watch.clone());
        let result = {
            let mut observers: [Box<dyn Observer + '_>; 3] =
                [Box::new(&mut judge), Box::new(&mut oracles), Box::new(&mut watch)];
            while run.step(&mut observers) {}
            run.finish(Options { seed: Some(seed), ..Options::default() }, &mut observers)
        };
        self.outcome(result, &watch)
    }

    fn outcome(&self, mut result: RunResult, watch: &Watch) -> Outcome {
        if is_asked_for(&self.scenario) {
            // They run the scenario again; that it can be run is shown already.
            let _ = add_comparisons(&self.scenario, &mut result);
        }
        let end = result.ended_at;
        let measured = watch.measured(end);
        let routed = result.traffic.series().map(|(_, series)| series.outage(end)).max();
        let mut findings: BTreeMap<String, i64> = BTreeMap::new();
        for finding in result.findings.iter().filter(|finding| !finding.expected) {
            *findings.entry(finding.rule.code.to_owned()).or_default() += 1;
        }
        let failed = result.verdicts.iter().zip(0..).filter(|(verdict, _)| verdict.status != VerdictStatus::Passed);
        let nanos = |length: crate::kernel::Duration| length.nanos() as i64;
        Outcome {
            exit: result.exit_code(),
            time_to_ready_ns: measured.ready.map(nanos),
            time_to_settle_ns: measured.settled.map(nanos),
            outage_ns: nanos(routed.map_or(measured.outage, |routed| routed.max(measured.outage))),
            lowest_availability_ppm: measured.lowest_ppm,
            gpu_secs: measured.gpu_secs,
            peak_gpus: measured.peak_gpus as i64,
            pods_pending: measured.pods_pending as i64,
            length_ns: end.nanos() as i64,
            findings,
            failed: failed.map(|(_, index)| index).collect(),
        }
    }
}

fn begin(scenario: &Scenario, seed: u64) -> Result<Rehearsal<Cluster>, Vec<Diagnostic>> {
    let options = Options { seed: Some(seed), ..Options::default() };
    Rehearsal::new(scenario, simulated(scenario, seed)?, options)
}
