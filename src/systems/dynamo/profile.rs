//! The profile of Dynamo: the version of the operator, the switches of its chart, what is installed beside it, and its constants.
//! Sources are in ai-dynamo/dynamo, of chart 1.5.0 below deploy/operator and of 0.8.0 below deploy/cloud/operator; *assumed* is what
//! no source says. How settings come from a scenario is not known here.

use std::collections::BTreeSet;

use super::operator::mend::Mend;
use super::status::ProfilingPhase;
use crate::kernel::Duration;
use crate::text::Source;

/// The version of the operator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Operator {
    /// Chart 0.8.0: `v1alpha1` alone, an adapter for every service, no restart, no generations of workers.
    V0_8,
    /// Chart 1.5.0.
    #[default]
    V1_5,
}

impl Operator {
    /// As a scenario writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Operator::V0_8 => "0.8",
            Operator::V1_5 => "1.5",
        }
    }

    /// The release of Grove that its chart depends on: deploy/cloud/helm/platform/Chart.yaml at 0.8.0; ai-dynamo/dynamo #11994 for the
    /// chart of August 2026. The 1.5.0 that was released in September has alpha.13 (#14646), which is not modelled.
    pub const fn grove(self) -> crate::systems::grove::Release {
        match self {
            Operator::V0_8 => crate::systems::grove::Release::Alpha3,
            Operator::V1_5 => crate::systems::grove::Release::Alpha12,
        }
    }

    /// True for the versions that know `v1beta1`, restarts, generations of workers, and least available replicas.
    pub const fn is_1_5(self) -> bool {
        matches!(self, Operator::V1_5)
    }
}

/// What graphs are rendered as, unless their annotations say otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Provider {
    /// A DynamoComponentDeployment for each component.
    #[default]
    Component,
    /// One PodCliqueSet of Grove.
    Grove,
}

impl Provider {
    /// As a scenario and the annotation `nvidia.com/workload-provider` write it.
    pub const fn text(self) -> &'static str {
        match self {
            Provider::Component => "component",
            Provider::Grove => "grove",
        }
    }
}

/// How frontends find workers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discovery {
    /// By what workers write into etcd.
    Etcd,
    /// By EndpointSlices and objects of their own in the API of Kubernetes.
    Kubernetes,
}

/// The profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The version of the operator.
    pub operator: Operator,
    /// What graphs are rendered as. With [`Provider::Grove`] the gate `grove` of the chart is on and Grove is installed; the chart
    /// has it off (values.yaml, `grove.enabled: false`).
    pub provider: Provider,
    /// `webhook.enabled` of the chart: without it only the schema and its rules are asked, and a controller checks what it is given
    /// itself. On by default in both versions.
    pub webhook: bool,
    /// `namespaceRestriction`: the one namespace that this operator looks after; `None`: all of them.
    pub namespace: Option<String>,
    /// Whether KAI is installed: with Grove it places the gangs.
    pub kai: bool,
    /// Whether LeaderWorkerSet is installed. The operator needs Volcano beside it: internal/features/gates.go.
    pub lws: bool,
    /// Whether Volcano is installed.
    pub volcano: bool,
    /// `orchestrators.volcanoScheduler.enabled` of the configuration: with Grove it places the gangs. Off by default
    /// (deploy/operator/internal/features/gates.go); it cannot be on beside KAI.
    pub volcano_scheduler: bool,
    /// Whether the inference extension of the Gateway API is installed, which a component of type `epp` needs.
    pub inference_pool: bool,
    /// `checkpoint.enabled` of the chart: without it components cannot ask for checkpoints. Off by default.
    pub checkpoint: bool,
    /// What the profiler writes for requests, each with its document.
    pub profiler: Vec<Profiler>,
    /// How often a model whose endpoints are not all ready is looked at: 30 s (internal/controller/dynamo_model_controller.go,
    /// requeueAfterDuration).
    pub model_requeue: Duration,
    /// How often a checkpoint that is waited for is looked at: 5 s (internal/controller/checkpoint_controller.go).
    pub checkpoint_requeue: Duration,
    /// When the run begins, in seconds since 1970.
    pub epoch_seconds: i64,
    /// What Grove does where it is installed: its release, and what of it is mended.
    pub grove: crate::systems::grove::Profile,
    /// Mistakes that are mended although the version has them.
    pub mended: BTreeSet<Mend>,
    /// Mistakes that are there although the version has mended them.
    pub unmended: BTreeSet<Mend>,
    /// How long a request to load an adapter into a worker takes. *Assumed*; the real one gives up after 15 s.
    pub lora_load: Duration,
}

/// What the profiler writes for a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profiler {
    /// The request; `None`: every request that no other row names.
    pub request: Option<String>,
    /// The document that it writes: a graph, and objects that go with it.
    pub output: Source,
    /// When each of its sub-phases begins, counted from when the pod of its Job runs; none: it stays in the first.
    pub phases: Vec<(ProfilingPhase, Duration)>,
}

/// GPUs that a request may use where nobody says how many: internal/gpu, the cap of what is detected.
pub const DETECTED_GPUS_MAX: u32 = 32;

/// The profiler's image where a request names none: the defaulting webhook writes that of its own version.
pub const PROFILER_IMAGE: &str = "nvcr.io/nvidia/ai-dynamo/dynamo-planner:1.5.0";

impl Options {
    /// Tries of a profiling Job after the first. 0.8.0 had 3, so that a sweep that fails is paid for four times
    /// (ai-dynamo/dynamo #8648); mended to 0.
    pub const fn profiling_backoff_limit(&self) -> u32 {
        match self.operator {
            Operator::V0_8 => 3,
            Operator::V1_5 => 0,
        }
    }

    /// True if a mistake of the operator is mended here.
    pub fn mends(&self, mend: Mend) -> bool {
        (mend.is_in(self.operator) || self.mended.contains(&mend)) && !self.unmended.contains(&mend)
    }

    /// Whether a multinode component can be rendered without Grove: internal/features/gates.go asks for the API groups of both.
    pub const fn has_lws(&self) -> bool {
        self.lws && self.volcano
    }

    /// True if the operator looks after this namespace, written empty for `default`.
    pub fn sees(&self, namespace: &str) -> bool {
        let namespace = if namespace.is_empty() { "default" } else { namespace };
        self.namespace.as_deref().is_none_or(|own| own == namespace)
    }

    /// How the workers of a graph are found, whose annotation `nvidia.com/dynamo-discovery-backend` says so or not. The chart's
    /// own default is etcd in 0.8.0 and Kubernetes in 1.5.0 (`discoveryBackend` of its values).
    pub fn discovery(&self, annotation: Option<&str>) -> Discovery {
        match (annotation, self.operator) {
            (Some("kubernetes"), _) | (None, Operator::V1_5) => Discovery::Kubernetes,
            (Some(_), _) | (None, Operator::V0_8) => Discovery::Etcd,
        }
    }

    /// What the profiler writes for this request.
    pub fn profiler(&self, request: &str) -> Option<&Profiler> {
        let named = self.profiler.iter().find(|one| one.request.as_deref() == Some(request));
        named.or_else(|| self.profiler.iter().find(|one| one.request.is_none()))
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            operator: Operator::V1_5,
            provider: Provider::Component,
            webhook: true,
            namespace: None,
            kai: false,
            lws: false,
            volcano: false,
            volcano_scheduler: false,
            inference_pool: false,
            checkpoint: false,
            profiler: Vec::new(),
            epoch_seconds: 0,
            grove: crate::systems::grove::Profile::default(),
            mended: BTreeSet::new(),
            unmended: BTreeSet::new(),
            model_requeue: Duration::from_secs(30),
            checkpoint_requeue: Duration::from_secs(5),
            lora_load: Duration::from_secs(1),
        }
    }
}
