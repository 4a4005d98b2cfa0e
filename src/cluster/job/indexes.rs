//! Sets of completion indexes, kept and written as intervals (`0-2,5`).
//! Source: indexed_job_utils.go of pkg/controller/job, k8s.io/kubernetes v1.36.3.

use std::fmt;

/// Disjoint intervals in order, first and last of each, with gaps between them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Intervals {
    parts: Vec<(u32, u32)>,
}

impl Intervals {
    /// Adds one index; `false` if it is there already.
    pub fn insert(&mut self, index: u32) -> bool {
        let at = self.parts.partition_point(|(_, last)| *last < index);
        if self.parts.get(at).is_some_and(|(first, _)| *first <= index) {
            return false;
        }
        let joins_before = at > 0 && self.parts[at - 1].1 + 1 == index;
        let joins_after = self.parts.get(at).is_some_and(|(first, _)| index + 1 == *first);
        match (joins_before, joins_after) {
            (true, true) => {
                self.parts[at - 1].1 = self.parts[at].1;
                self.parts.remove(at);
            }
            (true, false) => self.parts[at - 1].1 = index,
            (false, true) => self.parts[at].0 = index,
            (false, false) => self.parts.insert(at, (index, index)),
        }
        true
    }

    /// True if the index is there.
    pub fn has(&self, index: u32) -> bool {
        let at = self.parts.partition_point(|(_, last)| *last < index);
        self.parts.get(at).is_some_and(|(first, _)| *first <= index)
    }

    /// How many indexes there are.
    pub fn total(&self) -> u32 {
        self.parts.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// How many of the indexes of an interval are there.
    pub fn overlap(&self, first: u32, last: u32) -> u32 {
        let shared = |(a, b): &(u32, u32)| (last.min(*b) + 1).saturating_sub(first.max(*a));
        self.parts.iter().map(shared).sum()
    }
}

impl fmt::Display for Intervals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (first, last)) in self.parts.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            match last - first {
                0 => write!(out, "{comma}{first}")?,
                1 => write!(out, "{comma}{first},{last}")?,
                _ => write!(out, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_one_interval() {
        let mut set = Intervals::default();
        for index in [5, 1, 0, 3, 9] {
            assert!(set.insert(index));
        }
        assert!(!set.insert(3));
        assert_eq!(set.to_string(), "0,1,3,5,9");
        assert!(set.insert(2) && set.insert(4));
        assert_eq!(set.to_string(), "0-5,9");
        assert_eq!((set.total(), set.overlap(4, 9), set.overlap(6, 8)), (7, 3, 0));
        assert!(set.has(9) && !set.has(6));
    }
}
