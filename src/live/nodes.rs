//! Nodes of a live run: fake ones, which kwok plays and the run makes and deletes, and faults that strike nodes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::clock::Timer;
use super::cluster::LiveCluster;
use super::mirror::workloads::WorkloadSeen;
use super::node_change::NodeChange;
use super::render::fleet::{KWOK_ANNOTATION, KWOK_LABEL, fake_node};
use super::request::Operation;
use crate::cluster::{NodeSpec, Profile, machine};
use crate::kernel::{Duration, Names};
use crate::scenario::Scenario;
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::{Drain, NodePoolSpec, NodePoolStatus, Status};

/// An eviction that a budget refuses is tried again after so long: k8s.io/kubectl v0.36.3, pkg/drain/drain.go.
const EVICT_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The nodes of a scenario, by name.
///
/// # Errors
/// A shape that nobody knows.
pub(super) fn fleet(scenario: &Scenario, names: &mut Names) -> Result<Vec<(String, NodeSpec)>, String> {
    let pods_per_node = Profile::kubernetes_1_36().pods_per_node;
    let mut nodes = Vec::new();
    for entry in &scenario.cluster.nodes {
        for name in entry.naming.names() {
            let spec = crate::rehearsal::node_spec(entry, names.name(&name), pods_per_node);
            let spec = spec.map_err(|problem| format!("node {name}{problem}"))?;
            nodes.push((name, spec));
        }
    }
    Ok(nodes)
}

/// A drain as it goes on.
#[derive(Clone, Debug)]
pub(super) struct DrainRun {
    node: Subject,
    options: Drain,
    left: BTreeSet<Subject>,
    refused: BTreeSet<Subject>,
    cause: Cause,
}

impl LiveCluster {
    /// The fake nodes of a scenario, as they are applied.
    ///
    /// # Errors
    /// A shape that nobody knows.
    pub(super) fn fake_nodes(&mut self) -> Result<Vec<Value>, String> {
        let scenario = std::sync::Arc::clone(&self.scenario);
        let specs = fleet(&scenario, &mut self.names)?;
        Ok(specs.iter().map(|(name, spec)| self.node_body(name, spec)).collect())
    }

    /// What is applied for a node that kwok plays.
    fn node_body(&mut self, name: &str, spec: &NodeSpec) -> Value {
        self.rendering.naming.learn(Kind::Node, "", name);
        self.node_specs.insert(Subject::new(Kind::Node, spec.name), spec.clone());
        fake_node(&self.rendering.naming, name, spec)
    }

    /// True if the run made the node.
    pub(super) fn made(&self, node: Subject) -> bool {
        self.node_specs.contains_key(&node)
    }

    /// The GPU model of a fake node.
    pub(super) fn model_of(&self, node: Subject) -> Option<String> {
        self.node_specs.get(&node)?.gpu_model.clone()
    }

    /// Labels of all that the run makes.
    pub(super) fn run_labels(&self) -> BTreeMap<String, String> {
        super::render::run_labels(&self.rendering.naming)
    }

    /// Has kwok play a fake node, or no longer.
    ///
    /// # Errors
    /// Never for nodes.
    pub(super) fn play(&mut self, node: Subject, plays: bool, cause: Cause) -> Result<(), String> {
        let value = |value: &str| plays.then(|| value.to_owned());
        let patch = json!({ "metadata": {
            "labels": { KWOK_LABEL.0: value(KWOK_LABEL.1) },
            "annotations": { KWOK_ANNOTATION.0: value(KWOK_ANNOTATION.1) },
        } });
        self.do_to(node, Operation::Merge(patch), cause)
    }

    /// Whether a run may change a node.
    ///
    /// # Errors
    /// It did not make it and was not allowed to.
    pub(super) fn may_touch(&self, node: Subject) -> Result<(), String> {
        if self.made(node) || self.options.allow_node_faults {
            return Ok(());
        }
        let name = self.names.show(node.name);
        Err(format!("node {name} is not of this run: changing it needs --allow-node-faults"))
    }

    /// Changes a node, so that it can be taken back.
    pub(super) fn change_node(&mut self, node: Subject, change: NodeChange, cause: Cause) -> Result<(), String> {
        let is_own = self.made(node);
        self.do_to(node, Operation::Node { change, is_own, run: self.options.run.clone() }, cause)
    }

    /// Drains a node of the run's own pods. Those of others are never touched. It is cordoned first, so that what is evicted
    /// does not come back.
    pub(super) fn drain(&mut self, node: Subject, options: Drain, cause: Cause) -> Result<(), String> {
        if self.mirror.nodes.get(&node).is_some_and(|node| node.unschedulable) {
            self.evict_all(node, options, cause);
            return Ok(());
        }
        self.drains_to_come.insert(node, options);
        self.change_node(node, NodeChange::Cordon(true), cause)
    }

    /// A node was seen to be cordoned: a drain that waited for this begins.
    pub(super) fn node_cordoned(&mut self, node: Subject, cause: Cause) {
        if let Some(options) = self.drains_to_come.remove(&node) {
            self.evict_all(node, options, cause);
        }
    }

    /// Evicts the pods of a node.
    fn evict_all(&mut self, node: Subject, options: Drain, cause: Cause) {
        let on_node = self.mirror.pods.values().filter(|pod| pod.status.node == Some(node.name));
        let evicted = on_node.filter(|pod| pod.workload.kind != Kind::DaemonSet || pod.is_finished());
        let evicted: Vec<(Subject, bool)> =
            evicted.map(|pod| (pod.subject, pod.owner.is_none() && !pod.is_finished())).collect();
        if let (Some((bare, _)), false) = (evicted.iter().find(|(_, bare)| *bare), options.force) {
            let why = Why::with("no controller would make {} again", Arg::Subject(*bare));
            self.note_next(node, "DrainRefused", why, cause);
            return;
        }
        let left: BTreeSet<Subject> = evicted.into_iter().map(|(pod, _)| pod).collect();
        let why = Why::with("{} pods to evict", Arg::Count(left.len() as u64));
        let cause = self.note_next(node, "Draining", why, cause);
        let index = self.drains.len();
        let pods = left.clone();
        self.drains.push(DrainRun { node, options, left, refused: BTreeSet::new(), cause });
        if let Some(timeout) = options.timeout {
            self.clock.set(self.present() + timeout, false, Timer::DrainTimeout(index));
        }
        for pod in pods {
            self.drain_pod(index, pod);
        }
        self.end_drain(index);
    }

    /// The time of a drain is over: it is given up, and pods that were evicted go all the same.
    pub(super) fn drain_timeout(&mut self, index: usize) {
        let left = std::mem::take(&mut self.drains[index].left);
        if !left.is_empty() {
            let (node, cause) = (self.drains[index].node, self.drains[index].cause);
            let why = Why::with("timed out with {} pods left", Arg::Count(left.len() as u64));
            self.note_next(node, "DrainFailed", why, cause);
        }
    }

    /// Evicts a pod of a drain.
    pub(super) fn drain_pod(&mut self, index: usize, pod: Subject) {
        let Some(drain) = self.drains.get(index).filter(|drain| drain.left.contains(&pod)) else { return };
        let (options, cause) = (drain.options, drain.cause);
        let grace = options.grace_period.map(|grace| grace.whole_secs() as u32);
        self.deletions.insert(pod, cause);
        let operation = if options.ignores_budgets { Operation::Delete(grace) } else { Operation::Evict(grace) };
        if let Err(why) = self.do_to(pod, operation, cause) {
            self.troubles.push(why);
        }
    }

    /// A budget refused the eviction of a pod: it is tried again later.
    pub(super) fn eviction_refused(&mut self, pod: Subject, why: &str) -> bool {
        let Some(index) = self.drains.iter().position(|drain| drain.left.contains(&pod)) else {
            // The drain was given up while it was asked for.
            return self.drains.iter().any(|drain| drain.refused.contains(&pod));
        };
        let cause = self.drains[index].cause;
        if self.drains[index].refused.insert(pod) {
            let why = Why::symbol(self.names.intern(why));
            self.note_next(pod, "EvictionRefused", why, cause);
        }
        let at = self.present() + EVICT_AGAIN_AFTER;
        self.clock.set(at, false, Timer::EvictAgain(index, pod));
        true
    }

    /// A pod is gone: drains that waited for it go on.
    pub(super) fn drain_goes_on(&mut self, pod: Subject) {
        for index in 0..self.drains.len() {
            if self.drains[index].left.remove(&pod) {
                self.end_drain(index);
            }
        }
    }

    fn end_drain(&mut self, index: usize) {
        let drain = &self.drains[index];
        if drain.left.is_empty() {
            let (node, cause) = (drain.node, drain.cause);
            self.note_next(node, "Drained", Why::NONE, cause);
        }
    }

    /// Orders a pool of nodes: fake ones.
    pub(super) fn create_pool(&mut self, key: Subject, spec: &NodePoolSpec, cause: Cause) -> Result<(), String> {
        if !self.options.fake_nodes {
            return Err("a live run makes nodes only with --fake-nodes".to_owned());
        }
        let machine = machine::resolve(spec)?;
        let shape = self.names.intern(&spec.shape);
        let why = Why::with2("{} x {}", Arg::Count(spec.count.into()), Arg::Text(shape));
        let entry = self.note(key, "Provisioning", why, cause);
        let name = self.names.show(key.name);
        for ordinal in 0..spec.count {
            let node_name = format!("{name}-{ordinal}");
            let node = Subject::new(Kind::Node, self.names.name(&node_name));
            let node_spec = NodeSpec {
                labels: spec.labels.clone(),
                taints: spec.taints.clone(),
                shape: Some(spec.shape.clone()),
                gpu_model: machine.gpu_model.clone(),
                pods_max: spec.pods_max.unwrap_or(Profile::kubernetes_1_36().pods_per_node),
                ..NodeSpec::new(node.name, machine.resources.clone())
            };
            let body = self.node_body(&node_name, &node_spec);
            self.pools.insert(node, key);
            self.do_to(node, Operation::ApplyNode(body), Cause::Entry(entry))?;
        }
        let status = NodePoolStatus { desired: spec.count, ..NodePoolStatus::default() };
        self.keep_pool(key, status, entry);
        Ok(())
    }

    fn keep_pool(&mut self, key: Subject, status: NodePoolStatus, last: EntryId) {
        let seen = WorkloadSeen::of(Status::NodePool(status), status.desired, 1);
        self.mirror.workloads.insert(key, WorkloadSeen { last, ..seen });
    }

    /// A node of a pool has come: the pool is ready once all have.
    pub(super) fn pool_grows(&mut self, node: Subject, cause: Cause) {
        let Some(key) = self.pools.get(&node).copied() else { return };
        let Some(Status::NodePool(mut status)) = self.mirror.status(key) else { return };
        let nodes = self.pools.iter().filter(|(_, pool)| **pool == key).map(|(node, _)| node);
        status.ready = nodes.filter(|node| self.mirror.nodes.get(node).is_some_and(|node| node.ready)).count() as u32;
        let mut last = self.mirror.workloads.get(&key).map_or(EntryId(0), |own| own.last);
        if status.ready == status.desired {
            last = self.note(key, "Ready", Why::with("nodes: {}", Arg::Count(status.ready.into())), cause);
        }
        self.keep_pool(key, status, last);
        self.touch(key, cause);
    }

    /// Gives a pool of fake nodes back.
    pub(super) fn delete_pool(&mut self, key: Subject, cause: Cause) {
        if self.mirror.workloads.remove(&key).is_none() {
            return;
        }
        let entry = self.note(key, "Deleted", Why::NONE, cause);
        let nodes: Vec<Subject> = self.pools.iter().filter(|(_, pool)| **pool == key).map(|(node, _)| *node).collect();
        for node in nodes {
            self.strikes.insert(node, Cause::Entry(entry));
            if let Err(why) = self.do_to(node, Operation::Delete(None), Cause::Entry(entry)) {
                self.troubles.push(why);
            }
        }
        self.touch(key, Cause::Entry(entry));
    }
}
