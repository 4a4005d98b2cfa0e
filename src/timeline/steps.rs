//! Steps of subjects from state to state: those that a run takes, and those that are known to happen, because scenarios of this repository
//! take them. The latter are no list of what is allowed. A search holds what it reached against them, to say what it never came to see.
//!
//! `steps.txt` has a line for each: the kind, where from (nothing for the first entry about a subject), and where to. A test
//! (`tests/steps.rs`) writes it from runs and holds it against them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::{Kind, Subject, Timeline};

const TEXT: &str = include_str!("steps.txt");

/// Steps by kind: from, to.
type Steps = BTreeMap<Kind, Vec<(&'static str, &'static str)>>;

static KNOWN: LazyLock<Steps> = LazyLock::new(|| {
    let mut known = Steps::new();
    for line in TEXT.lines() {
        if let [kind, from, to] = line.split('\t').collect::<Vec<&str>>()[..]
            && let Some(kind) = Kind::parse(kind)
        {
            known.entry(kind).or_default().push((from, to));
        }
    }
    known
});

/// A step of a subject of this kind from one state to another; from `""` at its first entry.
pub type Step = (Kind, &'static str, &'static str);

/// The state that each subject came to last.
pub type States = BTreeMap<Subject, &'static str>;

/// The steps that a timeline tells of from an entry on, before which its subjects were in these states.
pub fn taken(timeline: &Timeline, start: usize, before: &States) -> BTreeSet<Step> {
    let mut last = States::new();
    let mut steps = BTreeSet::new();
    for (_, entry) in timeline.heads(start).filter(|(_, entry)| takes_steps(entry.subject)) {
        let own = last.insert(entry.subject, entry.became);
        let from = own.or_else(|| before.get(&entry.subject).copied()).unwrap_or("");
        steps.insert((entry.subject.kind, from, entry.became));
    }
    steps
}

/// Goes on with the states of the subjects of a timeline, of which the entries before `start` are known.
pub fn follow(states: &mut States, timeline: &Timeline, start: usize) {
    let entries = timeline.heads(start).map(|(_, entry)| entry);
    states.extend(entries.filter(|entry| takes_steps(entry.subject)).map(|entry| (entry.subject, entry.became)));
}

/// False for what the scenario itself does.
const fn takes_steps(subject: Subject) -> bool {
    !matches!(subject.kind, Kind::Fault | Kind::Action | Kind::Scenario)
}

/// The known steps of subjects of a kind: from where (`""`: from nothing), and to where.
pub fn known(kind: Kind) -> &'static [(&'static str, &'static str)] {
    KNOWN.get(&kind).map_or(&[], Vec::as_slice)
}
