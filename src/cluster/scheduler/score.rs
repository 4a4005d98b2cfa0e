//! How good a node is for a pod: the score plugins, in Kubernetes' integer and float64 operations (k8s.io/kubernetes
//! v1.36.3, pkg/scheduler/framework/plugins). What they weigh is in `rules`.

use super::rules::{Balance, Measure, Rules, Ruleset, Slope};
use crate::cluster::node::Node;
use crate::cluster::profile::scheduling::{HOST_SKEW_MAX, IMAGE_BYTES_MAX, IMAGE_BYTES_MIN, SCORE_MAX, ZONE_SKEW_MAX};
use crate::cluster::template::Template;
use crate::workload::NodeTerm;
use crate::workload::TaintEffect;
use crate::workload::selector::Weighted;

/// What a node has of a resource and what its pods ask of it; with the defaults of containers that ask for none if
/// `scored`, as NodeResourcesFit counts (`calculateResourceAllocatableRequest`, plugins/noderesources/resource_allocation.go).
fn on_node(measure: Measure, node: &Node, scored: bool) -> (u64, u64) {
    let (has, asked) = (&node.allocatable, &node.requested);
    match measure {
        Measure::Cpu => (has.cpu_milli, if scored { node.scored_cpu_milli } else { asked.cpu_milli }),
        Measure::Memory => (has.memory_bytes, if scored { node.scored_memory_bytes } else { asked.memory_bytes }),
        Measure::EphemeralStorage => (has.ephemeral_storage_bytes, asked.ephemeral_storage_bytes),
        Measure::Extended(resource) => (has.extended(resource), asked.extended(resource)),
    }
}

/// What a pod asks of a resource (`calculatePodResourceRequest`, same file).
fn of_pod(measure: Measure, template: &Template, scored: bool) -> u64 {
    let asked = &template.requests;
    match measure {
        Measure::Cpu => {
            if scored {
                template.scored_cpu_milli
            } else {
                asked.cpu_milli
            }
        }
        Measure::Memory => {
            if scored {
                template.scored_memory_bytes
            } else {
                asked.memory_bytes
            }
        }
        Measure::EphemeralStorage => asked.ephemeral_storage_bytes,
        Measure::Extended(resource) => asked.extended(resource),
    }
}

/// What NodeResourcesFit gives: plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go.
fn fit_score(rules: &Ruleset, node: &Node, template: &Template) -> i64 {
    let slope = &rules.rules.fit.slope;
    let (mut sum, mut weights) = (0, 0);
    for (measure, weight) in &rules.fit {
        let asked = of_pod(*measure, template, true);
        if asked == 0 && matches!(measure, Measure::Extended(_)) {
            continue;
        }
        let (has, taken) = on_node(*measure, node, true);
        if has == 0 {
            continue;
        }
        let score = slope.score(taken + asked, has);
        if score > 0 || !matches!(slope, Slope::RequestedToCapacityRatio(_)) {
            sum += score * weight;
            weights += weight;
        }
    }
    match slope {
        Slope::RequestedToCapacityRatio(_) if weights > 0 => rounded_share(sum, weights),
        _ => sum.checked_div(weights).unwrap_or(0) as i64,
    }
}

impl Slope {
    /// The score of one resource.
    fn score(&self, requested: u64, has: u64) -> u64 {
        let whole = SCORE_MAX as u64;
        match self {
            Slope::LeastAllocated => has.saturating_sub(requested) * whole / has,
            Slope::MostAllocated => requested.min(has) * whole / has,
            Slope::RequestedToCapacityRatio(points) => {
                let used = if requested > has { whole } else { requested * whole / has };
                broken_line(points, used as i64) as u64
            }
        }
    }
}

/// `BuildBrokenLinearFunction`, plugins/helper/shape_score.go.
fn broken_line(points: &[(i64, i64)], at: i64) -> i64 {
    let Some(next) = points.iter().position(|(used, _)| at <= *used) else {
        return points.last().map_or(0, |(_, score)| *score);
    };
    let (used, score) = points[next];
    match next.checked_sub(1).map(|before| points[before]) {
        None => score,
        Some((from, low)) => low + (score - low) * (at - from) / (used - from),
    }
}

/// The quotient as `math.Round` of float64 numbers gives it.
fn rounded_share(sum: u64, weights: u64) -> i64 {
    libm::round(sum as f64 / weights as f64) as i64
}

/// The part of a node's score that depends on that node alone: NodeResourcesFit and BalancedAllocation.
pub(super) fn own_score(rules: &Ruleset, node: &Node, template: &Template) -> i64 {
    let mut score = 0;
    let weights = &rules.rules.weights;
    if weights.fit > 0 {
        score += weights.fit * fit_score(rules, node, template);
    }
    if weights.balanced > 0 {
        score += weights.balanced * balanced_score(&rules.balanced, rules.rules.balance, node, template);
    }
    score
}

/// BalancedAllocation: pods that ask for nothing of what it balances are not scored.
fn balanced_score(measures: &[Measure], form: Balance, node: &Node, template: &Template) -> i64 {
    if measures.iter().all(|measure| of_pod(*measure, template, false) == 0) {
        return 0;
    }
    if let [Measure::Cpu, Measure::Memory] = measures {
        let has = [node.allocatable.cpu_milli, node.allocatable.memory_bytes];
        let before = [node.requested.cpu_milli, node.requested.memory_bytes];
        let after = [before[0] + template.requests.cpu_milli, before[1] + template.requests.memory_bytes];
        return match form {
            Balance::ByChange => balanced_allocation_score(before, after, has),
            Balance::ByState => balance(after.into_iter().zip(has)),
        };
    }
    let amounts = measures.iter().filter_map(|measure| {
        let asked = of_pod(*measure, template, false);
        let (has, taken) = on_node(*measure, node, false);
        let counts = has > 0 && (asked > 0 || !matches!(measure, Measure::Extended(_)));
        counts.then_some((taken, taken + asked, has))
    });
    let amounts: Vec<(u64, u64, u64)> = amounts.collect();
    let with = balance(amounts.iter().map(|(_, after, has)| (*after, *has)));
    if form == Balance::ByState {
        return with;
    }
    let without = balance(amounts.iter().map(|(before, _, has)| (*before, *has)));
    SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2
}

/// BalancedAllocation on CPU and memory: how much closer to each other their shares come by the pod
/// (`balancedResourceScorer`, plugins/noderesources/balanced_allocation.go).
pub fn balanced_allocation_score(before: [u64; 2], after: [u64; 2], allocatable: [u64; 2]) -> i64 {
    let with = balance(after.into_iter().zip(allocatable));
    let without = balance(before.into_iter().zip(allocatable));
    SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2
}

/// `balancedResourceScore`, in its order of float64 operations: 100 if the shares are equal, 50 at the worst. With
/// fewer than two resources to compare there is nothing to balance.
fn balance(amounts: impl Iterator<Item = (u64, u64)> + Clone) -> i64 {
    let shares = amounts.filter(|(_, has)| *has > 0).map(|(asked, has)| (asked as f64 / has as f64).min(1.0));
    let count = shares.clone().count();
    let deviation = if count == 2 {
        let mut two = shares;
        ((two.next().unwrap_or(0.0) - two.next().unwrap_or(0.0)) / 2.0).abs()
    } else if count > 2 {
        let mean = shares.clone().fold(0.0, |sum, share| sum + share) / count as f64;
        let sum = shares.fold(0.0, |sum, share| sum + (share - mean) * (share - mean));
        libm::sqrt(sum / count as f64)
    } else {
        0.0
    };
    ((1.0 - deviation) * SCORE_MAX as f64) as i64
}

/// What NodeAffinity gives before it is normalised: the weights of the terms that match (`PreferredSchedulingTerms.Score`,
/// k8s.io/component-helpers v0.36.3, scheduling/corev1/nodeaffinity). A term without requirements matches nothing.
pub(super) fn preferred(rules: &Rules, node: &Node, template: &Template) -> u32 {
    let sum = |terms: &[Weighted<NodeTerm>]| -> i64 {
        let matching = terms.iter().filter(|one| one.term.matches(&node.labels));
        matching.map(|one| i64::from(one.weight)).sum()
    };
    let total = sum(&rules.added.preferred) + sum(&template.preferred_nodes);
    u32::try_from(total).unwrap_or(0)
}

/// NodeAffinity's `NormalizeScore`: `DefaultNormalizeScore`, plugins/helper/normalize_score.go.
pub(super) const fn normal_preferred(preferred: u32, max: u32) -> i64 {
    if max == 0 { 0 } else { SCORE_MAX * preferred as i64 / max as i64 }
}

/// InterPodAffinity's `NormalizeScore`, in its order of float64 operations.
pub(super) fn normal_pods(score: i64, min: i64, max: i64) -> i64 {
    if max <= min {
        return 0;
    }
    (SCORE_MAX as f64 * ((score - min) as f64 / (max - min) as f64)) as i64
}

/// What PodTopologySpread gives a node before it is normalised, for constraints in order: pods in the node's place, largest
/// skew, and places in all. `scoreForCount` and `topologyNormalizingWeight`, plugins/podtopologyspread/scoring.go.
pub(super) fn soft_spread(constraints: impl Iterator<Item = (i64, u32, usize)>) -> i64 {
    let mut score = 0.0;
    for (count, skew_max, places) in constraints {
        score += count as f64 * libm::log((places + 2) as f64) + f64::from(skew_max - 1);
    }
    libm::round(score) as i64
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
