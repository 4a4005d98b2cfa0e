//! A heap of event keys with four children a node. It knows the order of keys and nothing of what they stand for.

/// A min-heap of keys. After a pop the root is a hole, which the next push fills or the next look closes:
/// an event that schedules its successor costs one sift instead of two.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    keys: Vec<u128>,
    hole: bool,
}

impl Heap {
    /// Adds a key.
    pub(super) fn push(&mut self, key: u128) {
        if self.hole {
            self.hole = false;
            self.sift_down(key);
        } else {
            self.keys.push(key);
            self.sift_up(key);
        }
    }

    /// The least key.
    pub(super) fn peek(&mut self) -> Option<u128> {
        if self.hole {
            self.hole = false;
            let last = self.keys.pop()?;
            if !self.keys.is_empty() {
                self.sift_down(last);
            }
        }
        self.keys.first().copied()
    }

    /// Removes the least key, which the caller has just seen by `peek`.
    pub(super) fn pop_peeked(&mut self) {
        debug_assert!(!self.hole && !self.keys.is_empty());
        self.hole = true;
    }

    /// The number of keys, dead ones among them.
    pub(super) fn len(&self) -> usize {
        self.keys.len() - usize::from(self.hole)
    }

    /// Drops all keys but those that `live` holds on to.
    pub(super) fn retain(&mut self, mut live: impl FnMut(u128) -> bool) {
        self.peek();
        self.keys.retain(|&key| live(key));
        // A sorted list is a heap.
        self.keys.sort_unstable();
    }

    /// Puts `key` at the last place and moves it up until its parent is less.
    fn sift_up(&mut self, key: u128) {
        let keys = self.keys.as_mut_slice();
        let mut place = keys.len() - 1;
        while place > 0 {
            let parent = (place - 1) / 4;
            if keys[parent] < key {
                break;
            }
            keys[place] = keys[parent];
            place = parent;
        }
        keys[place] = key;
    }

    /// Puts `key` at the root and moves it down until all its children are greater.
    fn sift_down(&mut self, key: u128) {
        let keys = self.keys.as_mut_slice();
        let mut place = 0;
        loop {
            let first = 4 * place + 1;
            let (mut least, mut child) = (key, place);
            if let Some(&[a, b, c, d]) = keys.get(first..first + 4) {
                let (ab, ab_at) = if a < b { (a, 0) } else { (b, 1) };
                let (cd, cd_at) = if c < d { (c, 2) } else { (d, 3) };
                let (best, at) = if ab < cd { (ab, ab_at) } else { (cd, cd_at) };
                if best < least {
                    (least, child) = (best, first + at);
                }
            } else {
                for (at, &candidate) in keys.iter().enumerate().skip(first) {
                    if candidate < least {
                        (least, child) = (candidate, at);
                    }
                }
            }
            keys[place] = least;
            if child == place {
                return;
            }
            place = child;
        }
    }
}
