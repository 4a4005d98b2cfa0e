//! Who serves what on a real cluster: the ready pods behind each name that a system routes, as watches show them. Requests are
//! not sent; what a share is, is kept in `workload::traffic`.

use super::cluster::LiveCluster;
use super::mirror::PodSeen;
use crate::timeline::{Cause, Kind, Layer, Subject};
use crate::workload::Backend;
use crate::workload::traffic::Turned;

impl LiveCluster {
    /// Writes the shares of the instant that ends.
    pub(super) fn settle_traffic(&mut self) {
        let now = self.clock.now();
        let mut traffic = std::mem::take(&mut self.traffic);
        let turns = traffic.settle(now, |backend| self.serving_behind(backend).count() as u64);
        self.traffic = traffic;
        for turned in turns {
            let (became, why) = turned.turn.words();
            let cause = self.cause_of_turn(&turned);
            self.note_in(Layer::System, turned.name, became, why, cause);
        }
    }

    /// What led to a turn: the last entry about a pod behind the name, else where it is routed to.
    fn cause_of_turn(&self, turned: &Turned) -> Cause {
        let Some(routed) = self.traffic.routing(turned.name) else { return self.origin };
        let stood = || routed.backends.iter().chain(&turned.before);
        let behind = |pod: &&PodSeen| stood().any(|backend| pod.belongs_to(backend.workload));
        let last = self.mirror.pods.values().filter(behind).map(|pod| pod.last).max();
        last.map_or(routed.cause, Cause::Entry)
    }

    fn serving_behind<'a>(&'a self, backend: &'a Backend) -> impl Iterator<Item = &'a PodSeen> {
        let placed = |pod: &PodSeen| match &backend.nodes {
            None => true,
            Some((label, value)) => {
                let node = pod.status.node.and_then(|node| self.mirror.nodes.get(&Subject::new(Kind::Node, node)));
                node.is_some_and(|node| node.labels.get(label) == Some(value))
            }
        };
        let pods = self.mirror.pods.values().filter(|pod| pod.belongs_to(backend.workload));
        pods.filter(move |pod| pod.status.ready && !pod.status.terminating && placed(pod))
    }
}
