//! Events of the operator as the API keeps them. Source of the reporters' names: ai-dynamo/dynamo,
//! deploy/operator/internal/controller/setup.go and deploy/cloud/operator/cmd/main.go, GetEventRecorderFor.

use serde_json::{Value, json};

use super::super::controller::Dynamo;
use super::super::operator::journal::Event;
use super::{api_kind, api_version};
use crate::systems::kubernetes::native::{Epoch, metadata};
use crate::timeline::Kind;
use crate::workload::World;

/// All events, in the order in which they were first told.
pub fn list(dynamo: &Dynamo, world: &dyn World) -> Vec<Value> {
    dynamo.journal.events().iter().zip(1_u64..).map(|(event, number)| shown(event, number, dynamo, world)).collect()
}

fn shown(event: &Event, number: u64, dynamo: &Dynamo, world: &dyn World) -> Value {
    let epoch = Epoch(dynamo.options.epoch_seconds);
    let (name, namespace) = (world.show(event.about.name), metadata::namespace(event.about, world));
    let mut about = json!({
        "apiVersion": api_version(event.about.kind, dynamo),
        "kind": api_kind(event.about.kind),
        "name": name,
        "namespace": namespace,
    });
    if let Some((uid, version)) = event.read {
        about["uid"] = json!(metadata::uid(event.about, uid.0, world));
        about["resourceVersion"] = json!(version.0.to_string());
    }
    let reporter = reporter(event.about.kind);
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            // client-go names an event by its time: k8s.io/client-go v0.36.3, tools/record/event.go, makeEvent.
            "name": format!("{name}.{:x}", event.first.nanos().saturating_add(number)),
            "namespace": namespace,
            "uid": metadata::uid(event.about, u64::MAX - number, world),
            "creationTimestamp": epoch.stamp(event.first),
        },
        "involvedObject": about,
        "type": if event.is_warning { "Warning" } else { "Normal" },
        "reason": event.reason,
        "message": event.message,
        "source": { "component": reporter },
        "firstTimestamp": epoch.stamp(event.first),
        "lastTimestamp": epoch.stamp(event.last),
        "count": event.count,
        "reportingComponent": reporter,
        "reportingInstance": "",
    })
}

/// The name under which the controller of a kind tells events.
const fn reporter(kind: Kind) -> &'static str {
    match kind {
        Kind::DynamoComponentDeployment => "dynamocomponentdeployment",
        Kind::Adapter => "dgdscalingadapter",
        Kind::Request => "dynamographdeploymentrequest",
        Kind::Model => "dynamomodel",
        _ => "dynamographdeployment",
    }
}
