//! The allocator: which node takes a new instance, as a function of what nodes have and hold. It follows the five points of the
//! page: capacity, what is needed, an even load, regions and zones, health.
//! Source: the page of Deploy Svc at 1backend/1backend 1305defcf2. How points weigh against one another is *assumed*: what does not
//! fit is out, then the region with the fewest instances of the deployment, the node with the fewest of them, the node with the
//! fewest of all, and the node that was there first.

use std::fmt::Write;

use super::super::amount::Need;
use super::super::model::TargetRegion;
use super::super::profile::NodeFacts;

/// A node as the allocator sees it.
#[derive(Clone, Debug, Default)]
pub struct Candidate<'a> {
    /// What it tells of itself.
    pub facts: Option<&'a NodeFacts>,
    /// True while its heartbeats come.
    pub healthy: bool,
    /// CPU that its instances need together, in thousandths.
    pub cpu_milli: u64,
    /// Memory that its instances need together, in bytes.
    pub memory_bytes: u64,
    /// GPUs that its instances have.
    pub gpus: u32,
    /// Instances of the same deployment on it.
    pub own: u32,
    /// All instances on it.
    pub all: u32,
}

/// Why a node is none for an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Reason {
    Unhealthy,
    Region,
    GpuMemory,
    GpuTaken,
    Cpu,
    Memory,
}

impl Reason {
    const fn text(self) -> &'static str {
        match self {
            Reason::Unhealthy => "not healthy",
            Reason::Region => "outside its target regions",
            Reason::GpuMemory => "without a GPU of so much memory",
            Reason::GpuTaken => "with no such GPU free",
            Reason::Cpu => "without enough CPU",
            Reason::Memory => "without enough memory",
        }
    }
}

/// True if a node stands in one of the regions, or is named as one.
pub fn is_targeted(regions: &[TargetRegion], facts: &NodeFacts) -> bool {
    let fits = |target: &TargetRegion| {
        let cluster = target.cluster.is_empty() || target.cluster == facts.region || target.cluster == facts.name;
        cluster && (target.zone.is_empty() || target.zone == facts.zone)
    };
    regions.is_empty() || regions.iter().any(fits)
}

/// True if a node that is not heard of would take an instance, were it heard of.
pub fn is_missed(node: &Candidate<'_>, need: &Need, regions: &[TargetRegion]) -> bool {
    let heard = Candidate { healthy: true, ..node.clone() };
    !node.healthy && node.facts.is_some_and(|facts| refusal(&heard, facts, need, regions).is_none())
}

/// True if a node would take an instance, were there no others on it.
pub fn is_taken(node: &Candidate<'_>, need: &Need, regions: &[TargetRegion]) -> bool {
    let empty = Candidate { cpu_milli: 0, memory_bytes: 0, gpus: 0, ..node.clone() };
    node.facts.is_some_and(|facts| {
        refusal(node, facts, need, regions).is_some() && refusal(&empty, facts, need, regions).is_none()
    })
}

fn refusal(node: &Candidate<'_>, facts: &NodeFacts, need: &Need, regions: &[TargetRegion]) -> Option<Reason> {
    if !is_targeted(regions, facts) {
        return Some(Reason::Region);
    }
    if !node.healthy {
        return Some(Reason::Unhealthy);
    }
    if need.vram_bytes > 0 {
        match &facts.gpus {
            Some(gpus) if gpus.memory_bytes >= need.vram_bytes => {
                if node.gpus >= gpus.count {
                    return Some(Reason::GpuTaken);
                }
            }
            _ => return Some(Reason::GpuMemory),
        }
    }
    if node.cpu_milli.saturating_add(need.cpu_milli) > facts.cpu_milli {
        return Some(Reason::Cpu);
    }
    if node.memory_bytes.saturating_add(need.memory_bytes) > facts.memory_bytes {
        return Some(Reason::Memory);
    }
    None
}

/// The node that takes an instance, by its position.
///
/// # Errors
/// Why none does: how many nodes are out for which reason.
pub fn place(nodes: &[Candidate<'_>], need: &Need, regions: &[TargetRegion]) -> Result<usize, String> {
    let unknown = NodeFacts::default();
    let facts_of = |node: &Candidate<'_>| node.facts.cloned().unwrap_or_else(|| unknown.clone());
    let in_region = |region: &str| {
        let same = nodes.iter().filter(|node| node.facts.is_some_and(|facts| facts.region == region));
        same.map(|node| node.own).sum::<u32>()
    };
    let mut best: Option<((u32, u32, u32), usize)> = None;
    let mut reasons: Vec<Reason> = Vec::new();
    for (position, node) in nodes.iter().enumerate() {
        let facts = facts_of(node);
        if let Some(reason) = refusal(node, &facts, need, regions) {
            reasons.push(reason);
            continue;
        }
        let rank = (in_region(&facts.region), node.own, node.all);
        if best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, position));
        }
    }
    best.map(|(_, position)| position).ok_or_else(|| none_fits(reasons))
}

fn none_fits(mut reasons: Vec<Reason>) -> String {
    if reasons.is_empty() {
        return "there is no node".to_owned();
    }
    reasons.sort_unstable();
    let mut text = format!("none of {} nodes takes it:", reasons.len());
    for (number, group) in reasons.chunk_by(|one, other| one == other).enumerate() {
        let comma = if number == 0 { "" } else { "," };
        // Writing to a text cannot fail.
        let _ = write!(text, "{comma} {} {}", group.len(), group[0].text());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::profile::Gpus;
    use super::*;

    fn facts(name: &str, region: &str, gpu_gb: u64) -> NodeFacts {
        let gpus = (gpu_gb > 0).then(|| Gpus { count: 1, memory_bytes: gpu_gb << 30, ..Gpus::default() });
        let (name, region) = (name.to_owned(), region.to_owned());
        NodeFacts { name, region, cpu_milli: 4000, memory_bytes: 8 << 30, gpus, ..NodeFacts::default() }
    }

    fn candidate(facts: &NodeFacts) -> Candidate<'_> {
        Candidate { facts: Some(facts), healthy: true, ..Candidate::default() }
    }

    #[test]
    fn load_is_even_over_regions_then_nodes() {
        let all = [facts("a", "east", 0), facts("b", "east", 0), facts("c", "west", 0)];
        let mut nodes: Vec<_> = all.iter().map(candidate).collect();
        let mut order = Vec::new();
        for _ in 0..4 {
            let chosen = place(&nodes, &Need::default(), &[]).expect("room");
            nodes[chosen].own += 1;
            nodes[chosen].all += 1;
            order.push(chosen);
        }
        assert_eq!(order, [0, 2, 1, 2]);
    }

    #[test]
    fn what_fits_nowhere_is_told_with_the_reasons() {
        let all = [facts("a", "east", 24), facts("b", "east", 80), facts("c", "west", 80)];
        let mut nodes: Vec<_> = all.iter().map(candidate).collect();
        let need = Need { vram_bytes: 80_000_000_000, ..Need::default() };
        assert_eq!(place(&nodes, &need, &[]), Ok(1));
        nodes[1].gpus = 1;
        let east = [TargetRegion { cluster: "east".to_owned(), zone: String::new() }];
        let told = place(&nodes, &need, &east).expect_err("no room");
        assert_eq!(
            told,
            "none of 3 nodes takes it: 1 outside its target regions, 1 without a GPU of so much memory, 1 with no such GPU free"
        );
        let named = [TargetRegion { cluster: "c".to_owned(), zone: String::new() }];
        assert_eq!(place(&nodes, &need, &named), Ok(2));
    }
}
