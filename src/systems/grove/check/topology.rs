//! Topology constraints: one ClusterTopologyBinding for all, domains that it has, and no level narrower than those within it.
//! Source: ai-dynamo/grove, operator/internal/webhook/admission/pcs/validation/topologyconstraints.go and podcliqueset.go
//! (resolveEffectiveTopologyNameFieldErrors).

use crate::systems::grove::model::{PodCliqueSetTemplate, TopologyConstraint};
use crate::systems::grove::profile::Profile;
use crate::systems::kubernetes::custom::Findings;

/// A constraint, what it is of, and what encloses it.
struct Level<'t> {
    constraint: &'t TopologyConstraint,
    path: String,
    of: String,
    parents: Vec<usize>,
}

/// Checks the constraints of a new PodCliqueSet.
pub fn create(template: &PodCliqueSetTemplate, profile: &Profile, path: &str, findings: &mut Findings) {
    let levels = levels(template, path);
    if !profile.topology_enabled {
        for level in &levels {
            let detail = "topology constraints are not allowed when Topology Aware Scheduling is disabled";
            findings.invalid_text(&level.path, shown(level.constraint), detail);
        }
        return;
    }
    let mut topologies: Vec<&str> = Vec::new();
    for level in &levels {
        let own = level.constraint.topology.as_str();
        let inherits = level.parents.iter().any(|parent| !levels[*parent].constraint.topology.is_empty());
        if own.is_empty() && !inherits {
            let detail = "topologyName is required when topologyConstraint is set and cannot be inherited";
            findings.required(format!("{}.topologyName", level.path), detail);
        }
        if !own.is_empty() && !topologies.contains(&own) {
            topologies.push(own);
        }
    }
    if topologies.len() > 1 {
        for level in levels.iter().filter(|level| !level.constraint.topology.is_empty()) {
            let detail = "all topologyConstraint.topologyName values within a PodCliqueSet must match in the current \
                 implementation";
            findings.invalid_text(format!("{}.topologyName", level.path), &level.constraint.topology, detail);
        }
        return;
    }
    // Whatever has no name of its own has been told of.
    let Some(topology) = topologies.first() else { return };
    match profile.domains(topology) {
        Some(known) => domains(&levels, &known, findings),
        None => {
            let detail = format!("ClusterTopologyBinding {topology:?} not found");
            findings.invalid_text(format!("{path}.topologyConstraint.topologyName"), topology, &detail);
        }
    }
}

/// All constraints, each after what encloses it.
fn levels<'t>(template: &'t PodCliqueSetTemplate, path: &str) -> Vec<Level<'t>> {
    let mut levels = Vec::new();
    let set: Vec<usize> = template.topology.iter().map(|_| 0).collect();
    if let Some(constraint) = &template.topology {
        let path = format!("{path}.topologyConstraint");
        levels.push(Level { constraint, path, of: "PodCliqueSet".to_owned(), parents: Vec::new() });
    }
    let mut of_group = Vec::new();
    for (index, group) in template.scaling_groups.iter().enumerate() {
        let Some(constraint) = &group.topology else { continue };
        of_group.push((&group.name, levels.len()));
        let path = format!("{path}.podCliqueScalingGroups[{index}].topologyConstraint");
        let of = format!("PodCliqueScalingGroup '{}'", group.name);
        levels.push(Level { constraint, path, of, parents: set.clone() });
    }
    for (index, clique) in template.cliques.iter().enumerate() {
        let Some(constraint) = &clique.topology else { continue };
        let group = template.group_of(&clique.name);
        let group = of_group.iter().find(|(name, _)| group.is_some_and(|group| group.name == **name));
        let parents = set.iter().copied().chain(group.map(|(_, level)| *level)).collect();
        let path = format!("{path}.cliques[{index}].topologyConstraint");
        levels.push(Level { constraint, path, of: format!("PodClique '{}'", clique.name), parents });
    }
    levels
}

/// Checks that domains are known, and that what encloses is broader.
fn domains(levels: &[Level<'_>], known: &[&str], findings: &mut Findings) {
    let rank = |constraint: &TopologyConstraint| {
        constraint.required.as_ref().and_then(|domain| known.iter().position(|one| one == domain))
    };
    let mut wrong = false;
    for level in levels {
        for domain in level.constraint.required.iter().chain(&level.constraint.preferred) {
            if !known.contains(&domain.as_str()) {
                wrong = true;
                let detail = format!("topology domain '{domain}' does not exist in cluster topology {known:?}");
                findings.invalid_text(&level.path, domain, &detail);
            }
        }
    }
    if wrong {
        return;
    }
    for level in levels {
        for parent in level.parents.iter().map(|parent| &levels[*parent]) {
            let (Some(outer), Some(inner)) = (rank(parent.constraint), rank(level.constraint)) else { continue };
            if outer > inner {
                let (outer, inner) = (shown(parent.constraint), shown(level.constraint));
                let detail = format!(
                    "{} topology constraint domain '{outer}' is narrower than {} topology constraint domain '{inner}'",
                    parent.of, level.of
                );
                findings.invalid_text(&parent.path, outer, &detail);
            }
        }
    }
}

/// The domain that a message names.
fn shown(constraint: &TopologyConstraint) -> &str {
    constraint.required.as_deref().or(constraint.preferred.as_deref()).unwrap_or("")
}
