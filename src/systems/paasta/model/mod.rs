//! What a service's folder says, as plain values: its pipeline, its instances, its namespaces, its Tron jobs.
//! Only what a rollout could depend on is here; how it is read is not, nor what a run makes of it.
//!
//! Names and defaults are those of Yelp/paasta at cc57ae869d (v1.60.3), paasta_tools/.

mod instance;
mod pipeline;
mod tron;

use std::collections::BTreeMap;

use crate::kernel::Duration;
use crate::text::Place;

pub use instance::{
    AntiAffinity, Bounce, BounceMethod, DesiredState, Drain, Healthcheck, Instance, InstanceKind, MetricsProvider,
    NodeRequirement, Placement, Size, SpreadConstraint,
};
pub use pipeline::{
    DeploymentStep, NON_DEPLOY_STEPS, Notify, Pipeline, PipelineItem, Progress, Step, StepRollback, Waiting,
    is_deploy_step,
};
pub use tron::{TronAction, TronJob};

/// A number as its document has it: `0.95`. Arithmetic with it is left to functions that repeat that of PaaSTA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decimal(pub String);

/// A service: a folder below soa-configs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Service {
    /// Its name, which is that of the folder.
    pub name: String,
    /// deploy.yaml, if the folder has one.
    pub pipeline: Option<Pipeline>,
    /// What runs in each cluster, in the order of their names.
    pub clusters: Vec<ClusterFiles>,
    /// smartstack.yaml: the namespaces that instances register in, in the order of the file.
    pub namespaces: Vec<Namespace>,
    /// The queries of rollback.yaml that decide on going back.
    pub rollback: Option<Rollback>,
}

impl Service {
    /// Every deploy group, those of the pipeline first.
    pub fn deploy_groups(&self) -> Vec<&str> {
        let steps = self.pipeline.iter().flat_map(Pipeline::deploy_groups).map(|step| step.name.as_str());
        let mut groups: Vec<&str> = Vec::new();
        for group in steps.chain(self.groups_in_use()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    /// The deploy groups of instances and actions: list_deploy_groups of paasta_tools/cli/utils.py.
    pub fn groups_in_use(&self) -> impl Iterator<Item = &str> {
        let instances =
            self.clusters.iter().flat_map(|cluster| &cluster.instances).map(|one| one.deploy_group.as_str());
        let actions = self.clusters.iter().flat_map(|cluster| &cluster.jobs).flat_map(|job| &job.actions);
        instances.chain(actions.filter_map(|action| action.deploy_group.as_deref()))
    }
}

/// The files of a service for one cluster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClusterFiles {
    /// The cluster: what stands behind the dash of a file's name.
    pub cluster: String,
    /// The instances of kubernetes-, eks- and `adhoc-<cluster>.yaml`.
    pub instances: Vec<Instance>,
    /// The jobs of `tron-<cluster>.yaml`.
    pub jobs: Vec<TronJob>,
}

/// A namespace of smartstack.yaml.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace {
    /// Where it stands.
    pub place: Place,
    /// Its name: `main`.
    pub name: String,
    /// `proxy_port`; `None` for null, which means that it is discovered without a port of its own.
    pub proxy_port: Option<u32>,
    /// `advertise`. Default: `region`.
    pub advertise: Vec<String>,
    /// `discover`. Default: `region`.
    pub discover: Option<String>,
    /// `extra_advertise`: from one location to others.
    pub extra_advertise: BTreeMap<String, Vec<String>>,
    /// `mode`. Default: http.
    pub mode: Option<String>,
    /// `lb_policy`.
    pub lb_policy: Option<String>,
    /// `healthcheck_mode`; `None`: the same as `mode`.
    pub healthcheck_mode: Option<String>,
    /// `healthcheck_uri`.
    pub healthcheck_uri: Option<String>,
    /// `retries`.
    pub retries: Option<u32>,
}

/// rollback.yaml.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rollback {
    /// Where it stands.
    pub place: Place,
    /// The conditions, in the order of their sources and of the file.
    pub conditions: Vec<RollbackCondition>,
    /// `enable_slo_rollback`. Default: true.
    pub enable_slo_rollback: bool,
    /// `allowed_failing_queries`. Default: 0.
    pub allowed_failing_queries: i64,
    /// `rollback_window_s`.
    pub window: Option<Duration>,
    /// `check_interval_s`.
    pub check_interval: Option<Duration>,
}

/// A query whose answer decides on going back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RollbackCondition {
    /// `signalfx`, `prometheus`, `splunk`.
    pub source: String,
    /// The query.
    pub query: String,
    /// True if it is only written down.
    pub dry_run: bool,
    /// It fails above this.
    pub upper_bound: Option<Decimal>,
    /// It fails below this.
    pub lower_bound: Option<Decimal>,
}
