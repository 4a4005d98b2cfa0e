//! Values that are one of a few words, each with what it stands for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::inline_schema;
use crate::cluster::{Expander, Packing};
use crate::scenario::model::{SnapshotLayers, SystemName, View};
use crate::systems::backendai::{BugMode, DelayFrom, Engine};
use crate::systems::dynamo::{Operator, Provider};
use crate::systems::grove::Release;
use crate::systems::oci::options::{
    Gate, JobGate, MonitoringWhen, Names, NodePools, Passes, References, UndeployedWhen, WaitFor,
};
use crate::systems::onebackend::Profile as OneBackendProfile;
use crate::systems::onebackend::as_built::RowOrder;
use crate::systems::paasta::options::{Engine as BounceEngine, Schemas};
use crate::systems::paasta::rollout::{WaitChecks, WaiterKey};
use crate::text::Node;
use crate::text::decode::{Context, FromNode, one_of};
use crate::workload::pod::TaintEffect;
use crate::workload::{AnalysisPhase, Store};

/// What can make an OCI deployment `failed`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailReason {
    /// A startup probe ran out of tries.
    StartupProbe,
    /// A container crashes again and again.
    CrashLoop,
    /// An image cannot be pulled.
    ImagePull,
}

/// Declares values that are one of a few words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident($type:ty) as $what:literal { $($word:literal => $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name(pub $type);

        impl FromNode for $name {
            fn from_node(node: &Node, context: &mut Context<'_>) -> Option<$name> {
                one_of(node, context, &[$(($word, $value)),*], $what).map($name)
            }
        }

        inline_schema!($name, { "type": "string", "enum": [$($word),*] });
    )*};
}

words! {
    /// How the OCI control plane names objects.
    NamesValue(Names) as "a way of naming" {
        "documented" => Names::Documented,
        "corrino" => Names::Corrino,
    }
    /// What dependents wait for.
    GateValue(Gate) as "a gate" {
        "monitoring" => Gate::Monitoring,
        "active" => Gate::Active,
    }
    /// What dependents of a job wait for.
    JobGateValue(JobGate) as "a gate of jobs" {
        "completed" => JobGate::Completed,
        "monitoring" => JobGate::Monitoring,
    }
    /// When a service is `monitoring`.
    MonitoringWhenValue(MonitoringWhen) as "a sign that a service is monitored" {
        "ready" => MonitoringWhen::Ready,
        "running" => MonitoringWhen::Running,
    }
    /// When the control plane looks at its deployments.
    PassesValue(Passes) as "a sort of passes" {
        "regular" => Passes::Regular,
        "on_change" => Passes::OnChange,
    }
    /// When a deployment is `undeployed`.
    UndeployedWhenValue(UndeployedWhen) as "a sign that a deployment is taken down" {
        "objects" => UndeployedWhen::Objects,
        "pods" => UndeployedWhen::Pods,
    }
    /// Which exports a member waits for.
    WaitForValue(WaitFor) as "a choice of exports" {
        "referenced" => WaitFor::Referenced,
        "declared" => WaitFor::Declared,
    }
    /// Which code of Backend.AI rolls revisions out.
    EngineValue(Engine) as "an engine" {
        "bep-1049" => Engine::Bep1049,
        "pr-10426" => Engine::Pr10426,
        "replica-groups" => Engine::ReplicaGroups,
    }
    /// The version of Dynamo's operator.
    OperatorValue(Operator) as "a version of the operator" {
        "0.8" => Operator::V0_8,
        "1.5" => Operator::V1_5,
    }
    /// A release of Grove.
    GroveReleaseValue(Release) as "a release of Grove" {
        "alpha.2" => Release::Alpha2,
        "alpha.3" => Release::Alpha3,
        "alpha.11" => Release::Alpha11,
        "alpha.12-rc1" => Release::Alpha12,
        "main" => Release::Main,
    }
    /// What Dynamo's graphs are rendered as.
    ProviderValue(Provider) as "a provider of workloads" {
        "component" => Provider::Component,
        "grove" => Provider::Grove,
    }
    /// A mistake of that code.
    BugModeValue(BugMode) as "a bug mode" {
        "need_retry_missing" => BugMode::NeedRetryMissing,
        "tz_naive_elapsed" => BugMode::TzNaiveElapsed,
        "timeout_never_fires" => BugMode::TimeoutNeverFires,
        "promote_zero_green" => BugMode::PromoteZeroGreen,
        "apply_missing_promote_arg" => BugMode::ApplyMissingPromoteArg,
        "delay_ignored" => BugMode::DelayIgnored,
        "manual_promote_no_ready" => BugMode::ManualPromoteNoReady,
        "rolling_never_ready" => BugMode::RollingNeverReady,
        "green_leak" => BugMode::GreenLeak,
        "batch_wide_mutation_flag" => BugMode::BatchWideMutationFlag,
        "give_up_missing" => BugMode::GiveUpMissing,
        "unchecked_not_counted" => BugMode::UncheckedNotCounted,
        "old_must_serve" => BugMode::OldMustServe,
        "scaling_must_serve" => BugMode::ScalingMustServe,
        "drift_ignored" => BugMode::DriftIgnored,
        "orphans_kept" => BugMode::OrphansKept,
    }
    /// From when the delay before a promotion runs.
    DelayFromValue(DelayFrom) as "a start of the delay" {
        "phase" => DelayFrom::Phase,
        "last-route-change" => DelayFrom::LastRouteChange,
    }
    /// To whom a member may refer.
    ReferencesValue(References) as "a choice of references" {
        "dependencies" => References::Dependencies,
        "members" => References::Members,
    }
    /// What makes a deployment `failed`.
    FailOnValue(FailReason) as "a reason to fail" {
        "startup_probe" => FailReason::StartupProbe,
        "crash_loop" => FailReason::CrashLoop,
        "image_pull" => FailReason::ImagePull,
    }
    /// Where the nodes of recipes come from.
    NodePoolsValue(NodePools) as "a source of nodes" {
        "fleet" => NodePools::Fleet,
        "provision" => NodePools::Provision,
    }
    /// What a taint does.
    TaintEffectValue(TaintEffect) as "an effect of a taint" {
        "NoSchedule" => TaintEffect::NoSchedule,
        "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
        "NoExecute" => TaintEffect::NoExecute,
    }
    /// Where pods are registered.
    StoreValue(Store) as "a store" {
        "etcd" => Store::Etcd,
        "nats" => Store::Nats,
    }
    /// Which of several pools grows.
    ExpanderValue(Expander) as "an expander" {
        "least-waste" => Expander::LeastWaste,
        "first" => Expander::First,
    }
    /// Which of several nodes a batch scheduler takes.
    PackingValue(Packing) as "a placement" {
        "binpack" => Packing::Pack,
        "spread" => Packing::Spread,
    }
    /// The kind of a Kubernetes workload.
    WorkloadKindValue(&'static str) as "a kind of workload" {
        "Deployment" => "Deployment",
        "ReplicaSet" => "ReplicaSet",
        "StatefulSet" => "StatefulSet",
        "DaemonSet" => "DaemonSet",
        "LeaderWorkerSet" => "LeaderWorkerSet",
        "Rollout" => "Rollout",
        "Job" => "Job",
        "Pod" => "Pod",
    }
    /// What a measurement says.
    MeasurementValue(AnalysisPhase) as "what a measurement says" {
        "Successful" => AnalysisPhase::Successful,
        "Failed" => AnalysisPhase::Failed,
        "Inconclusive" => AnalysisPhase::Inconclusive,
        "Error" => AnalysisPhase::Error,
    }
    /// How much of an update is promoted.
    FullValue(()) as "how much is promoted" {
        "full" => (),
    }
    /// What a snapshot holds.
    SnapshotValue(SnapshotLayers) as "what a snapshot holds" {
        "all" => SnapshotLayers::All,
        "system" => SnapshotLayers::System,
    }
    /// Which schemas of PaaSTA are applied.
    SchemasValue(Schemas) as "a choice of schemas" {
        "lenient" => Schemas::Lenient,
        "strict" => Schemas::Strict,
    }
    /// What runs the copies of a PaaSTA instance.
    BounceEngineValue(BounceEngine) as "an engine" {
        "kubernetes" => BounceEngine::Kubernetes,
        "bounce_lib" => BounceEngine::BounceLib,
    }
    /// What PaaSTA's waiters look at.
    WaitChecksValue(WaitChecks) as "what waiters look at" {
        "running" => WaitChecks::Running,
        "marked" => WaitChecks::Marked,
    }
    /// How a deploy of PaaSTA finds its waiters.
    WaiterKeyValue(WaiterKey) as "a key of waiters" {
        "commit" => WaiterKey::Commit,
        "version" => WaiterKey::Version,
    }
    /// Which 1Backend is rehearsed.
    OneBackendProfileValue(OneBackendProfile) as "a profile of 1Backend" {
        "documented" => OneBackendProfile::Documented,
        "as-built" => OneBackendProfile::AsBuilt,
    }
    /// In which order rows of 1Backend are listed.
    RowOrderValue(RowOrder) as "an order of rows" {
        "saved" => RowOrder::Saved,
        "seeded" => RowOrder::Seeded,
    }
    /// Whose view counts.
    ViewValue(View) as "a view" {
        "actual" => View::Actual,
        "observed" => View::Observed,
    }
}

/// The system that gives a document its meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemValue(pub SystemName);

impl FromNode for SystemValue {
    fn from_node(node: &Node, context: &mut Context<'_>) -> Option<SystemValue> {
        let known = [
            ("oci", SystemName::Oci),
            ("kubernetes", SystemName::Kubernetes),
            ("backendai", SystemName::BackendAi),
            ("paasta", SystemName::Paasta),
            ("dynamo", SystemName::Dynamo),
            ("onebackend", SystemName::OneBackend),
        ];
        one_of(node, context, &known, "a system").map(SystemValue)
    }
}

inline_schema!(SystemValue, { "type": "string", "enum": ["oci", "kubernetes", "backendai", "paasta", "dynamo", "onebackend"] });
