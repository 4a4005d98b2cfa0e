//! Who serves the requests to a graph: its workers, while a frontend takes requests in and a worker of every kind that is needed has
//! registered. `traffic/<graph>` tells it, in shares of the components.

use std::collections::BTreeSet;

use super::model::{ComponentType, Resource};
use super::operator::asked::Asked;
use crate::systems::machinery::Api;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::World;
use crate::workload::traffic::Backend;

/// What is routed, and what has to be looked at again.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    touched: BTreeSet<Subject>,
    routed: BTreeSet<Subject>,
}

impl Routes {
    /// Something of a graph changed.
    pub fn touch(&mut self, graph: Subject) {
        self.touched.insert(graph);
    }

    /// An object went away: its graph is looked at, if it was of one.
    pub fn touch_of(&mut self, key: Subject, _api: &Api<Resource>) {
        if key.kind == Kind::Graph {
            self.touched.insert(key);
        }
    }

    /// Sends requests where they should go.
    pub fn send(&mut self, api: &Api<Resource>, asked: &Asked, cause: Cause, world: &mut dyn World) {
        for graph in std::mem::take(&mut self.touched) {
            let backends = backends(graph, api, asked, world);
            if backends.is_empty() && !self.routed.contains(&graph) {
                continue;
            }
            self.routed.insert(graph);
            world.route(Subject { kind: Kind::Traffic, ..graph }, backends, cause);
        }
    }
}

/// The pods that serve a graph.
fn backends(graph: Subject, api: &Api<Resource>, asked: &Asked, world: &dyn World) -> Vec<Backend> {
    let Some(stored) = api.get(graph) else { return Vec::new() };
    let Some(spec) = stored.value.graph().map(|graph| &graph.spec) else { return Vec::new() };
    let mut serving: Vec<Backend> = Vec::new();
    let mut kinds: BTreeSet<&ComponentType> = BTreeSet::new();
    for one in api.list(Kind::DynamoComponentDeployment) {
        if one.meta.owner.is_none_or(|owner| owner.key != graph) {
            continue;
        }
        let Some(component) = one.value.component().map(|one| &one.spec.component) else { continue };
        let is_frontend = component.component_type == ComponentType::Frontend;
        if !is_frontend && !component.component_type.is_worker() {
            continue;
        }
        for workload in asked.of(one.key).filter(|key| key.kind != Kind::Service) {
            for (pod, status) in world.observed_pods(workload) {
                if !status.ready || status.terminating {
                    continue;
                }
                kinds.insert(&component.component_type);
                if !is_frontend {
                    let party = asked.serves(workload).unwrap_or(pod);
                    serving.push(Backend { workload: pod, party, weight: 1, nodes: None });
                }
            }
        }
    }
    let needed = spec.components.iter().map(|one| &one.component_type);
    let mut needed = needed.filter(|one| one.is_worker() || **one == ComponentType::Frontend);
    if needed.all(|one| kinds.contains(one)) { serving } else { Vec::new() }
}
