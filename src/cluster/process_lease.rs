//! Leases that processes hold in a store from their begin to their end: one that cannot get its lease, or loses it, ends. Who is
//! known to those who send requests stands in `registration`.

use super::kubelet::ContainerState;
use super::registration::StoreOutage;
use super::{Class, Cluster, ContainerId, Event};
use crate::kernel::{Duration, Time};
use crate::workload::{ProcessLease, Store};

/// How a process begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// After so much waiting for its store.
    After(Duration),
    /// It gives up at a time: its store stays out for longer than it tries.
    GivesUp(Time),
}

impl Cluster {
    fn process_lease(&self, id: ContainerId) -> Option<ProcessLease> {
        self.set(self.pod(self.container(id).pod).set).source.process_lease
    }

    /// A store is out: processes that hold a lease in it lose it once that has run out.
    pub(super) fn plan_process_leases(&mut self, store: Store) {
        let now = self.queue.now();
        for id in (0..self.containers.len() as u32).map(ContainerId) {
            let container = self.container(id);
            if container.state != ContainerState::Running {
                continue;
            }
            let (pod, start) = (container.pod, container.start);
            let (containers, init_count) = self.containers_of(pod);
            let Some(lease) = self.process_lease(id).filter(|lease| lease.store == store) else { continue };
            if id.0 - containers.start >= init_count {
                self.schedule(now + lease.lasts, Class::COMPLETION, Event::ProcessLeaseEnds(id, start));
            }
        }
    }

    /// A process begins: it needs its lease first. How long the store stays out is known here, so that tries need no events.
    pub(super) fn begins_with_lease(&mut self, id: ContainerId) -> Begin {
        let Some(lease) = self.process_lease(id) else { return Begin::After(Duration::ZERO) };
        let now = self.queue.now();
        let Some(outage) = self.outage_of(lease.store) else { return Begin::After(Duration::ZERO) };
        self.effects[outage.effect] += 1;
        match outage.until <= now + lease.tries_for {
            true => Begin::After(outage.until.since(now)),
            false => Begin::GivesUp(now + lease.tries_for),
        }
    }

    /// Handles [`Event::ProcessLeaseEnds`]: a process without its lease ends, unless the store came back in time.
    pub(super) fn on_process_lease_ends(&mut self, id: ContainerId, start: u32) {
        let Some(lease) = self.process_lease(id).filter(|_| self.is_current(id, start)) else { return };
        // A machine that is off runs no process.
        if self.pod(self.container(id).pod).node.is_none_or(|node| self.kubelet(node).down) {
            return;
        }
        let Some(StoreOutage { effect, cause, .. }) = self.outage_of(lease.store) else { return };
        self.effects[effect] += 1;
        self.container_ended(id, 1, cause);
    }
}
