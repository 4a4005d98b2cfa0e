//! The fields of a recipe and of the objects in it, as the published schema has them, in one table.
//! Source: docs/custom_blueprints/blueprint_json_schema.json of oracle-quickstart/oci-ai-blueprints at 1807459dc149; the fields
//! marked newer are used by oci-ai-incubations/ai-accelerator-starter-packs at 0b8d731c4754 and are not in that schema.
//! Bounds of numbers are greenroom's own: the schema has none.

use self::Form::{Any, Bool, Choice, Env, Integer, Labels, List, Number, Object, Port, Secret, Text, Whole};

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// A text with a port number in it.
    Port,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A whole number within these bounds.
    Integer(i64, i64),
    /// A number that is not negative.
    Number,
    /// A number without a fraction, up to this bound; the schema lets it be written as `10.0`.
    Whole(i64),
    /// True or false.
    Bool,
    /// The value of an environment variable: a text or a whole number. It is never repeated in a message.
    Env,
    /// A text that is never repeated in a message.
    Secret,
    /// A map of texts.
    Labels,
    /// A list of such values.
    List(&'static Form),
    /// An object with these fields and no others.
    Object(&'static [Field]),
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// What its value may be.
    pub form: Form,
    /// True if it must be there.
    pub required: bool,
    /// True if the published schema does not have it.
    pub newer: bool,
}

const fn field(name: &'static str, form: Form) -> Field {
    Field { name, form, required: false, newer: false }
}

const fn required(name: &'static str, form: Form) -> Field {
    Field { name, form, required: true, newer: false }
}

const fn newer(name: &'static str, form: Form) -> Field {
    Field { name, form, required: false, newer: true }
}

/// The modes of a recipe.
pub const MODES: &[&str] = &["service", "job", "update", "shared_node_pool", "team"];
/// The keys that a deployment may export. `service_name` is newer than the published schema.
pub const EXPORTS: &[&str] = &["service_url", "internal_dns_name", "service_name"];

const COUNT: Form = Integer(0, 1_000_000);
const SIZE: Form = Integer(0, 1_000_000_000);
const SECONDS: Form = Whole(31_536_000);

const KEY_VALUE: Form = Object(&[required("key", Text), required("value", Text)]);
const ENVIRONMENT: Form = Object(&[required("key", Text), required("value", Env)]);
const SECRET: Form =
    Object(&[required("envvar_name", Text), required("secret_name", Text), required("secret_key", Text)]);
const PROBE: Form = Object(&[
    field("failure_threshold", Whole(1_000_000)),
    field("endpoint_path", Text),
    field("port", Integer(1, 65_535)),
    field("scheme", Choice(&["HTTP", "HTTPS", "TCP"])),
    field("initial_delay_seconds", SECONDS),
    field("period_seconds", SECONDS),
    field("success_threshold", Whole(1_000_000)),
    field("timeout_seconds", SECONDS),
]);
const INGRESS: Form = Object(&[
    field("name", Text),
    newer("port_name", Text),
    newer("service_name", Text),
    required("port", Integer(1, 65_535)),
    required("path", Text),
    newer("path_type", Text),
    newer("rewrite_target", Text),
]);
const GATEWAY: Form = Object(&[required("model_name", Text), field("url_path", Text), field("api_key", Secret)]);
const NODE_AUTOSCALING: Form = Object(&[field("min_nodes", COUNT), field("max_nodes", COUNT)]);
const POD_AUTOSCALING: Form = Object(&[
    field("min_replicas", COUNT),
    field("max_replicas", COUNT),
    field("scaling_metric", Text),
    field("collect_metrics_timespan", Text),
    field("scaling_threshold", Number),
    field("scaling_cooldown", COUNT),
    field("polling_interval", COUNT),
    field("stabilization_window_down", COUNT),
    field("scaling_period_down", COUNT),
    field("stabilization_window_up", COUNT),
    field("scaling_period_up", COUNT),
    field("query", Text),
    field("scaler_type", Choice(&["prometheus"])),
    field("server_address", Text),
]);
const INPUT: Form = Object(&[
    field("par", Secret),
    field("bucket_name", Text),
    required("mount_location", Text),
    required("volume_size_in_gbs", SIZE),
    field("include", List(&Text)),
    field("exclude", List(&Text)),
]);
const OUTPUT: Form =
    Object(&[required("bucket_name", Text), required("mount_location", Text), required("volume_size_in_gbs", SIZE)]);
const FILE_SYSTEM: Form = Object(&[
    required("file_system_ocid", Text),
    required("mount_target_ocid", Text),
    required("mount_location", Text),
    required("volume_size_in_gbs", SIZE),
]);
const LOCAL: Form = Object(&[required("node_directory_path", Text), required("mount_location", Text)]);
const ENDPOINT: Form = Object(&[field("domain", Text), field("dedicated_load_balancer", Bool)]);
const TEAM_INFO: Form = Object(&[field("team_name", Text)]);
const QUOTA: Form = Object(&[
    required("shape_name", Text),
    field("cpu_nominal_quota", Text),
    field("cpu_borrowing_limit", Text),
    field("cpu_lending_limit", Text),
    field("mem_nominal_quota", Text),
    field("mem_borrowing_limit", Text),
    field("mem_lending_limit", Text),
    field("gpu_nominal_quota", Text),
    field("gpu_borrowing_limit", Text),
    field("gpu_lending_limit", Text),
]);
const TEAM: Form = Object(&[
    required("team_name", Text),
    required("priority_threshold", Integer(i64::MIN, i64::MAX)),
    required("quotas", List(&QUOTA)),
]);

/// The fields of a recipe. A recipe is an open object: a field that is not here is reported and otherwise left alone.
pub const RECIPE: &[Field] = &[
    required("recipe_mode", Choice(MODES)),
    required("deployment_name", Text),
    field("pre_filled_sample_name", Text),
    field("recipe_id", Text),
    field("recipe_compartment_ocid", Text),
    field("recipe_replica_count", COUNT),
    field("recipe_node_shape", Text),
    field("recipe_max_pods_per_node", Integer(1, 110)),
    field("recipe_availability_domain", Text),
    field("recipe_public_ssh_key", Text),
    field("recipe_worker_subnet_nsg_ocid", Text),
    field("recipe_pod_subnet_ocid", Text),
    field("recipe_pod_subnet_nsg_ocid", Text),
    field("recipe_node_pool_size", COUNT),
    field("recipe_use_shared_node_pool", Bool),
    field("recipe_shared_node_pool_selector", Text),
    field("recipe_prometheus_enabled", Bool),
    field("recipe_node_boot_volume_size_in_gbs", SIZE),
    field("recipe_node_selector_arch", Text),
    field("recipe_node_image_ocid", Text),
    field("recipe_flex_shape_ocpu_count", COUNT),
    field("recipe_flex_shape_memory_size_in_gbs", SIZE),
    field("recipe_image_uri", Text),
    field("recipe_container_secret_name", Text),
    field("recipe_environment_secrets", List(&SECRET)),
    field("recipe_inference_gateway", GATEWAY),
    field("recipe_container_command", List(&Text)),
    field("recipe_container_command_args", List(&Text)),
    field("recipe_container_env", List(&ENVIRONMENT)),
    field("recipe_additional_ingress_ports", List(&INGRESS)),
    field("recipe_node_autoscaling_params", NODE_AUTOSCALING),
    field("recipe_pod_autoscaling_params", POD_AUTOSCALING),
    field("recipe_liveness_probe_params", PROBE),
    field("recipe_startup_probe_params", PROBE),
    field("recipe_readiness_probe_params", PROBE),
    field("recipe_container_port", Port),
    field("recipe_host_port", Port),
    field("recipe_container_command_use_shell", Bool),
    field("recipe_nvidia_gpu_count", COUNT),
    field("recipe_amd_gpu_count", COUNT),
    field("recipe_shared_memory_volume_size_limit_in_mb", SIZE),
    field("recipe_ephemeral_storage_size", SIZE),
    field("recipe_container_memory_size", SIZE),
    field("recipe_container_cpu_count", COUNT),
    field("input_object_storage", List(&INPUT)),
    field("input_file_system", List(&FILE_SYSTEM)),
    field("local_filesystem", List(&LOCAL)),
    field("output_object_storage", List(&OUTPUT)),
    field("service_endpoint_domain", Text),
    field("service_endpoint", ENDPOINT),
    field("shared_node_pool_selector", Text),
    field("shared_node_pool_size", COUNT),
    field("shared_node_pool_shape", Text),
    field("shared_node_pool_boot_volume_size_in_gbs", SIZE),
    field("shared_node_pool_flex_shape_memory_size_in_gbs", SIZE),
    field("shared_node_pool_flex_shape_ocpu_count", COUNT),
    field("shared_node_pool_mig_config", Text),
    field("shared_node_pool_custom_node_selectors", List(&KEY_VALUE)),
    field("mig_resource_request", Text),
    field("recipe_node_name", Text),
    field("recipe_node_labels", Labels),
    field("multinode_num_nodes_to_use_from_shared_pool", COUNT),
    field("multinode_rdma_enabled_in_shared_pool", Bool),
    field("recipe_node_pool_name", Text),
    field("recipe_team_info", TEAM_INFO),
    field("team", TEAM),
    field("skip_capacity_validation", Bool),
    field("skip_quota_validation", Bool),
    newer("pvcs", Any),
    newer("recipe_configmaps", Any),
    newer("recipe_secret_mounts", Any),
    newer("recipe_storage_group_id", Any),
    newer("recipe_disable_ingress", Bool),
    newer("recipe_additional_ingress_annotations", Any),
    newer("service_endpoint_subdomain", Text),
];
