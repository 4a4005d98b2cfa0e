//! LeaderWorkerSets, with the defaults of their custom resource definition and webhook.
//! Source: sigs.k8s.io/lws v0.8, config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml and
//! pkg/webhooks/leaderworkerset_webhook.go. The API's own types are not those of Kubernetes, so that they stand here.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;

use super::complaint::Findings;
use super::{figures, pod};
use crate::workload::{IntOrPercent, LeaderWorkerSetSpec};

/// Annotations of a set: api/leaderworkerset/v1/leaderworkerset_types.go.
const EXCLUSIVE: &str = "leaderworkerset.sigs.k8s.io/exclusive-topology";
const SUBGROUP_EXCLUSIVE: &str = "leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology";
const AFTER_START: &str = "leaderworkerset.sigs.k8s.io/experimental-recreate-group-after-start";
/// QueueNameAnnotationKey of Volcano, which the provider for it reads.
const VOLCANO_QUEUE: &str = "scheduling.volcano.sh/queue-name";

/// What a document says.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    replicas: Option<i32>,
    leader_worker_template: Template,
    rollout_strategy: Option<Rollout>,
    startup_policy: Option<String>,
    network_config: Option<NetworkConfig>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Template {
    leader_template: Option<PodTemplateSpec>,
    worker_template: PodTemplateSpec,
    size: Option<i32>,
    restart_policy: Option<String>,
    sub_group_policy: Option<SubGroupPolicy>,
    volume_claim_templates: Option<Vec<PersistentVolumeClaim>>,
    persistent_volume_claim_retention_policy: Option<RetentionPolicy>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RetentionPolicy {
    when_deleted: Option<String>,
    when_scaled: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct SubGroupPolicy {
    sub_group_size: Option<i32>,
    sub_group_policy_type: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NetworkConfig {
    subdomain_policy: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Rollout {
    #[serde(rename = "type")]
    kind: Option<String>,
    rolling_update_configuration: Option<RollingUpdate>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RollingUpdate {
    max_unavailable: Option<IntOrString>,
    max_surge: Option<IntOrString>,
    partition: Option<i32>,
}

/// A LeaderWorkerSet.
pub fn leader_worker_set(from: &Spec, metadata: &ObjectMeta, findings: &mut Findings) -> LeaderWorkerSetSpec {
    let annotation = |key: &str| metadata.annotations.as_ref()?.get(key).cloned();
    if annotation(SUBGROUP_EXCLUSIVE).is_some() {
        let path = format!("metadata.annotations[{SUBGROUP_EXCLUSIVE}]");
        findings.note(path, "this has no effect here: groups have places of their own, subgroups have not");
    }
    let template = &from.leader_worker_template;
    let path = "spec.leaderWorkerTemplate";
    let worker = pod::template(&template.worker_template, &[], &format!("{path}.workerTemplate"), findings);
    let leader_path = format!("{path}.leaderTemplate");
    let leader = template.leader_template.as_ref().map(|leader| pod::template(leader, &[], &leader_path, findings));
    let size = template.size.unwrap_or(1);
    if size < 1 {
        findings.invalid(format!("{path}.size"), size, "size must be equal or greater than 1");
    }
    let recreate_group = match template.restart_policy.as_deref() {
        None | Some("RecreateGroupOnPodRestart" | "RecreateGroupAfterStart") => true,
        Some("None" | "Default") => false,
        Some(other) => {
            let supported = &["Default", "RecreateGroupOnPodRestart", "RecreateGroupAfterStart", "None"];
            findings.unsupported(format!("{path}.restartPolicy"), other, supported);
            true
        }
    };
    let leader_first = match from.startup_policy.as_deref() {
        None | Some("LeaderCreated") => false,
        Some("LeaderReady") => true,
        Some(other) => {
            findings.unsupported("spec.startupPolicy", other, &["LeaderCreated", "LeaderReady"]);
            false
        }
    };
    notes(template, path, findings);
    let _ = &from.network_config;
    let rollout = from.rollout_strategy.as_ref();
    if let Some(kind) = rollout.and_then(|rollout| rollout.kind.as_deref())
        && kind != "RollingUpdate"
    {
        findings.unsupported("spec.rolloutStrategy.type", kind, &["RollingUpdate"]);
    }
    let rolling = rollout.and_then(|rollout| rollout.rolling_update_configuration.as_ref());
    let path = "spec.rolloutStrategy.rollingUpdateConfiguration";
    let mut share = |value: Option<&IntOrString>, default: u32, field: &str| match value {
        Some(value) => figures::int_or_percent(value, &format!("{path}.{field}"), findings),
        None => IntOrPercent::Int(default),
    };
    let max_unavailable = share(rolling.and_then(|one| one.max_unavailable.as_ref()), 1, "maxUnavailable");
    let max_surge = share(rolling.and_then(|one| one.max_surge.as_ref()), 0, "maxSurge");
    if matches!(
        (max_unavailable, max_surge),
        (IntOrPercent::Int(0) | IntOrPercent::Percent(0), IntOrPercent::Int(0) | IntOrPercent::Percent(0))
    ) {
        findings.invalid(format!("{path}.maxUnavailable"), 0, "must not be 0 when `maxSurge` is 0");
    }
    let partition = rolling.and_then(|rolling| rolling.partition);
    LeaderWorkerSetSpec {
        replicas: figures::count(from.replicas, 1, "spec.replicas", findings),
        size: size.max(1).unsigned_abs(),
        leader: leader.map(Arc::new),
        worker: Arc::new(worker),
        leader_first,
        recreate_group,
        max_surge,
        max_unavailable,
        partition: figures::count(partition, 0, &format!("{path}.partition"), findings),
        recreates_once_started: template.restart_policy.as_deref() == Some("RecreateGroupAfterStart")
            || annotation(AFTER_START).is_some(),
        exclusive_topology: annotation(EXCLUSIVE).filter(|key| !key.is_empty()),
        queue: annotation(VOLCANO_QUEUE).unwrap_or_default(),
    }
}

/// Tells of fields that have no effect here.
fn notes(template: &Template, path: &str, findings: &mut Findings) {
    let fields = [
        ("subGroupPolicy", template.sub_group_policy.is_some()),
        ("volumeClaimTemplates", template.volume_claim_templates.is_some()),
        ("persistentVolumeClaimRetentionPolicy", template.persistent_volume_claim_retention_policy.is_some()),
    ];
    for (field, there) in fields {
        if there {
            findings.note(format!("{path}.{field}"), "this has no effect here");
        }
    }
}
