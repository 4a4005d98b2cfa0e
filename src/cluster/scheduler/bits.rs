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
    /// Members before each word, from the start of its group.
    in_group: Vec<u16>,
    /// Members before each group.
    before_group: Vec<u32>,
    /// The place of the first member of each depth of the heap that the members make up in order: those with 0, 1, 3, 7,
    /// ... members before them. Empty if it must be found anew.
    depths: Vec<usize>,
}

/// Words in a group.
const GROUP: usize = 64;

impl Ranked {
    /// How many places are in the set.
    pub const fn len(&self) -> usize {
        self.bits.len()
    }

    /// Empties the set and makes room for so many places.
    pub fn reset(&mut self, places: usize) {
        self.bits.reset(places);
        self.in_group.clear();
        self.before_group.clear();
        self.depths.clear();
        self.size_counts();
    }

    /// Makes room for so many places.
    pub fn grow(&mut self, places: usize) {
        if places > self.bits.words.len() * 64 {
            self.bits.grow(places.next_power_of_two());
            self.size_counts();
        }
    }

    /// Adds a place that is not in the set.
    pub fn insert(&mut self, place: usize) {
        self.bits.insert(place);
        self.count(place, 1);
    }

    /// Takes out a place that is in the set.
    pub fn remove(&mut self, place: usize) {
        self.bits.remove(place);
        self.count(place, -1);
    }

    /// How many members come before a place.
    pub fn rank(&self, place: usize) -> usize {
        let word = place / 64;
        let in_word = (self.bits.words[word] & !(u64::MAX << (place % 64))).count_ones();
        (self.before_group[word / GROUP] + u32::from(self.in_group[word]) + in_word) as usize
    }

    /// The place of the member that has `rank` members before it.
    pub fn select(&self, rank: usize) -> usize {
        debug_assert!(rank < self.len());
        let rank = rank as u32;
        let group = self.before_group.partition_point(|before| *before <= rank) - 1;
        let rest = rank - self.before_group[group];
        let words = &self.in_group[group * GROUP..self.in_group.len().min((group + 1) * GROUP)];
        let word = words.partition_point(|before| u32::from(*before) <= rest) - 1;
        let rest = rest - u32::from(words[word]);
        let word = group * GROUP + word;
        word * 64 + nth_bit(self.bits.words[word], rest)
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

    /// Adjusts the counts behind a place.
    fn count(&mut self, place: usize, change: i16) {
        self.depths.clear();
        let word = place / 64;
        let group = word / GROUP;
        let end = self.in_group.len().min((group + 1) * GROUP);
        for before in &mut self.in_group[word + 1..end] {
            *before = before.wrapping_add_signed(change);
        }
        for before in &mut self.before_group[group + 1..] {
            *before = before.wrapping_add_signed(change.into());
        }
    }

    /// Makes room in the counts for words that have no members yet.
    fn size_counts(&mut self) {
        let words = self.bits.words.len();
        while self.in_group.len() < words {
            let word = self.in_group.len();
            let before = match word % GROUP {
                0 => 0,
                _ => self.in_group[word - 1] + self.bits.words[word - 1].count_ones() as u16,
            };
            self.in_group.push(before);
        }
        let count = self.bits.len() as u32;
        self.before_group.resize(words.div_ceil(GROUP).max(1), count);
    }
}

/// The position of the bit that has `n` ones below it. Counts of ones in each byte, summed from the lowest up, tell the
/// byte; the rest is a walk through it.
const fn nth_bit(word: u64, n: u32) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
    let nibbles = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    let sums = ((nibbles + (nibbles >> 4)) & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(ONES);
    let mut byte = 0;
    while ((sums >> (byte * 8)) & 0xff) as u32 <= n {
        byte += 1;
    }
    let below = if byte == 0 { 0 } else { ((sums >> (byte * 8 - 8)) & 0xff) as u32 };
    let mut rest = word >> (byte * 8);
    let mut skip = n - below;
    while skip > 0 {
        rest &= rest - 1;
        skip -= 1;
    }
    byte * 8 + rest.trailing_zeros() as usize
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
