//! A component from its file to the model: what the schema asks of its values, and what they mean. What the webhook asks is in
//! `check`.
//! Source: deploy/operator/config/crd/bases/nvidia.com_dynamographdeployments.yaml of ai-dynamo/dynamo, chart 1.5.0.

use std::hash::Hasher;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use siphasher::sip::SipHasher13;

use super::super::defaults;
use super::super::model::{
    Backend, Beside, CheckpointUse, Component, ComponentType, DeviceClaim, Failover, Launch, MemoryService, ModelRef,
    Topology,
};
use super::super::operator::keys::EXECUTOR;
use super::alpha::MAIN;
use super::file::{BetaFile, CheckpointFile, EppFile, ExperimentalFile, MultinodeFile, TopologyFile};
use super::object::Object;
use super::pods;
use crate::systems::kubernetes::complaint::Findings;
use crate::systems::kubernetes::{fingerprint, pod};
use crate::workload::Written;

/// The longest name of a component.
const NAME_CHARS_MAX: usize = 63;
/// The class of devices that a GPU memory service claims, where nothing is said.
const DEVICE_CLASS: &str = "gpu.nvidia.com";
/// The types of `v1beta1`.
pub const TYPES: &[&str] = &["frontend", "worker", "prefill", "decode", "planner", "epp"];
/// Where a GPU memory service and shadows run.
const MODES: &[&str] = &["IntraPod", "InterPod"];

/// Checks a component of `v1beta1` against the schema and its rules. `named` is false for a DynamoComponentDeployment.
pub fn check(file: &BetaFile, path: &str, named: bool, object: &mut Object<'_>) {
    let at = |field: &str| format!("{path}.{field}");
    match &file.name {
        None if named => object.required(file.name.as_ref(), &at("name")),
        Some(name) => check_name(name, &at("name"), object),
        None => {}
    }
    if let Some(template) = &file.pod_template {
        pods::template(template, &at("podTemplate"), object);
    }
    object.quantity(file.shared_memory_size.as_ref().map(|size| size.0.as_str()), &at("sharedMemorySize"));
    object.one_of(file.kind.as_ref(), &at("type"), TYPES);
    if let Some(cache) = &file.compilation_cache {
        object.required(cache.pvc_name.as_ref(), &at("compilationCache.pvcName"));
        object.not_empty(cache.pvc_name.as_ref(), &at("compilationCache.pvcName"));
    }
    if let Some(epp) = &file.epp_config {
        if let Some(map) = &epp.config_map_ref {
            object.required(map.key.as_ref(), &at("eppConfig.configMapRef.key"));
        }
        if epp.config.is_some() == epp.config_map_ref.is_some() {
            let detail = "exactly one of configMapRef or config must be specified";
            object.schema.invalid(at("eppConfig"), "\"object\"", detail);
        }
        if file.kind.as_deref() != Some("epp") {
            object.schema.invalid(path, "\"object\"", "eppConfig may only be set when type is epp");
        }
    }
    let template = file.pod_template.as_ref().and_then(|template| template.spec.as_ref());
    if template.is_some_and(|spec| spec.containers.is_empty()) {
        object.required(None::<&String>, &at("podTemplate.spec.containers"));
    }
    if let Some(experimental) = &file.experimental {
        check_experimental(experimental, &at("experimental"), object);
    }
    check_both(file, path, object);
}

/// What both versions ask of a component.
pub fn check_both(file: &BetaFile, path: &str, object: &mut Object<'_>) {
    let at = |field: &str| format!("{path}.{field}");
    object.at_least(file.replicas, 0, &at("replicas"));
    object.at_least(file.min_available, 1, &at("minAvailable"));
    if let Some(least) = file.min_available
        && file.replicas != Some(0)
        && least > file.replicas.unwrap_or(1)
    {
        let detail = "minAvailable must be less than or equal to replicas unless replicas is 0";
        object.schema.invalid(path, "\"object\"", detail);
    }
    if let Some(multinode) = &file.multinode {
        object.at_least(multinode.node_count, 2, &at("multinode.nodeCount"));
    }
    if let Some(model) = &file.model_ref {
        object.required(model.name.as_ref(), &at("modelRef.name"));
        // Of `v1beta1` alone, whose components have a name.
        if file.name.is_some() {
            object.not_empty(model.name.as_ref(), &at("modelRef.name"));
        }
    }
    if let Some(fragment) = &file.provider_override {
        object.required(fragment.api_version.as_ref(), &at("providerOverride.apiVersion"));
        object.not_empty(fragment.api_version.as_ref(), &at("providerOverride.apiVersion"));
        object.required(fragment.value.as_ref(), &at("providerOverride.value"));
    }
    if let Some(topology) = &file.topology_constraint {
        object.required(topology.pack_domain.as_ref(), &at("topologyConstraint.packDomain"));
        check_domain(topology.pack_domain.as_ref(), &at("topologyConstraint.packDomain"), object);
    }
    object.version(file.runtime_version_override.as_ref(), &at("runtimeVersionOverride"));
}

/// Letters, digits and dashes; either end is a letter or a digit.
fn check_name(name: &str, path: &str, object: &mut Object<'_>) {
    let inner = name.chars().all(|one| one.is_ascii_alphanumeric() || one == '-');
    if name.is_empty() {
        object.schema.invalid_text(path, name, &format!("{path} in body should be at least 1 chars long"));
    } else if !inner || name.starts_with('-') || name.ends_with('-') {
        let detail = format!("{path} in body should match '^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$'");
        object.schema.invalid_text(path, name, &detail);
    }
    if name.chars().count() > NAME_CHARS_MAX {
        object.schema.invalid_text(path, name, "may not be more than 63 bytes");
    }
}

/// A level of a topology.
pub fn check_domain(domain: Option<&String>, path: &str, object: &mut Object<'_>) {
    let Some(domain) = domain else { return };
    let inner = domain.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-');
    if !inner || domain.is_empty() || domain.starts_with('-') || domain.ends_with('-') {
        let detail = format!("{path} in body should match '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'");
        object.schema.invalid_text(path, domain, &detail);
    }
}

fn check_experimental(file: &ExperimentalFile, path: &str, object: &mut Object<'_>) {
    if let Some(failover) = &file.failover {
        object.one_of(failover.mode.as_ref(), &format!("{path}.failover.mode"), MODES);
        object.at_least(failover.num_shadows, 1, &format!("{path}.failover.numShadows"));
        if let Some(shadows) = failover.num_shadows.filter(|shadows| *shadows > 1) {
            let field = format!("{path}.failover.numShadows");
            object.schema.invalid(&field, shadows, &format!("{field} in body should be less than or equal to 1"));
        }
    }
    if let Some(service) = &file.gpu_memory_service {
        let path = format!("{path}.gpuMemoryService");
        object.one_of(service.mode.as_ref(), &format!("{path}.mode"), MODES);
        let mode = service.mode.as_deref().unwrap_or("IntraPod");
        if service.extra_client_containers.as_ref().is_some_and(|all| !all.is_empty()) && mode != "IntraPod" {
            object.schema.invalid(&path, "\"object\"", "extraClientContainers is only supported with mode=IntraPod");
        }
        if service.extra_client_pods.as_ref().is_some_and(|all| !all.is_empty()) {
            let detail = "extraClientPods is reserved for inter-pod GMS and is not implemented yet";
            object.schema.invalid(&path, "\"object\"", detail);
        }
    }
    if let Some(checkpoint) = &file.checkpoint {
        object.required(checkpoint.enabled.as_ref(), &format!("{path}.checkpoint.enabled"));
        check_checkpoint(checkpoint, &format!("{path}.checkpoint"), object);
    }
}

/// What both versions ask of the use of a checkpoint.
pub fn check_checkpoint(file: &CheckpointFile, path: &str, object: &mut Object<'_>) {
    object.one_of(file.startup_policy.as_ref(), &format!("{path}.startupPolicy"), &["Immediate", "WaitForCheckpoint"]);
    object.one_of(file.deletion_policy.as_ref(), &format!("{path}.deletionPolicy"), &["Delete", "Retain"]);
    object.one_of(file.mode.as_ref(), &format!("{path}.mode"), &["Auto", "Manual"]);
    if let Some(identity) = &file.identity {
        object.required(identity.model.as_ref(), &format!("{path}.identity.model"));
        let framework = format!("{path}.identity.backendFramework");
        object.required(identity.backend_framework.as_ref(), &framework);
        object.one_of(identity.backend_framework.as_ref(), &framework, &["vllm", "sglang", "trtllm"]);
        for (size, field) in [
            (identity.max_model_len, "maxModelLen"),
            (identity.tensor_parallel_size, "tensorParallelSize"),
            (identity.pipeline_parallel_size, "pipelineParallelSize"),
        ] {
            object.at_least(size, 1, &format!("{path}.identity.{field}"));
        }
    }
    if file.job.is_some() && file.checkpoint_ref.as_ref().is_some_and(|name| !name.is_empty()) {
        object.schema.invalid(path, "\"object\"", "checkpoint.job cannot be set when checkpointRef is specified");
    }
}

/// What a graph says for all of its components.
pub struct Shared<'g> {
    /// The framework.
    pub backend: Option<Backend>,
    /// Annotations, of which a component's own win.
    pub annotations: &'g super::super::model::Table,
    /// Labels, of which a component's own win.
    pub labels: &'g super::super::model::Table,
    /// Variables, of which a component's own win.
    pub env: &'g [k8s_openapi::api::core::v1::EnvVar],
    /// True where workers of vLLM on several nodes start processes themselves unless an annotation says otherwise.
    pub multiprocessing: bool,
}

/// The component of a checked file. What the API would refuse of its pods is told.
pub fn component(
    file: &BetaFile,
    name: &str,
    sub_type: &str,
    scaling_adapter: bool,
    shared: &Shared<'_>,
    object: &mut Object<'_>,
    path: &str,
) -> Component {
    let kind = ComponentType::parse(file.kind.as_deref().unwrap_or(""));
    let mut file = file.clone();
    let template = file.pod_template.get_or_insert_default();
    let metadata = template.metadata.get_or_insert_default();
    let mut annotations = shared.annotations.clone();
    annotations.extend(metadata.annotations.clone().unwrap_or_default());
    let mut labels = shared.labels.clone();
    labels.extend(metadata.labels.clone().unwrap_or_default());
    metadata.annotations = Some(annotations.clone()).filter(|all| !all.is_empty());
    metadata.labels = Some(labels).filter(|all| !all.is_empty());
    let spec = template.spec.get_or_insert_default();
    if let Some(main) = spec.containers.iter_mut().find(|one| one.name == MAIN) {
        let own = main.env.take().unwrap_or_default();
        main.env = (!shared.env.is_empty()).then(|| shared.env.to_vec());
        super::alpha::merge_env(main, &own);
    }
    let launch = launch(spec.containers.iter().find(|one| one.name == MAIN), &annotations, shared);
    let backend = shared.backend.or(launch.backend);
    let rendered = defaults::pod(&file, &kind, backend);
    let (template, refusal) = read_pod(&rendered, path, object);
    let refusal = refusal.or_else(|| {
        let why = unclaimed(&rendered)?;
        object.warnings.push((path.to_owned(), format!("Kubernetes will refuse its pods: {why}")));
        Some(why)
    });
    let count = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    let mut component = Component {
        name: name.to_owned(),
        component_type: kind,
        sub_type: sub_type.to_owned(),
        replicas: count(file.replicas).unwrap_or(1),
        says_replicas: file.replicas.is_some(),
        min_available: count(file.min_available),
        nodes: file.multinode.as_ref().map(|multinode: &MultinodeFile| count(multinode.node_count).unwrap_or(2)),
        scaling_adapter,
        template: Arc::new(template),
        refusal,
        annotations,
        global_namespace: file.global_dynamo_namespace == Some(true),
        topology: file.topology_constraint.as_ref().map(topology),
        model: file.model_ref.as_ref().map(|model| ModelRef {
            name: model.name.clone().unwrap_or_default(),
            revision: model.revision.clone().unwrap_or_default(),
        }),
        claims: claims(&rendered),
        memory_service: file.experimental.as_ref().and_then(|one| one.gpu_memory_service.as_ref()).map(|one| {
            let device_class = one.device_class_name.clone().unwrap_or_else(|| DEVICE_CLASS.to_owned());
            MemoryService { mode: beside(one.mode.as_deref()), device_class }
        }),
        failover: file
            .experimental
            .as_ref()
            .and_then(|one| one.failover.as_ref())
            .map(|one| Failover { mode: beside(one.mode.as_deref()), shadows: count(one.num_shadows).unwrap_or(1) }),
        checkpoint: file
            .experimental
            .as_ref()
            .and_then(|one| one.checkpoint.as_ref())
            .filter(|one| one.enabled == Some(true))
            .map(|one| CheckpointUse {
                waits: one.startup_policy.as_deref() == Some("WaitForCheckpoint"),
                reference: one.checkpoint_ref.clone().unwrap_or_default(),
            }),
        force_scaling_group: file
            .experimental
            .as_ref()
            .and_then(|one| one.grove.as_ref())
            .is_some_and(|grove| grove.force_scaling_group == Some(true)),
        has_epp_config: file.epp_config.is_some(),
        launch,
        fingerprint: 0,
        written: Written::default(),
    };
    component.fingerprint = fingerprint(&component, &rendered);
    tell(&component, path, object);
    component
}

/// Tells of what is read and has no effect here.
fn tell(component: &Component, path: &str, object: &mut Object<'_>) {
    let mut tell = |field: &str, message: String| object.warnings.push((format!("{path}{field}"), message));
    if component.memory_service.is_some() {
        let message = "no GPU memory service runs here: engines hold the GPUs that they ask for themselves";
        tell(".experimental.gpuMemoryService", message.to_owned());
    }
    if component.failover.is_some() {
        tell(".experimental.failover", "no engines stand by here".to_owned());
    }
    if component.checkpoint.is_some() {
        tell(".experimental.checkpoint", "no checkpoint is taken here: engines start as they do without".to_owned());
    }
}

fn beside(mode: Option<&str>) -> Beside {
    if mode == Some("InterPod") { Beside::InterPod } else { Beside::IntraPod }
}

/// Where pods are packed.
pub fn topology(file: &TopologyFile) -> Topology {
    let name = file.cluster_topology_name.clone().or_else(|| file.topology_profile.clone());
    Topology { name: name.unwrap_or_default(), pack_domain: file.pack_domain.clone().filter(|one| !one.is_empty()) }
}

/// The name of the ConfigMap that an endpoint picker reads, if it says one.
pub fn epp_config_map(file: &EppFile) -> Option<&str> {
    file.config_map_ref.as_ref()?.name.as_deref()
}

/// Reads the pods as Kubernetes will. What it refuses of them is told, and kept: whoever creates them is refused.
fn read_pod(
    rendered: &PodTemplateSpec,
    path: &str,
    object: &mut Object<'_>,
) -> (crate::workload::PodTemplate, Option<String>) {
    let mut findings = Findings::default();
    let inner = format!("{path}.podTemplate");
    let template = pod::template(rendered, &[], &inner, &mut findings);
    for note in findings.notes {
        // Claims of devices are told of with the plan.
        if !note.path.ends_with("resourceClaims") && !note.path.ends_with("schedulerName") {
            object.warnings.push((path.to_owned(), note.message));
        }
    }
    // The place in whatever workload is made of it.
    let place = |path: &str| path.replacen(&inner, "spec.template", 1);
    let refusal = findings.complaints.first().map(|one| format!("{}: {}", place(&one.path), one.message));
    if let Some(first) = findings.complaints.first() {
        let message = format!("Kubernetes will refuse its pods: {}: {}", first.path, first.message);
        object.warnings.push((path.to_owned(), message));
    }
    (template, refusal)
}

/// The claims of devices of a pod, whether or not a container names them.
fn claims(rendered: &PodTemplateSpec) -> Vec<DeviceClaim> {
    let claims = rendered.spec.iter().flat_map(|spec| spec.resource_claims.iter().flatten());
    let read = claims.map(|claim| DeviceClaim {
        name: claim.name.clone(),
        of: claim
            .resource_claim_template_name
            .clone()
            .or_else(|| claim.resource_claim_name.clone())
            .unwrap_or_default(),
        is_template: claim.resource_claim_template_name.is_some(),
    });
    read.collect()
}

/// A claim that a container names and its pod has not: pkg/apis/core/validation/validation.go, validateContainerResourceRequirements.
fn unclaimed(rendered: &PodTemplateSpec) -> Option<String> {
    let spec = rendered.spec.as_ref()?;
    let lists = [("containers", Some(&spec.containers)), ("initContainers", spec.init_containers.as_ref())];
    for (list, containers) in lists {
        for (index, one) in containers.into_iter().flatten().enumerate() {
            let claims = one.resources.iter().flat_map(|resources| resources.claims.iter().flatten());
            let has = |name: &str| spec.resource_claims.iter().flatten().any(|claim| claim.name == name);
            if let Some((at, claim)) = claims.enumerate().find(|(_, claim)| !has(&claim.name)) {
                let path = format!("spec.template.spec.{list}[{index}].resources.claims[{at}].name");
                return Some(format!("{path}: Not found: {:?}", claim.name));
            }
        }
    }
    None
}

/// What the main container's words tell of its framework. Source: deploy/operator/internal/dynamo/graph.go,
/// detectBackendFrameworkFromArgs; deploy/operator/internal/dynamo/backend_vllm.go, shouldUseMpBackend.
fn launch(main: Option<&Container>, annotations: &super::super::model::Table, shared: &Shared<'_>) -> Launch {
    let words = |main: &Container| {
        let all = main.command.iter().flatten().chain(main.args.iter().flatten());
        all.flat_map(|text| text.split_whitespace()).map(str::to_owned).collect::<Vec<_>>()
    };
    let words = main.map(words).unwrap_or_default();
    let called = |module: &str| words.iter().any(|word| word.trim_matches(['"', '\'', ';']) == module);
    let backend =
        [("dynamo.vllm", Backend::Vllm), ("dynamo.sglang", Backend::Sglang), ("dynamo.trtllm", Backend::Trtllm)];
    let backend = backend.into_iter().find(|(module, _)| called(module)).map(|(_, backend)| backend);
    let stated = annotations.get(EXECUTOR).map(|text| text.to_lowercase());
    let multiprocessing = match stated.as_deref() {
        Some("mp") => true,
        Some("ray") => false,
        _ => shared.multiprocessing,
    };
    Launch { backend: backend.or(shared.backend), multiprocessing }
}

/// All that makes a new generation of workers, as one number: the pods as the document has them, and what else is said of the
/// component. Replicas, the least that must be available, and the adapter are left out.
fn fingerprint(component: &Component, rendered: &PodTemplateSpec) -> u64 {
    let kind = (&component.component_type, &component.sub_type, component.nodes, &component.annotations);
    let place = (component.global_namespace, &component.topology, component.force_scaling_group);
    let devices = (&component.memory_service, &component.failover, &component.checkpoint);
    let rest = (&component.model, component.has_epp_config, component.launch);
    let mut text = format!("{:x} {kind:?} {place:?} {devices:?} {rest:?}", fingerprint::fingerprint(rendered));
    // The number of a template leaves out what its containers ask for.
    let template = &component.template;
    for container in template.init_containers.iter().chain(&template.containers) {
        for amounts in [&container.requests, &container.limits] {
            let (cpu, memory, storage) = (amounts.cpu_milli, amounts.memory_bytes, amounts.ephemeral_storage_bytes);
            text.push_str(&format!(" {} {cpu} {memory} {storage} {:?}", container.name, amounts.extended));
        }
    }
    text.push_str(&format!(" {:?}", component.claims));
    hash(&text)
}

/// The number of a text.
pub fn hash(text: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x6479_6e61, 0x6d6f_0000);
    hasher.write(text.as_bytes());
    hasher.finish()
}
