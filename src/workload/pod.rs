//! Pod templates: what a container needs, how it is probed, and where it may run.
//! Shapes and defaults are those of `k8s.io/api/core/v1` v0.36.3; a reader of documents fills the defaults in.

use std::collections::BTreeMap;

use super::stage::Store;
use super::{Affinity, GangMember, Resources, TopologySpread, Volume, Written};
use crate::kernel::Duration;
use crate::timeline::Subject;

/// What pods are made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodTemplate {
    /// Labels of the pods.
    pub labels: BTreeMap<String, String>,
    /// Containers that run one after the other before the others start.
    pub init_containers: Vec<Container>,
    /// Containers that run side by side; at least one.
    pub containers: Vec<Container>,
    /// What happens when a container ends.
    pub restart_policy: RestartPolicy,
    /// How long a container may take to stop before it is killed.
    pub termination_grace_period: Duration,
    /// Labels that a node must have, each with this value.
    pub node_selector: BTreeMap<String, String>,
    /// Required node affinity: a node must match one of the terms. Empty: any node.
    pub node_terms: Vec<NodeTerm>,
    /// Taints that the pods put up with.
    pub tolerations: Vec<Toleration>,
    /// Affinity beyond the required node terms.
    pub affinity: Affinity,
    /// How evenly the pods are to be spread.
    pub spread: Vec<TopologySpread>,
    /// Priority in the scheduler's queue, if no priority class says it.
    pub priority: i32,
    /// The priority that the pods themselves name (`spec.priority`): the API refuses them unless it is that of their class.
    pub stated_priority: Option<i32>,
    /// The priority class; empty: the cluster's default class, if it has one.
    pub priority_class: String,
    /// False: the pods wait for room rather than evict others (`preemptionPolicy: Never`).
    pub preempts: bool,
    /// Pods with a lower figure go first when their ReplicaSet shrinks (`controller.kubernetes.io/pod-deletion-cost`).
    pub deletion_cost: i32,
    /// What must be there before the containers start.
    pub volumes: Vec<Volume>,
    /// True if they mount an `emptyDir`, whose content goes with them.
    pub has_empty_dir: bool,
    /// Ports of the node that the pods take, each with its protocol (`TCP`).
    pub host_ports: Vec<(u16, String)>,
    /// The one node that the pods go to without a scheduler.
    pub node_name: Option<String>,
    /// The scheduler that is to place the pods (`schedulerName`); empty: `default-scheduler`.
    pub scheduler_name: String,
    /// While there are any, the scheduler leaves the pods alone.
    pub scheduling_gates: Vec<String>,
    /// The group of pods that a batch scheduler places them with.
    pub gang: Option<GangMember>,
    /// What the runtime class adds to the requests.
    pub overhead: Resources,
    /// How long a pod may be active on its node.
    pub active_deadline: Option<Duration>,
    /// The system's own object that these pods serve (`deployment/vllm`), if there is one.
    pub serves: Option<Subject>,
    /// Where the pods are registered for those who send requests to them; `None`: these go by readiness, and by what the
    /// scenario says of `register`.
    pub registration: Option<Registration>,
    /// True if each stands for a container that docker runs on its node: the API server and the kubelet refuse none of them, and of a
    /// machine that is off nothing says that there is one.
    pub docker: bool,
    /// What the processes of the pods hold in a store for as long as they run; `None`: they need none.
    pub process_lease: Option<ProcessLease>,
    /// All that the document says and the model has no field for (environment, arguments, annotations), as one number: two
    /// templates that differ in it alone are two revisions. Zero where a system makes its templates itself.
    pub fingerprint: u64,
    /// The template as the document has it, to be shown.
    pub written: Written,
}

impl Default for PodTemplate {
    /// A template without containers that asks for nothing, with the defaults of `k8s.io/kubernetes` v1.36.3,
    /// pkg/apis/core/v1/defaults.go: restarts always, 30 s of grace.
    fn default() -> PodTemplate {
        PodTemplate {
            labels: BTreeMap::new(),
            init_containers: Vec::new(),
            containers: Vec::new(),
            restart_policy: RestartPolicy::Always,
            termination_grace_period: Duration::from_secs(30),
            node_selector: BTreeMap::new(),
            node_terms: Vec::new(),
            tolerations: Vec::new(),
            affinity: Affinity::default(),
            spread: Vec::new(),
            priority: 0,
            stated_priority: None,
            priority_class: String::new(),
            preempts: true,
            deletion_cost: 0,
            volumes: Vec::new(),
            has_empty_dir: false,
            host_ports: Vec::new(),
            node_name: None,
            scheduler_name: String::new(),
            scheduling_gates: Vec::new(),
            gang: None,
            overhead: Resources::default(),
            active_deadline: None,
            serves: None,
            registration: None,
            docker: false,
            process_lease: None,
            fingerprint: 0,
            written: Written::default(),
        }
    }
}

/// How pods become known to those who send requests to them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Registration {
    /// The stores that this needs.
    pub stores: Vec<Store>,
    /// How long a registration stays that nobody renews; `None`: for ever.
    pub lease: Option<Duration>,
    /// How long it takes from readiness, unless the scenario says `register`.
    pub takes: Duration,
}

/// A lease that each process of a pod takes as it begins, and keeps up: without it, it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProcessLease {
    /// Where it is held.
    pub store: Store,
    /// How long it lasts that nobody renews.
    pub lasts: Duration,
    /// How long a process that begins tries to get it before it ends.
    pub tries_for: Duration,
}

/// One container of a pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Container {
    /// The container's name, unique in its pod.
    pub name: String,
    /// The image to pull.
    pub image: String,
    /// What it asks for.
    pub requests: Resources,
    /// What it may use at most; quotas count it. Nothing where nothing is said.
    pub limits: Resources,
    /// What its environment is made from.
    pub environment: Vec<EnvironmentSource>,
    /// `imagePullPolicy: Never`: the image must be on the node.
    pub never_pulls: bool,
    /// It runs until something ends it, although nobody starts it again: docker's containers do, those of a Job end by themselves.
    pub runs_on: bool,
    /// How long its `preStop` hook sleeps before it is told to stop.
    pub pre_stop: Duration,
    /// For an init container: it goes on running beside the others (`restartPolicy: Always`).
    pub sidecar: bool,
    /// For an init container: the pods that it waits for. It ends once all of these are there, and takes its `init` after that.
    pub awaits: Vec<Awaited>,
    /// Restarts the container unless it starts in time.
    pub startup_probe: Option<Probe>,
    /// Restarts the container when it fails.
    pub liveness_probe: Option<Probe>,
    /// Takes the pod out of its services while it fails.
    pub readiness_probe: Option<Probe>,
}

/// Pods that an init container waits for, in its pod's namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Awaited {
    /// Labels of the pods, each with this value; without any, nothing is found.
    pub labels: BTreeMap<String, String>,
    /// How many of them must be ready.
    pub ready: u32,
}

/// An object that a container's environment is made from. Its content is never read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EnvironmentSource {
    /// A ConfigMap.
    ConfigMap {
        /// Its name.
        name: String,
        /// The container starts without it too.
        optional: bool,
    },
    /// A Secret.
    Secret {
        /// Its name.
        name: String,
        /// The container starts without it too.
        optional: bool,
    },
}

/// When a container is asked whether it is well, and what counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Probe {
    /// No probe before this much time since the container's start.
    pub initial_delay: Duration,
    /// Time from one probe to the next.
    pub period: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Successes in a row that count as success.
    pub success_threshold: u32,
    /// Failures in a row that count as failure.
    pub failure_threshold: u32,
}

/// What happens when a container ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RestartPolicy {
    /// It is started again.
    Always,
    /// It is started again if it failed.
    OnFailure,
    /// It is not started again.
    Never,
}

/// Requirements that a node must meet together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeTerm {
    /// All must hold.
    pub requirements: Vec<NodeRequirement>,
}

/// A requirement on one label of a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeRequirement {
    /// The label.
    pub key: String,
    /// How its value is compared.
    pub operator: Operator,
    /// With what; a single integer for `Gt` and `Lt`, nothing for `Exists` and `DoesNotExist`.
    pub values: Vec<String>,
}

/// The operators of a node selector requirement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Operator {
    /// The value is one of those given.
    In,
    /// The label is absent or its value none of those given.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
    /// The value, read as an integer, is greater.
    Gt,
    /// The value, read as an integer, is less.
    Lt,
}

/// A mark on a node that keeps pods away.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Taint {
    /// The taint's key.
    pub key: String,
    /// The taint's value; may be empty.
    pub value: String,
    /// What it does to pods that do not tolerate it.
    pub effect: TaintEffect,
}

/// What a taint does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TaintEffect {
    /// New pods go elsewhere if they can.
    PreferNoSchedule,
    /// New pods go elsewhere.
    NoSchedule,
    /// New pods go elsewhere and running ones are evicted.
    NoExecute,
}

impl TaintEffect {
    /// As the API has it.
    pub const fn text(self) -> &'static str {
        match self {
            TaintEffect::PreferNoSchedule => "PreferNoSchedule",
            TaintEffect::NoSchedule => "NoSchedule",
            TaintEffect::NoExecute => "NoExecute",
        }
    }

    /// The effect that the API calls so.
    pub fn of(text: &str) -> Option<TaintEffect> {
        [TaintEffect::PreferNoSchedule, TaintEffect::NoSchedule, TaintEffect::NoExecute]
            .into_iter()
            .find(|effect| effect.text() == text)
    }
}

/// A pod's consent to a taint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Toleration {
    /// The taint's key; `None` matches every key.
    pub key: Option<String>,
    /// The taint's value; `None` is the operator `Exists`.
    pub value: Option<String>,
    /// The taint's effect; `None` matches every effect.
    pub effect: Option<TaintEffect>,
    /// For `NoExecute`: how long the pod stays; `None` is for ever.
    pub seconds: Option<u64>,
}

impl PodTemplate {
    /// What the scheduler counts for a pod: the sum over its containers, or the largest init container if that is more,
    /// and what its runtime class adds. Source: k8s.io/component-helpers v0.36.3, resource/helpers.go, PodRequests.
    pub fn requests(&self) -> Resources {
        self.requests_of(Resources::clone)
    }

    /// The same with what each container is taken to ask for. Sidecars run beside the containers, and beside the init
    /// containers that come after them.
    pub fn requests_of(&self, asked: impl Fn(&Resources) -> Resources) -> Resources {
        let running = self.containers.iter().fold(Resources::default(), |sum, one| sum.plus(&asked(&one.requests)));
        let (mut sidecars, mut most) = (Resources::default(), Resources::default());
        for init in &self.init_containers {
            let with = sidecars.plus(&asked(&init.requests));
            most = most.largest(&with);
            if init.sidecar {
                sidecars = with;
            }
        }
        running.plus(&sidecars).largest(&most).plus(&self.overhead)
    }
}

impl Toleration {
    /// True if the toleration consents to the taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && self.key.as_ref().is_none_or(|key| *key == taint.key)
            && self.value.as_ref().is_none_or(|value| *value == taint.value)
    }
}

impl NodeTerm {
    /// True if a node with these labels meets every requirement. A term without requirements matches no node.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.requirements.is_empty() && self.requirements.iter().all(|one| one.matches(labels))
    }
}

impl NodeRequirement {
    /// True if a node with these labels meets the requirement.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let number = |text: &str| text.parse::<i64>().ok();
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => !value.is_some_and(|value| self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt | Operator::Lt => {
                let bound = self.values.first().map(String::as_str).and_then(number);
                match (value.map(String::as_str).and_then(number), bound) {
                    (Some(value), Some(bound)) if self.operator == Operator::Gt => value > bound,
                    (Some(value), Some(bound)) => value < bound,
                    _ => false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(operator: Operator, values: &[&str]) -> NodeRequirement {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        NodeRequirement { key: "gpus".into(), operator, values }
    }

    #[test]
    fn compares_labels_as_kubernetes_does() {
        let labels: BTreeMap<String, String> = [("gpus".to_owned(), "8".to_owned())].into();
        let none = BTreeMap::new();
        assert!(requirement(Operator::In, &["4", "8"]).matches(&labels));
        assert!(!requirement(Operator::In, &["4"]).matches(&labels));
        assert!(requirement(Operator::NotIn, &["4"]).matches(&none));
        assert!(requirement(Operator::Gt, &["7"]).matches(&labels));
        assert!(!requirement(Operator::Lt, &["8"]).matches(&labels));
        assert!(!requirement(Operator::Gt, &["many"]).matches(&labels));
        assert!(requirement(Operator::DoesNotExist, &[]).matches(&none));
        assert!(!NodeTerm { requirements: vec![] }.matches(&labels));
    }

    #[test]
    fn tolerations_match_by_what_they_name() {
        let taint = Taint { key: "gpu".into(), value: "yes".into(), effect: TaintEffect::NoSchedule };
        let any = Toleration { key: None, value: None, effect: None, seconds: None };
        let other = Toleration { value: Some("no".into()), ..any.clone() };
        assert!(any.tolerates(&taint));
        assert!(!other.tolerates(&taint));
    }
}
