//! What a service's folder says, as plain values: its pipeline, its instances, its namespaces, its Tron jobs.
//! Only what a rollout could depend on is here; how it is read is not, nor what a run makes of it.
//!
//! Names and defaults are those of Yelp/paasta at cc57ae869d (v1.60.3), paasta_tools/.

use std::collections::BTreeMap;

use crate::kernel::Duration;
use crate::text::Place;

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

/// The files of a service for one cluster.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClusterFiles {
    /// The cluster: what stands behind the dash of a file's name.
    pub cluster: String,
    /// The instances of kubernetes-, eks- and adhoc-<cluster>.yaml.
    pub instances: Vec<Instance>,
    /// The jobs of tron-<cluster>.yaml.
    pub jobs: Vec<TronJob>,
}

/// Which file an instance stands in, which tells how it is run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InstanceKind {
    /// kubernetes-<cluster>.yaml.
    Kubernetes,
    /// eks-<cluster>.yaml.
    Eks,
    /// adhoc-<cluster>.yaml: run by hand, never bounced and never waited for.
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

/// deploy.yaml.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pipeline {
    /// Where it stands.
    pub place: Place,
    /// Its items, in the order of the file, which is that of the rollout.
    pub items: Vec<PipelineItem>,
    /// `production_deploy_group`.
    pub production_deploy_group: Option<String>,
    /// `slack_channels`.
    pub slack_channels: Vec<String>,
    /// `slack_notify`. Default: true.
    pub slack_notify: bool,
    /// `default_deploy_strategy`.
    pub default_deploy_strategy: Option<String>,
}

impl Pipeline {
    /// The deploy groups in the order in which the pipeline comes to them, those of parallel blocks among them.
    pub fn deploy_groups(&self) -> impl Iterator<Item = &Step> {
        self.items.iter().flat_map(PipelineItem::steps).filter(|step| step.is_deploy())
    }
}

/// An item of a pipeline: a step, or several at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PipelineItem {
    /// One step.
    Step(Step),
    /// `parallel`: steps that begin together.
    Parallel {
        /// Where the item stands.
        place: Place,
        /// The steps, in the order of the file.
        steps: Vec<Step>,
        /// `trigger_next_step_manually` beside the block: the pipeline waits for a click after it.
        trigger_next_step_manually: bool,
    },
}

impl PipelineItem {
    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        match self {
            PipelineItem::Step(step) => std::slice::from_ref(step),
            PipelineItem::Parallel { steps, .. } => steps,
        }
    }

    /// True if the pipeline waits for a click after it.
    pub const fn is_gated(&self) -> bool {
        match self {
            PipelineItem::Step(step) => step.trigger_next_step_manually,
            PipelineItem::Parallel { trigger_next_step_manually, .. } => *trigger_next_step_manually,
        }
    }
}

/// Steps that deploy nothing: DEPLOY_PIPELINE_NON_DEPLOY_STEPS of paasta_tools/utils.py.
pub const NON_DEPLOY_STEPS: &[&str] = &["itest", "itest-and-push-to-registry", "security-check", "push-to-registry"];

/// A step of a pipeline. `None` is what the file does not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// Its name: a deploy group, or one of the steps that deploy nothing.
    pub name: String,
    /// `trigger_next_step_manually`.
    pub trigger_next_step_manually: bool,
    /// `wait_for_deployment`. Default: true.
    pub wait_for_deployment: bool,
    /// `disabled`.
    pub disabled: bool,
    /// `ignore_failure`: the pipeline goes on if the step fails.
    pub ignore_failure: bool,
    /// `command`.
    pub command: Option<String>,
    /// `display_step_for_confirmation`.
    pub display_step_for_confirmation: bool,
    /// `confirmation_required`.
    pub confirmation_required: bool,
    /// `service_account`.
    pub service_account: Option<String>,
    /// How long the deployment may take, and what follows.
    pub waiting: Waiting,
    /// When it goes back by itself.
    pub rollback: StepRollback,
    /// Who is told of what.
    pub notify: Notify,
    /// `deployment_steps`, and what goes with them.
    pub progress: Progress,
}

impl Step {
    /// True if the step's name is a deploy group.
    pub fn is_deploy(&self) -> bool {
        is_deploy_step(&self.name)
    }
}

/// True if a step of this name deploys: is_deploy_step of paasta_tools/utils.py.
pub fn is_deploy_step(name: &str) -> bool {
    !NON_DEPLOY_STEPS.contains(&name) && !name.starts_with("command-")
}

/// How long a deployment may take, and what follows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Waiting {
    /// `timeout`.
    pub timeout: Option<Duration>,
    /// `warn`: percent of the timeout after which it warns.
    pub warn_percent: Option<i64>,
    /// `auto_certify_delay`; zero for one below zero, which means the same.
    pub auto_certify_delay: Option<Duration>,
    /// `auto_abandon_delay`.
    pub auto_abandon_delay: Option<Duration>,
    /// `auto_rollback_delay`.
    pub auto_rollback_delay: Option<Duration>,
}

/// When a step goes back by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StepRollback {
    /// `auto_rollback`.
    pub auto_rollback: Option<bool>,
    /// `alertmanager_rollback`.
    pub alertmanager: Option<bool>,
    /// `alertmanager_rollback_dry_run`.
    pub alertmanager_dry_run: Option<bool>,
    /// `alertmanager_poll_interval_s`.
    pub alertmanager_poll_interval: Option<Duration>,
    /// `enable_crashloop_auto_rollback`.
    pub crashloop: Option<bool>,
    /// `min_restarts_for_crashloop_rollback`.
    pub crashloop_min_restarts: Option<i64>,
    /// `crashloop_rollback_percentage_threshold`, a share from 0 to 1.
    pub crashloop_threshold: Option<Decimal>,
}

/// Who is told of what.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notify {
    /// `slack_notify`.
    pub slack: Option<bool>,
    /// `notify_after_mark`.
    pub after_mark: Option<bool>,
    /// `notify_after_good_deploy`.
    pub after_good_deploy: Option<bool>,
    /// `notify_after_auto_rollback`.
    pub after_auto_rollback: Option<bool>,
    /// `notify_after_abort`.
    pub after_abort: Option<bool>,
}

/// `deployment_steps` and what goes with them: accepted, and without meaning in the code that is public.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// `deployment_steps`.
    pub steps: Vec<DeploymentStep>,
    /// `abandon_above_breakage_pct`.
    pub abandon_above_breakage_percent: Option<Decimal>,
    /// `complete_below_breakage_pct`.
    pub complete_below_breakage_percent: Option<Decimal>,
    /// `prompt_after_abandon`.
    pub prompt_after_abandon: Option<bool>,
    /// `confirm_complete`.
    pub confirm_complete: Option<bool>,
    /// `enable_automated_redeploys`.
    pub enable_automated_redeploys: Option<bool>,
}

/// A row of `deployment_steps`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentStep {
    /// `deploy_group`.
    pub deploy_group: String,
    /// `progress`.
    pub progress: Decimal,
    /// `confirm_before`.
    pub confirm_before: bool,
    /// `deploy_below_breakage_pct`.
    pub deploy_below_breakage_percent: Option<Decimal>,
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

/// A job of tron-<cluster>.yaml. A new version is used at its next run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TronJob {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// `schedule`, as one text: `cron 0 * * * *`.
    pub schedule: String,
    /// `deploy_group` of the job; `None` if it has none.
    pub deploy_group: Option<String>,
    /// `enabled`. Default: true.
    pub enabled: bool,
    /// `expected_runtime`, as it is written: `5m`.
    pub expected_runtime: Option<String>,
    /// Its actions, in the order of the file.
    pub actions: Vec<TronAction>,
}

/// An action of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TronAction {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// `command`.
    pub command: String,
    /// `requires`: actions of the same job that come first.
    pub requires: Vec<String>,
    /// `triggered_by`.
    pub triggered_by: Vec<String>,
    /// `trigger_downstreams`: true, or a map, means that others are told.
    pub triggers_downstreams: bool,
    /// `retries`.
    pub retries: u32,
    /// The service whose code it runs; `None`: its own.
    pub service: Option<String>,
    /// `executor`. Default: paasta.
    pub executor: String,
    /// The deploy group: the action's, else the job's. It has no default, and only `ssh` needs none.
    pub deploy_group: Option<String>,
    /// CPU in thousandths of a core.
    pub cpus_milli: u64,
    /// Memory in bytes.
    pub mem_bytes: u64,
    /// Disk in bytes.
    pub disk_bytes: u64,
    /// `pool`.
    pub pool: Option<String>,
}
