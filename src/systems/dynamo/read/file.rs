//! Graphs and their components as documents write them, in both versions of the API. What their values must satisfy beyond their types
//! is checked elsewhere, and so is what they mean.
//! Source: ai-dynamo/dynamo, deploy/operator/api/v1alpha1 and v1beta1, chart 1.5.0; `scalingAdapter.disable` is that of 0.8.0.

use k8s_openapi::api::core::v1::{EnvVar, PodTemplateSpec, Probe};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde::Deserialize;

use super::super::model::Table;
use crate::systems::kubernetes::opaque::Opaque;

/// Declares structs that mirror maps of a document: every key may be absent.
macro_rules! maps {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Deserialize, Default, Debug)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name { $($(#[$field_doc])* pub $field: Option<$type>,)* }
    )*};
}

maps! {
    /// The spec of a graph, without its components.
    GraphFile {
        annotations: Table,
        labels: Table,
        backend_framework: String,
        /// `v1beta1`.
        env: Vec<EnvVar>,
        /// `v1alpha1`.
        envs: Vec<EnvVar>,
        /// `v1alpha1`.
        pvcs: Vec<PvcFile>,
        experimental: GraphExperimentalFile,
        priority_class_name: String,
        provider_override: ProviderOverrideFile,
        restart: RestartFile,
        topology_constraint: TopologyFile,
    }
    /// What may change without notice.
    GraphExperimentalFile {
        kv_transfer_policy: KvTransferFile,
    }
    /// Between which workers caches are sent.
    KvTransferFile {
        label_key: String,
        cluster_topology_name: String,
        domain: String,
        enforcement: String,
        preferred_weight: Opaque,
    }
    /// A fragment in the words of the provider of workloads.
    ProviderOverrideFile {
        api_version: String,
        target: String,
        value: Opaque,
    }
    /// A claim of a graph.
    PvcFile {
        name: String,
        create: bool,
        size: Quantity,
        storage_class: String,
        volume_access_mode: String,
    }
    /// A restart.
    RestartFile {
        id: String,
        strategy: RestartStrategyFile,
    }
    /// How components are restarted.
    RestartStrategyFile {
        #[serde(rename = "type")]
        kind: String,
        order: Vec<String>,
    }
    /// Where pods are packed: of a graph, or of a component.
    TopologyFile {
        /// `v1beta1`.
        cluster_topology_name: String,
        /// `v1alpha1`.
        topology_profile: String,
        pack_domain: String,
    }
    /// A component in `v1beta1`.
    BetaFile {
        name: String,
        #[serde(rename = "type")]
        kind: String,
        replicas: i64,
        min_available: i64,
        multinode: MultinodeFile,
        pod_template: PodTemplateSpec,
        scaling_adapter: Opaque,
        shared_memory_size: Quantity,
        model_ref: ModelRefFile,
        compilation_cache: CacheFile,
        frontend_sidecar: String,
        epp_config: EppFile,
        topology_constraint: TopologyFile,
        runtime_version_override: String,
        global_dynamo_namespace: bool,
        provider_override: ProviderOverrideFile,
        experimental: ExperimentalFile,
        /// Of a DynamoComponentDeployment.
        backend_framework: String,
    }
    /// A component in `v1alpha1`, without what it shares with a pod's spec.
    AlphaFile {
        annotations: Table,
        labels: Table,
        autoscaling: Opaque,
        checkpoint: CheckpointFile,
        component_type: String,
        sub_component_type: String,
        dynamo_namespace: String,
        env_from_secret: String,
        envs: Vec<EnvVar>,
        epp_config: EppFile,
        extra_pod_metadata: PodMetadataFile,
        failover: FailoverFile,
        frontend_sidecar: FrontendSidecarFile,
        global_dynamo_namespace: bool,
        gpu_memory_service: MemoryServiceFile,
        ingress: IngressFile,
        liveness_probe: Probe,
        readiness_probe: Probe,
        min_available: i64,
        model_ref: ModelRefFile,
        multinode: MultinodeFile,
        provider_override: ProviderOverrideFile,
        replicas: i64,
        resources: ResourcesFile,
        runtime_version_override: String,
        scaling_adapter: ScalingAdapterFile,
        service_name: String,
        shared_memory: SharedMemoryFile,
        topology_constraint: TopologyFile,
        volume_mounts: Vec<VolumeMountFile>,
        /// Of a DynamoComponentDeployment.
        backend_framework: String,
        /// Of a DynamoComponentDeployment, and ignored.
        dynamo_component: String,
        /// Of a DynamoComponentDeployment, and ignored.
        dynamo_tag: String,
    }
    /// Labels and annotations of pods.
    PodMetadataFile {
        annotations: Table,
        labels: Table,
    }
    /// Several nodes for one replica.
    MultinodeFile {
        node_count: i64,
        leader: RoleFile,
        worker: RoleFile,
    }
    /// What one of the two roles has of its own.
    RoleFile {
        provider_override: ProviderOverrideFile,
    }
    /// A model by its name.
    ModelRefFile {
        name: String,
        revision: String,
    }
    /// A claim that keeps compiled kernels.
    CacheFile {
        pvc_name: String,
        mount_path: String,
    }
    /// What an endpoint picker reads.
    EppFile {
        config: Opaque,
        config_map_ref: ConfigMapKeyFile,
    }
    /// A key of a ConfigMap.
    ConfigMapKeyFile {
        name: String,
        key: String,
        optional: bool,
    }
    /// What may change without notice, of a component.
    ExperimentalFile {
        checkpoint: CheckpointFile,
        failover: FailoverFile,
        gpu_memory_service: MemoryServiceFile,
        grove: GroveFile,
    }
    /// How Grove renders a component.
    GroveFile {
        force_scaling_group: bool,
    }
    /// How a component uses checkpoints.
    CheckpointFile {
        enabled: bool,
        checkpoint_ref: String,
        deletion_policy: String,
        identity: IdentityFile,
        job: CheckpointJobFile,
        mode: String,
        startup_policy: String,
        target_container_name: String,
    }
    /// The Job that captures a component's checkpoint.
    CheckpointJobFile {
        gms_client_containers: Vec<String>,
        pod_template: Opaque,
    }
    /// What a checkpoint captures.
    IdentityFile {
        model: String,
        backend_framework: String,
        dynamo_version: String,
        dtype: String,
        max_model_len: i64,
        tensor_parallel_size: i64,
        pipeline_parallel_size: i64,
        extra_parameters: Table,
    }
    /// Engines that stand by.
    FailoverFile {
        /// `v1alpha1`; in `v1beta1` it is enabled by being there.
        enabled: bool,
        mode: String,
        num_shadows: i64,
    }
    /// A GPU memory service.
    MemoryServiceFile {
        /// `v1alpha1`; in `v1beta1` it is enabled by being there.
        enabled: bool,
        mode: String,
        device_class_name: String,
        extra_client_containers: Vec<String>,
        extra_client_pods: Vec<Opaque>,
    }
    /// A frontend beside the engine.
    FrontendSidecarFile {
        image: String,
        args: Vec<String>,
        env_from_secret: String,
        envs: Vec<EnvVar>,
    }
    /// How a component is reached from outside.
    IngressFile {
        enabled: bool,
        host: String,
        use_virtual_service: bool,
        virtual_service_gateway: String,
        host_prefix: String,
        host_suffix: String,
        annotations: Table,
        labels: Table,
        tls: TlsFile,
        ingress_controller_class_name: String,
    }
    /// A certificate.
    TlsFile {
        secret_name: String,
    }
    /// What the main container asks for.
    ResourcesFile {
        requests: AmountsFile,
        limits: AmountsFile,
        claims: Vec<ClaimFile>,
    }
    /// A claim of devices by the container.
    ClaimFile {
        name: String,
        request: String,
    }
    /// Amounts, each a text.
    AmountsFile {
        cpu: String,
        memory: String,
        gpu: String,
        gpu_type: String,
        custom: Table,
    }
    /// Whether a scaling adapter is made.
    ScalingAdapterFile {
        /// Chart 1.5.0: without it none is made.
        enabled: bool,
        /// Chart 0.8.0: without it one is made.
        disable: bool,
    }
    /// Memory that the processes of a pod share.
    SharedMemoryFile {
        disabled: bool,
        size: Quantity,
    }
    /// A claim that a component mounts.
    VolumeMountFile {
        name: String,
        mount_point: String,
        use_as_compilation_cache: bool,
    }
}
