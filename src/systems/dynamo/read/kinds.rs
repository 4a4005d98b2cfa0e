//! The smaller kinds: scaling adapters, models, checkpoints, from a document to the model.
//! Source: deploy/operator/config/crd/bases of ai-dynamo/dynamo, chart 1.5.0, and internal/webhook/validation/dynamomodel.go.

use k8s_openapi::api::batch::v1::JobSpec as JobFile;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde::Deserialize;

use super::super::model::{AdapterSpec, ApiVersion, Backend, CheckpointSpec, ModelSpec, ModelType};
use super::super::profile::Options;
use super::component;
use super::file::{IdentityFile, MemoryServiceFile, SharedMemoryFile};
use super::object::Object;
use super::written;
use crate::kernel::Duration;
use crate::systems::kubernetes::batch;
use crate::systems::kubernetes::complaint::Findings;

/// How long the Job of a checkpoint may take, where nothing is said.
const CHECKPOINT_SECONDS: i64 = 3_600;
/// Where adapters of a model may be loaded from.
const SOURCES: &[&str] = &["s3://", "hf://"];

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AdapterFile {
    replicas: Option<i64>,
    dgd_ref: Option<ReferenceFile>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ReferenceFile {
    name: Option<String>,
    /// `v1beta1`.
    component_name: Option<String>,
    /// `v1alpha1`.
    service_name: Option<String>,
}

/// Reads a scaling adapter.
pub fn adapter(object: &mut Object<'_>, api: ApiVersion) -> AdapterSpec {
    let spec = object.part("spec");
    let file: AdapterFile = object.decode(spec.as_ref(), "spec");
    object.required(file.replicas.as_ref(), "spec.replicas");
    object.at_least(file.replicas, 0, "spec.replicas");
    object.required(file.dgd_ref.as_ref(), "spec.dgdRef");
    let reference = file.dgd_ref.unwrap_or_default();
    let (field, component) = match api {
        ApiVersion::V1Alpha1 => ("spec.dgdRef.serviceName", reference.service_name),
        ApiVersion::V1Beta1 => ("spec.dgdRef.componentName", reference.component_name),
    };
    for (value, path) in [(&reference.name, "spec.dgdRef.name"), (&component, field)] {
        object.required(value.as_ref(), path);
        object.not_empty(value.as_ref(), path);
    }
    AdapterSpec {
        replicas: file.replicas.and_then(|replicas| u32::try_from(replicas).ok()).unwrap_or(0),
        graph: reference.name.unwrap_or_default(),
        component: component.unwrap_or_default(),
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ModelFile {
    model_name: Option<String>,
    base_model_name: Option<String>,
    model_type: Option<String>,
    source: Option<SourceFile>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SourceFile {
    uri: Option<String>,
}

/// Reads a model.
pub fn model(object: &mut Object<'_>, options: &Options) -> ModelSpec {
    let spec = object.part("spec");
    let file: ModelFile = object.decode(spec.as_ref(), "spec");
    object.required(file.model_name.as_ref(), "spec.modelName");
    object.required(file.base_model_name.as_ref(), "spec.baseModelName");
    object.one_of(file.model_type.as_ref(), "spec.modelType", &["base", "lora", "adapter"]);
    let kind = match file.model_type.as_deref() {
        Some("lora") => ModelType::Lora,
        Some("adapter") => ModelType::Adapter,
        _ => ModelType::Base,
    };
    let uri = file.source.as_ref().and_then(|source| source.uri.clone());
    if file.source.is_some() {
        object.required(uri.as_ref(), "spec.source.uri");
    }
    if options.webhook {
        let empty = [(&file.model_name, "spec.modelName"), (&file.base_model_name, "spec.baseModelName")];
        for (_, path) in empty.into_iter().filter(|(value, _)| value.as_ref().is_some_and(String::is_empty)) {
            object.admission.required(path, "");
        }
        if kind == ModelType::Lora {
            let known = uri.as_ref().is_some_and(|uri| SOURCES.iter().any(|start| uri.starts_with(start)));
            if file.source.is_none() {
                object.admission.required("spec.source", "source is required when modelType is lora");
            } else if !known {
                let detail = "source URI must start with 's3://' or 'hf://'";
                object.admission.invalid_text("spec.source.uri", uri.as_deref().unwrap_or(""), detail);
            }
        }
    }
    ModelSpec {
        name: file.model_name.unwrap_or_default(),
        base: file.base_model_name.unwrap_or_default(),
        kind,
        uri: uri.unwrap_or_default(),
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CheckpointFile {
    identity: Option<IdentityFile>,
    job: Option<CheckpointJobFile>,
    gpu_memory_service: Option<MemoryServiceFile>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CheckpointJobFile {
    pod_template_spec: Option<PodTemplateSpec>,
    active_deadline_seconds: Option<i64>,
    backoff_limit: Option<i64>,
    ttl_seconds_after_finished: Option<i64>,
    shared_memory: Option<SharedMemoryFile>,
    target_container_name: Option<String>,
}

/// Reads a checkpoint.
pub fn checkpoint(object: &mut Object<'_>) -> CheckpointSpec {
    let spec = object.part("spec");
    let file: CheckpointFile = object.decode(spec.as_ref(), "spec");
    object.required(file.identity.as_ref(), "spec.identity");
    object.required(file.job.as_ref(), "spec.job");
    let identity = file.identity.unwrap_or_default();
    object.required(identity.model.as_ref(), "spec.identity.model");
    object.required(identity.backend_framework.as_ref(), "spec.identity.backendFramework");
    object.one_of(identity.backend_framework.as_ref(), "spec.identity.backendFramework", &["vllm", "sglang", "trtllm"]);
    let sizes = [
        (identity.max_model_len, "spec.identity.maxModelLen"),
        (identity.tensor_parallel_size, "spec.identity.tensorParallelSize"),
        (identity.pipeline_parallel_size, "spec.identity.pipelineParallelSize"),
    ];
    for (size, path) in sizes {
        object.at_least(size, 1, path);
    }
    let job = file.job.unwrap_or_default();
    object.required(job.pod_template_spec.as_ref(), "spec.job.podTemplateSpec");
    object.at_least(job.active_deadline_seconds, 1, "spec.job.activeDeadlineSeconds");
    object.at_least(job.backoff_limit, 0, "spec.job.backoffLimit");
    let message = "checkpoints are read, and nothing takes them here";
    object.warnings.push(("spec".to_owned(), message.to_owned()));
    let deadline = job.active_deadline_seconds.unwrap_or(CHECKPOINT_SECONDS);
    let backend = identity.backend_framework.as_deref().and_then(Backend::parse).unwrap_or(Backend::Vllm);
    let job = JobFile {
        active_deadline_seconds: Some(deadline),
        backoff_limit: job.backoff_limit.and_then(|limit| i32::try_from(limit).ok()),
        ttl_seconds_after_finished: job.ttl_seconds_after_finished.and_then(|ttl| i32::try_from(ttl).ok()),
        template: job.pod_template_spec.unwrap_or_default(),
        ..JobFile::default()
    };
    let mut findings = Findings::default();
    let job = batch::job(&job, "spec", &mut findings);
    for complaint in &findings.complaints {
        let message = format!("Kubernetes will refuse its Job: {}: {}", complaint.path, complaint.message);
        object.warnings.push(("spec.job".to_owned(), message));
    }
    CheckpointSpec {
        identity: component::hash(&format!("{identity:?}")),
        model: identity.model.unwrap_or_default(),
        backend,
        job,
        deadline: Duration::from_secs(deadline.unsigned_abs()),
        written: written::component(spec.as_ref(), "spec", object),
    }
}
