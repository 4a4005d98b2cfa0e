//! Which nodes changed since when. Every class of pods reads the list from where it stopped, so that only what changed is scored
//! again; of a node that changed several times only the last counts.

/// The nodes that changed, by their places, the oldest first.
#[derive(Clone, Debug)]
pub struct Changes {
    log: Vec<u32>,
    /// What was dropped from the front of the log.
    dropped: u64,
    /// For each place the number of changes up to and with its last; 0: none.
    last: Vec<u64>,
    /// The same for changes after which the node had more left than before.
    last_gain: Vec<u64>,
    /// The number of the last of these, whatever the node.
    any_gain: u64,
}

/// The log is cut when it has more entries than this and than four a node.
const LOG_MIN: usize = 4096;

impl Changes {
    /// None so far, of so many nodes.
    pub fn new(places: usize) -> Changes {
        Changes { log: Vec::new(), dropped: 0, last: vec![0; places], last_gain: vec![0; places], any_gain: 0 }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.dropped + self.log.len() as u64
    }

    /// A node changed, and has more left than before or less.
    pub fn add(&mut self, place: u32, gained: bool) {
        if self.log.len() >= LOG_MIN.max(4 * self.last.len()) {
            let half = self.log.len() / 2;
            self.log.drain(..half);
            self.dropped += half as u64;
        }
        self.log.push(place);
        self.last[place as usize] = self.count();
        if gained {
            self.last_gain[place as usize] = self.count();
            self.any_gain = self.count();
        }
    }

    /// True if a node has had nothing back after the first `seen` changes: if it did not take a pod then, it does not now.
    pub fn only_lost(&self, place: u32, seen: u64) -> bool {
        self.any_gain <= seen || self.last_gain[place as usize] <= seen
    }

    /// Tells of each place that changed after the first `seen` changes, once.
    pub fn since(&self, seen: u64, mut tell: impl FnMut(u32)) {
        let known = seen.checked_sub(self.dropped).and_then(|at| self.log.get(at as usize..));
        match known {
            Some(rest) if rest.len() <= self.last.len() => {
                for (at, place) in rest.iter().enumerate() {
                    if self.last[*place as usize] == seen + at as u64 + 1 {
                        tell(*place);
                    }
                }
            }
            _ => (0..self.last.len() as u32).filter(|place| self.last[*place as usize] > seen).for_each(tell),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Goal: whatever was dropped, each reader hears of every place that changed since it read last, once. Method: beside a list
        /// of all changes.
        #[test]
        fn every_change_is_told_once(
            places in 1_u32..2000, steps in proptest::collection::vec((0_u32..4_000_000, 1_usize..3000), 1..20),
        ) {
            let mut changes = Changes::new(places as usize);
            let mut all: Vec<u32> = Vec::new();
            let mut seen = 0_u64;
            for (start, count) in steps {
                for step in 0..count as u32 {
                    let place = start.wrapping_mul(step + 7) % places;
                    changes.add(place, place % 2 == 0);
                    all.push(place);
                }
                let mut told = Vec::new();
                changes.since(seen, |place| told.push(place));
                told.sort_unstable();
                let gained = |place| all[seen as usize..].contains(&place) && place % 2 == 0;
                prop_assert!((0..places.min(20)).all(|place| changes.only_lost(place, seen) != gained(place)));
                let mut expected = all[seen as usize..].to_vec();
                expected.sort_unstable();
                expected.dedup();
                prop_assert_eq!(told, expected);
                seen = changes.count() - changes.count() % 3;
            }
        }
    }
}
