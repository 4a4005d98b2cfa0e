//! Pools of nodes that grow when pods find no room and shrink when nodes are hardly used: the cluster autoscaler.
//! Source: kubernetes/autoscaler at 01ea19e5, cluster-autoscaler: config/flags/flags.go for the constants,
//! core/static_autoscaler.go for the order of a scan. Growing is in `up`, shrinking in `down`.
//!
//! A scan that would find nothing to do is no event: one is planned when a pod finds no room, when a pod leaves a node, and
//! when a node will have been unneeded for long enough.

mod down;
mod up;

use std::collections::BTreeMap;

use super::node::{NodeId, NodeSpec};
use super::pool::POOL_LABEL;
use super::{Arg, Cause, Class, Cluster, Event, Symbol, Why};
use crate::kernel::{Duration, Name, Time};
use crate::timeline::{Kind, Subject};

/// Which of several pools grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Expander {
    /// The pool whose new nodes would have the least of their CPU and memory unused: the source's default.
    #[default]
    LeastWaste,
    /// The first in the order of the scenario that helps a pod.
    First,
}

/// A pool that grows and shrinks.
#[derive(Clone, Debug)]
pub struct NodeGroup {
    /// The name of its nodes, without their numbers.
    base: Symbol,
    /// What its nodes are like.
    spec: NodeSpec,
    min: u32,
    max: u32,
    /// The number of the next node.
    next_ordinal: u32,
    /// Nodes that are ordered and have not joined.
    coming: u32,
}

/// All pools that grow and shrink.
#[derive(Clone, Debug, Default)]
pub struct NodeGroups {
    groups: Vec<NodeGroup>,
    /// Which of several pools grows.
    pub expander: Expander,
    scan_at: Option<Time>,
    /// Nodes that are hardly used, and since when.
    unneeded: BTreeMap<NodeId, Time>,
    /// When a pool grew last.
    grew_at: Option<Time>,
    /// Nodes that are being emptied to be given back.
    leaving: Vec<NodeId>,
}

impl NodeGroups {
    /// No pool grows or shrinks.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

impl Cluster {
    /// A pool grows and shrinks between these numbers of nodes; `count` of its nodes are there or are coming.
    pub fn add_node_group(&mut self, spec: NodeSpec, count: u32, bounds: [u32; 2], cause: Cause) {
        let key = Subject::new(Kind::NodePool, spec.name);
        let [least, most] = bounds.map(|bound| Arg::Count(bound.into()));
        self.note(key, "Autoscaled", Why::with2("{} to {} nodes", least, most), cause);
        let [min, max] = bounds;
        let base = self.names.show(spec.name);
        let base = self.names.intern(&base);
        let group = NodeGroup { base, spec, min, max, next_ordinal: count, coming: 0 };
        self.groups.groups.push(group);
    }

    /// Which of several pools grows.
    pub fn set_expander(&mut self, expander: Expander) {
        self.groups.expander = expander;
    }

    fn group_subject(&self, index: usize) -> Subject {
        Subject::new(Kind::NodePool, Name::plain(self.groups.groups[index].base))
    }

    /// The nodes of a pool that are in the cluster.
    fn group_nodes(&self, index: usize) -> Vec<NodeId> {
        let base = self.names.text(self.groups.groups[index].base);
        let own = |labels: &BTreeMap<String, String>| labels.get(POOL_LABEL).is_some_and(|pool| pool == base);
        self.nodes.iter().filter(|(_, node)| node.joined && own(&node.labels)).map(|(id, _)| id).collect()
    }

    /// Nodes of a pool that are there, on their way in, and not on their way out.
    fn group_size(&self, index: usize) -> u32 {
        let staying = self.group_nodes(index).into_iter().filter(|id| !self.groups.leaving.contains(id)).count();
        staying as u32 + self.groups.groups[index].coming
    }

    /// Plans a scan at the first tick at or after this time.
    pub(super) fn plan_scan(&mut self, from: Time) {
        if self.groups.is_empty() {
            return;
        }
        let at = from.ceil_to(Time::ZERO, self.profile.scan_interval);
        if self.groups.scan_at.is_none_or(|planned| at < planned) {
            self.groups.scan_at = Some(at);
            self.schedule(at, Class::BUILT_IN, Event::ScanNodes);
        }
    }

    /// A pod found no room, or left a node.
    pub(super) fn room_changed(&mut self) {
        if !self.groups.is_empty() {
            self.plan_scan(self.queue.now() + Duration::from_nanos(1));
        }
    }

    /// Handles [`Event::ScanNodes`].
    pub(super) fn on_scan_nodes(&mut self) {
        if self.groups.scan_at != Some(self.queue.now()) {
            return;
        }
        self.groups.scan_at = None;
        if self.grow() {
            // What is still without room is looked at again.
            self.room_changed();
        }
        self.shrink();
    }

    /// A node that was ordered for a pool has joined.
    pub(super) fn group_node_joined(&mut self, node: NodeId) {
        let pool = self.nodes.get(node).labels.get(POOL_LABEL);
        let names = &self.names;
        let group = self.groups.groups.iter_mut().find(|group| pool.is_some_and(|pool| names.text(group.base) == pool));
        if let Some(group) = group {
            group.coming = group.coming.saturating_sub(1);
            self.room_changed();
        }
    }
}
