//! Deployments, ReplicaSets, StatefulSets and DaemonSets, with the API server's defaults and checks.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/apps/v1/defaults.go and pkg/apis/apps/validation/validation.go.

use std::sync::Arc;

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::complaint::Findings;
use super::{figures, pod, selectors, volumes};
use crate::kernel::Duration;
use crate::workload::apps::{DaemonSetStrategy, StatefulSetStrategy};
use crate::workload::storage::ClaimTemplate;
use crate::workload::{
    DaemonSetSpec, DeploymentSpec, IntOrPercent, PodTemplate, ReplicaSetSpec, RestartPolicy, StatefulSetSpec, Strategy,
};

/// What a rolling update of a Deployment may add and take.
const QUARTER: IntOrPercent = IntOrPercent::Percent(25);
const REVISIONS: u32 = 10;
const PROGRESS_DEADLINE: Duration = Duration::from_secs(600);
const ROLLING: &str = "RollingUpdate";

/// A template, and what a workload that keeps its pods running demands of it.
pub fn template(
    from: &PodTemplateSpec,
    selector: &LabelSelector,
    mounts: &[&str],
    kind: &str,
    findings: &mut Findings,
) -> Arc<PodTemplate> {
    let labels = from.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
    if selectors::is_empty(selector) {
        let detail = format!("empty selector is invalid for {}", kind.to_ascii_lowercase());
        findings.required("spec.selector", "");
        findings.invalid("spec.selector", "{}", &detail);
    } else {
        let read = selectors::selector(selector, "spec.selector", findings);
        if !read.matches(&labels.clone().unwrap_or_default()) {
            let shown = labels.map_or("null".to_owned(), |labels| json(&labels));
            let detail = "`selector` does not match template `labels`";
            findings.invalid("spec.template.metadata.labels", shown, detail);
        }
    }
    let read = pod::template(from, mounts, "spec.template", findings);
    if read.restart_policy != RestartPolicy::Always {
        let policy = from.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref()).unwrap_or("");
        findings.unsupported("spec.template.spec.restartPolicy", policy, &["Always"]);
    }
    if read.active_deadline.is_some() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        findings.forbidden("spec.template.spec.activeDeadlineSeconds", &detail);
    }
    Arc::new(read)
}

/// Labels as JSON.
fn json(labels: &std::collections::BTreeMap<String, String>) -> String {
    serde_json::to_string(labels).unwrap_or_default()
}

fn min_ready(value: Option<i32>, findings: &mut Findings) -> Duration {
    Duration::from_secs(figures::count(value, 0, "spec.minReadySeconds", findings).into())
}

/// A Deployment.
pub fn deployment(from: &apps::DeploymentSpec, findings: &mut Findings) -> DeploymentSpec {
    let min_ready_seconds = from.min_ready_seconds.unwrap_or(0);
    let replicas = figures::count(from.replicas, 1, "spec.replicas", findings);
    let template = template(&from.template, &from.selector, &[], "Deployment", findings);
    let strategy = strategy(from.strategy.as_ref(), findings);
    let deadline = figures::optional_count(from.progress_deadline_seconds, "spec.progressDeadlineSeconds", findings);
    let in_effect = from.progress_deadline_seconds.unwrap_or(600);
    if in_effect <= min_ready_seconds {
        findings.invalid("spec.progressDeadlineSeconds", in_effect, "must be greater than minReadySeconds");
    }
    DeploymentSpec {
        replicas,
        template,
        strategy,
        min_ready: min_ready(from.min_ready_seconds, findings),
        progress_deadline: deadline.map_or(PROGRESS_DEADLINE, |seconds| Duration::from_secs(seconds.into())),
        paused: from.paused.unwrap_or(false),
        revision_history: Some(figures::count(
            from.revision_history_limit,
            REVISIONS,
            "spec.revisionHistoryLimit",
            findings,
        )),
    }
}

fn strategy(from: Option<&apps::DeploymentStrategy>, findings: &mut Findings) -> Strategy {
    let rolling = from.and_then(|from| from.rolling_update.as_ref());
    match from.and_then(|from| from.type_.as_deref()).unwrap_or(ROLLING) {
        "Recreate" => {
            if rolling.is_some() {
                let detail = "may not be specified when strategy `type` is 'Recreate'";
                findings.forbidden("spec.strategy.rollingUpdate", detail);
            }
            Strategy::Recreate
        }
        "" | ROLLING => {
            let path = "spec.strategy.rollingUpdate";
            let unavailable = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
            let surge = rolling.and_then(|rolling| rolling.max_surge.as_ref());
            let max_unavailable = share(unavailable, QUARTER, &format!("{path}.maxUnavailable"), true, findings);
            let max_surge = share(surge, QUARTER, &format!("{path}.maxSurge"), false, findings);
            if is_zero(max_unavailable) && is_zero(max_surge) {
                let shown = unavailable.map_or("0".to_owned(), show);
                findings.invalid(format!("{path}.maxUnavailable"), shown, "may not be 0 when `maxSurge` is 0");
            }
            Strategy::RollingUpdate { max_surge, max_unavailable }
        }
        other => {
            findings.unsupported("spec.strategy", other, &["Recreate", ROLLING]);
            Strategy::default()
        }
    }
}

/// A share of the pods, or its default. One that is a part of them is at most all.
fn share(
    from: Option<&IntOrString>,
    default: IntOrPercent,
    path: &str,
    part: bool,
    findings: &mut Findings,
) -> IntOrPercent {
    let Some(from) = from else { return default };
    let read = figures::int_or_percent(from, path, findings);
    if part && matches!(read, IntOrPercent::Percent(percent) if percent > 100) {
        findings.invalid(path, show(from), "must not be greater than 100%");
    }
    read
}

fn show(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(count) => count.to_string(),
        IntOrString::String(text) => format!("{text:?}"),
    }
}

const fn is_zero(share: IntOrPercent) -> bool {
    matches!(share, IntOrPercent::Int(0) | IntOrPercent::Percent(0))
}

/// A ReplicaSet.
pub fn replica_set(from: &apps::ReplicaSetSpec, findings: &mut Findings) -> ReplicaSetSpec {
    let empty = PodTemplateSpec::default();
    ReplicaSetSpec {
        replicas: figures::count(from.replicas, 1, "spec.replicas", findings),
        min_ready: min_ready(from.min_ready_seconds, findings),
        template: template(from.template.as_ref().unwrap_or(&empty), &from.selector, &[], "ReplicaSet", findings),
        owner: None,
        annotations: Default::default(),
    }
}

/// A StatefulSet.
pub fn stateful_set(from: &apps::StatefulSetSpec, findings: &mut Findings) -> StatefulSetSpec {
    let mut claims = Vec::new();
    for (index, claim) in from.volume_claim_templates.iter().flatten().enumerate() {
        let path = format!("spec.volumeClaimTemplates[{index}]");
        let name = claim.metadata.name.clone().unwrap_or_default();
        if name.is_empty() {
            findings.required(format!("{path}.metadata.name"), "");
        }
        let spec = claim.spec.clone().unwrap_or_default();
        claims.push(ClaimTemplate { name, spec: volumes::claim(&spec, &format!("{path}.spec"), findings) });
    }
    let mounts: Vec<&str> = claims.iter().map(|claim| claim.name.as_str()).collect();
    let mut template = template(&from.template, &from.selector, &mounts, "StatefulSet", findings);
    let mounted = Arc::make_mut(&mut template);
    for claim in &claims {
        let volume = crate::workload::Volume::Claim { name: claim.name.clone(), read_only: false };
        if !mounted.volumes.contains(&volume) {
            mounted.volumes.push(volume);
        }
    }
    mounted.volumes.sort();
    let parallel = match from.pod_management_policy.as_deref() {
        None | Some("" | "OrderedReady") => false,
        Some("Parallel") => true,
        Some(other) => {
            let detail = "must be 'OrderedReady' or 'Parallel'";
            findings.invalid_text("spec.podManagementPolicy", other, detail);
            false
        }
    };
    let retention = from.persistent_volume_claim_retention_policy.as_ref();
    let mut goes = |policy: Option<&String>, field: &str| match policy.map(String::as_str) {
        None | Some("" | "Retain") => false,
        Some("Delete") => true,
        Some(other) => {
            let path = format!("spec.persistentVolumeClaimRetentionPolicy.{field}");
            findings.unsupported(path, other, &["Retain", "Delete"]);
            false
        }
    };
    let claims_go_when_deleted = goes(retention.and_then(|one| one.when_deleted.as_ref()), "whenDeleted");
    let claims_go_when_scaled = goes(retention.and_then(|one| one.when_scaled.as_ref()), "whenScaled");
    let first = from.ordinals.as_ref().and_then(|ordinals| ordinals.start);
    StatefulSetSpec {
        replicas: figures::count(from.replicas, 1, "spec.replicas", findings),
        first_ordinal: figures::count(first, 0, "spec.ordinals.start", findings),
        service: from.service_name.clone().unwrap_or_default(),
        template,
        claims,
        claims_go_when_deleted,
        claims_go_when_scaled,
        parallel,
        strategy: stateful_strategy(from.update_strategy.as_ref(), findings),
        min_ready: min_ready(from.min_ready_seconds, findings),
        revision_history: figures::count(from.revision_history_limit, REVISIONS, "spec.revisionHistoryLimit", findings),
    }
}

fn stateful_strategy(from: Option<&apps::StatefulSetUpdateStrategy>, findings: &mut Findings) -> StatefulSetStrategy {
    let rolling = from.and_then(|from| from.rolling_update.as_ref());
    let path = "spec.updateStrategy";
    match from.and_then(|from| from.type_.as_deref()).unwrap_or(ROLLING) {
        "OnDelete" => {
            if rolling.is_some() {
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                findings.invalid(format!("{path}.rollingUpdate"), "{}", detail);
            }
            StatefulSetStrategy::OnDelete
        }
        "" | ROLLING => {
            let partition = rolling.and_then(|rolling| rolling.partition);
            let unavailable = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
            let at = format!("{path}.rollingUpdate.maxUnavailable");
            let max_unavailable = share(unavailable, IntOrPercent::Int(1), &at, true, findings);
            if is_zero(max_unavailable) {
                findings.invalid(at, 0, "cannot be 0");
            }
            let at = format!("{path}.rollingUpdate.partition");
            StatefulSetStrategy::RollingUpdate {
                partition: figures::count(partition, 0, &at, findings),
                max_unavailable,
            }
        }
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            findings.invalid(path, "{}", detail);
            StatefulSetStrategy::OnDelete
        }
    }
}

/// A DaemonSet.
pub fn daemon_set(from: &apps::DaemonSetSpec, findings: &mut Findings) -> DaemonSetSpec {
    let template = template(&from.template, &from.selector, &[], "DaemonSet", findings);
    let rolling = from.update_strategy.as_ref().and_then(|strategy| strategy.rolling_update.as_ref());
    let strategy = match from.update_strategy.as_ref().and_then(|one| one.type_.as_deref()).unwrap_or(ROLLING) {
        "OnDelete" => DaemonSetStrategy::OnDelete,
        "" | ROLLING => {
            let path = "spec.updateStrategy.rollingUpdate";
            let unavailable = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
            let surge = rolling.and_then(|rolling| rolling.max_surge.as_ref());
            let one = IntOrPercent::Int(1);
            let max_unavailable = share(unavailable, one, &format!("{path}.maxUnavailable"), true, findings);
            let max_surge = share(surge, IntOrPercent::Int(0), &format!("{path}.maxSurge"), true, findings);
            match (is_zero(max_unavailable), is_zero(max_surge)) {
                (false, false) => {
                    let shown = surge.map_or("0".to_owned(), show);
                    let detail = "may not be set when maxUnavailable is non-zero";
                    findings.invalid(format!("{path}.maxSurge"), shown, detail);
                }
                (true, true) => {
                    findings.required(format!("{path}.maxUnavailable"), "cannot be 0 when maxSurge is 0");
                }
                _ => {}
            }
            DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable }
        }
        other => {
            findings.unsupported("spec.updateStrategy", other, &[ROLLING, "OnDelete"]);
            DaemonSetStrategy::OnDelete
        }
    };
    DaemonSetSpec {
        template,
        strategy,
        min_ready: min_ready(from.min_ready_seconds, findings),
        revision_history: figures::count(from.revision_history_limit, REVISIONS, "spec.revisionHistoryLimit", findings),
    }
}
