//! How the scenario's own questions came out: expectations, the end of the run, faults and actions that never fired, documents that
//! were rejected.

use std::collections::BTreeSet;

use super::findings::{Aspect, Findings, Seen, Tolerance, Toleration};
use crate::rehearsal::{Ending, RunResult, Verdict, VerdictStatus};
use crate::workload::Stop;

/// Compares the verdicts.
pub fn compare(findings: &mut Findings<'_>) {
    let (one, other) = (findings.simulated.run, findings.live.run);
    expectations(findings, one, other);
    findings.compared(Aspect::Verdicts);
    if ending(&one.ending) != ending(&other.ending) {
        let quiet = one.ending == Ending::Quiet && matches!(other.ending, Ending::Until | Ending::Settled);
        let detail = "nothing was left to happen in the simulated run".to_owned();
        let tolerated = quiet.then_some(Toleration { tolerance: Tolerance::NeverQuiet, detail });
        let side = |run: &RunResult| (format!("ended {} at {}", ending(&run.ending), run.ended_at), None);
        findings.add(Aspect::Verdicts, "the end", side(one), side(other), tolerated.into_iter().collect());
    }
    let [fired, seen] = [one, other].map(|run| run.unfired.iter().map(|one| &one.name).collect::<BTreeSet<_>>());
    for name in fired.union(&seen) {
        findings.compared(Aspect::Verdicts);
        let side = |run: &RunResult| -> Seen {
            let found = run.unfired.iter().find(|one| one.name == **name);
            (found.map_or_else(|| "fired".to_owned(), |one| format!("did not fire: {}", one.why)), None)
        };
        if fired.contains(*name) != seen.contains(*name) {
            findings.add(Aspect::Verdicts, name, side(one), side(other), Vec::new());
        }
    }
    if one.rejections.len() + other.rejections.len() > 0 {
        findings.compared(Aspect::Verdicts);
        let side = |run: &RunResult| (format!("{} rejected", run.rejections.len()), None);
        if one.rejections.len() != other.rejections.len() {
            findings.add(Aspect::Verdicts, "documents", side(one), side(other), Vec::new());
        }
    }
}

fn expectations(findings: &mut Findings<'_>, one: &RunResult, other: &RunResult) {
    for at in 0..one.verdicts.len().max(other.verdicts.len()) {
        findings.compared(Aspect::Verdicts);
        let pair = (one.verdicts.get(at), other.verdicts.get(at));
        let same = |verdict: &Verdict| (verdict.text.clone(), verdict.status);
        if pair.0.map(same) == pair.1.map(same) {
            continue;
        }
        let ((Some(verdict), _) | (None, Some(verdict))) = pair else { continue };
        let side = |verdict: Option<&Verdict>| -> Seen {
            let told =
                |verdict: &Verdict| (format!("{}: {}", status(verdict.status), verdict.detail), verdict.evidence);
            verdict.map_or(("is not judged".to_owned(), None), told)
        };
        let late = |run: &RunResult| reaches(run, &verdict.text);
        let tolerated = (late(one) && late(other))
            .then(|| Toleration { tolerance: Tolerance::Deadline, detail: "reached in both".to_owned() });
        let tolerated = tolerated.into_iter().collect();
        findings.add(Aspect::Verdicts, &verdict.text, side(pair.0), side(pair.1), tolerated);
    }
}

/// True if an expectation asks for states by a time, and a run has reached each of them at some time.
fn reaches(run: &RunResult, expectation: &str) -> bool {
    let asked = expectation.strip_prefix("eventually ").and_then(|rest| rest.rsplit_once(" within "));
    let Some((states, _)) = asked else { return false };
    states.split(", ").all(|state| {
        let Some((subject, word)) = state.rsplit_once(": ") else { return false };
        let names = &run.names;
        run.timeline.since(0).any(|(_, entry)| entry.became == word && entry.subject.show(names) == subject)
    })
}

const fn status(status: VerdictStatus) -> &'static str {
    match status {
        VerdictStatus::Passed => "passed",
        VerdictStatus::Failed => "failed",
        VerdictStatus::Unjudged => "unjudged",
    }
}

const fn ending(ending: &Ending) -> &'static str {
    match ending {
        Ending::Until => "as its `until` says",
        Ending::Asked => "when it was asked to",
        Ending::Quiet => "because nothing was left to happen",
        Ending::Settled => "because every expectation was settled",
        Ending::LimitReached(_) => "at a limit",
        Ending::Stopped(Stop::Interrupted) => "because it was interrupted",
        Ending::Stopped(Stop::Lost(_)) => "because the connection was lost",
    }
}
