//! When faults and actions take place: at a time, rather than when something is reached, if it fails then too.

use crate::explore::shrink::draft::{Draft, File, Spot};
use crate::explore::shrink::reduce::lists::items;
use crate::explore::shrink::tree::{Tree, keys};
use crate::explore::shrink::trial::Trial;
use crate::kernel::{Duration, Time};
use crate::rehearsal::RunResult;
use crate::timeline::Kind;

/// What the time of a trigger is rounded to, in seconds; a time that is not round stays with its trigger, which says more.
const UNITS: [u64; 3] = [60, 10, 1];

/// Puts times in place of triggers.
pub fn triggers(trial: &mut Trial<'_>, mut draft: Draft) -> Draft {
    for (list, kind) in [("faults", Kind::Fault), ("actions", Kind::Action)] {
        for (position, spot) in items(&draft, &keys(&[list])).into_iter().enumerate() {
            if draft.get(&spot).and_then(|entry| entry.key("on")).is_none() {
                continue;
            }
            let Some((scenario, run)) = trial.run(&draft) else { continue };
            let name = match kind {
                Kind::Fault => scenario.faults.get(position).map(|fault| fault.name.clone()),
                _ => scenario.actions.get(position).map(|action| action.name.clone()),
            };
            let Some(fired) = name.and_then(|name| fired_at(&run, kind, &name)) else { continue };
            let mut times: Vec<Time> = UNITS.map(|unit| fired.ceil_to(Time::ZERO, Duration::from_secs(unit))).to_vec();
            times.dedup();
            let mut drafts = times.into_iter().map(|at| at_time(&draft, &spot, at));
            if let Some((_, found)) = trial.first(&mut drafts) {
                draft = found;
            }
        }
    }
    draft
}

/// When a fault or an action took place.
pub fn fired_at(run: &RunResult, kind: Kind, name: &str) -> Option<Time> {
    let is_it = |text: String| text.strip_prefix(kind.text()).and_then(|rest| rest.strip_prefix('/')) == Some(name);
    let mut fired = run.timeline.since(0).map(|(_, entry)| entry);
    fired.find(|entry| entry.subject.kind == kind && is_it(entry.subject.show(&run.names))).map(|entry| entry.at)
}

/// The entry with `at` where it had `on`, and without `after`.
fn at_time(draft: &Draft, spot: &Spot, at: Time) -> Draft {
    let Some(Tree::Map(entries)) = draft.get(spot).cloned() else { return draft.clone() };
    let at = Tree::Text(Duration::from_nanos(at.nanos()).to_string());
    let entries = entries.into_iter().filter(|(key, _)| key != "after");
    let entries = entries.map(|(key, value)| if key == "on" { ("at".to_owned(), at.clone()) } else { (key, value) });
    draft.clone().edited(&File::Scenario, |tree| {
        if let Some(entry) = tree.get_mut(&spot.path) {
            *entry = Tree::Map(entries.collect());
        }
    })
}
