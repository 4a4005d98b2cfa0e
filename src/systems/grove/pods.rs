//! What the controllers know of pods: those that they asked for, what a watch has shown of each, and what they expect of it
//! until the watch shows it. Source: ai-dynamo/grove, operator/internal/expect/expectations.go.

use std::collections::{BTreeMap, BTreeSet};

use super::profile::Profile;
use super::status::Hash;
use crate::timeline::Subject;
use crate::workload::{PodPhase, PodStatus, Status, World};

/// A pod of a PodClique.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pod {
    /// The pod.
    pub key: Subject,
    /// Its number among the pods of the clique, which its host name has.
    pub index: u32,
    /// The template that it was made from.
    pub hash: Hash,
    /// True if it has a startup probe, until which passes it counts as starting.
    pub has_startup_probe: bool,
    /// What was last shown of it; `None`: not shown yet.
    pub seen: Option<PodStatus>,
    /// True once it was ready.
    pub was_ready: bool,
    /// The controller asked for it, and counts it until it is shown.
    pub expected: bool,
    /// The controller asked for its end, and no longer counts it.
    pub dismissed: bool,
}

impl Pod {
    /// True if the controller may count on it.
    pub fn is_live(&self) -> bool {
        !self.dismissed && self.seen.map_or(self.expected, |seen| !seen.terminating)
    }

    /// What is shown of it, unless it is on its way out.
    pub fn shown(&self) -> Option<PodStatus> {
        self.seen.filter(|seen| !seen.terminating && !self.dismissed)
    }

    /// True if a container of it ended in failure and it has not become ready since.
    pub fn has_failed(&self) -> bool {
        self.seen.is_some_and(|seen| !seen.ready && (seen.restarts > 0 || seen.phase == PodPhase::Failed))
    }

    /// True while its startup probe has not passed.
    pub fn is_starting(&self) -> bool {
        let running = self.seen.is_some_and(|seen| seen.phase == PodPhase::Running && !seen.ready);
        running && self.has_startup_probe && !self.was_ready && !self.has_failed()
    }

    /// True if a container runs that is not ready, though it has started.
    pub fn is_started_not_ready(&self) -> bool {
        let running = self.seen.is_some_and(|seen| seen.phase == PodPhase::Running && !seen.ready);
        running && !self.is_starting() && !self.has_failed()
    }
}

/// All pods that were asked for, by their PodClique.
#[derive(Clone, Debug, Default)]
pub struct Pods {
    cliques: BTreeMap<Subject, Vec<Pod>>,
    owners: BTreeMap<Subject, Subject>,
    /// How many pods a PodClique of this name has had: no name comes twice.
    made: BTreeMap<Subject, u32>,
    /// The PodCliques of pods that changed, until somebody asks.
    touched: BTreeSet<Subject>,
}

/// What a change of a pod means to the controller of its PodClique.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing that it is woken for.
    Unheeded,
    /// It is to look at the PodClique.
    Heeded(Subject),
}

impl Pods {
    /// The pods of a PodClique, the oldest first.
    pub fn of(&self, clique: Subject) -> &[Pod] {
        self.cliques.get(&clique).map_or(&[], Vec::as_slice)
    }

    /// The number in the name of the next pod of a PodClique.
    pub fn next_serial(&mut self, clique: Subject) -> u32 {
        let made = self.made.entry(clique).or_insert(0);
        *made += 1;
        *made - 1
    }

    /// The PodCliques whose pods changed since the last call.
    pub fn touched(&mut self) -> BTreeSet<Subject> {
        std::mem::take(&mut self.touched)
    }

    /// Remembers a pod that was asked for.
    pub fn add(&mut self, clique: Subject, pod: Pod) {
        self.owners.insert(pod.key, clique);
        self.cliques.entry(clique).or_default().push(pod);
    }

    /// The PodClique of a pod.
    pub fn owner(&self, pod: Subject) -> Option<Subject> {
        self.owners.get(&pod).copied()
    }

    /// Changes what is known of one pod.
    pub fn change(&mut self, pod: Subject, change: impl FnOnce(&mut Pod)) {
        let Some(clique) = self.owners.get(&pod) else { return };
        self.touched.insert(*clique);
        let found = self.cliques.get_mut(clique).and_then(|pods| pods.iter_mut().find(|one| one.key == pod));
        if let Some(found) = found {
            change(found);
        }
    }

    /// Forgets a pod that will not come, or has gone.
    pub fn remove(&mut self, pod: Subject) {
        let Some(clique) = self.owners.remove(&pod) else { return };
        self.touched.insert(clique);
        let Some(pods) = self.cliques.get_mut(&clique) else { return };
        pods.retain(|one| one.key != pod);
        if pods.is_empty() {
            self.cliques.remove(&clique);
        }
    }

    /// The controller starts anew and has forgotten what it expected.
    pub fn forget_expectations(&mut self) {
        for pod in self.cliques.values_mut().flatten() {
            (pod.expected, pod.dismissed) = (false, false);
        }
    }

    /// A pass over a PodClique has seen those of its pods that are shown, and expects these no longer.
    /// Source: operator/internal/expect/expectations.go, SyncExpectations.
    pub fn met(&mut self, clique: Subject) {
        for pod in self.cliques.get_mut(&clique).into_iter().flatten() {
            pod.expected &= pod.seen.is_none();
        }
    }

    /// Nobody counts the pods of a PodClique any more, which has gone before them.
    pub fn leave(&mut self, clique: Subject) {
        for pod in self.cliques.remove(&clique).unwrap_or_default() {
            self.owners.remove(&pod.key);
        }
        self.touched.insert(clique);
    }

    /// Takes over what the watch shows of a pod now, and says whether that wakes the controller.
    /// Source: operator/internal/controller/podclique/register.go, podPredicate.
    pub fn show(&mut self, pod: Subject, profile: &Profile, world: &dyn World) -> Change {
        let Some(clique) = self.owner(pod) else { return Change::Unheeded };
        let now = match world.observed(pod) {
            Some(Status::Pod(status)) => Some(status),
            _ => None,
        };
        let (mut before, mut is_expected) = (None, false);
        self.change(pod, |known| {
            before = known.seen;
            known.seen = now;
            known.was_ready |= now.is_some_and(|now| now.ready);
            is_expected = known.expected && !known.dismissed;
        });
        match (before, now) {
            // Where no pass has seen it, nothing takes it out of what is expected.
            (_, None) if is_expected && profile.expects_deleted => Change::Heeded(clique),
            (_, None) => {
                self.remove(pod);
                Change::Heeded(clique)
            }
            (Some(before), Some(now)) if matters(&before, &now, profile) => Change::Heeded(clique),
            _ => Change::Unheeded,
        }
    }
}

/// hasPodStatusChanged and isMarkedForDeletion: a pod that gets its node alone wakes nobody.
fn matters(before: &PodStatus, now: &PodStatus, profile: &Profile) -> bool {
    before.phase != now.phase
        || before.ready != now.ready
        || (before.terminating != now.terminating && !profile.overlooks_leaving)
        || (before.restarts == 0) != (now.restarts == 0)
        || before.reason != now.reason
}
