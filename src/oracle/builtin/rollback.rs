//! GR112: an update was given up, and not everything is as it was before. What must be back, and what may be left for how long, systems
//! pledge when their way back is over. It is judged when the version is wanted again, or at the end of the run: what came late is no
//! finding of this oracle.

use super::{Found, Oracle, Unread, rules};
use crate::kernel::Name;
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::timeline::{EntryId, Kind, Subject};
use crate::workload::{GivenUp, Left, Pledge, Stage};

/// Watches for ways back that do not arrive.
#[derive(Clone, Default, Debug)]
pub struct Rollback {
    unread: Unread,
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
    pub fn new(_: &Scenario) -> Rollback {
        Rollback::default()
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
        // Whoever was taken down, or scaled, meanwhile owes no more than is asked for now.
        let asked = stage.pods_asked(owed.back);
        let (back, pods) = (owed.back.show(names), asked.map_or(owed.pods, |asked| asked.min(owed.pods)));
        let detail = if !self.unasked {
            format!("{version} was given up and still has requests")
        } else if !self.gone && counts.ready >= pods {
            format!("{version} was given up, and {} of its pods are left", left(owed.left, stage))
        } else if !self.back && counts.pods < pods {
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
        for pledge in self.unread.take(stage) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Duration;
    use crate::oracle::played::Played;

    fn given_up(stage: &mut Played) {
        let (of, version) = (stage.subject("Rollout/web"), stage.subject("ReplicaSet/web-r2"));
        let (back, traffic) = (stage.subject("ReplicaSet/web-r1"), Some(stage.subject("Service/web")));
        let (left, within) = (Left::Of(version), Duration::from_secs(30));
        stage.owe(Pledge::GivenUp(GivenUp { of, version, left, traffic, back, pods: 2, within }));
        stage.became("Rollout/web", "Degraded");
    }

    /// What is found at the end, if these are the pods of both then.
    fn found(old: u32, new: u32, serves: &str, end: u64) -> Vec<String> {
        let (mut stage, mut oracle, mut found) = (Played::default(), Rollback::default(), Found::default());
        stage.at(10);
        stage.has("ReplicaSet/web-r1", 1);
        stage.has("ReplicaSet/web-r2", 1);
        stage.served("Service/web", &[("ReplicaSet/web-r1", 1), ("ReplicaSet/web-r2", 1)]);
        given_up(&mut stage);
        oracle.instant(&stage, &mut found);
        stage.at(end);
        stage.has("ReplicaSet/web-r1", old);
        stage.has("ReplicaSet/web-r2", new);
        stage.served("Service/web", &[(serves, 1)]);
        oracle.instant(&stage, &mut found);
        oracle.end(&stage, &Ending::Until, &mut found);
        found.into_vec().into_iter().map(|one| format!("{} {}: {}", one.at, one.subject, one.detail)).collect()
    }

    #[test]
    fn all_that_is_not_as_before_is_found_once_its_time_is_over() {
        let (r1, r2) = ("ReplicaSet/web-r1", "ReplicaSet/web-r2");
        assert_eq!(found(2, 0, r1, 60), Vec::<String>::new());
        assert_eq!(
            found(2, 1, r1, 60),
            ["00:00:40.000 Rollout/web: ReplicaSet/web-r2 was given up, and 1 of its pods are left"]
        );
        assert_eq!(
            found(1, 0, r1, 60),
            ["00:00:40.000 Rollout/web: ReplicaSet/web-r2 was given up, and ReplicaSet/web-r1 has 1 pods of 2"]
        );
        assert_eq!(
            found(2, 0, r2, 60),
            ["00:00:40.000 Rollout/web: ReplicaSet/web-r2 was given up and still has requests"]
        );
        assert_eq!(found(2, 1, r2, 39), Vec::<String>::new());
    }

    #[test]
    fn a_version_that_is_wanted_again_may_be_there() {
        let (mut stage, mut oracle, mut found) = (Played::default(), Rollback::default(), Found::default());
        stage.at(10);
        stage.has("ReplicaSet/web-r2", 2);
        given_up(&mut stage);
        oracle.instant(&stage, &mut found);
        stage.at(20);
        let version = stage.subject("ReplicaSet/web-r2");
        stage.owe(Pledge::Wanted { version });
        oracle.instant(&stage, &mut found);
        stage.at(90);
        oracle.end(&stage, &Ending::Until, &mut found);
        assert_eq!(found.into_vec().len(), 0);
    }
}
