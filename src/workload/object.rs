//! The objects that a controller may ask a world to make: the part of each spec that decides what happens.
//! Shapes follow `k8s.io/api` v0.36.3; a node pool is a cloud provider's, and a world may refuse it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::apps::{DaemonSetSpec, LeaderWorkerSetSpec, ReplicaSetSpec, StatefulSetSpec};
use super::batch::{CronJobSpec, JobSpec};
use super::gang::{PodGroupSpec, TopologySpec};
use super::pod::Taint;
use super::policy::{AutoscalerSpec, BudgetSpec, PriorityClassSpec, QuotaSpec};
use super::rollout::{AnalysisTemplateSpec, RolloutSpec};
use super::storage::{ClaimSpec, StorageClassSpec, VolumeSpec};
use super::strategy::Strategy;
use super::{PodTemplate, Resources};
use crate::kernel::Duration;
use crate::timeline::{Arg, Kind, Why};

/// Makes the enum of objects and the kind of each from one list.
macro_rules! objects {
    ($($(#[$doc:meta])* $kind:ident($spec:ty),)*) => {
        /// A named object's spec.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Object { $($(#[$doc])* $kind($spec),)* }

        impl Object {
            /// The kinds of all objects.
            pub const KINDS: &[Kind] = &[$(Kind::$kind,)*];

            /// The kind of the object.
            pub const fn kind(&self) -> Kind {
                match self { $(Object::$kind(_) => Kind::$kind,)* }
            }
        }
    };
}

objects! {
    /// v1 Pod that no workload owns.
    Pod(Arc<PodTemplate>),
    /// apps/v1 Deployment.
    Deployment(DeploymentSpec),
    /// apps/v1 ReplicaSet that no Deployment owns.
    ReplicaSet(ReplicaSetSpec),
    /// apps/v1 StatefulSet.
    StatefulSet(StatefulSetSpec),
    /// apps/v1 DaemonSet.
    DaemonSet(DaemonSetSpec),
    /// leaderworkerset.x-k8s.io/v1 LeaderWorkerSet.
    LeaderWorkerSet(LeaderWorkerSetSpec),
    /// argoproj.io/v1alpha1 Rollout.
    Rollout(Box<RolloutSpec>),
    /// argoproj.io/v1alpha1 AnalysisTemplate.
    AnalysisTemplate(Box<AnalysisTemplateSpec>),
    /// argoproj.io/v1alpha1 ClusterAnalysisTemplate.
    ClusterAnalysisTemplate(Box<AnalysisTemplateSpec>),
    /// argoproj.io/v1alpha1 AnalysisRun.
    AnalysisRun(Box<AnalysisTemplateSpec>),
    /// batch/v1 Job.
    Job(JobSpec),
    /// batch/v1 CronJob.
    CronJob(Box<CronJobSpec>),
    /// v1 Service, with the ingress that the system puts before it.
    Service(ServiceSpec),
    /// policy/v1 PodDisruptionBudget.
    PodDisruptionBudget(BudgetSpec),
    /// scheduling.k8s.io/v1 PriorityClass.
    PriorityClass(PriorityClassSpec),
    /// v1 ResourceQuota.
    ResourceQuota(QuotaSpec),
    /// autoscaling/v2 HorizontalPodAutoscaler.
    HorizontalPodAutoscaler(Box<AutoscalerSpec>),
    /// v1 ConfigMap: that it is there.
    ConfigMap(()),
    /// v1 Secret: that it is there.
    Secret(()),
    /// v1 Namespace.
    Namespace(()),
    /// v1 PersistentVolumeClaim.
    PersistentVolumeClaim(ClaimSpec),
    /// v1 PersistentVolume.
    PersistentVolume(VolumeSpec),
    /// storage.k8s.io/v1 StorageClass.
    StorageClass(StorageClassSpec),
    /// scheduling.run.ai/v2alpha2 or scheduling.volcano.sh/v1beta1 PodGroup.
    PodGroup(Box<PodGroupSpec>),
    /// kai.scheduler/v1alpha1 Topology.
    Topology(TopologySpec),
    /// A pool of equal nodes.
    NodePool(NodePoolSpec),
}

impl Object {
    /// What its pods are made from, if it has any.
    pub fn template(&self) -> Option<&Arc<PodTemplate>> {
        match self {
            Object::Pod(template) => Some(template),
            Object::Deployment(spec) => Some(&spec.template),
            Object::ReplicaSet(spec) => Some(&spec.template),
            Object::StatefulSet(spec) => Some(&spec.template),
            Object::DaemonSet(spec) => Some(&spec.template),
            Object::Job(spec) => Some(&spec.template),
            Object::CronJob(spec) => Some(&spec.job.template),
            _ => None,
        }
    }
}

/// What a Deployment asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeploymentSpec {
    /// How many pods.
    pub replicas: u32,
    /// What they are made from.
    pub template: Arc<PodTemplate>,
    /// How a new template replaces the old.
    pub strategy: Strategy,
    /// How long a pod must be ready to count as available.
    pub min_ready: Duration,
    /// How long a rollout may go without progress before it is reported.
    pub progress_deadline: Duration,
    /// No rollout while it is paused; scaling goes on.
    pub paused: bool,
    /// Old ReplicaSets that are kept; `None`: as the release has it.
    pub revision_history: Option<u32>,
}

impl DeploymentSpec {
    /// A Deployment with the defaults of `k8s.io/kubernetes` v1.36.3, pkg/apis/apps/v1/defaults.go.
    pub fn of(replicas: u32, template: Arc<PodTemplate>) -> DeploymentSpec {
        DeploymentSpec {
            replicas,
            template,
            strategy: Strategy::default(),
            min_ready: Duration::ZERO,
            progress_deadline: Duration::from_secs(600),
            paused: false,
            revision_history: None,
        }
    }
}

/// What a Service asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceSpec {
    /// Pods with all of these labels are behind it.
    pub selector: BTreeMap<String, String>,
    /// The port that it listens on.
    pub port: u16,
    /// The port of the pods that it leads to.
    pub target_port: u16,
    /// True if it is reachable from outside, through an ingress or a load balancer.
    pub ingress: bool,
    /// True if it leads to all of its pods that have an address, ready or not (`publishNotReadyAddresses`).
    pub publishes_unready: bool,
}

impl ServiceSpec {
    /// Where a Service leads, as its creation tells it. One without a port has no address either (`clusterIP: None`), as kubectl
    /// shows it.
    pub fn leads(port: u16, target_port: u16) -> Why {
        match (port, target_port) {
            (0, 0) => Why::text("ClusterIP None"),
            _ => Why::with2("port {} to {}", Arg::Count(port.into()), Arg::Count(target_port.into())),
        }
    }
}

/// What a pool of nodes asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodePoolSpec {
    /// How many nodes.
    pub count: u32,
    /// The shape that the provider knows the nodes by (`VM.GPU.A10.2`).
    pub shape: String,
    /// What is set instead of the shape's own figures: a flexible shape's CPU and memory, a boot volume. Zero: as the shape.
    pub resources: Resources,
    /// MIG configuration of every GPU (`all-1g.10gb`); `None`: whole GPUs.
    pub mig: Option<String>,
    /// The most pods on a node; `None`: as the cluster has it.
    pub pods_max: Option<u32>,
    /// Labels of the nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    pub taints: Vec<Taint>,
}

/// A change to one node that is there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodePatch {
    /// Labels to set.
    pub labels: BTreeMap<String, String>,
    /// MIG configuration to apply to every GPU of the node.
    pub mig: Option<String>,
}
