//! Reads a recipe whose form was checked into what it asks for, and fills in the defaults that the documents state.

use std::collections::BTreeMap;

use super::decode::mode;
use super::document::{Recipe, SharedPool};
use super::form::whole;
use crate::kernel::Duration;
use crate::text::Node;
use crate::workload::Probe;

/// The port of a service whose recipe names none: description of `recipe_host_port` in the published schema.
const HOST_PORT: u16 = 80;

/// Reads a recipe. What has the wrong form counts as absent: the reader of the document has already said so.
pub fn read(node: &Node) -> Recipe {
    let endpoint = node.get("service_endpoint");
    Recipe {
        mode: mode(text(node, "recipe_mode").as_deref().unwrap_or_default()),
        deployment_name: text(node, "deployment_name").unwrap_or_default(),
        recipe_id: text(node, "recipe_id"),
        image: text(node, "recipe_image_uri"),
        replicas: count(node, "recipe_replica_count").unwrap_or(1),
        node_shape: text(node, "recipe_node_shape"),
        node_pool_size: count(node, "recipe_node_pool_size").unwrap_or(1),
        use_shared_pool: truth(node, "recipe_use_shared_node_pool"),
        shared_pool_selector: text(node, "recipe_shared_node_pool_selector"),
        nvidia_gpus: amount(node, "recipe_nvidia_gpu_count").unwrap_or(0),
        amd_gpus: amount(node, "recipe_amd_gpu_count").unwrap_or(0),
        mig_slice: text(node, "mig_resource_request"),
        cpu_count: amount(node, "recipe_container_cpu_count"),
        memory_gb: amount(node, "recipe_container_memory_size"),
        ephemeral_gb: amount(node, "recipe_ephemeral_storage_size"),
        boot_volume_gb: amount(node, "recipe_node_boot_volume_size_in_gbs"),
        flex_ocpus: amount(node, "recipe_flex_shape_ocpu_count"),
        flex_memory_gb: amount(node, "recipe_flex_shape_memory_size_in_gbs"),
        pods_max: count(node, "recipe_max_pods_per_node"),
        container_port: port(node, "recipe_container_port"),
        host_port: port(node, "recipe_host_port").unwrap_or(HOST_PORT),
        ingress_disabled: truth(node, "recipe_disable_ingress"),
        endpoint_domain: text(node, "service_endpoint_domain").or_else(|| text(endpoint?, "domain")),
        endpoint_subdomain: text(node, "service_endpoint_subdomain"),
        startup_probe: node.get("recipe_startup_probe_params").map(|one| probe(one, &STARTUP)),
        liveness_probe: node.get("recipe_liveness_probe_params").map(|one| probe(one, &LIVENESS)),
        readiness_probe: node.get("recipe_readiness_probe_params").map(|one| probe(one, &READINESS)),
        inputs: node.get("input_object_storage").and_then(Node::as_seq).map_or(0, |inputs| inputs.len() as u32),
        scales_pods: node.get("recipe_pod_autoscaling_params").is_some(),
        scales_nodes: node.get("recipe_node_autoscaling_params").is_some(),
        multinode: count(node, "multinode_num_nodes_to_use_from_shared_pool"),
        rdma: truth(node, "multinode_rdma_enabled_in_shared_pool"),
        node_name: text(node, "recipe_node_name"),
        node_labels: labels(node),
        mig_config: text(node, "shared_node_pool_mig_config"),
        team: node.get("recipe_team_info").and_then(|team| text(team, "team_name")),
        pool: pool(node),
    }
}

fn pool(node: &Node) -> SharedPool {
    SharedPool {
        shape: text(node, "shared_node_pool_shape"),
        size: count(node, "shared_node_pool_size").unwrap_or(1),
        boot_volume_gb: amount(node, "shared_node_pool_boot_volume_size_in_gbs"),
        flex_ocpus: amount(node, "shared_node_pool_flex_shape_ocpu_count"),
        flex_memory_gb: amount(node, "shared_node_pool_flex_shape_memory_size_in_gbs"),
        selector: text(node, "shared_node_pool_selector"),
        has_domain_and_image: node.get("recipe_availability_domain").is_some()
            && node.get("recipe_node_image_ocid").is_some(),
    }
}

/// Labels for nodes: those of an `update`, and the selectors of a shared pool.
fn labels(node: &Node) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (key, value) in node.get("recipe_node_labels").and_then(Node::as_map).unwrap_or_default() {
        if let Some(value) = value.as_str() {
            labels.insert(key.text.clone(), value.to_owned());
        }
    }
    for selector in node.get("shared_node_pool_custom_node_selectors").and_then(Node::as_seq).unwrap_or_default() {
        if let (Some(key), Some(value)) = (text(selector, "key"), text(selector, "value")) {
            labels.insert(key, value);
        }
    }
    labels
}

/// The control plane's defaults of a probe in seconds and tries, for fields that a recipe leaves out.
struct Defaults {
    initial_delay: u64,
    period: u64,
    timeout: u64,
    failures: u32,
}

// Source: docs/sample_blueprints/startup_liveness_readiness_probes/README.md, "Example with Control Plane Defaults". It names
// no failure threshold for readiness; 3 is Kubernetes' (pkg/apis/core/v1/defaults.go, v1.36.3).
const STARTUP: Defaults = Defaults { initial_delay: 10, period: 2, timeout: 1, failures: 30 };
const LIVENESS: Defaults = Defaults { initial_delay: 600, period: 600, timeout: 1, failures: 3 };
const READINESS: Defaults = Defaults { initial_delay: 15, period: 10, timeout: 2, failures: 3 };

/// A probe, with defaults for what is left out. Zero counts as left out but for the initial delay, as Kubernetes has it.
fn probe(node: &Node, defaults: &Defaults) -> Probe {
    let given = |key: &str| number(node, key).and_then(|number| u64::try_from(number).ok());
    let positive = |key: &str, default: u64| given(key).filter(|number| *number > 0).unwrap_or(default);
    Probe {
        initial_delay: Duration::from_secs(given("initial_delay_seconds").unwrap_or(defaults.initial_delay)),
        period: Duration::from_secs(positive("period_seconds", defaults.period)),
        timeout: Duration::from_secs(positive("timeout_seconds", defaults.timeout)),
        success_threshold: positive("success_threshold", 1) as u32,
        failure_threshold: positive("failure_threshold", u64::from(defaults.failures)) as u32,
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.as_str().map(str::to_owned)
}

fn truth(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
}

/// A whole number, or the text that a reference became.
fn number(node: &Node, key: &str) -> Option<i64> {
    let value = node.get(key)?;
    value.as_i64().or_else(|| whole(value)).or_else(|| value.as_str()?.parse().ok())
}

fn amount(node: &Node, key: &str) -> Option<u64> {
    number(node, key)?.try_into().ok()
}

fn count(node: &Node, key: &str) -> Option<u32> {
    number(node, key)?.try_into().ok()
}

fn port(node: &Node, key: &str) -> Option<u16> {
    node.get(key)?.as_str()?.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, tree};

    fn recipe(text: &str) -> Recipe {
        read(&tree::parse(&Source::new("recipe.json", text)).expect("JSON"))
    }

    #[test]
    fn fills_in_the_defaults_of_the_control_plane() {
        let recipe = recipe(
            r#"{"recipe_mode":"service","recipe_startup_probe_params":{"endpoint_path":"/health"},
                "recipe_readiness_probe_params":{"period_seconds":0,"initial_delay_seconds":0}}"#,
        );
        let startup = recipe.startup_probe.expect("a startup probe");
        assert_eq!((startup.initial_delay, startup.period), (Duration::from_secs(10), Duration::from_secs(2)));
        assert_eq!((startup.timeout, startup.failure_threshold), (Duration::from_secs(1), 30));
        let readiness = recipe.readiness_probe.expect("a readiness probe");
        assert_eq!((readiness.initial_delay, readiness.period), (Duration::ZERO, Duration::from_secs(10)));
        assert_eq!(recipe.liveness_probe, None);
        assert_eq!((recipe.host_port, recipe.replicas, recipe.node_pool_size), (80, 1, 1));
    }

    #[test]
    fn reads_numbers_with_an_empty_fraction() {
        let recipe = recipe(r#"{"recipe_liveness_probe_params":{"period_seconds":30.0,"failure_threshold":5.00}}"#);
        let liveness = recipe.liveness_probe.expect("a liveness probe");
        assert_eq!((liveness.period, liveness.failure_threshold), (Duration::from_secs(30), 5));
    }
}
