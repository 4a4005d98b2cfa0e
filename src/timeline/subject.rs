//! Who an entry is about: a kind and a name. Capital kinds are Kubernetes' own, lower-case ones a system's.

use crate::kernel::{Name, Names, Symbol};

/// Makes the enum of kinds and its two tables from one list.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// What sort of object a subject is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind, in the order of declaration.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The kind as it is written before the slash.
            pub const fn text(self) -> &'static str {
                match self { $(Kind::$kind => $text,)* }
            }

            /// The kind that is written `text`.
            pub fn parse(text: &str) -> Option<Kind> {
                match text { $($text => Some(Kind::$kind),)* _ => None }
            }
        }
    };
}

impl Kind {
    /// The kind of this name, which may also be what the API of Kubernetes calls a system's own: `DynamoGraphDeployment` is `graph`.
    pub fn named(text: &str) -> Option<Kind> {
        match text {
            "DynamoGraphDeployment" => Some(Kind::Graph),
            "DynamoGraphDeploymentRequest" => Some(Kind::Request),
            "DynamoGraphDeploymentScalingAdapter" => Some(Kind::Adapter),
            "DynamoModel" => Some(Kind::Model),
            "DynamoCheckpoint" => Some(Kind::Checkpoint),
            _ => Kind::parse(text),
        }
    }
}

kinds! {
    /// A Kubernetes Pod.
    Pod = "Pod",
    /// A Kubernetes Deployment.
    Deployment = "Deployment",
    /// A Kubernetes ReplicaSet.
    ReplicaSet = "ReplicaSet",
    /// A Kubernetes StatefulSet.
    StatefulSet = "StatefulSet",
    /// A Kubernetes DaemonSet.
    DaemonSet = "DaemonSet",
    /// A LeaderWorkerSet: groups of a leader and its workers.
    LeaderWorkerSet = "LeaderWorkerSet",
    /// An Argo Rollout.
    Rollout = "Rollout",
    /// What an analysis measures, in a namespace.
    AnalysisTemplate = "AnalysisTemplate",
    /// What an analysis measures, in all namespaces.
    ClusterAnalysisTemplate = "ClusterAnalysisTemplate",
    /// An analysis of a Rollout.
    AnalysisRun = "AnalysisRun",
    /// A Kubernetes Job.
    Job = "Job",
    /// A Kubernetes CronJob.
    CronJob = "CronJob",
    /// A Kubernetes Service.
    Service = "Service",
    /// A Kubernetes PodDisruptionBudget.
    PodDisruptionBudget = "PodDisruptionBudget",
    /// A Kubernetes PriorityClass.
    PriorityClass = "PriorityClass",
    /// A Kubernetes ResourceQuota.
    ResourceQuota = "ResourceQuota",
    /// A Kubernetes HorizontalPodAutoscaler.
    HorizontalPodAutoscaler = "HorizontalPodAutoscaler",
    /// A Kubernetes ConfigMap.
    ConfigMap = "ConfigMap",
    /// A Kubernetes Secret.
    Secret = "Secret",
    /// A Kubernetes Namespace.
    Namespace = "Namespace",
    /// A Kubernetes PersistentVolumeClaim.
    PersistentVolumeClaim = "PersistentVolumeClaim",
    /// A Kubernetes PersistentVolume.
    PersistentVolume = "PersistentVolume",
    /// A Kubernetes StorageClass.
    StorageClass = "StorageClass",
    /// Pods that a batch scheduler places together or not at all.
    PodGroup = "PodGroup",
    /// The levels of a cluster's network that pods are packed into.
    Topology = "Topology",
    /// A component of a Dynamo graph as its own resource.
    DynamoComponentDeployment = "DynamoComponentDeployment",
    /// Cliques of pods of Grove that start, scale and are placed together.
    PodCliqueSet = "PodCliqueSet",
    /// Equal pods of Grove with one role.
    PodClique = "PodClique",
    /// Cliques of Grove that are scaled as one.
    PodCliqueScalingGroup = "PodCliqueScalingGroup",
    /// Cliques of Grove that are placed together or not at all.
    PodGang = "PodGang",
    /// A Kubernetes Node.
    Node = "Node",
    /// A pool of nodes that a cloud provider makes and removes as one.
    NodePool = "NodePool",
    /// The documents of one `system: kubernetes` entry.
    Manifests = "manifests",
    /// A group of deployments of a system.
    Group = "group",
    /// One deployment of a system: a member of a group, or one by itself.
    Member = "deployment",
    /// A revision of what a deployment runs.
    Revision = "revision",
    /// A replica behind a deployment's endpoint, whatever serves it.
    Route = "route",
    /// Replicas of a deployment that are scaled and given traffic as one.
    ReplicaGroup = "replica-group",
    /// One instance of a service on a cluster.
    Instance = "instance",
    /// A graph of components of Dynamo.
    Graph = "graph",
    /// A component of a Dynamo graph: `component/<graph>-<name>`.
    Component = "component",
    /// A request for a Dynamo graph that meets objectives.
    Request = "request",
    /// What an autoscaler writes the size of a graph's component to.
    Adapter = "adapter",
    /// A model that Dynamo serves.
    Model = "model",
    /// A snapshot of a worker of Dynamo.
    Checkpoint = "checkpoint",
    /// A controller of custom resources: `controller/dynamographdeployment`.
    Controller = "controller",
    /// A definition of a service of 1Backend.
    Definition = "definition",
    /// A step of a pipeline.
    Step = "step",
    /// A gate that somebody opens by hand.
    Gate = "gate",
    /// Who serves the requests that go to one name.
    Traffic = "traffic",
    /// A fault of the scenario.
    Fault = "fault",
    /// An operator's action of the scenario.
    Action = "action",
    /// The scenario itself: its start, its end, its limits.
    Scenario = "scenario",
}

/// An object of the run: `deployment/vllm`, `Pod/vllm-r1-0`, `Deployment/shop/web`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Subject {
    /// What sort of object it is.
    pub kind: Kind,
    /// Its namespace; [`Symbol::EMPTY`] stands for `default` and for objects that have none.
    pub namespace: Symbol,
    /// Its name, without the kind.
    pub name: Name,
}

impl Subject {
    /// A subject in the default namespace, or of a kind that has none.
    pub const fn new(kind: Kind, name: Name) -> Subject {
        Subject { kind, namespace: Symbol::EMPTY, name }
    }

    /// Reads `kind/name` or `kind/namespace/name`, interning what is new; `None` if the kind is unknown or a part empty.
    pub fn parse(text: &str, names: &mut Names) -> Option<Subject> {
        let (kind, rest) = text.split_once('/')?;
        let kind = Kind::parse(kind)?;
        let (namespace, name) = rest.split_once('/').unwrap_or(("", rest));
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let namespace = if namespace == "default" { Symbol::EMPTY } else { names.intern(namespace) };
        let name = names.name(name);
        Some(Subject { kind, namespace, name })
    }

    /// Appends the subject's text to `out`.
    pub fn write(self, names: &Names, out: &mut String) {
        out.push_str(self.kind.text());
        out.push('/');
        if self.namespace != Symbol::EMPTY {
            out.push_str(names.text(self.namespace));
            out.push('/');
        }
        names.write(self.name, out);
    }

    /// The subject's text.
    pub fn show(self, names: &Names) -> String {
        let mut text = String::new();
        self.write(names, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_shows() {
        let mut names = Names::default();
        for text in ["deployment/vllm", "Pod/vllm-r1-0", "Deployment/shop/web", "group/llama-stack"] {
            let subject = Subject::parse(text, &mut names).expect(text);
            assert_eq!(subject.show(&names), text);
        }
    }

    #[test]
    fn refuses_what_is_no_subject() {
        let mut names = Names::default();
        for text in ["vllm", "thing/vllm", "Pod/", "Pod/a/b/c"] {
            assert_eq!(Subject::parse(text, &mut names), None, "{text}");
        }
    }

    #[test]
    fn a_numbered_name_is_the_same_however_it_came_to_be() {
        let mut names = Names::default();
        let told = Subject::parse("Pod/vllm-r1-0", &mut names).expect("a subject");
        let base = names.intern("vllm-r1");
        assert_eq!(told.name, Name::numbered(base, 0));
    }
}
