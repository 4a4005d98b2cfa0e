//! Who serves what in the simulated cluster: at the end of each instant, the pods behind each routed name and each Service that
//! are ready and answer, or that answer where nobody asks for more. What a share is, is kept in `workload::traffic`.

use std::collections::BTreeMap;

use super::pod::Owner;
use super::{Cause, Cluster, NodeId, PodId, PodSetId, ServiceId, Subject};
use crate::timeline::{Entry, Kind, Layer};
use crate::workload::traffic::{Turn, Turned};
use crate::workload::{Backend, Dial};

/// A pod of which something that it needs to take requests came or went at this instant.
#[derive(Clone, Copy, Debug)]
pub struct Touch {
    pod: PodId,
    came: bool,
    /// What it took until then.
    took: Took,
    /// What led to it.
    cause: Cause,
}

/// Which requests reach a pod.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Those to whom it is ready, answers and is known.
    ready: bool,
    /// Those of who goes by checks of its own: it answers.
    answering: bool,
}

impl Took {
    /// True if requests that come as a backend's do reach it.
    const fn of(self, backend: &Backend) -> bool {
        if backend.unready { self.answering } else { self.ready }
    }
}

impl Cluster {
    /// A pod has something now that it needs to take requests, or no longer has it; `took` is what it took until now.
    pub(super) fn touch_traffic(&mut self, pod: PodId, came: bool, took: Took, cause: Cause) {
        let set = self.pod(pod).set;
        if self.traffic.is_routed() {
            self.traffic.is_stale = true;
            self.touches.push(Touch { pod, came, took, cause });
        }
        let services = &self.sets[set.0 as usize].services;
        self.stale_services.extend(services.iter().filter(|service| !self.services[service.0 as usize].deleted));
    }

    /// Writes the shares of this instant, where they may have changed.
    pub(super) fn settle_traffic(&mut self) {
        if self.traffic.is_stale {
            self.traffic.is_stale = false;
            self.settle_routed();
            self.touches.clear();
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
        for turned in turns {
            let Some(cause) = self.cause_of_turn(&turned) else { continue };
            let (became, why) = turned.turn.words();
            let entry = Entry { at: now, subject: turned.name, became, why, cause, layer: Layer::System };
            self.timeline.push(entry, &self.names);
        }
    }

    /// What led to a turn of this instant: the last pod behind the name that came or went, else where it is routed to.
    fn cause_of_turn(&self, turned: &Turned) -> Option<Cause> {
        let routed = self.traffic.routing(turned.name)?;
        let now = || routed.backends.iter();
        let pod = match turned.turn {
            Turn::Serves(_) => {
                let takes = |touch: &&Touch| {
                    let took = self.took(touch.pod);
                    touch.came && now().any(|one| took.of(one) && self.is_behind(one, touch.pod))
                };
                self.touches.iter().rev().find(takes).map(|touch| touch.cause)
            }
            // Whoever served until now still would: that nobody is sent there was decided for want of those that have no weight.
            Turn::Outage if turned.before.iter().any(|one| one.weight > 0 && self.serving_of(one) > 0) => {
                let wanting: Vec<&Backend> = now().filter(|one| one.weight == 0).collect();
                self.last_that_went(&wanting)
            }
            Turn::Outage => self.last_that_went(&now().chain(&turned.before).collect::<Vec<_>>()),
        };
        Some(pod.unwrap_or(routed.cause))
    }

    /// What led to the end of the pod behind these that took requests when the instant began and was the last to cease.
    fn last_that_went(&self, behind: &[&Backend]) -> Option<Cause> {
        let mut before: BTreeMap<PodId, Took> = BTreeMap::new();
        for touch in &self.touches {
            before.entry(touch.pod).or_insert(touch.took);
        }
        let went = |touch: &&Touch| {
            let (pod, now) = (touch.pod, self.took(touch.pod));
            let lost = |one: &Backend| before.get(&pod).is_some_and(|took| took.of(one)) && !now.of(one);
            !touch.came && behind.iter().any(|one| lost(one) && self.is_behind(one, pod))
        };
        self.touches.iter().rev().find(went).map(|touch| touch.cause)
    }

    /// True if a pod is one of a backend.
    fn is_behind(&self, backend: &Backend, pod: PodId) -> bool {
        self.stands_for(backend.workload, pod) && self.is_placed(backend, pod)
    }

    /// True if a pod is on a node that a backend may have its pods on.
    fn is_placed(&self, backend: &Backend, pod: PodId) -> bool {
        let Some((label, value)) = &backend.nodes else { return true };
        let node = self.pod(pod).node.map(|node| self.nodes.get(node));
        node.is_some_and(|node| node.labels.get(label) == Some(value))
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

    /// Which requests to a name that leads to this pod reach it: they go to those that are known, what a Service does not ask for.
    pub(super) fn took(&self, id: PodId) -> Took {
        let pod = self.pod(id);
        Took { ready: self.serves(id) && self.is_registered(id), answering: pod.serving && pod.is_active() }
    }

    fn serving_of(&self, backend: &Backend) -> u64 {
        let whole = self.sets_by_subject.get(&backend.workload).filter(|_| backend.nodes.is_none());
        match whole {
            Some(sets) if backend.unready => sets.iter().map(|set| u64::from(self.set(*set).serving)).sum(),
            Some(sets) => sets.iter().map(|set| self.known_in(*set)).sum(),
            None => {
                let pods = self.pods_of(backend.workload);
                let takes = |id: &PodId| self.took(*id).of(backend) && self.is_placed(backend, *id);
                pods.iter().filter(|id| takes(id)).count() as u64
            }
        }
    }
}
