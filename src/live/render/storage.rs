//! What pods mount, claims, volumes and classes of storage.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::storage::v1 as storage;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::figures::{some, units};
use super::{Draft, Pods, Unsupported, placement};
use crate::timeline::Kind;
use crate::workload::storage::{AccessMode, ClaimSpec, ClaimTemplate, StorageClassSpec, VolumeSpec};
use crate::workload::{NodeTerm, PodTemplate, Volume};

/// The annotation of the class that claims without one get.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// Where a container finds what its pod mounts.
const FOLDER: &str = "/greenroom/volumes";

/// The volumes of a pod, and their mounts. `claims` are those of its StatefulSet, which come by themselves.
pub fn pod_volumes(
    draft: &Draft<'_>,
    from: &PodTemplate,
    claims: &[&str],
) -> (Vec<core::Volume>, Vec<core::VolumeMount>) {
    let (mut volumes, mut mounts) = (Vec::new(), Vec::new());
    let mut mount = |name: &str| {
        let mount_path = format!("{FOLDER}/{name}");
        mounts.push(core::VolumeMount { name: name.to_owned(), mount_path, ..core::VolumeMount::default() });
    };
    for (one, number) in from.volumes.iter().zip(0..) {
        let mut volume = core::Volume { name: format!("greenroom-volume-{number}"), ..core::Volume::default() };
        match one {
            Volume::Claim { name, .. } if claims.contains(&name.as_str()) => {
                mount(name);
                continue;
            }
            Volume::Claim { name, read_only } => {
                let (claim_name, read_only) = (name.clone(), read_only.then_some(true));
                let source = core::PersistentVolumeClaimVolumeSource { claim_name, read_only };
                volume.persistent_volume_claim = Some(source);
            }
            Volume::Ephemeral(template) => {
                volume.name.clone_from(&template.name);
                let spec = claim_spec(draft, &template.spec);
                let template = core::PersistentVolumeClaimTemplate { metadata: None, spec };
                volume.ephemeral = Some(core::EphemeralVolumeSource { volume_claim_template: Some(template) });
            }
            Volume::ConfigMap { name, optional } => {
                let (name, optional) = (name.clone(), optional.then_some(true));
                volume.config_map = Some(core::ConfigMapVolumeSource { name, optional, ..Default::default() });
            }
            Volume::Secret { name, optional } => {
                let (secret_name, optional) = (Some(name.clone()), optional.then_some(true));
                volume.secret = Some(core::SecretVolumeSource { secret_name, optional, ..Default::default() });
            }
        }
        mount(&volume.name);
        volumes.push(volume);
    }
    if from.has_empty_dir {
        let empty_dir = Some(core::EmptyDirVolumeSource::default());
        volumes.push(core::Volume { name: "greenroom-empty-dir".to_owned(), empty_dir, ..core::Volume::default() });
        mount("greenroom-empty-dir");
    }
    (volumes, mounts)
}

/// A claim that each pod of a StatefulSet gets.
pub fn claim_template(draft: &Draft<'_>, from: &ClaimTemplate) -> core::PersistentVolumeClaim {
    let metadata = ObjectMeta {
        name: Some(from.name.clone()),
        labels: Some(super::run_labels(draft.naming())),
        ..ObjectMeta::default()
    };
    core::PersistentVolumeClaim { metadata, spec: Some(claim_spec(draft, &from.spec)), status: None }
}

/// A claim.
pub fn claim(draft: &Draft<'_>, from: &ClaimSpec) -> core::PersistentVolumeClaim {
    core::PersistentVolumeClaim { metadata: draft.metadata(), spec: Some(claim_spec(draft, from)), status: None }
}

fn claim_spec(draft: &Draft<'_>, from: &ClaimSpec) -> core::PersistentVolumeClaimSpec {
    let refer = |kind, name: &String| draft.naming().reference(kind, name);
    let requests = [("storage".to_owned(), units(from.size_bytes))].into();
    core::PersistentVolumeClaimSpec {
        access_modes: some(access(&from.access)),
        resources: Some(core::VolumeResourceRequirements { requests: Some(requests), limits: None }),
        selector: (!from.selector.is_empty()).then(|| placement::selector(&from.selector)),
        storage_class_name: from.class.as_ref().map(|name| refer(Kind::StorageClass, name)),
        volume_name: from.volume.as_ref().map(|name| refer(Kind::PersistentVolume, name)),
        ..core::PersistentVolumeClaimSpec::default()
    }
}

fn access(modes: &[AccessMode]) -> Vec<String> {
    let text = |mode: &AccessMode| match mode {
        AccessMode::ReadWriteOnce => "ReadWriteOnce",
        AccessMode::ReadOnlyMany => "ReadOnlyMany",
        AccessMode::ReadWriteMany => "ReadWriteMany",
        AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
    };
    modes.iter().map(|mode| text(mode).to_owned()).collect()
}

/// A volume that nothing is behind: one that is attached is of a driver that is not there, one that is not is a path of the node.
pub fn volume(draft: &Draft<'_>, from: &VolumeSpec) -> Result<core::PersistentVolume, Unsupported> {
    if matches!(draft.rendering.pods, Pods::StandIn { .. }) {
        let why = "what is behind it is not known, and real nodes would mount it: use fake nodes, or a StorageClass of the cluster";
        return Err(Unsupported { what: draft.show(), why: why.to_owned() });
    }
    let naming = draft.naming();
    let mut metadata = draft.metadata();
    metadata.labels.get_or_insert_default().extend(super::keyed(&from.labels));
    let name = metadata.name.clone().unwrap_or_default();
    let csi = from.attaches.then(|| core::CSIPersistentVolumeSource {
        driver: "volumes.greenroom.dev".to_owned(),
        volume_handle: name.clone(),
        ..core::CSIPersistentVolumeSource::default()
    });
    let host_path = (!from.attaches).then(|| core::HostPathVolumeSource { path: format!("/tmp/{name}"), type_: None });
    let claim_ref = from.claim.as_ref().map(|(namespace, name)| core::ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("PersistentVolumeClaim".to_owned()),
        namespace: Some(naming.namespace(namespace)),
        name: Some(name.clone()),
        ..core::ObjectReference::default()
    });
    let terms = some(from.nodes.iter().map(placement::node_term).collect());
    let spec = core::PersistentVolumeSpec {
        access_modes: some(access(&from.access)),
        capacity: Some([("storage".to_owned(), units(from.size_bytes))].into()),
        claim_ref,
        csi,
        host_path,
        node_affinity: terms.map(|node_selector_terms| core::VolumeNodeAffinity {
            required: Some(core::NodeSelector { node_selector_terms }),
        }),
        persistent_volume_reclaim_policy: Some(if from.deletes { "Delete" } else { "Retain" }.to_owned()),
        storage_class_name: Some(&from.class)
            .filter(|class| !class.is_empty())
            .map(|class| naming.reference(Kind::StorageClass, class)),
        ..core::PersistentVolumeSpec::default()
    };
    Ok(core::PersistentVolume { metadata, spec: Some(spec), status: None })
}

/// A class of storage.
pub fn class(draft: &Draft<'_>, from: &StorageClassSpec) -> Result<storage::StorageClass, Unsupported> {
    if from.is_default && !draft.rendering.owns_cluster {
        let why =
            "it would become the class of everybody's claims: leave the annotation out, or use a cluster of your own";
        return Err(draft.unsupported(DEFAULT_CLASS, why));
    }
    let metadata = if from.is_default { draft.annotated(DEFAULT_CLASS, "true") } else { draft.metadata() };
    let term = |term: &NodeTerm| core::TopologySelectorTerm {
        match_label_expressions: some(
            term.requirements
                .iter()
                .map(|one| core::TopologySelectorLabelRequirement { key: one.key.clone(), values: one.values.clone() })
                .collect(),
        ),
    };
    let binding = if from.waits_for_consumer { "WaitForFirstConsumer" } else { "Immediate" };
    Ok(storage::StorageClass {
        metadata,
        provisioner: from.provisioner.clone(),
        reclaim_policy: Some(if from.deletes { "Delete" } else { "Retain" }.to_owned()),
        volume_binding_mode: Some(binding.to_owned()),
        allowed_topologies: some(from.topologies.iter().map(term).collect()),
        ..storage::StorageClass::default()
    })
}
