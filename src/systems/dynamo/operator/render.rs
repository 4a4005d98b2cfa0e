//! What a component's own resource is rendered as: a Deployment, or a LeaderWorkerSet where a replica has several nodes; for a
//! frontend a Service.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamocomponentdeployment_controller.go, generateDeployment,
//! generateLeaderWorkerSet and generateService; internal/controller/deployment_strategy.go; of 0.8.0 the first of them below
//! deploy/cloud/operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asked::Wanted;
use super::pass::Pass;
use super::{discovery, hash, keys, names};
use crate::systems::dynamo::model::{ComponentDeployment, ComponentType, GraphSpec};
use crate::systems::dynamo::plan::Role;
use crate::systems::dynamo::profile::{Operator, Options};
use crate::systems::dynamo::store::Stored;
use crate::systems::dynamo::template::pod;
use crate::timeline::{Kind, Subject};
use crate::workload::strategy::{IntOrPercent, Strategy};
use crate::workload::{
    BatchScheduler, DeploymentSpec, GangMember, LeaderWorkerSetSpec, Object, PodGroupSpec, PodTemplate, ServiceSpec,
};

/// The port of a frontend: internal/consts/consts.go, DynamoServicePort.
const FRONTEND_PORT: u16 = 8000;

/// What a component is rendered as.
pub struct Rendered {
    /// The objects, in the order in which they are asked for.
    pub objects: Vec<Wanted>,
    /// Those of them that have the pods.
    pub workloads: Vec<Subject>,
}

/// Renders a component, whose pods claim these devices.
pub fn of(
    key: Subject,
    found: &Stored,
    deployment: &ComponentDeployment,
    devices: Option<&BTreeMap<String, u64>>,
    pass: &mut Pass<'_>,
) -> Rendered {
    let component = &deployment.spec.component;
    let name = pass.name_of(key);
    let graph = found.label(keys::GRAPH).unwrap_or_default().to_owned();
    let serves = pass.beside(key, Kind::Component, &names::component(&graph, &component.name));
    let options = pass.options;
    let pods = |role| {
        let mut template = template(&name, found, deployment, role, serves, options);
        devices.into_iter().for_each(|devices| super::devices::put(devices, &mut template));
        Arc::new(template)
    };
    let mut objects = match component.nodes {
        Some(size) if pass.options.has_lws() => {
            let set = |replicas, leader, worker| LeaderWorkerSetSpec {
                leader: Some(leader),
                ..LeaderWorkerSetSpec::of(replicas, size, worker)
            };
            let (leader, worker) = (pods(Role::Leader), pods(Role::Worker));
            if options.operator.is_1_5() {
                let workload = pass.beside(key, Kind::LeaderWorkerSet, &names::leader_worker_set(&name, 0));
                let object = Object::LeaderWorkerSet(set(component.replicas, leader, worker));
                vec![Wanted { key: workload, object, owner: key, serves }]
            } else {
                let instances = 0..component.replicas;
                let both = instances.flat_map(|instance| {
                    let name = names::leader_worker_set(&name, instance);
                    let [leader, worker] = [&leader, &worker].map(|pods| of_instance(pods, instance, &name));
                    let group = PodGroupSpec::of(BatchScheduler::Volcano, size);
                    let group = (Kind::PodGroup, name.clone(), Object::PodGroup(Box::new(group)));
                    [group, (Kind::LeaderWorkerSet, name, Object::LeaderWorkerSet(set(1, leader, worker)))]
                });
                let both: Vec<_> = both.collect();
                both.into_iter()
                    .map(|(kind, name, object)| Wanted {
                        key: pass.beside(key, kind, &name),
                        object,
                        owner: key,
                        serves,
                    })
                    .collect()
            }
        }
        _ => {
            let mut spec = DeploymentSpec::of(component.replicas, pods(Role::Main));
            spec.strategy = strategy(&component.annotations, options.operator);
            let workload = Subject { kind: Kind::Deployment, ..key };
            vec![Wanted { key: workload, object: Object::Deployment(spec), owner: key, serves }]
        }
    };
    let workloads = objects.iter().map(|one| one.key).filter(|key| key.kind != Kind::PodGroup).collect();
    if component.component_type == ComponentType::Frontend {
        let service_key = Subject { kind: Kind::Service, ..key };
        objects.push(Wanted { key: service_key, object: service(&name), owner: key, serves });
    }
    Rendered { objects, workloads }
}

/// The pods of one replica of a component with several nodes, as 0.8 has them: each replica is a LeaderWorkerSet of its own with one
/// group, and Volcano places its pods together (deploy/cloud/operator, generateLeaderWorkerSet and generateVolcanoPodGroup).
fn of_instance(pods: &PodTemplate, instance: u32, group: &str) -> Arc<PodTemplate> {
    let mut pods = pods.clone();
    pods.labels.insert("instance-id".to_owned(), instance.to_string());
    pods.labels.remove(keys::SELECTOR);
    pods.scheduler_name = BatchScheduler::Volcano.scheduler_name().to_owned();
    pods.gang = Some(GangMember { group: group.to_owned(), subgroup: String::new() });
    Arc::new(pods)
}

/// The Service of a frontend: it leads to the pods with this selector.
pub fn service(name: &str) -> Object {
    let selector = BTreeMap::from([(keys::SELECTOR.to_owned(), name.to_owned())]);
    let (port, target_port) = (FRONTEND_PORT, FRONTEND_PORT);
    Object::Service(ServiceSpec { selector, port, target_port, ingress: false, publishes_unready: false })
}

/// The pods of a component, with the labels by which they are found.
fn template(
    name: &str,
    found: &Stored,
    deployment: &ComponentDeployment,
    role: Role,
    serves: Subject,
    options: &Options,
) -> PodTemplate {
    let component = &deployment.spec.component;
    let graph = GraphSpec { backend: deployment.spec.backend, ..GraphSpec::default() };
    let mut template = pod(&graph, component, role);
    template.serves = Some(serves);
    template.labels.insert(keys::SELECTOR.to_owned(), name.to_owned());
    template.labels.insert(keys::COMPONENT.to_owned(), component.name.clone());
    let component_type = component.component_type.text();
    if !component_type.is_empty() {
        template.labels.insert(keys::COMPONENT_TYPE.to_owned(), component_type.to_owned());
    }
    for label in [keys::GRAPH, keys::WORKER_HASH] {
        if let Some(value) = found.label(label) {
            template.labels.insert(label.to_owned(), value.to_owned());
        }
    }
    let discovery = options.discovery(component.annotations.get(keys::DISCOVERY).map(String::as_str));
    template.registration = discovery::registration(component, role, discovery);
    template.process_lease = discovery::process_lease(component, role, discovery, options.operator);
    let restart = component.annotations.get(keys::RESTART_AT).map_or("", String::as_str);
    template.fingerprint = hash::touched(component.fingerprint, restart);
    template
}

/// The strategy of a component's Deployment. The API's own 25 % and 25 % where nothing is said. 0.8 knows two strategies more, and
/// no bounds.
fn strategy(annotations: &BTreeMap<String, String>, operator: Operator) -> Strategy {
    let quarter = IntOrPercent::Percent(25);
    let said = |name: &str| {
        let text = annotations.get(name).filter(|text| operator.is_1_5() && !text.is_empty())?;
        match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().map(IntOrPercent::Percent),
            None => text.parse().ok().map(IntOrPercent::Int),
        }
    };
    let (max_surge, max_unavailable) = match (annotations.get(keys::STRATEGY).map(String::as_str), operator) {
        (Some("Recreate"), _) => return Strategy::Recreate,
        (Some("RampedSlowRollout"), Operator::V0_8) => (IntOrPercent::Int(1), IntOrPercent::Int(0)),
        (Some("BestEffortControlledRollout"), Operator::V0_8) => (IntOrPercent::Int(0), IntOrPercent::Percent(20)),
        _ => (said(keys::MAX_SURGE).unwrap_or(quarter), said(keys::MAX_UNAVAILABLE).unwrap_or(quarter)),
    };
    Strategy::RollingUpdate { max_surge, max_unavailable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_strategies_of_its_own() {
        let said = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let rolling = |max_surge, max_unavailable| Strategy::RollingUpdate { max_surge, max_unavailable };
        let quarters = rolling(IntOrPercent::Percent(25), IntOrPercent::Percent(25));
        let slow = said(&[(keys::STRATEGY, "RampedSlowRollout")]);
        assert_eq!(strategy(&slow, Operator::V0_8), rolling(IntOrPercent::Int(1), IntOrPercent::Int(0)));
        assert_eq!(strategy(&slow, Operator::V1_5), quarters);
        let bounds = said(&[(keys::MAX_SURGE, "0"), (keys::MAX_UNAVAILABLE, "50%")]);
        assert_eq!(strategy(&bounds, Operator::V0_8), quarters);
        assert_eq!(strategy(&bounds, Operator::V1_5), rolling(IntOrPercent::Int(0), IntOrPercent::Percent(50)));
        let recreate = said(&[(keys::STRATEGY, "Recreate")]);
        assert_eq!(strategy(&recreate, Operator::V0_8), Strategy::Recreate);
    }
}
