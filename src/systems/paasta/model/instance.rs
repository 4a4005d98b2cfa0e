//! An instance of a service in one cluster, with every default of PaaSTA's code filled in that needs no other file.

use std::collections::BTreeMap;

use super::Decimal;
use crate::kernel::Duration;
use crate::text::Place;

/// Which file an instance stands in, which tells how it is run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InstanceKind {
    /// `kubernetes-<cluster>.yaml`.
    Kubernetes,
    /// `eks-<cluster>.yaml`.
    Eks,
    /// `adhoc-<cluster>.yaml`: run by hand, never bounced and never waited for.
    Adhoc,
}

/// An instance of a service in one cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Where it stands.
    pub place: Place,
    /// Its name in the file.
    pub name: String,
    /// Its cluster.
    pub cluster: String,
    /// How it is run.
    pub kind: InstanceKind,
    /// The deploy group, names in braces put in; `<cluster>.<instance>` if the file has none.
    pub deploy_group: String,
    /// True if the file names the group; else it is the default.
    pub deploy_group_is_set: bool,
    /// CPU of one copy in thousandths of a core. Default: one core.
    pub cpus_milli: u64,
    /// How much more than `cpus` a copy may use, in thousandths of a core; `None`: as the cluster has it.
    pub cpu_burst_add_milli: Option<u64>,
    /// Memory of one copy in bytes. Default: 4096 MiB.
    pub mem_bytes: u64,
    /// Disk of one copy in bytes. Default: 1024 MiB.
    pub disk_bytes: u64,
    /// GPUs of one copy.
    pub gpus: u32,
    /// How many copies and how their number changes.
    pub size: Size,
    /// How a new version takes the place of the old.
    pub bounce: Bounce,
    /// How a copy is taken out of service.
    pub drain: Drain,
    /// How a copy is probed.
    pub healthcheck: Healthcheck,
    /// The namespaces that it registers in, as `service.namespace`. Default: its own name.
    pub registrations: Vec<String>,
    /// Its share of a registration's traffic, a copy; `None`: the default, 10.
    pub weight: Option<u32>,
    /// Where its copies may run.
    pub placement: Placement,
    /// The Kubernetes namespace; `None`: PaaSTA's own.
    pub namespace: Option<String>,
    /// What is wanted of it; `stop` leaves no copy.
    pub desired_state: DesiredState,
    /// True if it has EBS volumes, which one copy alone can hold.
    pub has_ebs_volumes: bool,
    /// True if it has persistent volumes: a StatefulSet rather than a Deployment.
    pub has_persistent_volumes: bool,
}

impl Instance {
    /// `service.instance`, as messages and registrations have it.
    pub fn job_id(&self, service: &str) -> String {
        format!("{service}.{}", self.name)
    }

    /// True if deploy groups wait for it: Kubernetes' own kinds, but not what is run by hand.
    pub const fn is_waited_for(&self) -> bool {
        matches!(self.kind, InstanceKind::Kubernetes | InstanceKind::Eks)
    }
}

/// How many copies an instance has. It is scaled automatically if and only if `max` is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Size {
    /// `instances`. Default: 1.
    pub instances: u32,
    /// `min_instances`. Default: 1.
    pub min: u32,
    /// `max_instances`.
    pub max: Option<u32>,
    /// What the number goes by where it is scaled automatically; the default is CPU.
    pub metrics_providers: Vec<MetricsProvider>,
}

impl Size {
    /// True if its number of copies goes by metrics.
    pub const fn is_autoscaled(&self) -> bool {
        self.max.is_some()
    }

    /// The number of copies that it starts with while no autoscaler has spoken: the most that it may have.
    pub fn initial(&self) -> u32 {
        self.max.unwrap_or(self.instances)
    }

    /// A number of copies within the bounds, as PaaSTA limits it: min wins over max.
    pub fn limited(&self, wanted: u32) -> u32 {
        self.max.map_or(wanted, |max| self.min.max(max.min(wanted)))
    }
}

/// A metric that an instance is scaled by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricsProvider {
    /// `cpu`, `uwsgi`, `active-requests`, …
    pub kind: String,
    /// What the metric is kept at, as a share. Default: 0.8.
    pub setpoint: Option<Decimal>,
    /// For `active-requests`: how many each copy is to have.
    pub desired_active_requests_per_replica: Option<Decimal>,
    /// `bespoke`: the number is set by someone else.
    pub decision_policy: Option<String>,
}

/// How a new version takes the place of the old.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bounce {
    /// `bounce_method`. Default: crossover.
    pub method: BounceMethod,
    /// `bounce_margin_factor`; `None`: the code's default, 0.95.
    pub margin_factor: Option<Decimal>,
    /// `bounce_overprovision_factor`; `None`: the default of the whole system, 1.0.
    pub overprovision_factor: Option<Decimal>,
    /// How long a new copy must be up before it counts.
    pub min_task_uptime: Option<Duration>,
    /// `check_haproxy`: a copy is ready only once the proxy has it.
    pub check_haproxy: Option<bool>,
    /// `check_envoy`, the same of Envoy.
    pub check_envoy: Option<bool>,
    /// `bounce_start_deadline`: how long a first pass may wait.
    pub start_deadline: Option<Duration>,
    /// `bounce_priority`, which has no effect on Kubernetes.
    pub priority: Option<i64>,
}

/// The methods of a bounce.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum BounceMethod {
    /// Old copies go as new ones come.
    #[default]
    Crossover,
    /// All old copies go at once.
    Brutal,
    /// Old copies go first.
    Downthenup,
    /// Old copies go when all new ones are there. Not on Kubernetes.
    Upthendown,
}

impl BounceMethod {
    /// All methods.
    pub const ALL: [BounceMethod; 4] =
        [BounceMethod::Crossover, BounceMethod::Brutal, BounceMethod::Downthenup, BounceMethod::Upthendown];

    /// The name as a document has it.
    pub const fn text(self) -> &'static str {
        match self {
            BounceMethod::Crossover => "crossover",
            BounceMethod::Brutal => "brutal",
            BounceMethod::Downthenup => "downthenup",
            BounceMethod::Upthendown => "upthendown",
        }
    }
}

/// How a copy is taken out of service.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Drain {
    /// `drain_method`: `noop`, `hacheck`, `http`, `test`; `None`: hacheck in smartstack, else noop.
    pub method: Option<String>,
    /// `drain_method_params.delay`.
    pub delay: Option<Duration>,
    /// `lifecycle.pre_stop_drain_seconds`.
    pub pre_stop_drain: Option<Duration>,
    /// `lifecycle.pre_stop_command`: what runs before a copy is stopped.
    pub pre_stop_command: Vec<String>,
    /// `lifecycle.pre_stop_wait_for_connections_to_complete`.
    pub waits_for_connections: bool,
    /// `lifecycle.termination_grace_period_seconds`.
    pub termination_grace: Option<Duration>,
}

/// How a copy is probed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Healthcheck {
    /// `healthcheck_mode`: `http`, `https`, `tcp`, `cmd`; `None`: http in smartstack, else none.
    pub mode: Option<String>,
    /// `healthcheck_uri`. Default: /status.
    pub uri: String,
    /// `healthcheck_cmd`.
    pub cmd: Option<String>,
    /// Time between two probes. Default: 10 s.
    pub interval: Duration,
    /// How long a probe may take. Default: 10 s.
    pub timeout: Duration,
    /// How long a new copy is left alone. Default: 60 s.
    pub grace: Duration,
    /// Failures in a row after which a copy is restarted. Default: 30.
    pub max_consecutive_failures: u32,
}

/// Where the copies of an instance may run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Placement {
    /// `pool`; `None`: the pool `default`.
    pub pool: Option<String>,
    /// `node_selectors` that are one text.
    pub node_selectors: BTreeMap<String, String>,
    /// `node_selectors` that are lists: a requirement each.
    pub node_requirements: Vec<NodeRequirement>,
    /// `anti_affinity`: labels of copies that keep off the node. Empty values mean the instance itself.
    pub anti_affinity: Vec<AntiAffinity>,
    /// `anti_affinity_preferred`.
    pub anti_affinity_preferred: Vec<AntiAffinity>,
    /// `topology_spread_constraints`.
    pub spread: Vec<SpreadConstraint>,
}

/// A requirement on a node's labels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeRequirement {
    /// The label, as the document has it.
    pub label: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`.
    pub operator: String,
    /// The values.
    pub values: Vec<String>,
}

/// Copies that one keeps away from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AntiAffinity {
    /// Of this service; `None`: of any.
    pub service: Option<String>,
    /// Of this instance; `None`: of any.
    pub instance: Option<String>,
    /// How much it counts where it is preferred. Default: 1.
    pub weight: u32,
}

/// How copies spread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpreadConstraint {
    /// The label whose values are the places; `None`: PaaSTA's default, the host name.
    pub topology_key: Option<String>,
    /// True for `DoNotSchedule`.
    pub is_required: bool,
    /// The greatest difference. Default: 1.
    pub max_skew: u32,
}

/// What is wanted of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum DesiredState {
    /// It runs.
    #[default]
    Start,
    /// It does not.
    Stop,
}
