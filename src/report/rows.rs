//! The values of a run as JSON shows them; `json` puts them into one object, `ndjson` each on a line of its own.
//! Times stand twice: as people read them, and in nanoseconds.

use serde::Serialize;

use super::case::{Case, CaseStatus, ending};
use super::{Rehearsed, SnapshotState};
use crate::kernel::{Names, Symbol, Time};
use crate::rehearsal::{Cleanup, Ending, LiveRun, Notice, RunResult};
use crate::text::Diagnostic;
use crate::text::mask::mask;
use crate::timeline::{Cause, Entry, EntryId, Layer, LineId, ScenarioLine, render};
use crate::workload::Stop;

/// What identifies a run.
#[derive(Serialize)]
pub struct HeadRow<'a> {
    scenario: &'a str,
    file: &'a str,
    seed: u64,
    profile: &'a str,
}

/// A line of the scenario that causes lead back to.
#[derive(Serialize)]
pub struct LineRow<'a> {
    id: u32,
    file: &'a str,
    line: u32,
    column: u32,
    what: &'a str,
}

/// An entry of the timeline.
#[derive(Serialize)]
pub struct EntryRow<'a> {
    id: u32,
    at: String,
    at_ns: u64,
    layer: &'static str,
    subject: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: String,
    became: &'static str,
    why: String,
    cause: CauseRow,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum CauseRow {
    Entry(u32),
    Line(u32),
}

/// A case.
#[derive(Serialize)]
pub struct CaseRow<'a> {
    kind: &'static str,
    name: &'a str,
    status: &'static str,
    exit_code: u8,
    file: &'a str,
    line: u32,
    column: u32,
    at: Option<String>,
    at_ns: Option<u64>,
    detail: &'a str,
    evidence: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    replay: &'a str,
}

/// A notice.
#[derive(Serialize)]
pub struct NoticeRow<'a> {
    file: &'a str,
    line: u32,
    text: &'a str,
}

/// Something that is wrong with a file.
#[derive(Serialize)]
pub struct ProblemRow {
    file: String,
    line: u32,
    column: u32,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    help: Vec<String>,
}

/// How a run came out as a whole.
#[derive(Serialize)]
pub struct SummaryRow<'a> {
    ended_at: String,
    ended_at_ns: u64,
    ending: &'static str,
    ending_text: &'a str,
    entry_count: usize,
    digest: String,
    snapshot: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot_diff: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveRow<'a>>,
    exit_code: u8,
}

/// What a run on a real cluster has beyond one in simulation.
#[derive(Serialize)]
pub struct LiveRow<'a> {
    run: &'a str,
    context: &'a str,
    version: &'a str,
    cleanup: &'static str,
    refused_faults: &'a [String],
    calls: u64,
}

pub fn head(run: &RunResult) -> HeadRow<'_> {
    HeadRow { scenario: &run.name, file: &run.file, seed: run.seed, profile: &run.profile }
}

/// The lines of the scenario, in the order of their ids.
pub fn lines(run: &RunResult) -> impl Iterator<Item = LineRow<'_>> + Clone {
    let id_and_line = |id: u32| run.timeline.line(LineId(id)).map(|line| (id, line));
    (0..).map_while(id_and_line).map(|(id, line): (u32, &ScenarioLine)| LineRow {
        id,
        file: &line.file,
        line: line.line,
        column: line.column,
        what: &line.what,
    })
}

/// The whole timeline.
pub fn entries(run: &RunResult) -> impl Iterator<Item = EntryRow<'_>> {
    run.timeline.since(0).map(|(id, row)| entry(id, &row, &run.names))
}

/// One entry.
pub fn entry<'a>(id: EntryId, entry: &Entry, names: &'a Names) -> EntryRow<'a> {
    let Entry { at, subject, became, why, cause, layer } = *entry;
    EntryRow {
        id: id.0,
        at: at.to_string(),
        at_ns: at.nanos(),
        layer: match layer {
            Layer::Scenario => "scenario",
            Layer::System => "system",
            Layer::Substrate => "substrate",
        },
        subject: subject.show(names),
        kind: subject.kind.text(),
        namespace: (subject.namespace != Symbol::EMPTY).then(|| names.text(subject.namespace)),
        name: names.show(subject.name),
        became,
        why: render::why(&why, names),
        cause: match cause {
            Cause::Entry(id) => CauseRow::Entry(id.0),
            Cause::Line(id) => CauseRow::Line(id.0),
        },
    }
}

pub fn case(case: &Case) -> CaseRow<'_> {
    CaseRow {
        kind: case.kind,
        name: &case.name,
        status: match case.status {
            CaseStatus::Passed => "passed",
            CaseStatus::Failed => "failed",
            CaseStatus::Unjudged => "unjudged",
        },
        exit_code: case.exit.code(),
        file: &case.place.file,
        line: case.place.line,
        column: case.place.column,
        at: case.at.as_ref().map(Time::to_string),
        at_ns: case.at.map(Time::nanos),
        detail: &case.detail,
        evidence: case.evidence.map(|id| id.0),
        because: case.chain(|path| path),
        replay: &case.replay,
    }
}

pub fn notice(notice: &Notice) -> NoticeRow<'_> {
    NoticeRow { file: &notice.file, line: notice.line, text: &notice.text }
}

pub fn problem(problem: &Diagnostic) -> ProblemRow {
    let place = problem.place();
    ProblemRow {
        file: place.file.to_string(),
        line: place.line,
        column: place.column,
        message: mask(&problem.message).into_owned(),
        help: problem.helps.iter().map(|help| mask(help).into_owned()).collect(),
    }
}

pub fn summary(rehearsed: &Rehearsed) -> SummaryRow<'_> {
    let run = &rehearsed.run;
    SummaryRow {
        ended_at: run.ended_at.to_string(),
        ended_at_ns: run.ended_at.nanos(),
        ending: match &run.ending {
            Ending::Until => "until",
            Ending::Asked => "asked",
            Ending::Quiet => "quiet",
            Ending::Settled => "settled",
            Ending::LimitReached(_) => "limit",
            Ending::Stopped(Stop::Interrupted) => "interrupted",
            Ending::Stopped(Stop::Lost(_)) => "lost",
        },
        ending_text: ending(&run.ending),
        entry_count: run.timeline.len(),
        digest: run.timeline.digest(),
        snapshot: match rehearsed.snapshot {
            SnapshotState::NotCompared => "not compared",
            SnapshotState::Same => "same",
            SnapshotState::Written => "written",
            SnapshotState::New { .. } => "new",
            SnapshotState::Changed { .. } => "changed",
        },
        snapshot_diff: match &rehearsed.snapshot {
            SnapshotState::Changed { diff, .. } => Some(diff),
            _ => None,
        },
        live: run.live.as_ref().map(live),
        exit_code: rehearsed.exit().code(),
    }
}

fn live(live: &LiveRun) -> LiveRow<'_> {
    LiveRow {
        run: &live.run,
        context: &live.context,
        version: &live.version,
        cleanup: match live.cleanup {
            Cleanup::Done => "done",
            Cleanup::Kept => "kept",
            Cleanup::Failed(_) => "failed",
        },
        refused_faults: &live.refused_faults,
        calls: live.calls,
    }
}
