//! Requests for a graph in both versions of the API: what the schema asks of them, and the profiling Job that the operator makes.
//! Source: ai-dynamo/dynamo, deploy/operator/api/v1alpha1 and v1beta1 (dynamographdeploymentrequest_types.go and its conversion) and
//! internal/controller/dynamographdeploymentrequest_controller.go (createProfilingJob); of chart 0.8.0 the same below
//! deploy/cloud/operator.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::JobSpec as JobFile;
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, Container, EmptyDirVolumeSource, EnvVar, EnvVarSource, PersistentVolumeClaimVolumeSource,
    PodSpec, PodTemplateSpec, ResourceRequirements, SecretKeySelector, Toleration, Volume, VolumeMount,
};
use serde::Deserialize;

use super::super::check;
use super::super::model::{ApiVersion, Backend, GraphMeta, Hardware, RequestSpec, Table};
use super::super::profile::{Options, PROFILER_IMAGE};
use super::component;
use super::object::Object;
use super::written;
use crate::systems::kubernetes::batch;
use crate::systems::kubernetes::complaint::Findings;
use crate::systems::kubernetes::opaque::Opaque;
use crate::text::Node;
use crate::text::tree::Value;
use crate::workload::{JobSpec, Written};

/// The container that profiles, and the volume of what it writes.
const PROFILER: &str = "profiler";
const OUTPUT: &str = "profiling-output";
/// The Secret that the profiler's environment is made from; its pod waits until it is there.
const TOKEN: &str = "hf-token-secret";
const BACKENDS: &[&str] = &["auto", "sglang", "trtllm", "vllm"];
/// The GPUs that the profiler has figures for.
const SKUS: &[&str] = &[
    "gb200_sxm",
    "gb10",
    "b200_sxm",
    "h200_sxm",
    "h100_sxm",
    "h100_pcie",
    "a100_sxm",
    "a100_pcie",
    "a30",
    "l40s",
    "l40",
    "l4",
    "v100_sxm",
    "v100_pcie",
    "t4",
    "mi200",
    "mi300",
];

/// Declares structs that mirror maps of a document: every key may be absent.
macro_rules! maps {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Deserialize, Default, Debug)]
        #[serde(rename_all = "camelCase", default)]
        struct $name { $($(#[$field_doc])* $field: Option<$type>,)* }
    )*};
}

maps! {
    /// `v1beta1`.
    BetaFile {
        model: String,
        backend: String,
        image: String,
        auto_apply: bool,
        search_strategy: String,
        runtime_version_override: String,
        hardware: HardwareFile,
        workload: WorkloadFile,
        sla: SlaFile,
        features: FeaturesFile,
        model_cache: CacheFile,
        overrides: OverridesFile,
    }
    HardwareFile {
        gpu_sku: String,
        vram_mb: Opaque,
        total_gpus: i64,
        num_gpus_per_node: i64,
        interconnect: String,
        rdma: bool,
    }
    WorkloadFile {
        isl: i64,
        osl: i64,
        concurrency: Opaque,
        request_rate: Opaque,
    }
    SlaFile {
        ttft: Opaque,
        itl: Opaque,
        #[serde(rename = "e2eLatency")]
        e2e_latency: Opaque,
        optimization_type: String,
    }
    FeaturesFile {
        mocker: MockerFile,
        planner: Opaque,
    }
    MockerFile {
        enabled: bool,
    }
    CacheFile {
        pvc_name: String,
        pvc_model_path: String,
        pvc_mount_path: String,
    }
    OverridesFile {
        dgd: Opaque,
        profiling_job: JobFile,
    }
    /// `v1alpha1`.
    AlphaFile {
        model: String,
        backend: String,
        auto_apply: bool,
        use_mocker: bool,
        enable_gpu_discovery: bool,
        runtime_version_override: String,
        profiling_config: ProfilingFile,
        deployment_overrides: DeploymentFile,
    }
    ProfilingFile {
        profiler_image: String,
        config: Opaque,
        config_map_ref: ConfigMapFile,
        #[serde(rename = "outputPVC")]
        output_pvc: String,
        resources: ResourceRequirements,
        tolerations: Vec<Toleration>,
        node_selector: Table,
    }
    ConfigMapFile {
        name: String,
        key: String,
    }
    DeploymentFile {
        name: String,
        namespace: String,
        labels: Table,
        annotations: Table,
        workers_image: String,
    }
}

/// What the Job is made from.
#[derive(Default)]
struct Profiling {
    image: String,
    resources: Option<ResourceRequirements>,
    tolerations: Option<Vec<Toleration>>,
    node_selector: Option<BTreeMap<String, String>>,
    output_claim: Option<String>,
    cache_claim: Option<String>,
    config_map: Option<String>,
    overrides: Option<JobFile>,
}

impl BetaFile {
    /// What of it the webhook looks at.
    fn admission(&self) -> check::Asked<'_> {
        let hardware = self.hardware.as_ref();
        check::Asked {
            // The schema's default.
            backend: self.backend.as_deref().unwrap_or("auto"),
            search: self.search_strategy.as_deref().unwrap_or("rapid"),
            image: self.image.as_deref().unwrap_or_default(),
            says_version: self.runtime_version_override.as_ref().is_some_and(|version| !version.is_empty()),
            says_hardware: hardware.is_some_and(|one| {
                one.gpu_sku.as_ref().is_some_and(|sku| !sku.is_empty())
                    || one.vram_mb.is_some()
                    || one.num_gpus_per_node.is_some()
            }),
        }
    }
}

/// Reads a request.
pub fn request(object: &mut Object<'_>, api: ApiVersion, options: &Options) -> RequestSpec {
    let spec = object.part("spec");
    object.required(spec.as_ref(), "spec");
    let fingerprint = spec.as_ref().map_or(0, |spec| component::hash(&spec.to_json().to_string()));
    let read = match api {
        ApiVersion::V1Alpha1 => alpha(spec.as_ref(), object, options),
        ApiVersion::V1Beta1 => beta(spec.as_ref(), object, options),
    };
    let written = written::request(spec.as_ref(), api, options, object);
    RequestSpec { api, fingerprint, written, ..read }
}

fn beta(spec: Option<&Node>, object: &mut Object<'_>, options: &Options) -> RequestSpec {
    let file: BetaFile = object.decode(spec, "spec");
    object.required(file.model.as_ref(), "spec.model");
    object.not_empty(file.model.as_ref(), "spec.model");
    object.one_of(file.backend.as_ref(), "spec.backend", BACKENDS);
    object.version(file.runtime_version_override.as_ref(), "spec.runtimeVersionOverride");
    if file.overrides.as_ref().is_some_and(|one| one.profiling_job.is_some()) {
        let template = object.part("spec.overrides.profilingJob.template");
        object.required(template.as_ref(), "spec.overrides.profilingJob.template");
    }
    object.one_of(file.search_strategy.as_ref(), "spec.searchStrategy", &["rapid", "thorough"]);
    let hardware = file.hardware.clone().unwrap_or_default();
    object.one_of(hardware.gpu_sku.as_ref(), "spec.hardware.gpuSku", SKUS);
    if options.webhook && options.operator.is_1_5() {
        let namespace = object.part("metadata.namespace").and_then(|one| one.as_str().map(str::to_owned));
        // A restricted operator has its webhook look at its own namespace alone.
        if options.sees(namespace.as_deref().unwrap_or_default()) {
            check::request(&file.admission(), object, options);
        }
    }
    let kind = file.sla.as_ref().and_then(|sla| sla.optimization_type.as_ref());
    object.one_of(kind, "spec.sla.optimizationType", &["latency", "throughput"]);
    if file.overrides.as_ref().is_some_and(|one| one.dgd.is_some()) {
        let message = "what it changes of the generated graph must stand in the profiler's output here";
        object.warnings.push(("spec.overrides.dgd".to_owned(), message.to_owned()));
    }
    let cache = file.model_cache.as_ref().and_then(|cache| cache.pvc_name.clone()).filter(|name| !name.is_empty());
    // The defaulting webhook fills the image in; without it there is none.
    let default = if options.webhook { PROFILER_IMAGE } else { "" };
    let profiling = Profiling {
        image: file.image.clone().unwrap_or_else(|| default.to_owned()),
        cache_claim: cache.clone(),
        overrides: file.overrides.as_ref().and_then(|one| one.profiling_job.clone()),
        ..Profiling::default()
    };
    let count = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    RequestSpec {
        api: ApiVersion::V1Beta1,
        model: file.model.clone().unwrap_or_default(),
        backend: file.backend.as_deref().and_then(Backend::parse),
        auto_apply: file.auto_apply.unwrap_or(true),
        thorough: file.search_strategy.as_deref() == Some("thorough"),
        mocker: file.features.and_then(|features| features.mocker).and_then(|mocker| mocker.enabled) == Some(true),
        job: job(&profiling, "spec.overrides.profilingJob", object, options),
        config_map: None,
        model_cache: cache,
        hardware: Hardware {
            gpu_sku: hardware.gpu_sku.unwrap_or_default(),
            says_memory: hardware.vram_mb.is_some(),
            gpus: count(hardware.total_gpus),
            gpus_per_node: count(hardware.num_gpus_per_node),
        },
        graph: GraphMeta::default(),
        online: true,
        has_image: !profiling.image.is_empty(),
        fingerprint: 0,
        written: Written::default(),
    }
}

fn alpha(spec: Option<&Node>, object: &mut Object<'_>, options: &Options) -> RequestSpec {
    let file: AlphaFile = object.decode(spec, "spec");
    object.required(file.model.as_ref(), "spec.model");
    object.required(file.backend.as_ref(), "spec.backend");
    object.one_of(file.backend.as_ref(), "spec.backend", BACKENDS);
    object.version(file.runtime_version_override.as_ref(), "spec.runtimeVersionOverride");
    object.required(file.profiling_config.as_ref(), "spec.profilingConfig");
    let config = file.profiling_config.clone().unwrap_or_default();
    if file.profiling_config.is_some() {
        object.required(config.profiler_image.as_ref(), "spec.profilingConfig.profilerImage");
    }
    if let Some(map) = &config.config_map_ref {
        object.required(map.name.as_ref(), "spec.profilingConfig.configMapRef.name");
    }
    if options.webhook {
        if config.profiler_image.as_ref().is_some_and(String::is_empty) {
            object.admission.required("spec.profilingConfig.profilerImage", "");
        }
        if config.config.is_none() {
            object.admission.required("spec.profilingConfig.config", "must not be empty");
        }
        let engine = object.part("spec.profilingConfig.config.engine");
        let bound = |key: &str| engine.as_ref().and_then(|engine| engine.get(key)).and_then(Node::as_whole);
        let (least, most) = (bound("minNumGpusPerEngine"), bound("maxNumGpusPerEngine"));
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            let detail = format!(
                "invalid GPU range: minNumGpusPerEngine ({least}) cannot be greater than maxNumGpusPerEngine ({most})"
            );
            let path = "spec.profilingConfig.config.engine.minNumGpusPerEngine";
            object.admission.invalid(path, least, &detail);
        }
    }
    let map = config.config_map_ref.as_ref().and_then(|map| {
        let key = map.key.clone().unwrap_or_else(|| "disagg.yaml".to_owned());
        Some((map.name.clone()?, key))
    });
    let profiling = Profiling {
        image: config.profiler_image.clone().unwrap_or_default(),
        resources: config.resources.clone(),
        tolerations: config.tolerations.clone(),
        node_selector: config.node_selector.clone(),
        output_claim: config.output_pvc.clone().filter(|name| !name.is_empty()),
        config_map: map.as_ref().map(|(name, _)| name.clone()),
        ..Profiling::default()
    };
    let overrides = file.deployment_overrides.unwrap_or_default();
    let inner = object.part("spec.profilingConfig.config");
    let hardware = inner.as_ref().and_then(|config| config.get("hardware"));
    let figure = |key: &str| hardware.and_then(|one| one.get(key)).and_then(Node::as_whole);
    let stated = |keys: &[&str]| hardware.is_some_and(|one| keys.iter().any(|key| one.get(key).is_some()));
    let offline =
        inner.as_ref().and_then(|config| config.get("sweep")).and_then(|sweep| sweep.get("use_ai_configurator"));
    RequestSpec {
        api: ApiVersion::V1Alpha1,
        model: file.model.clone().unwrap_or_default(),
        backend: file.backend.as_deref().and_then(Backend::parse),
        auto_apply: file.auto_apply.unwrap_or(false),
        thorough: false,
        mocker: file.use_mocker == Some(true),
        job: job(&profiling, "spec.profilingConfig", object, options),
        config_map: map,
        model_cache: None,
        hardware: Hardware {
            gpu_sku: if stated(&["gpuModel"]) { "stated".to_owned() } else { String::new() },
            says_memory: stated(&["gpuVramMib"]),
            gpus: None,
            gpus_per_node: figure("numGpusPerNode").and_then(|value| u32::try_from(value).ok()),
        },
        graph: GraphMeta {
            name: overrides.name.filter(|name| !name.is_empty()),
            namespace: overrides.namespace.filter(|name| !name.is_empty()),
            labels: overrides.labels.unwrap_or_default(),
            annotations: overrides.annotations.unwrap_or_default(),
        },
        online: offline.is_none_or(|offline| offline.value != Value::Bool(true)),
        has_image: !profiling.image.is_empty(),
        fingerprint: 0,
        written: Written::default(),
    }
}

/// The profiling Job. Beside the profiler a container copies what it wrote to a ConfigMap; that is done when the profiler ends here,
/// and the container is left out.
fn job(from: &Profiling, path: &str, object: &mut Object<'_>, options: &Options) -> JobSpec {
    let token = EnvVar {
        name: "HUGGING_FACE_HUB_TOKEN".to_owned(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: TOKEN.to_owned(),
                key: "HF_TOKEN".to_owned(),
                optional: None,
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    };
    let mut profiler = Container {
        name: PROFILER.to_owned(),
        image: Some(from.image.clone()).filter(|image| !image.is_empty()),
        env: Some(vec![token]),
        resources: from.resources.clone(),
        ..Container::default()
    };
    let mut volumes = vec![match &from.output_claim {
        Some(name) => claim(OUTPUT, name),
        None => {
            Volume { name: OUTPUT.to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() }
        }
    }];
    let mut mounts = vec![mount(OUTPUT, "/data")];
    if let Some(name) = &from.cache_claim {
        volumes.push(claim("model-cache", name));
        mounts.push(mount("model-cache", "/opt/model-cache"));
    }
    if let Some(name) = &from.config_map {
        let map = ConfigMapVolumeSource { name: name.clone(), ..ConfigMapVolumeSource::default() };
        let volume = Volume { name: "profiling-config".to_owned(), config_map: Some(map), ..Volume::default() };
        volumes.push(volume);
        mounts.push(mount("profiling-config", "/config"));
    }
    profiler.volume_mounts = Some(mounts);
    let mut spec = PodSpec {
        restart_policy: Some("Never".to_owned()),
        tolerations: from.tolerations.clone(),
        node_selector: from.node_selector.clone(),
        ..PodSpec::default()
    };
    let overrides = from.overrides.clone().unwrap_or_default();
    if let Some(over) = overrides.template.spec {
        override_pod(&mut spec, &mut profiler, &mut volumes, over);
    }
    spec.containers.insert(0, profiler);
    spec.volumes = Some(volumes);
    let limit = i32::try_from(options.profiling_backoff_limit()).unwrap_or(0);
    let file = JobFile {
        backoff_limit: Some(overrides.backoff_limit.unwrap_or(limit)),
        active_deadline_seconds: overrides.active_deadline_seconds,
        ttl_seconds_after_finished: overrides.ttl_seconds_after_finished,
        template: PodTemplateSpec { metadata: None, spec: Some(spec) },
        ..JobFile::default()
    };
    let mut findings = Findings::default();
    let read = batch::job(&file, "spec", &mut findings);
    // Without an image no Job is made, and the controller says so.
    for complaint in findings.complaints.iter().filter(|one| !one.path.ends_with(".image")) {
        let message = format!("Kubernetes will refuse its profiling Job: {}: {}", complaint.path, complaint.message);
        object.warnings.push((path.to_owned(), message));
    }
    read
}

/// Where a request says more about its Job's pod, that wins; its volumes take the place of those of the same name.
fn override_pod(spec: &mut PodSpec, profiler: &mut Container, volumes: &mut Vec<Volume>, over: PodSpec) {
    for volume in over.volumes.into_iter().flatten() {
        match volumes.iter_mut().find(|known| known.name == volume.name) {
            Some(known) => *known = volume,
            None => volumes.push(volume),
        }
    }
    for container in over.containers {
        if container.name == PROFILER {
            profiler.resources = container.resources.or(profiler.resources.take());
            profiler.image = container.image.or(profiler.image.take());
        } else {
            spec.containers.push(container);
        }
    }
    spec.tolerations = over.tolerations.or(spec.tolerations.take());
    spec.node_selector = over.node_selector.or(spec.node_selector.take());
    spec.priority_class_name = over.priority_class_name.or(spec.priority_class_name.take());
    spec.affinity = over.affinity.or(spec.affinity.take());
}

fn claim(name: &str, of: &str) -> Volume {
    let source = PersistentVolumeClaimVolumeSource { claim_name: of.to_owned(), read_only: None };
    Volume { name: name.to_owned(), persistent_volume_claim: Some(source), ..Volume::default() }
}

fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}
