//! What the operator asked of the cluster: Deployments, Services, claims and LeaderWorkerSets, each for an object of Dynamo. What
//! became of an ask comes back later, and a change of what is there wakes whoever it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::devices::ClaimTemplates;
use crate::kernel::Time;
use crate::systems::leaderworkerset::{Figures, LeaderWorkerSet};
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::{Ask, AskId, Object, Outcome, World};

/// One object of the cluster.
#[derive(Clone, Debug)]
struct Held {
    /// As it was asked for last.
    object: Object,
    /// As the cluster has it, once it took it.
    there: Option<Object>,
    owner: Subject,
    serves: Subject,
    /// The ask that is not answered yet.
    asked: Option<AskId>,
    /// When it was first asked for.
    since: Time,
}

/// What was asked of the cluster.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    held: BTreeMap<Subject, Held>,
    /// The keys of what is held, by whom it is held for.
    by_owner: BTreeMap<Subject, BTreeSet<Subject>>,
    /// What is not answered yet, with what was asked for.
    asks: BTreeMap<AskId, (Subject, Object)>,
    /// The same of objects that were taken away since, with what their pods serve.
    late: BTreeMap<AskId, (Subject, Subject)>,
    /// The controllers of LeaderWorkerSets, which are no part of Kubernetes itself.
    groups: Vec<LeaderWorkerSet>,
    /// What went wrong, by whom it was asked for.
    failures: BTreeMap<Subject, String>,
    /// ConfigMaps that profilers left behind, with the time of each: nothing owns them.
    pub config_maps: BTreeMap<Subject, Time>,
    /// What pods can claim devices by.
    pub claim_templates: ClaimTemplates,
}

/// What one object of the cluster is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// Its spec.
    pub object: Object,
    /// The object of Dynamo that it belongs to.
    pub owner: Subject,
    /// What its pods serve.
    pub serves: Subject,
}

impl Asked {
    /// True if the cluster has to be asked for this: it was not yet, it was asked for otherwise, or somebody scaled it since.
    pub fn differs(&self, wanted: &Wanted, world: &dyn World) -> bool {
        let Some(held) = self.held.get(&wanted.key) else { return true };
        if held.object != wanted.object {
            return true;
        }
        held.asked.is_none()
            && replicas(&held.object).is_some_and(|wants| world.scale(wanted.key).is_some_and(|scale| scale != wants))
    }

    /// Asks for an object.
    pub fn apply(&mut self, wanted: Wanted, cause: Cause, world: &mut dyn World) {
        let Wanted { key, object, owner, serves } = wanted;
        if !self.held.contains_key(&key) {
            world.watch(key);
        }
        let known = self.held.remove(&key);
        let since = known.as_ref().map_or(world.now(), |held| held.since);
        let there = known.and_then(|held| held.there);
        let ask = world.ask(Ask::Apply { key, object: object.clone(), serves }, cause);
        self.asks.insert(ask, (key, object.clone()));
        self.by_owner.entry(owner).or_default().insert(key);
        self.held.insert(key, Held { object, there, owner, serves, asked: Some(ask), since });
    }

    /// Takes away all that belongs to an object of Dynamo.
    pub fn remove_of(&mut self, owner: Subject, cause: Cause, world: &mut dyn World) {
        self.failures.remove(&owner);
        for key in self.by_owner.remove(&owner).unwrap_or_default() {
            self.remove(key, cause, world);
        }
    }

    /// Takes one object away.
    pub fn remove(&mut self, key: Subject, cause: Cause, world: &mut dyn World) {
        let Some(held) = self.held.remove(&key) else { return };
        let late = self.asks.extract_if(.., |_, (asked, _)| *asked == key);
        self.late.extend(late.map(|(ask, _)| (ask, (key, held.serves))));
        if let Some(keys) = self.by_owner.get_mut(&held.owner) {
            keys.remove(&key);
        }
        world.ask(Ask::Delete { key, serves: held.serves }, cause);
        if let Some(set) = self.groups.iter_mut().find(|set| set.key() == key) {
            set.delete(cause, world);
        }
    }

    /// True while an ask for this object is not answered: what is seen of it may be from before.
    pub fn is_asked(&self, key: Subject) -> bool {
        self.held.get(&key).is_some_and(|held| held.asked.is_some())
    }

    /// True if the cluster was asked for this.
    pub fn is_held(&self, key: Subject) -> bool {
        self.held.contains_key(&key)
    }

    /// For whom an object of the cluster is there.
    pub fn owner_of(&self, key: Subject) -> Option<Subject> {
        self.held.get(&key).map(|held| held.owner)
    }

    /// What has the pods that take requests: those of a LeaderWorkerSet are its leaders, in a StatefulSet of its name.
    pub const fn leaders(workload: Subject) -> Subject {
        match workload.kind {
            Kind::LeaderWorkerSet => Subject { kind: Kind::StatefulSet, ..workload },
            _ => workload,
        }
    }

    /// For whom the LeaderWorkerSet is there whose leaders these are.
    pub fn owner_of_leaders(&self, key: Subject) -> Option<Subject> {
        let is_set = key.kind == Kind::StatefulSet;
        is_set.then(|| self.owner_of(Subject { kind: Kind::LeaderWorkerSet, ..key })).flatten()
    }

    /// What the pods of an object of the cluster serve.
    pub fn serves(&self, key: Subject) -> Option<Subject> {
        self.held.get(&key).map(|held| held.serves)
    }

    /// What is there for an object of Dynamo.
    pub fn of(&self, owner: Subject) -> impl Iterator<Item = Subject> + '_ {
        self.by_owner.get(&owner).into_iter().flatten().copied()
    }

    /// What is there for an object of Dynamo, with what was asked for, and when it was first.
    pub fn objects_of(&self, owner: Subject) -> impl Iterator<Item = (Subject, &Object, Time)> {
        let known = self.of(owner).filter_map(|key| Some((key, self.held.get(&key)?)));
        known.map(|(key, held)| (key, &held.object, held.since))
    }

    /// True if something that was asked for it went wrong, and nobody took that in yet.
    pub fn has_failed(&self, owner: Subject) -> bool {
        self.failures.contains_key(&owner)
    }

    /// True while something that was asked for it is not answered.
    pub fn waits(&self, owner: Subject) -> bool {
        self.of(owner).any(|key| self.is_asked(key))
    }

    /// What went wrong first with what was asked for it, once.
    pub fn take_failure(&mut self, owner: Subject) -> Option<String> {
        self.failures.remove(&owner)
    }

    /// What became of an ask; gives for whom it was. `None` if it is none of these.
    pub fn answered(&mut self, ask: AskId, outcome: Outcome, cause: Cause, world: &mut dyn World) -> Option<Subject> {
        if let Some((key, serves)) = self.late.remove(&ask) {
            // It was made after its owner had gone: the garbage collector takes it (k8s.io/kubernetes, pkg/controller/garbagecollector,
            // `attemptToDeleteItem`).
            if matches!(outcome, Outcome::Accepted(_)) && !self.held.contains_key(&key) {
                world.ask(Ask::Delete { key, serves }, cause);
            }
            return None;
        }
        let (key, object) = self.asks.remove(&ask)?;
        let held = self.held.get_mut(&key)?;
        if matches!(outcome, Outcome::Accepted(_)) {
            held.there = Some(object);
        }
        if held.asked != Some(ask) {
            return None;
        }
        held.asked = None;
        let (owner, serves) = (held.owner, held.serves);
        let failure = match outcome {
            Outcome::Accepted(_) | Outcome::Measured(_) => {
                if key.kind == Kind::LeaderWorkerSet {
                    self.control_groups(key, serves, cause, world);
                }
                return Some(owner);
            }
            Outcome::Refused(why) | Outcome::Failed(why) => world.text(why),
            Outcome::NotFound => "not found".to_owned(),
            Outcome::Conflict => "the object has been modified".to_owned(),
            Outcome::Unknown => "no answer".to_owned(),
        };
        // It is asked for again at the next look. What was there before is there as it was: a write that is refused changes nothing.
        match &held.there {
            Some(there) => held.object = there.clone(),
            None => {
                self.held.remove(&key);
                if let Some(keys) = self.by_owner.get_mut(&owner) {
                    keys.remove(&key);
                }
            }
        }
        self.failures.entry(owner).or_insert(failure);
        Some(owner)
    }

    fn control_groups(&mut self, key: Subject, serves: Subject, cause: Cause, world: &mut dyn World) {
        self.groups.retain(|set| set.key() != key || !set.is_deleted());
        let Some(spec) = world.group_set(key) else { return };
        match self.groups.iter_mut().find(|set| set.key() == key) {
            Some(set) => set.change(spec, cause, world),
            None => self.groups.push(LeaderWorkerSet::create(key, serves, spec, cause, world)),
        }
    }

    /// Lets the controllers of LeaderWorkerSets know of a change.
    pub fn changed(&mut self, subject: Subject, cause: Cause, world: &mut dyn World) {
        for set in self.groups.iter_mut().filter(|set| set.watches(subject)) {
            set.changed(cause, world);
        }
    }

    /// What the status of a LeaderWorkerSet counts.
    pub fn groups(&self, key: Subject, world: &dyn World) -> Figures {
        let set = self.groups.iter().find(|set| set.key() == key && !set.is_deleted());
        set.map(|set| set.figures(world)).unwrap_or_default()
    }

    /// True while all groups of a LeaderWorkerSet are ready and of the newest template.
    pub fn groups_are_available(&self, key: Subject) -> bool {
        self.groups.iter().any(|set| set.key() == key && set.is_available())
    }
}

/// How many replicas an object wants, if it has any.
const fn replicas(object: &Object) -> Option<u32> {
    match object {
        Object::Deployment(spec) => Some(spec.replicas),
        Object::LeaderWorkerSet(spec) => Some(spec.replicas),
        _ => None,
    }
}
