//! The pod of a component: the document's template with the operator's defaults by the component's type;
//! what a role of a multinode component has instead is in `template`. Labels that the operator selects by are its own business.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/dynamo/component_{common,frontend,worker,planner,epp}.go, graph.go
//! (GenerateBasePodSpec), chart 1.5.0; the values of workers are the same in 0.8.0.

use k8s_openapi::api::core::v1::{
    Container, EmptyDirVolumeSource, HTTPGetAction, PersistentVolumeClaimVolumeSource, PodSpec, PodTemplateSpec, Probe,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::model::{Backend, ComponentType};
use super::read::alpha::MAIN;
use super::read::file::{BetaFile, CacheFile};

/// Time that the pods have to stop.
const GRACE_SECONDS: i64 = 60;
/// Memory that the processes of a pod share, where nothing is said.
const SHARED_MEMORY: &str = "8Gi";
/// The name of the volume of that memory, and where it is mounted.
const SHARED_MEMORY_VOLUME: (&str, &str) = ("shared-memory", "/dev/shm");
/// Where vLLM looks for compiled kernels; the other frameworks have no default. Source: internal/consts/consts.go.
const VLLM_CACHE: &str = "/root/.cache/vllm";
/// The port of a worker's own server, and that of requests.
const PORTS: (i32, i32) = (9090, 8000);

/// A pod's template with the defaults of its component.
pub fn pod(component: &BetaFile, kind: &ComponentType, backend: Option<Backend>) -> PodTemplateSpec {
    let user = component.pod_template.clone().unwrap_or_default();
    let mut spec = user.spec.unwrap_or_default();
    let containers = std::mem::take(&mut spec.containers);
    let (mains, mut others): (Vec<_>, Vec<_>) = containers.into_iter().partition(|one| one.name == MAIN);
    let mut main = mains.into_iter().next().unwrap_or_default();
    MAIN.clone_into(&mut main.name);
    probes(&mut main, kind);
    cache(&mut main, &mut spec, component.compilation_cache.as_ref(), backend);
    spec.termination_grace_period_seconds.get_or_insert(GRACE_SECONDS);
    spec.restart_policy.get_or_insert_with(|| "Always".to_owned());
    shared_memory(&mut main, &mut spec, component.shared_memory_size.as_ref());
    if let Some(name) = &component.frontend_sidecar
        && let Some(sidecar) = others.iter_mut().find(|one| one.name == *name)
    {
        probes(sidecar, &ComponentType::Frontend);
    }
    claims(&main, &mut spec);
    spec.containers = vec![main];
    spec.containers.append(&mut others);
    PodTemplateSpec { metadata: user.metadata, spec: Some(spec) }
}

/// A probe of the document replaces the default one as a whole.
fn probes(container: &mut Container, kind: &ComponentType) {
    let (startup, liveness, readiness) = defaults(kind);
    container.startup_probe = container.startup_probe.take().or(startup);
    container.liveness_probe = container.liveness_probe.take().or(liveness);
    container.readiness_probe = container.readiness_probe.take().or(readiness);
}

type Probes = (Option<Probe>, Option<Probe>, Option<Probe>);

fn defaults(kind: &ComponentType) -> Probes {
    let (system, service) = PORTS;
    match kind {
        ComponentType::Worker | ComponentType::Prefill | ComponentType::Decode | ComponentType::Planner => (
            // Two hours: 720 times 10 s.
            Some(http("/live", system, [0, 10, 5, 720])),
            Some(http("/live", system, [0, 5, 4, 1])),
            Some(http("/health", system, [0, 10, 4, 3])),
        ),
        ComponentType::Frontend => {
            (None, Some(http("/live", service, [15, 10, 1, 3])), Some(http("/health", service, [10, 10, 3, 3])))
        }
        ComponentType::Epp | ComponentType::Other(_) => (None, None, None),
    }
}

/// A probe by its initial delay, period, time-out and threshold.
fn http(path: &str, port: i32, [initial, period, timeout, failures]: [i32; 4]) -> Probe {
    let action =
        HTTPGetAction { path: Some(path.to_owned()), port: IntOrString::Int(port), ..HTTPGetAction::default() };
    Probe {
        http_get: Some(action),
        initial_delay_seconds: Some(initial),
        period_seconds: Some(period),
        timeout_seconds: Some(timeout),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// Mounts the claim of compiled kernels.
fn cache(main: &mut Container, spec: &mut PodSpec, cache: Option<&CacheFile>, backend: Option<Backend>) {
    let Some(name) = cache.and_then(|cache| cache.pvc_name.clone()).filter(|name| !name.is_empty()) else { return };
    let default = (backend == Some(Backend::Vllm)).then_some(VLLM_CACHE);
    let path = cache.and_then(|cache| cache.mount_path.clone()).filter(|path| !path.is_empty());
    let Some(path) = path.or_else(|| default.map(str::to_owned)) else { return };
    let mounts = main.volume_mounts.get_or_insert_default();
    if !mounts.iter().any(|mount| mount.mount_path == path) {
        mounts.push(VolumeMount { name: name.clone(), mount_path: path, ..VolumeMount::default() });
    }
    let volumes = spec.volumes.get_or_insert_default();
    if !volumes.iter().any(|volume| volume.name == name) {
        volumes.push(claim(&name));
    }
}

/// Nothing said is the default; zero is none.
fn shared_memory(main: &mut Container, spec: &mut PodSpec, size: Option<&Quantity>) {
    let size = size.map_or(SHARED_MEMORY, |size| size.0.as_str());
    let (name, path) = SHARED_MEMORY_VOLUME;
    let volumes = spec.volumes.get_or_insert_default();
    if size == "0" || volumes.iter().any(|volume| volume.name == name) {
        return;
    }
    let memory =
        EmptyDirVolumeSource { medium: Some("Memory".to_owned()), size_limit: Some(Quantity(size.to_owned())) };
    volumes.push(Volume { name: name.to_owned(), empty_dir: Some(memory), ..Volume::default() });
    let mounts = main.volume_mounts.get_or_insert_default();
    if !mounts.iter().any(|mount| mount.mount_path == path) {
        mounts.push(VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() });
    }
}

/// A mount of a volume that the pod does not name is one of a claim of that name.
fn claims(main: &Container, spec: &mut PodSpec) {
    let mut missing: Vec<Volume> = Vec::new();
    for mount in main.volume_mounts.iter().flatten() {
        let known = spec.volumes.iter().flatten().chain(&missing).any(|volume| volume.name == mount.name);
        if !known && !mount.name.is_empty() {
            missing.push(claim(&mount.name));
        }
    }
    if !missing.is_empty() {
        spec.volumes.get_or_insert_default().append(&mut missing);
    }
}

fn claim(name: &str) -> Volume {
    let source = PersistentVolumeClaimVolumeSource { claim_name: name.to_owned(), read_only: None };
    Volume { name: name.to_owned(), persistent_volume_claim: Some(source), ..Volume::default() }
}
