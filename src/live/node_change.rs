//! Changes of nodes, and their undoing. What a run changes of a node that it did not make is kept in an annotation of that node,
//! written together with the change, so that it can be taken back whatever becomes of the run.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Taint as NodeTaint};
use kube::api::{Api, PostParams};
use serde::{Deserialize, Serialize};

use crate::workload::pod::Taint;

/// The annotation in which a run keeps what it changed of a node: with the run's id behind it.
const CHANGED: &str = "changed.greenroom.dev/";

/// The label of nodes that some run has changed, so that they can be found.
pub const TOUCHED: &str = "greenroom.dev/touched";

/// A change of one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NodeChange {
    /// Cordon it, or end that.
    Cordon(bool),
    /// Set a taint; one with the same key and effect is replaced.
    Taint(Taint),
    /// Take this taint off.
    Untaint(Taint),
    /// Take all taints with this key off.
    UntaintKey(String),
    /// Set labels, or take them off.
    Label(BTreeMap<String, Option<String>>),
}

/// What a run changed of a node.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Record {
    /// Whether it was cordoned, if the run changed that.
    #[serde(skip_serializing_if = "Option::is_none")]
    unschedulable: Option<bool>,
    /// Taints that the run set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    added: Vec<NodeTaint>,
    /// Taints that the run took off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<NodeTaint>,
    /// Labels that the run changed, as they were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, Option<String>>,
}

/// The ids of the runs that have changed a node and not taken that back.
pub fn runs_of(node: &Node) -> Vec<String> {
    let annotations = node.metadata.annotations.iter().flatten();
    annotations.filter_map(|(key, _)| key.strip_prefix(CHANGED).map(str::to_owned)).collect()
}

/// Changes a node, reading it again when somebody else changed it first.
pub async fn change(api: &Api<Node>, name: &str, run: &str, is_own: bool, change: &NodeChange) -> kube::Result<()> {
    write(api, name, |node| apply(node, run, is_own, change)).await
}

/// Takes back what a run changed of a node.
pub async fn revert(api: &Api<Node>, name: &str, run: &str) -> kube::Result<()> {
    write(api, name, |node| undo(node, run)).await
}

async fn write(api: &Api<Node>, name: &str, change: impl Fn(&mut Node)) -> kube::Result<()> {
    loop {
        let mut node = api.get(name).await?;
        let before = node.clone();
        change(&mut node);
        if node == before {
            return Ok(());
        }
        match api.replace(name, &PostParams::default(), &node).await {
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            other => return other.map(drop),
        }
    }
}

fn same(one: &NodeTaint, other: &NodeTaint) -> bool {
    one.key == other.key && one.effect == other.effect && value(one) == value(other)
}

fn value(taint: &NodeTaint) -> &str {
    taint.value.as_deref().unwrap_or_default()
}

fn taint(taint: &Taint) -> NodeTaint {
    NodeTaint {
        key: taint.key.clone(),
        value: (!taint.value.is_empty()).then(|| taint.value.clone()),
        effect: taint.effect.text().to_owned(),
        time_added: None,
    }
}

fn apply(node: &mut Node, run: &str, is_own: bool, change: &NodeChange) {
    let key = format!("{CHANGED}{run}");
    let mut record: Record = kept(node, &key);
    let spec = node.spec.get_or_insert_default();
    match change {
        NodeChange::Cordon(wanted) => {
            let was = spec.unschedulable == Some(true);
            if was != *wanted {
                record.unschedulable.get_or_insert(was);
                spec.unschedulable = wanted.then_some(true);
            }
        }
        NodeChange::Taint(wanted) => {
            let wanted = taint(wanted);
            let taints = spec.taints.get_or_insert_default();
            if !taints.iter().any(|one| same(one, &wanted)) {
                let replaced = |one: &NodeTaint| one.key == wanted.key && one.effect == wanted.effect;
                record.removed.extend(taints.iter().filter(|one| replaced(one)).cloned());
                taints.retain(|one| !replaced(one));
                taints.push(wanted.clone());
                record.added.push(wanted);
            }
        }
        NodeChange::Untaint(unwanted) => take_off(spec.taints.as_mut(), &mut record, |one| same(one, &taint(unwanted))),
        NodeChange::UntaintKey(unwanted) => take_off(spec.taints.as_mut(), &mut record, |one| one.key == *unwanted),
        NodeChange::Label(changes) => {
            let labels = node.metadata.labels.get_or_insert_default();
            for (label, wanted) in changes {
                let was = match wanted {
                    Some(value) => labels.insert(label.clone(), value.clone()),
                    None => labels.remove(label),
                };
                if was != *wanted {
                    record.labels.entry(label.clone()).or_insert(was);
                }
            }
        }
    }
    if !is_own {
        keep(node, &key, &record);
    }
}

/// Takes taints off; those that the run itself had set are not missed.
fn take_off(taints: Option<&mut Vec<NodeTaint>>, record: &mut Record, goes: impl Fn(&NodeTaint) -> bool) {
    let Some(taints) = taints else { return };
    for gone in taints.iter().filter(|one| goes(one)) {
        match record.added.iter().position(|one| same(one, gone)) {
            Some(own) => drop(record.added.remove(own)),
            None => record.removed.push(gone.clone()),
        }
    }
    taints.retain(|one| !goes(one));
}

fn undo(node: &mut Node, run: &str) {
    let key = format!("{CHANGED}{run}");
    let record = kept(node, &key);
    let spec = node.spec.get_or_insert_default();
    if let Some(was) = record.unschedulable {
        spec.unschedulable = was.then_some(true);
    }
    let taints = spec.taints.get_or_insert_default();
    taints.retain(|one| !record.added.iter().any(|added| same(one, added)));
    for gone in record.removed {
        if !taints.iter().any(|one| one.key == gone.key && one.effect == gone.effect) {
            taints.push(gone);
        }
    }
    if taints.is_empty() {
        spec.taints = None;
    }
    for (label, was) in record.labels {
        let labels = node.metadata.labels.get_or_insert_default();
        match was {
            Some(was) => drop(labels.insert(label, was)),
            None => drop(labels.remove(&label)),
        }
    }
    keep(node, &key, &Record::default());
}

fn kept(node: &Node, key: &str) -> Record {
    let text = node.metadata.annotations.as_ref().and_then(|annotations| annotations.get(key));
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Writes the record down, or takes it away if nothing is changed any more.
fn keep(node: &mut Node, key: &str, record: &Record) {
    let annotations = node.metadata.annotations.get_or_insert_default();
    if *record == Record::default() {
        annotations.remove(key);
    } else if let Ok(text) = serde_json::to_string(record) {
        annotations.insert(key.to_owned(), text);
    }
    let is_touched = annotations.keys().any(|key| key.starts_with(CHANGED));
    let labels = node.metadata.labels.get_or_insert_default();
    if is_touched {
        labels.insert(TOUCHED.to_owned(), "true".to_owned());
    } else {
        labels.remove(TOUCHED);
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::NodeSpec;

    use super::*;
    use crate::workload::TaintEffect;

    fn ours(value: &str) -> Taint {
        Taint { key: "gpu".into(), value: value.into(), effect: TaintEffect::NoSchedule }
    }

    fn node(taints: &[Taint], cordoned: bool) -> Node {
        let taints: Vec<NodeTaint> = taints.iter().map(taint).collect();
        let mut node = Node::default();
        let taints = (!taints.is_empty()).then_some(taints);
        node.spec = Some(NodeSpec { taints, unschedulable: cordoned.then_some(true), ..NodeSpec::default() });
        node.metadata.annotations = Some([("own".to_owned(), "1".to_owned())].into());
        node.metadata.labels = Some([("zone".to_owned(), "a".to_owned())].into());
        node
    }

    /// What any run does to a node is undone, whatever was there before and in which order it came.
    #[test]
    fn every_change_is_taken_back() {
        let changes = [
            NodeChange::Cordon(true),
            NodeChange::Taint(ours("ours")),
            NodeChange::Cordon(false),
            NodeChange::Label([("zone".to_owned(), None), ("new".to_owned(), Some("x".to_owned()))].into()),
            NodeChange::UntaintKey("gpu".into()),
            NodeChange::Taint(ours("again")),
            NodeChange::Untaint(ours("again")),
        ];
        for cordoned in [false, true] {
            for taints in [&[] as &[Taint], &[ours("theirs")]] {
                let before = node(taints, cordoned);
                for count in 1..=changes.len() {
                    let mut node = before.clone();
                    for change in &changes[..count] {
                        apply(&mut node, "k7f3q2b", false, change);
                    }
                    undo(&mut node, "k7f3q2b");
                    assert_eq!(node, before, "{:?}", &changes[..count]);
                }
            }
        }
    }

    #[test]
    fn a_changed_node_can_be_found() {
        let mut node = node(&[], false);
        apply(&mut node, "k7f3q2b", false, &NodeChange::Cordon(true));
        assert_eq!(runs_of(&node), ["k7f3q2b"]);
        assert!(node.metadata.labels.iter().flatten().any(|(label, _)| label == TOUCHED));
        undo(&mut node, "k7f3q2b");
        assert!(runs_of(&node).is_empty());
    }

    /// What somebody else does to the node meanwhile stays.
    #[test]
    fn changes_of_others_stay() {
        let mut node = node(&[], false);
        apply(&mut node, "k7f3q2b", false, &NodeChange::Taint(ours("ours")));
        let theirs = Taint { key: "theirs".into(), ..ours("x") };
        node.spec.as_mut().and_then(|spec| spec.taints.as_mut()).expect("taints").push(taint(&theirs));
        undo(&mut node, "k7f3q2b");
        let left: Vec<String> =
            node.spec.and_then(|spec| spec.taints).into_iter().flatten().map(|one| one.key).collect();
        assert_eq!(left, ["theirs"]);
    }
}
