//! GR105: something changes for ever, though nothing new is asked for.

use super::{Found, Oracle, rules};
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::timeline::EntryId;
use crate::workload::Stage;

/// Watches for changes without end.
#[derive(Clone, Debug)]
pub struct Unstable;

impl Unstable {
    /// One for a run of this scenario.
    pub const fn new(_: &Scenario) -> Unstable {
        Unstable
    }
}

impl Oracle for Unstable {
    fn end(&mut self, stage: &dyn Stage, ending: &Ending, found: &mut Found) {
        let Ending::LimitReached(limit) = ending else { return };
        let timeline = stage.timeline();
        let last = timeline.len().checked_sub(1).map(|index| EntryId(index as u32));
        let subject = last.and_then(|id| timeline.get(id)).map(|entry| entry.subject.show(stage.names()));
        found.add(&rules::UNSTABLE, subject.unwrap_or_default(), stage.now(), limit.clone(), last);
    }
}
