//! What was last seen of Grove's cliques and scaling groups, so that what changed of them wakes the controller of graphs.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dgd_grove_watch_setup.go, the predicates of its watches; 0.8.0
//! heeds ready pods and sizes of cliques alone, in dynamographdeployment_controller.go, SetupWithManager.

use std::collections::BTreeMap;

use crate::systems::grove::Grove;
use crate::systems::grove::model::Resource;
use crate::timeline::{Kind, Subject};

/// What decides of a part.
type Seen = [u64; 7];

/// What was last seen.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    seen: BTreeMap<Subject, Seen>,
}

impl Parts {
    /// The parts that changed since the last call, each with its graph.
    pub fn changed(&mut self, grove: &mut Grove, is_1_5: bool) -> Vec<(Subject, Subject)> {
        let written = grove.api.written();
        let mut changed = Vec::new();
        let kinds: &[Kind] = if is_1_5 { &[Kind::PodClique, Kind::PodCliqueScalingGroup] } else { &[Kind::PodClique] };
        for kind in kinds {
            for key in written.iter().filter(|key| key.kind == *kind) {
                let Some(stored) = grove.api.get(*key) else { continue };
                let Some(now) = seen(&stored.value, stored.meta.generation, is_1_5) else { continue };
                let before = self.seen.insert(stored.key, now);
                // What is made wakes nobody.
                if before.is_none_or(|before| before == now) {
                    continue;
                }
                let graph = grove.maker_of(stored.key).filter(|maker| maker.kind == Kind::Graph);
                changed.extend(graph.map(|graph| (stored.key, graph)));
            }
        }
        changed
    }
}

fn seen(value: &Resource, generation: u64, is_1_5: bool) -> Option<Seen> {
    match value {
        Resource::PodClique(one) if !is_1_5 => {
            Some([u64::from(one.status.ready), u64::from(one.spec.replicas), 0, 0, 0, 0, 0])
        }
        Resource::PodClique(one) => Some([
            one.status.ready.into(),
            one.spec.replicas.into(),
            one.status.replicas.into(),
            one.status.updated.into(),
            one.status.scheduled.into(),
            one.status.gated.into(),
            u64::from(one.status.observed_generation >= Some(generation)),
        ]),
        Resource::PodCliqueScalingGroup(one) => Some([
            one.status.available.into(),
            one.spec.replicas.into(),
            one.status.replicas.into(),
            one.status.updated.into(),
            one.status.scheduled.into(),
            0,
            u64::from(one.status.observed_generation >= Some(generation)),
        ]),
        Resource::PodCliqueSet(_) | Resource::PodGang(_) => None,
    }
}
