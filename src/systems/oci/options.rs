//! The profile of the OCI control plane: what its documents leave open, each with a stated default.
//!
//! The control plane is closed source. What is documented is cited beside the default (`docs/` is that of
//! oracle-quickstart/oci-ai-blueprints at 1807459dc149); what is not is marked *assumed*.

use crate::kernel::Duration;

/// How deployments are named in the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Names {
    /// `<deployment_name>-<group>`, as the examples of the Deployment Groups page have it.
    #[default]
    Documented,
    /// `recipe-` and at most 23 characters of `<deployment_name>-<group>`, a dash and 8 hexadecimal digits: inferred from names
    /// that live clusters show (oci-ai-incubations/ai-accelerator-starter-packs at 0b8d731c4754, BUGS.md, BUG-036).
    Corrino,
}

/// The state that a service must reach before its dependents may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Gate {
    /// `monitoring`, as documented.
    #[default]
    Monitoring,
    /// `active` is enough.
    Active,
}

/// The state that a job must reach before its dependents may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum JobGate {
    /// `completed`: assumed, the documents do not speak of jobs as dependencies.
    #[default]
    Completed,
    /// `monitoring`: a pod of the job runs.
    Monitoring,
}

/// When a service that was deployed is `monitoring`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MonitoringWhen {
    /// All of its pods are ready.
    #[default]
    Ready,
    /// All of its pods run, ready or not.
    Running,
}

/// When the control plane looks at its deployments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Passes {
    /// At each multiple of the interval, whether or not it was told of anything: what it was not told of it sees then.
    #[default]
    Regular,
    /// At the next multiple after it was told of a change: what it was not told of it sees with the next change.
    OnChange,
}

/// When nothing is left of a deployment that is taken down.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UndeployedWhen {
    /// The objects that were deleted are gone: its Deployment or Job, and its Service. Their pods go in the background.
    #[default]
    Objects,
    /// Their pods are gone, too.
    Pods,
}

/// Where the nodes of a recipe without a shared pool come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NodePools {
    /// From the nodes of the scenario: the recipe's shape is a required node affinity, nothing is provisioned.
    #[default]
    Fleet,
    /// Each such recipe gets a pool of its own, as the control plane does it.
    Provision,
}

/// Which references a member may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum References {
    /// To members that it names in `depends_on` only.
    #[default]
    Dependencies,
    /// To any member of its group. Real groups do this, and can wait for ever by it.
    Members,
}

/// Which exports of its dependencies a member waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WaitFor {
    /// Those that its recipe refers to.
    #[default]
    Referenced,
    /// All that its dependencies declare.
    Declared,
}

/// What makes a deployment `failed`, beyond a failed job or node pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FailOn {
    /// A startup probe ran out of tries (`docs/sample_blueprints/startup_liveness_readiness_probes`: the pod will fail).
    pub startup_probe: bool,
    /// A container crashes again and again. Off: pods that loop for ever are a known state (`docs/known_issues.md`).
    pub crash_loop: bool,
    /// An image cannot be pulled. Off, assumed.
    pub image_pull: bool,
}

impl Default for FailOn {
    fn default() -> FailOn {
        FailOn { startup_probe: true, crash_loop: false, image_pull: false }
    }
}

/// The profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// How deployments are named.
    pub names: Names,
    /// The control plane looks at its deployments at multiples of this. 10 s, assumed.
    pub pass_interval: Duration,
    /// Whether it does so without having been told of a change. At each, assumed.
    pub passes: Passes,
    /// From the pass that starts to collect exports to the read of the service. 1 s, assumed.
    pub export_latency: Duration,
    /// What dependents of a service wait for.
    pub gate: Gate,
    /// What dependents of a job wait for.
    pub job_gate: JobGate,
    /// When a service is `monitoring`.
    pub monitoring_when: MonitoringWhen,
    /// When a deployment is `undeployed`. Once its objects are gone, assumed.
    pub undeployed_when: UndeployedWhen,
    /// Which exports dependents wait for.
    pub wait_for: WaitFor,
    /// Which references are accepted.
    pub references: References,
    /// What makes a deployment `failed`.
    pub fail_on: FailOn,
    /// Where nodes come from.
    pub node_pools: NodePools,
    /// The domain that public endpoints stand under, where a recipe names none. `nip.io` names stand for it in real clusters.
    pub endpoint_domain: String,
    /// The image that copies `input_object_storage` into a pod before it starts. The real one is not published.
    pub storage_image: String,
    /// Failed pods that a job outlives: Kubernetes' default, `k8s.io/kubernetes` v1.36.3 pkg/apis/batch/v1/defaults.go.
    pub job_backoff_limit: u32,
    /// Wall-clock time of the start of the run, in seconds since 1970. Dates that the API shows are counted from it.
    pub epoch_seconds: i64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            names: Names::default(),
            pass_interval: Duration::from_secs(10),
            passes: Passes::default(),
            export_latency: Duration::from_secs(1),
            gate: Gate::default(),
            job_gate: JobGate::default(),
            monitoring_when: MonitoringWhen::default(),
            undeployed_when: UndeployedWhen::default(),
            wait_for: WaitFor::default(),
            references: References::default(),
            fail_on: FailOn::default(),
            node_pools: NodePools::default(),
            endpoint_domain: "blueprints.example.com".to_owned(),
            storage_image: "object-storage-download".to_owned(),
            job_backoff_limit: 6,
            // 2026-01-01T00:00:00Z
            epoch_seconds: 1_767_225_600,
        }
    }
}
