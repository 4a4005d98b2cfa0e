//! What each subject went through in both runs. Pods of one owner are `pods`' affair.

use std::collections::BTreeSet;

use super::align::{Gap, Run, align, all_tolerated};
use super::findings::{Aspect, Findings, Seen};
use super::pods;
use super::story::{Actor, Step};

/// Compares the states of every subject.
pub fn compare(findings: &mut Findings<'_>) {
    let (simulated, live) = (findings.simulated, findings.live);
    let names: BTreeSet<&String> = simulated.actors.keys().chain(live.actors.keys()).collect();
    for name in names {
        let pair = (simulated.actors.get(name), live.actors.get(name));
        let ((Some(actor), _) | (None, Some(actor))) = pair else { continue };
        if pods::is_interchangeable(actor) {
            continue;
        }
        findings.compared(Aspect::States);
        findings.subject(name);
        let [one, other] = [pair.0, pair.1].map(|actor| actor.map_or(&[][..], |actor| &actor.steps));
        let gaps = align(actor.kind, one, other);
        tell(findings, name, pair, &gaps, 0);
    }
    pods::compare(findings);
}

/// Tells of two sequences that differ: where they part first, or that nothing of it matters. `others`: how many more pairs of the
/// same kind differ.
pub fn tell(
    findings: &mut Findings<'_>,
    about: &str,
    pair: (Option<&Actor>, Option<&Actor>),
    gaps: &[Gap],
    others: usize,
) {
    let tolerated = all_tolerated(gaps);
    // What is missing as a whole is so from its first state on, short as that may be.
    let whole = pair.0.is_none() || pair.1.is_none();
    let Some(gap) = gaps.iter().find(|gap| whole || gap.tolerated.is_some() == tolerated) else { return };
    let [one, other] = [pair.0, pair.1].map(|actor| actor.map_or(&[][..], |actor| &actor.steps));
    let mut simulated = side(one, gap.simulated, gap.run == Run::Simulated);
    let live = side(other, gap.live, gap.run == Run::Live);
    if others > 0 {
        simulated.0.push_str(&format!(" (and {others} more differ)"));
    }
    let reasons = if tolerated { gaps.iter().filter_map(|gap| gap.tolerated.clone()).collect() } else { Vec::new() };
    findings.add_shown_by(gap.run, Aspect::States, about, simulated, live, reasons);
}

/// What a run shows where the sequences part: the state that it alone has, or what it has instead.
fn side(steps: &[Step], at: usize, alone: bool) -> Seen {
    match (steps.get(at), at.checked_sub(1).and_then(|before| steps.get(before))) {
        (Some(step), _) if alone => (format!("becomes {}", step.state.text()), Some(step.id)),
        (Some(step), Some(before)) => {
            (format!("goes from {} to {}", before.state.text(), step.state.text()), Some(step.id))
        }
        (Some(step), None) => (format!("begins with {}", step.state.text()), Some(step.id)),
        (None, Some(before)) => (format!("stays {}", before.state.text()), Some(before.id)),
        (None, None) => ("is not there".to_owned(), None),
    }
}
