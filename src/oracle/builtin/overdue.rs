//! GR113: something was due by its system's own rules, and did not happen. What is due, and by when, is what systems pledge.

use std::sync::Arc;

use super::{Found, Oracle, Unread, rules};
use crate::kernel::Time;
use crate::scenario::Scenario;
use crate::timeline::{Entry, EntryId, Kind};
use crate::workload::{Leaves, Pledge, Reaches, Stage};

/// What becomes of a part, or of its pod, whose failure excuses that an update does not come to its end.
const FAILURES: &[&str] = &[
    "failed_to_start",
    "unhealthy",
    "degraded",
    "Unschedulable",
    "FailedCreate",
    "FailedMount",
    "ImagePullBackOff",
    "CrashLoopBackOff",
    "Failed",
    "Error",
    "NotReady",
];

/// Watches for what is due.
#[derive(Clone, Default, Debug)]
pub struct Overdue {
    unread: Unread,
    leaves: Arc<Vec<Leaves>>,
    reaches: Arc<Vec<Reaches>>,
}

impl Overdue {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Overdue {
        Overdue::default()
    }

    fn read(&mut self, stage: &dyn Stage) {
        for pledge in self.unread.take(stage) {
            match *pledge {
                Pledge::Leaves(due) => {
                    let leaves = Arc::make_mut(&mut self.leaves);
                    leaves.retain(|one| one.of != due.of);
                    leaves.push(due);
                }
                Pledge::Reaches(due) => {
                    let reaches = Arc::make_mut(&mut self.reaches);
                    reaches.retain(|one| (one.of, one.key) != (due.of, due.key));
                    reaches.push(due);
                }
                Pledge::Free { dependent } => Arc::make_mut(&mut self.reaches).retain(|due| due.of != dependent),
                _ => {}
            }
        }
    }

    /// A part of what is due has failed: nobody owes the rest.
    fn excuse(&mut self, entry: &Entry) {
        if !matches!(entry.subject.kind, Kind::Pod | Kind::Route) || !FAILURES.contains(&entry.became) {
            return;
        }
        let is_part = |due: &Reaches| {
            due.parts.stem == entry.subject.name.base() && due.parts.namespace == entry.subject.namespace
        };
        if self.reaches.iter().any(is_part) {
            Arc::make_mut(&mut self.reaches).retain(|due| !is_part(due));
        }
    }
}

impl Oracle for Overdue {
    fn entry(&mut self, _: EntryId, entry: &Entry, stage: &dyn Stage, _: &mut Found) {
        self.read(stage);
        if self.leaves.is_empty() && self.reaches.is_empty() {
            return;
        }
        // Where something goes wrong from outside, nobody owes that all goes well.
        if entry.subject.kind == Kind::Fault {
            (self.leaves, self.reaches) = Default::default();
        }
        self.excuse(entry);
        let left = |due: &Leaves| due.of == entry.subject && entry.became != due.state;
        if self.leaves.iter().any(left) {
            Arc::make_mut(&mut self.leaves).retain(|due| !left(due));
        }
        // Whoever is taken down owes nothing.
        let goes = matches!(entry.became, "destroying" | "destroyed" | "undeploying" | "Deleted" | "Terminating");
        if goes && self.reaches.iter().any(|due| due.of == entry.subject) {
            Arc::make_mut(&mut self.reaches).retain(|due| due.of != entry.subject);
        }
    }

    fn instant(&mut self, stage: &dyn Stage, found: &mut Found) {
        let now = stage.now();
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        let names = stage.names();
        let over: Vec<Leaves> = self.leaves.iter().copied().filter(|due| due.by <= now).collect();
        Arc::make_mut(&mut self.leaves).retain(|due| due.by > now);
        for due in over {
            let evidence = stage.timeline().latest(due.of).map(|(id, _)| id);
            let detail = format!("still {}, which ends at {} at the latest: {}", due.state, due.by, due.rule);
            found.add(&rules::OVERDUE, due.of.show(names), due.by, detail, evidence);
        }
        let over: Vec<Reaches> = self.reaches.iter().copied().filter(|due| due.by <= now).collect();
        Arc::make_mut(&mut self.reaches).retain(|due| due.by > now);
        for due in over {
            let (is, wanted) = (stage.published(due.of, due.key).unwrap_or("nothing"), names.text(due.value));
            if is == wanted {
                continue;
            }
            let evidence = stage.timeline().latest(due.of).map(|(id, _)| id);
            let detail = format!(
                "its {} is {is}, and {wanted} was to be it by {}: no part of it failed meanwhile ({})",
                due.key, due.by, due.rule
            );
            found.add(&rules::OVERDUE, due.of.show(names), due.by, detail, evidence);
        }
    }

    fn due(&self) -> Option<Time> {
        let leaves = self.leaves.iter().map(|due| due.by);
        leaves.chain(self.reaches.iter().map(|due| due.by)).min()
    }
}
