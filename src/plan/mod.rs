//! The verdict on a rollout before it runs: does it come to its end, what does it cost on the way, what stands against it,
//! and what would mend that. A plan is made of runs; how they are shown is `report`'s.

pub mod assumed;
pub mod baseline;
pub mod course;
mod diagnose;
pub mod document;
pub mod figures;
pub mod finding;
pub mod mend;
mod remedy;
pub mod rollout;
pub mod rules;
pub mod threshold;
mod watch;

use std::collections::BTreeSet;

use rayon::prelude::*;

use course::{Course, course};
use finding::{Finding, Mend};
use mend::Change;
use rules::Gravity;

use crate::kernel::{Distribution, Duration};
use crate::scenario::Scenario;
use crate::text::Diagnostic;

/// The most nodes that a mend adds to a pool.
const NODES_MORE_MAX: u32 = 64;

/// How a plan is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The first seed; `None`: the scenario's.
    pub seed: Option<u64>,
    /// How many seeds are run where anything is drawn; at least 1.
    pub seeds: u32,
    /// False: nothing is tried that might mend a finding.
    pub mends: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { seed: None, seeds: 20, mends: true }
    }
}

/// The time to finish over several seeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    /// How many seeds were run.
    pub seeds: u32,
    /// How many of them came to their end.
    pub finished: u32,
    /// Half of those that did took no longer.
    pub p50: Duration,
    /// Nine of ten took no longer.
    pub p90: Duration,
    /// Ninety-nine of a hundred took no longer.
    pub p99: Duration,
}

/// The verdict on a rollout.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name.
    pub name: String,
    /// The scenario's file, as the user named it.
    pub file: String,
    /// The profile of the cluster: `kubernetes 1.36`.
    pub profile: String,
    /// The seed of the run that the figures are of.
    pub seed: u64,
    /// That run.
    pub course: Course,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
    /// The time to finish over several seeds; `None`: nothing is drawn, so that every seed gives the same.
    pub spread: Option<Spread>,
}

impl Plan {
    /// The findings of a gravity.
    pub fn findings_of(&self, gravity: Gravity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.rule.gravity == gravity)
    }
}

/// Judges the rollout of a scenario: what follows from its first action, or from its start if it has none.
///
/// # Errors
/// What is wrong with the scenario or its documents, so that nothing can be run.
pub fn judge(scenario: &Scenario, options: Options) -> Result<Plan, Vec<Diagnostic>> {
    let seed = options.seed.unwrap_or(scenario.seed);
    let course = course(scenario, seed)?;
    let mut findings = diagnose::diagnose(scenario, &course);
    if options.mends {
        try_mends(scenario, seed, &course, &mut findings);
    }
    let spread = (options.seeds > 1 && draws(scenario)).then(|| spread(scenario, seed, options.seeds, course.took()));
    Ok(Plan {
        name: scenario.name.clone(),
        file: scenario.file.to_string(),
        profile: format!("kubernetes {}", scenario.kubernetes.version),
        seed,
        course,
        findings,
        spread,
    })
}

/// True if anything of a scenario is drawn, so that another seed may give another run.
fn draws(scenario: &Scenario) -> bool {
    let is_drawn = |length: &Distribution| !matches!(length, Distribution::Constant(_));
    let rows = scenario.behaviour.iter().flat_map(|row| {
        let crash = row.crash.as_ref().map(|crash| &crash.after);
        [&row.pull, &row.init, &row.start, &row.register, &row.run, &row.stop].into_iter().flatten().chain(crash)
    });
    let nodes = scenario.cluster.nodes.iter().filter_map(|entry| entry.provisioned_after.as_ref());
    let cluster = scenario.cluster.provisioning.iter().chain(&scenario.oci.provisioning);
    rows.chain(nodes).chain(cluster).any(is_drawn)
        || scenario.cluster.scheduler == crate::cluster::scheduler::SchedulerProfile::KubeSampled
}

/// The time to finish over so many seeds, of which the first was run already.
fn spread(scenario: &Scenario, first: u64, seeds: u32, first_took: Option<Duration>) -> Spread {
    let runs: Vec<Option<Duration>> = (1..u64::from(seeds))
        .into_par_iter()
        .map(|offset| course(scenario, first.wrapping_add(offset)).ok().and_then(|course| course.took()))
        .collect();
    let mut took: Vec<Duration> = runs.into_iter().chain([first_took]).flatten().collect();
    took.sort_unstable();
    // The smallest length that so many of a hundred do not exceed: the nearest rank.
    let rank = |percent: usize| {
        let rank = (took.len() * percent).div_ceil(100).max(1);
        took.get(rank - 1).copied().unwrap_or(Duration::ZERO)
    };
    Spread { seeds, finished: took.len() as u32, p50: rank(50), p90: rank(90), p99: rank(99) }
}

/// Runs what might mend each finding, and notes what does.
fn try_mends(scenario: &Scenario, seed: u64, course: &Course, findings: &mut [Finding]) {
    let codes: BTreeSet<&'static str> = findings.iter().map(|finding| finding.rule.code).collect();
    for code in codes {
        let same: Vec<&Finding> = findings.iter().filter(|finding| finding.rule.code == code).collect();
        let candidates = remedy::candidates(scenario, course, &same);
        let tried: Vec<Option<Trial>> =
            candidates.into_par_iter().map(|changes| enlarge(scenario, seed, changes, findings)).collect();
        let trials: Vec<Trial> = tried.into_iter().flatten().collect();
        for finding in findings.iter_mut().filter(|finding| finding.rule.code == code) {
            let mended = trials.iter().filter(|trial| !trial.keys.contains(&own_key(finding)));
            finding.mends = mended.map(|trial| trial.mend(finding)).collect();
            blame_taint(finding);
        }
    }
}

/// Room that a toleration gives is not lacking: a taint stands before it.
fn blame_taint(finding: &mut Finding) {
    let tolerates = |mend: &Mend| {
        mend.changes.iter().all(|change| {
            matches!(change, Change::Field { path, .. } if path.last().is_some_and(|last| last == "tolerations"))
        })
    };
    if finding.rule == &rules::NO_ROOM && finding.mends.iter().any(tolerates) {
        finding.rule = &rules::TAINTED;
        finding.message = format!("{}: the nodes that have it have a taint that they do not tolerate", finding.message);
    }
}

type Key = (&'static str, String);

fn own_key(finding: &Finding) -> Key {
    (finding.rule.code, finding.subject.clone())
}

/// A run with some changes.
struct Trial {
    changes: Vec<Change>,
    course: Course,
    /// What is found then.
    keys: BTreeSet<Key>,
}

impl Trial {
    fn mend(&self, finding: &Finding) -> Mend {
        let course = &self.course;
        let shown = finding.object.as_ref().map_or_else(|| finding.subject.clone(), |object| object.show());
        let own = course.workloads.iter().find(|one| one.subject == shown);
        Mend {
            changes: self.changes.clone(),
            took: course.took(),
            gpus_peak: course.gpus.peak,
            lowest: own.map(|own| own.lowest),
            outage: course.outage(),
        }
    }
}

/// Runs the scenario with some changes; `None` if they cannot be made, or bring what is worse.
fn trial(scenario: &Scenario, seed: u64, changes: Vec<Change>, findings: &[Finding]) -> Option<Trial> {
    let mut changed = scenario.clone();
    for change in &changes {
        changed = change.made(&changed)?;
    }
    let course = course(&changed, seed).ok()?;
    let found = diagnose::diagnose(&changed, &course);
    let known: BTreeSet<Key> = findings.iter().map(own_key).collect();
    let errors = found.iter().filter(|finding| finding.rule.gravity == Gravity::Error);
    let leaves_out = course.services.iter().any(|service| !service.preview && service.is_out());
    let brings_worse = leaves_out || errors.map(own_key).any(|key| !known.contains(&key));
    (!brings_worse).then(|| Trial { changes, course, keys: found.iter().map(own_key).collect() })
}

/// The same, with more and more nodes until they are enough, and then no more of them than it takes.
fn enlarge(scenario: &Scenario, seed: u64, changes: Vec<Change>, findings: &[Finding]) -> Option<Trial> {
    let [Change::Nodes { pool, .. }] = &changes[..] else { return trial(scenario, seed, changes, findings) };
    let with = |more: u32| {
        let trial = trial(scenario, seed, vec![Change::Nodes { pool: pool.clone(), more }], findings)?;
        // Enough is what mends every finding that nodes can mend.
        let mut wanting = findings.iter().map(own_key).filter(|key| matches!(key.0, "GR001" | "GR002" | "GR016"));
        wanting.all(|key| !trial.keys.contains(&key)).then_some(trial)
    };
    let (mut short, mut enough) = (0, 1);
    let mut best = loop {
        match with(enough) {
            Some(trial) => break trial,
            None if enough >= NODES_MORE_MAX => return None,
            None => (short, enough) = (enough, enough * 2),
        }
    };
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        match with(middle) {
            Some(trial) => (best, enough) = (trial, middle),
            None => short = middle,
        }
    }
    Some(best)
}
