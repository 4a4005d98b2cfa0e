//! What happens in the cluster that may let a waiting pod be placed, and for which pods it may: the queueing hints of
//! the plugins that rejected them (k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins/*, `EventsToRegister`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filter;
use super::rejection::Plugins;
use super::rules::{Rules, SpreadDefaults};
use crate::cluster::company::Company;
use crate::cluster::node::{Node, NodeId, Nodes};
use crate::cluster::template::{Amounts, Template, TemplateId, Templates};
use crate::workload::Taint;

/// Something that may let a waiting pod be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClusterEvent {
    /// A node joined.
    NodeAdded(NodeId),
    /// A node changed; what it was before is told.
    NodeUpdated(NodeId, NodeUpdate),
    /// A node left; its labels were these.
    NodeRemoved(Arc<BTreeMap<String, String>>),
    /// A pod of this template that was on a node is gone, or ended for good.
    PodDeleted(TemplateId),
    /// A pod of this template was bound to a node.
    PodAdded(TemplateId),
    /// A claim, a volume or a storage class came or changed.
    VolumesChanged,
}

/// What changed of a node, with its former value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeUpdate {
    /// The labels.
    Labels(Arc<BTreeMap<String, String>>),
    /// The taints.
    Taints(Arc<[Taint]>),
    /// Whether it was cordoned.
    Unschedulable(bool),
    /// What it can hold.
    Allocatable(Amounts),
}

/// True if the event may help a pod of this template that these plugins rejected.
pub(super) fn helps(
    event: &ClusterEvent,
    nodes: &Nodes,
    templates: &Templates,
    rules: &Rules,
    template: TemplateId,
    rejected_by: Plugins,
) -> bool {
    let template = templates.get(template);
    rejected_by.iter().any(|plugin| match event {
        ClusterEvent::PodDeleted(gone) => deleted_helps(plugin, &templates.get(*gone).company, rules, template),
        ClusterEvent::PodAdded(new) => pod_helps(plugin, &templates.get(*new).company, rules, template),
        ClusterEvent::NodeAdded(node) => added_helps(plugin, nodes.get(*node), rules, template),
        ClusterEvent::NodeUpdated(node, update) => update_helps(plugin, nodes.get(*node), update, rules, template),
        ClusterEvent::NodeRemoved(labels) => {
            plugin == Plugins::POD_TOPOLOGY_SPREAD && has_places(labels, rules, template)
        }
        ClusterEvent::VolumesChanged => {
            [Plugins::VOLUME_BINDING, Plugins::VOLUME_ZONE, Plugins::VOLUME_RESTRICTIONS].contains(&plugin)
        }
    })
}

/// `isSchedulableAfterPodChange` and the like, for a pod that is gone.
fn deleted_helps(plugin: Plugins, gone: &Company, rules: &Rules, template: &Template) -> bool {
    let mine = &template.company;
    match plugin {
        Plugins::NODE_RESOURCES_FIT | Plugins::NODE_VOLUME_LIMITS | Plugins::VOLUME_RESTRICTIONS => true,
        Plugins::NODE_PORTS => mine.ports.iter().any(|port| gone.ports.contains(port)),
        Plugins::POD_TOPOLOGY_SPREAD => is_spread_with(gone, rules, mine),
        Plugins::INTER_POD_AFFINITY => gone.is_meant_by_all(&mine.away, mine) || mine.is_meant_by_all(&gone.away, gone),
        _ => false,
    }
}

/// The same for a pod that was bound.
fn pod_helps(plugin: Plugins, new: &Company, rules: &Rules, template: &Template) -> bool {
    let mine = &template.company;
    match plugin {
        Plugins::POD_TOPOLOGY_SPREAD => is_spread_with(new, rules, mine),
        Plugins::INTER_POD_AFFINITY => new.is_meant_by_all(&mine.beside, mine),
        _ => false,
    }
}

/// True if a hard constraint counts pods of the other template. Whether it is of the same set, for constraints by default,
/// is not looked at: all of the namespace will do.
fn is_spread_with(other: &Company, rules: &Rules, mine: &Company) -> bool {
    let by_default = mine.spreads.is_empty() && matches!(rules.spread, SpreadDefaults::List(_));
    mine.namespace == other.namespace
        && (by_default || mine.spreads.iter().any(|one| one.required && one.selector.matches(&other.labels)))
}

/// True if a node with these labels is in a place of every hard constraint.
fn has_places(labels: &BTreeMap<String, String>, rules: &Rules, template: &Template) -> bool {
    hard_keys(rules, template).all(|key| labels.contains_key(key))
}

fn hard_keys<'a>(rules: &'a Rules, template: &'a Template) -> impl Iterator<Item = &'a String> {
    let own = template.company.spreads.iter().filter(|one| one.required).map(|one| &one.topology_key);
    let list = match &rules.spread {
        SpreadDefaults::List(list) if template.company.spreads.is_empty() => list.as_slice(),
        _ => &[],
    };
    own.chain(list.iter().filter(|one| one.required).map(|one| &one.topology_key))
}

fn added_helps(plugin: Plugins, node: &Node, rules: &Rules, template: &Template) -> bool {
    match plugin {
        Plugins::NODE_UNSCHEDULABLE => !node.unschedulable,
        Plugins::TAINT_TOLERATION => !filter::has_untolerated_taint(&node.taints, template),
        Plugins::NODE_AFFINITY => matches_affinity(&node.labels, rules, template),
        Plugins::POD_TOPOLOGY_SPREAD => has_places(&node.labels, rules, template),
        Plugins::INTER_POD_AFFINITY => {
            let company = &template.company;
            company.beside.iter().any(|term| node.labels.contains_key(&term.topology_key)) || !company.away.is_empty()
        }
        Plugins::NODE_RESOURCES_FIT => filter::fits_empty(node, template),
        _ => true,
    }
}

fn update_helps(plugin: Plugins, node: &Node, update: &NodeUpdate, rules: &Rules, template: &Template) -> bool {
    match (plugin, update) {
        (Plugins::NODE_UNSCHEDULABLE, NodeUpdate::Unschedulable(was)) => *was && !node.unschedulable,
        (Plugins::TAINT_TOLERATION, NodeUpdate::Taints(were)) => {
            filter::has_untolerated_taint(were, template) && !filter::has_untolerated_taint(&node.taints, template)
        }
        (Plugins::NODE_AFFINITY, NodeUpdate::Labels(were)) => {
            !template.matches_labels(were) && matches_affinity(&node.labels, rules, template)
        }
        (Plugins::POD_TOPOLOGY_SPREAD, NodeUpdate::Taints(were)) => {
            has_places(&node.labels, rules, template) && *were != node.taints
        }
        (Plugins::POD_TOPOLOGY_SPREAD, NodeUpdate::Labels(were)) => {
            let (before, now) = (has_places(were, rules, template), has_places(&node.labels, rules, template));
            before != now || now && hard_keys(rules, template).any(|key| were.get(key) != node.labels.get(key))
        }
        (Plugins::INTER_POD_AFFINITY, NodeUpdate::Labels(were)) => {
            let (before, now) = (|key| were.get(key), |key| node.labels.get(key));
            let company = &template.company;
            let came = company
                .beside
                .iter()
                .any(|one| now(&one.topology_key).is_some() && before(&one.topology_key) != now(&one.topology_key));
            let went = company
                .away
                .iter()
                .any(|one| before(&one.topology_key).is_some() && before(&one.topology_key) != now(&one.topology_key));
            came || went
        }
        (Plugins::NODE_RESOURCES_FIT, NodeUpdate::Allocatable(was)) => {
            filter::fits_empty(node, template) && more_of_what_is_asked(&template.requests, was, &node.allocatable)
        }
        (Plugins::VOLUME_BINDING | Plugins::VOLUME_ZONE, NodeUpdate::Labels(_)) => true,
        _ => false,
    }
}

fn matches_affinity(labels: &BTreeMap<String, String>, rules: &Rules, template: &Template) -> bool {
    let added = &rules.added.required;
    (added.is_empty() || added.iter().any(|term| term.matches(labels))) && template.matches_labels(labels)
}

/// `haveAnyRequestedResourcesIncreased`, plugins/noderesources/fit.go. The number of pods that a node takes never changes.
fn more_of_what_is_asked(asked: &Amounts, was: &Amounts, now: &Amounts) -> bool {
    (asked.cpu_milli > 0 && now.cpu_milli > was.cpu_milli)
        || (asked.memory_bytes > 0 && now.memory_bytes > was.memory_bytes)
        || (asked.ephemeral_storage_bytes > 0 && now.ephemeral_storage_bytes > was.ephemeral_storage_bytes)
        || asked.extended.iter().any(|(resource, _)| now.extended(*resource) > was.extended(*resource))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::node::ZONE_LABEL;
    use crate::cluster::scheduler::tests::{node, pod};
    use crate::kernel::Names;
    use crate::workload::selector::{Namespaces, PodTerm};
    use crate::workload::{LabelSelector, PodTemplate, TopologySpread};

    fn app(name: &str) -> PodTemplate {
        PodTemplate { labels: [("app".to_owned(), name.to_owned())].into(), ..pod(100, 0, 0) }
    }

    fn term(name: &str) -> PodTerm {
        let selector = LabelSelector::labels([("app".to_owned(), name.to_owned())].into());
        PodTerm { selector, namespaces: Namespaces::Own, topology_key: ZONE_LABEL.to_owned() }
    }

    /// Goal: each hint moves the pods that it may help, and no others. Method: one pod that asks for everything, and events
    /// that each plugin takes or leaves (`isSchedulableAfter…` of the plugins).
    #[test]
    fn hints_move_whom_an_event_may_help() {
        let (mut names, mut nodes, mut templates) = (Names::default(), Nodes::default(), Templates::default());
        let zone = |zone: &str| BTreeMap::from([(ZONE_LABEL.to_owned(), zone.to_owned())]);
        let mut spec = node(&mut names, "n", 8, 32, 0);
        spec.labels = zone("a");
        let there = nodes.add(&mut names, spec);
        let mut asks = app("asks");
        asks.affinity.pods = vec![term("friend")];
        asks.affinity.anti_pods = vec![term("foe")];
        asks.host_ports = vec![(80, "TCP".to_owned())];
        asks.spread = vec![TopologySpread {
            max_skew: 1,
            topology_key: ZONE_LABEL.to_owned(),
            required: true,
            selector: LabelSelector::labels([("app".to_owned(), "even".to_owned())].into()),
            min_domains: None,
            honors_affinity: true,
            honors_taints: false,
        }];
        let mut hostile = app("other");
        hostile.affinity.anti_pods = vec![term("asks")];
        let mut server = app("server");
        server.host_ports = vec![(80, "TCP".to_owned())];
        let mut id = |template: &PodTemplate| templates.intern_in(&mut names, template, "default");
        let asks = id(&asks);
        let [friend, foe, even] = ["friend", "foe", "even"].map(|name| id(&app(name)));
        let (hostile, server) = (id(&hostile), id(&server));
        let rules = Rules::kube_default();
        let helps = |event: ClusterEvent, plugin| helps(&event, &nodes, &templates, &rules, asks, plugin);
        let (ports, spread) = (Plugins::NODE_PORTS, Plugins::POD_TOPOLOGY_SPREAD);
        let pods = Plugins::INTER_POD_AFFINITY;
        for (gone, plugin, expected) in [
            (foe, pods, true),
            (hostile, pods, true),
            (friend, pods, false),
            (even, spread, true),
            (foe, spread, false),
            (server, ports, true),
            (foe, ports, false),
            (foe, Plugins::NODE_RESOURCES_FIT, true),
            (foe, Plugins::NODE_AFFINITY, false),
        ] {
            assert_eq!(helps(ClusterEvent::PodDeleted(gone), plugin), expected, "{gone:?} gone, {plugin:?}");
        }
        for (new, plugin, expected) in
            [(friend, pods, true), (foe, pods, false), (even, spread, true), (even, Plugins::NODE_RESOURCES_FIT, false)]
        {
            assert_eq!(helps(ClusterEvent::PodAdded(new), plugin), expected, "{new:?} bound, {plugin:?}");
        }
        let labels = |were: BTreeMap<String, String>| ClusterEvent::NodeUpdated(there, NodeUpdate::Labels(were.into()));
        assert!(helps(labels(zone("b")), pods) && helps(labels(zone("b")), spread), "it moved to another zone");
        assert!(!helps(labels(zone("a")), pods) && !helps(labels(zone("a")), spread), "it is where it was");
        assert!(helps(ClusterEvent::NodeRemoved(zone("a").into()), spread));
        assert!(!helps(ClusterEvent::NodeRemoved(Arc::default()), spread), "it was in no place");
        assert!(helps(ClusterEvent::NodeAdded(there), ports), "any node may do for a port");
        assert!(helps(ClusterEvent::VolumesChanged, Plugins::VOLUME_BINDING));
    }
}
