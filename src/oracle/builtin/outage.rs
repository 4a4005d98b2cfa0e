//! GR104: nobody serves behind a name that was served before, although it is still asked for.
//!
//! A name is a Service, whose ready endpoints count, or a name that a system routes (`traffic/…`). It is asked for while its
//! workloads want pods by their own specs: a name that is being taken down, was scaled to nothing or was never served has no
//! outage, and neither has the preview of a rollout. What a name lacks while nothing is asked for is not counted, and one that is
//! asked for again after that begins anew: it has an outage only once it was served again.

use std::collections::{BTreeMap, BTreeSet};

use super::origin;
use super::{Found, Oracle, rules};
use crate::kernel::{Duration, Time};
use crate::rehearsal::Ending;
use crate::scenario::Scenario;
use crate::systems::standing::{Standing, standing};
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::Stage;

/// Watches who is served.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    /// Names behind which nobody serves now.
    open: BTreeMap<Subject, Open>,
    /// Outages that are over.
    past: Vec<(Subject, Outage)>,
    /// What its system takes away, or has: nothing of that name is asked for.
    leaving: BTreeSet<Subject>,
    /// When what had been taken away was last asked for again.
    anew: BTreeMap<Subject, Time>,
    /// True if what is asked for may be other than when it was last looked at.
    dirty: bool,
}

/// A name behind which nobody serves.
#[derive(Clone, Copy, Debug)]
struct Open {
    evidence: EntryId,
    /// Since when it is asked for all the same; `None`: it is not.
    since: Option<Time>,
}

/// One outage.
#[derive(Clone, Copy, Debug)]
struct Outage {
    at: Time,
    lasts: Duration,
    evidence: EntryId,
    /// True if it is not over.
    is_open: bool,
}

/// Kinds of which a system says by a word that they go, and whose names are those of their traffic.
const fn is_routed(kind: Kind) -> bool {
    matches!(kind, Kind::Member | Kind::Graph | Kind::Instance)
}

/// Those that traffic of this name may be of, a system's own deployment first.
const fn owners(name: Subject) -> [Subject; 3] {
    let Subject { namespace, name, .. } = name;
    [
        Subject { kind: Kind::Member, namespace, name },
        Subject { kind: Kind::Graph, namespace, name },
        Subject { kind: Kind::Instance, namespace, name },
    ]
}

impl Outages {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Outages {
        Outages::default()
    }

    /// True while requests to this name are to be answered.
    fn is_asked_for(&self, name: Subject, stage: &dyn Stage) -> bool {
        if name.kind == Kind::Service {
            return stage.pods_asked(name).is_some_and(|pods| pods > 0);
        }
        if self.is_given_up(name, stage) {
            return false;
        }
        // Where it leads to workloads rather than to pods, these know how many they want.
        let routing = stage.traffic().and_then(|traffic| traffic.routing(name));
        let workloads = routing.into_iter().flat_map(|routed| &routed.backends).map(|backend| backend.workload);
        let mut wanted = workloads.filter(|one| one.kind != Kind::Pod).map(|one| stage.pods_asked(one)).peekable();
        wanted.peek().is_none() || wanted.any(|pods| pods.is_some_and(|pods| pods > 0))
    }

    /// True if somebody wants nothing of this name any more: it is taken down, or scaled to nothing.
    fn is_given_up(&self, name: Subject, stage: &dyn Stage) -> bool {
        if name.kind == Kind::Service {
            return stage.pods_asked(name) == Some(0);
        }
        let owners = owners(name);
        owners.iter().any(|one| self.leaving.contains(one)) || stage.told_wanted(owners[0]) == Some(0)
    }

    /// True if the owner of this name was taken away and asked for again at this very instant: its requests find nobody until it is served.
    fn begins_anew(&self, name: Subject, at: Time) -> bool {
        owners(name).iter().any(|one| self.anew.get(one) == Some(&at))
    }

    fn close(&mut self, name: Subject, until: Time) {
        let Some(Open { evidence, since: Some(at) }) = self.open.remove(&name) else { return };
        let lasts = until.since(at);
        if !lasts.is_zero() {
            self.past.push((name, Outage { at, lasts, evidence, is_open: false }));
        }
    }
}

impl Oracle for Outages {
    fn entry(&mut self, id: EntryId, entry: &Entry, stage: &dyn Stage, _: &mut Found) {
        match (entry.subject.kind, entry.became) {
            (Kind::Pod | Kind::Node, _) => return,
            // Whoever took the name away may bring it again before this instant is looked at.
            (Kind::Traffic, "outage")
                if self.is_given_up(entry.subject, stage) || self.begins_anew(entry.subject, entry.at) => {}
            // What a system routes is told behind all else of its instant, which may have been looked at by then.
            (Kind::Traffic, "outage") => {
                let since = self.is_asked_for(entry.subject, stage).then_some(entry.at);
                self.open.entry(entry.subject).or_insert(Open { evidence: id, since });
            }
            (Kind::Service, "NoEndpoints") => {
                self.open.entry(entry.subject).or_insert(Open { evidence: id, since: None });
            }
            (Kind::Service, "Ready" | "Deleted") | (Kind::Traffic, "serving") => self.close(entry.subject, entry.at),
            (kind, became) if is_routed(kind) => match standing(kind, became) {
                Some(Standing::Leaving | Standing::Gone) => drop(self.leaving.insert(entry.subject)),
                Some(_) if self.leaving.remove(&entry.subject) => {
                    self.anew.insert(entry.subject, entry.at);
                }
                _ => {}
            },
            _ => {}
        }
        self.dirty = true;
    }

    fn instant(&mut self, stage: &dyn Stage, _: &mut Found) {
        if !std::mem::take(&mut self.dirty) || self.open.is_empty() {
            return;
        }
        let now = stage.now();
        for name in self.open.keys().copied().collect::<Vec<_>>() {
            let is_asked_for = self.is_asked_for(name, stage);
            let Some(open) = self.open.get_mut(&name) else { continue };
            if is_asked_for {
                open.since.get_or_insert(now);
                continue;
            }
            let before = *open;
            self.close(name, now);
            // Where only the workloads are away for a while, whoever takes them away has to bring others.
            if !self.is_given_up(name, stage) {
                self.open.insert(name, Open { since: None, ..before });
            }
        }
    }

    fn end(&mut self, stage: &dyn Stage, _: &Ending, found: &mut Found) {
        let (now, timeline, names) = (stage.now(), stage.timeline(), stage.names());
        for (name, open) in std::mem::take(&mut self.open) {
            if let Some(at) = open.since.filter(|at| *at < now) {
                let outage = Outage { at, lasts: now.since(at), evidence: open.evidence, is_open: true };
                self.past.push((name, outage));
            }
        }
        let mut by_name: BTreeMap<Subject, Vec<Outage>> = BTreeMap::new();
        for (name, outage) in self.past.drain(..) {
            by_name.entry(name).or_default().push(outage);
        }
        for (name, outages) in by_name {
            // One that no fault explains says more than one that a fault does, a long one more than a short one.
            let weight = |one: &&Outage| (origin::fault(timeline, one.evidence).is_none(), one.lasts);
            let Some(worst) = outages.iter().rev().max_by_key(weight) else { continue };
            let mut detail = match worst.is_open {
                true => format!("nobody serves from {} to the end, for {}", worst.at, worst.lasts),
                false => format!("nobody serves for {} from {} on", worst.lasts, worst.at),
            };
            if outages.len() > 1 {
                let total = outages.iter().fold(Duration::ZERO, |sum, one| sum + one.lasts);
                detail.push_str(&format!(", the worst of {} outages of {total} together", outages.len()));
            }
            if let Some(pods) = stage.pods_asked(name).filter(|pods| *pods > 0) {
                detail.push_str(&format!(
                    ", although {pods} {} asked for",
                    if pods == 1 { "pod is" } else { "pods are" }
                ));
            }
            detail.push_str(&origin::words(timeline, names, Some(worst.evidence)));
            found.add_lasting(
                &rules::OUTAGE,
                name.show(names),
                worst.at,
                Some(worst.lasts),
                detail,
                Some(worst.evidence),
            );
        }
    }
}
