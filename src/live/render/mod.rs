//! The model's objects as real Kubernetes objects, ready for a server-side apply: pure functions into `k8s-openapi`'s types, so that
//! the compiler knows the fields. The opposite direction is `systems/kubernetes`. Nothing here talks to an API.
//!
//! Where the model has no field, a rendered object is not the document's own:
//! - A workload selects its pods by a label of greenroom's (`greenroom.dev/workload`): the model keeps no selector, and one made of
//!   the pods' labels could never change with them.
//! - Probes are HTTP requests to the stand-in's port, environments and volumes only name what they come from, ConfigMaps and Secrets
//!   hold a placeholder. Environment, arguments and parameters of storage classes are never known here.
//! - A Service has its first port. One with an ingress leads to a load balancer only on a cluster that is the run's alone, else an
//!   annotation says so (`greenroom.dev/ingress`).
//! - On kwok a pod's grace period is as long as its stop, because that is all that kwok's deletion goes by. On real nodes an init
//!   container (`greenroom-pull`) stands for the pulls of a pod, and a Service leads to the stand-in's port, with the real one in an
//!   annotation (`greenroom.dev/target-port`).
//! - A ReplicaSet of a custom resource has no owner reference, because its owner lives in greenroom: an annotation names it.
//!
//! [`Unsupported`] by name is what cannot be expressed: Rollouts, LeaderWorkerSets, analyses and their runs (custom resources that
//! greenroom plays itself) and what scales them; groups of pods, their topologies and their pods; pools of nodes; priority classes of Kubernetes' own; default classes on a shared
//! cluster; volumes of a document on real nodes; a priority without a class; overhead of anything but CPU and memory; lengths that
//! are no whole seconds; `imagePullPolicy: Never` where no image is looked for; loads of `behaviour` that nothing would measure;
//! and what `conduct` lists.

mod apps;
mod autoscaler;
mod batch;
mod container;
mod dns;
mod figures;
pub mod fleet;
mod naming;
mod placement;
mod policy;
mod storage;
mod template;

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde_json::Value;

pub use naming::Naming;

use super::conduct::Conducts;
use crate::kernel::Names;
use crate::timeline::{Kind, Subject};
use crate::workload::Object;

/// The label of everything that greenroom makes, and its value: the recommended label of Kubernetes.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "greenroom");
/// The label with the run's id, on objects, pods and nodes; the key of the taint of the run's own nodes too.
pub const RUN: &str = "greenroom.dev/run";
/// The label by which a workload selects its pods.
pub const WORKLOAD: &str = "greenroom.dev/workload";
/// The annotation of a template with the number of what the model does not hold of it.
pub const FINGERPRINT: &str = "greenroom.dev/fingerprint";
/// The annotation of a template with the system's deployment that its pods serve.
pub const SERVES: &str = "greenroom.dev/serves";
/// The annotation of a ReplicaSet with the custom resource that owns it.
pub const OWNER: &str = "greenroom.dev/owner";
/// The annotation of a Service that an ingress would lead to.
pub const INGRESS: &str = "greenroom.dev/ingress";
/// The annotation of a Service with the port of the real pods, where stand-ins have another.
pub const TARGET_PORT: &str = "greenroom.dev/target-port";
/// What stands in ConfigMaps and Secrets, as key and value.
const PLACEHOLDER: &str = "greenroom";

/// How objects are rendered.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// What they are called.
    pub naming: Naming,
    /// The nodes that pods may go to.
    pub nodes: Nodes,
    /// What is in the pods.
    pub pods: Pods,
    /// True if nobody else uses the cluster: default classes and load balancers may be made.
    pub owns_cluster: bool,
}

/// The nodes that the pods of a run may go to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Nodes {
    /// Nodes that the run made itself: they have the label [`RUN`] and a `NoSchedule` taint of it, `kubernetes.io/hostname` is the
    /// name in the scenario.
    Own,
    /// Nodes that are there, with these labels.
    Existing {
        /// The labels; none: all nodes.
        selector: BTreeMap<String, String>,
    },
}

/// What is in the pods of a run.
#[derive(Clone, Debug)]
pub enum Pods {
    /// What the document says; nothing plays their behaviour.
    Plain,
    /// Nothing: kwok shows how they fare.
    Kwok(Conducts),
    /// A stand-in for each container, on real nodes.
    StandIn {
        /// How they behave.
        conducts: Conducts,
        /// The image of the stand-in: nodes may have it already.
        image: String,
    },
}

impl Pods {
    /// The image of the stand-in that belongs to this version.
    pub fn stand_in_image() -> String {
        format!("greenroom.dev/stand-in:{}", env!("CARGO_PKG_VERSION"))
    }
}

/// What cannot be expressed on a cluster.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} cannot be run on a cluster: {why}")]
pub struct Unsupported {
    /// The field or object.
    pub what: String,
    /// Why, and what to do about it.
    pub why: String,
}

/// The object as it is applied.
///
/// # Errors
/// What of it the API cannot express.
pub fn object(key: Subject, object: &Object, names: &Names, rendering: &Rendering) -> Result<Value, Unsupported> {
    let draft = Draft::new(key, names, rendering);
    match object {
        Object::Pod(template) => json(&template::pod(&draft, template)?),
        Object::Deployment(spec) => json(&apps::deployment(&draft, spec)?),
        Object::ReplicaSet(spec) => json(&apps::replica_set(&draft, spec)?),
        Object::StatefulSet(spec) => json(&apps::stateful_set(&draft, spec)?),
        Object::DaemonSet(spec) => json(&apps::daemon_set(&draft, spec)?),
        Object::Job(spec) => json(&batch::job(&draft, spec)?),
        Object::CronJob(spec) => json(&batch::cron_job(&draft, spec)?),
        Object::Service(spec) => json(&policy::service(&draft, spec)),
        Object::PodDisruptionBudget(spec) => json(&policy::budget(&draft, spec)?),
        Object::PriorityClass(spec) => json(&policy::priority_class(&draft, spec)?),
        Object::ResourceQuota(spec) => json(&policy::quota(&draft, spec)),
        Object::HorizontalPodAutoscaler(spec) => json(&autoscaler::autoscaler(&draft, spec)?),
        Object::ConfigMap(()) => json(&core::ConfigMap {
            metadata: draft.metadata(),
            data: Some([(PLACEHOLDER.to_owned(), PLACEHOLDER.to_owned())].into()),
            ..core::ConfigMap::default()
        }),
        Object::Secret(()) => json(&core::Secret {
            metadata: draft.metadata(),
            data: Some([(PLACEHOLDER.to_owned(), ByteString(PLACEHOLDER.into()))].into()),
            ..core::Secret::default()
        }),
        Object::Namespace(()) => json(&core::Namespace { metadata: draft.metadata(), ..core::Namespace::default() }),
        Object::PersistentVolumeClaim(spec) => json(&storage::claim(&draft, spec)),
        Object::PersistentVolume(spec) => json(&storage::volume(&draft, spec)?),
        Object::StorageClass(spec) => json(&storage::class(&draft, spec)?),
        Object::Rollout(_)
        | Object::LeaderWorkerSet(_)
        | Object::AnalysisTemplate(_)
        | Object::ClusterAnalysisTemplate(_)
        | Object::AnalysisRun(_) => {
            let why = "it is a custom resource that greenroom plays itself: what it makes is applied, not the resource";
            Err(Unsupported { what: draft.show(), why: why.to_owned() })
        }
        Object::PodGroup(_) | Object::Topology(_) => {
            let why =
                "it is for a batch scheduler, and no live cluster of greenroom's has one: rehearse gangs in simulation";
            Err(Unsupported { what: draft.show(), why: why.to_owned() })
        }
        Object::NodePool(_) => {
            let why = "pools of nodes are made by a cloud provider: let the nodes be there, or made as fake nodes";
            Err(Unsupported { what: draft.show(), why: why.to_owned() })
        }
    }
}

/// Labels under the keys that they have in a run: what a template says of who manages its pods stands under a key of its own, so that
/// selectors find it.
pub(super) fn keyed(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| (label_key(key).to_owned(), value.clone())).collect()
}

/// The key of a label in a run.
pub(super) fn label_key(key: &str) -> &str {
    if key == MANAGED_BY.0 { "greenroom.dev/managed-by" } else { key }
}

/// The labels of an object or template: all that the run makes can be found by them.
pub fn run_labels(naming: &Naming) -> BTreeMap<String, String> {
    let labels = [MANAGED_BY, (RUN, naming.run())];
    labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// An object while it is rendered: what it is called, and how its run renders.
struct Draft<'a> {
    kind: Kind,
    namespace: String,
    name: String,
    names: &'a Names,
    rendering: &'a Rendering,
}

impl<'a> Draft<'a> {
    fn new(key: Subject, names: &'a Names, rendering: &'a Rendering) -> Draft<'a> {
        let namespace = names.text(key.namespace).to_owned();
        Draft { kind: key.kind, namespace, name: names.show(key.name), names, rendering }
    }

    fn naming(&self) -> &'a Naming {
        &self.rendering.naming
    }

    /// Its name and place on the cluster, and the labels of the run.
    fn metadata(&self) -> ObjectMeta {
        let is_in_one = !naming::is_cluster_wide(self.kind) && self.kind != Kind::Namespace;
        ObjectMeta {
            name: Some(self.naming().name(self.kind, &self.name)),
            namespace: is_in_one.then(|| self.naming().namespace(&self.namespace)),
            labels: Some(run_labels(self.naming())),
            ..ObjectMeta::default()
        }
    }

    /// The same with an annotation.
    fn annotated(&self, key: &str, value: &str) -> ObjectMeta {
        let annotations = Some([(key.to_owned(), value.to_owned())].into());
        ObjectMeta { annotations, ..self.metadata() }
    }

    /// What users call it: `Deployment/shop/web`.
    fn show(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{}/{}", self.kind.text(), self.name),
            namespace => format!("{}/{namespace}/{}", self.kind.text(), self.name),
        }
    }

    fn unsupported(&self, what: &str, why: &str) -> Unsupported {
        Unsupported { what: format!("{}: {what}", self.show()), why: why.to_owned() }
    }

    /// Tells of which object something is.
    fn of(&self, error: Unsupported) -> Unsupported {
        self.unsupported(&error.what, &error.why)
    }
}

fn json(object: &impl Serialize) -> Result<Value, Unsupported> {
    Ok(serde_json::to_value(object).expect("the API's types have text keys and no other way to fail"))
}
