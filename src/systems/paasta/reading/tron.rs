//! A Tron job and its actions.

use super::folder::{Folder, Origin};
use super::{Fields, interpolate};
use crate::systems::paasta::model::{TronAction, TronJob};
use crate::text::Node;
use crate::text::tree::Key;

/// get_disk of paasta_tools/tron_tools.py.
const DISK_BYTES: u64 = 4096 << 20;

/// Reads one.
pub fn read(folder: &Folder, origin: &Origin<'_>) -> TronJob {
    let fields = &origin.fields;
    let actions = fields.get("actions").and_then(Node::as_map).unwrap_or_default();
    TronJob {
        place: origin.file.source.place(origin.key.span),
        name: origin.key.text.clone(),
        schedule: fields.get("schedule").map(schedule).unwrap_or_default(),
        deploy_group: fields.text("deploy_group"),
        enabled: fields.truth("enabled").unwrap_or(true),
        expected_runtime: fields.text("expected_runtime"),
        actions: actions.iter().map(|(key, node)| action(folder, origin, key, node)).collect(),
    }
}

/// A schedule as one text. In its other form it is a map: of `start_time` and `days`, which means every day, or of `type` and
/// `value`.
fn schedule(node: &Node) -> String {
    if let Some(text) = node.as_str() {
        return text.to_owned();
    }
    let fields = Fields::new(node, None);
    let parts = ["type", "value", "start_time", "days"];
    let of_start = fields.get("type").is_none() && fields.get("start_time").is_some();
    let kind = of_start.then(|| "daily".to_owned());
    kind.into_iter().chain(parts.iter().filter_map(|key| fields.get(key)?.scalar_text())).collect::<Vec<_>>().join(" ")
}

fn action(folder: &Folder, origin: &Origin<'_>, key: &Key, node: &Node) -> TronAction {
    let fields = Fields::new(node, None);
    let group = fields.text("deploy_group").or_else(|| origin.fields.text("deploy_group"));
    let instance = format!("{}.{}", origin.key.text, key.text);
    let values = [("cluster", origin.cluster), ("instance", &instance), ("service", &folder.name)];
    TronAction {
        place: origin.file.source.place(key.span),
        name: key.text.clone(),
        command: fields.text("command").unwrap_or_default(),
        requires: fields.texts("requires"),
        triggered_by: fields.texts("triggered_by"),
        triggers_downstreams: fields
            .get("trigger_downstreams")
            .is_some_and(|node| node.as_bool().unwrap_or(node.as_map().is_some())),
        retries: fields.count("retries").unwrap_or(0),
        service: fields.text("service").or_else(|| origin.fields.text("service")),
        executor: fields.text("executor").unwrap_or_else(|| "paasta".to_owned()),
        deploy_group: group.map(|group| interpolate::format(&group, &values).unwrap_or(group)),
        cpus_milli: fields.milli("cpus").unwrap_or(super::instance::CPUS_MILLI),
        mem_bytes: fields.mebibytes("mem").unwrap_or(super::instance::MEM_BYTES),
        disk_bytes: fields.mebibytes("disk").unwrap_or(DISK_BYTES),
        pool: fields.text("pool"),
    }
}
