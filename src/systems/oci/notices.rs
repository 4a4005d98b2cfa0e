//! What a document asks for that has no effect yet, said before a run rather than found out after it.

use super::document::{Document, Member, Mode};
use crate::text::{Diagnostic, Severity, Span};

/// Notes about what is read and checked but not in effect.
pub fn notices(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for member in &document.members {
        let recipe = &member.recipe;
        let mut note = |key: &str, text: &str| {
            let span = place(member, key);
            let note = Diagnostic::warning(&document.source, span, format!("not in effect yet: {text}"));
            found.push(Diagnostic { severity: Severity::Note, ..note });
        };
        if recipe.scales_pods {
            note("recipe_pod_autoscaling_params", "pods are not scaled by metrics; `recipe_replica_count` pods run");
        }
        if recipe.scales_nodes {
            note("recipe_node_autoscaling_params", "node pools keep their size");
        }
        if recipe.multinode.is_some() {
            let text = "deployments over several nodes need gangs; the deployment stays `scheduled`";
            note("multinode_num_nodes_to_use_from_shared_pool", text);
        }
        if recipe.mode == Mode::Team {
            note("team", "quotas of teams do not limit anything");
        }
        if recipe.team.is_some() {
            note("recipe_team_info", "the deployment runs without the quota of its team");
        }
        if member.raw.0.get("recipe_environment_secrets").is_some() {
            note("recipe_environment_secrets", "secrets are taken to exist");
        }
    }
    found
}

/// One message for each text: a field that ten deployments have is told of once, with their number.
pub fn merged(told: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut merged: Vec<(Diagnostic, usize)> = Vec::new();
    for one in told {
        match merged.iter_mut().find(|(first, _)| first.message == one.message && first.severity == one.severity) {
            Some((_, count)) => *count += 1,
            None => merged.push((one, 1)),
        }
    }
    let told = |(one, count): (Diagnostic, usize)| match count {
        1 => one,
        _ => one.note(format!("the same in {} more places", count - 1)),
    };
    merged.into_iter().map(told).collect()
}

fn place(member: &Member, key: &str) -> Span {
    member.raw.0.entry(key).map_or(member.name.span, |(key, _)| key.span)
}
