//! What `kubectl get` of Grove's kinds prints, as lists of objects with their status.

use serde_json::{Value, json};

use super::Grove;
use super::family::{Stored, as_clique, as_gang, as_group, as_set, text};
use super::status::Conditions;
use crate::timeline::Kind;
use crate::workload::World;

impl Grove {
    /// The objects by kind, with what their columns show.
    pub fn native(&self, world: &dyn World) -> Value {
        let list = |kind: Kind, show: &dyn Fn(&Stored) -> Option<Value>| -> Value {
            self.api.list(kind).filter_map(|stored| named(stored, show(stored)?, world)).collect()
        };
        json!({
            "podcliquesets": list(Kind::PodCliqueSet, &|stored| {
                let set = as_set(stored)?;
                let status = &set.status;
                Some(json!({
                    "replicas": status.replicas,
                    "availableReplicas": status.available,
                    "updatedReplicas": status.updated,
                    "observedGeneration": status.observed_generation,
                    "updateInProgress": status.update.is_some_and(|update| update.ended_at.is_none()),
                    "conditions": conditions(&status.conditions),
                }))
            }),
            "podcliquescalinggroups": list(Kind::PodCliqueScalingGroup, &|stored| {
                let status = &as_group(stored)?.status;
                Some(json!({
                    "replicas": status.replicas,
                    "scheduledReplicas": status.scheduled,
                    "availableReplicas": status.available,
                    "updatedReplicas": status.updated,
                    "conditions": conditions(&status.conditions),
                }))
            }),
            "podcliques": list(Kind::PodClique, &|stored| {
                let status = &as_clique(stored)?.status;
                Some(json!({
                    "replicas": status.replicas,
                    "readyReplicas": status.ready,
                    "scheduledReplicas": status.scheduled,
                    "scheduleGatedReplicas": status.gated,
                    "updatedReplicas": status.updated,
                    "conditions": conditions(&status.conditions),
                }))
            }),
            "podgangs": list(Kind::PodGang, &|stored| {
                let gang = as_gang(stored)?;
                let groups = gang.spec.groups.iter();
                let groups = groups.map(|group| json!({ "name": group.name, "minReplicas": group.replicas_min, "pods": group.pods }));
                Some(json!({
                    "podgroups": groups.collect::<Vec<_>>(),
                    "phase": gang.status.phase,
                    "conditions": conditions(&gang.status.conditions),
                }))
            }),
        })
    }
}

fn named(stored: &Stored, mut shown: Value, world: &dyn World) -> Option<Value> {
    let map = shown.as_object_mut()?;
    map.insert("name".to_owned(), Value::String(text(stored.key.name, world)));
    Some(shown)
}

fn conditions(conditions: &Conditions) -> Value {
    let shown = conditions.iter().map(|condition| {
        let status = condition.holds.map_or("Unknown", |holds| if holds { "True" } else { "False" });
        json!({ "type": condition.kind.text(), "status": status, "reason": condition.reason })
    });
    shown.collect()
}
