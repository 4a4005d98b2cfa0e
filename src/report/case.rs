//! The one list of what is judged in a run: each expectation, that the run came to an end, each fault and action that
//! never fired, the snapshot. Console, JSON, JUnit, annotations and exit code are all made from it and cannot disagree.

use super::replay::replay;
use super::{Exit, SnapshotState};
use crate::kernel::Time;
use crate::rehearsal::{
    Cleanup, Ending, Finding, LiveRun, Missed, Rejection, RunResult, Unfired, Verdict, VerdictStatus,
};
use crate::text::mask::mask;
use crate::text::{Diagnostic, Place};
use crate::timeline::{Cause, EntryId, ScenarioLine, render};
use crate::workload::Stop;

/// Causes shown behind the entry that decided a case.
const CAUSES_SHOWN: usize = 5;

/// How a case came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseStatus {
    /// It is well.
    Passed,
    /// It is not.
    Failed,
    /// It could not be judged, which is not well either.
    Unjudged,
}

/// Something that is judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// What kind of case: `expectation`, `oracle`, `document`, `ended`, `unfired`, `snapshot`.
    pub kind: &'static str,
    /// What is judged, in one line.
    pub name: String,
    /// How it came out.
    pub status: CaseStatus,
    /// What it makes the command exit with.
    pub exit: Exit,
    /// Where the scenario says so.
    pub place: Place,
    /// When that was known.
    pub at: Option<Time>,
    /// What was found.
    pub detail: String,
    /// The entry that decided it.
    pub evidence: Option<EntryId>,
    /// If it failed: that entry and what led to it, latest first, one line each.
    pub because: Vec<String>,
    /// Where that chain of causes begins.
    pub origin: Option<ScenarioLine>,
    /// If it is a document: what is wrong with it.
    pub problem: Option<Diagnostic>,
    /// If it failed: the command that shows it again.
    pub replay: String,
}

/// Everything that is judged in a run.
pub fn cases(run: &RunResult, snapshot: &SnapshotState) -> Vec<Case> {
    let mut cases: Vec<Case> = run.verdicts.iter().map(|verdict| expectation(run, verdict)).collect();
    cases.extend(
        run.rejections.iter().filter(|rejection| !rejection.expected).flat_map(|rejection| rejected(run, rejection)),
    );
    cases.extend(run.findings.iter().map(|finding| found(run, finding)));
    cases.extend(run.missed.iter().map(|missed| not_found(run, missed)));
    cases.push(ended(run));
    cases.extend(run.unfired.iter().map(|unfired| never_fired(run, unfired)));
    cases.extend(run.live.iter().flat_map(|live| on_cluster(run, live)));
    cases.extend(compared(run, snapshot));
    cases
}

fn expectation(run: &RunResult, verdict: &Verdict) -> Case {
    let status = match verdict.status {
        VerdictStatus::Passed => CaseStatus::Passed,
        VerdictStatus::Failed => CaseStatus::Failed,
        VerdictStatus::Unjudged => CaseStatus::Unjudged,
    };
    let failed = status != CaseStatus::Passed;
    let (because, origin) = match verdict.evidence {
        Some(evidence) if failed => because(run, evidence),
        _ => (Vec::new(), None),
    };
    Case {
        kind: "expectation",
        name: verdict.text.clone(),
        status,
        exit: if failed { Exit::Failed } else { Exit::Passed },
        place: place(&verdict.line),
        at: Some(verdict.at),
        detail: verdict.detail.clone(),
        problem: None,
        evidence: verdict.evidence,
        because,
        origin,
        replay: if failed { replay(run, Some(verdict.at)) } else { String::new() },
    }
}

/// What a built-in oracle found. It passes if the scenario expects it.
fn found(run: &RunResult, finding: &Finding) -> Case {
    let name = format!("{} {}: {}", finding.rule.code, finding.rule.name, finding.subject);
    let (because, origin) = match finding.evidence {
        Some(evidence) if !finding.expected => because(run, evidence),
        _ => (Vec::new(), None),
    };
    let exit = if finding.expected { Exit::Passed } else { Exit::Failed };
    Case {
        at: Some(finding.at),
        evidence: finding.evidence,
        because,
        origin,
        replay: if finding.expected { String::new() } else { replay(run, Some(finding.at)) },
        ..Case::plain("oracle", &name, exit, whole(run), finding.detail.clone())
    }
}

/// What a built-in oracle was to find and did not.
fn not_found(run: &RunResult, missed: &Missed) -> Case {
    let about = missed.about.as_deref().unwrap_or("anything");
    let name = format!("{} {}: {about}", missed.rule.code, missed.rule.name);
    let detail = "the scenario expects this oracle to find it, and it did not".to_owned();
    Case { replay: replay(run, None), ..Case::plain("oracle", &name, Exit::Failed, place(&missed.line), detail) }
}

/// A document that its system rejected, though the scenario does not expect that: a case for each thing that is wrong.
fn rejected(run: &RunResult, rejection: &Rejection) -> Vec<Case> {
    let case = |diagnostic: &Diagnostic| {
        let name = format!("document {}", diagnostic.source.name());
        let detail = mask(&diagnostic.message).into_owned();
        let plain = Case::plain("document", &name, Exit::Invalid, diagnostic.place(), detail);
        Case { problem: Some(diagnostic.clone()), replay: replay(run, None), ..plain }
    };
    rejection.diagnostics.iter().map(case).collect()
}

fn ended(run: &RunResult) -> Case {
    let exit = match &run.ending {
        Ending::LimitReached(_) => Exit::Failed,
        Ending::Stopped(Stop::Interrupted) => Exit::Interrupted,
        Ending::Stopped(Stop::Lost(_)) => Exit::Environment,
        Ending::Until | Ending::Asked | Ending::Quiet | Ending::Settled => Exit::Passed,
    };
    let failed = exit != Exit::Passed;
    Case {
        at: Some(run.ended_at),
        replay: if failed { replay(run, Some(run.ended_at)) } else { String::new() },
        ..Case::plain("ended", "the run comes to its end", exit, whole(run), ending(&run.ending).to_owned())
    }
}

/// What is judged of a run on a real cluster beyond its scenario: that faults did what they say, and that it left nothing behind.
fn on_cluster(run: &RunResult, live: &LiveRun) -> Vec<Case> {
    let case = |kind, name: &str, exit: Exit, detail: String| Case::plain(kind, name, exit, whole(run), detail);
    let refused = live.refused_faults.iter();
    let mut cases: Vec<Case> =
        refused.map(|why| case("unfired", "faults change the cluster", Exit::Unfired, why.clone())).collect();
    let name = "the cluster is as it was before";
    match &live.cleanup {
        Cleanup::Done => cases.push(case("cleanup", name, Exit::Passed, "all that the run made is gone".to_owned())),
        Cleanup::Failed(why) => {
            let again = format!("greenroom cleanup --context {} --run {}", live.context, live.run);
            cases.push(case("cleanup", name, Exit::Cleanup, format!("{why}; try again: {again}")));
        }
        Cleanup::Kept => {}
    }
    cases
}

fn never_fired(run: &RunResult, unfired: &Unfired) -> Case {
    let case = Case::plain("unfired", &unfired.name, Exit::Unfired, place(&unfired.line), unfired.why.clone());
    Case { replay: replay(run, None), ..case }
}

fn compared(run: &RunResult, snapshot: &SnapshotState) -> Option<Case> {
    let (exit, detail) = match snapshot {
        SnapshotState::NotCompared => return None,
        SnapshotState::Same => (Exit::Passed, "as accepted".to_owned()),
        SnapshotState::Written => (Exit::Passed, "accepted now".to_owned()),
        SnapshotState::New { path } => (Exit::Snapshot, format!("there is no accepted snapshot {path}")),
        SnapshotState::Changed { path, .. } => (Exit::Snapshot, format!("differs from {path}")),
    };
    let replay = if exit == Exit::Passed { String::new() } else { replay(run, None) };
    Some(Case { replay, ..Case::plain("snapshot", "the timeline is the accepted one", exit, whole(run), detail) })
}

/// Why a run ended, in words.
pub fn ending(ending: &Ending) -> &str {
    match ending {
        Ending::Until => "the scenario's `until`",
        Ending::Asked => "the instant that was asked for",
        Ending::Quiet => "nothing is left that could happen",
        Ending::Settled => "every expectation is decided",
        Ending::LimitReached(limit) => limit,
        Ending::Stopped(Stop::Interrupted) => "it was interrupted",
        Ending::Stopped(Stop::Lost(why)) => why,
    }
}

/// The entry and its causes, latest first, and the line of the scenario where the chain begins.
fn because(run: &RunResult, evidence: EntryId) -> (Vec<String>, Option<ScenarioLine>) {
    let chain = run.timeline.chain(evidence);
    let mut lines: Vec<String> = chain.iter().take(1 + CAUSES_SHOWN).filter_map(|id| entry_line(run, *id)).collect();
    if chain.len() > 1 + CAUSES_SHOWN {
        lines.push(format!("{} earlier causes", chain.len() - 1 - CAUSES_SHOWN));
    }
    let first = chain.last().and_then(|id| run.timeline.get(*id));
    let origin = match first.map(|entry| entry.cause) {
        Some(Cause::Line(line)) => run.timeline.line(line).cloned(),
        _ => None,
    };
    (lines, origin)
}

fn entry_line(run: &RunResult, id: EntryId) -> Option<String> {
    let entry = run.timeline.get(id)?;
    let mut line = format!("{}  ", entry.at);
    entry.subject.write(&run.names, &mut line);
    line.push_str(": ");
    line.push_str(entry.became);
    let why = render::why(&entry.why, &run.names);
    if !why.is_empty() {
        line.push_str(", ");
        line.push_str(&why);
    }
    Some(line)
}

impl Case {
    /// A case that no entry decided; it passed if it makes the command exit with that.
    fn plain(kind: &'static str, name: &str, exit: Exit, place: Place, detail: String) -> Case {
        Case {
            kind,
            name: name.to_owned(),
            status: if exit == Exit::Passed { CaseStatus::Passed } else { CaseStatus::Failed },
            exit,
            place,
            at: None,
            detail,
            evidence: None,
            because: Vec::new(),
            origin: None,
            problem: None,
            replay: String::new(),
        }
    }

    /// The chain of causes with its beginning, a line each; `shown` says how a path is shown.
    pub fn chain<'a>(&'a self, shown: impl Fn(&'a str) -> &'a str) -> Vec<String> {
        let mut lines = self.because.clone();
        if let Some(origin) = &self.origin {
            lines.push(format!("{}:{}:{}: {}", shown(&origin.file), origin.line, origin.column, origin.what));
        }
        lines
    }
}

fn place(line: &ScenarioLine) -> Place {
    Place { file: line.file.clone(), line: line.line, column: line.column }
}

fn whole(run: &RunResult) -> Place {
    Place { file: run.file.as_str().into(), line: 1, column: 1 }
}
