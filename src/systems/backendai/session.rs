//! The session of a route, which is a pod: what it is made from, and what can be told from how it looks.
//!
//! A session whose container ends is over, and its route with it: that a kubelet starts the container again comes too late. The
//! pod's readiness probe stands for the answers of the application; what the manager makes of these is `checks`'.

use std::collections::BTreeMap;

use super::document::{HealthCheck, Revision};
use super::route::Route;
use crate::kernel::Duration;
use crate::timeline::Subject;
use crate::workload::resources::{AMD_GPU, NVIDIA_GPU};
use crate::workload::{Container, PodPhase, PodTemplate, Probe, RestartPolicy, Status, Toleration, World};

/// What a session looks like from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Session {
    /// It is being made, placed or pulled.
    Waiting,
    /// Its image cannot be pulled.
    PullFails,
    /// It runs.
    Running,
    /// Its node has not been heard of.
    Unheard,
    /// It ended, or is about to.
    Ended,
}

/// Reasons of a container that waits for an image that does not come.
const PULL_FAILURES: [&str; 3] = ["ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull"];

/// What a route's session looks like.
pub fn look(route: &Route, world: &dyn World) -> Session {
    if route.refusal.is_some() {
        return Session::Ended;
    }
    match world.observed(route.pod) {
        Some(Status::Pod(pod)) if pod.terminating || pod.restarts > 0 => Session::Ended,
        Some(Status::Pod(pod)) => match pod.phase {
            PodPhase::Pending if PULL_FAILURES.contains(&pod.reason) => Session::PullFails,
            PodPhase::Pending => Session::Waiting,
            PodPhase::Running => Session::Running,
            PodPhase::Succeeded | PodPhase::Failed => Session::Ended,
            PodPhase::Unknown => Session::Unheard,
        },
        // It was there before, and it is not there now.
        _ if route.session_seen => Session::Ended,
        _ => Session::Waiting,
    }
}

/// What the pod of a session is made from.
pub fn template(revision: &Revision, deployment: &str, serves: Subject, grace: Duration) -> PodTemplate {
    let main = Container {
        name: "main1".to_owned(),
        image: revision.image.clone(),
        requests: revision.requests.clone(),
        readiness_probe: revision.health_check.as_ref().map(probe),
        ..Container::default()
    };
    let label = |key: &str, value: &str| (format!("ai.backend/{key}"), value.to_owned());
    PodTemplate {
        labels: BTreeMap::from([label("deployment", deployment), label("revision", &revision.name)]),
        containers: vec![main],
        restart_policy: RestartPolicy::Always,
        termination_grace_period: grace,
        tolerations: tolerations(revision),
        serves: Some(serves),
        ..PodTemplate::default()
    }
}

/// The checks do not count before the session runs; that a model may load before failures count is the loops' concern, since
/// a probe that fails then only keeps the pod from being ready.
fn probe(check: &HealthCheck) -> Probe {
    Probe {
        initial_delay: Duration::ZERO,
        period: check.interval,
        timeout: check.max_wait,
        success_threshold: 1,
        failure_threshold: check.max_retries,
    }
}

/// GPU nodes carry a taint of the vendor's resource name.
fn tolerations(revision: &Revision) -> Vec<Toleration> {
    let asked = [NVIDIA_GPU, AMD_GPU].into_iter().filter(|device| revision.requests.extended(device) > 0);
    asked.map(|device| Toleration { key: Some(device.to_owned()), value: None, effect: None, seconds: None }).collect()
}
