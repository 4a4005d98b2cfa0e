//! The simulated Kubernetes cluster: nodes and their devices, the scheduler, the kubelet, the workload controllers, watches.
//! It knows no system and no scenario file; nothing here reads a file, a clock or an environment.

mod access;
mod alone;
mod api_fault;
mod apply;
mod asked;
mod autoscaler;
mod behaviour;
mod budget;
mod clock;
mod company;
mod creation;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod disrupt;
mod docker;
mod drain;
mod event;
mod eviction;
mod flap;
mod freeze;
mod gang;
mod groupset;
mod job;
mod journal;
mod kubelet;
mod labelled;
mod leftover;
mod lifecycle;
mod load;
pub mod machine;
mod made;
mod mount;
mod namespace;
pub mod node;
mod nodegroup;
mod operate;
mod owed;
mod pen;
mod pod;
mod podgc;
mod pool;
mod port;
mod priority;
mod process;
mod process_lease;
mod profile;
mod quota;
mod ranking;
mod refused;
mod registration;
mod replicaset;
mod scale;
pub mod scheduler;
mod scheduling;
mod service;
mod settings;
pub mod shape;
mod shutdown;
mod simulation;
mod stage;
mod statefulset;
mod status;
mod taints;
pub mod template;
mod ties;
mod together;
mod traffic;
mod usage;
mod volume;
mod watch;
mod zones;

pub use behaviour::{Behaviour, Candidate, Crash, Load, Match, Pull};
pub use custom::{Custom, Measurements};
pub use event::Event;
pub use gang::{BatchProfile, Packing};
pub use journal::{Shown, Write};
pub use kubelet::{Outlook as ProbeOutlook, outlook as probe_outlook};
pub use made::MadePod;
pub use namespace::{ALWAYS_NAMESPACES, no_namespace, terminating};
pub use node::{NodeId, NodeSpec};
pub use nodegroup::Expander;
pub use pool::Provider;
pub use profile::{ControlPlane, Profile};
pub use settings::Settings;
pub use simulation::Cluster;
pub use template::{SpreadId, TemplateId};

use crate::kernel::{Class, Symbol};
use crate::timeline::{Arg, Cause, Subject, Why};

/// Makes a small integer that names a row of a table.
macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $id(pub u32);
    )*};
}

ids! {
    /// A pod.
    PodId,
    /// The pods of one ReplicaSet or Job.
    PodSetId,
    /// A container of a pod.
    ContainerId,
    /// A Deployment.
    DeploymentId,
    /// A ReplicaSet.
    ReplicaSetId,
    /// A StatefulSet.
    StatefulSetId,
    /// A DaemonSet.
    DaemonSetId,
    /// A Job.
    JobId,
    /// A CronJob.
    CronJobId,
    /// A Service.
    ServiceId,
    /// A PodDisruptionBudget.
    BudgetId,
    /// A ResourceQuota.
    QuotaId,
    /// A HorizontalPodAutoscaler.
    AutoscalerId,
    /// A PersistentVolumeClaim.
    ClaimId,
    /// A PersistentVolume.
    VolumeId,
    /// A pool of nodes.
    PoolId,
}
