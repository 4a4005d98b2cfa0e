//! Who belongs to whom: objects find each other by labels, as in the source, and by names that are made of each other's.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{PodClique, PodCliqueScalingGroup, PodCliqueSet, PodGang, Resource};
use super::names;
use crate::kernel::Symbol;
use crate::systems::machinery;
use crate::timeline::{Kind, Subject};
use crate::workload::World;

/// An object as the API keeps it.
pub type Stored = machinery::Resource<Resource>;

/// Another object in the namespace of this one.
pub fn beside(key: Subject, kind: Kind, name: &str, world: &mut dyn World) -> Subject {
    Subject { kind, namespace: key.namespace, name: world.name(name) }
}

/// The name of the clique in its set's template: its own without what it is made of.
pub fn clique_name<'s>(stored: &'s Stored, own: &'s str) -> Option<&'s str> {
    let (owner, copy) = match stored.label(names::GROUP) {
        Some(group) => (group, stored.label(names::GROUP_REPLICA)?),
        None => (stored.label(names::PART_OF)?, stored.label(names::SET_REPLICA)?),
    };
    own.strip_prefix(owner)?.strip_prefix('-')?.strip_prefix(copy)?.strip_prefix('-')
}

/// The PodCliqueSet that it is.
pub fn as_set(stored: &Stored) -> Option<&PodCliqueSet> {
    if let Resource::PodCliqueSet(set) = &stored.value { Some(set) } else { None }
}

/// The PodCliqueScalingGroup that it is.
pub fn as_group(stored: &Stored) -> Option<&PodCliqueScalingGroup> {
    if let Resource::PodCliqueScalingGroup(group) = &stored.value { Some(group) } else { None }
}

/// The PodClique that it is.
pub fn as_clique(stored: &Stored) -> Option<&PodClique> {
    if let Resource::PodClique(clique) = &stored.value { Some(clique) } else { None }
}

/// The PodGang that it is.
pub fn as_gang(stored: &Stored) -> Option<&PodGang> {
    if let Resource::PodGang(gang) = &stored.value { Some(gang) } else { None }
}

impl machinery::Spec for Resource {
    fn same_spec(&self, other: &Resource) -> bool {
        Resource::same_spec(self, other)
    }

    fn take_status(&mut self, from: &Resource) {
        match (self, from) {
            (Resource::PodCliqueSet(to), Resource::PodCliqueSet(from)) => to.status.clone_from(&from.status),
            (Resource::PodCliqueScalingGroup(to), Resource::PodCliqueScalingGroup(from)) => {
                to.status.clone_from(&from.status);
            }
            (Resource::PodClique(to), Resource::PodClique(from)) => to.status.clone_from(&from.status),
            (Resource::PodGang(to), Resource::PodGang(from)) => to.status.clone_from(&from.status),
            _ => {}
        }
    }
}

/// Who was ever made for whom. Names come back with the same meaning, so that nothing is taken out.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// The set of each object, and the replica of the set.
    sets: BTreeMap<Subject, (Subject, u32)>,
    /// The scaling group of a PodClique, and the copy.
    groups: BTreeMap<Subject, (Subject, u32)>,
    /// What a set has: scaling groups, PodCliques in none, PodGangs.
    of_set: BTreeMap<Subject, BTreeSet<Subject>>,
    /// The same by replica.
    of_replica: BTreeMap<(Subject, u32), BTreeSet<Subject>>,
    /// The PodCliques of a scaling group.
    of_group: BTreeMap<Subject, BTreeSet<Subject>>,
    /// PodCliques by their names.
    cliques: BTreeMap<(Symbol, String), Subject>,
}

impl Family {
    /// Remembers an object of a replica of a set.
    pub fn of_set(&mut self, key: Subject, name: &str, set: Subject, replica: u32) {
        self.sets.insert(key, (set, replica));
        self.of_set.entry(set).or_default().insert(key);
        self.of_replica.entry((set, replica)).or_default().insert(key);
        if key.kind == Kind::PodClique {
            self.cliques.insert((key.namespace, name.to_owned()), key);
        }
    }

    /// Remembers a PodClique of a copy of a scaling group.
    pub fn of_group(&mut self, key: Subject, name: &str, group: Subject, copy: u32) {
        if let Some(set) = self.sets.get(&group).copied() {
            self.sets.insert(key, set);
        }
        self.groups.insert(key, (group, copy));
        self.of_group.entry(group).or_default().insert(key);
        self.cliques.insert((key.namespace, name.to_owned()), key);
    }

    /// The set that an object is part of, and the replica.
    pub fn set_of(&self, key: Subject) -> Option<(Subject, u32)> {
        self.sets.get(&key).copied()
    }

    /// The scaling group that a PodClique is part of, and the copy.
    pub fn group_of(&self, clique: Subject) -> Option<(Subject, u32)> {
        self.groups.get(&clique).copied()
    }

    /// The objects of a kind that a set was given, but for the PodCliques of its scaling groups.
    pub fn members(&self, set: Subject, kind: Kind) -> impl Iterator<Item = Subject> {
        self.of_set.get(&set).into_iter().flatten().copied().filter(move |key| key.kind == kind)
    }

    /// The same of one replica of the set.
    pub fn of_replica(&self, set: Subject, replica: u32, kind: Kind) -> impl Iterator<Item = Subject> {
        self.of_replica.get(&(set, replica)).into_iter().flatten().copied().filter(move |key| key.kind == kind)
    }

    /// The PodCliques that a scaling group was given.
    pub fn cliques_of(&self, group: Subject) -> impl Iterator<Item = Subject> {
        self.of_group.get(&group).into_iter().flatten().copied()
    }

    /// All PodCliques of one replica of a set, those of its scaling groups too.
    pub fn cliques_of_replica(&self, set: Subject, replica: u32) -> Vec<Subject> {
        let groups = self.of_replica(set, replica, Kind::PodCliqueScalingGroup);
        let copies = groups.flat_map(|group| self.cliques_of(group));
        self.of_replica(set, replica, Kind::PodClique).chain(copies).collect()
    }

    /// The PodClique of this name beside another object.
    pub fn clique(&self, beside: Subject, name: &str) -> Option<Subject> {
        self.cliques.get(&(beside.namespace, name.to_owned())).copied()
    }
}
