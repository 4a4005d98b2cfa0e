//! Who serves the requests to a graph: its workers, while a frontend takes requests in and a worker of every kind that is needed has
//! registered. `traffic/<graph>` tells it, in shares of the components.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{ComponentType, GraphSpec, Resource};
use super::operator::asked::Asked;
use super::operator::keys;
use crate::systems::grove::Grove;
use crate::systems::grove::model::Resource as GroveResource;
use crate::systems::machinery::Api;
use crate::timeline::{Cause, Kind, Subject};
use crate::workload::traffic::Backend;
use crate::workload::{PodStatus, Status, World};

/// Pods of a graph that have registered, each with what it serves, by the type of their component.
type There = BTreeMap<ComponentType, Vec<(Subject, Subject)>>;

/// What is routed, and what has to be looked at again.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    touched: BTreeSet<Subject>,
    /// Who was there when a graph was served last, of each that ever was.
    routed: BTreeMap<Subject, There>,
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
            let name = Subject { kind: Kind::Traffic, ..graph };
            let Some(spec) = api.get(graph).and_then(|stored| stored.value.graph()).map(|graph| &graph.spec) else {
                if self.routed.remove(&graph).is_some() {
                    world.route(name, Vec::new(), cause);
                }
                continue;
            };
            let (mut serving, mut there) = (Vec::new(), There::new());
            for (pod, status, component_type, party) in pods(graph, api, asked, grove, world) {
                if !status.registered || status.terminating {
                    continue;
                }
                there.entry(component_type.clone()).or_default().push((pod, party));
                if component_type.is_worker() {
                    serving.push(Backend { workload: pod, party, weight: 1, nodes: None, unready: false });
                }
            }
            let missing = missing(spec, &there);
            match self.routed.get(&graph) {
                // Of whom there is nobody, the last that there were stand for it: nobody serves for want of them.
                Some(last) if !missing.is_empty() => {
                    let lost = missing.into_iter().filter_map(|kind| last.get(kind)).flatten();
                    serving = lost
                        .map(|(pod, party)| {
                            let (workload, party) = (*pod, *party);
                            Backend { workload, party, weight: 0, nodes: None, unready: false }
                        })
                        .collect();
                }
                None if !missing.is_empty() || serving.is_empty() => continue,
                _ => drop(self.routed.insert(graph, there)),
            }
            world.route(name, serving, cause);
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

/// The types of components that a graph needs to be served and of which no pod is there.
fn missing<'a>(spec: &'a GraphSpec, there: &There) -> BTreeSet<&'a ComponentType> {
    let all = spec.components.iter().map(|one| &one.component_type);
    let needed = all.filter(|one| one.is_worker() || **one == ComponentType::Frontend);
    needed.filter(|one| !there.contains_key(*one)).collect()
}
