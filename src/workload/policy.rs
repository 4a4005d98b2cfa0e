//! What bounds or steers workloads without being one: budgets, priorities, quotas, autoscalers.
//! Shapes follow `k8s.io/api` v0.36.3: policy/v1, scheduling/v1, core/v1, autoscaling/v2.

use std::collections::BTreeMap;

use super::{IntOrPercent, LabelSelector};
use crate::kernel::Duration;
use crate::timeline::Subject;

/// The priority classes that every cluster has: k8s.io/kubernetes v1.36.3, pkg/apis/scheduling/types.go
/// (SystemCriticalPriority) and pkg/apis/scheduling/v1/helpers.go (SystemPriorityClasses).
pub const SYSTEM_PRIORITY_CLASSES: [(&str, i32); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// What a PodDisruptionBudget asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetSpec {
    /// The pods that it protects; `None`: none of them.
    pub selector: Option<LabelSelector>,
    /// How many there must be, or may be missing.
    pub bound: BudgetBound,
    /// `unhealthyPodEvictionPolicy: AlwaysAllow`; else `IfHealthyBudget`.
    pub always_evicts_unready: bool,
}

/// The bound of a budget; percentages are rounded up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BudgetBound {
    /// `minAvailable`.
    MinAvailable(IntOrPercent),
    /// `maxUnavailable`.
    MaxUnavailable(IntOrPercent),
}

/// What a PriorityClass says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriorityClassSpec {
    /// The priority of its pods.
    pub value: i32,
    /// The class of pods that name none.
    pub is_default: bool,
    /// `preemptionPolicy: Never` is false.
    pub preempts: bool,
}

/// What a ResourceQuota allows in its namespace.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QuotaSpec {
    /// The most of each, by the quota's own names (`requests.nvidia.com/gpu`, `limits.cpu`, `pods`,
    /// `count/deployments.apps`): CPU in thousandths, memory and storage in bytes, everything else in units.
    pub hard: BTreeMap<String, u64>,
    /// Scopes that pods must have to be counted, as the document writes them (`BestEffort`, `PriorityClass In high`).
    pub scopes: Vec<QuotaScope>,
}

/// Which pods a quota counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QuotaScope {
    /// With an active deadline, or not.
    Terminating(bool),
    /// Without requests and limits, or with any.
    BestEffort(bool),
    /// Of one of these priority classes (`in`), of none of them, of any (no names), or of none at all.
    PriorityClass {
        /// `In` and `Exists` are true, `NotIn` and `DoesNotExist` false.
        included: bool,
        /// The classes; empty for `Exists` and `DoesNotExist`.
        names: Vec<String>,
    },
}

/// What a HorizontalPodAutoscaler asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AutoscalerSpec {
    /// What it scales: a Deployment, a StatefulSet, a ReplicaSet, a LeaderWorkerSet.
    pub target: Subject,
    /// The fewest pods.
    pub replicas_min: u32,
    /// The most pods.
    pub replicas_max: u32,
    /// What it looks at; the largest answer counts.
    pub metrics: Vec<Metric>,
    /// How it grows.
    pub up: ScalingRules,
    /// How it shrinks.
    pub down: ScalingRules,
}

/// A metric and its target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metric {
    /// The name: `cpu`, `memory`, or a custom one. The series is that of `behaviour`.
    pub name: String,
    /// For a resource of one container: its name.
    pub container: Option<String>,
    /// What is aimed at.
    pub target: MetricTarget,
}

/// What an autoscaler aims at. Values are in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MetricTarget {
    /// Hundredths of what the pods request.
    UtilizationPercent(u32),
    /// So much a pod.
    AverageValueMilli(u64),
    /// So much in all.
    ValueMilli(u64),
}

/// How an autoscaler may change the number of pods in one direction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScalingRules {
    /// The most cautious answer of this long a past counts.
    pub stabilization_window: Duration,
    /// Limits on the change; none: it may not change in this direction if `disabled`, else freely.
    pub policies: Vec<ScalingPolicy>,
    /// Which policy counts.
    pub select: ScalingSelect,
    /// Thousandths by which a metric may miss its target without a change.
    pub tolerance_permille: u32,
}

/// Which of several scaling policies counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScalingSelect {
    /// The one with the largest change.
    Max,
    /// The one with the smallest change.
    Min,
    /// No change in this direction.
    Disabled,
}

/// A limit on how fast the number of pods may change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ScalingPolicy {
    /// True: `value` is in percent of the pods at the beginning of the period; false: in pods.
    pub percent: bool,
    /// How many.
    pub value: u32,
    /// In how long.
    pub period: Duration,
}
