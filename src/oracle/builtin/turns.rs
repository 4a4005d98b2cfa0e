//! GR102, of pods: one that was made, or ran, before the pods that it waits for were ready. Who waits for whom is what systems
//! pledge; orders of their own subjects are `order`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Found, Oracle, Unread, rules};
use crate::kernel::{Name, Names, Time};
use crate::scenario::Scenario;
use crate::timeline::{Entry, EntryId, Kind, Subject};
use crate::workload::{Numbered, Pledge, Stage};

/// Watches for pods that come too early.
#[derive(Clone, Default, Debug)]
pub struct Turns {
    unread: Unread,
    /// The pods of every name that something is owed of.
    pods: Arc<BTreeMap<Numbered, Pods>>,
    /// Sets whose pods come in turn, each with the number of its first.
    in_turn: Arc<BTreeMap<Numbered, u32>>,
    leaders: Arc<BTreeSet<Numbered>>,
    waits: Arc<Vec<Wait>>,
}

/// What is known of pods below one name.
#[derive(Clone, Debug, Default)]
struct Pods {
    ready: BTreeSet<u32>,
    /// Those that were ever there and are not ready now.
    lacking: BTreeSet<u32>,
    /// When those were made that have not run yet.
    made: BTreeMap<u32, Time>,
}

/// Pods that run after so many others were ready.
#[derive(Clone, Copy, Debug)]
struct Wait {
    dependent: Numbered,
    dependency: Numbered,
    pods: u32,
    /// When enough were ready for the last time, if not now.
    enough: Option<Time>,
}

impl Turns {
    /// One for a run of this scenario.
    pub fn new(_: &Scenario) -> Turns {
        Turns::default()
    }

    fn read(&mut self, stage: &dyn Stage) {
        for pledge in self.unread.take(stage) {
            match *pledge {
                Pledge::InTurn { pods, first } => {
                    Arc::make_mut(&mut self.in_turn).insert(pods, first);
                    self.know(pods);
                }
                Pledge::LeaderFirst { leaders } => {
                    Arc::make_mut(&mut self.leaders).insert(leaders);
                    self.know(leaders);
                }
                Pledge::AtOnce { pods } => {
                    Arc::make_mut(&mut self.in_turn).remove(&pods);
                    Arc::make_mut(&mut self.leaders).remove(&pods);
                }
                Pledge::ReadyBefore { dependent, dependency, pods } => {
                    let waits = Arc::make_mut(&mut self.waits);
                    waits.retain(|wait| (wait.dependent, wait.dependency) != (dependent, dependency));
                    waits.push(Wait { dependent, dependency, pods, enough: None });
                    self.know(dependent);
                    self.know(dependency);
                }
                _ => {}
            }
        }
    }

    fn know(&mut self, pods: Numbered) {
        Arc::make_mut(&mut self.pods).entry(pods).or_default();
    }

    /// A pod that something is owed of became something.
    fn pod(&mut self, pods: Numbered, number: u32, id: EntryId, entry: &Entry, stage: &dyn Stage, found: &mut Found) {
        match entry.became {
            "Pending" => self.made(pods, number, id, entry, stage, found),
            "Running" => self.ran(pods, number, id, entry, stage, found),
            _ => {}
        }
        let is_ready = match entry.became {
            "Ready" => true,
            "Pending" | "NotReady" | "Terminating" | "Succeeded" | "Failed" | "Deleted" => false,
            _ => return,
        };
        let Some(known) = Arc::make_mut(&mut self.pods).get_mut(&pods) else { return };
        let before = known.ready.len();
        if is_ready {
            known.lacking.remove(&number);
            known.ready.insert(number);
        } else {
            known.ready.remove(&number);
            known.lacking.insert(number);
        }
        let after = known.ready.len();
        if after < before {
            let falls = |wait: &Wait| wait.dependency == pods && wait.pods as usize == before;
            if self.waits.iter().any(falls) {
                let waits = Arc::make_mut(&mut self.waits).iter_mut();
                waits.filter(|wait| falls(wait)).for_each(|wait| wait.enough = Some(entry.at));
            }
        }
    }

    /// A pod was made: those before it are ready, if it comes in turn.
    fn made(&mut self, pods: Numbered, number: u32, id: EntryId, entry: &Entry, stage: &dyn Stage, found: &mut Found) {
        if self.waits.iter().any(|wait| wait.dependent == pods)
            && let Some(known) = Arc::make_mut(&mut self.pods).get_mut(&pods)
        {
            known.made.insert(number, entry.at);
        }
        let (Some(first), Some(known)) = (self.in_turn.get(&pods), self.pods.get(&pods)) else { return };
        if number <= *first {
            return;
        }
        let not_ready = known.lacking.range(*first..number).next().copied();
        // Whoever was never there is neither ready nor lacking.
        let never = || {
            let there = |one: &u32| known.ready.contains(one) || known.lacking.contains(one);
            Some(number - 1).filter(|before| !there(before))
        };
        if let Some(lacks) = not_ready.or_else(never) {
            let detail = format!("its pod {number} was made while pod {lacks} before it was not ready");
            let subject = shown(Kind::StatefulSet, pods, stage.names());
            found.add(&rules::ORDER, subject, entry.at, detail, Some(id));
        }
    }

    /// A pod runs: all that it waits for was there since it was made.
    fn ran(&mut self, pods: Numbered, number: u32, id: EntryId, entry: &Entry, stage: &dyn Stage, found: &mut Found) {
        let Some(made) = self.pods.get(&pods).and_then(|known| known.made.get(&number).copied()) else { return };
        for wait in self.waits.iter().filter(|wait| wait.dependent == pods) {
            let ready = self.pods.get(&wait.dependency).map_or(0, |known| known.ready.len() as u32);
            if ready >= wait.pods || wait.enough.is_some_and(|at| at >= made) {
                continue;
            }
            let names = stage.names();
            let dependency = shown(Kind::PodClique, wait.dependency, names);
            let detail = format!(
                "its pod {number} ran while {ready} pods of {dependency} were ready, and it waits for {}",
                wait.pods
            );
            found.add(&rules::ORDER, shown(Kind::PodClique, pods, names), entry.at, detail, Some(id));
        }
        if let Some(known) = Arc::make_mut(&mut self.pods).get_mut(&pods) {
            known.made.remove(&number);
        }
    }

    /// The StatefulSet of a group's workers was made: its leader is ready.
    fn workers(&self, id: EntryId, entry: &Entry, stage: &dyn Stage, found: &mut Found) {
        let Some((leaders, number)) = numbered(entry.subject) else { return };
        if !self.leaders.contains(&leaders) {
            return;
        }
        if !self.pods.get(&leaders).is_some_and(|known| known.ready.contains(&number)) {
            let detail = format!("the workers of group {number} were made before its leader was ready");
            let subject = shown(Kind::LeaderWorkerSet, leaders, stage.names());
            found.add(&rules::ORDER, subject, entry.at, detail, Some(id));
        }
    }
}

impl Oracle for Turns {
    fn entry(&mut self, id: EntryId, entry: &Entry, stage: &dyn Stage, found: &mut Found) {
        self.read(stage);
        if self.pods.is_empty() {
            return;
        }
        match entry.subject.kind {
            Kind::Pod => {
                let known = numbered(entry.subject).filter(|(pods, _)| self.pods.contains_key(pods));
                if let Some((pods, number)) = known {
                    self.pod(pods, number, id, entry, stage, found);
                }
            }
            Kind::StatefulSet if entry.became == "Created" => self.workers(id, entry, stage, found),
            _ => {}
        }
    }
}

fn numbered(subject: Subject) -> Option<(Numbered, u32)> {
    let number = subject.name.ordinal()?;
    Some((Numbered { namespace: subject.namespace, stem: subject.name.base() }, number))
}

/// The object whose pods these are.
fn shown(kind: Kind, pods: Numbered, names: &Names) -> String {
    Subject { kind, namespace: pods.namespace, name: Name::plain(pods.stem) }.show(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::played::Played;

    fn found(stage: &mut Played, entries: &[(u64, &str, &'static str)]) -> Vec<String> {
        let mut oracle = Turns::default();
        let mut found = Found::default();
        for (at, subject, became) in entries {
            stage.at(*at);
            let (id, entry) = stage.became(subject, became);
            oracle.entry(id, &entry, stage, &mut found);
        }
        found.into_vec().into_iter().map(|one| format!("{} {}: {}", one.at, one.subject, one.detail)).collect()
    }

    #[test]
    fn pods_in_turn_wait_for_those_before_them() {
        let turn = |second: u64, last: &'static str| {
            [
                (1, "Pod/web-0", "Pending"),
                (3, "Pod/web-0", "Ready"),
                (4, "Pod/web-1", "Pending"),
                (second, "Pod/web-1", last),
                (9, "Pod/web-2", "Pending"),
            ]
        };
        let mut stage = Played::default();
        let pods = stage.pods("web");
        stage.owe(Pledge::InTurn { pods, first: 0 });
        assert_eq!(found(&mut stage, &turn(8, "Ready")), Vec::<String>::new());
        let told = "00:00:09.000 StatefulSet/web: its pod 2 was made while pod 1 before it was not ready";
        assert_eq!(found(&mut stage, &turn(8, "Running")), [told]);
        stage.owe(Pledge::AtOnce { pods });
        assert_eq!(found(&mut stage, &turn(8, "Running")), Vec::<String>::new());
    }

    #[test]
    fn pods_below_the_first_are_nobodys_predecessors() {
        let mut stage = Played::default();
        let pods = stage.pods("web");
        stage.owe(Pledge::InTurn { pods, first: 3 });
        assert_eq!(found(&mut stage, &[(1, "Pod/web-3", "Pending")]), Vec::<String>::new());
        assert_eq!(found(&mut stage, &[(1, "Pod/web-4", "Pending")]).len(), 1);
    }

    #[test]
    fn workers_come_after_their_leader_is_ready() {
        let mut stage = Played::default();
        let leaders = stage.pods("llm");
        stage.owe(Pledge::LeaderFirst { leaders });
        let early = [(1, "Pod/llm-0", "Pending"), (2, "StatefulSet/llm-0", "Created"), (5, "Pod/llm-0", "Ready")];
        let told = "00:00:02.000 LeaderWorkerSet/llm: the workers of group 0 were made before its leader was ready";
        assert_eq!(found(&mut stage, &early), [told]);
        let late = [(1, "Pod/llm-0", "Pending"), (5, "Pod/llm-0", "Ready"), (6, "StatefulSet/llm-0", "Created")];
        assert_eq!(found(&mut stage, &late), Vec::<String>::new());
    }

    #[test]
    fn it_suffices_that_enough_were_ready_once_since_a_pod_was_made() {
        let mut stage = Played::default();
        let (dependent, dependency) = (stage.pods("w"), stage.pods("f"));
        stage.owe(Pledge::ReadyBefore { dependent, dependency, pods: 1 });
        let seen =
            [(1, "Pod/w-0", "Pending"), (2, "Pod/f-0", "Ready"), (3, "Pod/f-0", "NotReady"), (4, "Pod/w-0", "Running")];
        assert_eq!(found(&mut stage, &seen), Vec::<String>::new());
        let before =
            [(1, "Pod/f-0", "Ready"), (2, "Pod/f-0", "NotReady"), (3, "Pod/w-0", "Pending"), (4, "Pod/w-0", "Running")];
        let told = "00:00:04.000 PodClique/w: its pod 0 ran while 0 pods of PodClique/f were ready, and it waits for 1";
        assert_eq!(found(&mut stage, &before), [told]);
    }
}
