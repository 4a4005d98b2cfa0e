//! Sets of places in the order of nodes, as bits: to find the next member from a place, and among the feasible nodes to
//! count those before a place and to find the n-th. A place is what [`crate::cluster::node::Nodes`]' order gives.

/// A set of places with a summary: one bit for each word that is not zero.
#[derive(Clone, Default, Debug)]
pub(super) struct Bits {
    words: Vec<u64>,
    summary: Vec<u64>,
    count: usize,
}

impl Bits {
    /// How many places are in the set.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Empties the set and makes room for so many places.
    pub fn reset(&mut self, places: usize) {
        self.words.clear();
        self.words.resize(places.div_ceil(64), 0);
        self.summary.clear();
        self.summary.resize(self.words.len().div_ceil(64), 0);
        self.count = 0;
    }

    /// Makes room for so many places.
    pub fn grow(&mut self, places: usize) {
        if places > self.words.len() * 64 {
            self.words.resize(places.div_ceil(64), 0);
            self.summary.resize(self.words.len().div_ceil(64), 0);
        }
    }

    /// Adds a place that is not in the set.
    pub fn insert(&mut self, place: usize) {
        debug_assert!(self.words[place / 64] & (1 << (place % 64)) == 0);
        self.words[place / 64] |= 1 << (place % 64);
        self.summary[place / 4096] |= 1 << (place / 64 % 64);
        self.count += 1;
    }

    /// Takes out a place that is in the set.
    pub fn remove(&mut self, place: usize) {
        debug_assert!(self.words[place / 64] & (1 << (place % 64)) != 0);
        let word = &mut self.words[place / 64];
        *word &= !(1 << (place % 64));
        if *word == 0 {
            self.summary[place / 4096] &= !(1 << (place / 64 % 64));
        }
        self.count -= 1;
    }

    /// The first member that is not before `from`.
    pub fn next(&self, from: usize) -> Option<usize> {
        let word = from / 64;
        let rest = self.words.get(word)? & (u64::MAX << (from % 64));
        if rest != 0 {
            return Some(word * 64 + rest.trailing_zeros() as usize);
        }
        let after = word + 1;
        let mut group = after / 64;
        let mut groups = self.summary.get(group)? & (u64::MAX << (after % 64));
        while groups == 0 {
            group += 1;
            groups = *self.summary.get(group)?;
        }
        let word = group * 64 + groups.trailing_zeros() as usize;
        Some(word * 64 + self.words[word].trailing_zeros() as usize)
    }
}

/// A set of places that also counts: how many are before a place, and which is the n-th.
#[derive(Clone, Default, Debug)]
pub(super) struct Ranked {
    bits: Bits,
    /// Members of each block of [`BLOCK`] words, as a Fenwick tree: entry i holds the sum of the `i & -i` blocks up to i.
    blocks: Vec<u32>,
    /// The place of the first member of each depth of the heap that the members make up in order: those with 0, 1, 3, 7,
    /// ... members before them. Empty if it must be found anew.
    depths: Vec<usize>,
}

/// Words in a block: its members are counted one word after the other.
const BLOCK: usize = 8;

impl Ranked {
    /// How many places are in the set.
    pub const fn len(&self) -> usize {
        self.bits.len()
    }

    /// Empties the set and makes room for so many places.
    pub fn reset(&mut self, places: usize) {
        self.bits.reset(places);
        self.blocks.clear();
        self.blocks.resize(self.bits.words.len().div_ceil(BLOCK).next_power_of_two() + 1, 0);
        self.depths.clear();
    }

    /// Makes room for so many places.
    pub fn grow(&mut self, places: usize) {
        if places > self.bits.words.len() * 64 {
            self.bits.grow(places.next_power_of_two());
            let blocks = self.bits.words.len().div_ceil(BLOCK).next_power_of_two() + 1;
            if blocks > self.blocks.len() {
                self.blocks.clear();
                self.blocks.resize(blocks, 0);
                for block in 0..self.bits.words.len().div_ceil(BLOCK) {
                    let words = &self.bits.words[block * BLOCK..self.bits.words.len().min((block + 1) * BLOCK)];
                    let members = words.iter().map(|word| word.count_ones()).sum::<u32>();
                    self.count_block(block, members.cast_signed());
                }
            }
        }
    }

    /// Adds a place that is not in the set.
    pub fn insert(&mut self, place: usize) {
        self.bits.insert(place);
        self.depths.clear();
        self.count_block(place / 64 / BLOCK, 1);
    }

    /// Takes out a place that is in the set.
    pub fn remove(&mut self, place: usize) {
        self.bits.remove(place);
        self.depths.clear();
        self.count_block(place / 64 / BLOCK, -1);
    }

    /// How many members come before a place.
    pub fn rank(&self, place: usize) -> usize {
        let word = place / 64;
        let mut block = word / BLOCK;
        let words = &self.bits.words[block * BLOCK..word];
        let mut rank = words.iter().map(|word| word.count_ones()).sum::<u32>();
        rank += (self.bits.words[word] & !(u64::MAX << (place % 64))).count_ones();
        while block > 0 {
            rank += self.blocks[block];
            block &= block - 1;
        }
        rank as usize
    }

    /// The place of the member that has `rank` members before it.
    pub fn select(&self, rank: usize) -> usize {
        debug_assert!(rank < self.len());
        let mut rest = rank as u32;
        let mut block = 0;
        let mut step = self.blocks.len() - 1;
        while step > 0 {
            if let Some(members) = self.blocks.get(block + step).filter(|members| **members <= rest) {
                rest -= members;
                block += step;
            }
            step /= 2;
        }
        let mut word = block * BLOCK;
        loop {
            let members = self.bits.words[word].count_ones();
            if rest < members {
                return word * 64 + nth_bit(self.bits.words[word], rest);
            }
            rest -= members;
            word += 1;
        }
    }

    /// Finds where each depth of the heap begins, unless nothing changed since.
    pub fn find_depths(&mut self) {
        if self.depths.is_empty() {
            let mut rank = 0;
            while rank < self.len() {
                self.depths.push(self.select(rank));
                rank = 2 * rank + 1;
            }
        }
    }

    /// Where each depth of the heap begins; [`Ranked::find_depths`] comes before.
    pub fn depths(&self) -> &[usize] {
        &self.depths
    }

    fn count_block(&mut self, block: usize, change: i32) {
        let mut at = block + 1;
        while at < self.blocks.len() {
            self.blocks[at] = self.blocks[at].wrapping_add_signed(change);
            at += at & at.wrapping_neg();
        }
    }
}

/// The position of the bit that has `n` ones below it: halves the word until one bit is left.
const fn nth_bit(mut word: u64, mut n: u32) -> usize {
    let mut at = 0;
    let mut width = 32;
    while width > 0 {
        let low = word & ((1 << width) - 1);
        let members = low.count_ones();
        if n < members {
            word = low;
        } else {
            n -= members;
            word >>= width;
            at += width;
        }
        width /= 2;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Goal: next, rank and select agree with a sorted list. Method: places are added and taken out at random.
        #[test]
        fn agrees_with_a_sorted_list(steps in proptest::collection::vec(0usize..9000, 1..300), grown in 0usize..3) {
            let mut ranked = Ranked::default();
            ranked.reset(if grown == 0 { 9000 } else { grown * 70 });
            let mut list: Vec<usize> = Vec::new();
            for place in steps {
                ranked.grow(place + 1);
                match list.binary_search(&place) {
                    Ok(at) => {
                        list.remove(at);
                        ranked.remove(place);
                    }
                    Err(at) => {
                        list.insert(at, place);
                        ranked.insert(place);
                    }
                }
                prop_assert_eq!(ranked.len(), list.len());
            }
            for (rank, place) in list.iter().enumerate() {
                prop_assert_eq!(ranked.select(rank), *place);
                prop_assert_eq!(ranked.rank(*place), rank);
                let after = list.get(rank + 1).copied();
                prop_assert_eq!(ranked.bits.next(place + 1), after);
            }
            prop_assert_eq!(ranked.bits.next(0), list.first().copied());
        }
    }
}
