//! Which nodes can take a pod, as far as the node alone decides: the filter plugins of the default profile, in its order,
//! each ending the search at a node (k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins; the order is that of
//! apis/config/v1/default_plugins.go). What depends on other pods is in `survey`.

use super::rejection::{Plugins, Verdict};
use super::rules::Rules;
use crate::cluster::node::Node;
use crate::cluster::template::{Amounts, Template};
use crate::workload::{Taint, TaintEffect};

/// The taint that a pod must tolerate to go to a cordoned node: `TaintNodeUnschedulable`, k8s.io/api v0.36.3.
const UNSCHEDULABLE_TAINT: &str = "node.kubernetes.io/unschedulable";

/// What the filters say of a node that come before NodePorts: this depends on its labels, taints and cordon alone.
pub(super) fn verdict_on_kind(rules: &Rules, node: &Node, template: &Template) -> Verdict {
    let has = |plugin| rules.filters.contains(plugin);
    if node.unschedulable && has(Plugins::NODE_UNSCHEDULABLE) && !tolerates_cordon(template) {
        Verdict::UNSCHEDULABLE
    } else if has(Plugins::TAINT_TOLERATION) && has_untolerated_taint(&node.taints, template) {
        Verdict::TAINTED
    } else if !has(Plugins::NODE_AFFINITY) {
        Verdict::FITS
    } else if !rules.added.required.is_empty() && !rules.added.required.iter().any(|term| term.matches(&node.labels)) {
        Verdict::NOT_ENFORCED_AFFINITY
    } else if !template.matches_labels(&node.labels) {
        Verdict::UNLIKE_AFFINITY
    } else {
        Verdict::FITS
    }
}

/// NodePorts: a port that the pod takes is held already. Every address of a node counts as one.
pub(super) fn verdict_on_ports(rules: &Rules, held: &[(u16, String)], template: &Template) -> Verdict {
    let conflicts = template.company.ports.iter().any(|port| held.contains(port));
    if conflicts && rules.filters.contains(Plugins::NODE_PORTS) { Verdict::PORTS } else { Verdict::FITS }
}

/// NodeResourcesFit: `fitsRequest`, plugins/noderesources/fit.go.
pub(super) fn verdict_on_resources(rules: &Rules, node: &Node, template: &Template) -> Verdict {
    verdict_on_load(rules, node, &node.requested, node.pods, template)
}

/// NodeResourcesFit on a node with other pods than it has.
pub(super) fn verdict_on_load(rules: &Rules, node: &Node, load: &Amounts, pods: u32, template: &Template) -> Verdict {
    if !rules.filters.contains(Plugins::NODE_RESOURCES_FIT) {
        return Verdict::FITS;
    }
    verdict_on_amounts(node, load, pods, &template.requests)
}

/// True if the pod would fit if the node had no other pods: `isFit`, plugins/noderesources/fit.go.
pub(super) fn fits_empty(node: &Node, template: &Template) -> bool {
    verdict_on_amounts(node, &Amounts::default(), 0, &template.requests) == Verdict::FITS
}

/// True if a taint keeps the pod away.
pub(super) fn has_untolerated_taint(taints: &[Taint], template: &Template) -> bool {
    taints.iter().any(|taint| {
        taint.effect != TaintEffect::PreferNoSchedule && !template.tolerations.iter().any(|one| one.tolerates(taint))
    })
}

fn tolerates_cordon(template: &Template) -> bool {
    !template.tolerations.is_empty() && {
        let cordon =
            Taint { key: UNSCHEDULABLE_TAINT.to_owned(), value: String::new(), effect: TaintEffect::NoSchedule };
        template.tolerations.iter().any(|one| one.tolerates(&cordon))
    }
}

fn verdict_on_amounts(node: &Node, requested: &Amounts, pods: u32, asked: &Amounts) -> Verdict {
    let mut verdict = Verdict::FITS;
    if pods >= node.pods_max {
        verdict = verdict.and_short_of(Verdict::PODS, false);
    }
    let has = &node.allocatable;
    let mut check = |which: Verdict, asked: u64, has: u64, taken: u64| {
        if asked > has.saturating_sub(taken) {
            verdict = verdict.and_short_of(which, asked > has);
        }
    };
    check(Verdict::CPU, asked.cpu_milli, has.cpu_milli, requested.cpu_milli);
    check(Verdict::MEMORY, asked.memory_bytes, has.memory_bytes, requested.memory_bytes);
    check(
        Verdict::EPHEMERAL_STORAGE,
        asked.ephemeral_storage_bytes,
        has.ephemeral_storage_bytes,
        requested.ephemeral_storage_bytes,
    );
    for (at, (resource, count)) in asked.extended.iter().enumerate() {
        check(Verdict::extended(at), *count, has.extended(*resource), requested.extended(*resource));
    }
    verdict
}
