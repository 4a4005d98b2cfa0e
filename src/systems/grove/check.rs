//! What the validating webhook refuses in a PodCliqueSet, and what may not be changed of one that is there. The rules are in the
//! order of the source, and speak its words.
//! Source: ai-dynamo/grove, operator/internal/webhook/admission/pcs/validation/podcliqueset.go and topologyconstraints.go.

mod startup;
mod topology;
mod update;

use std::collections::BTreeSet;

pub use update::changes;

use super::model::{CliqueTemplate, PodCliqueSetSpec, PodCliqueSetTemplate, ScalingGroupConfig, StartupType};
use super::profile::Profile;
use crate::systems::kubernetes::custom::Findings;

/// The longest sum of the names of which a pod's name is made. Source: maxCombinedResourceNameLength.
const NAMES_BYTES_MAX: usize = 45;

/// Checks a new PodCliqueSet of this name.
pub fn create(name: &str, spec: &PodCliqueSetSpec, profile: &Profile, findings: &mut Findings) {
    let template = &spec.template;
    let path = "spec.template";
    if template.cliques.is_empty() {
        findings.required(format!("{path}.cliques"), "at least one PodClique must be defined");
    }
    for (index, clique) in template.cliques.iter().enumerate() {
        check_clique(name, clique, template, &format!("{path}.cliques[{index}]"), findings);
    }
    unique(template.cliques.iter().map(|clique| clique.name.as_str()), &format!("{path}.cliques.name"), findings);
    unique(
        template.cliques.iter().map(|clique| clique.spec.role.as_str()),
        &format!("{path}.cliques.roleName"),
        findings,
    );
    schedulers(template, profile, &format!("{path}.cliques"), findings);
    if template.startup == StartupType::Explicit {
        startup::dependencies(&template.cliques, &format!("{path}.cliques"), findings);
    }
    check_groups(name, template, &format!("{path}.podCliqueScalingGroups"), findings);
    if template.termination_delay.is_zero() {
        findings.invalid(format!("{path}.terminationDelay"), "\"0s\"", "terminationDelay must be greater than 0");
    }
    topology::create(template, profile, path, findings);
}

fn check_clique(
    set: &str,
    clique: &CliqueTemplate,
    template: &PodCliqueSetTemplate,
    path: &str,
    findings: &mut Findings,
) {
    if !clique.name.is_empty() {
        if !is_subdomain(&clique.name) {
            let detail = "invalid PodCliqueTemplateSpec name, must be a valid DNS subdomain";
            findings.invalid_text(format!("{path}.name"), &clique.name, detail);
        }
        if template.group_of(&clique.name).is_none()
            && let Some(wrong) = too_long(set, "", &clique.name)
        {
            findings.invalid_text(format!("{path}.name"), &clique.name, &wrong);
            findings.invalid_text("metadata.name", set, &wrong);
        }
    }
    let path = format!("{path}.spec");
    let spec = &clique.spec;
    if spec.min_available == 0 {
        findings.invalid(format!("{path}.minAvailable"), 0, "must be greater than 0");
    }
    if spec.min_available > spec.replicas {
        let detail = "minAvailable must not be greater than replicas";
        findings.invalid(format!("{path}.minAvailable"), spec.min_available, detail);
    }
    if template.startup == StartupType::Explicit {
        startup::names(&clique.name, &spec.starts_after, &format!("{path}.startsAfter"), findings);
    }
    if let Some(scale) = spec.autoscaling {
        let path = format!("{path}.autoScalingConfig");
        if scale.replicas_min < spec.min_available {
            let detail = "must be greater than or equal to podCliqueSpec.minAvailable";
            findings.invalid(format!("{path}.minReplicas"), scale.replicas_min, detail);
        }
        if scale.replicas_max < scale.replicas_min {
            let detail = "must be greater than or equal to podCliqueSpec.minReplicas";
            findings.invalid(format!("{path}.maxReplicas"), scale.replicas_max, detail);
        }
        if scale.replicas_max < spec.replicas {
            let detail = "must be greater than or equal to replicas";
            findings.invalid(format!("{path}.maxReplicas"), scale.replicas_max, detail);
        }
    }
    if !spec.pods.spread.is_empty() {
        findings.invalid(format!("{path}.podSpec.topologySpreadConstraints"), "[…]", "must not be set");
    }
    if let Some(node) = &spec.pods.node_name {
        findings.invalid_text(format!("{path}.podSpec.nodeName"), node, "must not be set");
    }
}

/// All pods are placed by one scheduler, and it is one that the operator knows.
fn schedulers(template: &PodCliqueSetTemplate, profile: &Profile, path: &str, findings: &mut Findings) {
    let path = format!("{path}.spec.podSpec.schedulerName");
    let mut names: Vec<&str> = Vec::new();
    for clique in &template.cliques {
        let name = profile.scheduler_of(&clique.spec.pods.scheduler_name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > 1 {
        let detail = "the schedulerName for all pods have to be the same";
        findings.invalid_text(&path, &names.join(", "), detail);
    }
    if let Some(first) = names.first()
        && !profile.knows_scheduler(first)
    {
        let detail = "schedulerName must be an enabled scheduler backend; this scheduler is not enabled in OperatorConfiguration";
        findings.invalid_text(&path, first, detail);
    }
}

fn check_groups(set: &str, template: &PodCliqueSetTemplate, path: &str, findings: &mut Findings) {
    for (index, group) in template.scaling_groups.iter().enumerate() {
        check_group(set, group, template, &format!("{path}[{index}]"), findings);
    }
    let groups = &template.scaling_groups;
    unique(groups.iter().map(|group| group.name.as_str()), &format!("{path}.name"), findings);
    let cliques = groups.iter().flat_map(|group| group.cliques.iter().map(String::as_str));
    unique(cliques, &format!("{path}.cliqueNames"), findings);
    for clique in &template.cliques {
        if template.group_of(&clique.name).is_some() && clique.spec.autoscaling.is_some() {
            let detail = "AutoScalingConfig is not allowed to be defined for PodClique that is part of scaling group";
            findings.invalid_text(path, &clique.name, detail);
        }
    }
}

fn check_group(
    set: &str,
    group: &ScalingGroupConfig,
    template: &PodCliqueSetTemplate,
    path: &str,
    findings: &mut Findings,
) {
    if !is_subdomain(&group.name) {
        let detail = "invalid PodCliqueScalingGroupConfig name, must be a valid DNS subdomain";
        findings.invalid_text(format!("{path}.name"), &group.name, detail);
    }
    let unknown: Vec<&str> =
        group.cliques.iter().map(String::as_str).filter(|name| template.clique(name).is_none()).collect();
    if !unknown.is_empty() {
        findings.invalid_text(format!("{path}.cliqueNames"), &unknown.join(","), "unidentified PodClique names found");
    }
    for (index, clique) in group.cliques.iter().enumerate() {
        if let Some(wrong) = too_long(set, &group.name, clique) {
            findings.invalid_text(format!("{path}.cliqueNames[{index}]"), clique, &wrong);
            findings.invalid_text(format!("{path}.name"), &group.name, &wrong);
            findings.invalid_text("metadata.name", set, &wrong);
        }
    }
    if group.replicas == 0 {
        findings.invalid(format!("{path}.replicas"), 0, "must be greater than 0");
    }
    if group.min_available == 0 {
        findings.invalid(format!("{path}.minAvailable"), 0, "must be greater than 0");
    }
    if group.min_available > group.replicas {
        let detail = "minAvailable must not be greater than replicas";
        findings.invalid(format!("{path}.minAvailable"), group.min_available, detail);
    }
    if let Some(scale) = group.autoscaling
        && scale.replicas_min < group.min_available
    {
        let detail = "scaleConfig.minReplicas must be greater than or equal to minAvailable";
        findings.invalid(format!("{path}.scaleConfig.minReplicas"), scale.replicas_min, detail);
    }
}

/// Names the first that stands twice.
fn unique<'a>(names: impl Iterator<Item = &'a str>, path: &str, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !seen.insert(name) {
            findings.duplicate(path, name);
        }
    }
}

/// Why pods could not be named after these, if so. Source: validatePodNameConstraints.
fn too_long(set: &str, group: &str, clique: &str) -> Option<String> {
    let length = set.len() + group.len() + clique.len();
    let of_group = if group.is_empty() { String::new() } else { format!(" PodCliqueScalingGroup '{group}',") };
    let comma = if group.is_empty() { "" } else { "," };
    (length > NAMES_BYTES_MAX).then(|| {
        format!(
            "combined resource name length {length} exceeds {NAMES_BYTES_MAX}-character limit required for pod naming. \
             Consider shortening: PodCliqueSet '{set}'{comma}{of_group} or PodClique '{clique}'"
        )
    })
}

/// A DNS subdomain: parts of lower-case letters, digits and dashes.
fn is_subdomain(text: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let part = |part: &str| {
        let bytes = part.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
        edge(*first) && edge(*last) && bytes.iter().all(|byte| edge(*byte) || *byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(part)
}
