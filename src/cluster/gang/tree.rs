//! The parts of a group as a tree, and what of it is placed, ready to be placed, or to be placed next.
//! Source: kai-scheduler/KAI-Scheduler v0.17, pkg/scheduler/api/podgroup_info (allocation_info.go, subgroup_info/podset.go and
//! subgroupset.go). A group of Volcano is one part.

use crate::cluster::PodId;
use crate::workload::{PodGroupSpec, TopologyConstraint};

/// The part that stands for the whole group.
pub const ROOT: usize = 0;

/// A part of a group. One without parts of its own has pods.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name; that of the only part of a group without parts is empty.
    pub name: String,
    /// Its own parts.
    pub children: Vec<usize>,
    /// Pods, or parts, of it that are placed together or not at all.
    pub min: u32,
    /// Where all of it must be.
    pub topology: Option<TopologyConstraint>,
    /// True if it has pods.
    pub is_leaf: bool,
}

/// The parts of a group.
#[derive(Clone, Debug)]
pub struct Tree(pub Vec<Part>);

/// The pods of one part.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// Pods that have a node, or will have it, and count for the minimum.
    pub placed: u32,
    /// Pods that are neither finished nor on their way out.
    pub alive: u32,
    /// Of these, pods that a gate holds back.
    pub gated: u32,
    /// Pods that wait for a node, the first first.
    pub pending: Vec<PodId>,
}

impl Tree {
    /// The parts of a group; without a spec it is one pod alone.
    pub fn of(spec: Option<&PodGroupSpec>) -> Tree {
        let leaf =
            |name: &str, min| Part { name: name.to_owned(), children: Vec::new(), min, topology: None, is_leaf: true };
        let mut root = Part { is_leaf: false, ..leaf("", 1) };
        let Some(spec) = spec else {
            root.children.push(1);
            return Tree(vec![root, leaf("", 1)]);
        };
        root.topology.clone_from(&spec.topology);
        if spec.subgroups.is_empty() {
            root.children.push(1);
            return Tree(vec![root, leaf("", spec.min_member)]);
        }
        let mut parts = vec![root];
        for group in &spec.subgroups {
            parts.push(Part { topology: group.topology.clone(), ..leaf(&group.name, group.min_member) });
        }
        for (at, group) in spec.subgroups.iter().enumerate() {
            let parent = match &group.parent {
                None => Some(ROOT),
                Some(name) => spec.subgroups.iter().position(|one| one.name == *name).map(|parent| parent + 1),
            };
            // A part of a part that is not there is in no group: admission refuses it.
            if let Some(parent) = parent {
                parts[parent].children.push(at + 1);
            }
        }
        for at in 0..parts.len() {
            if parts[at].children.is_empty() {
                continue;
            }
            let asked = if at == ROOT { spec.min_subgroups } else { spec.subgroups[at - 1].min_subgroups };
            parts[at].is_leaf = false;
            parts[at].min = asked.unwrap_or(parts[at].children.len() as u32);
            // Parts that have parts come before those that have pods: GetMembers.
            let mut children = std::mem::take(&mut parts[at].children);
            children.sort_by_key(|child| parts[*child].children.is_empty());
            parts[at].children = children;
        }
        Tree(parts)
    }

    /// The part whose pods name it so.
    pub fn leaf(&self, subgroup: &str) -> Option<usize> {
        let is_it = |part: &Part| part.is_leaf && (part.name == subgroup || part.name.is_empty());
        self.0.iter().position(is_it).filter(|at| *at != ROOT)
    }

    /// The parts with pods below a part, itself among them.
    pub fn leaves_below(&self, part: usize) -> Vec<usize> {
        match self.0[part].is_leaf {
            true => vec![part],
            false => self.0[part].children.iter().flat_map(|child| self.leaves_below(*child)).collect(),
        }
    }

    /// True if the minimum of a part is placed.
    pub fn is_placed(&self, tallies: &[Tally], part: usize) -> bool {
        self.meets(part, &|leaf| tallies[leaf].placed)
    }

    /// True if there are enough pods for the minimum of a part, placed or not.
    pub fn is_ready(&self, tallies: &[Tally], part: usize) -> bool {
        self.meets(part, &|leaf| (tallies[leaf].alive - tallies[leaf].gated).max(tallies[leaf].placed))
    }

    fn meets(&self, part: usize, count: &dyn Fn(usize) -> u32) -> bool {
        let one = &self.0[part];
        match one.is_leaf {
            true => count(part) >= one.min,
            false => one.children.iter().filter(|child| self.meets(**child, count)).count() as u32 >= one.min,
        }
    }

    /// The pods that are to be placed next, each with its part: what is missing to the minimum all at once, and beyond that one
    /// part or one pod at a time (`GetTasksToAllocate`).
    pub fn next(&self, tallies: &[Tally], part: usize) -> Vec<(PodId, usize)> {
        let one = &self.0[part];
        if one.is_leaf {
            let tally = &tallies[part];
            let missing = one.min.saturating_sub(tally.placed).max(1) as usize;
            if tally.pending.len() < missing {
                return Vec::new();
            }
            return tally.pending[..missing].iter().map(|pod| (*pod, part)).collect();
        }
        let placed = one.children.iter().filter(|child| self.is_placed(tallies, **child)).count() as u32;
        let mut missing = one.min.saturating_sub(placed);
        if missing == 0 {
            return one
                .children
                .iter()
                .map(|child| self.next(tallies, *child))
                .find(|pods| !pods.is_empty())
                .unwrap_or_default();
        }
        let mut pods = Vec::new();
        for child in one.children.iter().filter(|child| !self.is_placed(tallies, **child)) {
            let next = self.next(tallies, *child);
            if missing > 0 && !next.is_empty() {
                pods.extend(next);
                missing -= 1;
            }
        }
        if missing > 0 { Vec::new() } else { pods }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{BatchScheduler, SubGroup};

    fn spec(subgroups: Vec<SubGroup>) -> PodGroupSpec {
        PodGroupSpec { subgroups, ..PodGroupSpec::of(BatchScheduler::Kai, 0) }
    }

    fn pending(pods: std::ops::Range<u32>) -> Tally {
        let count = pods.len() as u32;
        Tally { alive: count, pending: pods.map(PodId).collect(), ..Tally::default() }
    }

    fn placed(count: u32, pods: std::ops::Range<u32>) -> Tally {
        let alive = count + pods.len() as u32;
        Tally { placed: count, alive, ..pending(pods) }
    }

    fn next(tree: &Tree, tallies: &[Tally]) -> Vec<u32> {
        tree.next(tallies, ROOT).into_iter().map(|(pod, _)| pod.0).collect()
    }

    #[test]
    fn the_minimum_comes_at_once_and_the_rest_one_by_one() {
        let tree = Tree::of(Some(&PodGroupSpec::of(BatchScheduler::Kai, 3)));
        assert_eq!(next(&tree, &[Tally::default(), pending(0..2)]), [0; 0]);
        assert!(!tree.is_ready(&[Tally::default(), pending(0..2)], ROOT));
        assert_eq!(next(&tree, &[Tally::default(), pending(0..5)]), [0, 1, 2]);
        assert_eq!(next(&tree, &[Tally::default(), placed(3, 3..5)]), [3]);
        // One of three was lost, and its successor waits.
        assert_eq!(next(&tree, &[Tally::default(), placed(2, 7..8)]), [7]);
    }

    #[test]
    fn all_parts_or_as_many_as_are_wanted() {
        let parts = || vec![SubGroup::of("prefill", 2), SubGroup::of("decode", 1)];
        let tree = Tree::of(Some(&spec(parts())));
        let tallies = [Tally::default(), pending(0..2), pending(2..4)];
        assert_eq!(next(&tree, &tallies), [0, 1, 2]);
        // Without enough pods for one part none is placed at all.
        assert_eq!(next(&tree, &[Tally::default(), pending(0..1), pending(2..4)]), [0; 0]);
        let one = Tree::of(Some(&PodGroupSpec { min_subgroups: Some(1), ..spec(parts()) }));
        assert_eq!(next(&one, &[Tally::default(), pending(0..1), pending(2..4)]), [2]);
        assert_eq!(next(&one, &[Tally::default(), placed(2, 0..0), pending(2..4)]), [2]);
        assert_eq!(tree.leaf("decode"), Some(2));
        assert_eq!(tree.leaf("router"), None);
    }

    #[test]
    fn parts_have_parts() {
        let below = |name: &str, parent: &str| SubGroup { parent: Some(parent.to_owned()), ..SubGroup::of(name, 1) };
        let tree = Tree::of(Some(&spec(vec![
            SubGroup::of("router", 1),
            SubGroup::of("prefill-0", 0),
            below("leader", "prefill-0"),
            below("worker", "prefill-0"),
        ])));
        assert_eq!(tree.0[ROOT].children, [2, 1], "parts with parts come first");
        assert_eq!(tree.leaves_below(2), [3, 4]);
        let tallies = [Tally::default(), pending(0..1), Tally::default(), pending(1..2), pending(2..3)];
        assert_eq!(next(&tree, &tallies), [1, 2, 0]);
        let without = [Tally::default(), pending(0..1), Tally::default(), pending(1..2), Tally::default()];
        assert!(!tree.is_ready(&without, ROOT));
    }
}
