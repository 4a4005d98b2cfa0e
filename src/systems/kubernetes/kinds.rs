//! The kinds that are known: their API group and versions, whether they have a namespace, the keys of their objects, and the
//! order in which they are applied.

use super::manifest::Identity;
use crate::timeline::Kind;

/// A kind of the API.
#[derive(Clone, Copy, Debug)]
pub struct ApiKind {
    /// The kind.
    pub kind: Kind,
    /// Its API group; empty for the core.
    pub group: &'static str,
    /// The versions that Kubernetes 1.36 serves.
    pub versions: &'static [&'static str],
    /// False for kinds of the whole cluster.
    pub namespaced: bool,
    /// Keys of its objects beside `apiVersion`, `kind` and `metadata`.
    pub keys: &'static [&'static str],
}

const SPEC: &[&str] = &["spec", "status"];

const fn kind(
    kind: Kind,
    group: &'static str,
    versions: &'static [&'static str],
    namespaced: bool,
    keys: &'static [&'static str],
) -> ApiKind {
    ApiKind { kind, group, versions, namespaced, keys }
}

/// In the order in which Helm installs them, which is the order in which each finds what it needs. Source: helm.sh/helm v3.18,
/// pkg/releaseutil/kind_sorter.go, InstallOrder; custom resources come last there.
pub const KINDS: &[ApiKind] = &[
    kind(
        Kind::PriorityClass,
        "scheduling.k8s.io",
        &["v1"],
        false,
        &["value", "globalDefault", "description", "preemptionPolicy"],
    ),
    kind(Kind::Namespace, "", &["v1"], false, SPEC),
    kind(Kind::ResourceQuota, "", &["v1"], true, SPEC),
    kind(Kind::PodDisruptionBudget, "policy", &["v1"], true, SPEC),
    kind(Kind::Secret, "", &["v1"], true, &["data", "stringData", "type", "immutable"]),
    kind(Kind::ConfigMap, "", &["v1"], true, &["data", "binaryData", "immutable"]),
    kind(
        Kind::StorageClass,
        "storage.k8s.io",
        &["v1"],
        false,
        &[
            "provisioner",
            "parameters",
            "reclaimPolicy",
            "mountOptions",
            "allowVolumeExpansion",
            "volumeBindingMode",
            "allowedTopologies",
        ],
    ),
    kind(Kind::PersistentVolume, "", &["v1"], false, SPEC),
    kind(Kind::PersistentVolumeClaim, "", &["v1"], true, SPEC),
    kind(Kind::Service, "", &["v1"], true, SPEC),
    kind(Kind::DaemonSet, "apps", &["v1"], true, SPEC),
    kind(Kind::Pod, "", &["v1"], true, SPEC),
    kind(Kind::ReplicaSet, "apps", &["v1"], true, SPEC),
    kind(Kind::Deployment, "apps", &["v1"], true, SPEC),
    kind(Kind::HorizontalPodAutoscaler, "autoscaling", &["v2", "v1"], true, SPEC),
    kind(Kind::StatefulSet, "apps", &["v1"], true, SPEC),
    kind(Kind::Job, "batch", &["v1"], true, SPEC),
    kind(Kind::CronJob, "batch", &["v1"], true, SPEC),
    kind(Kind::AnalysisTemplate, "argoproj.io", &["v1alpha1"], true, SPEC),
    kind(Kind::ClusterAnalysisTemplate, "argoproj.io", &["v1alpha1"], false, SPEC),
    kind(Kind::LeaderWorkerSet, "leaderworkerset.x-k8s.io", &["v1"], true, SPEC),
    kind(Kind::PodGroup, "scheduling.run.ai", &["v2alpha2"], true, SPEC),
    kind(Kind::PodGroup, "scheduling.volcano.sh", &["v1beta1"], true, SPEC),
    kind(Kind::Rollout, "argoproj.io", &["v1alpha1"], true, SPEC),
    kind(Kind::Topology, "kai.scheduler", &["v1alpha1"], false, SPEC),
];

/// The kind of this name in this group.
pub fn find(name: &str, group: &str) -> Option<&'static ApiKind> {
    KINDS.iter().find(|one| one.kind.text() == name && one.group == group)
}

/// What the API says of an object that is not there: `deployments.apps "web" not found`.
/// Source: k8s.io/apimachinery v0.36.3, pkg/api/errors/errors.go, NewNotFound.
pub fn not_found(identity: &Identity) -> String {
    let group = KINDS.iter().find(|one| one.kind == identity.kind).map_or("", |one| one.group);
    let dot = if group.is_empty() { "" } else { "." };
    format!("{}{dot}{group} {:?} not found", plural(identity.kind), identity.name)
}

/// A refusal by admission as the API words it: `services "web" is forbidden: exceeded quota: …`; `None`: it is no such refusal.
/// Source: k8s.io/apiserver v0.36.3, pkg/admission/errors.go, NewForbidden.
pub fn forbidden(identity: &Identity, refusal: &str) -> Option<String> {
    let by_quota = ["exceeded quota: ", "failed quota: "].iter().any(|start| refusal.starts_with(start));
    let why = refusal.strip_prefix("forbidden: ").or(by_quota.then_some(refusal))?;
    let group = KINDS.iter().find(|one| one.kind == identity.kind).map_or("", |one| one.group);
    let dot = if group.is_empty() { "" } else { "." };
    Some(format!("{}{dot}{group} {:?} is forbidden: {why}", plural(identity.kind), identity.name))
}

/// The name of a kind's resource: `deployments`.
pub fn plural(kind: Kind) -> String {
    let name = kind.text().to_ascii_lowercase();
    match name.as_bytes() {
        [.., b's'] => name + "es",
        [.., b'y'] => format!("{}ies", &name[..name.len() - 1]),
        _ => name + "s",
    }
}

/// Where objects of the kind stand in the order of applying.
pub fn rank(kind: Kind) -> usize {
    KINDS.iter().position(|one| one.kind == kind).unwrap_or(KINDS.len())
}

/// Group and version of an `apiVersion`.
pub fn group_version(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap_or(("", text))
}
