//! The live world as one controller sees it: what it reads is what watches showed, what it asks for goes to the API and is
//! answered later.

use std::sync::Arc;

use super::clock::Timer;
use super::cluster::LiveCluster;
use super::message::{Message, Reply};
use crate::cluster::{ALWAYS_NAMESPACES, Custom, no_namespace, terminating};
use crate::kernel::{Symbol, Time};
use crate::timeline::{Cause, EntryId, Kind, Layer, Subject, Why};
use crate::workload::{
    Ask, AskId, Backend, GroupSetStatus, LeaderWorkerSetSpec, Object, Outcome, Pledge, PodStatus, PodTemplate,
    RecordChange, Status, World,
};

/// One controller's side of a live cluster.
pub(super) struct Port<'a> {
    run: &'a mut LiveCluster,
    controller: usize,
}

impl<'a> Port<'a> {
    pub(super) fn new(run: &'a mut LiveCluster, controller: usize) -> Port<'a> {
        Port { run, controller }
    }
}

impl World for Port<'_> {
    fn now(&self) -> Time {
        self.run.clock.now()
    }

    fn intern(&mut self, text: &str) -> Symbol {
        self.run.names.intern(text)
    }

    fn text(&self, symbol: Symbol) -> String {
        self.run.names.text(symbol).to_owned()
    }

    fn observed(&self, key: Subject) -> Option<Status> {
        self.run.shown(key)
    }

    fn observed_spec(&self, key: Subject) -> Option<Object> {
        let run = &*self.run;
        match key.kind {
            Kind::ReplicaSet => {
                let set = run.mirror.sets.get(&key)?;
                let Some(Object::ReplicaSet(spec)) = run.applied.get(&key).map(|applied| applied.object.clone()) else {
                    return None;
                };
                Some(Object::ReplicaSet(crate::workload::ReplicaSetSpec { replicas: set.status.desired, ..spec }))
            }
            Kind::Deployment => {
                let seen = run.mirror.workloads.get(&key)?;
                let Some(Object::Deployment(spec)) = run.applied.get(&key).map(|applied| applied.object.clone()) else {
                    return None;
                };
                Some(Object::Deployment(crate::workload::DeploymentSpec { replicas: seen.desired, ..spec }))
            }
            _ => run.custom.get(&key).map(|custom| custom.object.clone()),
        }
    }

    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)> {
        let pods = self.run.mirror.pods.values();
        let mut pods: Vec<_> = pods.filter(|pod| pod.belongs_to(workload)).collect();
        pods.sort_by_key(|pod| (pod.status.created_at, pod.subject));
        pods.into_iter().map(|pod| (pod.subject, pod.status)).collect()
    }

    fn revisions(&self, workload: Subject) -> Vec<(u32, Arc<PodTemplate>)> {
        let sets = self.run.mirror.sets.values().filter(|set| set.workload == Some(workload));
        let mut revisions: Vec<_> =
            sets.filter_map(|set| set.template.clone().map(|template| (set.revision, template))).collect();
        revisions.sort_by_key(|(revision, _)| *revision);
        revisions
    }

    fn scale(&self, workload: Subject) -> Option<u32> {
        match self.run.custom.get(&workload).map(|custom| &custom.object) {
            Some(Object::Rollout(spec)) => Some(spec.replicas),
            Some(Object::LeaderWorkerSet(spec)) => Some(spec.replicas),
            _ => match workload.kind {
                Kind::ReplicaSet => self.run.mirror.sets.get(&workload).map(|set| set.status.desired),
                Kind::Deployment | Kind::StatefulSet => self.run.mirror.workloads.get(&workload).map(|own| own.desired),
                _ => None,
            },
        }
    }

    fn is_leaving(&self, namespace: Symbol) -> bool {
        self.run.leaving.contains(&namespace)
    }

    fn admits(&self, namespace: Symbol) -> Result<(), String> {
        let name = self.run.names.text(namespace);
        if self.run.leaving.contains(&namespace) {
            return Err(terminating(name));
        }
        let is_there = ALWAYS_NAMESPACES.contains(&name)
            || self.run.namespaces.contains(&self.run.rendering.naming.namespace(name));
        if namespace == Symbol::EMPTY || is_there { Ok(()) } else { Err(no_namespace(name)) }
    }

    fn group_set(&self, key: Subject) -> Option<LeaderWorkerSetSpec> {
        match self.run.custom.get(&key).map(|custom| &custom.object) {
            Some(Object::LeaderWorkerSet(spec)) => Some(spec.clone()),
            _ => None,
        }
    }

    fn has(&self, key: Subject) -> bool {
        // A watch shows late what was asked for just now, and not every kind is watched.
        self.run.applied.contains_key(&key) || self.run.shown(key).is_some() || self.run.custom.contains_key(&key)
    }

    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)> {
        let mirror = &self.run.mirror;
        let nodes =
            mirror.node_order.iter().filter_map(|subject| mirror.nodes.get(subject).map(|node| (*subject, node)));
        let has = |own: &std::collections::BTreeMap<String, String>| {
            labels.iter().all(|(key, value)| own.get(*key).is_some_and(|own| own == value))
        };
        nodes.filter(|(_, node)| has(&node.labels)).map(|(subject, node)| (subject, node.ready)).collect()
    }

    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)> {
        let mirror = &self.run.mirror;
        let nodes =
            mirror.node_order.iter().filter_map(|subject| mirror.nodes.get(subject).map(|node| (*subject, node)));
        nodes.map(|(subject, node)| (subject, node.labels.get(label).cloned())).collect()
    }

    fn watch(&mut self, key: Subject) {
        self.run.watchers.entry(key).or_default().insert(self.controller);
    }

    fn unwatch(&mut self, key: Subject) {
        if let Some(watchers) = self.run.watchers.get_mut(&key) {
            watchers.remove(&self.controller);
        }
    }

    fn watch_nodes(&mut self) {
        self.run.node_watchers.insert(self.controller);
    }

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        let id = AskId(self.run.asks);
        self.run.asks += 1;
        let key = ask.key();
        if let Some(reply) = self.run.send(self.controller, id, ask, cause) {
            // What greenroom keeps itself is answered without a request, but never before the asker has returned.
            self.answer(id, key, reply, cause);
        }
        id
    }

    fn wake_at(&mut self, at: Time, token: u64, cause: Cause) {
        self.run.clock.set(at, false, Timer::Controller { controller: self.controller, token, cause });
    }

    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        self.run.note_in(Layer::System, subject, became, why, cause)
    }

    fn route(&mut self, name: Subject, backends: Vec<Backend>, cause: Cause) {
        self.run.traffic.route(name, backends, cause);
    }

    fn want(&mut self, deployment: Subject, pods: Option<u32>) {
        match pods {
            Some(pods) => self.run.wanted.insert(deployment, pods),
            None => self.run.wanted.remove(&deployment),
        };
    }

    fn pledge(&mut self, pledge: Pledge) {
        self.run.pledges.push(pledge);
    }

    fn publish(&mut self, subject: Subject, key: &str, value: &str, _cause: Cause) {
        self.run.published.insert((subject, key.to_owned()), value.to_owned());
    }

    fn record(&self, name: &str) -> Option<(u64, String)> {
        self.run.records.get(name)
    }

    fn commit(&mut self, changes: &[RecordChange]) -> bool {
        self.run.commit_records(changes)
    }

    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64 {
        let name = object.show(&self.run.names);
        self.run.streams.stream(purpose, &name, ordinal).below(bound.max(1))
    }

    fn give_up(&mut self, limit: String) {
        self.run.pending.push_front(crate::workload::Happening::LimitReached(limit));
    }
}

impl Port<'_> {
    fn answer(&self, ask: AskId, key: Subject, outcome: Reply, cause: Cause) {
        let message = Message::Answered { controller: self.controller, ask, key, outcome, cause };
        // The run holds the receiver for as long as it lasts.
        let _ = self.run.outbox.send(message);
    }
}

impl LiveCluster {
    /// What an object shows, custom resources among them.
    pub(super) fn shown(&self, key: Subject) -> Option<Status> {
        match self.custom.get(&key) {
            Some(Custom { object: Object::LeaderWorkerSet(spec), status }) => {
                status.or(Some(Status::LeaderWorkerSet(GroupSetStatus { desired: spec.replicas, available: false })))
            }
            Some(custom) => custom.shown(),
            None => self.mirror.status(key),
        }
    }

    /// What became of an ask is known.
    pub(super) fn answered(&mut self, key: Subject, outcome: Outcome, cause: Cause) {
        let simple = matches!(
            key.kind,
            Kind::ConfigMap | Kind::Secret | Kind::Namespace | Kind::PriorityClass | Kind::StorageClass
        );
        if simple && matches!(outcome, Outcome::Accepted(_)) && self.mirror.status(key).is_none() {
            self.keep_present(key, cause);
        }
    }
}
