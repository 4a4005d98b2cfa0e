//! Nodes as watches show them, and what is written of them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Node;

use super::super::cluster::LiveCluster;
use super::super::message::SeenKind;
use super::{Mirror, NO_ENTRY};
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::resources::is_gpu;

/// What is known of a node.
#[derive(Clone, Debug)]
pub struct NodeSeen {
    /// True while its kubelet says that it is ready.
    pub ready: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints as `kubectl` shows them, but those that follow from its condition.
    pub taints: BTreeSet<String>,
    /// True while it is cordoned.
    pub unschedulable: bool,
    /// GPUs that pods can be given.
    pub gpus: u64,
    /// The last entry about it.
    pub last: EntryId,
}

/// Taints that follow from a node's condition, not from anybody's wish.
const CONDITIONS: [&str; 3] =
    ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/unschedulable"];

impl Mirror {
    /// GPUs of ready nodes, and how many of them pods hold.
    pub fn gpus(&self) -> (u64, u64) {
        let ready: BTreeSet<_> =
            self.nodes.iter().filter(|(_, node)| node.ready).map(|(subject, _)| subject.name).collect();
        let all = self.nodes.values().filter(|node| node.ready).map(|node| node.gpus).sum();
        let holds = self.pods.values().filter(|pod| !pod.is_finished());
        let on_ready = holds.filter(|pod| pod.status.node.is_some_and(|node| ready.contains(&node)));
        (all, on_ready.map(|pod| pod.gpus).sum())
    }
}

impl LiveCluster {
    pub(super) fn saw_node(&mut self, object: &Node) {
        let meta = &object.metadata;
        let Some(name) = meta.name.clone() else { return };
        let subject = match self.known(meta) {
            Some(subject) => subject,
            None => {
                let shown = self.rendering.naming.document_name(Kind::Node, &name);
                Subject::new(Kind::Node, self.names.name(&shown))
            }
        };
        self.sight_node(subject, object);
        let now = read(object);
        let Some(before) = self.mirror.nodes.get(&subject).cloned() else {
            // A fake node is not there for anybody before it is ready for the first time.
            if now.ready {
                self.meet_node(object, subject, now);
            }
            return;
        };
        let mut cause = Cause::Entry(before.last);
        let mut entries: Vec<(&'static str, Why)> = Vec::new();
        if now.ready != before.ready {
            entries.push((if now.ready { "Ready" } else { "NotReady" }, Why::NONE));
        }
        if now.unschedulable != before.unschedulable {
            entries.push((if now.unschedulable { "Cordoned" } else { "Uncordoned" }, Why::NONE));
        }
        for taint in now.taints.difference(&before.taints) {
            entries.push(("Tainted", Why::symbol(self.names.intern(taint))));
        }
        for taint in before.taints.difference(&now.taints) {
            entries.push(("Untainted", Why::symbol(self.names.intern(taint))));
        }
        if now.labels != before.labels && entries.is_empty() && self.cause_of(subject) != self.origin {
            entries.push(("Labelled", Why::NONE));
            cause = self.cause_of(subject);
        }
        self.mirror.nodes.insert(subject, NodeSeen { last: before.last, ..now.clone() });
        let changed = now.labels != before.labels || !entries.is_empty();
        if let Some(by) = self.strikes_take(subject) {
            cause = by;
        }
        for (became, why) in entries {
            cause = self.note_next(subject, became, why, cause);
            if became == "Cordoned" {
                self.node_cordoned(subject, cause);
            }
        }
        if changed {
            self.touch_nodes(cause);
        }
    }

    fn meet_node(&mut self, object: &Node, subject: Subject, now: NodeSeen) {
        self.introduce(SeenKind::Node, &object.metadata, subject);
        let model = now.labels.get("nvidia.com/gpu.product").cloned().or_else(|| self.model_of(subject));
        let why = match (now.gpus, model) {
            (0, _) => Why::text("no GPU"),
            (count, Some(model)) => {
                let text = if count == 1 { "{} GPU, {}" } else { "{} GPUs, {}" };
                Why::with2(text, Arg::Count(count), Arg::Text(self.names.intern(&model)))
            }
            (1, None) => Why::text("1 GPU"),
            (count, None) => Why::with("{} GPUs", Arg::Count(count)),
        };
        self.mirror.nodes.insert(subject, now);
        self.mirror.node_order.push(subject);
        let cause = self.origin;
        let cause = self.note_next(subject, "Ready", why, cause);
        self.pool_grows(subject, cause);
        self.touch_nodes(cause);
    }

    pub(super) fn node_gone(&mut self, subject: Subject) {
        self.sight_node_gone(subject);
        let Some(node) = self.mirror.nodes.remove(&subject) else { return };
        self.mirror.node_order.retain(|other| *other != subject);
        let cause = self.strikes_take(subject).unwrap_or(Cause::Entry(node.last));
        let entry = self.note(subject, "Removed", Why::NONE, cause);
        self.touch_nodes(Cause::Entry(entry));
    }
}

/// Reads what a node shows.
fn read(object: &Node) -> NodeSeen {
    let (spec, status) = (object.spec.clone().unwrap_or_default(), object.status.clone().unwrap_or_default());
    let ready = status.conditions.iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True");
    let taints = spec.taints.unwrap_or_default().into_iter();
    let taints = taints.filter(|taint| {
        // What evicts is told; what only keeps new pods away follows from the condition that is told already.
        !CONDITIONS.contains(&taint.key.as_str()) || taint.effect == "NoExecute"
    });
    let taints = taints.map(|taint| {
        let short = taint.key.strip_prefix("node.kubernetes.io/").filter(|_| CONDITIONS.contains(&taint.key.as_str()));
        match (short, taint.value.as_deref().unwrap_or_default()) {
            (Some(short), _) => format!("{short}:{}", taint.effect),
            (None, "") => format!("{}:{}", taint.key, taint.effect),
            (None, value) => format!("{}={value}:{}", taint.key, taint.effect),
        }
    });
    let allocatable = status.allocatable.unwrap_or_default();
    let gpus = allocatable.iter().filter(|(resource, _)| is_gpu(resource));
    NodeSeen {
        ready,
        labels: object.metadata.labels.clone().unwrap_or_default(),
        taints: taints.filter(|taint| !taint.starts_with(super::super::render::RUN)).collect(),
        unschedulable: spec.unschedulable == Some(true),
        gpus: gpus.filter_map(|(_, quantity)| quantity.0.parse::<u64>().ok()).sum(),
        last: NO_ENTRY,
    }
}
