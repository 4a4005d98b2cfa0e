//! Reads nodes, pools and what is behind them.

use std::collections::BTreeMap;

use super::Reader;
use super::names::Taken;
use crate::cluster::machine::{Figures, from_figures};
use crate::cluster::scheduler::SchedulerProfile;
use crate::scenario::file::{AutoscaleFile, ClusterFile, GpusFile, NamedClusterFile, NodeFile};
use crate::scenario::model::{CLUSTER_LABEL, Cluster, Gpus, NodeEntry, NodeNaming};
use crate::scenario::values::Amount;
use crate::text::decode::{Spanned, Table};
use crate::text::tree::Key;
use crate::text::{Diagnostic, Span};
use crate::workload::pod::Taint;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};

/// The most nodes of a cluster.
const NODES_MAX: u32 = 200_000;
/// The most pods that a node may be set to take.
const PODS_MAX: u32 = 10_000;
/// The most GPUs of a node; a timeline shows them as bits of one integer.
const GPUS_MAX: u32 = 64;
/// The most CPU of a node, in thousandths of a core: a million cores.
const CPU_MILLI_MAX: u64 = 1_000_000_000;
/// The most bytes of a node's memory or storage, and the most bytes a second of its network: 1 EiB.
const BYTES_MAX: u64 = 1 << 60;

impl Reader<'_, '_> {
    /// The cluster of a scenario, or its clusters as parts of one.
    pub(super) fn one_or_several(
        &mut self,
        one: Option<ClusterFile>,
        several: Option<Vec<NamedClusterFile>>,
        file: Span,
    ) -> Option<Cluster> {
        match (one, several) {
            (Some(one), None) => self.cluster(one),
            (None, Some(several)) => self.several(several, file),
            (Some(one), Some(_)) => {
                self.context.error(one.span, "a scenario has a `cluster` or `clusters`, not both");
                None
            }
            (None, None) => {
                self.context.missing("cluster", "a scenario", file);
                None
            }
        }
    }

    /// Several clusters as parts of one: each node is labelled with its cluster.
    fn several(&mut self, files: Vec<NamedClusterFile>, file: Span) -> Option<Cluster> {
        let span = files.first().map_or(file, |first| first.span);
        let mut taken = Taken::default();
        let mut names = Vec::new();
        let mut whole = ClusterFile { span, nodes: Some(Vec::new()), ..ClusterFile::default() };
        for cluster in files {
            self.object_name(&cluster.name, "a cluster");
            taken.take(&cluster.name.value, cluster.name.span, "clusters", self);
            for mut node in cluster.nodes.unwrap_or_default() {
                let label = Key { text: CLUSTER_LABEL.to_owned(), span: cluster.name.span };
                node.labels.get_or_insert_with(|| Table(Vec::new())).0.push((label, cluster.name.value.clone()));
                node.bandwidth = node.bandwidth.or_else(|| cluster.bandwidth.clone());
                whole.nodes.get_or_insert_default().push(node);
            }
            names.push(cluster.name.value);
        }
        if names.is_empty() {
            self.context.error(file, "`clusters` names no cluster");
        }
        Some(Cluster { names, ..self.cluster(whole)? })
    }

    pub(super) fn cluster(&mut self, file: ClusterFile) -> Option<Cluster> {
        let mut taken = Taken::default();
        let mut total: u64 = 0;
        let mut nodes = Vec::new();
        for entry in file.nodes.unwrap_or_default() {
            let span = entry.span;
            if let Some(node) = self.node(entry, &mut taken) {
                let before = total;
                total += match node.naming {
                    NodeNaming::One(_) => 1,
                    NodeNaming::Pool { count, .. } => u64::from(count),
                };
                if before <= u64::from(NODES_MAX) && total > u64::from(NODES_MAX) {
                    self.context.error(span, format!("with this entry the cluster has more than {NODES_MAX} nodes"));
                }
                nodes.push(node);
            }
        }
        let scheduler = match &file.scheduler {
            Some(scheduler) => self.scheduler(scheduler)?,
            None => SchedulerProfile::KubeDefault,
        };
        let batch_schedulers = file.batch_schedulers.map(|file| self.batch_schedulers(file)).unwrap_or_default();
        let namespaces = file.namespaces.unwrap_or_default().into_iter().map(|name| name.value).collect();
        let capacity = file.capacity.map(|table| table.0).unwrap_or_default();
        Some(Cluster {
            place: self.place(file.span),
            names: Vec::new(),
            nodes,
            scheduler,
            batch_schedulers,
            provisioning: file.provisioning.map(|spread| spread.0),
            capacity: capacity.into_iter().map(|(shape, count)| (shape.text, count)).collect(),
            bandwidth: self.bytes_not_zero(file.bandwidth.as_ref(), "the bandwidth"),
            namespaces,
            expander: file.expander.map(|expander| expander.0).unwrap_or_default(),
        })
    }

    fn node(&mut self, file: NodeFile, taken: &mut Taken) -> Option<NodeEntry> {
        let naming = self.naming(&file, taken);
        if file.shape.is_none() && (file.cpu.is_none() || file.memory.is_none()) {
            self.context.error(file.span, "a node needs a `shape`, or `cpu` and `memory`");
        }
        let pods = file.pods.as_ref().and_then(|pods| self.count(pods, PODS_MAX, "the pods of a node"));
        let mut labels = BTreeMap::new();
        for (key, value) in file.labels.map(|table| table.0).unwrap_or_default() {
            labels.insert(key.text, value);
        }
        let taints = file.taints.unwrap_or_default().into_iter().map(|taint| Taint {
            key: taint.key.value,
            value: taint.value.unwrap_or_default(),
            effect: taint.effect.0,
        });
        let autoscale = match (&file.autoscale, &naming) {
            (Some(bounds), Some(NodeNaming::Pool { count, .. })) => self.bounds(bounds, *count),
            (Some(bounds), Some(NodeNaming::One(_))) => {
                self.context.error(bounds.span, "a single node does not grow: write `pool` instead of `name`");
                None
            }
            _ => None,
        };
        let at = file.mig.as_ref().or(file.shape.as_ref()).map_or(file.span, |value| value.span);
        let entry = NodeEntry {
            place: self.place(file.span),
            naming: naming?,
            shape: file.shape.map(|shape| shape.value),
            cpu_milli: self.cpu(file.cpu.as_ref()),
            memory_bytes: self.bytes(file.memory.as_ref(), "the memory"),
            ephemeral_storage_bytes: self.bytes(file.ephemeral_storage.as_ref(), "the storage"),
            pods,
            gpus: file.gpus.and_then(|gpus| self.gpus(gpus)),
            labels,
            taints: taints.collect(),
            zone: file.zone.map(|zone| zone.value),
            provisioned_after: file.provisioned_after.map(|spread| spread.0),
            mig: file.mig.map(|mig| mig.value),
            bandwidth: self.bytes_not_zero(file.bandwidth.as_ref(), "the bandwidth"),
            extended: BTreeMap::new(),
            autoscale,
        };
        self.machine(&entry, at);
        Some(entry)
    }

    /// The bounds of a pool, which the nodes that it has must keep.
    fn bounds(&mut self, file: &AutoscaleFile, count: u32) -> Option<[u32; 2]> {
        let max = self.count(&file.max, NODES_MAX, "the most nodes of a pool")?;
        let min = file.min.unwrap_or(0);
        if min > count || count > max {
            self.context.error(file.span, format!("the pool has {count} nodes, which is not from {min} to {max}"));
            return None;
        }
        Some([min, max])
    }

    /// Reports a shape that is not known, and GPUs that cannot be cut as the entry says.
    fn machine(&mut self, entry: &NodeEntry, at: Span) {
        let figures = Figures {
            shape: entry.shape.as_deref(),
            cpu_milli: entry.cpu_milli,
            memory_bytes: entry.memory_bytes,
            ephemeral_storage_bytes: entry.ephemeral_storage_bytes,
            gpus: entry.gpus.as_ref().map(|gpus| (gpus.resource.as_str(), gpus.model.as_deref(), gpus.count)),
            mig: entry.mig.as_deref(),
        };
        if let Err(problem) = from_figures(&figures) {
            self.context.error(at, problem);
        }
    }

    fn naming(&mut self, file: &NodeFile, taken: &mut Taken) -> Option<NodeNaming> {
        match (&file.name, &file.pool) {
            (Some(name), None) => {
                self.object_name(name, "a node");
                taken.take(&name.value, name.span, "nodes or pools", self);
                if let Some(count) = &file.count {
                    let error = Diagnostic::error(self.context.source, count.span, "`name` stands for one node");
                    self.context.report(error.help("write `pool` instead of `name`"));
                }
                Some(NodeNaming::One(name.value.clone()))
            }
            (None, Some(pool)) => {
                self.object_name(pool, "a pool");
                taken.take(&pool.value, pool.span, "nodes or pools", self);
                let count = match &file.count {
                    // A pool that grows may begin empty.
                    Some(count) if count.value == 0 && file.autoscale.is_some() => 0,
                    Some(count) => self.count(count, NODES_MAX, "the nodes of a pool")?,
                    None => 1,
                };
                Some(NodeNaming::Pool { pool: pool.value.clone(), count })
            }
            (Some(name), Some(_)) => {
                self.context.error(name.span, "a node entry has a `name` or a `pool`, not both");
                None
            }
            (None, None) => {
                let error =
                    Diagnostic::error(self.context.source, file.span, "a node entry needs a `pool` or a `name`");
                self.context.report(error.help("write `{ pool: gpu, count: 2, shape: VM.GPU.A10.2 }`"));
                None
            }
        }
    }

    fn gpus(&mut self, file: GpusFile) -> Option<Gpus> {
        let count = match &file.count {
            Some(count) => self.count(count, GPUS_MAX, "the GPUs of a node")?,
            None => 1,
        };
        let model = file.model.map(|model| model.value);
        let amd = model.as_deref().is_some_and(|model| model.to_ascii_uppercase().starts_with("MI"));
        let resource = match file.resource {
            Some(resource)
                if !resource
                    .value
                    .split_once('/')
                    .is_some_and(|(host, name)| host.contains('.') && !name.is_empty()) =>
            {
                let error = Diagnostic::error(
                    self.context.source,
                    resource.span,
                    "this is not the name of an extended resource",
                );
                self.context.report(error.help(format!("write one such as `{NVIDIA_GPU}`")));
                return None;
            }
            Some(resource) => resource.value,
            None => if amd { AMD_GPU } else { NVIDIA_GPU }.to_owned(),
        };
        Some(Gpus { resource, model, count, memory_bytes: self.bytes(file.memory.as_ref(), "the memory of a GPU") })
    }

    fn cpu(&mut self, amount: Option<&Spanned<Amount>>) -> Option<u64> {
        let amount = amount?;
        let milli = amount.value.milli.filter(|milli| (1..=CPU_MILLI_MAX).contains(milli));
        if milli.is_none() {
            self.context.error(amount.span, format!("the CPU of a node must be from 1m to {}", CPU_MILLI_MAX / 1000));
        }
        milli
    }

    pub(super) fn bytes(&mut self, amount: Option<&Spanned<Amount>>, what: &str) -> Option<u64> {
        let amount = amount?;
        if amount.value.units > BYTES_MAX {
            self.context.error(amount.span, format!("{what} is more than 1Ei"));
            return None;
        }
        Some(amount.value.units)
    }

    pub(super) fn bytes_not_zero(&mut self, amount: Option<&Spanned<Amount>>, what: &str) -> Option<u64> {
        let bytes = self.bytes(amount, what)?;
        if bytes == 0
            && let Some(amount) = amount
        {
            self.context.error(amount.span, format!("{what} must be more than 0"));
        }
        Some(bytes)
    }
}
