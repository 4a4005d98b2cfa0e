//! Replica groups as Backend.AI's database and API have them.
//! Source of the form: lablup/backend.ai c0032c472e, manager/models/replica_group/row.py.

use serde_json::{Value, json};

use super::model::{Group, Looks, Scaling};
use crate::systems::backendai::deployments::Deployments;
use crate::systems::backendai::route::{Route, RouteStatus};

/// The groups of a deployment, and which of them serves and is rolled out.
pub fn groups(deployments: &Deployments, index: usize) -> Value {
    let groups = &deployments.list[index].groups;
    let list: Vec<Value> =
        groups.list.iter().enumerate().map(|(number, group)| shown(deployments, index, number, group)).collect();
    let id = |group: Option<usize>| group.map(|group| group_id(deployments, index, group));
    json!({
        "primary_replica_group_id": id(groups.primary),
        "target_replica_group_id": id(groups.target),
        "replica_groups": list,
    })
}

/// Where a route stands in the words of this era: one that runs and has passed no check yet is still being provisioned.
pub const fn route_status(route: &Route) -> (&'static str, Option<&'static str>) {
    match route.status {
        RouteStatus::Pending => ("provisioning", Some("pending")),
        RouteStatus::Starting => ("provisioning", Some("starting")),
        RouteStatus::Running if !route.takes_traffic => ("provisioning", Some("warming_up")),
        RouteStatus::Terminating => ("terminating", Some("draining")),
        status => (status.text(), None),
    }
}

fn group_id(deployments: &Deployments, index: usize, group: usize) -> String {
    format!("{}-{group}", deployments.spec(index).name)
}

fn shown(deployments: &Deployments, index: usize, number: usize, group: &Group) -> Value {
    let count = |revision| {
        let count = deployments.count_of(index, number, revision);
        json!({ "live": count.live, "serving": count.serving })
    };
    json!({
        "id": group_id(deployments, index, number),
        "lifecycle": group.lifecycle.text().to_uppercase(),
        "scaling_status": if group.scaling == Scaling::Scaling { "SCALING" } else { "STABLE" },
        "current_revision": deployments.revision_name(index, group.current),
        "target_revision": deployments.revision_name(index, group.target),
        "desired_current_replica_count": group.desired_current,
        "desired_target_replica_count": group.desired_target,
        "current_replicas": count(group.current),
        "target_replicas": count(group.target),
        "traffic_weight": group.traffic_weight,
        "last_scaling": looks(deployments, group.scaled),
        "last_lifecycle": looks(deployments, group.lived),
    })
}

fn looks(deployments: &Deployments, looks: Looks) -> Option<Value> {
    let since = looks.since?;
    Some(json!({
        "phase": looks.phase,
        "result": if looks.succeeded { "SUCCESS" } else { "NEED_RETRY" },
        "attempts": looks.attempts,
        "created_at": crate::systems::backendai::native::seconds(deployments, since),
    }))
}
