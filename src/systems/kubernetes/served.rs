//! Which kinds Kubernetes' own API serves in which versions, beyond those that a run knows. Objects of these are left out of
//! a run; what stands in one of Kubernetes' groups and is none of them would be refused. Groups of others are not judged.
//! Source: k8s.io/kubernetes v1.36.3, pkg/controlplane/instance.go (the versions); k8s.io/api v0.36.3, each register.go.

use super::kinds::{KINDS, group_version};

/// A group of the API, its versions, and kinds of it that no run knows.
struct Group {
    name: &'static str,
    /// Versions that are served, the newest first.
    stable: &'static [&'static str],
    /// Versions that a cluster can switch on.
    trial: &'static [&'static str],
    kinds: &'static [&'static str],
}

const fn group(
    name: &'static str,
    stable: &'static [&'static str],
    trial: &'static [&'static str],
    kinds: &'static [&'static str],
) -> Group {
    Group { name, stable, trial, kinds }
}

const GROUPS: &[Group] = &[
    group(
        "",
        &["v1"],
        &[],
        &[
            "Binding",
            "ComponentStatus",
            "Endpoints",
            "Event",
            "LimitRange",
            "Node",
            "PodTemplate",
            "ReplicationController",
            "ServiceAccount",
        ],
    ),
    group("apps", &["v1"], &[], &["ControllerRevision"]),
    group("batch", &["v1"], &[], &[]),
    group("autoscaling", &["v2", "v1"], &[], &["Scale"]),
    group("policy", &["v1"], &[], &["Eviction"]),
    group(
        "networking.k8s.io",
        &["v1"],
        &["v1beta1"],
        &["IPAddress", "Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR"],
    ),
    group("rbac.authorization.k8s.io", &["v1"], &[], &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
    group(
        "storage.k8s.io",
        &["v1"],
        &["v1beta1", "v1alpha1"],
        &["CSIDriver", "CSINode", "CSIStorageCapacity", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    group("scheduling.k8s.io", &["v1"], &["v1alpha2"], &[]),
    group(
        "admissionregistration.k8s.io",
        &["v1"],
        &["v1beta1", "v1alpha1"],
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    group("apiextensions.k8s.io", &["v1"], &[], &["CustomResourceDefinition"]),
    group("apiregistration.k8s.io", &["v1"], &[], &["APIService"]),
    group("certificates.k8s.io", &["v1"], &["v1beta1", "v1alpha1"], &["CertificateSigningRequest"]),
    group("coordination.k8s.io", &["v1"], &["v1beta1", "v1alpha2"], &["Lease"]),
    group("discovery.k8s.io", &["v1"], &[], &["EndpointSlice"]),
    group("events.k8s.io", &["v1"], &[], &["Event"]),
    group(
        "flowcontrol.apiserver.k8s.io",
        &["v1"],
        &["v1beta3", "v1beta2", "v1beta1"],
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    group("node.k8s.io", &["v1"], &[], &["RuntimeClass"]),
    group(
        "resource.k8s.io",
        &["v1"],
        &["v1beta2", "v1beta1", "v1alpha3"],
        &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"],
    ),
    group("storagemigration.k8s.io", &[], &["v1beta1"], &["StorageVersionMigration"]),
    // Groups that are no more.
    group("extensions", &[], &[], &[]),
];

/// True if Kubernetes' own API could not know the object: a group of its own that has no such version or kind.
pub fn is_unknown(kind: &str, api_version: &str) -> bool {
    let (name, version) = group_version(api_version);
    let Some(group) = GROUPS.iter().find(|group| group.name == name) else { return false };
    if group.trial.contains(&version) {
        return false;
    }
    let known = KINDS.iter().any(|one| one.group == name && one.kind.text() == kind);
    !group.stable.contains(&version) || !(known || group.kinds.contains(&kind))
}

/// The `apiVersion` in which a kind is served.
pub fn served(kind: &str) -> Option<String> {
    let shown =
        |group: &str, version: &str| if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let known = KINDS.iter().find(|one| one.kind.text() == kind).map(|one| shown(one.group, one.versions[0]));
    known.or_else(|| {
        let group = GROUPS.iter().find(|group| group.kinds.contains(&kind))?;
        Some(shown(group.name, group.stable.first()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kubernetes_own_groups_are_judged() {
        for (kind, version) in [
            ("Deployment", "v1"),
            ("Deployment", "extensions/v1beta1"),
            ("Job", "apps/v1"),
            ("Ingress", "extensions/v1beta1"),
            ("PodSecurityPolicy", "policy/v1beta1"),
            ("Deploymint", "apps/v1"),
        ] {
            assert!(is_unknown(kind, version), "{kind} in {version}");
        }
        for (kind, version) in [
            ("Ingress", "networking.k8s.io/v1"),
            ("ServiceAccount", "v1"),
            ("ResourceClaim", "resource.k8s.io/v1beta1"),
            ("Service", "serving.knative.dev/v1"),
            ("Deployment", "apps/v1"),
            ("ServiceMonitor", "monitoring.coreos.com/v1"),
        ] {
            assert!(!is_unknown(kind, version), "{kind} in {version}");
        }
        assert_eq!(served("Ingress").as_deref(), Some("networking.k8s.io/v1"));
        assert_eq!(served("Deployment").as_deref(), Some("apps/v1"));
        assert_eq!(served("PodSecurityPolicy"), None);
    }
}
