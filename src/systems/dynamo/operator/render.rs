//! What a component's own resource is rendered as: a Deployment, or a LeaderWorkerSet where a replica has several nodes; for a
//! frontend a Service.
//!
//! Source: ai-dynamo/dynamo, deploy/operator/internal/controller/dynamocomponentdeployment_controller.go, generateDeployment,
//! generateLeaderWorkerSet and generateService; internal/controller/deployment_strategy.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asked::Wanted;
use super::pass::Pass;
use super::{hash, keys, names};
use crate::kernel::Duration;
use crate::systems::dynamo::model::{Component, ComponentDeployment, ComponentType, GraphSpec};
use crate::systems::dynamo::plan::Role;
use crate::systems::dynamo::profile::Options;
use crate::systems::dynamo::store::Stored;
use crate::systems::dynamo::template::pod;
use crate::timeline::{Kind, Subject};
use crate::workload::pod::Registration;
use crate::workload::stage::Store;
use crate::workload::strategy::{IntOrPercent, Strategy};
use crate::workload::{DeploymentSpec, LeaderWorkerSetSpec, Object, PodTemplate, ServiceSpec};

/// The port of a frontend: internal/consts/consts.go, DynamoServicePort.
const FRONTEND_PORT: u16 = 8000;
/// How long a worker's registration outlives its last sign.
const LEASE: Duration = Duration::from_secs(10);

/// What a component is rendered as.
pub struct Rendered {
    /// The objects, in the order in which they are asked for.
    pub objects: Vec<Wanted>,
    /// The one of them that has the pods.
    pub workload: Subject,
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
    let (workload, object) = match component.nodes {
        Some(size) if pass.options.has_lws() => {
            let workload = pass.beside(key, Kind::LeaderWorkerSet, &names::leader_worker_set(&name));
            let spec = LeaderWorkerSetSpec {
                leader: Some(pods(Role::Leader)),
                ..LeaderWorkerSetSpec::of(component.replicas, size, pods(Role::Worker))
            };
            (workload, Object::LeaderWorkerSet(spec))
        }
        _ => {
            let workload = Subject { kind: Kind::Deployment, ..key };
            let mut spec = DeploymentSpec::of(component.replicas, pods(Role::Main));
            spec.strategy = strategy(&component.annotations, pass.options.operator.is_1_5());
            (workload, Object::Deployment(spec))
        }
    };
    let mut objects = vec![Wanted { key: workload, object, owner: key, serves }];
    if component.component_type == ComponentType::Frontend {
        let service_key = Subject { kind: Kind::Service, ..key };
        objects.push(Wanted { key: service_key, object: service(&name), owner: key, serves });
    }
    Rendered { objects, workload }
}

/// The Service of a frontend: it leads to the pods with this selector.
pub fn service(name: &str) -> Object {
    let selector = BTreeMap::from([(keys::SELECTOR.to_owned(), name.to_owned())]);
    Object::Service(ServiceSpec { selector, port: FRONTEND_PORT, target_port: FRONTEND_PORT, ingress: false })
}

/// Where pods are registered. Workers of 0.8 write themselves into etcd under a lease, and are reached through NATS; with 1.5
/// they are found through Kubernetes itself (`discovery.backend: kubernetes`, deploy/helm/charts/platform). Workers beside a leader
/// serve nobody. Source of the lease: ai-dynamo/dynamo, lib/runtime/src/transports/etcd.rs, ten seconds; a process whose lease is
/// gone ends.
pub fn registration(component: &Component, role: Role, options: &Options) -> Option<Registration> {
    if !component.component_type.is_worker() || role == Role::Worker || options.operator.is_1_5() {
        return None;
    }
    let stores = vec![Store::Etcd, Store::Nats];
    Some(Registration { stores, lease: Some(LEASE), ends_with_lease: true })
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
    template.registration = registration(component, role, options);
    let restart = component.annotations.get(keys::RESTART_AT).map_or("", String::as_str);
    template.fingerprint = hash::touched(component.fingerprint, restart);
    template
}

/// The strategy of a component's Deployment. The API's own 25 % and 25 % where nothing is said.
fn strategy(annotations: &BTreeMap<String, String>, _is_1_5: bool) -> Strategy {
    if annotations.get(keys::STRATEGY).is_some_and(|text| text == "Recreate") {
        return Strategy::Recreate;
    }
    let said = |name: &str| {
        let text = annotations.get(name).filter(|text| !text.is_empty())?;
        match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().map(IntOrPercent::Percent),
            None => text.parse().ok().map(IntOrPercent::Int),
        }
    };
    let quarter = IntOrPercent::Percent(25);
    let max_surge = said(keys::MAX_SURGE).unwrap_or(quarter);
    let max_unavailable = said(keys::MAX_UNAVAILABLE).unwrap_or(quarter);
    Strategy::RollingUpdate { max_surge, max_unavailable }
}
