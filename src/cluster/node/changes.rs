//! The log of which nodes changed, kept as a ring: who reads late enough to have lost entries looks at every node.

use super::NodeId;

/// The last changes of nodes. A reader keeps the count that it has read up to.
#[derive(Clone, Default, Debug)]
pub struct Changes {
    ring: Vec<u32>,
    count: u64,
}

impl Changes {
    const CAPACITY_MIN: usize = 256;

    /// How many changes there were.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Notes that a node changed: its labels, taints or cordon too, or only what it holds.
    pub(super) fn note(&mut self, node: NodeId, kind_too: bool) {
        if self.ring.is_empty() {
            self.ring.resize(Self::CAPACITY_MIN, 0);
        }
        let at = self.slot(self.count);
        self.ring[at] = node.0 << 1 | u32::from(kind_too);
        self.count += 1;
    }

    /// Makes the ring hold at least `nodes` entries: reading more than that costs as much as looking at every node.
    pub(super) fn reserve(&mut self, nodes: usize) {
        if nodes > self.ring.len() {
            let size = nodes.next_power_of_two().max(Self::CAPACITY_MIN);
            let mut ring = vec![0; size];
            let oldest = self.count.saturating_sub(self.ring.len() as u64);
            for entry in oldest..self.count {
                ring[entry as usize & (size - 1)] = self.ring[self.slot(entry)];
            }
            self.ring = ring;
        }
    }

    /// The nodes that changed since the reader had read `from` changes, oldest first and with repetitions, and whether
    /// their labels, taints or cordon did; `None` if some of those changes are no longer kept.
    pub fn since(&self, from: u64) -> Option<impl Iterator<Item = (NodeId, bool)>> {
        (from <= self.count && self.count - from <= self.ring.len() as u64).then(|| {
            (from..self.count).map(|entry| {
                let noted = self.ring[self.slot(entry)];
                (NodeId(noted >> 1), noted & 1 == 1)
            })
        })
    }

    const fn slot(&self, entry: u64) -> usize {
        entry as usize & (self.ring.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_changes_and_says_when_some_are_gone() {
        let mut changes = Changes::default();
        for node in 0..200 {
            changes.note(NodeId(node), node % 2 == 0);
        }
        changes.reserve(300);
        for node in 200..600 {
            changes.note(NodeId(node), node % 2 == 0);
        }
        assert!(changes.since(80).is_none());
        let read: Vec<(NodeId, bool)> = changes.since(100).expect("512 are kept").collect();
        assert_eq!(read, (100..600).map(|node| (NodeId(node), node % 2 == 0)).collect::<Vec<_>>());
        assert_eq!(changes.since(600).expect("nothing to read").count(), 0);
    }
}
