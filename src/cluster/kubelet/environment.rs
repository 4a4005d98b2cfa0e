//! What a container's environment is made from: ConfigMaps and Secrets. Without one the container is not created, although
//! its image is there, and its kubelet tries again as long as it takes.
//! Sources: k8s.io/kubernetes v1.36.3, pkg/kubelet: kubelet_pods.go (makeEnvironmentVariables),
//! kuberuntime/kuberuntime_container.go (startContainer), pod_workers.go (completeWork; its jitter is left out).
//!
//! Tries that must fail are not events: when the object comes, the next try follows from the first.

use std::collections::BTreeMap;

use super::super::mount::next_try;
use super::super::{Arg, Cause, Class, Cluster, ContainerId, Event, Subject, Why};
use super::ContainerState;
use crate::kernel::Time;
use crate::timeline::Kind;
use crate::workload::EnvironmentSource;

/// A container that is not created, and since when.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    object: Subject,
    since: Time,
}

/// Containers whose environment cannot be made.
#[derive(Clone, Debug, Default)]
pub struct Environments {
    waiting: BTreeMap<ContainerId, Waiting>,
}

impl Cluster {
    /// True if a container can be created: all that its environment is made from is there.
    pub(super) fn can_be_created(&mut self, id: ContainerId, cause: Cause) -> bool {
        if self.container_spec(id).environment.is_empty() {
            return true;
        }
        let Some(object) = self.missing_source(id) else {
            self.environments.waiting.remove(&id);
            return true;
        };
        let now = self.queue.now();
        let before = self.environments.waiting.get(&id).copied();
        if before.is_none_or(|before| before.object != object) {
            self.environments.waiting.insert(id, Waiting { object, since: now });
            let pod = self.container(id).pod;
            self.pod_record_mut(pod).reason = "CreateContainerConfigError";
            let why = Why::with("{} not found", Arg::Subject(object));
            let cause = self.note_pod(pod, "CreateContainerConfigError", why, cause);
            self.touch_pod(pod, cause);
        }
        self.container_mut(id).state = ContainerState::ConfigError;
        false
    }

    fn missing_source(&mut self, id: ContainerId) -> Option<Subject> {
        let namespace = self.set(self.pod(self.container(id).pod).set).namespace;
        let needed: Vec<(Kind, String)> = self.container_spec(id).environment.iter().filter_map(needed).collect();
        needed.into_iter().find_map(|(kind, name)| {
            let object = self.object_named(kind, namespace, &name);
            (!self.objects.contains_key(&object)).then_some(object)
        })
    }

    /// An object came to be: containers that wait for it are created at their next try.
    pub(in crate::cluster) fn environment_comes(&mut self, object: Subject) {
        let (now, period) = (self.queue.now(), self.profile.sync_error_backoff);
        let waiting = self.environments.waiting.iter().filter(|(_, waiting)| waiting.object == object);
        let tries: Vec<(ContainerId, Time)> =
            waiting.map(|(id, waiting)| (*id, next_try(waiting.since, now, [period, period]))).collect();
        for (id, at) in tries {
            let start = self.container(id).start;
            self.schedule(at, Class::COMPLETION, Event::CreateContainer(id, start));
        }
    }

    /// Handles [`Event::CreateContainer`].
    pub(in crate::cluster) fn on_create_container(&mut self, id: ContainerId, start: u32) {
        let container = self.container(id);
        if container.start != start || container.state != ContainerState::ConfigError {
            return;
        }
        let pod = container.pod;
        let Some(node) = self.pod(pod).node.filter(|_| self.pod(pod).is_active()) else { return };
        if !self.kubelet(node).in_touch() {
            return;
        }
        self.pod_record_mut(pod).reason = "";
        let cause = self.pod_cause(pod);
        if self.start_container(id, cause) && self.container(id).state == ContainerState::Running {
            self.start_next(pod, cause);
        }
    }
}

/// The object that must be there for a source.
fn needed(source: &EnvironmentSource) -> Option<(Kind, String)> {
    match source {
        EnvironmentSource::ConfigMap { name, optional: false } => Some((Kind::ConfigMap, name.clone())),
        EnvironmentSource::Secret { name, optional: false } => Some((Kind::Secret, name.clone())),
        _ => None,
    }
}
