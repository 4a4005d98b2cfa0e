//! The scores of all nodes for one class of pods, in the order of nodes, in blocks that know their best: so that the best node is
//! found by looking at a block each, and one that changed costs one block.

use crate::cluster::scheduler::preorder;

/// The score of a node that does not take the pod.
pub const TAKES_NOT: i16 = i16::MIN;
/// No score was worked out yet.
const UNKNOWN: i16 = i16::MIN + 1;
/// Nodes in a block.
const BLOCK: usize = 64;

/// The scores of the nodes for a class.
#[derive(Clone, Debug)]
pub struct Board {
    scores: Vec<i16>,
    /// The best of each block.
    tops: Vec<i16>,
    /// How many nodes of each block take the pod.
    takers: Vec<u8>,
    /// All of them.
    count: usize,
    /// How many changes of nodes it has seen.
    pub seen: u64,
    /// What a state is worth, by the number of the state; what is not known yet is missing or unknown.
    worth: Vec<i16>,
}

impl Board {
    /// A board on which no node takes the pod.
    pub fn new(places: usize) -> Board {
        let blocks = places.div_ceil(BLOCK);
        Board {
            scores: vec![TAKES_NOT; blocks * BLOCK],
            tops: vec![TAKES_NOT; blocks],
            takers: vec![0; blocks],
            count: 0,
            seen: 0,
            worth: Vec::new(),
        }
    }

    /// What a state is worth, worked out if need be.
    pub fn worth(&mut self, state: u32, work_out: impl FnOnce() -> i16) -> i16 {
        let at = state as usize;
        if at >= self.worth.len() {
            self.worth.resize(at + 1, UNKNOWN);
        }
        if self.worth[at] == UNKNOWN {
            self.worth[at] = work_out();
        }
        self.worth[at]
    }

    /// Forgets what states are worth: their numbers mean others now.
    pub fn forget_states(&mut self) {
        self.worth.clear();
    }

    /// Writes the score of a node.
    pub fn set(&mut self, place: u32, score: i16) {
        let place = place as usize;
        let old = std::mem::replace(&mut self.scores[place], score);
        if old == score {
            return;
        }
        let block = place / BLOCK;
        if old == TAKES_NOT {
            self.takers[block] += 1;
            self.count += 1;
        } else if score == TAKES_NOT {
            self.takers[block] -= 1;
            self.count -= 1;
        }
        if score > self.tops[block] {
            self.tops[block] = score;
        } else if old == self.tops[block] {
            let block_scores = &self.scores[block * BLOCK..][..BLOCK];
            self.tops[block] = block_scores.iter().copied().fold(TAKES_NOT, i16::max);
        }
    }

    /// True if a node takes the pod.
    pub fn takes(&self, place: u32) -> bool {
        self.scores[place as usize] != TAKES_NOT
    }

    /// How many nodes take the pod.
    pub const fn takers(&self) -> usize {
        self.count
    }

    /// The first of the best nodes.
    pub fn first_best(&self) -> Option<u32> {
        let top = self.top()?;
        let block = self.tops.iter().position(|best| *best == top)?;
        self.first_in(block, top, 0)
    }

    fn top(&self) -> Option<i16> {
        self.tops.iter().copied().max().filter(|top| *top != TAKES_NOT)
    }

    /// The first place of a block from `from` on that has this score.
    fn first_in(&self, block: usize, score: i16, from: usize) -> Option<u32> {
        let scores = &self.scores[block * BLOCK..][..BLOCK];
        scores[from..].iter().position(|one| *one == score).map(|at| (block * BLOCK + from + at) as u32)
    }

    /// The node that has `rank` nodes that take the pod before it.
    pub fn nth_taker(&self, rank: usize) -> Option<u32> {
        let mut before = 0;
        for (block, takers) in self.takers.iter().enumerate() {
            let takers = usize::from(*takers);
            if before + takers > rank {
                let scores = self.scores[block * BLOCK..][..BLOCK].iter().enumerate();
                let mut here = scores.filter(|(_, score)| **score != TAKES_NOT);
                return here.nth(rank - before).map(|(at, _)| (block * BLOCK + at) as u32);
            }
            before += takers;
        }
        None
    }

    /// Of the best nodes the one that kube-scheduler takes: the first in pre-order of the list of nodes that take the pod, read as a
    /// heap. Within one depth of the heap that is the leftmost, so that each depth has one candidate.
    pub fn best_in_preorder(&self) -> Option<u32> {
        let top = self.top()?;
        let mut found: Option<((u64, u64), u32)> = None;
        let mut rank = 0;
        // The rank at which the next depth begins whose candidate is looked for.
        let mut depth_start = 0;
        for (block, takers) in self.takers.iter().enumerate() {
            let end = rank + usize::from(*takers);
            if self.tops[block] == top && end > depth_start {
                let mut at_rank = rank;
                for (at, score) in self.scores[block * BLOCK..][..BLOCK].iter().enumerate() {
                    if *score == top && at_rank >= depth_start {
                        let key = preorder(at_rank);
                        if found.is_none_or(|(least, _)| key < least) {
                            found = Some((key, (block * BLOCK + at) as u32));
                        }
                        depth_start = next_depth(at_rank);
                    }
                    at_rank += usize::from(*score != TAKES_NOT);
                }
            }
            rank = end;
        }
        found.map(|(_, place)| place)
    }
}

/// The rank at which the depth of the heap below that of `rank` begins.
const fn next_depth(rank: usize) -> usize {
    (1 << (usize::BITS - (rank + 1).leading_zeros())) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Goal: what a board answers is what a look at every node answers. Method: scores are set at random, in any order.
        #[test]
        fn agrees_with_a_plain_list(places in 1_usize..400, sets in proptest::collection::vec((0_u32..4000, -2_i16..3), 0..900)) {
            let mut board = Board::new(places);
            let mut list = vec![TAKES_NOT; places];
            for (place, score) in sets {
                let place = place % places as u32;
                let score = if score == -2 { TAKES_NOT } else { score };
                board.set(place, score);
                list[place as usize] = score;
            }
            let takers: Vec<usize> = (0..places).filter(|place| list[*place] != TAKES_NOT).collect();
            prop_assert_eq!(board.takers(), takers.len());
            let top = takers.iter().map(|place| list[*place]).max();
            let first = takers.iter().find(|place| Some(list[**place]) == top).map(|place| *place as u32);
            prop_assert_eq!(board.first_best(), first);
            for (rank, place) in takers.iter().enumerate() {
                prop_assert_eq!(board.nth_taker(rank), Some(*place as u32));
            }
            prop_assert_eq!(board.nth_taker(takers.len()), None);
            let best = takers.iter().enumerate().filter(|(_, place)| Some(list[**place]) == top);
            let taken = best.min_by_key(|(rank, _)| preorder(*rank)).map(|(_, place)| *place as u32);
            prop_assert_eq!(board.best_in_preorder(), taken);
        }
    }
}
