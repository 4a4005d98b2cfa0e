//! How good a node is for a pod: the score plugins of the default profile, in Kubernetes' integer and float64
//! operations (k8s.io/kubernetes v1.36.3, pkg/scheduler/framework/plugins). InterPodAffinity and NodeAffinity give
//! every node the same: the templates hold neither pod affinity nor preferred node affinity.

use super::SchedulerProfile;
use crate::cluster::node::Node;
use crate::cluster::template::Template;
use crate::kernel::{Names, Symbol};
use crate::workload::TaintEffect;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};

/// The best score that one plugin gives: `MaxNodeScore`, k8s.io/kube-scheduler v0.36.3, framework/interface.go.
pub(super) const SCORE_MAX: i64 = 100;
/// Weight of TaintToleration: apis/config/v1/default_plugins.go. Weights not named here are 1.
pub(super) const TAINT_WEIGHT: i64 = 3;
/// Weight of PodTopologySpread: same file.
pub(super) const SPREAD_WEIGHT: i64 = 2;
/// The largest skew of the default constraint on hosts: plugins/podtopologyspread/plugin.go, systemDefaultConstraints.
const HOST_SKEW_MAX: u32 = 3;
/// The largest skew of the default constraint on zones: same place.
const ZONE_SKEW_MAX: u32 = 5;
const MEBIBYTE: i64 = 1024 * 1024;
/// Images below this size count for nothing: plugins/imagelocality/image_locality.go.
const IMAGE_BYTES_MIN: i64 = 23 * MEBIBYTE;
/// A container's images above this size count no more: same file.
const IMAGE_BYTES_MAX: i64 = 1000 * MEBIBYTE;

/// How NodeResourcesFit scores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FitStrategy {
    /// The emptier the better, by CPU and memory.
    LeastAllocated,
    /// The fuller the better, by those of these extended resources that the pod asks for.
    MostAllocated([Symbol; 2]),
}

impl FitStrategy {
    /// The strategy of a profile.
    pub fn of(profile: SchedulerProfile, names: &mut Names) -> FitStrategy {
        match profile {
            SchedulerProfile::KubeDefault => FitStrategy::LeastAllocated,
            SchedulerProfile::KubeMostAllocated => {
                FitStrategy::MostAllocated([NVIDIA_GPU, AMD_GPU].map(|gpu| names.intern(gpu)))
            }
        }
    }

    /// What NodeResourcesFit gives: plugins/noderesources/{least,most}_allocated.go. Amounts that pods do not ask for
    /// count with their defaults here.
    fn score(self, node: &Node, template: &Template) -> i64 {
        match self {
            FitStrategy::LeastAllocated => {
                let cpu = (node.scored_cpu_milli + template.scored_cpu_milli, node.allocatable.cpu_milli);
                let memory = (node.scored_memory_bytes + template.scored_memory_bytes, node.allocatable.memory_bytes);
                let (mut sum, mut weights) = (0, 0);
                for (requested, capacity) in [cpu, memory] {
                    let free = capacity.saturating_sub(requested) * SCORE_MAX as u64;
                    if let Some(score) = free.checked_div(capacity) {
                        sum += score;
                        weights += 1;
                    }
                }
                sum.checked_div(weights).unwrap_or(0) as i64
            }
            FitStrategy::MostAllocated(resources) => {
                let (mut sum, mut weights) = (0, 0);
                for resource in resources {
                    let (asked, capacity) = (template.requests.extended(resource), node.allocatable.extended(resource));
                    if asked > 0 && capacity > 0 {
                        let requested = (node.requested.extended(resource) + asked).min(capacity);
                        sum += requested * SCORE_MAX as u64 / capacity;
                        weights += 1;
                    }
                }
                sum.checked_div(weights).unwrap_or(0) as i64
            }
        }
    }
}

/// The part of a node's score that depends on that node alone: NodeResourcesFit and BalancedAllocation.
pub(super) fn own_score(strategy: FitStrategy, node: &Node, template: &Template) -> i64 {
    let balanced = if template.is_best_effort() {
        0
    } else {
        let has = [node.allocatable.cpu_milli, node.allocatable.memory_bytes];
        let before = [node.requested.cpu_milli, node.requested.memory_bytes];
        let after = [before[0] + template.requests.cpu_milli, before[1] + template.requests.memory_bytes];
        balanced_allocation_score(before, after, has)
    };
    strategy.score(node, template) + balanced
}

/// BalancedAllocation on CPU and memory: how much closer to each other their shares come by the pod
/// (`balancedResourceScorer`, plugins/noderesources/balanced_allocation.go).
pub fn balanced_allocation_score(before: [u64; 2], after: [u64; 2], allocatable: [u64; 2]) -> i64 {
    let with = balance(after, allocatable);
    let without = balance(before, allocatable);
    SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2
}

/// `balancedResourceScore`, in its order of float64 operations: 100 if the shares are equal, 50 at the worst. With
/// fewer than two resources to compare there is nothing to balance.
fn balance(requested: [u64; 2], allocatable: [u64; 2]) -> i64 {
    if allocatable.contains(&0) {
        return SCORE_MAX;
    }
    let share = |at: usize| (requested[at] as f64 / allocatable[at] as f64).min(1.0);
    let deviation = ((share(0) - share(1)) / 2.0).abs();
    ((1.0 - deviation) * SCORE_MAX as f64) as i64
}

/// What PodTopologySpread's default constraints count around a pod: `initPreScoreState` and `topologyNormalizingWeight`,
/// plugins/podtopologyspread/scoring.go.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpreadWeights {
    host: f64,
    zone: f64,
}

impl SpreadWeights {
    /// The weights for so many feasible nodes, in so many zones; nodes without a zone are one more zone.
    pub fn new(feasible: usize, zones: usize) -> SpreadWeights {
        SpreadWeights { host: libm::log((feasible + 2) as f64), zone: libm::log((zones + 2) as f64) }
    }

    /// The score of a node before it is normalised, less is better: its own pods, and the pods of its zone if it has one.
    pub fn raw(self, on_node: u32, in_zone: Option<u32>) -> i64 {
        let term = |count: u32, skew_max: u32, weight: f64| f64::from(count) * weight + f64::from(skew_max - 1);
        let mut score = term(on_node, HOST_SKEW_MAX, self.host);
        if let Some(in_zone) = in_zone {
            score += term(in_zone, ZONE_SKEW_MAX, self.zone);
        }
        libm::round(score) as i64
    }
}

/// PodTopologySpread's `NormalizeScore`, for a node whose raw score is `raw` among nodes from `min` to `max`.
pub(super) const fn normal_spread(raw: i64, min: i64, max: i64) -> i64 {
    if max == 0 { SCORE_MAX } else { SCORE_MAX * (max + min - raw) / max }
}

/// Taints with effect PreferNoSchedule that the pod does not tolerate: plugins/tainttoleration/taint_toleration.go.
pub(super) fn disliked_taints(node: &Node, template: &Template) -> u32 {
    let disliked = node.taints.iter().filter(|taint| {
        taint.effect == TaintEffect::PreferNoSchedule && !template.tolerations.iter().any(|one| one.tolerates(taint))
    });
    disliked.count() as u32
}

/// TaintToleration's `NormalizeScore`: `DefaultNormalizeScore` reversed, plugins/helper/normalize_score.go.
pub(super) const fn normal_taints(disliked: u32, max: u32) -> i64 {
    if max == 0 { SCORE_MAX } else { SCORE_MAX - SCORE_MAX * disliked as i64 / max as i64 }
}

/// ImageLocality's `scaledImageScore`: an image counts with its size times the share of nodes that hold it.
pub fn image_bytes(size_bytes: u64, holders: u32, nodes: usize) -> i64 {
    let spread = f64::from(holders) / nodes as f64;
    (size_bytes as f64 * spread) as i64
}

/// ImageLocality's `calculatePriority`.
pub(super) fn image_score(bytes: i64, containers: usize) -> i64 {
    let most = IMAGE_BYTES_MAX * containers.max(1) as i64;
    SCORE_MAX * (bytes.clamp(IMAGE_BYTES_MIN, most) - IMAGE_BYTES_MIN) / (most - IMAGE_BYTES_MIN)
}
