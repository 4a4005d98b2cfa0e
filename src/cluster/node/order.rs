//! The order in which the scheduler looks at nodes: zones take turns, and within a zone nodes stand in the order in
//! which they joined (`nodeTree`, k8s.io/kubernetes v1.36.3, pkg/scheduler/backend/cache/node_tree.go).
//!
//! A node's place is `turn * stride + zone`: places need not be dense, only ordered, so that a node that joins a known
//! zone moves no other node's place.

use super::NodeId;

/// No node stands at this place.
pub const NO_NODE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Zone {
    key: String,
    nodes: Vec<NodeId>,
}

/// The order of nodes.
#[derive(Clone, Default, Debug)]
pub struct Order {
    zones: Vec<Zone>,
    stride: usize,
    nodes: usize,
    node_at: Vec<u32>,
    place_of: Vec<u32>,
    layout: u64,
}

impl Order {
    /// Changes when places that nodes already had may have changed.
    pub const fn layout(&self) -> u64 {
        self.layout
    }

    /// How many nodes are in the order.
    pub const fn nodes(&self) -> usize {
        self.nodes
    }

    /// How many places there are; some may be empty.
    pub const fn places(&self) -> usize {
        self.node_at.len()
    }

    /// The node at a place.
    pub fn node_at(&self, place: usize) -> Option<NodeId> {
        self.node_at.get(place).filter(|node| **node != NO_NODE).map(|node| NodeId(*node))
    }

    /// The place of a node in the order.
    pub fn place_of(&self, node: NodeId) -> Option<usize> {
        self.place_of.get(node.0 as usize).filter(|place| **place != NO_NODE).map(|place| *place as usize)
    }

    /// The nodes in order.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> {
        self.node_at.iter().filter(|node| **node != NO_NODE).map(|node| NodeId(*node))
    }

    /// Puts a node at the end of its zone.
    pub fn add(&mut self, node: NodeId, key: &str) {
        self.nodes += 1;
        let zone = match self.zones.iter().position(|zone| zone.key == key) {
            Some(zone) => zone,
            None => {
                self.zones.push(Zone { key: key.to_owned(), nodes: Vec::new() });
                self.zones.len() - 1
            }
        };
        self.zones[zone].nodes.push(node);
        if self.zones.len() > self.stride {
            self.stride = self.zones.len().next_power_of_two();
            self.lay_out();
        } else {
            let turn = self.zones[zone].nodes.len() - 1;
            self.put(node, turn * self.stride + zone);
        }
    }

    /// Takes a node out; the nodes behind it in its zone move up, and a zone without nodes goes.
    pub fn remove(&mut self, node: NodeId) {
        for zone in &mut self.zones {
            if let Some(at) = zone.nodes.iter().position(|one| *one == node) {
                zone.nodes.remove(at);
                self.nodes -= 1;
                break;
            }
        }
        self.zones.retain(|zone| !zone.nodes.is_empty());
        self.lay_out();
    }

    fn put(&mut self, node: NodeId, place: usize) {
        if self.node_at.len() <= place {
            self.node_at.resize(place + 1, NO_NODE);
        }
        if self.place_of.len() <= node.0 as usize {
            self.place_of.resize(node.0 as usize + 1, NO_NODE);
        }
        self.node_at[place] = node.0;
        self.place_of[node.0 as usize] = u32::try_from(place).expect("fewer than 2^32 places");
    }

    fn lay_out(&mut self) {
        self.layout += 1;
        self.node_at.clear();
        self.place_of.fill(NO_NODE);
        for zone in 0..self.zones.len() {
            for turn in 0..self.zones[zone].nodes.len() {
                self.put(self.zones[zone].nodes[turn], turn * self.stride + zone);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(order: &Order) -> Vec<u32> {
        order.iter().map(|node| node.0).collect()
    }

    #[test]
    fn zones_take_turns_and_nodes_stand_as_they_joined() {
        let mut nodes = Order::default();
        for (node, zone) in [(0, "a"), (1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "b")] {
            nodes.add(NodeId(node), zone);
        }
        assert_eq!(order(&nodes), [0, 2, 4, 1, 5, 3]);
        nodes.remove(NodeId(0));
        assert_eq!(order(&nodes), [1, 2, 4, 3, 5]);
        nodes.remove(NodeId(4));
        nodes.add(NodeId(6), "c");
        assert_eq!(order(&nodes), [1, 2, 6, 3, 5]);
        assert_eq!(nodes.place_of(NodeId(0)), None);
        assert!(nodes.iter().all(|node| nodes.node_at(nodes.place_of(node).expect("it is in")) == Some(node)));
    }
}
