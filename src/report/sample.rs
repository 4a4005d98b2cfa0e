//! Runs made by hand for the tests of this folder.

use super::{Rehearsed, SnapshotState};
use crate::kernel::{Duration, Names, Time};
use crate::rehearsal::{Ending, Notice, RunResult, Unfired, Verdict, VerdictStatus};
use crate::timeline::{Arg, Cause, Entry, EntryId, Layer, ScenarioLine, Subject, Timeline, Why};

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn line(number: u32, what: &str) -> ScenarioLine {
    ScenarioLine { file: "scenarios/two/scenario.yaml".into(), line: number, column: 5, what: what.into() }
}

pub fn verdict(status: VerdictStatus) -> Verdict {
    Verdict {
        line: line(20, "never"),
        text: "never deployment/llamastack: failed".to_owned(),
        status,
        at: at(451),
        detail: "deployment/llamastack became failed at 00:07:31.000".to_owned(),
        evidence: Some(EntryId(3)),
    }
}

/// A run of two members in which the second fails.
pub fn run() -> RunResult {
    let mut names = Names::default();
    let mut timeline = Timeline::default();
    let deploy = timeline.add_line(line(10, "deploy group.json"));
    let mut push = |seconds, subject: &str, became, why, cause, layer| {
        let subject = Subject::parse(subject, &mut names).expect("a subject");
        timeline.push(Entry { at: at(seconds), subject, became, why, cause, layer }, &names)
    };
    let group = push(0, "group/two", "deploying", Why::text("submitted"), Cause::Line(deploy), Layer::System);
    let pod = "Pod/a-member-whose-name-is-longer-than-any-column-of-this-text-r1-0";
    let pod = push(
        5,
        pod,
        "Scheduled",
        Why::with("bound to a10-0, GPUs {}", Arg::Devices(0b11)),
        Cause::Entry(group),
        Layer::Substrate,
    );
    let failed = push(451, "Pod/x-r1-0", "Failed", Why::text("exit code 137"), Cause::Entry(pod), Layer::Substrate);
    push(451, "deployment/llamastack", "failed", Why::NONE, Cause::Entry(failed), Layer::System);
    RunResult {
        name: "two-members".to_owned(),
        file: "scenarios/two/scenario.yaml".to_owned(),
        seed: 42,
        speed: 1,
        profile: "kubernetes 1.36, oci documented".to_owned(),
        timeline,
        names,
        ended_at: at(2700),
        ending: Ending::Until,
        traffic: Default::default(),
        verdicts: vec![
            Verdict {
                line: line(18, "eventually"),
                text: "eventually group/two: deploying within 45m".to_owned(),
                status: VerdictStatus::Passed,
                at: Time::ZERO,
                detail: "at 00:00:00.000".to_owned(),
                evidence: Some(EntryId(0)),
            },
            verdict(VerdictStatus::Failed),
        ],
        unfired: vec![Unfired {
            line: line(14, "fault lose-a-gpu-node"),
            name: "fault lose-a-gpu-node".to_owned(),
            why: "nothing reached deployment/vllm: active".to_owned(),
        }],
        notices: vec![Notice {
            file: "scenarios/two/group.json".to_owned(),
            line: 12,
            text: "autoscaling is read but not yet in effect".to_owned(),
        }],
        rejections: Vec::new(),
        native: None,
        live: None,
        findings: Vec::new(),
        missed: Vec::new(),
    }
}

/// A run in which all is well.
pub fn good() -> RunResult {
    let mut run = run();
    run.verdicts.truncate(1);
    run.unfired.clear();
    run.notices.clear();
    run
}

pub fn changed() -> SnapshotState {
    let diff = super::diff::diff("snapshots/two-members.timeline", "one\ntwo\n", "one\n2\n");
    SnapshotState::Changed { path: "snapshots/two-members.timeline".to_owned(), diff }
}

pub fn rehearsed() -> Rehearsed {
    Rehearsed::new(run(), changed())
}
