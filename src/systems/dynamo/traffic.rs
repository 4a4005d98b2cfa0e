//! Who serves the requests to a graph: its workers, while a frontend takes requests in and a worker of every kind that is needed has
//! registered. `traffic/<graph>` tells it, in shares of the components.

use std::collections::BTreeSet;

use super::model::{ComponentType, Resource};
use super::operator::asked::Asked;
use super::operator::keys;
use crate::systems::grove::Grove;
use crate::systems::grove::model::Resource as GroveResource;
use crate::systems::machinery::Api;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::traffic::Backend;
use crate::workload::{PodStatus, Status, World};

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

    /// Something of an object changed, or it went away: its graph is looked at, if it is of one.
    pub fn touch_of(&mut self, key: Subject, api: &Api<Resource>) {
        if key.kind == Kind::Graph {
            self.touched.insert(key);
        }
        let owner = api.get(key).and_then(|stored| stored.meta.owner).filter(|owner| owner.key.kind == Kind::Graph);
        self.touched.extend(owner.map(|owner| owner.key));
    }

    /// Sends requests where they should go.
    pub fn send(&mut self, api: &Api<Resource>, asked: &Asked, grove: &Grove, cause: Cause, world: &mut dyn World) {
        for graph in std::mem::take(&mut self.touched) {
            let backends = backends(graph, api, asked, grove, world);
            if backends.is_empty() && !self.routed.contains(&graph) {
                continue;
            }
            self.routed.insert(graph);
            world.route(Subject { kind: Kind::Traffic, ..graph }, backends, cause);
        }
    }
}

/// The pods of a graph's components, each with the component's type and what its pods serve.
fn pods<'a>(
    graph: Subject,
    api: &'a Api<Resource>,
    asked: &Asked,
    grove: &Grove,
    world: &dyn World,
) -> Vec<(Subject, PodStatus, &'a ComponentType, Subject)> {
    let mut found = Vec::new();
    for one in api.owned(Kind::DynamoComponentDeployment, graph) {
        let Some(component) = one.value.component().map(|one| &one.spec.component) else { continue };
        for workload in asked.of(one.key).filter(|key| key.kind != Kind::Service) {
            let party = asked.serves(workload).unwrap_or(workload);
            // Of several nodes the leader alone takes requests, here and below.
            let pods = world.observed_pods(Asked::leaders(workload));
            found.extend(pods.into_iter().map(|(pod, status)| (pod, status, &component.component_type, party)));
        }
    }
    let spec = api.get(graph).and_then(|stored| stored.value.graph()).map(|graph| &graph.spec);
    let Some(spec) = spec else { return found };
    for clique in grove.cliques_made_for(graph) {
        let GroveResource::PodClique(one) = &clique.value else { continue };
        let name = one.spec.pods.labels.get(keys::COMPONENT);
        let Some(component) = spec.components.iter().find(|one| Some(&one.name) == name) else { continue };
        if one.spec.role.ends_with("-wkr") && component.is_multinode() {
            continue;
        }
        let Some(party) = one.spec.pods.serves else { continue };
        for pod in grove.pods_of(clique.key) {
            if let Some(Status::Pod(status)) = world.observed(pod) {
                found.push((pod, status, &component.component_type, party));
            }
        }
    }
    found
}

/// The pods that serve a graph.
fn backends(graph: Subject, api: &Api<Resource>, asked: &Asked, grove: &Grove, world: &dyn World) -> Vec<Backend> {
    let Some(spec) = api.get(graph).and_then(|stored| stored.value.graph()).map(|graph| &graph.spec) else {
        return Vec::new();
    };
    let mut serving: Vec<Backend> = Vec::new();
    let mut kinds: BTreeSet<&ComponentType> = BTreeSet::new();
    for (pod, status, component_type, party) in pods(graph, api, asked, grove, world) {
        if !status.registered || status.terminating {
            continue;
        }
        kinds.insert(component_type);
        if component_type.is_worker() {
            serving.push(Backend { workload: pod, party, weight: 1, nodes: None, unready: false });
        }
    }
    let needed = spec.components.iter().map(|one| &one.component_type);
    let mut needed = needed.filter(|one| one.is_worker() || **one == ComponentType::Frontend);
    if needed.all(|one| kinds.contains(one)) { serving } else { Vec::new() }
}
