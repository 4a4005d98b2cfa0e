//! The state as 1Backend shows it: the lists of the `oo` client as it prints them, and the rows that its API answers with.
//! Values of the environment are in neither.
//! Source of the form: 1backend/1backend 1305defcf2, server/internal/services/deploy/types and registry/types, whose fields are
//! left out where they are empty or 0.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::as_built::address::Url;
use super::lists;
use super::model::StrategyType;
use super::profile::Options;
use super::store::{DeploymentRow, InstanceRow, NodeRow, Store};
use crate::kernel::Time;

/// All lists and rows.
pub fn state(store: &Store, options: &Options, now: Time) -> Value {
    json!({
        "oo": {
            "deployment list": lists::deployments(store, false),
            "deployment list --full": lists::deployments(store, true),
            "node list": lists::nodes(store, options, now),
            "instance list": lists::instances(store, options, now),
        },
        "deployments": store.deployments.iter().map(deployment).collect::<Vec<_>>(),
        "instances": store.instances.iter().map(|row| instance(row, options, now)).collect::<Vec<_>>(),
        "nodes": store.nodes.iter().map(|row| node(row, options, now)).collect::<Vec<_>>(),
    })
}

/// Puts a text under a key unless it is empty, as `omitempty` does.
fn put(map: &mut Map<String, Value>, key: &str, text: &str) {
    if !text.is_empty() {
        map.insert(key.to_owned(), text.into());
    }
}

/// The same of a number: 0 is as good as nothing said.
fn put_number(map: &mut Map<String, Value>, key: &str, number: i32) {
    if number != 0 {
        map.insert(key.to_owned(), number.into());
    }
}

fn deployment(row: &DeploymentRow) -> Value {
    let spec = &row.spec;
    let mut map = Map::new();
    put(&mut map, "id", &spec.id);
    put(&mut map, "definitionId", &spec.definition_id);
    put(&mut map, "name", &spec.name);
    put(&mut map, "description", &spec.description);
    put_number(&mut map, "replicas", spec.replicas);
    if let Some(strategy) = &spec.strategy {
        let mut shown = Map::new();
        put(&mut shown, "type", strategy.kind.map_or("", StrategyType::text));
        put_number(&mut shown, "maxUnavailable", strategy.max_unavailable.unwrap_or(0));
        put_number(&mut shown, "maxSurge", strategy.max_surge.unwrap_or(0));
        map.insert("strategy".to_owned(), shown.into());
    }
    if let Some(resources) = &spec.resources {
        let mut shown = Map::new();
        put(&mut shown, "cpu", &resources.cpu);
        put(&mut shown, "memory", &resources.memory);
        put(&mut shown, "vram", &resources.vram);
        map.insert("resources".to_owned(), shown.into());
    }
    if let Some(scaling) = &spec.auto_scaling {
        let mut shown = Map::new();
        put_number(&mut shown, "minReplicas", scaling.min_replicas);
        put_number(&mut shown, "maxReplicas", scaling.max_replicas);
        put_number(&mut shown, "cpuThreshold", scaling.cpu_threshold);
        map.insert("autoScaling".to_owned(), shown.into());
    }
    if !spec.target_regions.is_empty() {
        let regions = spec.target_regions.iter().map(|region| {
            let mut shown = Map::new();
            put(&mut shown, "cluster", &region.cluster);
            put(&mut shown, "zone", &region.zone);
            Value::Object(shown)
        });
        map.insert("targetRegions".to_owned(), regions.collect());
    }
    put(&mut map, "status", row.status.text());
    put(&mut map, "details", &row.details);
    map.into()
}

fn instance(row: &InstanceRow, options: &Options, now: Time) -> Value {
    let mut map = Map::new();
    put(&mut map, "id", &row.id);
    put(&mut map, "url", &row.url);
    put(&mut map, "deploymentId", &row.deployment_id);
    put(&mut map, "nodeUrl", &row.node_url);
    // The zero time is not empty to Go, so that it is written.
    let heartbeat = row.heartbeat_at(now, options);
    let heartbeat = heartbeat.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| wall_clock(at, options));
    put(&mut map, "lastHeartbeat", &heartbeat);
    // What Deploy Svc registers beside the URL; the port is sent and not stored.
    let url = Url::parse(&row.url);
    put(&mut map, "path", &url.path);
    put(&mut map, "scheme", &url.scheme);
    put(&mut map, "host", url.hostname());
    put(&mut map, "status", row.status.text());
    put(&mut map, "details", &row.details);
    put(&mut map, "slug", &row.slug);
    map.into()
}

fn node(row: &NodeRow, options: &Options, now: Time) -> Value {
    let mut map = Map::new();
    put(&mut map, "id", &row.id);
    put(&mut map, "url", &row.url);
    put(&mut map, "availabilityZone", &row.facts.zone);
    put(&mut map, "region", &row.facts.region);
    put(&mut map, "lastHeartbeat", &wall_clock(row.heartbeat_at(now, options), options));
    if let Some(gpus) = &row.facts.gpus {
        let mebibytes = gpus.memory_bytes >> 20;
        let shown = (0..gpus.count).map(|number| {
            let id = format!("{}:{number}", row.url);
            json!({ "id": id, "intraNodeId": number, "name": gpus.model, "memoryTotal": mebibytes })
        });
        map.insert("gpus".to_owned(), shown.collect());
    }
    map.into()
}

/// An instant of the run as Go writes times.
fn wall_clock(at: Time, options: &Options) -> String {
    let seconds = options.epoch_seconds.saturating_add_unsigned(at.nanos() / 1_000_000_000);
    let nanos = u32::try_from(at.nanos() % 1_000_000_000).unwrap_or(0);
    let time = DateTime::from_timestamp(seconds, nanos);
    time.map_or_else(String::new, |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
