//! The table of nodes: every change of a node goes through it and is noted, so that the scheduler looks only at nodes
//! that changed. A change that may help a waiting pod returns the event to tell the scheduling queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::crowd::{Crowds, Priorities, Share};
use super::order::Order;
use super::spread::Spreads;
use super::{Changes, Devices, HOSTNAME_LABEL, KUBELET_LABELS, Node, NodeId, NodeSpec, REGION_LABEL, ZONE_LABEL};
use crate::cluster::scheduler::{ClusterEvent, NodeUpdate, image_bytes};
use crate::cluster::shape;
use crate::cluster::template::{Amounts, SpreadId, Template, TemplateId, Templates, image_symbol};
use crate::kernel::mutation::{Mutation, is_on};
use crate::kernel::{Names, Symbol};
use crate::workload::Taint;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};

/// What the names of MIG slices begin with.
const MIG_PREFIX: &str = "nvidia.com/mig-";

/// What is known of an image that some node holds, as it is now. In a real cluster the count that a node's score goes by
/// is that of the last time when this node itself changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImageState {
    /// Its size, as the first node that reported it said.
    pub size_bytes: u64,
    /// How many nodes hold it.
    pub nodes: u32,
}

impl ImageState {
    /// What the image counts for in ImageLocality when the cluster has so many nodes.
    pub fn scaled_bytes(self, nodes: usize) -> i64 {
        image_bytes(self.size_bytes, self.nodes, nodes)
    }
}

/// All nodes, by id.
#[derive(Clone, Default, Debug)]
pub struct Nodes {
    nodes: Vec<Node>,
    order: Order,
    images: BTreeMap<Symbol, ImageState>,
    spreads: Spreads,
    crowds: Crowds,
    priorities: Priorities,
    /// Values of the zone label; a node's `zone_id` is one more than the place here.
    zones: Vec<String>,
    changes: Changes,
}

impl Nodes {
    /// A node joins. GPUs beyond [`Devices::MAX`] are cut; [`NodeSpec::refusal`] tells of them beforehand.
    pub fn add(&mut self, names: &mut Names, spec: NodeSpec) -> NodeId {
        let id = NodeId(
            u32::try_from(self.nodes.len()).ok().filter(|id| *id < 1 << 31).expect("a run has fewer than 2^31 nodes"),
        );
        let mut labels = spec.labels;
        if let Some(zone) = &spec.zone {
            labels.entry(ZONE_LABEL.to_owned()).or_insert_with(|| zone.clone());
        }
        labels.entry(HOSTNAME_LABEL.to_owned()).or_insert_with(|| names.show(spec.name));
        for (label, value) in KUBELET_LABELS {
            labels.entry(label.to_owned()).or_insert_with(|| value.to_owned());
        }
        let mut allocatable = Amounts::of(names, &spec.allocatable);
        let devices = [NVIDIA_GPU, AMD_GPU].map(|kind| names.intern(kind)).into_iter().find_map(|kind| {
            let count = allocatable.extended(kind).min(Devices::MAX.into());
            (count > 0).then(|| Devices::new(kind, count))
        });
        if let Some(devices) = devices {
            allocatable.set_extended(devices.resource().expect("made with one"), devices.healthy().into());
        }
        self.order.add(id, &zone_key(&labels));
        let zone_id = self.zone_id(&labels);
        self.nodes.push(Node {
            name: spec.name,
            joined: true,
            ready: spec.ready,
            unschedulable: spec.unschedulable,
            labels: labels.into(),
            taints: spec.taints.into(),
            shape: spec.shape.map(Arc::from),
            gpu_model: spec.gpu_model.map(Arc::from),
            allocatable,
            requested: Amounts::default(),
            scored_cpu_milli: 0,
            scored_memory_bytes: 0,
            pods: 0,
            pods_max: spec.pods_max,
            devices: devices.unwrap_or_default(),
            slices: SmallVec::new(),
            zone_id,
            spread: SmallVec::new(),
            images: SmallVec::new(),
            ports: Vec::new(),
        });
        self.changes.reserve(self.order.places());
        self.changes.note(id, true);
        id
    }

    /// A node leaves the cluster: the scheduler no longer sees it. What its pods hold can still be given back.
    pub fn remove(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.0 as usize];
        if !node.joined {
            return;
        }
        node.joined = false;
        for image in std::mem::take(&mut node.images) {
            if let Some(state) = self.images.get_mut(&image) {
                state.nodes -= 1;
                if state.nodes == 0 {
                    self.images.remove(&image);
                }
            }
        }
        self.order.remove(id);
        self.changes.note(id, true);
    }

    /// A node.
    pub fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The nodes that are in the cluster, in the scheduler's order.
    pub fn in_order(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.order.iter().map(|id| (id, self.get(id)))
    }

    /// All nodes that ever joined, in the order in which they did.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().zip(0..).map(|(node, id)| (NodeId(id), node))
    }

    /// How many nodes are in the cluster.
    pub fn len(&self) -> usize {
        self.order.nodes()
    }

    /// True if no node is in the cluster.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The order in which the scheduler looks at nodes.
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The log of changes.
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// True if some node holds an image of known size.
    pub fn has_images(&self) -> bool {
        !self.images.is_empty()
    }

    /// What is known of an image that some node holds.
    pub fn image(&self, image: Symbol) -> Option<ImageState> {
        self.images.get(&image).copied()
    }

    /// Sets the Ready condition. Taints are the node lifecycle's to set.
    pub fn set_ready(&mut self, id: NodeId, ready: bool) {
        self.nodes[id.0 as usize].ready = ready;
    }

    /// Makes the node's taints these.
    pub fn set_taints(&mut self, id: NodeId, taints: Vec<Taint>) -> ClusterEvent {
        let node = self.changed(id, true);
        let old = std::mem::replace(&mut node.taints, taints.into());
        ClusterEvent::NodeUpdated(id, NodeUpdate::Taints(old))
    }

    /// Adds a taint; one with the same key and effect is replaced.
    pub fn add_taint(&mut self, id: NodeId, taint: Taint) -> ClusterEvent {
        let mut taints = self.get(id).taints.to_vec();
        taints.retain(|one| (&one.key, one.effect) != (&taint.key, taint.effect));
        taints.push(taint);
        self.set_taints(id, taints)
    }

    /// Takes away every taint with this key.
    pub fn remove_taint(&mut self, id: NodeId, key: &str) -> ClusterEvent {
        let mut taints = self.get(id).taints.to_vec();
        taints.retain(|one| one.key != key);
        self.set_taints(id, taints)
    }

    /// Makes the node's labels these. A new zone counts for the spread at once, but for the order of nodes only
    /// when the node joins again.
    pub fn set_labels(&mut self, id: NodeId, labels: BTreeMap<String, String>) -> ClusterEvent {
        let zone_id = self.zone_id(&labels);
        let node = self.changed(id, true);
        node.zone_id = zone_id;
        let old = std::mem::replace(&mut node.labels, labels.into());
        ClusterEvent::NodeUpdated(id, NodeUpdate::Labels(old))
    }

    /// Cordons or uncordons a node.
    pub fn set_unschedulable(&mut self, id: NodeId, unschedulable: bool) -> ClusterEvent {
        let node = self.changed(id, true);
        let old = std::mem::replace(&mut node.unschedulable, unschedulable);
        ClusterEvent::NodeUpdated(id, NodeUpdate::Unschedulable(old))
    }

    /// Makes the allocatable count of an extended resource `count`, which may be less than what is asked of it. If the
    /// resource is that of the node's GPUs, the node now has that many; a node without GPUs gets them.
    pub fn set_extended(&mut self, names: &mut Names, id: NodeId, resource: &str, count: u64) -> ClusterEvent {
        let symbol = names.intern(resource);
        let node = self.changed(id, false);
        let old = node.allocatable.clone();
        let mut count = count;
        if node.devices.resource() == Some(symbol) {
            node.devices.resize(count);
            count = node.devices.healthy().into();
        } else if node.devices.resource().is_none() && [NVIDIA_GPU, AMD_GPU].contains(&resource) {
            node.devices = Devices::new(symbol, count);
            count = node.devices.healthy().into();
        }
        node.allocatable.set_extended(symbol, count);
        ClusterEvent::NodeUpdated(id, NodeUpdate::Allocatable(old))
    }

    /// A pod is bound to the node: it holds what it asks for and counts for its ReplicaSet's spread.
    pub fn bind(&mut self, templates: &Templates, id: NodeId, template: TemplateId, spread: SpreadId) {
        if templates.count_others() {
            self.crowds.enter(id, template, templates.get(template).company.has_terms());
        }
        let template = templates.get(template);
        self.changes.note(id, false);
        self.priorities.enter(template.priority);
        let node = &mut self.nodes[id.0 as usize];
        node.pods += 1;
        if !is_on(Mutation::RequestsNotCounted) {
            node.requested.add(&template.requests);
        }
        node.scored_cpu_milli += template.scored_cpu_milli;
        node.scored_memory_bytes += template.scored_memory_bytes;
        node.ports.extend(template.company.ports.iter().cloned());
        if spread != SpreadId::NONE {
            self.spreads.enter(id, node, spread);
        }
    }

    /// A pod is gone from the node, or ended for good: what it held is free. It was terminating or not; `spread` no longer
    /// counts if [`Nodes::terminate`] was called for it before.
    pub fn release(
        &mut self,
        templates: &Templates,
        id: NodeId,
        template: TemplateId,
        spread: SpreadId,
        terminating: bool,
    ) -> ClusterEvent {
        if templates.count_others() {
            self.crowds.leave(id, template, !terminating);
        }
        if !terminating {
            self.spread_leave(id, spread);
        }
        let gone = ClusterEvent::PodDeleted(template);
        let template = templates.get(template);
        self.priorities.leave(template.priority);
        let node = self.changed(id, false);
        node.pods -= 1;
        if !is_on(Mutation::RequestsNotCounted) {
            node.requested.take(&template.requests);
        }
        node.scored_cpu_milli -= template.scored_cpu_milli;
        node.scored_memory_bytes -= template.scored_memory_bytes;
        for port in &template.company.ports {
            if let Some(at) = node.ports.iter().position(|one| one == port) {
                node.ports.swap_remove(at);
            }
        }
        gone
    }

    /// A pod begins to terminate: the spread no longer counts it (`countPodsMatchSelector`, k8s.io/kubernetes v1.36.3,
    /// pkg/scheduler/framework/plugins/podtopologyspread/common.go).
    pub fn terminate(&mut self, templates: &Templates, id: NodeId, template: TemplateId, spread: SpreadId) {
        if templates.count_others() {
            self.crowds.terminate(id, template);
        }
        self.spread_leave(id, spread);
    }

    fn spread_leave(&mut self, id: NodeId, spread: SpreadId) {
        if spread == SpreadId::NONE {
            return;
        }
        self.changes.note(id, false);
        self.spreads.leave(id, &mut self.nodes, spread);
    }

    /// Counts a pod that was bound before others had to be counted.
    pub fn count_late(&mut self, templates: &Templates, id: NodeId, template: TemplateId, terminating: bool) {
        self.crowds.enter(id, template, templates.get(template).company.has_terms());
        if terminating {
            self.crowds.terminate(id, template);
        }
    }

    /// The pods of a node by template, once some template asks for others to be counted.
    pub fn crowd(&self, id: NodeId) -> &[Share] {
        self.crowds.on(id)
    }

    /// Templates with terms about other pods that have pods on nodes.
    pub fn bearers(&self) -> impl Iterator<Item = TemplateId> {
        self.crowds.bearers()
    }

    /// Changes when [`Nodes::bearers`] does.
    pub const fn bearers_version(&self) -> u64 {
        self.crowds.version()
    }

    /// The lowest priority of a pod that is on a node.
    pub fn lowest_priority(&self) -> Option<i32> {
        self.priorities.lowest()
    }

    /// The nodes that hold pods of a ReplicaSet which are not terminating, and how many; in no order that means anything.
    pub fn with_pods_of(&self, spread: SpreadId) -> &[(NodeId, u32)] {
        self.spreads.nodes(spread)
    }

    /// True if a node holds an image whose size is known.
    pub fn knows_images(&self) -> bool {
        !self.images.is_empty()
    }

    /// The node holds an image from now on. Images of unknown size (0) do not count for scores.
    pub fn set_image(&mut self, names: &mut Names, id: NodeId, image: &str, size_bytes: u64) {
        let image = image_symbol(names, image);
        if size_bytes == 0 && !self.images.contains_key(&image) {
            return;
        }
        let node = &mut self.nodes[id.0 as usize];
        if let (true, Err(at)) = (node.joined, node.images.binary_search(&image)) {
            node.images.insert(at, image);
            self.images.entry(image).or_insert(ImageState { size_bytes, nodes: 0 }).nodes += 1;
            self.changes.note(id, false);
        }
    }

    /// Takes the GPUs that a pod of this template asks for, lowest free index first, one bit a GPU: 0 if it asks for
    /// none, `None` if too few are free.
    pub fn take_devices(&mut self, templates: &Templates, id: NodeId, template: TemplateId) -> Option<u64> {
        let count = self.gpus_asked(templates.get(template), id);
        self.nodes[id.0 as usize].devices.take(count)
    }

    /// True if a node has the GPUs free that a pod of this template asks for.
    pub fn has_devices_for(&self, templates: &Templates, id: NodeId, template: TemplateId) -> bool {
        let count = self.gpus_asked(templates.get(template), id);
        let mut devices = self.nodes[id.0 as usize].devices;
        devices.take(count).is_some()
    }

    /// Gives back the GPUs that [`Nodes::take_devices`] took.
    pub fn give_back(&mut self, id: NodeId, mask: u64) {
        self.nodes[id.0 as usize].devices.give_back(mask);
    }

    /// Loses healthy GPUs, lowest index first: those lost now, which of them are held, and the event.
    pub fn lose_devices(&mut self, id: NodeId, count: u32) -> (u64, u64, ClusterEvent) {
        let (lost, held) = self.nodes[id.0 as usize].devices.lose(count);
        (lost, held, self.count_devices(id))
    }

    /// Makes lost GPUs healthy again.
    pub fn restore_devices(&mut self, id: NodeId, mask: u64) -> ClusterEvent {
        self.nodes[id.0 as usize].devices.restore(mask);
        self.count_devices(id)
    }

    /// Cuts every GPU of the node into these slices, each with its count a GPU, or makes the GPUs whole again if there
    /// are none. No pod may hold a GPU or a slice: that is the caller's to see to, as it is the MIG manager's.
    pub fn cut_gpus(&mut self, names: &mut Names, id: NodeId, slices: &[(String, u32)]) -> ClusterEvent {
        let node = &mut self.nodes[id.0 as usize];
        if node.devices.resource().is_none()
            && let Some(gpus) = node.shape.as_deref().and_then(|shape| shape::named(shape).ok()?.gpus)
        {
            // The node joined with its GPUs cut: its shape tells how many there are.
            node.devices = Devices::new(names.intern(gpus.resource), gpus.count.into());
            let slice_of_any = |resource: Symbol| names.text(resource).starts_with(MIG_PREFIX);
            node.allocatable.extended.retain(|(resource, _)| !slice_of_any(*resource));
        }
        let old = std::mem::take(&mut node.slices);
        let before = node.allocatable.clone();
        for (resource, _) in old {
            node.allocatable.set_extended(resource, 0);
        }
        node.slices = slices.iter().map(|(resource, count)| (names.intern(resource), *count)).collect();
        self.count_devices(id);
        ClusterEvent::NodeUpdated(id, NodeUpdate::Allocatable(before))
    }

    /// Counts what the healthy GPUs come to, whole or cut.
    fn count_devices(&mut self, id: NodeId) -> ClusterEvent {
        let node = self.changed(id, false);
        let old = node.allocatable.clone();
        let healthy = u64::from(node.devices.healthy());
        if let Some(resource) = node.devices.resource() {
            node.allocatable.set_extended(resource, if node.slices.is_empty() { healthy } else { 0 });
        }
        for (resource, count) in &node.slices {
            node.allocatable.set_extended(*resource, healthy * u64::from(*count));
        }
        ClusterEvent::NodeUpdated(id, NodeUpdate::Allocatable(old))
    }

    fn gpus_asked(&self, template: &Template, id: NodeId) -> u64 {
        self.get(id).devices.resource().map_or(0, |resource| template.requests.extended(resource))
    }

    fn zone_id(&mut self, labels: &BTreeMap<String, String>) -> u32 {
        let Some(zone) = labels.get(ZONE_LABEL) else {
            return 0;
        };
        let at = self.zones.iter().position(|one| one == zone).unwrap_or_else(|| {
            self.zones.push(zone.clone());
            self.zones.len() - 1
        });
        at as u32 + 1
    }

    fn changed(&mut self, id: NodeId, kind_too: bool) -> &mut Node {
        self.changes.note(id, kind_too);
        &mut self.nodes[id.0 as usize]
    }
}

/// The zone that a node takes turns in: its region and zone (`GetZoneKey`, k8s.io/component-helpers v0.36.3,
/// node/topology/helpers.go).
fn zone_key(labels: &BTreeMap<String, String>) -> String {
    let value = |label: &str| labels.get(label).map_or("", String::as_str);
    let (region, zone) = (value(REGION_LABEL), value(ZONE_LABEL));
    if region.is_empty() && zone.is_empty() { String::new() } else { format!("{region}:\x00:{zone}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::shape::mig_slices;
    use crate::workload::Resources;

    fn allocatable(nodes: &Nodes, names: &Names) -> Vec<(String, u64)> {
        nodes.get(NodeId(0)).allocatable.to_resources(names).extended.into_iter().collect()
    }

    #[test]
    fn gpus_are_whole_or_cut() {
        let mut names = Names::default();
        let mut nodes = Nodes::default();
        let shape = "BM.GPU.H100.8";
        let h100 = shape::named(shape).expect("it is in the catalogue").gpus.expect("it has some");
        // It joins with its GPUs cut, as a pool with a MIG configuration does.
        let spec = NodeSpec {
            shape: Some(shape.to_owned()),
            gpu_model: Some(h100.model.clone()),
            ..NodeSpec::new(names.name("h100"), Resources::of("nvidia.com/mig-7g.80gb", 8))
        };
        let id = nodes.add(&mut names, spec);
        let cut = |config: &str| mig_slices(&h100.model, config).expect("it can be cut");
        nodes.cut_gpus(&mut names, id, &cut("all-balanced"));
        let slice = |name: &str, count: u64| (format!("nvidia.com/mig-{name}"), count);
        assert_eq!(allocatable(&nodes, &names), [slice("1g.10gb", 16), slice("2g.20gb", 8), slice("3g.40gb", 8)]);
        let (lost, _, _) = nodes.lose_devices(id, 1);
        assert_eq!(allocatable(&nodes, &names), [slice("1g.10gb", 14), slice("2g.20gb", 7), slice("3g.40gb", 7)]);
        nodes.restore_devices(id, lost);
        nodes.cut_gpus(&mut names, id, &cut("all-disabled"));
        assert_eq!(allocatable(&nodes, &names), [(NVIDIA_GPU.to_owned(), 8)]);
    }
}
