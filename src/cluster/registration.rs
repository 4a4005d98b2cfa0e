//! Pods that those who send requests must hear of: when a pod that is ready becomes known to them, and what becomes of that
//! while a store is out. Readiness as Kubernetes has it stands in `pod`; what a process itself needs of a store in `process_lease`.

use super::{Cause, Class, Cluster, ContainerId, Event, PodId, Why};
use crate::kernel::{Duration, Time};
use crate::workload::{Store, Struck};

/// A store that cannot be reached for a time.
#[derive(Clone, Copy, Debug)]
pub struct StoreOutage {
    store: Store,
    /// When it can be reached again.
    pub until: Time,
    /// Which count of effects is its own.
    pub effect: usize,
    /// What took it away.
    pub cause: Cause,
}

impl Cluster {
    /// True if those who send requests to a pod go by more than its readiness.
    fn registers(&self, id: PodId) -> bool {
        self.set(self.pod(id).set).registers
    }

    /// True if those who send requests to a pod know of it.
    pub(super) fn is_registered(&self, id: PodId) -> bool {
        let known = if self.registers(id) { self.pod_record(id).registered } else { self.pod(id).ready };
        known && !self.pod(id).gone
    }

    /// A pod became ready: it becomes known after as long as its behaviour says, or else its template.
    pub(super) fn plan_registration(&mut self, id: PodId) {
        if !self.registers(id) {
            return;
        }
        let (containers, init_count) = self.containers_of(id);
        let mut said: Option<Duration> = None;
        for container in (containers.start + init_count..containers.end).map(ContainerId) {
            if self.rows[self.behaviour_row(container)].registers {
                said = said.max(Some(self.draw(container, "register", |row| &row.register)));
            }
        }
        let registration = self.set(pod_set(self, id)).source.registration.as_ref();
        let takes = said.or(registration.map(|one| one.takes)).unwrap_or(Duration::ZERO);
        let readiness = self.pod(id).readiness;
        if takes.is_zero() {
            self.on_register(id, readiness);
        } else {
            let at = self.queue.now() + takes;
            self.schedule(at, Class::COMPLETION, Event::Register(id, readiness));
        }
    }

    /// Handles [`Event::Register`]: a pod is known from now on, or once the stores that this needs can be reached.
    pub(super) fn on_register(&mut self, id: PodId, readiness: u32) {
        let pod = self.pod(id);
        if pod.readiness != readiness || !pod.ready || self.pod_record(id).registered {
            return;
        }
        let waits = self.outage_for(id);
        self.pod_record_mut(id).awaits_store = waits.is_some();
        if let Some(outage) = waits {
            self.effects[self.store_outages[outage].effect] += 1;
            return;
        }
        let (set, active) = (pod_set(self, id), self.pod(id).is_active());
        let took = self.took(id);
        self.pod_record_mut(id).registered = true;
        self.set_mut(set).registered += u32::from(active);
        let cause = self.pod_cause(id);
        let cause = self.note_pod(id, "Registered", Why::NONE, cause);
        self.touch_traffic(id, true, took, cause);
        self.touch_pod(id, cause);
    }

    /// A pod is no longer known; it says why itself, if somebody has to.
    pub(super) fn unregister(&mut self, id: PodId) -> bool {
        self.pod_record_mut(id).awaits_store = false;
        if !std::mem::take(&mut self.pod_record_mut(id).registered) {
            return false;
        }
        let (set, active) = (pod_set(self, id), self.pod(id).is_active());
        self.set_mut(set).registered -= u32::from(active);
        true
    }

    /// The outage that keeps a pod from being known, if there is one.
    fn outage_for(&self, id: PodId) -> Option<usize> {
        let now = self.queue.now();
        let registration = self.set(pod_set(self, id)).source.registration.as_ref()?;
        let out = |outage: &StoreOutage| now < outage.until && registration.stores.contains(&outage.store);
        self.store_outages.iter().position(out)
    }

    /// The outage that a store is in, if it is.
    pub(super) fn outage_of(&self, store: Store) -> Option<StoreOutage> {
        let now = self.queue.now();
        self.store_outages.iter().find(|outage| outage.store == store && now < outage.until).copied()
    }

    /// A store cannot be reached from now on.
    pub(super) fn store_out(&mut self, store: Store, lasts: Option<Duration>, cause: Cause) -> Struck {
        let now = self.queue.now();
        let until = lasts.map_or(Time::MAX, |lasts| now + lasts);
        let effect = self.new_effect();
        self.store_outages.push(StoreOutage { store, until, effect, cause });
        if lasts.is_some() {
            self.schedule(until, Class::COMPLETION, Event::StoreBack);
        }
        for id in (0..self.pods.len() as u32).map(PodId) {
            let registration = self.set(pod_set(self, id)).source.registration.clone();
            let Some(registration) = registration.filter(|one| one.stores.contains(&store)) else { continue };
            match (store, registration.lease) {
                // Who is known only by messages is not reached without them.
                (Store::Nats, _) => self.lose_registration(id, effect, Why::text("NATS is out"), cause),
                (Store::Etcd, Some(lease)) => self.plan_lease_end(id, lease),
                (Store::Etcd, None) => {}
            }
        }
        self.plan_process_leases(store);
        Struck::Standing(effect)
    }

    /// The machine of a pod is off: its lease is not renewed any more.
    pub(super) fn registration_left_alone(&mut self, id: PodId) {
        let lease = self.set(pod_set(self, id)).source.registration.as_ref().and_then(|one| one.lease);
        if let Some(lease) = lease {
            self.plan_lease_end(id, lease);
        }
    }

    fn plan_lease_end(&mut self, id: PodId, lease: Duration) {
        if self.pod_record(id).registered {
            let (at, readiness) = (self.queue.now() + lease, self.pod(id).readiness);
            self.schedule(at, Class::COMPLETION, Event::LeaseEnds(id, readiness));
        }
    }

    /// Handles [`Event::LeaseEnds`]: nobody has renewed the lease of a pod.
    pub(super) fn on_lease_ends(&mut self, id: PodId, readiness: u32) {
        if self.pod(id).readiness != readiness || !self.pod_record(id).registered {
            return;
        }
        let Some(node) = self.pod(id).node else { return };
        if self.kubelet(node).down {
            let cause = self.pod_cause(id);
            self.note_unregistered(id, Why::text("its lease ran out"), cause);
            return;
        }
        let Some(StoreOutage { effect, cause, .. }) = self.outage_of(Store::Etcd) else { return };
        self.lose_registration(id, effect, Why::text("its lease ran out: etcd is out"), cause);
    }

    fn lose_registration(&mut self, id: PodId, effect: usize, why: Why, cause: Cause) {
        if self.pod_record(id).registered {
            self.note_unregistered(id, why, cause);
            self.pod_record_mut(id).awaits_store = true;
            self.effects[effect] += 1;
        }
    }

    fn note_unregistered(&mut self, id: PodId, why: Why, cause: Cause) {
        let took = self.took(id);
        self.unregister(id);
        let cause = self.note_pod(id, "Unregistered", why, cause);
        self.touch_traffic(id, false, took, cause);
        self.touch_pod(id, cause);
    }

    /// Handles [`Event::StoreBack`]: pods that waited for a store are known now.
    pub(super) fn on_store_back(&mut self) {
        for id in (0..self.pods.len() as u32).map(PodId) {
            if self.pod_record(id).awaits_store && self.pod(id).is_active() {
                let readiness = self.pod(id).readiness;
                self.on_register(id, readiness);
            }
        }
    }
}

fn pod_set(cluster: &Cluster, id: PodId) -> super::PodSetId {
    cluster.pod(id).set
}
