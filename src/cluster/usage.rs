//! What pods use at an instant, as agents on their nodes measure it. Watches and their lag have no part in it.

use super::behaviour::Load;
use super::{Cluster, PodId, Subject};

impl Cluster {
    /// What each of these pods uses of a resource now, in thousandths: its own figure, or an equal share of what all of them use,
    /// of which those that do not answer have nothing. `None` if no row of behaviour says anything of the first that there is.
    pub(super) fn usage(&self, pods: &[Subject], metric: &str) -> Option<Vec<u64>> {
        let found: Vec<Option<PodId>> = pods.iter().map(|pod| self.find_pod(*pod)).collect();
        let load = found.iter().flatten().find_map(|id| self.load_of(*id, metric))?;
        let answering: Vec<bool> = found.iter().map(|id| id.is_some_and(|id| self.serves(id))).collect();
        let sharing = answering.iter().filter(|answers| **answers).count() as u64;
        let each = if load.each { load.milli } else { load.milli / sharing.max(1) };
        Some(answering.iter().map(|answers| if *answers { each } else { 0 }).collect())
    }

    /// What the series of a pod's workload says now.
    pub(super) fn load_of(&self, pod: PodId, metric: &str) -> Option<Load> {
        let series = self.series(&[pod], metric)?;
        let first = series.first()?;
        let since = series.partition_point(|load| load.at <= self.queue.now());
        Some(since.checked_sub(1).map_or(Load { milli: 0, ..*first }, |at| series[at]))
    }
}
