//! What belongs to whom, for whoever made a PodCliqueSet and looks after it: its sets, and the pods below them.

use super::Grove;
use crate::timeline::{Kind, Subject};

impl Grove {
    /// The PodCliqueSets that an object owns.
    pub fn sets_of(&self, owner: Subject) -> Vec<Subject> {
        let sets = self.api.list(Kind::PodCliqueSet);
        sets.filter(|set| set.meta.owner.is_some_and(|one| one.key == owner)).map(|set| set.key).collect()
    }

    /// What stands above all owners of an object of Grove's: whoever made the set. `None` if nobody did.
    pub fn maker_of(&self, key: Subject) -> Option<Subject> {
        let mut above = self.api.get(key)?.meta.owner?.key;
        while let Some(stored) = self.api.get(above) {
            above = stored.meta.owner?.key;
        }
        Some(above)
    }

    /// Whoever made the set that a pod belongs to.
    pub fn maker_of_pod(&self, pod: Subject) -> Option<Subject> {
        self.maker_of(self.pods.owner(pod)?)
    }

    /// The pods of a PodClique that were asked for and have not gone.
    pub fn pods_of(&self, clique: Subject) -> impl Iterator<Item = Subject> + '_ {
        self.pods.of(clique).iter().map(|pod| pod.key)
    }
}
