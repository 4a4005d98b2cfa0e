//! Copies of a run that go on from where it is. What a search does with them is `explore`'s.

use super::Rehearsal;
use crate::cluster::Cluster;
use crate::scenario::Scenario;

impl Rehearsal<Cluster> {
    /// Another run that goes on from here and comes to the end that this one would come to. It shares with this run whatever
    /// neither has changed since, so that a fork costs next to nothing however large the cluster is: what is written to is
    /// copied then, a part at a time. A fork before the first step is the cheapest way to play a scenario once more, as
    /// its documents are not read again.
    #[must_use]
    pub fn fork(&mut self) -> Rehearsal<Cluster> {
        self.freeze();
        self.clone()
    }

    /// Makes this run one whose clones are forks, until it goes on: for who forks it on several threads at once, where nobody
    /// may change it.
    pub fn freeze(&mut self) {
        self.store.freeze();
        self.stage.freeze();
        self.systems.freeze();
        self.cues.freeze();
        self.notices.freeze();
        self.rejections.freeze();
    }

    /// Makes this run, which has not begun, one under another seed. Whoever does so sees to it that nothing was drawn yet, which only
    /// nodes that join later do: [`Rehearsal::draws_at_once`].
    pub fn reseed(&mut self, seed: u64) {
        self.stage.reseed(seed);
    }

    /// True if a run of the scenario draws before its first step.
    pub fn draws_at_once(scenario: &Scenario) -> bool {
        scenario.cluster.nodes.iter().any(|entry| entry.provisioned_after.is_some())
    }
}
