//! Nodes as they come and go: those of the scenario, and pools that a provider delivers after a while, or cannot.

use std::collections::BTreeMap;

use super::apply::ObjectId;
use super::kubelet::Kubelet;
use super::node::{NodeId, NodeSpec};
use super::scheduler::ClusterEvent;
use super::{Arg, Cause, Class, Cluster, Event, PoolId, Subject, Why, machine};
use crate::kernel::{Distribution, Duration, Name, Time};
use crate::timeline::EntryId;
use crate::workload::{NodePatch, NodePoolSpec, NodePoolStatus};

/// The label that holds the name of a node's pool.
pub const POOL_LABEL: &str = "greenroom.dev/pool";

/// What the cloud provider can deliver, and how fast.
#[derive(Clone, PartialEq, Debug)]
pub struct Provider {
    /// From the order of a pool to the moment that a node of it joins.
    pub provisioning: Distribution,
    /// The most nodes of a shape that it has left; shapes that are not named have no limit.
    pub capacity: BTreeMap<String, u32>,
    /// Bandwidth of image pulls in bytes a second, by the name of a node or pool, where it is not that of a row of behaviour.
    pub bandwidths: BTreeMap<String, u64>,
}

impl Default for Provider {
    /// Ten to thirty minutes a node: oci-ai-blueprints 1807459, INSTALLING_ONTO_EXISTING_CLUSTER_README.md:117.
    fn default() -> Provider {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let provisioning = Distribution::Uniform { min: minutes(10), max: minutes(30) };
        Provider { provisioning, capacity: BTreeMap::new(), bandwidths: BTreeMap::new() }
    }
}

/// A pool of nodes.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Its kind and name.
    pub key: Subject,
    /// What is asked for.
    pub spec: NodePoolSpec,
    /// What has come of it.
    pub status: NodePoolStatus,
    /// The nodes that joined.
    pub nodes: Vec<NodeId>,
    /// True once it was deleted.
    pub deleted: bool,
    /// The last entry about it.
    pub last: EntryId,
}

impl Cluster {
    /// A node joins now.
    pub fn add_node(&mut self, spec: NodeSpec, cause: Cause) -> NodeId {
        let now = self.queue.now();
        let labels = [super::node::REGION_LABEL, super::node::ZONE_LABEL];
        let zone_label = spec.zone.clone();
        let [region, zone] = labels.map(|label| spec.labels.get(label).cloned());
        let region = self.names.intern(&region.unwrap_or_default());
        let zone = self.names.intern(&zone.or(zone_label).unwrap_or_default());
        let id = self.nodes.add(&mut self.names, spec);
        let zone = self.zones.join(region, zone, self.profile.taint_interval);
        self.kubelets.push(Kubelet::joined(now, zone));
        self.zones_changed();
        let node = self.nodes.get(id);
        let gpus = node.devices.healthy();
        // GPUs that are cut count by their slices, not by device.
        let other = node.allocatable.extended.iter().find(|(_, count)| *count > 0);
        let why = match (gpus, &node.gpu_model) {
            (0, _) => match other {
                Some((resource, count)) => Why::with2("{} of {}", Arg::Count(*count), Arg::Text(*resource)),
                None => Why::text("no GPU"),
            },
            (_, Some(model)) => {
                let model = self.names.intern(model);
                let text = if gpus == 1 { "{} GPU, {}" } else { "{} GPUs, {}" };
                Why::with2(text, Arg::Count(gpus.into()), Arg::Text(model))
            }
            (1, None) => Why::text("1 GPU"),
            (_, None) => Why::with("{} GPUs", Arg::Count(gpus.into())),
        };
        self.note_node(id, "Ready", why, cause);
        self.tell_scheduler(ClusterEvent::NodeAdded(id));
        id
    }

    /// Interns a text before a run, for the names of nodes.
    pub fn intern(&mut self, text: &str) -> super::Symbol {
        self.names.intern(text)
    }

    /// Draws a length from the stream of this purpose, name and ordinal.
    pub fn draw_named(&self, purpose: &str, name: &str, ordinal: u64, length: &Distribution) -> Duration {
        length.sample(&mut self.streams.stream(purpose, name, ordinal))
    }

    /// Orders a pool of nodes.
    pub(super) fn create_pool(&mut self, key: Subject, spec: NodePoolSpec, cause: Cause) -> Result<(), String> {
        machine::resolve(&spec).map_err(|refusal| format!("pool {}: {refusal}", self.names.show(key.name)))?;
        let id = PoolId(self.pools.len() as u32);
        let now = self.queue.now();
        let shape_name = self.names.intern(&spec.shape);
        let why = Why::with2("{} x {}", Arg::Count(spec.count.into()), Arg::Text(shape_name));
        let mut last = self.note(key, "Provisioning", why, cause);
        let mut status = NodePoolStatus { desired: spec.count, ..NodePoolStatus::default() };
        match self.provider.capacity.get_mut(&spec.shape) {
            Some(left) if *left < spec.count => {
                status.failed = true;
                let left = Arg::Count((*left).into());
                let why = Why::with2("out of host capacity: {} left of {}", left, Arg::Text(shape_name));
                last = self.note(key, "Failed", why, Cause::Entry(last));
            }
            left => {
                if let Some(left) = left {
                    *left -= spec.count;
                }
                let name = self.names.show(key.name);
                for ordinal in 0..spec.count {
                    let mut stream = self.streams.stream("provision", &name, ordinal.into());
                    let at = now + self.provider.provisioning.sample(&mut stream);
                    self.schedule(at, Class::COMPLETION, Event::Join(id, ordinal));
                }
            }
        }
        self.pools.push(Pool { key, spec, status, nodes: Vec::new(), deleted: false, last });
        self.objects.insert(key, ObjectId::NodePool(id));
        self.touch_object(key, Cause::Entry(last));
        Ok(())
    }

    /// Handles [`Event::Join`].
    pub(super) fn on_join(&mut self, id: PoolId, ordinal: u32) {
        let pool = &self.pools[id.0 as usize];
        if pool.deleted {
            return;
        }
        let (key, cause) = (pool.key, Cause::Entry(pool.last));
        let Ok(made) = machine::resolve(&pool.spec) else { return };
        let mut labels = pool.spec.labels.clone();
        let name = self.names.show(key.name);
        labels.insert(POOL_LABEL.to_owned(), name.clone());
        labels.insert(super::node::INSTANCE_TYPE_LABEL.to_owned(), pool.spec.shape.clone());
        let spec = NodeSpec {
            labels,
            taints: pool.spec.taints.clone(),
            shape: Some(pool.spec.shape.clone()),
            gpu_model: made.gpu_model,
            pods_max: pool.spec.pods_max.unwrap_or(self.profile.pods_per_node),
            ..NodeSpec::new(Name::numbered(self.names.intern(&name), ordinal), made.resources)
        };
        let node = self.add_node(spec, cause);
        let pool = &mut self.pools[id.0 as usize];
        pool.nodes.push(node);
        pool.status.ready += 1;
        let mut cause = Cause::Entry(pool.last);
        if pool.status.ready == pool.status.desired {
            let why = Why::with("{} nodes", Arg::Count(pool.status.ready.into()));
            let joined = self.node_cause(node).unwrap_or(cause);
            let last = self.note(key, "Ready", why, joined);
            self.pools[id.0 as usize].last = last;
            cause = Cause::Entry(last);
        }
        self.touch_object(key, cause);
    }

    /// Gives a pool back: its nodes leave.
    pub(super) fn delete_pool(&mut self, id: PoolId, cause: Cause) {
        let pool = &mut self.pools[id.0 as usize];
        pool.deleted = true;
        let (key, nodes, failed) = (pool.key, pool.nodes.clone(), pool.status.failed);
        if let Some(left) = self.provider.capacity.get_mut(&self.pools[id.0 as usize].spec.shape)
            && !failed
        {
            *left += self.pools[id.0 as usize].spec.count;
        }
        let last = self.note(key, "Deleted", Why::NONE, cause);
        for node in nodes {
            self.remove_node(node, Cause::Entry(last));
        }
        self.touch_object(key, Cause::Entry(last));
    }

    /// Changes a node: its labels, or how its GPUs are cut. A node must be idle for its GPUs to be cut anew.
    pub(super) fn patch_node(&mut self, id: NodeId, patch: &NodePatch, cause: Cause) -> Result<(), String> {
        if let Some(config) = &patch.mig {
            let node = self.nodes.get(id);
            if node.pods > 0 {
                return Err(format!("{} pods run on it: its GPUs can be cut only while it is idle", node.pods));
            }
            let model = node.gpu_model.clone().ok_or("it has no GPU")?;
            let slices = machine::mig_slices(&model, config)?;
            let event = self.nodes.cut_gpus(&mut self.names, id, &slices);
            self.tell_scheduler(event);
            let config = self.names.intern(config);
            self.note_node(id, "Reconfigured", Why::with("MIG {}", Arg::Text(config)), cause);
        }
        if !patch.labels.is_empty() {
            let mut labels = BTreeMap::clone(&self.nodes.get(id).labels);
            labels.extend(patch.labels.clone());
            let event = self.nodes.set_labels(id, labels);
            self.note_node(id, "Labelled", Why::with("{} labels", Arg::Count(patch.labels.len() as u64)), cause);
            self.tell_scheduler(event);
        }
        Ok(())
    }

    /// A node of the scenario that joins later.
    pub fn add_node_later(&mut self, at: Time, spec: NodeSpec, cause: Cause) {
        let index = self.late_nodes.len() as u32;
        self.late_nodes.push(Some((spec, cause)));
        self.schedule(at, Class::COMPLETION, Event::JoinLate(index));
    }

    /// Handles [`Event::JoinLate`].
    pub(super) fn on_join_late(&mut self, index: u32) {
        if let Some((spec, cause)) = self.late_nodes.get_mut(index as usize).and_then(Option::take) {
            let node = self.add_node(spec, cause);
            self.group_node_joined(node);
        }
    }
}
