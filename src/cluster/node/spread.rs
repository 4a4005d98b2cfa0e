//! Which nodes hold pods of which ReplicaSet, for the topology spread: kept from both sides, so that the nodes of one
//! ReplicaSet are listed without a look at the others.

use super::{Node, NodeId};
use crate::cluster::template::SpreadId;

/// A node's pods of one ReplicaSet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::cluster) struct SpreadShare {
    /// Whose pods.
    pub spread: SpreadId,
    /// How many.
    pub pods: u32,
    /// Where the node stands in the ReplicaSet's list.
    at: u32,
}

/// For each ReplicaSet the nodes that hold pods of it, in no order that means anything, and how many.
#[derive(Clone, Default, Debug)]
pub(super) struct Spreads {
    nodes: Vec<Vec<(NodeId, u32)>>,
}

impl Spreads {
    /// The nodes with pods of a ReplicaSet.
    pub fn nodes(&self, spread: SpreadId) -> &[(NodeId, u32)] {
        self.nodes.get(spread.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// A pod more on the node.
    pub fn enter(&mut self, id: NodeId, node: &mut Node, spread: SpreadId) {
        let list = spread.0 as usize;
        if self.nodes.len() <= list {
            self.nodes.resize_with(list + 1, Vec::new);
        }
        match node.spread.binary_search_by_key(&spread, |share| share.spread) {
            Ok(at) => {
                let share = &mut node.spread[at];
                share.pods += 1;
                self.nodes[list][share.at as usize].1 = share.pods;
            }
            Err(at) => {
                let share = SpreadShare { spread, pods: 1, at: self.nodes[list].len() as u32 };
                node.spread.insert(at, share);
                self.nodes[list].push((id, 1));
            }
        }
    }

    /// A pod less on the node; nothing if it has none.
    pub fn leave(&mut self, id: NodeId, nodes: &mut [Node], spread: SpreadId) {
        let node = &mut nodes[id.0 as usize];
        let Ok(at) = node.spread.binary_search_by_key(&spread, |share| share.spread) else { return };
        let list = &mut self.nodes[spread.0 as usize];
        let share = &mut node.spread[at];
        share.pods -= 1;
        if share.pods > 0 {
            list[share.at as usize].1 = share.pods;
            return;
        }
        let stood = share.at;
        node.spread.remove(at);
        list.swap_remove(stood as usize);
        if let Some((moved, _)) = list.get(stood as usize) {
            let moved = &mut nodes[moved.0 as usize];
            let at = moved.spread.binary_search_by_key(&spread, |share| share.spread).expect("it is in the list");
            moved.spread[at].at = stood;
        }
    }
}
