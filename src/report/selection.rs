//! Which of the scenarios that were found a report is about: what filters, a shard and a failure have left of them.
//! How they are chosen is `cli`'s.

use std::fmt;

use serde::{Serialize, Serializer};

/// What is left of the scenarios that were found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Selection {
    /// How many files were found.
    pub found: usize,
    /// How many of them the filters let through; `None` if there are no filters.
    pub matched: Option<usize>,
    /// The share of those that this command has; `None` if it has all.
    pub shard: Option<Shard>,
    /// How many of that share were not run, because one before them failed.
    pub not_run: usize,
}

/// One of several shares into which scenarios are dealt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which one, from 1 on.
    pub index: usize,
    /// How many there are, at least `index`.
    pub count: usize,
}

impl Selection {
    /// True if nothing was left to the shard, although there is something to run: no mistake, as the others have it.
    pub fn is_empty_shard(&self) -> bool {
        self.shard.is_some() && self.matched.unwrap_or(self.found) > 0
    }

    /// What was left out, in words; empty if nothing was.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(matched) = self.matched {
            parts.push(format!("{matched} of {} match", self.found));
        }
        if let Some(shard) = self.shard {
            parts.push(match self.matched {
                Some(_) => format!("shard {shard}"),
                None => format!("shard {shard} of {}", self.found),
            });
        }
        if self.not_run > 0 {
            parts.push(format!("{} not run after the first failure", self.not_run));
        }
        parts.join(", ")
    }
}

impl Shard {
    /// Which of a list of `length` are this shard's: the `index`-th and from there every `count`-th. The shards of one count
    /// tile every list, and differ by one in length at most.
    pub fn share(self, length: usize) -> impl Iterator<Item = usize> {
        (self.index - 1..length).step_by(self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.index, self.count)
    }
}

impl Serialize for Shard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Goal: no scenario is run by two shards or by none. Method: the shares of every shard together are the list.
        #[test]
        fn shards_tile_the_list(length in 0..200_usize, count in 1..40_usize) {
            let shares: Vec<Vec<usize>> =
                (1..=count).map(|index| Shard { index, count }.share(length).collect()).collect();
            let mut all: Vec<usize> = shares.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..length).collect::<Vec<_>>());
            let sizes = shares.iter().map(Vec::len);
            prop_assert!(sizes.clone().max().unwrap_or(0) - sizes.min().unwrap_or(0) <= 1);
        }
    }

    #[test]
    fn what_was_left_out_in_words() {
        let shard = Some(Shard { index: 2, count: 3 });
        let words = |matched, shard, not_run| Selection { found: 12, matched, shard, not_run }.words();
        assert_eq!(words(None, None, 0), "");
        assert_eq!(words(Some(5), None, 0), "5 of 12 match");
        assert_eq!(words(None, shard, 0), "shard 2/3 of 12");
        assert_eq!(words(Some(5), shard, 1), "5 of 12 match, shard 2/3, 1 not run after the first failure");
    }

    #[test]
    fn an_empty_shard_is_one_of_something() {
        let shard = Some(Shard { index: 3, count: 3 });
        let empty = |found, matched, shard| Selection { found, matched, shard, not_run: 0 }.is_empty_shard();
        assert!(empty(2, None, shard) && empty(9, Some(2), shard));
        assert!(!empty(0, None, shard) && !empty(9, Some(0), shard) && !empty(9, Some(0), None));
    }
}
