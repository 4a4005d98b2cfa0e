//! Objects that a control plane asks of the cluster, as the API shows them: Deployments, LeaderWorkerSets, Jobs, Services, claims.

use serde_json::{Value, json};

use super::metadata::{self, Epoch};
use super::status;
use super::template::template;
use crate::kernel::Time;
use crate::systems::kubernetes::kinds;
use crate::timeline::Subject;
use crate::workload::storage::AccessMode;
use crate::workload::{IntOrPercent, LeaderWorkerSetSpec, Object, PodTemplate, Status, Strategy, World};

/// An object, and what is known of it beside its spec.
#[derive(Clone, Debug)]
pub struct Shown<'o> {
    /// Its kind, namespace and name.
    pub key: Subject,
    /// What it asks for.
    pub object: &'o Object,
    /// References to its owner.
    pub owner: Option<Value>,
    /// When it was made.
    pub since: Time,
    /// When the run began.
    pub epoch: Epoch,
}

/// The object; `None` for kinds that are no part of the API.
pub fn object(shown: Shown<'_>, world: &dyn World) -> Option<Value> {
    let Shown { key, object, owner, since, epoch } = shown;
    let api = kinds::KINDS.iter().find(|api| api.kind == key.kind)?;
    let slash = if api.group.is_empty() { "" } else { "/" };
    let mut metadata = metadata::begin(key, 0, world);
    metadata.insert("creationTimestamp".to_owned(), json!(epoch.stamp(since)));
    if let Some(Status::Deployment(status)) = world.observed(key) {
        metadata.insert("generation".to_owned(), json!(status.generation));
    }
    if let Some(owner) = owner {
        metadata.insert("ownerReferences".to_owned(), owner);
    }
    let mut made = json!({
        "apiVersion": format!("{}{slash}{}", api.group, api.versions[0]),
        "kind": key.kind.text(),
        "metadata": metadata,
    });
    if let Some(spec) = spec(object, key, world) {
        made["spec"] = spec;
    }
    if let Some(replicas) = world.scale(key) {
        made["spec"]["replicas"] = json!(replicas);
    }
    if let Some(status) = world.observed(key).and_then(|known| status::status(known, Some(epoch))) {
        made["status"] = status;
    }
    Some(made)
}

/// What an object asks for; `None` for those that have no spec, and for those whose spec is not kept.
pub fn spec(object: &Object, key: Subject, world: &dyn World) -> Option<Value> {
    Some(match object {
        Object::Deployment(from) => {
            let mut spec = json!({
                "replicas": from.replicas,
                "selector": { "matchLabels": from.template.labels },
                "strategy": strategy(from.strategy),
                "progressDeadlineSeconds": from.progress_deadline.whole_secs(),
                "template": template(&from.template),
            });
            if let Some(limit) = from.revision_history {
                spec["revisionHistoryLimit"] = json!(limit);
            }
            if !from.min_ready.is_zero() {
                spec["minReadySeconds"] = json!(from.min_ready.whole_secs());
            }
            if from.paused {
                spec["paused"] = json!(true);
            }
            spec
        }
        Object::ReplicaSet(from) => json!({
            "replicas": from.replicas,
            "selector": { "matchLabels": from.template.labels },
            "template": template(&from.template),
        }),
        Object::StatefulSet(from) => json!({
            "replicas": from.replicas,
            "serviceName": from.service,
            "selector": { "matchLabels": from.template.labels },
            "template": template(&from.template),
        }),
        Object::DaemonSet(from) => json!({
            "selector": { "matchLabels": from.template.labels },
            "template": template(&from.template),
        }),
        Object::LeaderWorkerSet(from) => groups(&world.group_set(key).unwrap_or_else(|| from.clone())),
        Object::Job(from) => {
            let mut spec = json!({
                "parallelism": from.parallelism,
                "backoffLimit": from.backoff_limit,
                "completionMode": if from.indexed { "Indexed" } else { "NonIndexed" },
                "suspend": from.suspended,
                "template": template(&from.template),
            });
            let lengths = [
                ("activeDeadlineSeconds", from.active_deadline.map(|length| length.whole_secs())),
                ("ttlSecondsAfterFinished", from.ttl_after_finished.map(|length| length.whole_secs())),
                ("completions", from.completions.map(u64::from)),
            ];
            for (name, value) in lengths {
                if let Some(value) = value {
                    spec[name] = json!(value);
                }
            }
            spec
        }
        Object::Service(from) => json!({
            "selector": from.selector,
            "ports": [ { "port": from.port, "targetPort": from.target_port, "protocol": "TCP" } ],
        }),
        Object::PersistentVolumeClaim(from) => {
            let mut spec = json!({
                "accessModes": from.access.iter().map(|one| access(*one)).collect::<Vec<_>>(),
                "resources": { "requests": { "storage": from.size_bytes.to_string() } },
            });
            for (name, value) in [("storageClassName", &from.class), ("volumeName", &from.volume)] {
                if let Some(value) = value {
                    spec[name] = json!(value);
                }
            }
            spec
        }
        Object::Pod(made_from) => alone(made_from),
        _ => return None,
    })
}

fn alone(made_from: &PodTemplate) -> Value {
    template(made_from).get_mut("spec").map(Value::take).unwrap_or_default()
}

const fn access(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::ReadWriteOnce => "ReadWriteOnce",
        AccessMode::ReadOnlyMany => "ReadOnlyMany",
        AccessMode::ReadWriteMany => "ReadWriteMany",
        AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
    }
}

fn share(share: IntOrPercent) -> Value {
    match share {
        IntOrPercent::Int(count) => json!(count),
        IntOrPercent::Percent(_) => json!(share.to_string()),
    }
}

fn strategy(from: Strategy) -> Value {
    match from {
        Strategy::Recreate => json!({ "type": "Recreate" }),
        Strategy::RollingUpdate { max_surge, max_unavailable } => json!({
            "type": "RollingUpdate",
            "rollingUpdate": { "maxSurge": share(max_surge), "maxUnavailable": share(max_unavailable) },
        }),
    }
}

fn groups(from: &LeaderWorkerSetSpec) -> Value {
    let restart = match (from.recreates_once_started, from.recreate_group) {
        (true, _) => "RecreateGroupAfterStart",
        (false, true) => "RecreateGroupOnPodRestart",
        (false, false) => "None",
    };
    let mut templates = json!({
        "size": from.size,
        "restartPolicy": restart,
        "workerTemplate": template(&from.worker),
    });
    if let Some(leader) = &from.leader {
        templates["leaderTemplate"] = template(leader);
    }
    json!({
        "replicas": from.replicas,
        "leaderWorkerTemplate": templates,
        "startupPolicy": if from.leader_first { "LeaderReady" } else { "LeaderCreated" },
        "rolloutStrategy": {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {
                "maxSurge": share(from.max_surge),
                "maxUnavailable": share(from.max_unavailable),
                "partition": from.partition,
            },
        },
    })
}
