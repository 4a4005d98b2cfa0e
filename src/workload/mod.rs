//! What is asked of a cluster, in Kubernetes' own terms, and the contract between a controller and its world.
//! Nothing here decides anything: `cluster` simulates, `live` talks to an API, `systems` hold the decisions.

pub mod access;
pub mod api_fault;
pub mod apps;
pub mod asked;
pub mod batch;
pub mod controller;
pub mod disruption;
pub mod gang;
pub mod leftover;
pub mod load;
pub mod object;
pub mod pledge;
pub mod pod;
pub mod policy;
pub mod records;
pub mod resources;
pub mod rollout;
pub mod schedule;
pub mod selector;
pub mod stage;
pub mod status;
pub mod storage;
pub mod strategy;
pub mod traffic;
pub mod world;
pub mod written;

pub use access::{Access, AccessPoint, Accessed, Actor, BuiltIn, Edge, OwnPoint, Process};
pub use api_fault::{About, ApiFault, ApiTrouble, Moment};
pub use apps::{DaemonSetSpec, LeaderWorkerSetSpec, ReplicaSetSpec, StatefulSetSpec};
pub use batch::CronJobSpec;
pub use batch::JobSpec;
pub use controller::{Action, Controller, Wake};
pub use disruption::{Drain, NodeDisruption};
pub use gang::{
    BatchScheduler, GangMember, PodGroupSpec, PodGroupStatus, Staleness, SubGroup, TopologyConstraint, TopologySpec,
};
pub use object::{DeploymentSpec, NodePatch, NodePoolSpec, Object, ServiceSpec};
pub use pledge::{Attempts, GivenUp, Leaves, Left, Numbered, Order, Pledge, Reaches, Uses};
pub use pod::{
    Awaited, Container, EnvironmentSource, NodeRequirement, NodeTerm, Operator, PodTemplate, Probe, ProcessLease,
    Registration, RestartPolicy, Taint, TaintEffect, Toleration,
};
pub use records::Records;
pub use resources::Resources;
pub use rollout::{AnalysisPhase, AnalysisRunStatus, AnalysisTemplateSpec, RolloutPhase, RolloutSpec, RolloutStatus};
pub use selector::{Affinity, LabelSelector, TopologySpread};
pub use stage::{Counts, Disruption, Happening, Stage, Stop, Store, Struck, TieGroup};
pub use status::{
    AutoscalerStatus, BudgetStatus, ClaimStatus, CronJobStatus, DaemonSetStatus, DeploymentStatus, GroupSetStatus,
    JobEnd, JobReason, JobStatus, NodePoolStatus, PodPhase, PodStatus, ProgressReason, Progressing, QuotaStatus,
    ReplicaSetStatus, ServiceStatus, StatefulSetStatus, Status,
};
pub use storage::Volume;
pub use strategy::{IntOrPercent, Strategy};
pub use traffic::{Backend, Traffic};
pub use world::{Ask, AskId, Dial, Outcome, RecordChange, World};
pub use written::Written;
