//! What happens in the cluster that may let a waiting pod be placed, and for which pods it may: the queueing hints of
//! the plugins that rejected them (k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/*, `EventsToRegister`).

use std::collections::BTreeMap;

use super::filter;
use super::rejection::Plugins;
use crate::cluster::node::{Node, NodeId, Nodes};
use crate::cluster::template::{Amounts, Template};
use crate::workload::Taint;

/// Something that may let a waiting pod be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClusterEvent {
    /// A node joined.
    NodeAdded(NodeId),
    /// A node changed; what it was before is told.
    NodeUpdated(NodeId, NodeUpdate),
    /// A pod that was on a node is gone, or ended for good.
    PodDeleted,
}

/// What changed of a node, with its former value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeUpdate {
    /// The labels.
    Labels(BTreeMap<String, String>),
    /// The taints.
    Taints(Vec<Taint>),
    /// Whether it was cordoned.
    Unschedulable(bool),
    /// What it can hold.
    Allocatable(Amounts),
}

/// True if the event may help a pod of this template that these plugins rejected.
pub(super) fn helps(event: &ClusterEvent, nodes: &Nodes, template: &Template, rejected_by: Plugins) -> bool {
    rejected_by.iter().any(|plugin| match event {
        // Only NodeResourcesFit registers for deleted pods, and then any will do.
        ClusterEvent::PodDeleted => plugin == Plugins::NODE_RESOURCES_FIT,
        ClusterEvent::NodeAdded(node) => added_helps(plugin, nodes.get(*node), template),
        ClusterEvent::NodeUpdated(node, update) => update_helps(plugin, nodes.get(*node), update, template),
    })
}

fn added_helps(plugin: Plugins, node: &Node, template: &Template) -> bool {
    match plugin {
        Plugins::NODE_UNSCHEDULABLE => !node.unschedulable,
        Plugins::TAINT_TOLERATION => !filter::has_untolerated_taint(&node.taints, template),
        Plugins::NODE_AFFINITY => template.matches_labels(&node.labels),
        _ => filter::fits_empty(node, template),
    }
}

fn update_helps(plugin: Plugins, node: &Node, update: &NodeUpdate, template: &Template) -> bool {
    match (plugin, update) {
        (Plugins::NODE_UNSCHEDULABLE, NodeUpdate::Unschedulable(was)) => *was && !node.unschedulable,
        (Plugins::TAINT_TOLERATION, NodeUpdate::Taints(were)) => {
            filter::has_untolerated_taint(were, template) && !filter::has_untolerated_taint(&node.taints, template)
        }
        (Plugins::NODE_AFFINITY, NodeUpdate::Labels(were)) => {
            !template.matches_labels(were) && template.matches_labels(&node.labels)
        }
        (Plugins::NODE_RESOURCES_FIT, NodeUpdate::Allocatable(was)) => {
            filter::fits_empty(node, template) && more_of_what_is_asked(&template.requests, was, &node.allocatable)
        }
        _ => false,
    }
}

/// `haveAnyRequestedResourcesIncreased`, plugins/noderesources/fit.go. The number of pods that a node takes never changes.
fn more_of_what_is_asked(asked: &Amounts, was: &Amounts, now: &Amounts) -> bool {
    (asked.cpu_milli > 0 && now.cpu_milli > was.cpu_milli)
        || (asked.memory_bytes > 0 && now.memory_bytes > was.memory_bytes)
        || (asked.ephemeral_storage_bytes > 0 && now.ephemeral_storage_bytes > was.ephemeral_storage_bytes)
        || asked.extended.iter().any(|(resource, _)| now.extended(*resource) > was.extended(*resource))
}
