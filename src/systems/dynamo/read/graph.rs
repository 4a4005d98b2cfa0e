//! Graphs and single components in both versions of the API, from a document to the model: the schema's rules, defaults, conversion.
//! Source: deploy/operator/config/crd/bases of ai-dynamo/dynamo, chart 1.5.0; what 0.8.0's definitions lack is dropped as the API
//! server drops fields that nobody knows.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::EnvVar;

use super::super::model::{
    ApiVersion, Backend, Component, ComponentDeploymentSpec, ComponentType, GraphClaim, GraphSpec, Restart, Table,
};
use super::super::profile::{Operator, Options};
use super::alpha::{self, Alpha};
use super::component::{self, Shared, check_domain};
use super::file::{BetaFile, GraphFile, KvTransferFile, PvcFile, RestartFile};
use super::object::Object;
use super::{pods, written};
use crate::systems::kubernetes::volumes;
use crate::text::Node;
use crate::text::tree::Value;

/// The most components of a graph, and the most claims.
const COMPONENTS_MAX: usize = 25;
const CLAIMS_MAX: usize = 100;
const BACKENDS: &[&str] = &["sglang", "vllm", "trtllm"];
/// Fields of a graph that chart 0.8.0 does not know.
const LATER: &[&str] = &[
    "annotations",
    "labels",
    "experimental",
    "priorityClassName",
    "providerOverride",
    "restart",
    "topologyConstraint",
];
/// Fields of a component that chart 0.8.0 does not know.
const LATER_OF_COMPONENTS: &[&str] = &[
    "checkpoint",
    "eppConfig",
    "failover",
    "frontendSidecar",
    "gpuMemoryService",
    "minAvailable",
    "providerOverride",
    "runtimeVersionOverride",
    "topologyConstraint",
];

/// Reads a graph.
pub fn graph(object: &mut Object<'_>, api: ApiVersion, options: &Options) -> GraphSpec {
    let list = if api == ApiVersion::V1Alpha1 { "services" } else { "components" };
    let mut spec = object.part("spec");
    let mut components = None;
    if let Some(Value::Map(entries)) = spec.as_mut().map(|spec| &mut spec.value) {
        entries.retain(|(key, value)| {
            if key.text == list {
                components = Some(value.clone());
            }
            key.text != list
        });
    }
    later(spec.as_mut(), LATER, "spec", options, object);
    let file: GraphFile = object.decode(spec.as_ref(), "spec");
    check(&file, api, object);
    let backend = file.backend_framework.as_deref().and_then(Backend::parse);
    let annotations = file.annotations.clone().unwrap_or_default();
    let labels = file.labels.clone().unwrap_or_default();
    let env = file.env.clone().or_else(|| file.envs.clone()).unwrap_or_default();
    let own = object.table("metadata.annotations");
    let multiprocessing = match own.get("nvidia.com/vllm-distributed-executor-backend").map(String::as_str) {
        Some(text) => text.eq_ignore_ascii_case("mp"),
        // The webhook of 1.5 writes the version that a graph was made with, and from 1.0 on processes are the default.
        None => options.operator.is_1_5(),
    };
    let shared = Shared { backend, annotations: &annotations, labels: &labels, env: &env, multiprocessing };
    let components = match components {
        Some(node) if api == ApiVersion::V1Alpha1 => services(&node, &shared, options, object),
        Some(node) => list_of(&node, &shared, options, object),
        None => Vec::new(),
    };
    GraphSpec {
        api,
        backend,
        priority_class: file.priority_class_name.clone().unwrap_or_default(),
        topology: file.topology_constraint.as_ref().map(component::topology),
        kv_transfer: file
            .experimental
            .as_ref()
            .and_then(|one| one.kv_transfer_policy.as_ref())
            .map(|policy| component::hash(&format!("{policy:?}"))),
        provider_override: object
            .part("spec.providerOverride")
            .map(|node| component::hash(&node.to_json().to_string())),
        restart: file.restart.as_ref().map(restart),
        claims: file.pvcs.iter().flatten().map(claim).collect(),
        written: written::graph(spec.as_ref(), api, options, object),
        components,
        annotations,
        labels,
    }
}

/// Reads a component that stands by itself.
pub fn component_deployment(object: &mut Object<'_>, api: ApiVersion, options: &Options) -> ComponentDeploymentSpec {
    let mut spec = object.part("spec");
    later(spec.as_mut(), LATER_OF_COMPONENTS, "spec", options, object);
    let empty = Table::new();
    let none: [EnvVar; 0] = [];
    let multiprocessing = options.operator.is_1_5();
    let mut shared = Shared { backend: None, annotations: &empty, labels: &empty, env: &none, multiprocessing };
    let own_name = object.name.clone();
    let component = match (api, &spec) {
        (ApiVersion::V1Alpha1, Some(node)) => {
            let alpha = alpha::read(node, "spec", object);
            shared.backend = alpha.file.backend_framework.as_deref().and_then(Backend::parse);
            object.one_of(alpha.file.backend_framework.as_ref(), "spec.backendFramework", BACKENDS);
            let name = alpha.file.service_name.clone().unwrap_or(own_name);
            let mut component = from_alpha(&alpha, &name, "spec", (&shared, false), options, object);
            component.written = written::service(Some(node), "spec", (&alpha, &name), options, object);
            component
        }
        _ => {
            let file: BetaFile = object.decode(spec.as_ref(), "spec");
            shared.backend = file.backend_framework.as_deref().and_then(Backend::parse);
            object.one_of(file.backend_framework.as_ref(), "spec.backendFramework", BACKENDS);
            component::check(&file, "spec", false, object);
            super::super::check::beta(&file, "spec", false, options, object);
            let name = file.name.clone().unwrap_or(own_name);
            let has_adapter = file.scaling_adapter.is_some();
            let mut component = component::component(&file, &name, "", has_adapter, &shared, object, "spec");
            component.written = written::component(spec.as_ref(), "spec", object);
            component
        }
    };
    ComponentDeploymentSpec { api, backend: shared.backend, component }
}

/// Drops what 0.8.0 does not know.
fn later(node: Option<&mut Node>, fields: &[&str], path: &str, options: &Options, object: &mut Object<'_>) {
    let Some(Value::Map(entries)) = node.map(|node| &mut node.value) else { return };
    if options.operator != Operator::V0_8 {
        return;
    }
    entries.retain(|(key, _)| {
        let known = !fields.contains(&key.text.as_str());
        if !known {
            let message = "unknown to the operator of chart 0.8.0, and dropped";
            object.warnings.push((format!("{path}.{}", key.text), message.to_owned()));
        }
        known
    });
}

/// The components of `v1alpha1`, in the order of their names.
fn services(node: &Node, shared: &Shared<'_>, options: &Options, object: &mut Object<'_>) -> Vec<Component> {
    let Some(entries) = node.as_map() else {
        let detail = format!("spec.services in body must be of type object: {:?}", node.kind());
        object.schema.invalid_text("spec.services", node.kind(), &detail);
        return Vec::new();
    };
    if entries.len() > COMPONENTS_MAX {
        object.schema.too_many("spec.services", entries.len(), COMPONENTS_MAX);
    }
    let mut read: Vec<Component> = Vec::new();
    for (key, value) in entries {
        let path = format!("spec.services[{}]", key.text);
        let mut value = value.clone();
        later(Some(&mut value), LATER_OF_COMPONENTS, &path, options, object);
        let alpha = alpha::read(&value, &path, object);
        let mut component = from_alpha(&alpha, &key.text, &path, (shared, true), options, object);
        component.written = written::service(Some(&value), &path, (&alpha, &key.text), options, object);
        read.push(component);
    }
    read.sort_by(|a, b| a.name.cmp(&b.name));
    read
}

fn from_alpha(
    alpha: &Alpha,
    name: &str,
    path: &str,
    (shared, of_graph): (&Shared<'_>, bool),
    options: &Options,
    object: &mut Object<'_>,
) -> Component {
    check_alpha(alpha, path, object);
    let file = &alpha.file;
    let adapter = file.scaling_adapter.as_ref();
    let has_adapter = match options.operator {
        Operator::V0_8 => adapter.and_then(|one| one.disable) != Some(true),
        Operator::V1_5 => adapter.and_then(|one| one.enabled) == Some(true),
    };
    super::super::check::alpha(alpha, path, of_graph, options, object);
    let word = file.component_type.as_deref().unwrap_or_default();
    let meant = word.to_ascii_lowercase();
    if word != meant && !matches!(ComponentType::parse(&meant), ComponentType::Other(_)) {
        let message = format!(
            "{word:?} is no type that the operator knows, and gets nothing of its own; did you mean `{meant}`?"
        );
        object.warnings.push((format!("{path}.componentType"), message));
    }
    let (_, sub_type) = alpha.kind();
    let mut beta = alpha.beta(name);
    // A word that `v1beta1` does not have stays what it was.
    if options.operator == Operator::V0_8 {
        beta.kind.clone_from(&file.component_type);
    }
    component::component(&beta, name, &sub_type, has_adapter, shared, object, path)
}

fn check_alpha(alpha: &Alpha, path: &str, object: &mut Object<'_>) {
    let at = |field: &str| format!("{path}.{field}");
    let file = &alpha.file;
    if let Some(resources) = &file.resources {
        pods::amounts(resources, &at("resources"), object);
        for (index, claim) in resources.claims.iter().flatten().enumerate() {
            object.required(claim.name.as_ref(), &at(&format!("resources.claims[{index}].name")));
        }
    }
    pods::pod(alpha.pod(), &at("extraPodSpec"), object);
    if let Some(main) = alpha.main() {
        pods::container(main, &at("extraPodSpec.mainContainer"), object);
    }
    let size = file.shared_memory.as_ref().and_then(|memory| memory.size.as_ref());
    object.quantity(size.map(|size| size.0.as_str()), &at("sharedMemory.size"));
    let bare = BetaFile {
        replicas: file.replicas,
        min_available: file.min_available,
        multinode: file.multinode.clone(),
        model_ref: file.model_ref.clone(),
        topology_constraint: file.topology_constraint.clone(),
        runtime_version_override: file.runtime_version_override.clone(),
        ..BetaFile::default()
    };
    component::check_both(&bare, path, object);
    if let Some(failover) = &file.failover {
        object.required(failover.enabled.as_ref(), &at("failover.enabled"));
        object.one_of(failover.mode.as_ref(), &at("failover.mode"), &["intraPod", "interPod"]);
        object.at_least(failover.num_shadows, 1, &at("failover.numShadows"));
    }
    if let Some(service) = &file.gpu_memory_service {
        object.required(service.enabled.as_ref(), &at("gpuMemoryService.enabled"));
        object.one_of(service.mode.as_ref(), &at("gpuMemoryService.mode"), &["intraPod", "interPod"]);
    }
    if let Some(sidecar) = &file.frontend_sidecar {
        object.required(sidecar.image.as_ref(), &at("frontendSidecar.image"));
    }
    if let Some(checkpoint) = &file.checkpoint {
        component::check_checkpoint(checkpoint, &at("checkpoint"), object);
    }
    for (index, mount) in file.volume_mounts.iter().flatten().enumerate() {
        object.required(mount.name.as_ref(), &at(&format!("volumeMounts[{index}].name")));
    }
    if let Some(memory) = &file.shared_memory
        && memory.disabled != Some(true)
        && memory.size.as_ref().is_none_or(|size| size.0 == "0" || size.0.starts_with('-'))
    {
        object.schema.invalid(at("sharedMemory"), "\"object\"", "size is required when disabled is false");
    }
}

/// The components of `v1beta1`.
fn list_of(node: &Node, shared: &Shared<'_>, options: &Options, object: &mut Object<'_>) -> Vec<Component> {
    let Some(items) = node.as_seq() else {
        let detail = format!("spec.components in body must be of type array: {:?}", node.kind());
        object.schema.invalid_text("spec.components", node.kind(), &detail);
        return Vec::new();
    };
    if items.len() > COMPONENTS_MAX {
        object.schema.too_many("spec.components", items.len(), COMPONENTS_MAX);
    }
    let mut names = BTreeSet::new();
    let (mut read, mut pickers) = (Vec::new(), 0);
    for (index, item) in items.iter().enumerate() {
        let path = format!("spec.components[{index}]");
        let file: BetaFile = object.decode(Some(item), &path);
        component::check(&file, &path, true, object);
        super::super::check::beta(&file, &path, true, options, object);
        let name = file.name.clone().unwrap_or_default();
        if !names.insert(name.to_ascii_lowercase()) {
            let detail = "component names must be unique case-insensitively";
            object.schema.invalid("spec.components", "\"array\"", detail);
        }
        pickers += usize::from(file.kind.as_deref() == Some("epp"));
        let has_adapter = file.scaling_adapter.is_some();
        let mut component = component::component(&file, &name, "", has_adapter, shared, object, &path);
        component.written = written::component(Some(item), &path, object);
        read.push(component);
    }
    if pickers > 1 {
        object.schema.invalid("spec.components", "\"array\"", "at most one component may have type epp");
    }
    read
}

/// What the schema asks of a graph beside its components.
fn check(file: &GraphFile, api: ApiVersion, object: &mut Object<'_>) {
    object.one_of(file.backend_framework.as_ref(), "spec.backendFramework", BACKENDS);
    if let Some(claims) = file.pvcs.as_ref().filter(|claims| claims.len() > CLAIMS_MAX) {
        object.schema.too_many("spec.pvcs", claims.len(), CLAIMS_MAX);
    }
    for (index, claim) in file.pvcs.iter().flatten().enumerate() {
        let path = format!("spec.pvcs[{index}]");
        object.required(claim.name.as_ref(), &format!("{path}.name"));
        object.quantity(claim.size.as_ref().map(|size| size.0.as_str()), &format!("{path}.size"));
        let whole = claim.size.is_some() && claim.storage_class.is_some() && claim.volume_access_mode.is_some();
        if claim.create == Some(true) && !whole {
            let detail = "When create is true, size, storageClass, and volumeAccessMode are required";
            object.schema.invalid(&path, "\"object\"", detail);
        }
    }
    if let Some(restart) = &file.restart {
        object.required(restart.id.as_ref(), "spec.restart.id");
        object.not_empty(restart.id.as_ref(), "spec.restart.id");
        let kind = restart.strategy.as_ref().and_then(|strategy| strategy.kind.as_ref());
        object.one_of(kind, "spec.restart.strategy.type", &["Sequential", "Parallel"]);
    }
    if let Some(topology) = &file.topology_constraint {
        let (field, name) = match api {
            ApiVersion::V1Alpha1 => ("topologyProfile", &topology.topology_profile),
            ApiVersion::V1Beta1 => ("clusterTopologyName", &topology.cluster_topology_name),
        };
        object.required(name.as_ref(), &format!("spec.topologyConstraint.{field}"));
        object.not_empty(name.as_ref(), &format!("spec.topologyConstraint.{field}"));
        check_domain(topology.pack_domain.as_ref(), "spec.topologyConstraint.packDomain", object);
    }
    if let Some(policy) = file.experimental.as_ref().and_then(|one| one.kv_transfer_policy.as_ref()) {
        check_transfer(policy, object);
    }
    if let Some(fragment) = &file.provider_override {
        object.required(fragment.api_version.as_ref(), "spec.providerOverride.apiVersion");
        object.not_empty(fragment.api_version.as_ref(), "spec.providerOverride.apiVersion");
        object.required(fragment.value.as_ref(), "spec.providerOverride.value");
        let message = "what a provider's own words change has no effect here";
        object.warnings.push(("spec.providerOverride".to_owned(), message.to_owned()));
    }
}

fn check_transfer(policy: &KvTransferFile, object: &mut Object<'_>) {
    let path = "spec.experimental.kvTransferPolicy";
    object.required(policy.domain.as_ref(), &format!("{path}.domain"));
    check_domain(policy.domain.as_ref(), &format!("{path}.domain"), object);
    object.not_empty(policy.label_key.as_ref(), &format!("{path}.labelKey"));
    object.not_empty(policy.cluster_topology_name.as_ref(), &format!("{path}.clusterTopologyName"));
    object.one_of(policy.enforcement.as_ref(), &format!("{path}.enforcement"), &["required", "preferred"]);
    if policy.label_key.is_some() == policy.cluster_topology_name.is_some() {
        object.schema.invalid(path, "\"object\"", "exactly one of labelKey or clusterTopologyName is required");
    }
    let preferred = policy.enforcement.as_deref() == Some("preferred");
    if preferred && policy.preferred_weight.is_none() {
        let detail = "preferredWeight is required when enforcement is preferred";
        object.schema.invalid(path, "\"object\"", detail);
    }
    if !preferred && policy.preferred_weight.is_some() {
        let detail = "preferredWeight may only be set when enforcement is preferred";
        object.schema.invalid(path, "\"object\"", detail);
    }
}

fn restart(file: &RestartFile) -> Restart {
    let strategy = file.strategy.clone().unwrap_or_default();
    Restart {
        id: file.id.clone().unwrap_or_default(),
        parallel: strategy.kind.as_deref() == Some("Parallel"),
        order: strategy.order.unwrap_or_default(),
    }
}

/// A claim that the graph makes is read as one of Kubernetes.
fn claim(file: &PvcFile) -> GraphClaim {
    use k8s_openapi::api::core::v1::{PersistentVolumeClaimSpec, VolumeResourceRequirements};
    let create = (file.create == Some(true)).then(|| {
        let size = file.size.clone().unwrap_or_default();
        let spec = PersistentVolumeClaimSpec {
            access_modes: file.volume_access_mode.clone().map(|mode| vec![mode]),
            storage_class_name: file.storage_class.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), size)].into()),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        };
        volumes::claim(&spec, "spec", &mut Default::default())
    });
    GraphClaim { name: file.name.clone().unwrap_or_default(), create }
}
