//! What must be there before the containers of a pod start: ConfigMaps and Secrets. Without one the kubelet tries again,
//! after a wait that doubles, until it is there. Source: k8s.io/kubernetes v1.36.3, pkg/volume/configmap/configmap.go
//! (SetUpAt), pkg/util/goroutinemap/exponentialbackoff.
//!
//! Tries that must fail are not events: when the object comes, the next try follows from the first.

use std::collections::BTreeMap;

use super::{Arg, Cause, Class, Cluster, Event, PodId, Subject, Symbol, Why};
use crate::kernel::{Duration, Time};
use crate::timeline::Kind;
use crate::workload::Volume;

/// A pod that waits for what it mounts.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// What it waits for.
    object: Subject,
    /// When its kubelet tried first.
    since: Time,
}

/// Pods that wait for what they mount.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    waiting: BTreeMap<PodId, Waiting>,
}

/// The first try at or after `from` of those that began at `since`: the wait after each doubles.
pub(super) fn next_try(since: Time, from: Time, [first, most]: [Duration; 2]) -> Time {
    let (mut at, mut wait) = (since, first);
    while at < from {
        at += wait;
        wait = (wait * 2).min(most);
    }
    at
}

impl Cluster {
    /// True if everything is there that a pod mounts; if not, it is looked at again when that changes.
    pub(super) fn mounts(&mut self, id: PodId, cause: Cause) -> bool {
        let Some(object) = self.missing_mount(id) else {
            self.mounts.waiting.remove(&id);
            return self.volumes_are_there(id, cause);
        };
        let now = self.queue.now();
        let before = self.mounts.waiting.get(&id).copied();
        if before.is_none_or(|before| before.object != object) {
            self.mounts.waiting.insert(id, Waiting { object, since: now });
            self.pod_record_mut(id).reason = "FailedMount";
            let cause = self.note_pod(id, "FailedMount", Why::with("{} not found", Arg::Subject(object)), cause);
            self.touch_pod(id, cause);
        }
        false
    }

    /// The first object that a pod mounts and is not there.
    fn missing_mount(&mut self, id: PodId) -> Option<Subject> {
        let set = self.set(self.pod(id).set);
        let (namespace, source) = (set.namespace, std::sync::Arc::clone(&set.source));
        source.volumes.iter().find_map(|volume| {
            let (kind, name) = match volume {
                Volume::ConfigMap { name, optional: false } if name != "kube-root-ca.crt" => (Kind::ConfigMap, name),
                Volume::Secret { name, optional: false } => (Kind::Secret, name),
                _ => return None,
            };
            let object = self.object_named(kind, namespace, name);
            (!self.objects.contains_key(&object)).then_some(object)
        })
    }

    /// The subject of this kind and name in a namespace.
    pub(super) fn object_named(&mut self, kind: Kind, namespace: Symbol, name: &str) -> Subject {
        Subject { kind, namespace, name: self.names.name(name) }
    }

    /// An object came to be: pods that wait for it mount it at their next try.
    pub(super) fn mountable(&mut self, object: Subject) {
        let now = self.queue.now();
        let waiting = self.mounts.waiting.iter().filter(|(_, waiting)| waiting.object == object);
        let tries: Vec<(PodId, Time)> =
            waiting.map(|(id, waiting)| (*id, next_try(waiting.since, now, self.profile.mount_backoff))).collect();
        for (id, at) in tries {
            self.schedule(at, Class::COMPLETION, Event::Mount(id));
        }
    }

    /// Handles [`Event::Mount`].
    pub(super) fn on_mount(&mut self, id: PodId) {
        let pod = self.pod(id);
        let Some(node) = pod.node.filter(|_| pod.is_active()) else { return };
        if self.kubelet(node).in_touch() {
            let cause = self.pod_cause(id);
            self.pod_record_mut(id).reason = "";
            self.start_next(id, cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_come_after_waits_that_double() {
        let at = |millis| Time::ZERO + Duration::from_millis(millis);
        let backoff = [Duration::from_millis(500), Duration::from_millis(2000)];
        let next = |from| next_try(at(1000), at(from), backoff);
        // Tries at 1.0, 1.5, 2.5, 4.5, 6.5, … s.
        assert_eq!((next(1000), next(1001), next(2600), next(4600)), (at(1000), at(1500), at(4500), at(6500)));
    }
}
