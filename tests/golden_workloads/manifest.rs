//! Objects of the recordings, which are JSON as `kubectl` reads it, as objects of a cluster. It knows what occurs there,
//! fills the API's defaults in, and fails on anything else.

use std::sync::Arc;

use greenroom::kernel::Duration;
use greenroom::workload::apps::{DaemonSetStrategy, StatefulSetStrategy};
use greenroom::workload::{
    Container, DaemonSetSpec, DeploymentSpec, IntOrPercent, JobSpec, Object, PodTemplate, Resources, RestartPolicy,
    StatefulSetSpec, Strategy,
};
use serde_json::Value;

/// The object that a document describes.
pub fn object(document: &Value) -> Object {
    let spec = &document["spec"];
    let count = |value: &Value, default: u32| value.as_u64().map_or(default, |count| count as u32);
    let length = |value: &Value, default: u64| Duration::from_secs(value.as_u64().unwrap_or(default));
    match document["kind"].as_str().expect("a kind") {
        "Pod" => Object::Pod(template(document)),
        "Deployment" => Object::Deployment(DeploymentSpec {
            strategy: strategy(&spec["strategy"]),
            min_ready: length(&spec["minReadySeconds"], 0),
            progress_deadline: length(&spec["progressDeadlineSeconds"], 600),
            paused: spec["paused"].as_bool().unwrap_or(false),
            ..DeploymentSpec::of(count(&spec["replicas"], 1), template(&spec["template"]))
        }),
        "StatefulSet" => Object::StatefulSet(StatefulSetSpec {
            service: spec["serviceName"].as_str().unwrap_or_default().to_owned(),
            parallel: spec["podManagementPolicy"].as_str() == Some("Parallel"),
            strategy: match spec["updateStrategy"]["type"].as_str() {
                Some("OnDelete") => StatefulSetStrategy::OnDelete,
                None | Some("RollingUpdate") => {
                    StatefulSetStrategy::RollingUpdate { partition: 0, max_unavailable: IntOrPercent::Int(1) }
                }
                Some(other) => panic!("strategy {other}"),
            },
            min_ready: length(&spec["minReadySeconds"], 0),
            ..StatefulSetSpec::of(count(&spec["replicas"], 1), template(&spec["template"]))
        }),
        "DaemonSet" => {
            let rolling = &spec["updateStrategy"]["rollingUpdate"];
            Object::DaemonSet(DaemonSetSpec {
                strategy: DaemonSetStrategy::RollingUpdate {
                    max_surge: amount(&rolling["maxSurge"], IntOrPercent::Int(0)),
                    max_unavailable: amount(&rolling["maxUnavailable"], IntOrPercent::Int(1)),
                },
                min_ready: length(&spec["minReadySeconds"], 0),
                ..DaemonSetSpec::of(template(&spec["template"]))
            })
        }
        "Job" => {
            let length = |value: &Value| value.as_u64().map(Duration::from_secs);
            let parallelism = count(&spec["parallelism"], 1);
            Object::Job(JobSpec {
                completions: spec["completions"].as_u64().map(|count| count as u32),
                parallelism,
                backoff_limit: count(&spec["backoffLimit"], 6),
                indexed: spec["completionMode"].as_str() == Some("Indexed"),
                active_deadline: length(&spec["activeDeadlineSeconds"]),
                ttl_after_finished: length(&spec["ttlSecondsAfterFinished"]),
                ..JobSpec::of(template(&spec["template"]))
            })
        }
        other => panic!("a {other} in the recordings"),
    }
}

fn strategy(strategy: &Value) -> Strategy {
    match strategy["type"].as_str() {
        Some("Recreate") => Strategy::Recreate,
        _ => {
            let rolling = &strategy["rollingUpdate"];
            let quarter = IntOrPercent::Percent(25);
            Strategy::RollingUpdate {
                max_surge: amount(&rolling["maxSurge"], quarter),
                max_unavailable: amount(&rolling["maxUnavailable"], quarter),
            }
        }
    }
}

/// A number, or a text with a percent sign.
pub fn amount(value: &Value, default: IntOrPercent) -> IntOrPercent {
    match (value.as_u64(), value.as_str()) {
        (Some(count), _) => IntOrPercent::Int(count as u32),
        (None, Some(text)) => IntOrPercent::Percent(text.trim_end_matches('%').parse().expect("a percentage")),
        (None, None) => default,
    }
}

fn template(template: &Value) -> Arc<PodTemplate> {
    let spec = &template["spec"];
    let labels = &template["metadata"]["labels"];
    let texts = |value: &Value| {
        let pairs = value.as_object().into_iter().flatten();
        pairs.map(|(key, value)| (key.clone(), value.as_str().expect("a text").to_owned())).collect()
    };
    let containers = spec["containers"].as_array().expect("containers").iter().map(|container| {
        let gpus = container["resources"]["limits"]["nvidia.com/gpu"]
            .as_str()
            .map_or(0, |count| count.parse().expect("a count"));
        Container {
            name: container["name"].as_str().expect("a name").to_owned(),
            image: container["image"].as_str().expect("an image").to_owned(),
            requests: Resources::of("nvidia.com/gpu", gpus),
            ..Container::default()
        }
    });
    Arc::new(PodTemplate {
        labels: texts(labels),
        init_containers: vec![Container { name: "kwok".into(), image: "kwok".into(), ..Container::default() }],
        containers: containers.collect(),
        restart_policy: match spec["restartPolicy"].as_str() {
            None | Some("Always") => RestartPolicy::Always,
            Some("Never") => RestartPolicy::Never,
            Some("OnFailure") => RestartPolicy::OnFailure,
            Some(other) => panic!("restart policy {other}"),
        },
        termination_grace_period: Duration::from_secs(spec["terminationGracePeriodSeconds"].as_u64().unwrap_or(30)),
        node_selector: texts(&spec["nodeSelector"]),
        ..PodTemplate::default()
    })
}
