//! The state of everything at the end of a timeline.

use std::collections::BTreeMap;

use crate::kernel::Time;
use crate::rehearsal::RunResult;
use crate::timeline::{Layer, Subject};

/// What a subject is, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// What it became last.
    pub became: &'static str,
    /// When that began.
    pub at: Time,
}

/// Every subject that the timeline speaks of: systems first, then the substrate, each by kind and name.
pub fn states(run: &RunResult) -> Vec<(Subject, State)> {
    let mut latest: BTreeMap<Subject, (Layer, State)> = BTreeMap::new();
    for (_, entry) in run.timeline.since(0) {
        let State { became, at } = State { became: entry.became, at: entry.at };
        let known = latest.entry(entry.subject).or_insert((entry.layer, State { became, at }));
        if known.1.became != became {
            *known = (entry.layer, State { became, at });
        }
    }
    let mut states: Vec<(Layer, String, Subject, State)> =
        latest.into_iter().map(|(subject, (layer, state))| (layer, subject.show(&run.names), subject, state)).collect();
    // Ids hang on what was interned first; the order that people see is that of the texts.
    states.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    states.into_iter().map(|(_, _, subject, state)| (subject, state)).collect()
}
