//! What Grove's objects ask for, by the API's names. Pods are shown as their document has them, without what may be secret. What the
//! model leaves out is not shown: shared claims of devices, metrics of autoscalers.

use serde_json::{Value, json};

use crate::systems::grove::model::{
    Autoscaling, CliqueTemplate, PodCliqueScalingGroupSpec, PodCliqueSetSpec, PodCliqueSpec, PodGangSpec,
    ScalingGroupConfig, StartupType, TopologyConstraint, UpdateStrategy,
};
use crate::systems::kubernetes::native::template;
use crate::text::duration::as_go;

/// `spec` of a PodCliqueSet.
pub fn set(from: &PodCliqueSetSpec) -> Value {
    let one = &from.template;
    let startup = match one.startup {
        StartupType::AnyOrder => "CliqueStartupTypeAnyOrder",
        StartupType::InOrder => "CliqueStartupTypeInOrder",
        StartupType::Explicit => "CliqueStartupTypeExplicit",
    };
    let strategy = match from.strategy {
        UpdateStrategy::RollingRecreate => "RollingRecreate",
        UpdateStrategy::OnDelete => "OnDelete",
    };
    let mut shown = json!({
        "cliques": one.cliques.iter().map(clique_template).collect::<Vec<_>>(),
        "cliqueStartupType": startup,
        "headlessServiceConfig": { "publishNotReadyAddresses": one.publish_not_ready },
        "terminationDelay": as_go(one.termination_delay),
    });
    if !one.priority_class.is_empty() {
        shown["priorityClassName"] = json!(one.priority_class);
    }
    if let Some(constraint) = &one.topology {
        shown["topologyConstraint"] = topology(constraint);
    }
    if !one.scaling_groups.is_empty() {
        shown["podCliqueScalingGroups"] = Value::Array(one.scaling_groups.iter().map(scaling_group).collect());
    }
    json!({ "replicas": from.replicas, "updateStrategy": { "type": strategy }, "template": shown })
}

fn clique_template(from: &CliqueTemplate) -> Value {
    let mut shown = json!({ "name": from.name, "spec": clique(&from.spec) });
    for (name, table) in [("labels", &from.labels), ("annotations", &from.annotations)] {
        if !table.is_empty() {
            shown[name] = json!(table);
        }
    }
    if let Some(constraint) = &from.topology {
        shown["topologyConstraint"] = topology(constraint);
    }
    shown
}

/// `spec` of a PodClique.
pub fn clique(from: &PodCliqueSpec) -> Value {
    let mut shown = json!({
        "roleName": from.role,
        "podSpec": template(&from.pods)["spec"],
        "replicas": from.replicas,
        "minAvailable": from.min_available,
    });
    if !from.starts_after.is_empty() {
        shown["startsAfter"] = json!(from.starts_after);
    }
    if let Some(bounds) = from.autoscaling {
        shown["autoScalingConfig"] = autoscaling(bounds);
    }
    shown
}

fn autoscaling(from: Autoscaling) -> Value {
    json!({ "minReplicas": from.replicas_min, "maxReplicas": from.replicas_max })
}

fn scaling_group(from: &ScalingGroupConfig) -> Value {
    let mut shown = json!({
        "name": from.name,
        "cliqueNames": from.cliques,
        "replicas": from.replicas,
        "minAvailable": from.min_available,
    });
    if let Some(bounds) = from.autoscaling {
        shown["scaleConfig"] = autoscaling(bounds);
    }
    if let Some(constraint) = &from.topology {
        shown["topologyConstraint"] = topology(constraint);
    }
    shown
}

fn topology(from: &TopologyConstraint) -> Value {
    let mut shown = json!({ "pack": pack(from) });
    if !from.topology.is_empty() {
        shown["topologyName"] = json!(from.topology);
    }
    shown
}

fn pack(from: &TopologyConstraint) -> Value {
    let mut shown = json!({});
    for (name, level) in [("required", &from.required), ("preferred", &from.preferred)] {
        if let Some(level) = level {
            shown[name] = json!(level);
        }
    }
    shown
}

/// `spec` of a PodCliqueScalingGroup.
pub fn group(from: &PodCliqueScalingGroupSpec) -> Value {
    json!({ "replicas": from.replicas, "minAvailable": from.min_available, "cliqueNames": from.cliques })
}

/// `spec` of a PodGang.
pub fn gang(from: &PodGangSpec, namespace: &str) -> Value {
    let groups = from.groups.iter().map(|group| {
        let pods = group.pods.iter().map(|name| json!({ "name": name, "namespace": namespace }));
        let mut shown = json!({
            "name": group.name,
            "minReplicas": group.replicas_min,
            "podReferences": pods.collect::<Vec<_>>(),
        });
        if let Some(constraint) = &group.topology {
            shown["topologyConstraint"] = json!({ "packConstraint": pack(constraint) });
        }
        shown
    });
    let mut shown = json!({ "podgroups": groups.collect::<Vec<_>>() });
    if let Some(constraint) = &from.topology {
        shown["topologyConstraint"] = json!({ "packConstraint": pack(constraint) });
    }
    let configs = from.group_topologies.iter().map(|one| {
        let constraint = json!({ "packConstraint": pack(&one.topology) });
        json!({ "name": one.name, "podGroupNames": one.groups, "topologyConstraint": constraint })
    });
    let configs: Vec<Value> = configs.collect();
    if !configs.is_empty() {
        shown["topologyConstraintGroupConfigs"] = Value::Array(configs);
    }
    if !from.priority_class.is_empty() {
        shown["priorityClassName"] = json!(from.priority_class);
    }
    shown
}
