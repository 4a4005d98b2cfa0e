//! The health check: which instances answer. What is done about those that do not is decided by `cycle`.
//! Source: the page of Deploy Svc at 1backend/1backend 1305defcf2 names health checks and heartbeats; their interval is that of
//! server/internal/services/registry/instance_scan.go. *Assumed*: an instance that never answered yet is not counted as
//! unreachable, and no instance is slow to answer.

use super::super::store::InstanceStatus;
use super::work::Life;
use super::{Loop, Scene};
use crate::timeline::{Cause, Subject};
use crate::workload::Dial;

impl Loop {
    /// Looks at every instance that runs.
    pub(super) fn scan(&mut self, scene: &mut Scene<'_>) {
        for work in &mut self.works {
            for instance in work.instances.iter_mut().filter(|instance| instance.registered) {
                let found = match (scene.world.dial(instance.pod), instance.life) {
                    (Dial::Accepted, Life::Starting | Life::Unreachable) => Life::Healthy,
                    (Dial::Refused | Dial::NoAnswer, Life::Healthy) => Life::Unreachable,
                    _ => continue,
                };
                instance.life = found;
                instance.since = scene.world.now();
                let status = match found {
                    Life::Healthy => InstanceStatus::Healthy,
                    _ => InstanceStatus::Unreachable,
                };
                instance.cause = scene.tell(instance.subject, status, instance.cause);
                work.cause = instance.cause;
                if found == Life::Healthy && instance.revision == work.revision {
                    work.attempts = 0;
                }
            }
        }
    }
}

impl Scene<'_> {
    /// Writes down what a scan found, in the registry and in the timeline.
    fn tell(&mut self, instance: Subject, status: InstanceStatus, cause: Cause) -> Cause {
        match self.store.instances.iter_mut().find(|row| row.subject == instance) {
            Some(row) => row.scanned(status, cause, self.options, self.world),
            None => cause,
        }
    }
}
