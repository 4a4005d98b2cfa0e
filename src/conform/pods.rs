//! Pods of one owner that are alike: which of them is created, placed or ready first is free, so they are compared as a set of
//! sequences of states. Pods with an identity of their own (of a StatefulSet, of a LeaderWorkerSet) are compared by name.

use std::collections::{BTreeMap, BTreeSet};

use super::Substrate;
use super::align::{Gap, align, all_tolerated};
use super::findings::{Aspect, Findings, Tolerance, Toleration};
use super::sequences::tell;
use super::story::{Actor, State, Story};
use crate::timeline::Kind;

/// The most pairs of pods that are laid beside each other to find the ones that fit best; beyond it they are taken in order.
const PAIRS_MAX: usize = 10_000;

/// True for pods of which one is as good as another.
pub fn is_interchangeable(actor: &Actor) -> bool {
    let kind = || actor.owner.as_ref().and_then(|owner| Kind::parse(owner.split_once('/')?.0));
    actor.kind == Kind::Pod && matches!(kind(), Some(Kind::ReplicaSet | Kind::DaemonSet | Kind::Job))
}

/// What the pods of an owner are called together.
pub fn together(owner: &str) -> String {
    format!("pods of {owner}")
}

/// The interchangeable pods of a run by their owners, in the order in which they were created.
pub fn by_owner<'a>(story: &'a Story<'_>) -> BTreeMap<&'a str, Vec<&'a Actor>> {
    let mut owners: BTreeMap<&str, Vec<&Actor>> = BTreeMap::new();
    for pod in story.actors.values().filter(|actor| is_interchangeable(actor)) {
        owners.entry(pod.owner.as_deref().unwrap_or_default()).or_default().push(pod);
    }
    owners.values_mut().for_each(|pods| pods.sort_by_key(|pod| pod.first));
    owners
}

/// Compares the pods of every owner.
pub fn compare(findings: &mut Findings<'_>) {
    let [mut one, mut other] = [findings.simulated, findings.live].map(|story| by_owner(story));
    let owners: BTreeSet<&str> = one.keys().chain(other.keys()).copied().collect();
    for owner in owners {
        let about = together(owner);
        findings.compared(Aspect::States);
        findings.subject(&about);
        let (one, other) = (one.remove(owner).unwrap_or_default(), other.remove(owner).unwrap_or_default());
        let (one, other) = without_equals(one, other);
        let mut pairs: Vec<_> = matched(one, other).into_iter().filter(|(_, gaps)| !gaps.is_empty()).collect();
        for (pair, gaps) in &mut pairs {
            excuse(findings.substrate, *pair, gaps);
        }
        let differ = |gaps: &[Gap]| !all_tolerated(gaps);
        let count = pairs.iter().filter(|(_, gaps)| differ(gaps)).count();
        let tolerated = count == 0;
        let first = pairs.iter().find(|(_, gaps)| differ(gaps) != tolerated);
        if let Some((pair, gaps)) = first {
            let others = if tolerated { pairs.len() } else { count };
            tell(findings, &about, *pair, gaps, others - 1);
        }
    }
}

/// A pod of each run; `None`: there is none left on that side.
type Pair<'a> = (Option<&'a Actor>, Option<&'a Actor>);

/// Takes away pods that went through the same in both runs.
fn without_equals<'a>(one: Vec<&'a Actor>, other: Vec<&'a Actor>) -> (Vec<&'a Actor>, Vec<&'a Actor>) {
    let states = |pod: &'a Actor| -> Vec<&'a State> { pod.steps.iter().map(|step| &step.state).collect() };
    let mut left: BTreeMap<Vec<&State>, Vec<&Actor>> = BTreeMap::new();
    for pod in other.into_iter().rev() {
        left.entry(states(pod)).or_default().push(pod);
    }
    let alone = one.into_iter().filter(|pod| left.get_mut(&states(pod)).and_then(Vec::pop).is_none()).collect();
    let mut left: Vec<&Actor> = left.into_values().flatten().collect();
    left.sort_by_key(|pod| pod.first);
    (alone, left)
}

/// Pairs pods so that what is left over matters least.
fn matched<'a>(one: Vec<&'a Actor>, mut other: Vec<&'a Actor>) -> Vec<(Pair<'a>, Vec<Gap>)> {
    let many = one.len() * other.len() > PAIRS_MAX;
    let mut pairs = Vec::new();
    for pod in one {
        let weight = |gaps: &[Gap]| (gaps.iter().filter(|gap| gap.tolerated.is_none()).count(), gaps.len());
        let best = other.iter().enumerate().take(if many { 1 } else { usize::MAX });
        let best = best.map(|(at, peer)| (align(Kind::Pod, &pod.steps, &peer.steps), at));
        match best.min_by_key(|(gaps, at)| (weight(gaps), *at)) {
            Some((gaps, at)) => pairs.push(((Some(pod), Some(other.remove(at))), gaps)),
            None => pairs.push(((Some(pod), None), align(Kind::Pod, &pod.steps, &[]))),
        }
    }
    pairs.extend(other.into_iter().map(|pod| ((None, Some(pod)), align(Kind::Pod, &[], &pod.steps))));
    pairs
}

/// A simulated pod whose containers fail has no equal on kwok.
fn excuse(substrate: Substrate, pair: Pair<'_>, gaps: &mut [Gap]) {
    let (Substrate::Kwok, Some(pod)) = (substrate, pair.0.filter(|pod| pod.container_failed)) else { return };
    for gap in gaps.iter_mut().filter(|gap| gap.tolerated.is_none()) {
        let detail = format!("a container of {} fails in the simulated run", pod.name);
        gap.tolerated = Some(Toleration { tolerance: Tolerance::NoContainers, detail });
    }
}
