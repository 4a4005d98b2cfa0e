//! Which of several equally good nodes is taken. The scheduler puts the feasible nodes into a binary heap by score; its
//! `Less` never prefers one of two equals, so the root is the first maximum in the order node, left subtree, right
//! subtree of the list read as a heap (`newSortedNodeScores`, k8s.io/kubernetes v1.36.3, pkg/scheduler/schedule_one.go:
//! without extenders no `Randomizer` is set).

/// Where the node that is `rank`-th in the list of feasible nodes comes in pre-order; smaller is first.
///
/// The place of rank r in the heap is the binary number r + 1: a one, then the path from the root, 0 left and 1 right.
/// Pre-order compares paths from their start, a path before those that it begins; aligned to the left they compare as
/// integers, and of two that are equal then the shorter is the smaller number.
pub(crate) fn preorder(rank: usize) -> (u64, u64) {
    let path = rank as u64 + 1;
    (path << path.leading_zeros(), path)
}

#[cfg(test)]
mod tests {
    use super::preorder;

    #[test]
    fn walks_the_heap_from_its_root() {
        fn walk(at: usize, len: usize, out: &mut Vec<usize>) {
            if at < len {
                out.push(at);
                walk(2 * at + 1, len, out);
                walk(2 * at + 2, len, out);
            }
        }
        for len in [1, 2, 3, 7, 20, 1000] {
            let mut walked = Vec::new();
            walk(0, len, &mut walked);
            let mut sorted: Vec<usize> = (0..len).collect();
            sorted.sort_by_key(|rank| preorder(*rank));
            assert_eq!(sorted, walked, "{len} nodes");
        }
    }
}
