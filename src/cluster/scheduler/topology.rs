//! Which place a node is in, for each label that terms about pods name: values as small integers, kept up to date from the
//! log of changes.

use std::collections::BTreeMap;

use crate::cluster::node::{NodeId, Nodes};

/// A label that makes places of nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(u16);

/// A place: the value of a key's label; 0 where a node has no such label.
pub(super) type Place = u32;

#[derive(Clone, Default, Debug)]
struct Topology {
    label: String,
    values: BTreeMap<String, Place>,
    of_node: Vec<Place>,
}

/// The places of all nodes.
#[derive(Clone, Default, Debug)]
pub(super) struct Topologies {
    keys: Vec<Topology>,
    read: u64,
}

impl Topologies {
    /// The key of a label, a new one if it was not named before.
    pub fn key(&mut self, label: &str, nodes: &Nodes) -> Key {
        let found = self.keys.iter().position(|one| one.label == label);
        let at = found.unwrap_or_else(|| {
            let mut topology = Topology { label: label.to_owned(), ..Topology::default() };
            nodes.iter().for_each(|(id, _)| topology.look_at(nodes, id));
            self.keys.push(topology);
            self.keys.len() - 1
        });
        Key(u16::try_from(at).expect("fewer than 65536 topology keys"))
    }

    /// Reads which nodes changed since the last time.
    pub fn refresh(&mut self, nodes: &Nodes) {
        let count = nodes.changes().count();
        if self.read == count {
            return;
        }
        match nodes.changes().since(self.read) {
            Some(changes) => {
                for (id, _) in changes.filter(|(_, kind_too)| *kind_too) {
                    self.keys.iter_mut().for_each(|one| one.look_at(nodes, id));
                }
            }
            None => {
                for (id, _) in nodes.iter() {
                    self.keys.iter_mut().for_each(|one| one.look_at(nodes, id));
                }
            }
        }
        self.read = count;
    }

    /// The place of a node; `None` if it has none.
    pub fn place(&self, key: Key, node: NodeId) -> Option<usize> {
        let place = *self.keys[key.0 as usize].of_node.get(node.0 as usize)?;
        (place > 0).then_some(place as usize)
    }

    /// One more than the largest place of a key.
    pub fn places(&self, key: Key) -> usize {
        self.keys[key.0 as usize].values.len() + 1
    }
}

impl Topology {
    fn look_at(&mut self, nodes: &Nodes, id: NodeId) {
        let at = id.0 as usize;
        if self.of_node.len() <= at {
            self.of_node.resize(at + 1, 0);
        }
        self.of_node[at] = match nodes.get(id).labels.get(&self.label) {
            None => 0,
            Some(value) => match self.values.get(value) {
                Some(place) => *place,
                None => {
                    let place = self.values.len() as Place + 1;
                    self.values.insert(value.clone(), place);
                    place
                }
            },
        };
    }
}

/// Counts by key and place.
#[derive(Clone, Default, Debug)]
pub(super) struct Tally {
    keys: Vec<(Key, Vec<i64>)>,
    /// The sum of all counts.
    pub total: i64,
}

impl Tally {
    /// Adds to the count of the place that a node is in; nothing if it is in none.
    pub fn add(&mut self, topologies: &Topologies, key: Key, node: NodeId, count: i64) {
        let Some(place) = topologies.place(key, node) else { return };
        let at = self.keys.iter().position(|(one, _)| *one == key).unwrap_or_else(|| {
            self.keys.push((key, Vec::new()));
            self.keys.len() - 1
        });
        let counts = &mut self.keys[at].1;
        if counts.len() <= place {
            counts.resize(topologies.places(key).max(place + 1), 0);
        }
        counts[place] += count;
        self.total += count;
    }

    /// The count of the place that a node is in.
    pub fn at(&self, topologies: &Topologies, key: Key, node: NodeId) -> i64 {
        let counts = self.keys.iter().find(|(one, _)| *one == key);
        let place = topologies.place(key, node);
        counts.zip(place).and_then(|((_, counts), place)| counts.get(place).copied()).unwrap_or(0)
    }

    /// The keys that were counted.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.keys.iter().map(|(key, _)| *key)
    }

    /// True if nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
