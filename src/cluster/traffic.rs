//! Who serves what in the simulated cluster: at the end of each instant, the pods behind each routed name and each Service that
//! are ready and answer, or that answer where nobody asks for more. What a share is, is kept in `workload::traffic`.

use super::pod::Owner;
use super::{Cause, Cluster, NodeId, PodId, PodSetId, ServiceId, Subject};
use crate::timeline::{Entry, Kind, Layer};
use crate::workload::{Backend, Dial};

impl Cluster {
    /// A pod of the set takes requests now or no longer does.
    pub(super) fn touch_traffic(&mut self, set: PodSetId, cause: Cause) {
        if self.traffic.is_routed() {
            self.traffic.is_stale = true;
            self.touched_sets.push((set, cause));
        }
        let services = &self.sets[set.0 as usize].services;
        self.stale_services.extend(services.iter().filter(|service| !self.services[service.0 as usize].deleted));
    }

    /// Writes the shares of this instant, where they may have changed.
    pub(super) fn settle_traffic(&mut self) {
        if self.traffic.is_stale {
            self.traffic.is_stale = false;
            self.settle_routed();
            self.touched_sets.clear();
        }
        while let Some(service) = self.stale_services.pop_first() {
            self.settle_service(service);
        }
    }

    fn settle_routed(&mut self) {
        let now = self.queue.now();
        let mut traffic = std::mem::take(&mut self.traffic);
        let turns = traffic.settle(now, |backend| self.serving_of(backend));
        self.traffic = traffic;
        for (name, turn) in turns {
            let Some(cause) = self.cause_of_turn(name) else { continue };
            let (became, why) = turn.words();
            let entry = Entry { at: now, subject: name, became, why, cause, layer: Layer::System };
            self.timeline.push(entry, &self.names);
        }
    }

    /// What led to a turn of this instant: the last change of a pod behind the name, else where it is routed to.
    fn cause_of_turn(&self, name: Subject) -> Option<Cause> {
        let routed = self.traffic.routing(name)?;
        let behind = |set: PodSetId| {
            let of = |backend: &Backend| self.sets_by_subject.get(&backend.workload);
            routed.backends.iter().filter_map(of).any(|sets| sets.contains(&set))
        };
        let touched = self.touched_sets.iter().rev().find(|(set, _)| behind(*set));
        Some(touched.map_or(routed.cause, |(_, cause)| *cause))
    }

    fn settle_service(&mut self, id: ServiceId) {
        let key = self.services[id.0 as usize].key;
        let sets = self.sets_of(key).unwrap_or_default();
        let weights: Vec<(Subject, u64)> =
            sets.iter().map(|set| (self.party_of(*set), self.serving_in(*set))).collect();
        self.traffic.record(key, self.queue.now(), &weights);
    }

    /// What comes of a connection to a node or to the application of a pod. A node whose kubelet alone is silent answers.
    pub(super) fn dial(&self, target: Subject) -> Dial {
        let answers = |node: NodeId| self.nodes.get(node).joined && !self.kubelet(node).down;
        if target.kind == Kind::Node {
            return match self.find_node(target).filter(|node| answers(*node)) {
                // What listens there ends with the other services of the machine, before it is off.
                Some(node) if self.kubelet(node).shutting_down => Dial::Refused,
                Some(_) => Dial::Accepted,
                None => Dial::NoAnswer,
            };
        }
        match self.find_pod(target) {
            Some(pod) if self.pod(pod).node.is_some_and(|node| !answers(node)) => Dial::NoAnswer,
            Some(pod) if self.takes_connections(pod) => Dial::Accepted,
            _ => Dial::Refused,
        }
    }

    /// True while the application of a pod answers whoever connects, whatever is known of its node.
    fn takes_connections(&self, id: PodId) -> bool {
        let pod = self.pod(id);
        pod.serving && pod.is_active() && self.main_containers(id).all(|one| one.ready) && !self.flaps(id)
    }

    /// Under which name the pods of a set share requests: their ReplicaSet, or what else made them.
    fn party_of(&self, set: PodSetId) -> Subject {
        match self.set(set).owner {
            Owner::ReplicaSet(id) => self.replicaset(id).key,
            _ => self.set(set).workload,
        }
    }

    /// Pods of a set that are ready and answer.
    fn serving_in(&self, id: PodSetId) -> u64 {
        let set = self.set(id);
        let active = set.active.len() as u32;
        if set.serving == active || set.ready == 0 {
            return set.ready.into();
        }
        if set.ready == active {
            return set.serving.into();
        }
        set.active.iter().filter(|id| self.serves(**id)).count() as u64
    }

    /// Pods of a set that are ready and answer, and that those who send requests know of.
    fn known_in(&self, id: PodSetId) -> u64 {
        let set = self.set(id);
        if !set.registers {
            return self.serving_in(id);
        }
        set.active.iter().filter(|id| self.serves(**id) && self.is_registered(**id)).count() as u64
    }

    pub(super) fn serves(&self, id: PodId) -> bool {
        let pod = self.pod(id);
        pod.ready && pod.serving && pod.is_active()
    }

    fn serving_of(&self, backend: &Backend) -> u64 {
        // Requests to a name go to those that are known; what a Service does not ask for.
        let known = |id: &PodId| match backend.unready {
            true => self.pod(*id).serving && self.pod(*id).is_active(),
            false => self.serves(*id) && self.is_registered(*id),
        };
        let placed = |id: &PodId| match &backend.nodes {
            None => true,
            Some((label, value)) => {
                let node = self.pod(*id).node.map(|node| self.nodes.get(node));
                node.is_some_and(|node| node.labels.get(label) == Some(value))
            }
        };
        let whole = self.sets_by_subject.get(&backend.workload).filter(|_| backend.nodes.is_none());
        match whole {
            Some(sets) if backend.unready => sets.iter().map(|set| u64::from(self.set(*set).serving)).sum(),
            Some(sets) => sets.iter().map(|set| self.known_in(*set)).sum(),
            None => {
                let pods = self.pods_of(backend.workload);
                pods.iter().filter(|id| known(id) && placed(id)).count() as u64
            }
        }
    }
}
