//! Groups of pods and topologies, as KAI-Scheduler and Volcano define them, and how a pod says of which group it is.
//! Sources: kai-scheduler/KAI-Scheduler v0.17, pkg/apis/scheduling/v2alpha2 (podgroup_types.go, podgroup_webhook.go),
//! pkg/apis/kai/v1alpha1/topology_types.go and pkg/common/constants/constants.go; volcano-sh/volcano v1.12,
//! staging/src/volcano.sh/apis/pkg/apis/scheduling/v1beta1 (types.go, labels.go). The API's own types are not those of Kubernetes, so that
//! they stand here.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use serde::Deserialize;

use super::complaint::Findings;
use super::figures;
use crate::text::duration;
use crate::workload::{
    BatchScheduler, GangMember, PodGroupSpec, Staleness, SubGroup, TopologyConstraint, TopologySpec,
};

/// The group of a pod of KAI.
const KAI_GROUP: &str = "pod-group-name";
/// The part of its group, a label.
const KAI_SUBGROUP: &str = "kai.scheduler/subgroup-name";
/// The group of a pod of Volcano: KubeGroupNameAnnotationKey and VolcanoGroupNameAnnotationKey.
const VOLCANO_GROUPS: [&str; 2] = ["scheduling.k8s.io/group-name", "scheduling.volcano.sh/group-name"];

/// What a document of KAI says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct KaiSpec {
    min_member: Option<i32>,
    min_sub_group: Option<i32>,
    queue: Option<String>,
    priority_class_name: Option<String>,
    preemptibility: Option<String>,
    topology_constraint: Option<KaiTopology>,
    sub_groups: Option<Vec<KaiSubGroup>>,
    mark_unschedulable: Option<bool>,
    scheduling_backoff: Option<i32>,
    staleness_grace_period: Option<String>,
    preemption_delay: Option<String>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase", default)]
struct KaiTopology {
    topology: Option<String>,
    required_topology_level: Option<String>,
    preferred_topology_level: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct KaiSubGroup {
    name: Option<String>,
    min_member: Option<i32>,
    min_sub_group: Option<i32>,
    parent: Option<String>,
    topology_constraint: Option<KaiTopology>,
}

/// What a document of Volcano says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct VolcanoSpec {
    min_member: Option<i32>,
    min_task_member: Option<BTreeMap<String, i32>>,
    queue: Option<String>,
    priority_class_name: Option<String>,
    min_resources: Option<BTreeMap<String, Quantity>>,
    network_topology: Option<VolcanoTopology>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct VolcanoTopology {
    mode: Option<String>,
    highest_tier_allowed: Option<i32>,
}

/// What a document of a topology says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Levels {
    levels: Option<Vec<Level>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Level {
    node_label: Option<String>,
}

/// The group that a pod of this scheduler says it is of.
pub fn member(metadata: &meta::ObjectMeta, scheduler: &str) -> Option<GangMember> {
    let annotation = |key: &str| metadata.annotations.as_ref()?.get(key).filter(|name| !name.is_empty()).cloned();
    let label = |key: &str| metadata.labels.as_ref()?.get(key).cloned();
    let (group, subgroup) = match BatchScheduler::named(scheduler)? {
        BatchScheduler::Kai => (annotation(KAI_GROUP)?, label(KAI_SUBGROUP).unwrap_or_default()),
        BatchScheduler::Volcano => (VOLCANO_GROUPS.into_iter().find_map(annotation)?, String::new()),
    };
    Some(GangMember { group, subgroup })
}

/// A group of KAI.
pub fn of_kai(from: &KaiSpec, findings: &mut Findings) -> PodGroupSpec {
    let parts: &[KaiSubGroup] = from.sub_groups.as_deref().unwrap_or_default();
    if from.min_member.is_some_and(|min| min > 0) && from.min_sub_group.is_some() {
        findings.forbidden("spec.minSubGroup", "minMember and minSubGroup are mutually exclusive");
    }
    let roots = parts.iter().filter(|part| part.parent.is_none()).count();
    check_minimum(from.min_sub_group, roots, "spec", findings);
    check_parts(parts, findings);
    let preemptible = match from.preemptibility.as_deref() {
        None | Some("") => None,
        Some("preemptible") => Some(true),
        Some("non-preemptible") => Some(false),
        Some(other) => {
            findings.unsupported("spec.preemptibility", other, &["preemptible", "non-preemptible"]);
            None
        }
    };
    if from.preemption_delay.is_some() {
        findings.note("spec.preemptionDelay", "this has no effect here: a group puts others out as soon as it may");
    }
    let _ = (from.mark_unschedulable, from.scheduling_backoff);
    PodGroupSpec {
        min_subgroups: from.min_sub_group.and_then(|min| u32::try_from(min).ok()),
        subgroups: parts.iter().map(part).collect(),
        topology: topology(from.topology_constraint.as_ref()),
        priority_class: from.priority_class_name.clone().unwrap_or_default(),
        queue: from.queue.clone().unwrap_or_default(),
        preemptible,
        staleness: staleness(from.staleness_grace_period.as_deref(), findings),
        ..PodGroupSpec::of(BatchScheduler::Kai, figures::count(from.min_member, 1, "spec.minMember", findings))
    }
}

/// A group of Volcano.
pub fn of_volcano(from: &VolcanoSpec, findings: &mut Findings) -> PodGroupSpec {
    if from.min_task_member.as_ref().is_some_and(|tasks| !tasks.is_empty()) {
        findings.note("spec.minTaskMember", "this has no effect here: minMember alone counts");
    }
    if let Some(topology) = &from.network_topology {
        let _ = (&topology.mode, topology.highest_tier_allowed);
        findings.note("spec.networkTopology", "this has no effect here: there are no HyperNodes");
    }
    PodGroupSpec {
        priority_class: from.priority_class_name.clone().unwrap_or_default(),
        queue: from.queue.clone().unwrap_or_default(),
        min_resources: figures::resources(from.min_resources.as_ref(), "spec.minResources", findings),
        ..PodGroupSpec::of(BatchScheduler::Volcano, figures::count(from.min_member, 0, "spec.minMember", findings))
    }
}

/// The levels of a topology.
pub fn levels(from: &Levels, findings: &mut Findings) -> TopologySpec {
    let levels: &[Level] = from.levels.as_deref().unwrap_or_default();
    if levels.is_empty() {
        findings.required("spec.levels", "a topology has at least one level");
    }
    let mut labels = Vec::new();
    for (at, level) in levels.iter().enumerate() {
        match level.node_label.as_deref().unwrap_or("") {
            "" => findings.required(format!("spec.levels[{at}].nodeLabel"), ""),
            label if labels.iter().any(|one| one == label) => {
                findings.duplicate(format!("spec.levels[{at}].nodeLabel"), label);
            }
            label => labels.push(label.to_owned()),
        }
    }
    TopologySpec { levels: labels }
}

fn part(from: &KaiSubGroup) -> SubGroup {
    let count = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    SubGroup {
        name: from.name.clone().unwrap_or_default(),
        parent: from.parent.clone(),
        min_member: count(from.min_member).unwrap_or(0),
        min_subgroups: count(from.min_sub_group),
        topology: topology(from.topology_constraint.as_ref()),
    }
}

fn topology(from: Option<&KaiTopology>) -> Option<TopologyConstraint> {
    let from = from?;
    let level = |level: &Option<String>| level.clone().filter(|level| !level.is_empty());
    let constraint = TopologyConstraint {
        topology: from.topology.clone().unwrap_or_default(),
        of: String::new(),
        required: level(&from.required_topology_level),
        preferred: level(&from.preferred_topology_level),
    };
    (constraint != TopologyConstraint::default()).then_some(constraint)
}

/// A length as Go writes it; one below zero keeps the group whatever it lost.
fn staleness(text: Option<&str>, findings: &mut Findings) -> Option<Staleness> {
    let text = text?;
    if text.starts_with('-') {
        return Some(Staleness::Kept);
    }
    match duration::parse(text) {
        Ok(length) => Some(Staleness::EvictedAfter(length)),
        Err(wrong) => {
            findings.invalid_text("spec.stalenessGracePeriod", text, &wrong.to_string());
            None
        }
    }
}

/// What the webhook finds wrong with the parts of a group (`validateSubGroups`).
fn check_parts(parts: &[KaiSubGroup], findings: &mut Findings) {
    let name = |part: &KaiSubGroup| part.name.clone().unwrap_or_default();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (at, one) in parts.iter().enumerate() {
        let path = format!("spec.subGroups[{at}]");
        if name(one).is_empty() {
            findings.required(format!("{path}.name"), "");
        } else if !names.insert(name(one)) {
            findings.duplicate(format!("{path}.name"), &name(one));
        }
    }
    for (at, one) in parts.iter().enumerate() {
        let path = format!("spec.subGroups[{at}]");
        if let Some(parent) = one.parent.as_ref().filter(|parent| !names.contains(*parent)) {
            findings.not_found(format!("{path}.parent"), parent);
        }
        let children = parts.iter().filter(|child| child.parent.as_ref() == one.name.as_ref()).count();
        match (children, one.min_member, one.min_sub_group) {
            (0, None, None) => findings.required(format!("{path}.minMember"), ""),
            (0, _, Some(_)) => {
                findings
                    .forbidden(format!("{path}.minSubGroup"), "cannot be set on a leaf SubGroup (no child SubGroups)");
            }
            (1.., Some(1..), _) => {
                let detail = "cannot be set on a mid-level SubGroup (has child SubGroups); use minSubGroup instead";
                findings.forbidden(format!("{path}.minMember"), detail);
            }
            _ => check_minimum(one.min_sub_group, children, &path, findings),
        }
        if is_below_itself(parts, one) {
            findings.invalid_text(
                format!("{path}.parent"),
                one.parent.as_deref().unwrap_or(""),
                "cycle detected in subgroups",
            );
        }
    }
}

fn check_minimum(min: Option<i32>, children: usize, path: &str, findings: &mut Findings) {
    let Some(min) = min else { return };
    if min <= 0 {
        findings.invalid(format!("{path}.minSubGroup"), min, "must be greater than 0");
    } else if min.unsigned_abs() as usize > children {
        let detail = format!("exceeds the number of direct child SubGroups ({children})");
        findings.invalid(format!("{path}.minSubGroup"), min, &detail);
    }
}

fn is_below_itself(parts: &[KaiSubGroup], one: &KaiSubGroup) -> bool {
    let mut above = one.parent.as_ref();
    for _ in parts {
        let Some(parent) = above else { return false };
        if one.name.as_ref() == Some(parent) {
            return true;
        }
        above = parts.iter().find(|part| part.name.as_ref() == Some(parent)).and_then(|part| part.parent.as_ref());
    }
    false
}
