//! Deployments, ReplicaSets, StatefulSets and DaemonSets.

use k8s_openapi::api::apps::v1 as apps;

use super::figures::some;
use super::template::{Crew, selector, template};
use super::{Draft, OWNER, Unsupported, storage};
use crate::kernel::Duration;
use crate::workload::apps::{DaemonSetStrategy, StatefulSetStrategy};
use crate::workload::{DaemonSetSpec, DeploymentSpec, IntOrPercent, ReplicaSetSpec, StatefulSetSpec, Strategy};

const ROLLING: &str = "RollingUpdate";
const SURGE: &str = "maxSurge";
const UNAVAILABLE: &str = "maxUnavailable";
const HISTORY: &str = "revisionHistoryLimit";
const REPLICAS: &str = "replicas";

fn min_ready(draft: &Draft<'_>, length: Duration) -> Result<Option<i32>, Unsupported> {
    Ok(Some(draft.short_seconds(length, "minReadySeconds")?).filter(|seconds| *seconds > 0))
}

/// A Deployment.
pub fn deployment(draft: &Draft<'_>, from: &DeploymentSpec) -> Result<apps::Deployment, Unsupported> {
    let strategy = match from.strategy {
        Strategy::Recreate => {
            apps::DeploymentStrategy { type_: Some("Recreate".to_owned()), ..apps::DeploymentStrategy::default() }
        }
        Strategy::RollingUpdate { max_surge, max_unavailable } => apps::DeploymentStrategy {
            type_: Some(ROLLING.to_owned()),
            rolling_update: Some(apps::RollingUpdateDeployment {
                max_surge: Some(draft.share(max_surge, SURGE)?),
                max_unavailable: Some(draft.share(max_unavailable, UNAVAILABLE)?),
            }),
        },
    };
    // The simulation names a Deployment's ReplicaSets by revision.
    let crew = Crew { first_pod: format!("{}-r1-0", draft.name), ..Crew::of(draft, 0) };
    let spec = apps::DeploymentSpec {
        min_ready_seconds: min_ready(draft, from.min_ready)?,
        // It is said either way: a field that is left out keeps what another has written.
        paused: Some(from.paused),
        progress_deadline_seconds: Some(draft.short_seconds(from.progress_deadline, "progressDeadlineSeconds")?),
        replicas: Some(draft.count(from.replicas, REPLICAS)?),
        revision_history_limit: draft.optional_count(from.revision_history, HISTORY)?,
        selector: selector(draft),
        strategy: Some(strategy),
        template: template(draft, &crew, &from.template, &[])?,
    };
    Ok(apps::Deployment { metadata: draft.metadata(), spec: Some(spec), status: None })
}

/// A ReplicaSet that no Deployment owns.
pub fn replica_set(draft: &Draft<'_>, from: &ReplicaSetSpec) -> Result<apps::ReplicaSet, Unsupported> {
    let mut metadata = draft.metadata();
    let mut annotations = from.annotations.clone();
    if let Some(owner) = from.owner {
        annotations.insert(OWNER.to_owned(), owner.show(draft.names));
    }
    metadata.annotations = some(annotations);
    // Rows of behaviour are about the owner.
    let owner = from.owner.map(|owner| (owner.kind, draft.names.show(owner.name)));
    let (kind, name) = owner.as_ref().map_or((draft.kind, &draft.name), |(kind, name)| (*kind, name));
    let crew = Crew { kind, name, ..Crew::of(draft, 0) };
    let spec = apps::ReplicaSetSpec {
        min_ready_seconds: min_ready(draft, from.min_ready)?,
        replicas: Some(draft.count(from.replicas, REPLICAS)?),
        selector: selector(draft),
        template: Some(template(draft, &crew, &from.template, &[])?),
    };
    Ok(apps::ReplicaSet { metadata, spec: Some(spec), status: None })
}

/// A StatefulSet.
pub fn stateful_set(draft: &Draft<'_>, from: &StatefulSetSpec) -> Result<apps::StatefulSet, Unsupported> {
    let claims: Vec<&str> = from.claims.iter().map(|claim| claim.name.as_str()).collect();
    let strategy = match from.strategy {
        StatefulSetStrategy::OnDelete => apps::StatefulSetUpdateStrategy {
            type_: Some("OnDelete".to_owned()),
            ..apps::StatefulSetUpdateStrategy::default()
        },
        StatefulSetStrategy::RollingUpdate { partition, max_unavailable } => apps::StatefulSetUpdateStrategy {
            type_: Some(ROLLING.to_owned()),
            rolling_update: Some(apps::RollingUpdateStatefulSetStrategy {
                partition: Some(draft.count(partition, "partition")?),
                max_unavailable: (max_unavailable != IntOrPercent::Int(1))
                    .then(|| draft.share(max_unavailable, UNAVAILABLE))
                    .transpose()?,
            }),
        },
    };
    let goes = |goes: bool| Some(if goes { "Delete" } else { "Retain" }.to_owned());
    let first = draft.count(from.first_ordinal, "ordinals.start")?;
    let spec = apps::StatefulSetSpec {
        min_ready_seconds: min_ready(draft, from.min_ready)?,
        ordinals: (first > 0).then_some(apps::StatefulSetOrdinals { start: Some(first) }),
        persistent_volume_claim_retention_policy: Some(apps::StatefulSetPersistentVolumeClaimRetentionPolicy {
            when_deleted: goes(from.claims_go_when_deleted),
            when_scaled: goes(from.claims_go_when_scaled),
        }),
        pod_management_policy: Some(if from.parallel { "Parallel" } else { "OrderedReady" }.to_owned()),
        replicas: Some(draft.count(from.replicas, REPLICAS)?),
        revision_history_limit: Some(draft.count(from.revision_history, HISTORY)?),
        selector: selector(draft),
        service_name: Some(from.service.clone()).filter(|name| !name.is_empty()),
        template: template(draft, &Crew::of(draft, from.first_ordinal), &from.template, &claims)?,
        update_strategy: Some(strategy),
        volume_claim_templates: some(from.claims.iter().map(|claim| storage::claim_template(draft, claim)).collect()),
    };
    Ok(apps::StatefulSet { metadata: draft.metadata(), spec: Some(spec), status: None })
}

/// A DaemonSet.
pub fn daemon_set(draft: &Draft<'_>, from: &DaemonSetSpec) -> Result<apps::DaemonSet, Unsupported> {
    let strategy = match from.strategy {
        DaemonSetStrategy::OnDelete => apps::DaemonSetUpdateStrategy {
            type_: Some("OnDelete".to_owned()),
            ..apps::DaemonSetUpdateStrategy::default()
        },
        DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable } => apps::DaemonSetUpdateStrategy {
            type_: Some(ROLLING.to_owned()),
            rolling_update: Some(apps::RollingUpdateDaemonSet {
                max_surge: Some(draft.share(max_surge, SURGE)?),
                max_unavailable: Some(draft.share(max_unavailable, UNAVAILABLE)?),
            }),
        },
    };
    let spec = apps::DaemonSetSpec {
        min_ready_seconds: min_ready(draft, from.min_ready)?,
        revision_history_limit: Some(draft.count(from.revision_history, HISTORY)?),
        selector: selector(draft),
        template: template(draft, &Crew::of(draft, 0), &from.template, &[])?,
        update_strategy: Some(strategy),
    };
    Ok(apps::DaemonSet { metadata: draft.metadata(), spec: Some(spec), status: None })
}
