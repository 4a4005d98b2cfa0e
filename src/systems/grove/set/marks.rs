//! Which replicas of a set a pass has to look at. A pass of the real controller looks at all of them and finds most as it left them;
//! here it looks at those of which something was shown since, and at those that it left unfinished. That is the same, because what is
//! done for a replica follows from the set, its own objects as they are shown, and its pods alone.
//!
//! Not here: what is done for a replica.

use std::collections::{BTreeMap, BTreeSet};

use crate::systems::grove::family::{Family, as_set};
use crate::systems::grove::model::{PodCliqueSet, Resource};
use crate::systems::machinery::{Event, Verb};
use crate::timeline::{Kind, Subject};

/// What is kept of all sets.
#[derive(Clone, Debug, Default)]
pub struct Marks(BTreeMap<Subject, OfSet>);

/// What is kept of one set.
#[derive(Clone, Debug, Default)]
struct OfSet {
    /// Replicas of which something was shown since the last pass, or that it left unfinished.
    due: BTreeSet<u32>,
    /// Whether each replica was available, and updated besides, when it was last looked at.
    seen: BTreeMap<u32, (bool, bool)>,
    available: u32,
    updated: u32,
}

impl Marks {
    /// The controller was shown a write.
    pub fn shown(&mut self, event: &Event<Resource>, family: &Family) {
        let key = event.key();
        if key.kind == Kind::PodCliqueSet {
            if is_new_to_replicas(event) {
                self.0.remove(&key);
            }
        } else if let Some((set, replica)) = family.set_of(key) {
            self.due(set, replica);
        }
    }

    /// A replica is to be looked at in the next pass.
    pub fn due(&mut self, set: Subject, replica: u32) {
        if let Some(marks) = self.0.get_mut(&set) {
            marks.due.insert(replica);
        }
    }

    /// True if something was shown of a replica of this number or a higher one.
    pub fn any_from(&self, set: Subject, replica: u32) -> bool {
        self.0.get(&set).is_some_and(|marks| marks.due.range(replica..).next().is_some())
    }

    /// All replicas are to be looked at in the next pass over a set.
    pub fn forget(&mut self, set: Subject) {
        self.0.remove(&set);
    }

    /// The same for all sets.
    pub fn forget_all(&mut self) {
        self.0.clear();
    }

    /// The replicas that a pass looks at, in their order; `None`: all.
    pub fn take(&mut self, set: Subject) -> Option<Vec<u32>> {
        match self.0.get_mut(&set) {
            Some(marks) => Some(std::mem::take(&mut marks.due).into_iter().collect()),
            None => {
                self.0.insert(set, OfSet::default());
                None
            }
        }
    }

    /// How a replica fares.
    pub fn note(&mut self, set: Subject, replica: u32, (available, updated): (bool, bool)) {
        let marks = self.0.entry(set).or_default();
        let before = marks.seen.insert(replica, (available, updated)).unwrap_or_default();
        marks.available = marks.available + u32::from(available) - u32::from(before.0);
        marks.updated = marks.updated + u32::from(updated) - u32::from(before.1);
    }

    /// How many replicas are available, and how many updated besides.
    pub fn counts(&self, set: Subject) -> (u32, u32) {
        self.0.get(&set).map_or((0, 0), |marks| (marks.available, marks.updated))
    }
}

/// True if a write of a set can change what is done for its replicas: its own figures cannot.
fn is_new_to_replicas(event: &Event<Resource>) -> bool {
    let decides = |set: &PodCliqueSet| (set.status.generation_hash, set.status.update);
    let (Some(old), Some(new)) = (event.old.as_deref().and_then(as_set), as_set(&event.new)) else { return true };
    event.verb != Verb::Updated || event.generation_changed() || decides(old) != decides(new)
}
