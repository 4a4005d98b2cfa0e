//! What Grove's objects are called, and the labels by which they know each other.
//! Source: ai-dynamo/grove, operator/api/common/namegen.go and labels.go.

/// The gate that keeps a pod from its scheduler until its PodGang is complete.
/// Source: operator/internal/controller/podclique/components/pod/pod.go, podGangSchedulingGate.
pub const GATE: &str = "grove.io/podgang-pending-creation";

/// What keeps a PodClique until its controller has seen that it is to go. Source: operator/api/common/constants/constants.go,
/// FinalizerPodClique.
pub const CLIQUE_FINALIZER: &str = "grove.io/podclique.grove.io";
/// The same of a scaling group: FinalizerPodCliqueScalingGroup.
pub const GROUP_FINALIZER: &str = "grove.io/podcliquescalinggroup.grove.io";
/// The same of a set: FinalizerPodCliqueSet.
pub const SET_FINALIZER: &str = "grove.io/podcliqueset.grove.io";

/// The label of the PodCliqueSet that something is part of.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// The label of what made it.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`].
pub const OPERATOR: &str = "grove-operator";
/// The label of the replica of the set.
pub const SET_REPLICA: &str = "grove.io/podcliqueset-replica-index";
/// The label of the PodClique of a pod.
pub const CLIQUE: &str = "grove.io/podclique";
/// The label of the PodGang.
pub const GANG: &str = "grove.io/podgang";
/// The label of the base PodGang that a scaled one waits for.
pub const BASE_GANG: &str = "grove.io/base-podgang";
/// The label of the PodCliqueScalingGroup.
pub const GROUP: &str = "grove.io/podcliquescalinggroup";
/// The label of the copy in the PodCliqueScalingGroup.
pub const GROUP_REPLICA: &str = "grove.io/podcliquescalinggroup-replica-index";
/// The label of the template of a PodClique and its pods.
pub const TEMPLATE_HASH: &str = "grove.io/pod-template-hash";
/// The label of the number of a pod in its PodClique.
pub const POD_INDEX: &str = "grove.io/podclique-pod-index";

/// The name of a PodClique: that of what owns it, the copy, and the clique's own.
pub fn clique(owner: &str, replica: u32, name: &str) -> String {
    format!("{owner}-{replica}-{name}")
}

/// The name of a PodCliqueScalingGroup.
pub fn group(set: &str, replica: u32, name: &str) -> String {
    format!("{set}-{replica}-{name}")
}

/// The name of the base PodGang of a replica, and of its headless Service.
pub fn replica(set: &str, replica: u32) -> String {
    format!("{set}-{replica}")
}

/// The PodGang of one copy of a scaling group: the base one, or one of its own.
pub fn gang_of_copy(set: &str, replica_index: u32, group: &str, copy: u32, min_available: u32) -> String {
    match copy.checked_sub(min_available) {
        None => replica(set, replica_index),
        Some(scaled) => format!("{group}-{scaled}"),
    }
}
