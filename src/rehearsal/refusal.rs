//! An action that was refused, and that was to be: an expectation says `action/NAME: refused`. Then the refusal is an entry with
//! its reason, and the action counts as done. Any other refusal is reported with the actions that never fired.

use super::cues::CueOutcome;
use crate::scenario::model::Scenario;
use crate::timeline::{Arg, Cause, Entry, Kind, Layer, Subject, Why};
use crate::workload::Stage;

/// The word of such an entry.
const REFUSED: &str = "refused";

/// What became of an action, once its refusal was written down if it was expected.
pub(super) fn settled(
    scenario: &Scenario,
    name: &str,
    outcome: CueOutcome,
    cause: Cause,
    stage: &mut dyn Stage,
) -> CueOutcome {
    let CueOutcome::Refused(reason) = &outcome else { return outcome };
    if !expects_refusal(scenario, name) {
        return outcome;
    }
    let at = stage.now();
    let (timeline, names) = stage.timeline_mut();
    let subject = Subject::new(Kind::Action, names.name(name));
    let why = Why::with("{}", Arg::Text(names.intern(reason)));
    timeline.push(Entry { at, subject, became: REFUSED, why, cause, layer: Layer::Scenario }, names);
    CueOutcome::Fired
}

/// True if an expectation says that the action of this name is to be refused.
pub(super) fn expects_refusal(scenario: &Scenario, name: &str) -> bool {
    let subject = format!("action/{name}");
    let states = scenario.expect.iter().flat_map(|expect| expect.kind.states());
    states.into_iter().any(|(named, state)| *named == subject && state == REFUSED)
}
