//! Volumes: what a pod mounts, what is claimed, what there is, and how it is provided.
//! Shapes follow `k8s.io/api` v0.36.3, core/v1 and storage/v1.

use super::{LabelSelector, NodeTerm};

/// Something that a pod mounts and must be there before its containers start.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Volume {
    /// A claim of this name.
    Claim {
        /// The claim; for one of a StatefulSet the name of its template.
        name: String,
        /// Mounted to be read only.
        read_only: bool,
    },
    /// A claim that is made with the pod and goes with it.
    Ephemeral(ClaimTemplate),
    /// A ConfigMap, as files.
    ConfigMap {
        /// Its name.
        name: String,
        /// The pod starts without it too.
        optional: bool,
    },
    /// A Secret, as files. Its content is never read.
    Secret {
        /// Its name.
        name: String,
        /// The pod starts without it too.
        optional: bool,
    },
}

/// A claim by name, made for each pod of a StatefulSet or for one pod.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClaimTemplate {
    /// The name that the pod mounts it by.
    pub name: String,
    /// What is claimed.
    pub spec: ClaimSpec,
}

/// What a PersistentVolumeClaim asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ClaimSpec {
    /// The class; `None`: the default class of the cluster; empty: none.
    pub class: Option<String>,
    /// How it may be mounted.
    pub access: Vec<AccessMode>,
    /// At least so large.
    pub size_bytes: u64,
    /// Volumes that fit, by label.
    pub selector: LabelSelector,
    /// The one volume that it wants.
    pub volume: Option<String>,
}

/// How a volume may be mounted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(clippy::enum_variant_names, reason = "the names are those of Kubernetes")]
pub enum AccessMode {
    /// By the pods of one node.
    ReadWriteOnce,
    /// By many, to be read.
    ReadOnlyMany,
    /// By many.
    ReadWriteMany,
    /// By one pod.
    ReadWriteOncePod,
}

/// What a PersistentVolume is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VolumeSpec {
    /// Its class; empty: none.
    pub class: String,
    /// How it may be mounted.
    pub access: Vec<AccessMode>,
    /// How large it is.
    pub size_bytes: u64,
    /// Labels that claims may select by.
    pub labels: std::collections::BTreeMap<String, String>,
    /// The nodes that reach it; empty: all.
    pub nodes: Vec<NodeTerm>,
    /// The claim that it is kept for, as namespace and name.
    pub claim: Option<(String, String)>,
    /// `persistentVolumeReclaimPolicy: Delete`; else it is retained.
    pub deletes: bool,
    /// True if a node must attach it before pods can mount it: false for NFS, host paths and local volumes.
    pub attaches: bool,
}

/// What a StorageClass says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StorageClassSpec {
    /// Who makes the volumes; `kubernetes.io/no-provisioner` makes none.
    pub provisioner: String,
    /// `volumeBindingMode: WaitForFirstConsumer`; else `Immediate`.
    pub waits_for_consumer: bool,
    /// Volumes are deleted with their claims; else they are retained.
    pub deletes: bool,
    /// The nodes that its volumes may be for; empty: all.
    pub topologies: Vec<NodeTerm>,
    /// The class of claims that name none.
    pub is_default: bool,
}
