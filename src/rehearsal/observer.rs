//! What watches a run and judges it while it goes on, so that a run can stop early, live ones too.

use super::{Ending, Finding, Missed, Verdict};
use crate::kernel::Time;
use crate::timeline::EntryId;
use crate::workload::Stage;

/// Watches a run. Called in this order at each instant: `entry` for each new entry, then `instant_ended` once.
pub trait Observer {
    /// A new entry is in the timeline.
    fn entry(&mut self, id: EntryId, stage: &dyn Stage);

    /// Everything due at this instant has happened.
    fn instant_ended(&mut self, stage: &dyn Stage);

    /// The next instant at which the observer wants `instant_ended` to be called even if nothing happens then.
    fn due(&self) -> Option<Time>;

    /// True once no later event can change any verdict.
    fn settled(&self) -> bool;

    /// The run is over: the final verdicts, in the order of the scenario.
    fn finish(&mut self, stage: &dyn Stage) -> Vec<Verdict>;

    /// The run is over: what was found in it that nobody asked about, and what was to be found and was not. Called once,
    /// after `finish`.
    fn findings(&mut self, stage: &dyn Stage, ending: &Ending) -> (Vec<Finding>, Vec<Missed>) {
        let _ = (stage, ending);
        (Vec::new(), Vec::new())
    }
}

/// One that somebody else keeps.
impl<T: Observer + ?Sized> Observer for &mut T {
    fn entry(&mut self, id: EntryId, stage: &dyn Stage) {
        (**self).entry(id, stage);
    }

    fn instant_ended(&mut self, stage: &dyn Stage) {
        (**self).instant_ended(stage);
    }

    fn due(&self) -> Option<Time> {
        (**self).due()
    }

    fn settled(&self) -> bool {
        (**self).settled()
    }

    fn finish(&mut self, stage: &dyn Stage) -> Vec<Verdict> {
        (**self).finish(stage)
    }

    fn findings(&mut self, stage: &dyn Stage, ending: &Ending) -> (Vec<Finding>, Vec<Missed>) {
        (**self).findings(stage, ending)
    }
}
