//! What a search asks a run that goes on, or is over, without making a result of it: how it ended, what became of what was put into
//! it, what its observers found.

use super::cues::{CueKind, CueOutcome};
use super::{Ending, Finding, Observer, Rehearsal};
use crate::kernel::Time;
use crate::scenario::model::{ActionEntry, FaultEntry};
use crate::workload::Stage;

/// What has become of a fault or an action.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// Its time has not come.
    Pending,
    /// It struck, or was done; or it stands and has had an effect.
    Fired,
    /// It stands, and has had no effect so far.
    Standing,
    /// It found nothing to act on.
    Void,
    /// It was refused.
    Refused,
}

impl<S: Stage> Rehearsal<S> {
    /// The faults of the scenario, and those that were put in.
    pub fn faults(&self) -> &[FaultEntry] {
        &self.store.faults
    }

    /// The operator's actions of the scenario, and those that were put in.
    pub fn actions(&self) -> &[ActionEntry] {
        &self.store.actions
    }

    /// True if a document of the scenario was refused on sight.
    pub fn has_rejected(&self) -> bool {
        !self.rejections.is_empty()
    }

    /// How the run ended; `None` while it goes on.
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The present.
    pub fn now(&self) -> Time {
        self.stage.now()
    }

    /// What has become of the fault or action of this name; `None` if there is none.
    pub fn fate(&self, name: &str) -> Option<Fate> {
        let named = |kind: CueKind| match kind {
            CueKind::Fault(index) => self.store.faults[index].name == name,
            CueKind::Action(index) => self.store.actions[index].name == name,
            CueKind::Deploy(_) | CueKind::End | CueKind::Look | CueKind::Resume(_) | CueKind::Tie(_) => false,
        };
        // What was put in last is asked for most.
        let cue = self.cues.cues.iter().rev().find(|cue| named(cue.kind))?;
        Some(self.fate_of(&cue.outcome))
    }

    /// What has become of a cue.
    pub(super) fn fate_of(&self, outcome: &CueOutcome) -> Fate {
        let standing = |effects: bool| if effects { Fate::Fired } else { Fate::Standing };
        match outcome {
            CueOutcome::Pending => Fate::Pending,
            CueOutcome::Fired => Fate::Fired,
            CueOutcome::Void(_) => Fate::Void,
            CueOutcome::Refused(_) => Fate::Refused,
            CueOutcome::Standing(number) => standing(self.stage.effects(*number) > 0),
            CueOutcome::Disturbing(number, in_world) => standing(
                self.systems.iter().any(|system| system.effects(*number) > 0)
                    || in_world.is_some_and(|number| self.stage.effects(number) > 0),
            ),
        }
    }

    /// What an observer found in this run as it stands, in the order of time.
    pub fn findings_of(&self, observer: &mut dyn Observer) -> Vec<Finding> {
        let ending = self.ending.clone().unwrap_or(Ending::Until);
        let (mut findings, _) = observer.findings(&self.stage, &ending);
        findings.sort_by_key(|finding| finding.at);
        findings
    }
}
