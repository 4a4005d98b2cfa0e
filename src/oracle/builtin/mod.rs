//! The built-in oracles: what must hold in every run, whatever its scenario expects. Each has a file of its own and watches by
//! itself; here they are driven, and what they find is held against what the scenario says of them.
//!
//! Those that compare several runs (churn, convergence, path independence) are `explore`'s; their rules stand here all the same.

mod cycle;
mod exports;
mod found;
mod leak;
mod order;
pub mod origin;
mod outage;
mod overcommit;
mod overdue;
mod promotion;
mod rollback;
pub mod rules;
mod settings;
mod stuck;
mod turns;
mod unread;
mod unstable;

pub use found::Found;
pub use settings::Settings;

use unread::Unread;

use crate::kernel::Time;
use crate::rehearsal::{Ending, Finding, Missed, Observer, Verdict};
use crate::scenario::Scenario;
use crate::text::Diagnostic;
use crate::timeline::{Entry, EntryId};
use crate::workload::Stage;

/// One built-in oracle, as the run drives it. An oracle sees entries and the true state; it changes nothing.
trait Oracle {
    /// An entry was written.
    fn entry(&mut self, _id: EntryId, _entry: &Entry, _stage: &dyn Stage, _found: &mut Found) {}

    /// Everything due at this instant has happened.
    fn instant(&mut self, _stage: &dyn Stage, _found: &mut Found) {}

    /// When it wants `instant` to be called even if nothing happens then.
    fn due(&self) -> Option<Time> {
        None
    }

    /// The run is over.
    fn end(&mut self, _stage: &dyn Stage, _ending: &Ending, _found: &mut Found) {}
}

/// All built-in oracles of one run. A value, as the run is: a clone goes on by itself.
#[derive(Clone, Debug)]
pub struct Oracles {
    settings: Settings,
    found: Found,
    watchers: Watchers,
}

/// Calls each watcher, in the order of their codes.
macro_rules! watchers {
    ($($name:ident: $oracle:ty = $new:expr,)*) => {
        #[derive(Clone, Debug)]
        struct Watchers { $($name: $oracle,)* }

        impl Watchers {
            fn new(scenario: &Scenario) -> Watchers {
                Watchers { $($name: $new(scenario),)* }
            }

            fn each(&mut self, mut call: impl FnMut(&mut dyn Oracle)) {
                $(call(&mut self.$name);)*
            }

            fn due(&self) -> Option<Time> {
                [$(Oracle::due(&self.$name)),*].into_iter().flatten().min()
            }
        }
    };
}

watchers! {
    overcommit: overcommit::Overcommit = overcommit::Overcommit::new,
    order: order::Started = order::Started::new,
    turns: turns::Turns = turns::Turns::new,
    exports: exports::Exports = exports::Exports::new,
    outage: outage::Outages = outage::Outages::new,
    unstable: unstable::Unstable = unstable::Unstable::new,
    stuck: stuck::Stuck = stuck::Stuck::new,
    leak: leak::Leaks = leak::Leaks::new,
    promotion: promotion::Promotion = promotion::Promotion::new,
    rollback: rollback::Rollback = rollback::Rollback::new,
    overdue: overdue::Overdue = overdue::Overdue::new,
}

impl Oracles {
    /// The oracles of a scenario.
    ///
    /// # Errors
    /// What is wrong with what the scenario says of them, in the order of the file.
    pub fn new(scenario: &Scenario) -> Result<Oracles, Vec<Diagnostic>> {
        let settings = Settings::new(scenario)?;
        Ok(Oracles { settings, found: Found::default(), watchers: Watchers::new(scenario) })
    }
}

impl Observer for Oracles {
    fn entry(&mut self, id: EntryId, stage: &dyn Stage) {
        let Some(entry) = stage.timeline().get(id) else { return };
        let found = &mut self.found;
        self.watchers.each(|oracle| oracle.entry(id, &entry, stage, found));
    }

    fn instant_ended(&mut self, stage: &dyn Stage) {
        let found = &mut self.found;
        self.watchers.each(|oracle| oracle.instant(stage, found));
    }

    fn due(&self) -> Option<Time> {
        self.watchers.due()
    }

    /// An oracle never keeps a run from its end.
    fn settled(&self) -> bool {
        true
    }

    fn finish(&mut self, _stage: &dyn Stage) -> Vec<Verdict> {
        Vec::new()
    }

    fn findings(&mut self, stage: &dyn Stage, ending: &Ending) -> (Vec<Finding>, Vec<Missed>) {
        // What holds at the end cannot be told of a run that was cut off.
        if !matches!(ending, Ending::Asked | Ending::Stopped(_)) {
            let found = &mut self.found;
            self.watchers.each(|oracle| oracle.end(stage, ending, found));
        }
        let is_whole = !matches!(ending, Ending::Asked | Ending::Stopped(_));
        self.settings.settle(std::mem::take(&mut self.found), is_whole)
    }
}
