//! GR112: an update was given up, and not everything is as it was before. What must be back, and what may be left for how long, systems
//! pledge when their way back is over. It is judged when the version is wanted again, or at the end of the run: what came late is no
//! finding of this oracle.

use super::{Found, Oracle, rules};
use crate::kernel::Name;
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::{GivenUp, Left, Pledge, Stage};

/// Watches for ways back that do not arrive.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// Pledges that were read.
    read: usize,
    /// What was given up and is not all back.
    open: Vec<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    owed: GivenUp,
    /// When it was given up.
    at: crate::kernel::Time,
    /// The last entry then.
    told: Option<EntryId>,
    /// Its pods were gone once.
    gone: bool,
    /// It had no requests once.
    unasked: bool,
    /// What was before had its pods once.
    back: bool,
}

impl Rollback {
    /// One for a run of this scenario.
    pub const fn new(_: &Scenario) -> Rollback {
        Rollback { read: 0, open: Vec::new() }
    }
}

impl Open {
    fn look(&mut self, stage: &dyn Stage) {
        let owed = &self.owed;
        self.gone |= left(owed.left, stage) == 0;
        self.unasked |= share(owed, stage) == 0;
        self.back |= stage.counts(owed.back).map_or(0, |counts| counts.pods) >= owed.pods;
    }

    const fn is_settled(&self) -> bool {
        self.gone && self.unasked && self.back
    }

    fn judge(&self, stage: &dyn Stage, found: &mut Found) {
        let (owed, names) = (&self.owed, stage.names());
        let since = self.at + owed.within;
        if stage.now() <= since || self.is_settled() {
            return;
        }
        let version = owed.version.show(names);
        let counts = stage.counts(owed.back).unwrap_or_default();
        let (back, pods) = (owed.back.show(names), owed.pods);
        let detail = if !self.unasked {
            format!("{version} was given up and still has requests")
        } else if !self.gone && counts.ready >= pods {
            format!("{version} was given up, and {} of its pods are left", left(owed.left, stage))
        } else if !self.back {
            format!("{version} was given up, and {back} has {} pods of {pods}", counts.pods)
        } else {
            return;
        };
        found.add(&rules::ROLLBACK, owed.of.show(names), since, detail, self.told);
    }
}

/// Pods that are left of what was given up.
fn left(pods: Left, stage: &dyn Stage) -> u32 {
    match pods {
        Left::Kept => 0,
        Left::Of(workload) => stage.counts(workload).map_or(0, |counts| counts.pods),
        Left::Numbered(pods, count) => {
            let pod = |number| {
                let name = Name::numbered(pods.stem, number);
                Subject { kind: Kind::Pod, namespace: pods.namespace, name }
            };
            (0..count).filter_map(|number| stage.counts(pod(number))).map(|counts| counts.pods).sum()
        }
    }
}

/// The share of requests that it has at present.
fn share(owed: &GivenUp, stage: &dyn Stage) -> u64 {
    let series = owed.traffic.and_then(|name| stage.traffic().and_then(|traffic| traffic.of(name)));
    series.map_or(0, |series| series.share_ppm(owed.version, stage.now()))
}

impl Oracle for Rollback {
    fn instant(&mut self, stage: &dyn Stage, found: &mut Found) {
        while let Some(pledge) = stage.pledges().get(self.read) {
            self.read += 1;
            let version = match pledge {
                Pledge::GivenUp(owed) => owed.version,
                Pledge::Wanted { version } => *version,
                _ => continue,
            };
            self.open.iter().filter(|one| one.owed.version == version).for_each(|one| one.judge(stage, found));
            self.open.retain(|one| one.owed.version != version);
            if let Pledge::GivenUp(owed) = pledge {
                let told = stage.timeline().len().checked_sub(1).map(|index| EntryId(index as u32));
                let at = stage.now();
                self.open.push(Open { owed: *owed, at, told, gone: false, unasked: false, back: false });
            }
        }
        for one in &mut self.open {
            one.look(stage);
        }
        self.open.retain(|one| !one.is_settled());
    }

    fn end(&mut self, stage: &dyn Stage, _: &Ending, found: &mut Found) {
        for one in &self.open {
            one.judge(stage, found);
        }
    }
}
