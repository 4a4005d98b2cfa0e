//! What the webhook asks of a component's own fields, before they are converted: those of `v1alpha1` have no place in the model.
//! Source: ai-dynamo/dynamo, deploy/operator/internal/webhook/validation/shared_v1alpha1.go, shared_v1beta1.go and shared_helpers.go;
//! of chart 0.8.0 deploy/cloud/operator/internal/webhook/validation/shared.go.

use k8s_openapi::api::core::v1::Container;

use super::super::profile::Options;
use super::super::read::alpha::{Alpha, FRONTEND_SIDECAR, MAIN};
use super::super::read::component::epp_config_map;
use super::super::read::file::BetaFile;
use super::super::read::object::Object;
use super::graph::wrong_executor;

/// What is said of an image whose tag tells no version. It is asked from 1.5 on.
const NO_VERSION: &str =
    "is required when the specified Dynamo runtime container image has no parseable semantic-version tag";

/// Asks of a component of `v1alpha1`. One that stands by itself may leave open which version its image has.
pub fn alpha(alpha: &Alpha, path: &str, of_graph: bool, options: &Options, object: &mut Object<'_>) {
    let at = |field: &str| format!("{path}.{field}");
    let file = &alpha.file;
    if file.dynamo_namespace.as_ref().is_some_and(|name| !name.is_empty()) {
        let message = "deprecated and ignored: the namespace and the graph's name make the one that is used";
        object.warnings.push((at("dynamoNamespace"), message.to_owned()));
    }
    if file.autoscaling.is_some() {
        let message = "deprecated and ignored: a scaling adapter takes its place";
        object.warnings.push((at("autoscaling"), message.to_owned()));
    }
    if !options.webhook {
        return;
    }
    if let Some(ingress) = &file.ingress
        && ingress.enabled == Some(true)
        && ingress.host.as_ref().is_none_or(String::is_empty)
    {
        object.admission.required(at("ingress.host"), "is required when ingress is enabled");
    }
    for (index, mount) in file.volume_mounts.iter().flatten().enumerate() {
        let nowhere = mount.mount_point.as_ref().is_none_or(String::is_empty);
        if mount.use_as_compilation_cache != Some(true) && nowhere {
            let detail = "is required when useAsCompilationCache is false";
            object.admission.required(at(&format!("volumeMounts[{index}].mountPoint")), detail);
        }
    }
    if options.operator.is_1_5() {
        if let Some(value) = file.annotations.as_ref().and_then(wrong_executor) {
            let path = at("annotations[nvidia.com/vllm-distributed-executor-backend]");
            object.admission.invalid_text(path, value, "must be \"mp\" or \"ray\"");
        }
        if file.frontend_sidecar.is_some() && alpha.pod().containers.iter().any(|one| one.name == FRONTEND_SIDECAR) {
            let detail = format!(
                "cannot inject frontend sidecar: a container named {FRONTEND_SIDECAR:?} already exists in \
                 extraPodSpec.containers"
            );
            object.admission.forbidden(at("frontendSidecar"), &detail);
        }
        let failover = file.failover.as_ref().filter(|one| one.enabled == Some(true));
        let shadows = failover.filter(|one| one.mode.as_deref().unwrap_or("intraPod") == "intraPod");
        if let Some(shadows) = shadows.and_then(|one| one.num_shadows).filter(|shadows| *shadows > 1) {
            let detail = "is invalid for mode=\"intraPod\": intraPod uses a fixed 1 primary + 1 shadow sidecar; use \
                 failover.mode=\"interPod\" to configure numShadows";
            object.admission.invalid(at("failover.numShadows"), shadows, detail);
        }
        let image = alpha.main().and_then(|main| main.image.as_deref());
        version(image, &file.runtime_version_override, (path, "extraPodSpec.mainContainer.image"), of_graph, object);
    }
}

/// Asks of a component of `v1beta1`. One that stands by itself may leave open which version its image has.
pub fn beta(file: &BetaFile, path: &str, of_graph: bool, options: &Options, object: &mut Object<'_>) {
    if !options.webhook {
        return;
    }
    let at = |field: &str| format!("{path}.{field}");
    let containers = file.pod_template.as_ref().and_then(|template| template.spec.as_ref());
    let containers: &[Container] = containers.map_or(&[], |spec| &spec.containers);
    if let Some(size) = file.shared_memory_size.as_ref().filter(|size| size.0.starts_with('-')) {
        object.admission.invalid_text(at("sharedMemorySize"), &size.0, "must be non-negative");
    }
    if let Some(name) = &file.frontend_sidecar {
        let field = at("frontendSidecar");
        if file.pod_template.is_none() {
            let detail = "is required when frontendSidecar is set";
            object.admission.required(at("podTemplate.spec.containers"), detail);
        } else if name.is_empty() {
            object.admission.invalid_text(field, "", "must not be empty");
        } else if !containers.iter().any(|one| one.name == *name) {
            object.admission.invalid_text(field, name, "must match a podTemplate.spec.containers name");
        }
    }
    let map = file.epp_config.as_ref().filter(|epp| epp.config_map_ref.is_some());
    if map.is_some_and(|epp| epp_config_map(epp).is_none_or(str::is_empty)) {
        object.admission.required(at("eppConfig.configMapRef.name"), "is required");
    }
    clients(file, containers, path, object);
    let image = containers.iter().find(|one| one.name == MAIN).and_then(|main| main.image.as_deref());
    version(image, &file.runtime_version_override, (path, "podTemplate.spec.containers"), of_graph, object);
}

/// The containers that use a GPU memory service, and those of a checkpoint that do.
fn clients(file: &BetaFile, containers: &[Container], path: &str, object: &mut Object<'_>) {
    let Some(experimental) = &file.experimental else { return };
    let service = experimental.gpu_memory_service.as_ref();
    let beside = service.filter(|one| one.mode.as_deref().unwrap_or("IntraPod") == "IntraPod");
    let mut seen: Vec<&str> = Vec::new();
    for (index, name) in beside.iter().flat_map(|one| one.extra_client_containers.iter().flatten()).enumerate() {
        let path = format!("{path}.experimental.gpuMemoryService.extraClientContainers[{index}]");
        if seen.contains(&name.as_str()) {
            object.admission.duplicate(path, name);
            continue;
        }
        seen.push(name);
        if !containers.iter().any(|one| one.name == *name) {
            object.admission.invalid_text(path, name, "does not name a container in podTemplate.spec.containers");
        }
    }
    let job = experimental.checkpoint.as_ref().and_then(|one| one.job.as_ref());
    if job.and_then(|job| job.gms_client_containers.as_ref()).is_some_and(|all| !all.is_empty()) {
        let path = format!("{path}.experimental.checkpoint.job.gmsClientContainers");
        match service {
            None => object.admission.forbidden(path, "requires gpuMemoryService to be set"),
            Some(_) if beside.is_none() => {
                object.admission.forbidden(path, "is only supported with gpuMemoryService.mode=IntraPod");
            }
            Some(_) => {}
        }
    }
}

/// The version of the runtime is known by the image's tag, or by the field beside it.
fn version(
    image: Option<&str>,
    stated: &Option<String>,
    (path, field): (&str, &str),
    of_graph: bool,
    object: &mut Object<'_>,
) {
    match image.filter(|image| !image.is_empty()) {
        None => object.admission.required(format!("{path}.{field}"), "is required"),
        Some(image) => {
            let says = stated.as_ref().is_some_and(|text| !text.is_empty());
            if of_graph && !says && !has_version(image) {
                object.admission.required(format!("{path}.runtimeVersionOverride"), NO_VERSION);
            }
        }
    }
}

/// True for an image whose tag is a version of three numbers, with whatever stands behind a dash or a plus.
pub(super) fn has_version(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    let Some((_, tag)) = name.split('@').next().unwrap_or(name).split_once(':') else { return false };
    let core = tag.split(['-', '+']).next().unwrap_or(tag);
    let core = core.strip_prefix('v').unwrap_or(core);
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers() {
        for image in ["a:1.4.0", "host:5000/a/b:v1.5.0", "a:1.4.0-test", "a:1.4.0+x", "a:1.4.0@sha256:00"] {
            assert!(has_version(image), "{image}");
        }
        for image in ["a", "a:latest", "a:my-tag", "host:5000/a", "a:1.4", "a@sha256:00", "a:1..0"] {
            assert!(!has_version(image), "{image}");
        }
    }
}
