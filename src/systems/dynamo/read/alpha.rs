//! A component of `v1alpha1` as one of `v1beta1`: what stood in ten fields becomes a pod's template with a container `main`.
//! Source: ai-dynamo/dynamo, deploy/operator/api/v1alpha1/shared_spec_conversion.go, chart 1.5.0; the order in which a container's
//! parts win is that of GenerateBasePodSpec, deploy/cloud/operator/internal/dynamo/graph.go, chart 0.8.0.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, EnvFromSource, EnvVar, PodSpec, PodTemplateSpec, ResourceClaim, ResourceRequirements, SecretEnvSource,
    VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::model::Table;
use super::file::{AlphaFile, AmountsFile, BetaFile, CacheFile, ExperimentalFile, ResourcesFile};
use super::object::Object;
use crate::text::Node;
use crate::text::tree::Value;
use crate::workload::resources::NVIDIA_GPU;

/// The container that the operator fills in.
pub const MAIN: &str = "main";
/// The container of a frontend beside an engine: deploy/operator/internal/consts/consts.go, FrontendSidecarContainerName.
pub const FRONTEND_SIDECAR: &str = "sidecar-frontend";

/// A component of `v1alpha1`.
#[derive(Clone, Debug, Default)]
pub struct Alpha {
    /// What is its own.
    pub file: AlphaFile,
    /// The pod's spec without the main container.
    pod: PodSpec,
    /// The main container.
    main: Option<Container>,
}

/// Reads a component of `v1alpha1`; `extraPodSpec` is a pod's spec with one key more.
pub fn read(node: &Node, path: &str, object: &mut Object<'_>) -> Alpha {
    let mut own = node.clone();
    let mut extra = None;
    if let Value::Map(entries) = &mut own.value {
        entries.retain(|(key, value)| {
            if key.text == "extraPodSpec" {
                extra = Some(value.clone());
            }
            key.text != "extraPodSpec"
        });
    }
    let file: AlphaFile = object.decode(Some(&own), path);
    let path = format!("{path}.extraPodSpec");
    let mut main = None;
    if let Some(Value::Map(entries)) = extra.as_mut().map(|extra| &mut extra.value) {
        entries.retain(|(key, value)| {
            if key.text == "mainContainer" {
                main = Some(value.clone());
            }
            key.text != "mainContainer"
        });
    }
    let pod = object.decode(extra.as_ref(), &path);
    let main = main.map(|main| object.decode(Some(&main), &format!("{path}.mainContainer")));
    Alpha { file, pod, main }
}

impl Alpha {
    /// The main container, if it says one.
    pub const fn main(&self) -> Option<&Container> {
        self.main.as_ref()
    }

    /// The pod's spec without the main container.
    pub const fn pod(&self) -> &PodSpec {
        &self.pod
    }

    /// The same in `v1beta1`. A claim that caches kernels is mounted where its framework looks for it.
    pub fn beta(&self, name: &str) -> BetaFile {
        let file = &self.file;
        let mut main = self.main.clone().unwrap_or_default();
        MAIN.clone_into(&mut main.name);
        merge_env(&mut main, file.envs.as_deref().unwrap_or_default());
        if let Some(secret) = file.env_from_secret.as_deref().filter(|name| !name.is_empty()) {
            main.env_from.get_or_insert_default().push(from_secret(secret));
        }
        if file.liveness_probe.is_some() {
            main.liveness_probe.clone_from(&file.liveness_probe);
        }
        if file.readiness_probe.is_some() {
            main.readiness_probe.clone_from(&file.readiness_probe);
        }
        if let Some(resources) = &file.resources {
            merge_resources(&mut main, resources);
        }
        let mut cache = None;
        for mount in file.volume_mounts.iter().flatten() {
            let name = mount.name.clone().unwrap_or_default();
            let path = mount.mount_point.clone().unwrap_or_default();
            if mount.use_as_compilation_cache == Some(true) {
                cache = Some(CacheFile { pvc_name: Some(name), mount_path: Some(path) });
            } else {
                let mounts = main.volume_mounts.get_or_insert_default();
                mounts.push(VolumeMount { name, mount_path: path, ..VolumeMount::default() });
            }
        }
        let mut pod = self.pod.clone();
        pod.containers.insert(0, main);
        let mut frontend_sidecar = None;
        if let Some(sidecar) = &file.frontend_sidecar {
            let mut container = Container {
                name: FRONTEND_SIDECAR.to_owned(),
                image: sidecar.image.clone(),
                args: sidecar.args.clone(),
                env: sidecar.envs.clone(),
                ..Container::default()
            };
            if let Some(secret) = sidecar.env_from_secret.as_deref() {
                container.env_from = Some(vec![from_secret(secret)]);
            }
            pod.containers.push(container);
            frontend_sidecar = Some(FRONTEND_SIDECAR.to_owned());
        }
        let (kind, _) = self.kind();
        BetaFile {
            name: Some(name.to_owned()),
            kind: Some(kind),
            replicas: file.replicas,
            min_available: file.min_available,
            multinode: file.multinode.clone(),
            pod_template: Some(PodTemplateSpec { metadata: Some(self.metadata()), spec: Some(pod) }),
            scaling_adapter: None,
            shared_memory_size: self.shared_memory(),
            model_ref: file.model_ref.clone(),
            compilation_cache: cache,
            frontend_sidecar,
            epp_config: file.epp_config.clone(),
            topology_constraint: file.topology_constraint.clone(),
            runtime_version_override: file.runtime_version_override.clone(),
            global_dynamo_namespace: file.global_dynamo_namespace,
            provider_override: file.provider_override.clone(),
            experimental: self.experimental(),
            backend_framework: file.backend_framework.clone(),
        }
    }

    /// The type in `v1beta1`, and what is left of `subComponentType`: a worker that serves one phase has a type of its own there.
    pub fn kind(&self) -> (String, String) {
        let kind = self.file.component_type.clone().unwrap_or_default();
        let sub = self.file.sub_component_type.clone().unwrap_or_default();
        match (kind.as_str(), sub.as_str()) {
            ("worker", "prefill" | "decode") => (sub, String::new()),
            _ => (kind, sub),
        }
    }

    /// A component's own win over those of its pods.
    fn metadata(&self) -> ObjectMeta {
        let extra = self.file.extra_pod_metadata.clone().unwrap_or_default();
        let join = |own: &Option<Table>, extra: Option<Table>| {
            let mut all: BTreeMap<String, String> = own.clone().unwrap_or_default();
            all.extend(extra.unwrap_or_default());
            (!all.is_empty()).then_some(all)
        };
        ObjectMeta {
            annotations: join(&self.file.annotations, extra.annotations),
            labels: join(&self.file.labels, extra.labels),
            ..ObjectMeta::default()
        }
    }

    /// Zero where it is turned off.
    fn shared_memory(&self) -> Option<Quantity> {
        let memory = self.file.shared_memory.as_ref()?;
        if memory.disabled == Some(true) { Some(Quantity("0".to_owned())) } else { memory.size.clone() }
    }

    /// What is enabled by a switch here is enabled by being there.
    fn experimental(&self) -> Option<ExperimentalFile> {
        let file = &self.file;
        let modes = |mode: &mut Option<String>| {
            if let Some(mode) = mode {
                *mode = match mode.as_str() {
                    "intraPod" => "IntraPod".to_owned(),
                    "interPod" => "InterPod".to_owned(),
                    other => other.to_owned(),
                };
            }
        };
        let mut failover = file.failover.clone().filter(|one| one.enabled == Some(true));
        if let Some(failover) = &mut failover {
            modes(&mut failover.mode);
        }
        let mut service = file.gpu_memory_service.clone().filter(|one| one.enabled == Some(true));
        if let Some(service) = &mut service {
            modes(&mut service.mode);
        }
        let checkpoint = file.checkpoint.clone();
        let any = failover.is_some() || service.is_some() || checkpoint.is_some();
        any.then_some(ExperimentalFile { checkpoint, failover, gpu_memory_service: service, grove: None })
    }
}

fn from_secret(name: &str) -> EnvFromSource {
    let secret = SecretEnvSource { name: name.to_owned(), ..SecretEnvSource::default() };
    EnvFromSource { secret_ref: Some(secret), ..EnvFromSource::default() }
}

/// Adds variables; of two of one name the new one wins, in the place of the old.
pub fn merge_env(container: &mut Container, more: &[EnvVar]) {
    if more.is_empty() {
        return;
    }
    let env = container.env.get_or_insert_default();
    for variable in more {
        match env.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => known.clone_from(variable),
            None => env.push(variable.clone()),
        }
    }
}

fn merge_resources(main: &mut Container, from: &ResourcesFile) {
    let resources = main.resources.get_or_insert_with(ResourceRequirements::default);
    for (amounts, into) in [(&from.requests, &mut resources.requests), (&from.limits, &mut resources.limits)] {
        if let Some(amounts) = amounts {
            into.get_or_insert_default().extend(self::amounts(amounts));
        }
    }
    for claim in from.claims.iter().flatten() {
        let claim = ResourceClaim { name: claim.name.clone().unwrap_or_default(), request: claim.request.clone() };
        resources.claims.get_or_insert_default().push(claim);
    }
}

fn amounts(from: &AmountsFile) -> Vec<(String, Quantity)> {
    let gpu = from.gpu_type.as_deref().filter(|name| !name.is_empty()).unwrap_or(NVIDIA_GPU);
    let plain = [("cpu", &from.cpu), ("memory", &from.memory), (gpu, &from.gpu)];
    let plain = plain.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), amount.clone()?)));
    let custom = from.custom.iter().flatten().map(|(name, amount)| (name.clone(), amount.clone()));
    plain
        .chain(custom)
        .filter(|(_, amount)| !amount.is_empty())
        .map(|(name, amount)| (name, Quantity(amount)))
        .collect()
}
