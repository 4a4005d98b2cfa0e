//! Workloads that keep pods running, beyond Deployments: ReplicaSets, StatefulSets, DaemonSets, groups of leaders and workers.
//! Shapes follow `k8s.io/api` v0.36.3, apps/v1, and `sigs.k8s.io/lws` leaderworkerset/v1; a reader fills the defaults in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::storage::ClaimTemplate;
use super::{IntOrPercent, PodTemplate};
use crate::kernel::Duration;
use crate::timeline::Subject;

/// What a ReplicaSet that no Deployment owns asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplicaSetSpec {
    /// How many pods.
    pub replicas: u32,
    /// How long a pod must be ready to count as available.
    pub min_ready: Duration,
    /// What they are made from.
    pub template: Arc<PodTemplate>,
    /// The custom resource that owns it: its pods are that one's.
    pub owner: Option<Subject>,
    /// Its annotations, which are its owner's notes.
    pub annotations: BTreeMap<String, String>,
}

/// What a StatefulSet asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatefulSetSpec {
    /// How many pods.
    pub replicas: u32,
    /// The number of the first pod (`ordinals.start`).
    pub first_ordinal: u32,
    /// The Service that gives the pods their names.
    pub service: String,
    /// What they are made from.
    pub template: Arc<PodTemplate>,
    /// A claim of each for every pod.
    pub claims: Vec<ClaimTemplate>,
    /// `persistentVolumeClaimRetentionPolicy.whenDeleted: Delete`: the claims go with the set.
    pub claims_go_when_deleted: bool,
    /// `persistentVolumeClaimRetentionPolicy.whenScaled: Delete`: those of pods that are not wanted any more go with these.
    pub claims_go_when_scaled: bool,
    /// `podManagementPolicy: Parallel`; else `OrderedReady`.
    pub parallel: bool,
    /// How a new template reaches the pods.
    pub strategy: StatefulSetStrategy,
    /// How long a pod must be ready to count as available.
    pub min_ready: Duration,
    /// Old revisions that are kept.
    pub revision_history: u32,
}

impl StatefulSetSpec {
    /// A StatefulSet with the defaults of `k8s.io/kubernetes` v1.36.3, pkg/apis/apps/v1/defaults.go, and no claims.
    pub fn of(replicas: u32, template: Arc<PodTemplate>) -> StatefulSetSpec {
        StatefulSetSpec {
            replicas,
            first_ordinal: 0,
            service: String::new(),
            template,
            claims: Vec::new(),
            claims_go_when_deleted: false,
            claims_go_when_scaled: false,
            parallel: false,
            strategy: StatefulSetStrategy::RollingUpdate { partition: 0, max_unavailable: IntOrPercent::Int(1) },
            min_ready: Duration::ZERO,
            revision_history: 10,
        }
    }
}

/// How a StatefulSet replaces its pods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatefulSetStrategy {
    /// A pod gets the new template when somebody deletes it.
    OnDelete,
    /// From the highest ordinal down.
    RollingUpdate {
        /// Pods with a lower ordinal keep the old template.
        partition: u32,
        /// Pods that may be missing; in effect with the gate `MaxUnavailableStatefulSet` alone.
        max_unavailable: IntOrPercent,
    },
}

/// What a DaemonSet asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DaemonSetSpec {
    /// What the pods are made from.
    pub template: Arc<PodTemplate>,
    /// How a new template reaches the pods.
    pub strategy: DaemonSetStrategy,
    /// How long a pod must be ready to count as available.
    pub min_ready: Duration,
    /// Old revisions that are kept.
    pub revision_history: u32,
}

impl DaemonSetSpec {
    /// A DaemonSet with the defaults of `k8s.io/kubernetes` v1.36.3, pkg/apis/apps/v1/defaults.go.
    pub fn of(template: Arc<PodTemplate>) -> DaemonSetSpec {
        DaemonSetSpec {
            template,
            strategy: DaemonSetStrategy::RollingUpdate {
                max_surge: IntOrPercent::Int(0),
                max_unavailable: IntOrPercent::Int(1),
            },
            min_ready: Duration::ZERO,
            revision_history: 10,
        }
    }
}

/// How a DaemonSet replaces its pods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DaemonSetStrategy {
    /// A pod gets the new template when somebody deletes it.
    OnDelete,
    /// Node by node.
    RollingUpdate {
        /// Nodes that may have an old and a new pod; a percentage is rounded up.
        max_surge: IntOrPercent,
        /// Nodes without an available pod; a percentage is rounded up.
        max_unavailable: IntOrPercent,
    },
}

/// What a LeaderWorkerSet asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaderWorkerSetSpec {
    /// How many groups.
    pub replicas: u32,
    /// Pods of a group, its leader among them.
    pub size: u32,
    /// What leaders are made from; `None`: as the workers.
    pub leader: Option<Arc<PodTemplate>>,
    /// What workers are made from.
    pub worker: Arc<PodTemplate>,
    /// `startupPolicy: LeaderReady`: workers are made once their leader is ready; else at once.
    pub leader_first: bool,
    /// `restartPolicy: RecreateGroupOnPodRestart`: a pod that restarts takes its group down; else it is alone.
    pub recreate_group: bool,
    /// Groups above the wanted number during an update.
    pub max_surge: IntOrPercent,
    /// Groups that may be missing during an update.
    pub max_unavailable: IntOrPercent,
    /// Groups with a lower number keep the old template.
    pub partition: u32,
    /// `restartPolicy: RecreateGroupAfterStart`: a pod that restarts takes its group down once all of them have started.
    pub recreates_once_started: bool,
    /// A label of nodes: each group has a place of it for itself (`leaderworkerset.sigs.k8s.io/exclusive-topology`).
    pub exclusive_topology: Option<String>,
    /// The queue of a batch scheduler that its groups are counted in; empty: the default one.
    pub queue: String,
}

impl LeaderWorkerSetSpec {
    /// The label of its pods that names it: sigs.k8s.io/lws v0.8, api/leaderworkerset/v1, SetNameLabelKey.
    pub const NAME_LABEL: &str = "leaderworkerset.sigs.k8s.io/name";

    /// A LeaderWorkerSet with the defaults of sigs.k8s.io/lws v0.8, pkg/webhooks/leaderworkerset_webhook.go: one group is
    /// missing during an update, and a pod that restarts takes its group down.
    pub fn of(replicas: u32, size: u32, worker: Arc<PodTemplate>) -> LeaderWorkerSetSpec {
        LeaderWorkerSetSpec {
            replicas,
            size,
            leader: None,
            worker,
            leader_first: false,
            recreate_group: true,
            max_surge: IntOrPercent::Int(0),
            max_unavailable: IntOrPercent::Int(1),
            partition: 0,
            recreates_once_started: false,
            exclusive_topology: None,
            queue: String::new(),
        }
    }
}
