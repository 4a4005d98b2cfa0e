//! Where everything stands in the end, and what is there then. Of interchangeable pods: how many stand how.

use std::collections::{BTreeMap, BTreeSet};

use super::align::is_short;
use super::findings::{Aspect, Findings, Seen, Tolerance, Toleration};
use super::pods;
use super::story::{Actor, Step, is_gone};

/// Compares the ends.
pub fn compare(findings: &mut Findings<'_>) {
    let (simulated, live) = (findings.simulated, findings.live);
    let names: BTreeSet<&String> = simulated.actors.keys().chain(live.actors.keys()).collect();
    for name in names {
        let [one, other] = [simulated, live].map(|story| story.actors.get(name));
        if one.or(other).is_none_or(pods::is_interchangeable) {
            continue;
        }
        findings.compared(Aspect::Ends);
        let [one, other] = [one, other].map(|actor| actor.and_then(Actor::last));
        if one.map(standing) == other.map(standing) {
            continue;
        }
        let tolerated = cut_off(one, "simulated").or_else(|| cut_off(other, "live"));
        findings.add(Aspect::Ends, name, side(one), side(other), tolerated.into_iter().collect());
    }
    let [mut one, mut other] = [simulated, live].map(|story| pods::by_owner(story));
    let owners: BTreeSet<&str> = one.keys().chain(other.keys()).copied().collect();
    for owner in owners {
        findings.compared(Aspect::Ends);
        let [one, other] = [&mut one, &mut other].map(|owners| owners.remove(owner).unwrap_or_default());
        let [left, right] = [&one, &other].map(|pods| standings(pods));
        if left == right {
            continue;
        }
        // Each that the run cut off just then may stand elsewhere: one less there, one more here.
        let moving = |pods: &[&Actor]| pods.iter().filter(|pod| pod.last().is_some_and(is_cut_off)).count();
        let words: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        let count = |standings: &BTreeMap<&str, usize>, word| standings.get(word).copied().unwrap_or(0);
        let off: usize = words.into_iter().map(|word| count(&left, word).abs_diff(count(&right, word))).sum();
        let tolerance = (off <= 2 * (moving(&one) + moving(&other))).then(|| Toleration {
            tolerance: Tolerance::CutOff,
            detail: "pods changed just before the end".to_owned(),
        });
        let last = |pods: &[&Actor]| pods.iter().filter_map(|pod| pod.last()).map(|step| step.id).max();
        let text = |standings: &BTreeMap<&str, usize>| {
            let told: Vec<String> = standings.iter().map(|(how, count)| format!("{count} {how}")).collect();
            if told.is_empty() { "none is there".to_owned() } else { told.join(", ") }
        };
        let (one, other) = ((text(&left), last(&one)), (text(&right), last(&other)));
        findings.add(Aspect::Ends, &pods::together(owner), one, other, tolerance.into_iter().collect());
    }
}

/// What an object is in the end; one that is gone is as one that never was.
fn standing(step: &Step) -> Option<&super::story::State> {
    Some(&step.state).filter(|state| !is_gone(state.word))
}

fn standings<'a>(pods: &[&'a Actor]) -> BTreeMap<&'a str, usize> {
    let mut standings = BTreeMap::new();
    for state in pods.iter().filter_map(|pod| standing(pod.last()?)) {
        *standings.entry(state.word).or_default() += 1;
    }
    standings
}

fn is_cut_off(step: &Step) -> bool {
    is_short(step) && !is_gone(step.state.word)
}

fn cut_off(step: Option<&Step>, whose: &str) -> Option<Toleration> {
    let step = step.filter(|step| is_cut_off(step))?;
    let detail = format!("{} begins {} before the end of the {whose} run", step.state.text(), step.lasted);
    Some(Toleration { tolerance: Tolerance::CutOff, detail })
}

fn side(step: Option<&Step>) -> Seen {
    match step {
        Some(step) => (format!("ends {}", step.state.text()), Some(step.id)),
        None => ("is not there".to_owned(), None),
    }
}
