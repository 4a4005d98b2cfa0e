//! The result of a run. Console, JSON, JUnit, annotations, snapshot and exit code are all made from this one value.

use super::scheduling::Scheduling;
use crate::kernel::{Duration, Names, Time};
use crate::text::Diagnostic;
use crate::text::rule::Rule;
use crate::timeline::{EntryId, ScenarioLine, Timeline};
use crate::workload::{Stop, Traffic};

/// All that a run gave.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The scenario's name.
    pub name: String,
    /// The scenario's file, as the user named it.
    pub file: String,
    /// The seed of the run.
    pub seed: u64,
    /// So many times as fast as its file says.
    pub speed: u32,
    /// The profile of the cluster, for the header: `kubernetes 1.36`.
    pub profile: String,
    /// What happened.
    pub timeline: Timeline,
    /// The names behind the timeline's ids.
    pub names: Names,
    /// When the run ended.
    pub ended_at: Time,
    /// Why it ended.
    pub ending: Ending,
    /// Who served what, as far as the world keeps it.
    pub traffic: Traffic,
    /// The verdict on each expectation, in the order of the scenario.
    pub verdicts: Vec<Verdict>,
    /// What the built-in oracles found, in the order in which it began.
    pub findings: Vec<Finding>,
    /// What they were expected to find and did not.
    pub missed: Vec<Missed>,
    /// Faults and actions that never fired.
    pub unfired: Vec<Unfired>,
    /// Documents that their system rejected.
    pub rejections: Vec<Rejection>,
    /// What the user should know: fields that are read but not yet in effect, and the like. These do not fail a run.
    pub notices: Vec<Notice>,
    /// The state as the system would show it, if it was asked for.
    pub native: Option<serde_json::Value>,
    /// What only a run on a real cluster has.
    pub live: Option<LiveRun>,
}

/// What a run on a real cluster adds to its result. The causes of its entries are inferred: from owners, and from what greenroom
/// asked for last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveRun {
    /// The id that all that it made was labelled with.
    pub run: String,
    /// The context of the cluster.
    pub context: String,
    /// The cluster's version.
    pub version: String,
    /// The options that the run was made with, beyond its context, as they stand in a command.
    pub options: Vec<String>,
    /// What became of what it made.
    pub cleanup: Cleanup,
    /// What faults could not do, because the API refused it.
    pub refused_faults: Vec<String>,
    /// Calls of the API, watches not among them.
    pub calls: u64,
    /// What it saw of the scheduler's work; `None` if it ran on nodes of others.
    pub scheduling: Option<Scheduling>,
}

/// What became of what a run made on a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cleanup {
    /// All of it is gone, and what was changed is as before.
    Done,
    /// The user wants to keep it.
    Kept,
    /// Some of it is still there; the text says what and why.
    Failed(String),
}

/// Why a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The scenario's `until`.
    Until,
    /// The instant that the user asked for with `--at`.
    Asked,
    /// Nothing was left that could ever happen.
    Quiet,
    /// Every expectation was settled and the scenario asks to stop then.
    Settled,
    /// A limit was hit; the text says which and how to raise it.
    LimitReached(String),
    /// The user ended it, or the cluster could not be reached any more.
    Stopped(Stop),
}

/// How an expectation came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VerdictStatus {
    /// It held.
    Passed,
    /// It did not hold.
    Failed,
    /// It could not be judged: its expression failed, its window never opened. Counts as failed.
    Unjudged,
}

/// The verdict on one expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Where the expectation stands.
    pub line: ScenarioLine,
    /// The expectation in one line: `eventually group/llama-stack: monitoring within 45m`.
    pub text: String,
    /// How it came out.
    pub status: VerdictStatus,
    /// When that was known.
    pub at: Time,
    /// What was found: `at 00:07:10.000`, or expected against actual.
    pub detail: String,
    /// The entry that decided it, if one did.
    pub evidence: Option<EntryId>,
}

/// Something that a built-in oracle found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The oracle.
    pub rule: &'static Rule,
    /// Whom it is about: `Deployment/web`.
    pub subject: String,
    /// Since when it is so.
    pub at: Time,
    /// How long it was so; `None`: it is no matter of time.
    pub lasts: Option<Duration>,
    /// What was found, in a sentence.
    pub detail: String,
    /// The entry that shows it.
    pub evidence: Option<EntryId>,
    /// True if the scenario expects it.
    pub expected: bool,
}

/// Something that a scenario expects a built-in oracle to find, and that it did not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missed {
    /// Where the scenario says so.
    pub line: ScenarioLine,
    /// The oracle.
    pub rule: &'static Rule,
    /// A glob over the subjects that were meant; `None`: any.
    pub about: Option<String>,
}

/// A fault or action that never fired, or could not do what it says; an object that the API refused while the run went on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unfired {
    /// Where it stands.
    pub line: ScenarioLine,
    /// Its name: `fault lose-a-gpu-node`.
    pub name: String,
    /// Why: `nothing reached deployment/vllm: active`, `matched nothing`, `refused: no such group`.
    pub why: String,
}

/// A document that its system rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// True if the scenario expects it.
    pub expected: bool,
}

/// Something the user should know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Notice {
    /// The file it is about.
    pub file: String,
    /// Line, from 1; 0 if it is about the whole file.
    pub line: u32,
    /// What.
    pub text: String,
}

impl Notice {
    /// A notice that says what a diagnostic says.
    pub fn of(diagnostic: &Diagnostic) -> Notice {
        let place = diagnostic.span.map(|span| diagnostic.source.place(span));
        Notice {
            file: diagnostic.source.name().to_string(),
            line: place.map_or(0, |place| place.line),
            text: diagnostic.message.clone(),
        }
    }
}

impl RunResult {
    /// The exit code of this run by itself: 2 if a document was rejected and nobody expected it, 1 if an expectation failed, an
    /// oracle found what nobody expected (or not what was expected) or the run hit a limit, 8 if a fault or action never fired, 0 otherwise. A caller adds what only it knows (snapshots) and takes the gravest.
    pub fn exit_code(&self) -> u8 {
        let failed = self.verdicts.iter().any(|verdict| verdict.status != VerdictStatus::Passed)
            || self.findings.iter().any(|finding| !finding.expected)
            || !self.missed.is_empty();
        if self.rejections.iter().any(|rejection| !rejection.expected) {
            2
        } else if let Ending::Stopped(stop) = &self.ending {
            match stop {
                Stop::Interrupted => 130,
                Stop::Lost(_) => 5,
            }
        } else if failed || matches!(self.ending, Ending::LimitReached(_)) {
            1
        } else if !self.unfired.is_empty() {
            8
        } else {
            0
        }
    }
}
