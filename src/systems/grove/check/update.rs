//! What may not be changed of a PodCliqueSet that is there.
//! Source: ai-dynamo/grove, operator/internal/webhook/admission/pcs/validation/podcliqueset.go, validateUpdate.

use crate::systems::grove::model::{PodCliqueSetSpec, StartupType, TopologyConstraint};
use crate::systems::kubernetes::custom::Findings;

const IMMUTABLE: &str = "field is immutable";

/// Checks a change of a PodCliqueSet.
pub fn changes(old: &PodCliqueSetSpec, new: &PodCliqueSetSpec, findings: &mut Findings) {
    let (old, new) = (&old.template, &new.template);
    let path = "spec.template.cliques";
    if old.cliques.len() != new.cliques.len() {
        findings.forbidden(path, "not allowed to change clique composition");
    }
    for (index, clique) in new.cliques.iter().enumerate() {
        let Some(at) = old.cliques.iter().position(|before| before.name == clique.name) else {
            let detail =
                format!("not allowed to change clique composition, new clique name '{}' is not allowed", clique.name);
            findings.forbidden(format!("{path}.name"), &detail);
            continue;
        };
        if new.startup != StartupType::AnyOrder && at != index {
            let detail = format!(
                "clique order cannot be changed when StartupType is InOrder or Explicit. Expected '{0}' at position {index}, got '{0}'",
                clique.name
            );
            findings.invalid_text(path, &clique.name, &detail);
        }
        let (before, after) = (&old.cliques[at].spec, &clique.spec);
        let path = format!("{path}.spec");
        if before.role != after.role {
            findings.invalid_text(format!("{path}.roleName"), &after.role, IMMUTABLE);
        }
        if before.min_available != after.min_available {
            findings.invalid(format!("{path}.minAvailable"), after.min_available, IMMUTABLE);
        }
        if before.starts_after != after.starts_after {
            findings.invalid_text(format!("{path}.startsAfter"), &after.starts_after.join(","), IMMUTABLE);
        }
        if before.pods.scheduler_name != after.pods.scheduler_name {
            findings.invalid_text(format!("{path}.podSpec.schedulerName"), &after.pods.scheduler_name, IMMUTABLE);
        }
        let path = format!("spec.template.cliques[{index}].topologyConstraint");
        constraint(old.cliques[at].topology.as_ref(), clique.topology.as_ref(), &path, findings);
    }
    if old.startup != new.startup {
        findings.invalid_text("spec.template.cliqueStartupType", startup(new.startup), IMMUTABLE);
    }
    groups(old, new, findings);
    constraint(old.topology.as_ref(), new.topology.as_ref(), "spec.template.topologyConstraint", findings);
}

fn groups(
    old: &crate::systems::grove::model::PodCliqueSetTemplate,
    new: &crate::systems::grove::model::PodCliqueSetTemplate,
    findings: &mut Findings,
) {
    let path = "spec.template.podCliqueScalingGroups";
    if old.scaling_groups.len() != new.scaling_groups.len() {
        return findings.forbidden(path, "not allowed to add or remove PodCliqueScalingGroupConfigs");
    }
    for (index, group) in new.scaling_groups.iter().enumerate() {
        let Some(before) = old.scaling_groups.iter().find(|before| before.name == group.name) else {
            let detail = format!(
                "not allowed to change scaling group composition, new scaling group name '{}' is not allowed",
                group.name
            );
            findings.forbidden(format!("{path}.name"), &detail);
            continue;
        };
        if before.cliques != group.cliques {
            findings.invalid_text(format!("{path}.cliqueNames"), &group.cliques.join(","), IMMUTABLE);
        }
        if before.min_available != group.min_available {
            findings.invalid(format!("{path}.minAvailable"), group.min_available, IMMUTABLE);
        }
        let path = format!("{path}[{index}].topologyConstraint");
        constraint(before.topology.as_ref(), group.topology.as_ref(), &path, findings);
    }
}

fn constraint(old: Option<&TopologyConstraint>, new: Option<&TopologyConstraint>, path: &str, findings: &mut Findings) {
    match (old, new) {
        (None, Some(_)) => findings.forbidden(path, "topology constraint cannot be added after creation"),
        (Some(_), None) => findings.forbidden(path, "topology constraint cannot be removed after creation"),
        (Some(old), Some(new)) if old != new => {
            let domain =
                |one: &TopologyConstraint| one.required.clone().or_else(|| one.preferred.clone()).unwrap_or_default();
            let detail = format!("topology constraint cannot be changed from '{}' to '{}'", domain(old), domain(new));
            findings.forbidden(path, &detail);
        }
        _ => {}
    }
}

/// As documents write it.
const fn startup(startup: StartupType) -> &'static str {
    match startup {
        StartupType::AnyOrder => "CliqueStartupTypeAnyOrder",
        StartupType::InOrder => "CliqueStartupTypeInOrder",
        StartupType::Explicit => "CliqueStartupTypeExplicit",
    }
}
