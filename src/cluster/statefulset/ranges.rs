//! Numbers as ranges: a set that wants two thousand million pods and has none yet is one range.

use std::collections::BTreeMap;

/// A set of numbers: the first of each range, and the one after its last. Ranges neither touch nor are empty.
#[derive(Clone, Debug, Default)]
pub struct Ranges(BTreeMap<u32, u32>);

impl Ranges {
    /// The numbers from the first up to the one before the last.
    pub fn of((first, end): (u32, u32)) -> Ranges {
        Ranges(if first < end { [(first, end)].into() } else { BTreeMap::new() })
    }

    /// The lowest number.
    pub fn first(&self) -> Option<u32> {
        self.0.first_key_value().map(|(first, _)| *first)
    }

    /// The highest number that is not below another.
    pub fn last_from(&self, least: u32) -> Option<u32> {
        let last = self.0.last_key_value().map(|(_, end)| end - 1);
        last.filter(|last| *last >= least)
    }

    /// The numbers from the lowest on.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|(first, end)| *first..*end)
    }

    fn range_of(&self, number: u32) -> Option<(u32, u32)> {
        let (first, end) = self.0.range(..=number).next_back()?;
        (number < *end).then_some((*first, *end))
    }

    /// Adds a number.
    pub fn insert(&mut self, number: u32) {
        if self.range_of(number).is_some() {
            return;
        }
        let end = self.0.remove(&(number + 1)).unwrap_or(number + 1);
        let before = number.checked_sub(1).and_then(|before| self.range_of(before));
        self.0.insert(before.map_or(number, |(first, _)| first), end);
    }

    /// Takes a number out.
    pub fn remove(&mut self, number: u32) {
        let Some((first, end)) = self.range_of(number) else { return };
        self.0.remove(&first);
        for (first, end) in [(first, number), (number + 1, end)] {
            if first < end {
                self.0.insert(first, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn they_are_a_set(first in 0u32..5, end in 0u32..12, steps in prop::collection::vec((0u32..12, any::<bool>()), 0..40)) {
            let mut ranges = Ranges::of((first, end));
            let mut set: BTreeSet<u32> = (first..end).collect();
            for (number, adds) in steps {
                if adds {
                    ranges.insert(number);
                    set.insert(number);
                } else {
                    ranges.remove(number);
                    set.remove(&number);
                }
                prop_assert_eq!(ranges.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(ranges.first(), set.first().copied());
                prop_assert_eq!(ranges.last_from(4), set.range(4..).next_back().copied());
                prop_assert!(ranges.0.iter().zip(ranges.0.iter().skip(1)).all(|((_, end), (next, _))| end < next));
            }
        }
    }
}
