//! What Grove owes by its API: pods of a clique run once enough pods of the cliques that it starts after are ready.
//! Source: ai-dynamo/grove, operator/api/core/v1alpha1/podclique.go (`StartsAfter`).

use super::model::CliqueTemplate;
use crate::timeline::Subject;
use crate::workload::{Numbered, Pledge, World};

/// Tells the world for which cliques, by their whole names, the pods of a clique that is created wait.
pub fn pledge_start(clique: Subject, starts_after: &[String], cliques: &[CliqueTemplate], world: &mut dyn World) {
    let shown = world.show(clique.name);
    let dependent = Numbered { namespace: clique.namespace, stem: world.intern(&shown) };
    for parent in starts_after {
        // Names of cliques may end in one another: the longest that fits is meant.
        let fits = |template: &&CliqueTemplate| {
            parent.strip_suffix(template.name.as_str()).is_some_and(|rest| rest.ends_with('-'))
        };
        let Some(template) = cliques.iter().filter(fits).max_by_key(|template| template.name.len()) else { continue };
        let dependency = Numbered { namespace: clique.namespace, stem: world.intern(parent) };
        world.pledge(Pledge::ReadyBefore { dependent, dependency, pods: template.spec.min_available });
    }
}
