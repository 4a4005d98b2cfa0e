//! What reaches a live run from outside: objects that were seen, answers, and the end of the connection. Tasks send these;
//! the run, which is one thread, takes them one after the other.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Event, Node, PersistentVolumeClaim, Pod, ResourceQuota, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::timeline::{Cause, Subject};
use crate::workload::{AskId, Outcome};

/// Makes the enum of watched objects and their conversions from one list.
macro_rules! seen {
    ($($kind:ident,)*) => {
        /// An object as a watch showed it.
        #[derive(Clone, Debug)]
        pub enum Seen { $(#[doc = concat!("A ", stringify!($kind), ".")] $kind(Box<$kind>),)* }

        impl Seen {
            /// Its metadata.
            pub fn meta(&self) -> &ObjectMeta {
                match self { $(Seen::$kind(object) => &object.metadata,)* }
            }
        }

        /// The kinds that are watched.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum SeenKind { $(#[doc = concat!("A ", stringify!($kind), ".")] $kind,)* }

        $(impl From<$kind> for Seen {
            fn from(object: $kind) -> Seen {
                Seen::$kind(Box::new(object))
            }
        })*
    };
}

seen! {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Pod,
    Service,
    EndpointSlice,
    PodDisruptionBudget,
    HorizontalPodAutoscaler,
    ResourceQuota,
    PersistentVolumeClaim,
    Event,
    Node,
}

/// What reaches a run.
#[derive(Debug)]
pub enum Message {
    /// An object came or changed.
    Seen(Seen),
    /// An object is gone.
    Gone(Seen),
    /// A watch was begun again: of this kind in this namespace, only these are there.
    Listed {
        /// The kind.
        kind: SeenKind,
        /// The namespace on the cluster; empty for nodes.
        namespace: String,
        /// The uids of those that are there.
        uids: Vec<String>,
    },
    /// An answer to an ask of a controller.
    Answered {
        /// Which controller.
        controller: usize,
        /// The ask.
        ask: AskId,
        /// The object that it was about.
        key: Subject,
        /// What became of it.
        outcome: Reply,
        /// What led to it.
        cause: Cause,
    },
    /// The API has not answered for a while; the text says what was tried last.
    Silent(String),
    /// The user wants the run to end.
    Interrupted,
}

/// What became of an ask, before its texts are interned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// An outcome without a text.
    Plain(Outcome),
    /// The object was taken, and has this generation now.
    Applied(u32),
    /// A read that found the object: what it shows is what the watches say.
    Found,
    /// Refused for good.
    Refused(String),
    /// It could not be done now.
    Failed(String),
}
