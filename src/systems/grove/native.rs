//! Grove's objects as `kubectl get -o json` shows them, as far as their controllers write them.

use serde_json::{Value, json};

use super::Grove;
use super::family::{Stored, as_clique, as_gang, as_group, as_set};
use super::status::Conditions;
use crate::timeline::Kind;
use crate::workload::World;

impl Grove {
    /// All objects, kind by kind.
    pub fn native(&self, world: &dyn World) -> Vec<Value> {
        let all = Grove::KINDS.iter().flat_map(|kind| self.api.list(*kind));
        all.filter_map(|stored| object(stored, world)).collect()
    }
}

fn object(stored: &Stored, world: &dyn World) -> Option<Value> {
    let (spec, status) = match stored.key.kind {
        Kind::PodCliqueSet => set(stored)?,
        Kind::PodCliqueScalingGroup => group(stored)?,
        Kind::PodClique => clique(stored)?,
        _ => gang(stored)?,
    };
    let group = if stored.key.kind == Kind::PodGang { "scheduler.grove.io" } else { "grove.io" };
    let namespace = world.text(stored.key.namespace);
    Some(json!({
        "apiVersion": format!("{group}/v1alpha1"),
        "kind": stored.key.kind.text(),
        "metadata": {
            "name": world.show(stored.key.name),
            "namespace": if namespace.is_empty() { "default" } else { &namespace },
            "generation": stored.meta.generation,
            "labels": stored.meta.labels,
        },
        "spec": spec,
        "status": status,
    }))
}

fn set(stored: &Stored) -> Option<(Value, Value)> {
    let set = as_set(stored)?;
    let status = &set.status;
    let shown = json!({
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "availableReplicas": status.available,
        "updatedReplicas": status.updated,
        "updateInProgress": status.update.is_some_and(|update| update.ended_at.is_none()),
        "conditions": conditions(&status.conditions),
    });
    Some((json!({ "replicas": set.spec.replicas }), shown))
}

fn group(stored: &Stored) -> Option<(Value, Value)> {
    let group = as_group(stored)?;
    let (spec, status) = (&group.spec, &group.status);
    let shown = json!({
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "scheduledReplicas": status.scheduled,
        "availableReplicas": status.available,
        "updatedReplicas": status.updated,
        "conditions": conditions(&status.conditions),
    });
    let asked = json!({ "replicas": spec.replicas, "minAvailable": spec.min_available, "cliqueNames": spec.cliques });
    Some((asked, shown))
}

fn clique(stored: &Stored) -> Option<(Value, Value)> {
    let clique = as_clique(stored)?;
    let (spec, status) = (&clique.spec, &clique.status);
    let shown = json!({
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "readyReplicas": status.ready,
        "scheduledReplicas": status.scheduled,
        "scheduleGatedReplicas": status.gated,
        "updatedReplicas": status.updated,
        "conditions": conditions(&status.conditions),
    });
    let asked = json!({
        "roleName": spec.role,
        "replicas": spec.replicas,
        "minAvailable": spec.min_available,
        "startsAfter": spec.starts_after,
    });
    Some((asked, shown))
}

fn gang(stored: &Stored) -> Option<(Value, Value)> {
    let gang = as_gang(stored)?;
    let groups = gang
        .spec
        .groups
        .iter()
        .map(|group| json!({ "name": group.name, "minReplicas": group.replicas_min, "podReferences": group.pods }));
    let shown = json!({ "phase": gang.status.phase, "conditions": conditions(&gang.status.conditions) });
    Some((json!({ "podgroups": groups.collect::<Vec<_>>() }), shown))
}

fn conditions(conditions: &Conditions) -> Value {
    let shown = conditions.iter().map(|condition| {
        let status = condition.holds.map_or("Unknown", |holds| if holds { "True" } else { "False" });
        json!({ "type": condition.kind.text(), "status": status, "reason": condition.reason })
    });
    shown.collect()
}
