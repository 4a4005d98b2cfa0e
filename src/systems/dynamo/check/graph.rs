//! What the webhook asks of a graph, or of a component that stands by itself, when it is created.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/webhook/validation/dynamographdeployment.go, shared_v1beta1.go and
//! shared_helpers.go; of chart 0.8.0 deploy/cloud/operator/internal/webhook/validation/dynamographdeployment.go and shared.go.

use std::collections::BTreeSet;

use super::super::model::{Backend, Beside, Component, ComponentDeploymentSpec, ComponentType, GraphSpec, Table};
use super::super::operator::keys::{ENABLE_GROVE, EXECUTOR, PROVIDER, is_executor};
use super::super::plan;
use super::super::profile::{Operator, Options, Provider};
use super::super::read::object::Object;
use super::names::{self, GROVE_NAME_CHARS_MAX};

const UPDATE_STRATEGY: &str = "nvidia.com/grove-update-strategy";
const DISCOVERY_MODE: &str = "nvidia.com/dynamo-kube-discovery-mode";
const ORIGIN_VERSION: &str = "nvidia.com/dynamo-operator-origin-version";

/// Asks of a graph; findings go to the object.
pub fn graph(spec: &GraphSpec, object: &mut Object<'_>, options: &Options) {
    if spec.restart.is_some() {
        let detail = "spec.restart must be unset on create; set spec.restart.id after creation to request a restart";
        object.created_without("spec", detail);
    }
    if !options.webhook {
        return;
    }
    match options.operator {
        Operator::V0_8 => old(spec, object),
        Operator::V1_5 => new(spec, object, options),
    }
}

/// Asks of a component that stands by itself.
pub fn component_deployment(spec: &ComponentDeploymentSpec, object: &mut Object<'_>, options: &Options) {
    if options.webhook && options.operator.is_1_5() {
        component(&spec.component, "spec", false, object, options);
    }
}

fn old(spec: &GraphSpec, object: &mut Object<'_>) {
    if spec.components.is_empty() {
        object.admission.required("spec.services", "must have at least one service");
    }
}

/// Why Grove's fields are refused, if Grove does not render the graph.
pub fn without_grove(annotations: &Table, options: &Options) -> Option<String> {
    match annotations.get(PROVIDER).map(String::as_str) {
        Some("grove") => return None,
        Some(provider) => {
            let why = format!("requires the Grove pathway, but workload provider {provider:?} is selected");
            return Some(why);
        }
        None => {}
    }
    if options.provider != Provider::Grove {
        return Some("requires the Grove pathway, but Grove is disabled in the operator configuration".to_owned());
    }
    let enabled = annotations.get(ENABLE_GROVE).filter(|text| text.eq_ignore_ascii_case("false"))?;
    Some(format!("requires the Grove pathway; remove or unset annotation {ENABLE_GROVE:?} (currently {enabled:?})"))
}

fn new(spec: &GraphSpec, object: &mut Object<'_>, options: &Options) {
    let annotations = object.table("metadata.annotations");
    metadata(spec, &annotations, object);
    let why_not = without_grove(&annotations, options);
    if let Some(why) = why_not.as_ref().filter(|_| !spec.priority_class.is_empty()) {
        object.admission.forbidden("spec.priorityClassName", why);
    }
    if spec.components.is_empty() {
        object.admission.required("spec.components", "must have at least one component");
    }
    for (index, one) in spec.components.iter().enumerate() {
        let path = path_of(spec, index, one);
        if why_not.is_none() {
            grove_name(spec, one, &path, object);
        }
        let between = one.memory_service.as_ref().is_some_and(|service| service.mode == Beside::InterPod);
        if between {
            let mode = format!("{path}.experimental.gpuMemoryService.mode");
            if let Some(why) = &why_not {
                object.admission.forbidden(&mode, why);
            }
            if spec.backend != Some(Backend::Vllm) {
                let found = spec.backend.map_or("<unset>", Backend::text);
                let detail = format!(
                    "the inter-pod GMS layout is currently supported only for vLLM (detected backend: {found})"
                );
                object.admission.invalid_text(mode, "InterPod", &detail);
            }
        }
        component(one, &path, why_not.is_none(), object, options);
    }
    restart(spec, object);
    topology(spec, object);
}

/// Where a component stands in the document.
fn path_of(spec: &GraphSpec, index: usize, one: &Component) -> String {
    match spec.api {
        super::super::model::ApiVersion::V1Alpha1 => format!("spec.services[{}]", one.name),
        super::super::model::ApiVersion::V1Beta1 => format!("spec.components[{index}]"),
    }
}

fn metadata(spec: &GraphSpec, annotations: &Table, object: &mut Object<'_>) {
    let path = |key: &str| format!("metadata.annotations[{key}]");
    let words = [
        (UPDATE_STRATEGY, &["RollingRecreate", "OnDelete"][..]),
        (DISCOVERY_MODE, &["pod", "container"]),
        (PROVIDER, &["component", "grove"]),
    ];
    for (key, supported) in words {
        if let Some(value) = annotations.get(key).filter(|value| !supported.contains(&value.as_str())) {
            object.admission.unsupported(path(key), value, supported);
        }
    }
    if let Some(value) = annotations.get(ORIGIN_VERSION).filter(|value| !is_semver(value)) {
        object.admission.invalid_text(path(ORIGIN_VERSION), value, "must be valid semver");
    }
    if let Some(value) = wrong_executor(annotations) {
        object.admission.invalid_text(path(EXECUTOR), value, "must be \"mp\" or \"ray\"");
    }
    let shadows = spec.components.iter().any(|one| one.failover.is_some_and(|one| one.mode == Beside::IntraPod));
    let mode = annotations.get(DISCOVERY_MODE).map_or("", String::as_str);
    if shadows && mode != "container" {
        let detail = "must be \"container\" when intra-pod failover is configured";
        object.admission.invalid_text(path(DISCOVERY_MODE), mode, detail);
    }
}

/// What an annotation says of how several nodes start, if nobody knows it.
pub fn wrong_executor(annotations: &Table) -> Option<&str> {
    let value = annotations.get(EXECUTOR)?;
    (!is_executor(value)).then_some(value)
}

/// True for a version as Masterminds/semver reads it: one to three numbers, with whatever stands behind a dash or a plus.
fn is_semver(text: &str) -> bool {
    let core = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next().unwrap_or("");
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() <= 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit()))
}

fn grove_name(spec: &GraphSpec, one: &Component, path: &str, object: &mut Object<'_>) {
    let set = names::pod_clique_set_name(&object.name, &spec.components);
    let length = set.len() + names::taken(one);
    if length > GROVE_NAME_CHARS_MAX {
        let what = match names::uses_scaling_group(one) {
            true => format!("PCS name + PCSG name + longest PodClique name {:?}", names::longest_clique(one)),
            false => "PCS name + component name".to_owned(),
        };
        let detail = format!(
            "combined resource name length {length} exceeds the {GROVE_NAME_CHARS_MAX}-character pod-name limit ({what}); \
            shorten DynamoGraphDeployment name {:?} or component name {:?}",
            object.name, one.name
        );
        object.admission.invalid_text(format!("{path}.name"), &one.name, &detail);
    }
}

/// What is asked of every component.
fn component(one: &Component, path: &str, grove: bool, object: &mut Object<'_>, options: &Options) {
    let at = |field: &str| format!("{path}.{field}");
    if one.min_available.is_some() && !grove {
        let detail = "is currently supported only for Grove-backed DynamoGraphDeployment components";
        object.admission.forbidden(at("minAvailable"), detail);
    }
    if one.component_type == ComponentType::Epp {
        if !options.inference_pool {
            let detail = "cannot deploy EPP component: InferencePool API group (inference.networking.k8s.io) is not available \
                in the cluster; install the Gateway API Inference Extension before deploying EPP components";
            object.admission.forbidden(at("type"), detail);
        }
        if one.is_multinode() {
            object.admission.forbidden(at("multinode"), "EPP component cannot be multinode");
        }
        if one.says_replicas && one.replicas != 1 {
            object.admission.invalid(at("replicas"), one.replicas, "EPP component must have exactly 1 replica");
        }
        if !one.has_epp_config {
            object.admission.required(at("eppConfig"), "is required for EPP components");
        }
    }
    memory_service(one, path, object);
    if one.checkpoint.is_some() {
        let field = at("experimental.checkpoint");
        if !options.checkpoint {
            object.admission.forbidden(&field, "checkpoint functionality is disabled in the operator configuration");
        }
        if one.memory_service.is_some() {
            let detail = "GMS + Snapshot is temporarily disabled; disable gpuMemoryService or enable the internal GMS + \
                Snapshot gate";
            object.admission.forbidden(field, detail);
        }
    }
}

fn memory_service(one: &Component, path: &str, object: &mut Object<'_>) {
    let at = |field: &str| format!("{path}.experimental.{field}");
    let gpus = plan::gpus(&one.template);
    if one.memory_service.is_some() {
        if !one.component_type.is_worker() {
            let detail = "GPU memory service is only supported for worker, prefill, or decode components";
            object.admission.forbidden(at("gpuMemoryService"), detail);
        }
        if gpus < 1 {
            let detail =
                "GPU memory service requires podTemplate.spec.containers[main].resources.limits.nvidia.com/gpu >= 1";
            object.admission.forbidden(at("gpuMemoryService"), detail);
        }
    }
    let Some(failover) = one.failover else { return };
    let mode = |mode: Beside| if mode == Beside::IntraPod { "IntraPod" } else { "InterPod" };
    match &one.memory_service {
        None => {
            let detail = format!("gpuMemoryService is required when failover mode is {:?}", mode(failover.mode));
            object.admission.forbidden(at("failover"), &detail);
        }
        Some(service) if service.mode != failover.mode => {
            let detail = format!("must match gpuMemoryService.mode {:?}", mode(service.mode));
            object.admission.invalid_text(at("failover.mode"), mode(failover.mode), &detail);
        }
        Some(_) => {}
    }
    if failover.mode == Beside::InterPod {
        if gpus < 1 {
            let detail = "GMS failover requires at least 1 GPU in podTemplate.spec.containers[main].resources.limits.nvidia.com/gpu";
            object.admission.forbidden(at("failover"), detail);
        }
        if matches!(one.component_type, ComponentType::Epp | ComponentType::Frontend | ComponentType::Planner) {
            let detail = format!("GMS failover is not supported for component type {:?}", one.component_type.text());
            object.admission.forbidden(at("failover"), &detail);
        }
    }
}

fn restart(spec: &GraphSpec, object: &mut Object<'_>) {
    let Some(restart) = &spec.restart else { return };
    let names: BTreeSet<&str> = spec.components.iter().map(|one| one.name.as_str()).collect();
    for (path, message) in order(restart.parallel, &restart.order, &names) {
        object.admission.complaints.push(crate::systems::kubernetes::complaint::Complaint { path, message });
    }
}

/// What is wrong with the order of a restart.
pub fn order(parallel: bool, order: &[String], names: &BTreeSet<&str>) -> Vec<(String, String)> {
    let path = "spec.restart.strategy.order".to_owned();
    if order.is_empty() {
        return Vec::new();
    }
    if parallel {
        return vec![(path, "Forbidden: cannot be specified when strategy is parallel".to_owned())];
    }
    let mut found = Vec::new();
    let unique: BTreeSet<&str> = order.iter().map(String::as_str).collect();
    if unique.len() != order.len() {
        found.push((path.clone(), format!("Invalid value: {order:?}: must be unique")));
    }
    if unique.len() != names.len() {
        let detail = "must have the same number of unique components as the deployment";
        found.push((path.clone(), format!("Invalid value: {order:?}: {detail}")));
    }
    for (index, name) in order.iter().enumerate().filter(|(_, name)| !names.contains(name.as_str())) {
        let supported: Vec<String> = names.iter().map(|one| format!("{one:?}")).collect();
        let message = format!("Unsupported value: {name:?}: supported values: {}", supported.join(", "));
        found.push((format!("{path}[{index}]"), message));
    }
    found
}

/// A component's level needs the graph's topology. What levels there are is asked when the graph is made.
fn topology(spec: &GraphSpec, object: &mut Object<'_>) {
    let of_components = spec.components.iter().any(|one| one.topology.is_some());
    match &spec.topology {
        None if of_components => {
            let detail = "is required when any component topology constraint is set";
            object.admission.required("spec.topologyConstraint", detail);
        }
        Some(topology) if topology.pack_domain.is_none() && !of_components => {
            let detail = "is required when no component topologyConstraint is set";
            object.admission.required("spec.topologyConstraint.packDomain", detail);
        }
        _ => {}
    }
}
