//! Claims of devices that the pods of a PodCliqueSet share: their form, and whose pods have them. They are not simulated: the pods that
//! share one are not made, and the reason is told.
//! Source: ai-dynamo/grove, operator/internal/webhook/admission/pcs/validation/podcliqueset.go (validateResourceClaimTemplates,
//! validatePCSResourceSharing, validatePCSGResourceSharing, validateResourceSharingSpecs).

use std::sync::Arc;

use super::read::{Sharing, Template};
use crate::systems::kubernetes::custom::Findings;

/// The ways in which a claim is shared.
const SCOPES: [&str; 2] = ["AllReplicas", "PerReplica"];

/// Checks the claims of a set and those who share them.
pub fn check(template: &Template, path: &str, findings: &mut Findings) {
    let mut names: Vec<&str> = Vec::new();
    for (index, claim) in template.resource_claim_templates.iter().flatten().enumerate() {
        let path = format!("{path}.resourceClaimTemplates[{index}]");
        if claim.name.is_empty() {
            findings.required(format!("{path}.name"), "template name is required");
        } else if names.contains(&claim.name.as_str()) {
            findings.duplicate(format!("{path}.name"), &claim.name);
        }
        if claim.template_spec.is_none() {
            let detail = "at least one device request is required";
            findings.required(format!("{path}.templateSpec.spec.devices.requests"), detail);
        }
        names.push(&claim.name);
    }
    let cliques: Vec<&str> = template.cliques.iter().map(|clique| clique.name.as_str()).collect();
    let groups: Vec<&str> =
        template.pod_clique_scaling_groups.iter().flatten().map(|group| group.name.as_str()).collect();
    let all = "filter must specify at least one childCliqueNames or childScalingGroupNames entry";
    list(template.resource_sharing.as_deref(), path, (&cliques, &groups, all), &names, findings);
    for (index, clique) in template.cliques.iter().enumerate() {
        list(clique.resource_sharing.as_deref(), &format!("{path}.cliques[{index}]"), (&[], &[], ""), &names, findings);
    }
    for (index, group) in template.pod_clique_scaling_groups.iter().flatten().enumerate() {
        let own: Vec<&str> = group.clique_names.iter().flatten().map(String::as_str).collect();
        let path = format!("{path}.podCliqueScalingGroups[{index}]");
        let some = "filter must specify at least one childCliqueNames entry";
        list(group.resource_sharing.as_deref(), &path, (&own, &[], some), &names, findings);
    }
}

/// Checks those who share at one level: of a filter the cliques and groups that it may name, and what is said of an empty one.
fn list(
    shared: Option<&[Sharing]>,
    path: &str,
    (cliques, groups, empty): (&[&str], &[&str], &str),
    templates: &[&str],
    findings: &mut Findings,
) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, one) in shared.into_iter().flatten().enumerate() {
        let path = format!("{path}.resourceSharing[{index}]");
        if index == 0 {
            findings.note(&path, "claims that pods share are not simulated: the pods that share one are not made");
        }
        if one.name.is_empty() {
            findings.required(format!("{path}.name"), "reference name is required");
        } else if seen.contains(&one.name.as_str()) {
            findings.duplicate(format!("{path}.name"), &one.name);
        }
        seen.push(&one.name);
        if let Some(namespace) = one.namespace.as_ref().filter(|name| !name.is_empty())
            && templates.contains(&one.name.as_str())
        {
            let detail = "namespace must be empty when name matches an internal resourceClaimTemplate";
            findings.invalid_text(format!("{path}.namespace"), namespace, detail);
        }
        match one.scope.as_deref() {
            None => findings.required(format!("{path}.scope"), ""),
            Some(scope) if !SCOPES.contains(&scope) => findings.unsupported(format!("{path}.scope"), scope, &SCOPES),
            Some(_) => {}
        }
        let Some(filter) = &one.filter else { continue };
        let path = format!("{path}.filter");
        let of_cliques = filter.child_clique_names.as_deref().unwrap_or_default();
        let of_groups = filter.child_scaling_group_names.as_deref().unwrap_or_default();
        if of_cliques.is_empty() && of_groups.is_empty() {
            findings.required(&path, empty);
        }
        for (names, known, field) in
            [(of_cliques, cliques, "childCliqueNames"), (of_groups, groups, "childScalingGroupNames")]
        {
            for (index, name) in names.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str())) {
                findings.not_found(format!("{path}.{field}[{index}]"), name);
            }
        }
    }
}

/// Why the pods of a clique cannot be made: they share a claim.
pub fn of(template: &Template, clique: &str) -> Option<Arc<str>> {
    let group = template
        .pod_clique_scaling_groups
        .iter()
        .flatten()
        .find(|group| group.clique_names.iter().flatten().any(|name| name == clique));
    let names = |list: &Option<Vec<String>>, name: &str| list.iter().flatten().any(|one| one == name);
    let concerns = |one: &&Sharing| {
        one.filter.as_ref().is_none_or(|filter| {
            names(&filter.child_clique_names, clique)
                || group.is_some_and(|group| names(&filter.child_scaling_group_names, &group.name))
        })
    };
    let of_set = template.resource_sharing.iter().flatten();
    let of_group = group.into_iter().flat_map(|group| group.resource_sharing.iter().flatten());
    let own = template.cliques.iter().find(|one| one.name == clique);
    let own = own.into_iter().flat_map(|clique| clique.resource_sharing.iter().flatten());
    let shared = of_set.chain(of_group).find(concerns).or_else(|| own.into_iter().next())?;
    Some(format!("it shares the devices of the claim {:?}, which is not simulated", shared.name).into())
}
