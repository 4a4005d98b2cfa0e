//! The state as Backend.AI's REST API shows it: deployments with their revisions, routes and history, in the shapes of its data
//! transfer objects.
//! Source of the form: lablup/backend.ai c0032c472e, src/ai/backend/common/dto/manager/v2/deployment.

use serde_json::{Map, Value, json};

use super::deployments::Deployments;
use super::groups;
use super::history::Record;
use super::policy::{Budget, Policy};
use super::profile::Engine;
use super::route::{Route, RouteStatus};
use super::status::{Status, SubStep};
use crate::kernel::Time;

/// All deployments.
pub fn state(deployments: &Deployments) -> Value {
    let shown: Vec<Value> = (0..deployments.list.len())
        .map(|index| with_groups(deployment(deployments, index), deployments, index))
        .collect();
    json!({ "deployments": shown })
}

/// With replica groups, they stand beside the rest.
fn with_groups(mut shown: Value, deployments: &Deployments, index: usize) -> Value {
    if deployments.options.engine == Engine::ReplicaGroups
        && let (Some(map), Value::Object(groups)) = (shown.as_object_mut(), groups::native(deployments, index))
    {
        map.extend(groups);
        let shown = map.get_mut("routes").and_then(Value::as_array_mut).into_iter().flatten();
        for (shown, route) in shown.zip(&deployments.list[index].routes) {
            let (status, sub_status) = groups::route_status(route);
            shown["status"] = status.into();
            shown["sub_status"] = sub_status.into();
        }
    }
    shown
}

fn deployment(deployments: &Deployments, index: usize) -> Value {
    let (spec, one) = (deployments.spec(index), &deployments.list[index]);
    let name = |revision| deployments.revision_name(index, revision);
    let routes: Vec<Value> = one
        .routes
        .iter()
        .scan(vec![0_u32; spec.revisions.len()], |numbers, route| {
            let number = numbers[route.revision];
            numbers[route.revision] += 1;
            Some(route_dto(deployments, index, route, number))
        })
        .collect();
    let current: Vec<&Value> = routes.iter().filter(|route| route["status"] != "terminated").collect();
    let replica_ids: Vec<&Value> = current.iter().map(|route| &route["id"]).collect();
    json!({
        "name": spec.name,
        "status": one.status.lifecycle.text(),
        "sub_step": one.status.sub_step.map(SubStep::text),
        "domain_name": spec.domain,
        "project_id": spec.project,
        "network_config": { "open_to_public": spec.open_to_public },
        "replica_state": { "desired_replica_count": one.desired, "replica_ids": replica_ids },
        "default_deployment_strategy": spec.policy.as_ref().map(Policy::text),
        "policy": spec.policy.as_ref().map(policy),
        "current_revision": name(one.current),
        "deploying_revision": name(one.deploying),
        "revisions": spec.revisions.iter().map(|revision| {
            let slots: Map<String, Value> =
                revision.slots.iter().map(|(slot, value)| (slot.clone(), Value::from(value.as_str()))).collect();
            json!({
                "name": revision.name,
                "cluster_config": { "mode": "single-node", "size": 1 },
                "resource_config": { "resource_group_name": revision.resource_group, "resource_slot": slots },
                "model_runtime_config": { "runtime_variant": revision.runtime_variant },
                "image": revision.image,
            })
        }).collect::<Vec<_>>(),
        "routes": routes,
        "history": one.history.rows().iter().map(|record| history(deployments, record)).collect::<Vec<_>>(),
    })
}

fn policy(policy: &Policy) -> Value {
    let bound = |budget: &Budget| match budget {
        Budget::Count(count) => json!({ "count": count }),
        Budget::Percent(share) => json!({ "percent": share }),
    };
    match policy {
        Policy::Rolling { max_surge, max_unavailable } => json!({
            "strategy": policy.text(),
            "rolling_update": { "max_surge": bound(max_surge), "max_unavailable": bound(max_unavailable) },
        }),
        Policy::BlueGreen { auto_promote, promote_delay } => json!({
            "strategy": policy.text(),
            "blue_green": { "auto_promote": auto_promote, "promote_delay_seconds": promote_delay.whole_secs() },
        }),
        Policy::Canary { step_weight, step_interval } => json!({
            "strategy": policy.text(),
            "canary": { "step_weight": step_weight, "step_interval_seconds": step_interval.whole_secs() },
        }),
    }
}

fn route_dto(deployments: &Deployments, index: usize, route: &Route, number: u32) -> Value {
    let spec = deployments.spec(index);
    let revision = &spec.revisions[route.revision].name;
    let id = format!("{}-{revision}-{number}", spec.name);
    let has_session = !matches!(route.status, RouteStatus::Pending);
    json!({
        "id": id,
        "session_id": has_session.then_some(&id),
        "status": route.status.text(),
        "health_status": route.health.text(),
        "traffic_status": if route.takes_traffic { "active" } else { "inactive" },
        "traffic_ratio": u8::from(route.takes_traffic),
        "revision": revision,
    })
}

fn history(deployments: &Deployments, record: &Record) -> Value {
    let status = |status: Status| match status.sub_step {
        Some(sub_step) => format!("{}/{}", status.lifecycle.text(), sub_step.text()),
        None => status.lifecycle.text().to_owned(),
    };
    json!({
        "phase": record.phase,
        "from_status": status(record.from),
        "to_status": status(record.to),
        "result": record.verdict.text(),
        "error_code": record.error_code,
        "attempts": record.attempts,
        "created_at": seconds(deployments, record.created_at),
        "updated_at": seconds(deployments, record.updated_at),
    })
}

/// An instant of the run in seconds since 1970.
pub fn seconds(deployments: &Deployments, at: Time) -> i64 {
    let since_start = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
    deployments.options.epoch_seconds.saturating_add(since_start)
}
