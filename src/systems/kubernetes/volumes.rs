//! Volumes of pods, claims, volumes and classes of storage.
//! Source: k8s.io/kubernetes v1.36.3, pkg/apis/core/v1/defaults.go, pkg/apis/storage/v1/defaults.go and their validation.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::storage::v1 as storage;

use super::complaint::Findings;
use super::{figures, names, selectors};
use crate::workload::storage::{AccessMode, ClaimSpec, ClaimTemplate, StorageClassSpec, VolumeSpec};
use crate::workload::{NodeRequirement, NodeTerm, Operator, Volume};

/// The annotation of the class that claims without one get.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// What the pods of a template mount.
pub fn volumes(pod: &core::PodSpec, path: &str, findings: &mut Findings) -> Vec<Volume> {
    let mut read: BTreeSet<Volume> = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (index, volume) in pod.volumes.iter().flatten().enumerate() {
        let path = format!("{path}.volumes[{index}]");
        if volume.name.is_empty() {
            findings.required(format!("{path}.name"), "");
        } else if let Some(wrong) = names::label(&volume.name) {
            findings.invalid_text(format!("{path}.name"), &volume.name, &wrong);
        } else if !names.insert(volume.name.as_str()) {
            findings.duplicate(format!("{path}.name"), &volume.name);
        }
        if let Some(claim) = &volume.persistent_volume_claim {
            if claim.claim_name.is_empty() {
                findings.required(format!("{path}.persistentVolumeClaim.claimName"), "");
            }
            read.insert(Volume::Claim { name: claim.claim_name.clone(), read_only: claim.read_only.unwrap_or(false) });
        }
        if let Some(template) = volume.ephemeral.as_ref().and_then(|one| one.volume_claim_template.as_ref()) {
            let spec = claim(&template.spec, &format!("{path}.ephemeral.volumeClaimTemplate.spec"), findings);
            read.insert(Volume::Ephemeral(ClaimTemplate { name: volume.name.clone(), spec }));
        }
        if let Some(map) = &volume.config_map {
            read.extend(config_map(&map.name, map.optional));
        }
        if let Some(one) = &volume.secret {
            read.extend(secret(one.secret_name.as_deref().unwrap_or(""), one.optional));
        }
        for source in volume.projected.iter().flat_map(|one| one.sources.iter().flatten()) {
            read.extend(source.config_map.as_ref().and_then(|map| config_map(&map.name, map.optional)));
            read.extend(source.secret.as_ref().and_then(|one| secret(&one.name, one.optional)));
        }
    }
    read.into_iter().collect()
}

fn config_map(name: &str, optional: Option<bool>) -> Option<Volume> {
    let optional = optional.unwrap_or(false);
    (!name.is_empty()).then(|| Volume::ConfigMap { name: name.to_owned(), optional })
}

fn secret(name: &str, optional: Option<bool>) -> Option<Volume> {
    let optional = optional.unwrap_or(false);
    (!name.is_empty()).then(|| Volume::Secret { name: name.to_owned(), optional })
}

/// A claim.
pub fn claim(from: &core::PersistentVolumeClaimSpec, path: &str, findings: &mut Findings) -> ClaimSpec {
    let requests = from.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let size_path = format!("{path}.resources[storage]");
    let size_bytes = match requests.and_then(|requests| requests.get("storage")) {
        Some(amount) => figures::units(amount, &size_path, findings),
        None => {
            findings.required(size_path, "");
            0
        }
    };
    let access = access_modes(from.access_modes.as_deref(), path, findings);
    let selector = from.selector.as_ref();
    ClaimSpec {
        class: from.storage_class_name.clone(),
        access,
        size_bytes,
        selector: selector
            .map(|selector| selectors::selector(selector, &format!("{path}.selector"), findings))
            .unwrap_or_default(),
        volume: from.volume_name.clone().filter(|name| !name.is_empty()),
    }
}

fn access_modes(from: Option<&[String]>, path: &str, findings: &mut Findings) -> Vec<AccessMode> {
    let known = [
        ("ReadWriteOnce", AccessMode::ReadWriteOnce),
        ("ReadOnlyMany", AccessMode::ReadOnlyMany),
        ("ReadWriteMany", AccessMode::ReadWriteMany),
        ("ReadWriteOncePod", AccessMode::ReadWriteOncePod),
    ];
    let path = format!("{path}.accessModes");
    let from = from.unwrap_or_default();
    if from.is_empty() {
        findings.required(path.as_str(), "at least 1 access mode is required");
    }
    let mut read = Vec::new();
    for mode in from {
        match known.iter().find(|(name, _)| name == mode) {
            Some((_, mode)) => read.push(*mode),
            None => findings.unsupported(path.as_str(), mode, &known.map(|(name, _)| name)),
        }
    }
    read
}

/// A volume.
pub fn volume(
    from: &core::PersistentVolumeSpec,
    labels: std::collections::BTreeMap<String, String>,
    path: &str,
    findings: &mut Findings,
) -> VolumeSpec {
    let size_path = format!("{path}.capacity");
    let size_bytes = match from.capacity.as_ref().and_then(|capacity| capacity.get("storage")) {
        Some(amount) => figures::units(amount, &size_path, findings),
        None => {
            findings.required(size_path, "");
            0
        }
    };
    let required = from.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
    let terms_path = format!("{path}.nodeAffinity.required.nodeSelectorTerms");
    let nodes: Vec<NodeTerm> = required
        .into_iter()
        .flat_map(|required| required.node_selector_terms.iter().enumerate())
        .map(|(index, term)| selectors::node_term(term, &format!("{terms_path}[{index}]"), findings))
        .collect();
    if from.local.is_some() && nodes.is_empty() {
        findings.required(format!("{path}.nodeAffinity"), "Local volume requires node affinity");
    }
    let deletes = match from.persistent_volume_reclaim_policy.as_deref() {
        None | Some("Retain" | "Recycle") => false,
        Some("Delete") => true,
        Some(other) => {
            let supported = &["Delete", "Recycle", "Retain"];
            findings.unsupported(format!("{path}.persistentVolumeReclaimPolicy"), other, supported);
            false
        }
    };
    let claim = from.claim_ref.as_ref().and_then(|claim| {
        let namespace = claim.namespace.clone().unwrap_or_else(|| "default".to_owned());
        claim.name.clone().map(|name| (namespace, name))
    });
    VolumeSpec {
        class: from.storage_class_name.clone().unwrap_or_default(),
        access: access_modes(from.access_modes.as_deref(), path, findings),
        size_bytes,
        labels,
        nodes,
        claim,
        deletes,
        attaches: from.nfs.is_none() && from.host_path.is_none() && from.local.is_none(),
    }
}

/// A class of storage.
pub fn class(from: &storage::StorageClass, findings: &mut Findings) -> StorageClassSpec {
    if from.provisioner.is_empty() {
        findings.required("provisioner", "");
    }
    let waits_for_consumer = match from.volume_binding_mode.as_deref() {
        None | Some("Immediate") => false,
        Some("WaitForFirstConsumer") => true,
        Some(other) => {
            findings.unsupported("volumeBindingMode", other, &["Immediate", "WaitForFirstConsumer"]);
            false
        }
    };
    let deletes = match from.reclaim_policy.as_deref() {
        None | Some("Delete") => true,
        Some("Retain") => false,
        Some(other) => {
            findings.unsupported("reclaimPolicy", other, &["Delete", "Retain"]);
            true
        }
    };
    let requirement = |one: &core::TopologySelectorLabelRequirement| NodeRequirement {
        key: one.key.clone(),
        operator: Operator::In,
        values: one.values.clone(),
    };
    let term = |term: &core::TopologySelectorTerm| NodeTerm {
        requirements: term.match_label_expressions.iter().flatten().map(requirement).collect(),
    };
    let annotations = from.metadata.annotations.as_ref();
    StorageClassSpec {
        provisioner: from.provisioner.clone(),
        waits_for_consumer,
        deletes,
        topologies: from.allowed_topologies.iter().flatten().map(term).collect(),
        is_default: annotations.and_then(|all| all.get(DEFAULT_CLASS)).is_some_and(|value| value == "true"),
    }
}
