//! The cluster as one controller sees it.

use std::cell::Cell;
use std::sync::Arc;

use super::access::Decided;
use super::watch::Parcel;
use super::{Cause, Cluster, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::{Entry, EntryId, Kind, Layer};
use crate::workload::{
    Ask, AskId, Backend, Dial, LeaderWorkerSetSpec, Object, Outcome, Pledge, PodStatus, PodTemplate, RecordChange,
    Records, Stage, Status, Store, World,
};

/// One controller's side of the cluster.
pub struct Port<'a> {
    cluster: &'a mut Cluster,
    controller: usize,
    /// What was read since it was last counted, if anybody counts.
    read: Cell<Vec<Subject>>,
}

impl Drop for Port<'_> {
    fn drop(&mut self) {
        self.count_reads();
    }
}

impl<'a> Port<'a> {
    pub(super) fn new(cluster: &'a mut Cluster, controller: usize) -> Port<'a> {
        Port { cluster, controller, read: Cell::new(Vec::new()) }
    }

    fn reads(&self, key: Subject) {
        if self.cluster.accesses.watched && self.cluster.accesses.counts_reads() {
            let mut read = self.read.take();
            read.push(key);
            self.read.set(read);
        }
    }

    /// Counts what was read, before anything else is done.
    fn count_reads(&mut self) {
        if self.cluster.accesses.watched {
            let keys = self.read.take();
            self.cluster.count_reads(self.controller, keys);
        }
    }

    /// True if the turn is a trial. A controller that has ended watches on: whoever goes on for it hears of the same.
    fn is_trial(&mut self) -> bool {
        self.is_silent() && self.cluster.accesses.is_trial()
    }

    /// True if what the controller does now counts for nothing.
    fn is_silent(&mut self) -> bool {
        self.count_reads();
        self.cluster.accesses.is_silent(self.controller)
    }

    /// Does what was asked for earlier, and answers.
    pub(super) fn carry_out(&mut self, id: AskId, ask: Ask, cause: Cause) {
        let outcome = match self.cluster.failed_ask(self.controller, &ask) {
            Some(failed) => failed,
            None => self.perform(ask, cause),
        };
        let at = self.cluster.queue.now() + self.cluster.profile.api_latency;
        self.cluster.send(at, Parcel::Answered(self.controller, id, outcome, cause));
    }

    /// Does what is asked, at once: the API accepts a write before anyone acts on it.
    fn perform(&mut self, ask: Ask, cause: Cause) -> Outcome {
        let cluster = &mut *self.cluster;
        match ask {
            Ask::Apply { key, object, .. } => match cluster.apply(key, object, cause) {
                Ok(()) => Outcome::Accepted(None),
                Err(refusal) => Outcome::Refused(cluster.names.intern(&refusal)),
            },
            Ask::Delete { key, .. } => {
                cluster.delete(key, cause);
                Outcome::Accepted(None)
            }
            Ask::Get { key, serves } => match cluster.failed_read(serves) {
                Some(reason) => Outcome::Failed(reason),
                None => match cluster.true_status(key) {
                    Some(status) => Outcome::Accepted(Some(status)),
                    None => Outcome::NotFound,
                },
            },
            Ask::TellGroups { key, available, .. } => match cluster.tell_groups(key, available, cause) {
                true => Outcome::Accepted(None),
                false => Outcome::NotFound,
            },
            Ask::PatchNode { key, patch, .. } => match cluster.find_node(key) {
                None => Outcome::NotFound,
                Some(node) => match cluster.patch_node(node, &patch, cause) {
                    Ok(()) => Outcome::Accepted(None),
                    Err(refusal) => Outcome::Refused(cluster.names.intern(&refusal)),
                },
            },
            Ask::PatchSelector { key, patch, .. } => cluster.patch_selector(key, &patch, cause),
            Ask::Scale { key, replicas, .. } => match cluster.set_scale(key, replicas, cause) {
                true => Outcome::Accepted(None),
                false => Outcome::NotFound,
            },
            Ask::Evict { key, .. } => cluster.evict_asked(key, cause),
            Ask::Ungate { key, gate, .. } => cluster.ungate(key, &gate, cause),
            Ask::WriteStatus { key, status, .. } => cluster.write_status(key, status, cause),
            Ask::Measure { template, metric, .. } => cluster.measure(&template, &metric),
        }
    }
}

impl World for Port<'_> {
    fn now(&self) -> Time {
        self.cluster.queue.now()
    }

    fn intern(&mut self, text: &str) -> Symbol {
        self.cluster.names.intern(text)
    }

    fn text(&self, symbol: Symbol) -> String {
        self.cluster.names.text(symbol).to_owned()
    }

    fn observed(&self, key: Subject) -> Option<Status> {
        self.reads(key);
        self.cluster.observed_status(Some(self.controller), key)
    }

    fn observed_spec(&self, key: Subject) -> Option<Object> {
        self.reads(key);
        self.cluster.spec_of(key)
    }

    fn observed_pods(&self, workload: Subject) -> Vec<(Subject, PodStatus)> {
        self.reads(workload);
        let cluster = &*self.cluster;
        let Some(sets) = cluster.sets_by_subject.get(&workload) else { return Vec::new() };
        let mut pods: Vec<_> = sets.iter().flat_map(|set| cluster.pods_in(*set)).collect();
        pods.sort_unstable();
        let shown =
            |id| cluster.observed_pod(Some(self.controller), id).map(|status| (cluster.pod_subject(id), status));
        pods.into_iter().filter_map(shown).collect()
    }

    fn revisions(&self, workload: Subject) -> Vec<(u32, Arc<PodTemplate>)> {
        self.reads(workload);
        self.cluster.revisions_of(workload)
    }

    fn scale(&self, workload: Subject) -> Option<u32> {
        self.reads(workload);
        self.cluster.scale_of(workload)
    }

    fn is_leaving(&self, namespace: Symbol) -> bool {
        self.cluster.is_leaving(namespace)
    }

    fn admits(&self, namespace: Symbol) -> Result<(), String> {
        self.cluster.admits(namespace)
    }

    fn group_set(&self, key: Subject) -> Option<LeaderWorkerSetSpec> {
        self.cluster.group_sets.get(&key).map(|set| set.spec.clone())
    }

    fn has(&self, key: Subject) -> bool {
        self.cluster.objects.contains_key(&key) || self.cluster.true_status(key).is_some()
    }

    fn hears(&self, node: Subject) -> bool {
        let cluster = &*self.cluster;
        let sends = |node| cluster.kubelet(node).in_touch() && !cluster.kubelet(node).shutting_down;
        cluster.find_node(node).is_some_and(sends)
    }

    fn build_fails(&mut self, of: Subject) -> bool {
        !self.is_silent() && self.cluster.failed_read(of).is_some()
    }

    fn usage(&self, pods: &[Subject], metric: &str) -> Option<Vec<u64>> {
        self.cluster.usage(pods, metric)
    }

    fn observed_nodes(&self, labels: &[(&str, &str)]) -> Vec<(Subject, bool)> {
        self.reads(Cluster::all_nodes());
        let cluster = &*self.cluster;
        let has = |node: &super::node::Node| {
            node.joined && labels.iter().all(|(key, value)| node.labels.get(*key).is_some_and(|own| own == value))
        };
        let nodes = cluster.nodes.iter().filter(|(_, node)| has(node));
        nodes.map(|(id, node)| (cluster.node_subject(id), node.ready)).collect()
    }

    fn dial(&self, target: Subject) -> Dial {
        self.cluster.dial(target)
    }

    fn observed_node_labels(&self, label: &str) -> Vec<(Subject, Option<String>)> {
        self.reads(Cluster::all_nodes());
        let cluster = &*self.cluster;
        let nodes = cluster.nodes.iter().filter(|(_, node)| node.joined);
        nodes.map(|(id, node)| (cluster.node_subject(id), node.labels.get(label).cloned())).collect()
    }

    fn reaches(&self, store: Store) -> bool {
        self.cluster.outage_of(store).is_none()
    }

    fn watch(&mut self, key: Subject) {
        if self.is_trial() {
            return;
        }
        self.cluster.add_watch(self.controller, key);
    }

    fn unwatch(&mut self, key: Subject) {
        if self.is_trial() {
            return;
        }
        self.cluster.remove_watch(self.controller, key);
    }

    fn resyncs(&mut self, every: Duration) {
        self.cluster.watches.resyncs.insert(self.controller, every);
    }

    fn has_no_watches(&mut self) {
        self.cluster.watches.unwatched.insert(self.controller);
    }

    fn fell_silent(&self, node: Subject) -> Option<Cause> {
        let kubelet = self.cluster.kubelet(self.cluster.find_node(node)?);
        let is_heard = kubelet.in_touch() && !kubelet.shutting_down;
        if is_heard { None } else { kubelet.fell_silent.map(Cause::Entry) }
    }

    fn watch_nodes(&mut self) {
        if self.is_trial() {
            return;
        }
        self.cluster.add_node_watch(self.controller);
    }

    fn ask(&mut self, ask: Ask, cause: Cause) -> AskId {
        let id = AskId(self.cluster.asks);
        if self.is_silent() {
            return id;
        }
        self.cluster.asks += 1;
        if self.cluster.accesses.watched {
            self.cluster.line_up(Decided::Ask(self.controller, id, ask, cause));
        } else {
            self.carry_out(id, ask, cause);
        }
        id
    }

    fn wake_at(&mut self, at: Time, token: u64, cause: Cause) {
        if self.is_silent() {
            return;
        }
        let at = at.max(self.cluster.queue.now());
        self.cluster.send(at, Parcel::Timer(self.controller, token, cause));
    }

    fn note(&mut self, subject: Subject, became: &'static str, why: Why, cause: Cause) -> EntryId {
        if self.is_silent() {
            // The last entry stands for the one that is not written: what has it as its cause is not written either.
            return EntryId((self.cluster.timeline.len() as u32).saturating_sub(1));
        }
        let entry = Entry { at: self.now(), subject, became, why, cause, layer: Layer::System };
        self.cluster.timeline.push(entry, &self.cluster.names)
    }

    fn route(&mut self, name: Subject, backends: Vec<Backend>, cause: Cause) {
        if self.is_silent() {
            return;
        }
        self.cluster.traffic.route(name, backends, cause);
        self.cluster.unsettled = true;
    }

    fn want(&mut self, deployment: Subject, pods: Option<u32>) {
        if self.is_silent() {
            return;
        }
        match pods {
            Some(pods) => self.cluster.wanted.insert(deployment, pods),
            None => self.cluster.wanted.remove(&deployment),
        };
    }

    fn unwant(&mut self, pod: Subject) {
        if self.is_silent() {
            return;
        }
        if let Some(id) = self.cluster.find_pod(pod) {
            let set = self.cluster.pod(id).set;
            self.cluster.set_mut(set).unwanted = true;
        }
    }

    fn pledge(&mut self, pledge: Pledge) {
        if self.is_silent() {
            return;
        }
        self.cluster.owe(pledge);
    }

    fn publish(&mut self, subject: Subject, key: &str, value: &str, _cause: Cause) {
        if self.is_silent() {
            return;
        }
        self.cluster.published.insert((subject, key.to_owned()), value.to_owned());
    }

    fn record(&self, name: &str) -> Option<(u64, String)> {
        self.cluster.accesses.ahead.as_ref().unwrap_or(&self.cluster.records).get(name)
    }

    fn commit(&mut self, changes: &[RecordChange]) -> bool {
        if !self.cluster.accesses.watched {
            return self.cluster.records.commit(changes);
        }
        if self.is_silent() {
            return true;
        }
        let records = &self.cluster.records;
        let ahead = self.cluster.accesses.ahead.get_or_insert_with(|| Records::clone(records));
        let done = ahead.commit(changes);
        if done {
            self.cluster.line_up(Decided::Commit(self.controller, changes.to_vec()));
        }
        done
    }

    fn draw(&mut self, purpose: &str, object: Subject, ordinal: u64, bound: u64) -> u64 {
        let name = object.show(&self.cluster.names);
        self.cluster.streams.stream(purpose, &name, ordinal).below(bound.max(1))
    }

    fn reached(&mut self, token: u64, after: Duration) {
        let at = self.cluster.queue.now() + after;
        self.cluster.call_at(at, token, false);
    }

    fn give_up(&mut self, limit: String) {
        self.cluster.exhausted.get_or_insert(limit);
    }
}

impl Cluster {
    /// The node of this name that is in the cluster.
    pub(super) fn find_node(&self, key: Subject) -> Option<super::NodeId> {
        if key.kind != Kind::Node {
            return None;
        }
        self.nodes.iter().find(|(_, node)| node.joined && node.name == key.name).map(|(id, _)| id)
    }
}
