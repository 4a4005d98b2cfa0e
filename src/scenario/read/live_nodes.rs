//! Nodes as a live cluster lists them: what `kubectl get nodes -o yaml` prints. What is allocatable counts, labels and taints
//! are kept; a node that takes no pods is left out.

use std::collections::BTreeMap;

use crate::scenario::model::{Gpus, NodeEntry, NodeNaming};
use crate::text::decode::Context;
use crate::text::diagnostic::quote;
use crate::text::{Diagnostic, Node, quantity};
use crate::workload::pod::{Taint, TaintEffect};
use crate::workload::resources::is_gpu;

/// True for a list of Kubernetes objects, or a single Node.
pub(super) fn is_listing(root: &Node) -> bool {
    let kind = root.get("kind").and_then(Node::as_str);
    root.get("apiVersion").is_some() && matches!(kind, Some("List" | "NodeList" | "Node"))
}

/// The nodes of a listing; objects of other kinds are passed over.
pub(super) fn nodes(root: &Node, context: &mut Context<'_>) -> Vec<NodeEntry> {
    let items = root.get("items").and_then(Node::as_seq);
    let items: Vec<&Node> = items.map_or_else(|| vec![root], |items| items.iter().collect());
    let of_nodes = root.get("kind").and_then(Node::as_str) == Some("NodeList");
    let is_node = |item: &&Node| of_nodes || item.get("kind").and_then(Node::as_str) == Some("Node");
    let nodes: Vec<NodeEntry> = items.into_iter().filter(is_node).filter_map(|item| node(item, context)).collect();
    if nodes.is_empty() {
        let help = "print them with `kubectl get nodes -o yaml`";
        context.report(Diagnostic::error(context.source, root.span, "no node of this listing takes pods").help(help));
    }
    nodes
}

fn node(item: &Node, context: &mut Context<'_>) -> Option<NodeEntry> {
    let spec = item.get("spec");
    if spec.and_then(|spec| spec.get("unschedulable")).and_then(Node::as_bool) == Some(true) {
        return None;
    }
    let metadata = item.get("metadata")?;
    let name = metadata.get("name").and_then(Node::as_str)?.to_owned();
    let text = |node: &Node| node.scalar_text();
    let labels = metadata.get("labels").and_then(Node::as_map).unwrap_or_default();
    let mut labels: BTreeMap<String, String> =
        labels.iter().filter_map(|(key, value)| Some((key.text.clone(), text(value)?))).collect();
    let zone = labels.remove("topology.kubernetes.io/zone");
    let status = item.get("status");
    let figures = status.and_then(|status| status.get("allocatable").or_else(|| status.get("capacity")));
    let mut figure = |key: &str, read: fn(&str) -> Result<u64, String>| {
        let amount = figures?.get(key)?;
        let said = text(amount)?;
        match read(&said) {
            Ok(figure) => Some(figure),
            Err(error) => {
                context.error(amount.span, format!("{} is no amount: {error}", quote(&said)));
                None
            }
        }
    };
    let (cpu_milli, memory_bytes) = (figure("cpu", quantity::milli), figure("memory", quantity::units));
    let ephemeral_storage_bytes = figure("ephemeral-storage", quantity::units);
    let pods = figure("pods", quantity::units).map(|pods| pods.min(u32::MAX.into()) as u32);
    let resources = figures.and_then(Node::as_map).unwrap_or_default();
    let gpu = resources.iter().map(|(key, _)| key.text.as_str()).find(|key| is_gpu(key));
    let gpus = gpu.and_then(|resource| {
        let count = figure(resource, quantity::units)? as u32;
        let model = labels.get("nvidia.com/gpu.product").cloned();
        (count > 0).then(|| Gpus { resource: resource.to_owned(), model, count, memory_bytes: None })
    });
    let is_other = |key: &str| Some(key) != gpu && (key.contains('/') || key.starts_with("hugepages-"));
    let others: Vec<&str> = resources.iter().map(|(key, _)| key.text.as_str()).filter(|key| is_other(key)).collect();
    let extended = others.into_iter().filter_map(|key| Some((key.to_owned(), figure(key, quantity::units)?))).collect();
    let taints = spec.and_then(|spec| spec.get("taints")).and_then(Node::as_seq).unwrap_or_default();
    Some(NodeEntry {
        place: context.source.place(item.span),
        naming: NodeNaming::One(name),
        shape: None,
        cpu_milli,
        memory_bytes,
        ephemeral_storage_bytes,
        pods,
        gpus,
        extended,
        labels,
        taints: taints.iter().filter_map(taint).collect(),
        zone,
        provisioned_after: None,
        mig: None,
        bandwidth: None,
        autoscale: None,
    })
}

/// A taint that stays. What the node lifecycle controller sets for a moment (`node.kubernetes.io/not-ready`) is not kept.
fn taint(taint: &Node) -> Option<Taint> {
    let text = |key: &str| taint.get(key).and_then(Node::as_str).unwrap_or("").to_owned();
    let effect = TaintEffect::of(&text("effect"))?;
    let key = text("key");
    (!key.starts_with("node.kubernetes.io/")).then(|| Taint { key, value: text("value"), effect })
}
