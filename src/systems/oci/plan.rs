//! What a recipe becomes in Kubernetes' terms: a Deployment or Job, a Service, a pool of nodes, a change to a node.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{Mode, Recipe};
use super::names::Unique;
use super::options::{NodePools, Options};
use crate::kernel::Duration;
use crate::timeline::Subject;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};
use crate::workload::{
    Container, DeploymentSpec, JobSpec, NodePatch, NodePoolSpec, NodeRequirement, NodeTerm, Object, Operator,
    PodTemplate, Resources, RestartPolicy, ServiceSpec, Toleration,
};

/// The label of a node's shape, which Kubernetes' cloud providers set.
pub const SHAPE_LABEL: &str = "node.kubernetes.io/instance-type";
/// The label of the pool that a node belongs to.
pub const POOL_LABEL: &str = "greenroom.dev/pool";
/// The label of nodes that were made for one deployment alone.
pub const DEDICATED_LABEL: &str = "greenroom.dev/dedicated";
/// The label with a shared pool's selector. Source: docs/sample_blueprints/other/exisiting_cluster_installation.
pub const SELECTOR_LABEL: &str = "corrino";
/// The label of nodes that any recipe may share. Source: as above.
pub const SHARED_LABEL: &str = "corrino/pool-shared-any";
/// The label that ties a service to its pods.
const APP_LABEL: &str = "app";

const GIBIBYTE: u64 = 1 << 30;
/// Hardware threads that Kubernetes counts for an OCPU of an x86 shape.
const CPUS_AN_OCPU: u64 = 2;
/// Kubernetes' default: k8s.io/kubernetes v1.36.3, pkg/apis/core/v1/defaults.go.
const GRACE_PERIOD: Duration = Duration::from_secs(30);

/// Where the pods of a recipe may run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Placement {
    /// On any node of the recipe's shape, or of none.
    Fleet,
    /// On the nodes of this pool, which was made for the recipe.
    Dedicated(String),
    /// On the shared nodes with this selector, or in this pool; both may be absent.
    Shared {
        /// What the recipe selects by.
        selector: Option<String>,
        /// The pool that was picked.
        pool: Option<String>,
    },
}

/// The Deployment or Job of a recipe.
pub fn workload(recipe: &Recipe, names: &Unique, placement: &Placement, serves: Subject, options: &Options) -> Object {
    let template = Arc::new(template(recipe, names, placement, serves, options));
    if recipe.mode == Mode::Job {
        return Object::Job(JobSpec {
            completions: Some(recipe.replicas),
            parallelism: recipe.replicas,
            backoff_limit: options.job_backoff_limit,
            ..JobSpec::of(template)
        });
    }
    Object::Deployment(DeploymentSpec::of(recipe.replicas, template))
}

/// The Service of a recipe; only recipes that serve have one.
pub fn service(recipe: &Recipe, names: &Unique) -> Option<Object> {
    if recipe.mode != Mode::Service {
        return None;
    }
    Some(Object::Service(ServiceSpec {
        selector: BTreeMap::from([(APP_LABEL.to_owned(), names.object.clone())]),
        port: recipe.host_port,
        target_port: recipe.container_port.unwrap_or(recipe.host_port),
        ingress: !recipe.ingress_disabled,
        publishes_unready: false,
    }))
}

fn template(recipe: &Recipe, names: &Unique, placement: &Placement, serves: Subject, options: &Options) -> PodTemplate {
    let main = Container {
        name: names.object.clone(),
        image: recipe.image.clone().unwrap_or_default(),
        requests: requests(recipe),
        startup_probe: recipe.startup_probe,
        liveness_probe: recipe.liveness_probe,
        readiness_probe: recipe.readiness_probe,
        ..Container::default()
    };
    PodTemplate {
        labels: BTreeMap::from([(APP_LABEL.to_owned(), names.object.clone())]),
        init_containers: (0..recipe.inputs).map(|index| download(index, options)).collect(),
        containers: vec![main],
        restart_policy: if recipe.mode == Mode::Job { RestartPolicy::Never } else { RestartPolicy::Always },
        termination_grace_period: GRACE_PERIOD,
        node_terms: node_terms(recipe, placement),
        tolerations: tolerations(recipe),
        serves: Some(serves),
        ..PodTemplate::default()
    }
}

/// One source of `input_object_storage` is copied by one container before the others start.
fn download(index: u32, options: &Options) -> Container {
    Container {
        name: format!("input-object-storage-{index}"),
        image: options.storage_image.clone(),
        requests: Resources::default(),
        ..Container::default()
    }
}

fn requests(recipe: &Recipe) -> Resources {
    let mut extended = BTreeMap::new();
    match &recipe.mig_slice {
        Some(slice) => {
            extended.insert(format!("nvidia.com/mig-{slice}"), 1);
        }
        None if recipe.nvidia_gpus > 0 => {
            extended.insert(NVIDIA_GPU.to_owned(), recipe.nvidia_gpus);
        }
        None => {}
    }
    if recipe.amd_gpus > 0 {
        extended.insert(AMD_GPU.to_owned(), recipe.amd_gpus);
    }
    Resources {
        cpu_milli: recipe.cpu_count.unwrap_or(0).saturating_mul(1000),
        memory_bytes: gibibytes(recipe.memory_gb),
        ephemeral_storage_bytes: gibibytes(recipe.ephemeral_gb),
        extended,
    }
}

/// GPU nodes of a cloud provider carry a taint of the vendor's resource name.
fn tolerations(recipe: &Recipe) -> Vec<Toleration> {
    let mut tolerated = Vec::new();
    let mut tolerate = |key: &str| {
        tolerated.push(Toleration { key: Some(key.to_owned()), value: None, effect: None, seconds: None });
    };
    if recipe.nvidia_gpus > 0 || recipe.mig_slice.is_some() {
        tolerate(NVIDIA_GPU);
    }
    if recipe.amd_gpus > 0 {
        tolerate(AMD_GPU);
    }
    tolerated
}

/// Required node affinity: a node of the recipe's shape, or one that tells none, in the right pool.
fn node_terms(recipe: &Recipe, placement: &Placement) -> Vec<NodeTerm> {
    let mut common = Vec::new();
    match placement {
        Placement::Fleet => {}
        Placement::Dedicated(pool) => {
            return vec![NodeTerm { requirements: vec![is_in(POOL_LABEL, pool)] }];
        }
        Placement::Shared { selector, pool } => {
            common.extend(selector.iter().map(|selector| is_in(SELECTOR_LABEL, selector)));
            common.extend(pool.iter().map(|pool| is_in(POOL_LABEL, pool)));
        }
    }
    let Some(shape) = &recipe.node_shape else {
        return if common.is_empty() { Vec::new() } else { vec![NodeTerm { requirements: common }] };
    };
    let unlabelled =
        NodeRequirement { key: SHAPE_LABEL.to_owned(), operator: Operator::DoesNotExist, values: Vec::new() };
    [is_in(SHAPE_LABEL, shape), unlabelled]
        .into_iter()
        .map(|first| NodeTerm { requirements: std::iter::once(first).chain(common.iter().cloned()).collect() })
        .collect()
}

fn is_in(key: &str, value: &str) -> NodeRequirement {
    NodeRequirement { key: key.to_owned(), operator: Operator::In, values: vec![value.to_owned()] }
}

/// The pool that is made for one recipe alone; `None` where nodes are those of the fleet.
pub fn dedicated_pool(recipe: &Recipe, names: &Unique, options: &Options) -> Option<NodePoolSpec> {
    if options.node_pools == NodePools::Fleet || recipe.use_shared_pool || !recipe.mode.runs_pods() {
        return None;
    }
    let labels = [(POOL_LABEL, dedicated_pool_name(names)), (DEDICATED_LABEL, names.object.clone())];
    Some(NodePoolSpec {
        count: recipe.node_pool_size,
        shape: recipe.node_shape.clone()?,
        resources: node(recipe.flex_ocpus, recipe.flex_memory_gb, recipe.boot_volume_gb),
        mig: None,
        pods_max: recipe.pods_max,
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        taints: Vec::new(),
    })
}

/// The name of the pool that is made for one recipe alone.
pub fn dedicated_pool_name(names: &Unique) -> String {
    format!("{}-pool", names.object)
}

/// The pool that a `shared_node_pool` recipe makes.
pub fn shared_pool(recipe: &Recipe, names: &Unique) -> NodePoolSpec {
    let pool = &recipe.pool;
    let mut labels = recipe.node_labels.clone();
    let selector = pool.selector.clone().unwrap_or_else(|| names.object.clone());
    labels.insert(SELECTOR_LABEL.to_owned(), selector);
    labels.insert(POOL_LABEL.to_owned(), names.object.clone());
    labels.insert(SHARED_LABEL.to_owned(), "true".to_owned());
    NodePoolSpec {
        count: pool.size,
        shape: pool.shape.clone().unwrap_or_default(),
        resources: node(pool.flex_ocpus, pool.flex_memory_gb, pool.boot_volume_gb),
        mig: recipe.mig_config.clone().filter(|config| config != "all-disabled"),
        pods_max: recipe.pods_max,
        labels,
        taints: Vec::new(),
    }
}

/// What an `update` recipe changes.
pub fn node_patch(recipe: &Recipe) -> NodePatch {
    NodePatch { labels: recipe.node_labels.clone(), mig: recipe.mig_config.clone() }
}

/// What a pool sets instead of its shape's own figures.
fn node(ocpus: Option<u64>, memory_gb: Option<u64>, boot_gb: Option<u64>) -> Resources {
    Resources {
        cpu_milli: ocpus.unwrap_or(0).saturating_mul(CPUS_AN_OCPU * 1000),
        memory_bytes: gibibytes(memory_gb),
        ephemeral_storage_bytes: gibibytes(boot_gb),
        extended: BTreeMap::new(),
    }
}

fn gibibytes(count: Option<u64>) -> u64 {
    count.unwrap_or(0).saturating_mul(GIBIBYTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systems::oci::options::Names;

    fn names() -> Unique {
        Unique::new(Names::Documented, "vllm", Some("llama"), 0)
    }

    #[test]
    fn a_slice_takes_the_place_of_a_gpu() {
        let whole = Recipe { nvidia_gpus: 2, ..Recipe::default() };
        assert_eq!(requests(&whole).extended(NVIDIA_GPU), 2);
        let slice = Recipe { nvidia_gpus: 1, mig_slice: Some("1g.10gb".into()), ..Recipe::default() };
        assert_eq!(requests(&slice), Resources::of("nvidia.com/mig-1g.10gb", 1));
        assert_eq!(requests(&Recipe { amd_gpus: 4, ..Recipe::default() }), Resources::of(AMD_GPU, 4));
    }

    #[test]
    fn a_shape_is_required_of_nodes_that_tell_theirs() {
        let recipe = Recipe { node_shape: Some("VM.GPU.A10.2".into()), ..Recipe::default() };
        let matches = |placement: &Placement, labels: &[(&str, &str)]| {
            let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            node_terms(&recipe, placement).iter().any(|term| term.matches(&labels))
        };
        assert!(matches(&Placement::Fleet, &[(SHAPE_LABEL, "VM.GPU.A10.2")]));
        assert!(matches(&Placement::Fleet, &[("zone", "a")]));
        assert!(!matches(&Placement::Fleet, &[(SHAPE_LABEL, "VM.GPU.A10.1")]));
        let picked = Placement::Shared { selector: None, pool: Some("a10".into()) };
        assert!(matches(&picked, &[(SHAPE_LABEL, "VM.GPU.A10.2"), (POOL_LABEL, "a10")]));
        assert!(!matches(&picked, &[(SHAPE_LABEL, "VM.GPU.A10.2"), (POOL_LABEL, "b10")]));
    }

    #[test]
    fn the_service_leads_from_port_80_to_the_container() {
        let recipe = Recipe { host_port: 80, container_port: Some(8000), ..Recipe::default() };
        let Some(Object::Service(service)) = service(&recipe, &names()) else { panic!("no service") };
        assert_eq!((service.port, service.target_port, service.ingress), (80, 8000, true));
        assert_eq!(super::service(&Recipe { mode: Mode::Job, ..recipe }, &names()), None);
    }

    #[test]
    fn pools_are_made_only_where_the_profile_says_so() {
        let recipe = Recipe {
            node_shape: Some("VM.Standard.E4.Flex".into()),
            flex_ocpus: Some(2),
            node_pool_size: 1,
            ..Recipe::default()
        };
        assert_eq!(dedicated_pool(&recipe, &names(), &Options::default()), None);
        let provision = Options { node_pools: NodePools::Provision, ..Options::default() };
        let pool = dedicated_pool(&recipe, &names(), &provision).expect("a pool");
        assert_eq!((pool.count, pool.resources.cpu_milli), (1, 4000));
        let shared = Recipe { use_shared_pool: true, ..recipe };
        assert_eq!(dedicated_pool(&shared, &names(), &provision), None);
    }
}
