//! Namespaces: an object needs one that is there, and one that is deleted takes along all that is in it, its pods first.
//! Sources: k8s.io/kubernetes v1.36.3, pkg/controller/namespace (namespace_controller.go,
//! deletion/namespaced_resources_deleter.go); k8s.io/apiserver v0.36.3, pkg/admission/plugin/namespace/lifecycle.

use std::collections::BTreeMap;

use super::apply::ObjectId;
use super::{Arg, Cause, Class, Cluster, Event, PodId, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::{EntryId, Kind};
use crate::workload::PodPhase;

/// Namespaces that every cluster has.
pub const ALWAYS_NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The refusal to create something in a namespace that is not there.
pub fn no_namespace(name: &str) -> String {
    format!("namespaces {name:?} not found")
}

/// The refusal to create something in a namespace that is on its way out.
pub fn terminating(name: &str) -> String {
    format!("forbidden: unable to create new content in namespace {name} because it is being terminated")
}

/// A namespace on its way out.
#[derive(Clone, Debug)]
struct Leaving {
    key: Subject,
    since: Time,
    /// How many pods were left at the last look.
    pods: Option<usize>,
    /// Looks in a row that found more than they should have.
    failures: u32,
    last: EntryId,
}

/// What is known of namespaces beyond that they are there.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    leaving: BTreeMap<Symbol, Leaving>,
}

impl Namespaces {
    /// True if a namespace is being deleted.
    pub fn is_leaving(&self, namespace: Symbol) -> bool {
        !self.leaving.is_empty() && self.leaving.contains_key(&namespace)
    }
}

impl Cluster {
    /// A namespace that the cluster has from the start.
    pub fn add_namespace(&mut self, name: &str) {
        let key = self.object_named(Kind::Namespace, Symbol::EMPTY, name);
        self.objects.insert(key, ObjectId::Present);
    }

    /// Why no object can be created in a namespace.
    pub(super) fn admit_to_namespace(&self, key: Subject) -> Result<(), String> {
        if matches!(key.kind, Kind::Member | Kind::Group) { Ok(()) } else { self.admits(key.namespace) }
    }

    /// Whether anything can be created in a namespace; an error is the API's refusal.
    pub(super) fn admits(&self, namespace: Symbol) -> Result<(), String> {
        let name = self.names.text(namespace);
        if self.namespaces.is_leaving(namespace) {
            return Err(terminating(name));
        }
        if namespace == Symbol::EMPTY || !self.is_leaving(namespace) { Ok(()) } else { Err(no_namespace(name)) }
    }

    /// True if a namespace is being deleted, or is not there.
    pub(super) fn is_leaving(&self, namespace: Symbol) -> bool {
        let name = self.names.text(namespace);
        if namespace == Symbol::EMPTY || ALWAYS_NAMESPACES.contains(&name) {
            return self.namespaces.is_leaving(namespace);
        }
        let name = self.names.find_name(name);
        let key = name.map(|name| Subject { kind: Kind::Namespace, namespace: Symbol::EMPTY, name });
        self.namespaces.is_leaving(namespace) || !key.is_some_and(|key| self.objects.contains_key(&key))
    }

    /// Begins to delete a namespace: what is in it goes a little later.
    pub(super) fn delete_namespace(&mut self, key: Subject, cause: Cause) {
        // Its name is taken until it is gone.
        self.objects.insert(key, ObjectId::Present);
        let name = self.names.show(key.name);
        let namespace = self.names.intern(&name);
        if self.namespaces.is_leaving(namespace) {
            return;
        }
        let last = self.note(key, "Terminating", Why::NONE, cause);
        let now = self.queue.now();
        let leaving = Leaving { key, since: now, pods: None, failures: 0, last };
        self.namespaces.leaving.insert(namespace, leaving);
        self.schedule(now + self.profile.namespace_delay, Class::BUILT_IN, Event::Namespace(namespace));
    }

    /// Handles [`Event::Namespace`]: deletes the pods, and once they are gone the rest.
    pub(super) fn on_namespace(&mut self, namespace: Symbol) {
        let Some(leaving) = self.namespaces.leaving.get(&namespace).cloned() else { return };
        let cause = Cause::Entry(leaving.last);
        let pods = self.pods_of_namespace(namespace);
        // What the look assumes of the time that the pods need.
        let needed = pods.iter().map(|id| self.grace_left(*id)).max().unwrap_or(Duration::ZERO);
        let why = Why::with("{} is deleted", Arg::Subject(leaving.key));
        for id in pods {
            if !self.pod(id).terminating {
                self.delete_pod(id, why, cause);
            }
        }
        let left = self.pods_of_namespace(namespace).len();
        if left > 0 {
            self.look_later(namespace, left, needed);
            return;
        }
        let inside = self.objects.keys().filter(|key| key.namespace == namespace);
        for key in inside.copied().collect::<Vec<_>>() {
            self.delete(key, cause);
        }
        self.namespaces.leaving.remove(&namespace);
        self.objects.remove(&leaving.key);
        let entry = self.note(leaving.key, "Deleted", Why::NONE, cause);
        self.touch_object(leaving.key, Cause::Entry(entry));
    }

    /// Plans the next look at a namespace that has pods left: after half of what they need, sooner if a look wrote
    /// another count into the status, and in haste once they have had all their time.
    fn look_later(&mut self, namespace: Symbol, left: usize, needed: Duration) {
        let (now, delay) = (self.queue.now(), self.profile.namespace_delay);
        let most = self.profile.namespace_retry_max;
        let Some(leaving) = self.namespaces.leaving.get_mut(&namespace) else { return };
        let told = leaving.pods.replace(left) != Some(left);
        let wait = if leaving.since + needed > now {
            Duration::from_secs(needed.nanos() / 1_000_000_000 / 2 + 1)
        } else {
            leaving.failures += 1;
            Duration::from_millis(5 << (leaving.failures - 1).min(20)).min(most)
        };
        let wait = if told { wait.min(delay) } else { wait };
        self.schedule(now + wait, Class::BUILT_IN, Event::Namespace(namespace));
    }

    fn pods_of_namespace(&self, namespace: Symbol) -> Vec<PodId> {
        let sets = (0..self.sets.len() as u32).map(super::PodSetId);
        sets.filter(|set| self.set(*set).namespace == namespace).flat_map(|set| self.pods_in(set)).collect()
    }

    /// The grace period of a pod that has not ended.
    fn grace_left(&self, id: PodId) -> Duration {
        let pod = self.pod(id);
        match pod.phase {
            PodPhase::Succeeded | PodPhase::Failed => Duration::ZERO,
            _ => self.set(pod.set).source.termination_grace_period,
        }
    }
}
