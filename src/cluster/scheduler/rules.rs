//! How one scheduler decides: which plugins it has, with which weights and arguments. The defaults are those of
//! k8s.io/kubernetes v1.36.3, pkg/scheduler/apis/config/v1 (default_plugins.go, defaults.go). A scheduler configuration
//! file is read elsewhere; what it says ends here.

use super::rejection::Plugins;
use crate::cluster::profile::scheduling::{
    BACKOFF_INITIAL, BACKOFF_MAX, FEASIBLE_MIN, FEASIBLE_NODES_A_PERCENT, FEASIBLE_PERCENT_MAX, FEASIBLE_PERCENT_MIN,
    HARD_POD_AFFINITY_WEIGHT, PREEMPTION_LEAST, PREEMPTION_PERCENT,
};
use crate::kernel::{Duration, Names, Symbol};
use crate::workload::NodeTerm;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};
use crate::workload::selector::Weighted;

/// The name of the scheduler that places pods which name none: `DefaultSchedulerName`, k8s.io/api v0.36.3.
pub const DEFAULT_SCHEDULER: &str = "default-scheduler";
/// `MaxCustomPriorityScore`, pkg/scheduler/apis/config/types.go: the best score of a shape's point.
pub const SHAPE_SCORE_MAX: i64 = 10;

/// How NodeResourcesFit scores a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Slope {
    /// The emptier the better.
    LeastAllocated,
    /// The fuller the better.
    MostAllocated,
    /// By these points of use and score, both in hundredths, use ascending.
    RequestedToCapacityRatio(Vec<(i64, i64)>),
}

/// How NodeResourcesFit scores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FitStrategy {
    /// How each resource is scored.
    pub slope: Slope,
    /// The resources by name, with their weights.
    pub resources: Vec<(String, u64)>,
}

/// What each plugin's score counts; 0: it does not score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// TaintToleration.
    pub taints: i64,
    /// NodeAffinity.
    pub affinity: i64,
    /// NodeResourcesFit.
    pub fit: i64,
    /// PodTopologySpread.
    pub spread: i64,
    /// InterPodAffinity.
    pub pods: i64,
    /// NodeResourcesBalancedAllocation.
    pub balanced: i64,
    /// ImageLocality.
    pub images: i64,
}

/// What PodTopologySpread takes for pods that say nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SpreadDefaults {
    /// `defaultingType: System`.
    System,
    /// `defaultingType: List`.
    List(Vec<DefaultSpread>),
}

/// A default constraint: its pods are those of the pod's own ReplicaSet or StatefulSet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefaultSpread {
    /// The largest difference between two places.
    pub max_skew: u32,
    /// The label whose values are the places.
    pub topology_key: String,
    /// `DoNotSchedule`; else `ScheduleAnyway`.
    pub required: bool,
}

/// Which nodes are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sampling {
    /// All of them, from the first on.
    All,
    /// Until so many hundredths of them were found to do, from where the last search ended; 0: as the number of nodes has it.
    Percent(u32),
}

/// Node affinity that the scheduler adds to that of every pod.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AddedAffinity {
    /// A node must match one of them, if there are any.
    pub required: Vec<NodeTerm>,
    /// Nodes that are preferred.
    pub preferred: Vec<Weighted<NodeTerm>>,
}

/// How many nodes DefaultPreemption tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PreemptionTries {
    /// In hundredths of the nodes that are possible.
    pub percent: u32,
    /// At least so many.
    pub least: u32,
    /// The node to begin with, counted from the first possible one; kube-scheduler draws it.
    pub offset: u32,
}

/// How one scheduler decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// How NodeResourcesBalancedAllocation scores; a release decides it, not a configuration.
    pub balance: Balance,
    /// The name by which pods choose it.
    pub name: String,
    /// How NodeResourcesFit scores.
    pub fit: FitStrategy,
    /// What NodeResourcesBalancedAllocation balances.
    pub balanced: Vec<String>,
    /// What the scores count.
    pub weights: Weights,
    /// The filters that it has.
    pub filters: Plugins,
    /// The default spread.
    pub spread: SpreadDefaults,
    /// Which nodes are looked at.
    pub sampling: Sampling,
    /// Node affinity for every pod.
    pub added: AddedAffinity,
    /// What a required term of a pod on a node counts for pods that it means: `hardPodAffinityWeight`.
    pub hard_pod_affinity_weight: i64,
    /// `ignorePreferredTermsOfExistingPods`.
    pub ignores_likes_of_others: bool,
    /// How pods are put out for others; `None`: they are not.
    pub preemption: Option<PreemptionTries>,
}

impl Rules {
    /// The default plugins as they are.
    pub fn kube_default() -> Rules {
        Rules {
            balance: Balance::ByChange,
            name: DEFAULT_SCHEDULER.to_owned(),
            // defaults.go, defaultResourceSpec.
            fit: FitStrategy {
                slope: Slope::LeastAllocated,
                resources: vec![("cpu".to_owned(), 1), ("memory".to_owned(), 1)],
            },
            balanced: vec!["cpu".to_owned(), "memory".to_owned()],
            // default_plugins.go, getDefaultPlugins.
            weights: Weights { taints: 3, affinity: 2, fit: 1, spread: 2, pods: 2, balanced: 1, images: 1 },
            filters: Plugins::ALL,
            spread: SpreadDefaults::System,
            sampling: Sampling::All,
            added: AddedAffinity::default(),
            hard_pod_affinity_weight: HARD_POD_AFFINITY_WEIGHT,
            ignores_likes_of_others: false,
            preemption: Some(PreemptionTries { percent: PREEMPTION_PERCENT, least: PREEMPTION_LEAST, offset: 0 }),
        }
    }

    /// The default plugins with NodeResourcesFit scoring `MostAllocated` on GPUs, weight 1 each.
    pub fn kube_most_allocated() -> Rules {
        let resources = [NVIDIA_GPU, AMD_GPU].map(|gpu| (gpu.to_owned(), 1)).into();
        Rules { fit: FitStrategy { slope: Slope::MostAllocated, resources }, ..Rules::kube_default() }
    }

    /// The default plugins with kube-scheduler's adaptive sampling of nodes, as it works with parallelism 1.
    pub fn kube_sampled() -> Rules {
        Rules { sampling: Sampling::Percent(0), ..Rules::kube_default() }
    }
}

/// A resource as scores count it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measure {
    /// CPU, with a default for containers that ask for none.
    Cpu,
    /// Memory, with a default for containers that ask for none.
    Memory,
    /// Ephemeral storage.
    EphemeralStorage,
    /// An extended resource; it counts for pods that ask for it alone.
    Extended(Symbol),
}

impl Measure {
    /// The resource of this name.
    fn named(name: &str, names: &mut Names) -> Measure {
        match name {
            "cpu" => Measure::Cpu,
            "memory" => Measure::Memory,
            "ephemeral-storage" => Measure::EphemeralStorage,
            other => Measure::Extended(names.intern(other)),
        }
    }
}

/// The rules with the names of their resources interned.
#[derive(Clone, Debug)]
pub(super) struct Ruleset {
    pub rules: Rules,
    /// What NodeResourcesFit scores.
    pub fit: Vec<(Measure, u64)>,
    /// What NodeResourcesBalancedAllocation balances.
    pub balanced: Vec<Measure>,
}

impl Ruleset {
    /// The rules as the scheduler uses them.
    pub fn new(rules: Rules, names: &mut Names) -> Ruleset {
        let fit = rules.fit.resources.iter().map(|(name, weight)| (Measure::named(name, names), *weight)).collect();
        let balanced = rules.balanced.iter().map(|name| Measure::named(name, names)).collect();
        Ruleset { rules, fit, balanced }
    }
}

/// How many feasible nodes are enough of so many: `numFeasibleNodesToFind`, pkg/scheduler/schedule_one.go.
pub(super) fn enough_nodes(percent: u32, nodes: usize) -> usize {
    if nodes < FEASIBLE_MIN {
        return nodes;
    }
    let percent = match percent {
        0 => FEASIBLE_PERCENT_MAX.saturating_sub(nodes / FEASIBLE_NODES_A_PERCENT).max(FEASIBLE_PERCENT_MIN),
        percent => percent as usize,
    };
    (nodes * percent / 100).max(FEASIBLE_MIN)
}

/// How long pods that were rejected wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// After the first failure; doubles each time.
    pub initial: Duration,
    /// At most.
    pub max: Duration,
}

impl Default for Backoff {
    /// As kube-scheduler has it.
    fn default() -> Backoff {
        Backoff { initial: BACKOFF_INITIAL, max: BACKOFF_MAX }
    }
}

/// How NodeResourcesBalancedAllocation scores (plugins/noderesources/balanced_allocation.go).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Balance {
    /// v1.36: by how much closer to each other the shares of the resources come by the pod.
    ByChange,
    /// v1.33: by how close they are with the pod.
    ByState,
}

/// The schedulers of a cluster: one, or several that pods choose from by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchedulerConfig {
    /// The profiles; at least one.
    pub profiles: Vec<Rules>,
    /// How long rejected pods wait.
    pub backoff: Backoff,
    /// Pods choose by name, and one that names none of the profiles is placed by nobody; else the one profile places all.
    pub by_name: bool,
}

impl SchedulerConfig {
    /// One scheduler for all pods.
    pub fn one(rules: Rules) -> SchedulerConfig {
        SchedulerConfig { profiles: vec![rules], backoff: Backoff::default(), by_name: false }
    }

    /// The place of the profile that pods choose with this name; empty: `default-scheduler`.
    pub fn profile_of(&self, name: &str) -> Option<usize> {
        if !self.by_name {
            return Some(0);
        }
        let name = if name.is_empty() { DEFAULT_SCHEDULER } else { name };
        self.profiles.iter().position(|rules| rules.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_shrinks_with_the_cluster() {
        // 50 - 99 / 125 is 50, but all of fewer than 100 nodes are looked at; 5,000 nodes: 10 %.
        let cases = [(99, 99), (100, 100), (250, 120), (1000, 420), (5000, 500), (6000, 300)];
        for (nodes, enough) in cases {
            assert_eq!(enough_nodes(0, nodes), enough, "{nodes}");
        }
        assert_eq!(enough_nodes(30, 1000), 300);
        assert_eq!(enough_nodes(100, 1000), 1000);
    }
}
