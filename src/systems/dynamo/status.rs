//! What the operator writes into the status of Dynamo's objects: states, phases, conditions with their reasons, and the figures of
//! components. Who writes them when is the controllers' business.
//! Source: ai-dynamo/dynamo, deploy/operator/api/v1beta1, the `*_types.go` of each kind, chart 1.5.0.

use std::collections::BTreeMap;

use crate::kernel::Time;

/// Makes an enum of words that a status holds.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub enum $name { $($(#[$word_doc])* $word,)* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$word,)*];

            /// As the status has it.
            pub const fn text(self) -> &'static str {
                match self { $($name::$word => $text,)* }
            }
        }
    )*};
}

words! {
    /// The state of a graph.
    GraphState {
        /// Nothing was reconciled yet.
        #[default]
        Initializing = "initializing",
        /// Something is not ready.
        Pending = "pending",
        /// Everything is ready.
        Successful = "successful",
        /// The last reconciliation ended in an error.
        Failed = "failed",
    }
    /// What a component of a graph is rendered as.
    ComponentKind {
        /// A Deployment.
        #[default]
        Deployment = "Deployment",
        /// A LeaderWorkerSet.
        LeaderWorkerSet = "LeaderWorkerSet",
        /// A PodClique of Grove.
        PodClique = "PodClique",
        /// A PodCliqueScalingGroup of Grove.
        PodCliqueScalingGroup = "PodCliqueScalingGroup",
    }
    /// How far a rolling update of the workers is.
    RollingUpdatePhase {
        /// Seen, and nothing done.
        #[default]
        Pending = "Pending",
        /// Under way.
        InProgress = "InProgress",
        /// Done.
        Completed = "Completed",
        /// Declared by the API and never written.
        Failed = "Failed",
    }
    /// How far a restart is.
    RestartPhase {
        /// Declared by the API and never written.
        #[default]
        Pending = "Pending",
        /// Under way.
        Restarting = "Restarting",
        /// Done.
        Completed = "Completed",
        /// Declared by the API and never written.
        Failed = "Failed",
        /// Not done, because a rolling update was under way.
        Superseded = "Superseded",
    }
    /// The phase of a request. `v1alpha1` has other words for some: `Initializing`, `DeploymentDeleted`.
    RequestPhase {
        /// Seen, and nothing done.
        #[default]
        Pending = "Pending",
        /// Its profiling Job runs.
        Profiling = "Profiling",
        /// A graph was found, and waits to be applied by hand.
        Ready = "Ready",
        /// The graph was applied and is not ready.
        Deploying = "Deploying",
        /// The graph is ready.
        Deployed = "Deployed",
        /// It is given up for good.
        Failed = "Failed",
        /// `v1alpha1`: the graph was deleted.
        DeploymentDeleted = "DeploymentDeleted",
    }
    /// What the profiling Job does.
    ProfilingPhase {
        /// It reads what it was given.
        #[default]
        Initializing = "Initializing",
        /// It measures the first phase.
        SweepingPrefill = "SweepingPrefill",
        /// It measures the second phase.
        SweepingDecode = "SweepingDecode",
        /// It picks a configuration.
        SelectingConfig = "SelectingConfig",
        /// It writes curves for the planner.
        BuildingCurves = "BuildingCurves",
        /// It writes the graph.
        GeneratingDgd = "GeneratingDGD",
        /// It is done.
        Done = "Done",
    }
    /// The phase of a checkpoint.
    CheckpointPhase {
        /// Seen, and nothing done.
        #[default]
        Pending = "Pending",
        /// Its Job runs.
        Creating = "Creating",
        /// It can be started from.
        Ready = "Ready",
        /// Its Job failed.
        Failed = "Failed",
    }
    /// What a condition says.
    Truth {
        /// It is not known.
        #[default]
        Unknown = "Unknown",
        /// It holds.
        True = "True",
        /// It does not hold.
        False = "False",
    }
}

impl RequestPhase {
    /// The word that `v1alpha1` has for it.
    pub const fn v1alpha1(self) -> &'static str {
        match self {
            // deploy/operator/api/v1alpha1/dynamographdeploymentrequest_conversion.go: `Deployed` is `Ready` there.
            RequestPhase::Deployed => "Ready",
            other => other.text(),
        }
    }

    /// True while changes of the spec are refused: deploy/operator/internal/controller/dynamographdeploymentrequest_controller.go,
    /// isImmutableSpecPhase.
    pub const fn is_immutable(self) -> bool {
        matches!(self, RequestPhase::Profiling | RequestPhase::Deploying | RequestPhase::Ready | RequestPhase::Deployed)
    }
}

/// A condition of a status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// Its type: `Ready`.
    pub kind: &'static str,
    /// What it says.
    pub status: Truth,
    /// Why, in a word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when it says so.
    pub since: Time,
    /// The generation of the spec that it is about.
    pub observed_generation: u64,
}

/// The conditions of a status, in the order in which they were first written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions(pub Vec<Condition>);

impl Conditions {
    /// The condition of this type.
    pub fn get(&self, kind: &str) -> Option<&Condition> {
        self.0.iter().find(|one| one.kind == kind)
    }

    /// Writes a condition as `meta.SetStatusCondition` does: its time is that of the last change of what it says. True if anything
    /// changed. Source: k8s.io/apimachinery v0.36.3, pkg/api/meta/conditions.go.
    pub fn set(&mut self, condition: Condition) -> bool {
        let Some(old) = self.0.iter_mut().find(|one| one.kind == condition.kind) else {
            self.0.push(condition);
            return true;
        };
        let since = if old.status == condition.status { old.since } else { condition.since };
        let new = Condition { since, ..condition };
        let changed = *old != new;
        *old = new;
        changed
    }

    /// True if the condition is there and says that it holds.
    pub fn holds(&self, kind: &str) -> bool {
        self.get(kind).is_some_and(|one| one.status == Truth::True)
    }
}

/// The status of a graph.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GraphStatus {
    /// Its state.
    pub state: GraphState,
    /// Its conditions.
    pub conditions: Conditions,
    /// The generation that the rest is about; none before the first pass without an error, and never with 0.8.
    pub observed_generation: Option<u64>,
    /// Figures of each component, by its name.
    pub components: BTreeMap<String, ComponentFigures>,
    /// The restart that was asked for last.
    pub restart: Option<RestartStatus>,
    /// The rolling update of the workers that began last.
    pub rolling_update: Option<RollingUpdateStatus>,
}

/// Figures of a component in the status of its graph.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ComponentFigures {
    /// What it is rendered as.
    pub kind: ComponentKind,
    /// The names of what it is rendered as.
    pub names: Vec<String>,
    /// Replicas that are there.
    pub replicas: u32,
    /// Of these, of the newest template.
    pub updated: u32,
    /// Of these, ready; a scaling group does not say it.
    pub ready: Option<u32>,
    /// Of these, available.
    pub available: Option<u32>,
    /// Of these, scheduled; Grove alone says it.
    pub scheduled: Option<u32>,
    /// The namespace in Dynamo's own sense that its workers register in.
    pub runtime_namespace: String,
}

/// How far a restart is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RestartStatus {
    /// The id that was asked for.
    pub id: String,
    /// How far it is.
    pub phase: RestartPhase,
    /// The components that are being restarted.
    pub in_progress: Vec<String>,
}

/// How far a rolling update is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RollingUpdateStatus {
    /// How far it is.
    pub phase: RollingUpdatePhase,
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// The components that are done, by name.
    pub updated_components: Vec<String>,
}

/// The status of a DynamoComponentDeployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ComponentStatus {
    /// Its conditions: `Available`, `DynamoComponentReady`.
    pub conditions: Conditions,
    /// The generation that the rest is about.
    pub observed_generation: Option<u64>,
    /// Figures of what it is rendered as.
    pub figures: Option<ComponentFigures>,
}

/// The status of a request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestStatus {
    /// Its phase.
    pub phase: RequestPhase,
    /// What its Job does.
    pub profiling: Option<ProfilingPhase>,
    /// Since when the profiler's pod runs; no part of what the API shows.
    pub profiles_since: Option<Time>,
    /// Its conditions.
    pub conditions: Conditions,
    /// The generation that the rest is about.
    pub observed_generation: u64,
    /// The profiling Job.
    pub job: String,
    /// The graph that was applied or is to be.
    pub graph: String,
    /// True once the graph was created.
    pub created: bool,
    /// True once the profiler's result was read.
    pub generated: bool,
    /// Replicas that the graph wants, and those that are available.
    pub replicas: Option<(u32, u32)>,
}

/// The status of a scaling adapter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AdapterStatus {
    /// What it asked for last: not the pods that are ready.
    pub replicas: u32,
    /// The label selector of the pods.
    pub selector: String,
    /// When it changed its component last.
    pub last_scale: Option<Time>,
}

/// The status of a model.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModelStatus {
    /// The pods that serve it, by name.
    pub endpoints: Vec<Endpoint>,
    /// Of these, ready.
    pub ready: u32,
    /// All of them.
    pub total: u32,
    /// Its conditions: `EndpointsReady`, `ServicesFound`.
    pub conditions: Conditions,
}

/// A pod that serves a model.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Endpoint {
    /// The pod.
    pub pod: String,
    /// True once the adapter is loaded; a base model never says so.
    pub ready: bool,
}

/// The status of a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CheckpointStatus {
    /// Its phase.
    pub phase: CheckpointPhase,
    /// Its Job.
    pub job: String,
    /// Its conditions.
    pub conditions: Conditions,
}
