//! Containers that a 1Backend server runs on its node: a pod by itself, bound to the node, which nobody starts again. Both
//! profiles run theirs so. Who decides that one is to run is not known here.

use std::sync::Arc;

use crate::kernel::Duration;
use crate::timeline::{Cause, Subject};
use crate::workload::{
    Ask, AskId, Container, Object, PodPhase, PodTemplate, Probe, Resources, RestartPolicy, Status, Toleration, World,
};

/// Reasons of a container that waits for an image that does not come.
const PULL_FAILURES: [&str; 3] = ["ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull"];

/// A container that is to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The pod that stands for it.
    pub pod: Subject,
    /// The node, by name.
    pub node: String,
    /// Its image.
    pub image: String,
    /// What it needs; nothing where the profile asks for nothing.
    pub requests: Resources,
    /// The deployment that it is for.
    pub serves: Subject,
}

/// What a container looks like from its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Its image is pulled, or it is about to start.
    Coming,
    /// Its image cannot be pulled.
    PullFails,
    /// It runs, whether or not it answers.
    Running,
    /// It ended.
    Ended,
    /// The node went off before it ran: its image was still pulled, and docker creates no container before that is done.
    NeverRan,
    /// There is none, or it is on its way out.
    Gone,
}

/// Runs a container, and watches it.
pub fn run(run: &Run, cause: Cause, world: &mut dyn World) -> AskId {
    world.watch(run.pod);
    let object = Object::Pod(Arc::new(template(run)));
    world.ask(Ask::Apply { key: run.pod, object, serves: run.serves }, cause)
}

/// Removes a container.
pub fn remove(pod: Subject, serves: Subject, cause: Cause, world: &mut dyn World) -> AskId {
    world.ask(Ask::Delete { key: pod, serves }, cause)
}

/// What a container looks like now.
pub fn look(pod: Subject, world: &dyn World) -> Seen {
    match world.observed(pod) {
        Some(Status::Pod(pod)) if pod.terminating => Seen::Gone,
        Some(Status::Pod(pod)) => match pod.phase {
            PodPhase::Pending if PULL_FAILURES.contains(&pod.reason) => Seen::PullFails,
            PodPhase::Pending => Seen::Coming,
            PodPhase::Running | PodPhase::Unknown => Seen::Running,
            PodPhase::Succeeded | PodPhase::Failed if pod.started => Seen::Ended,
            PodPhase::Succeeded | PodPhase::Failed => Seen::NeverRan,
        },
        _ => Seen::Gone,
    }
}

/// The pod of a container. Docker does not start a container again unless it is told to (`--restart` is `no` by default), and
/// nothing evicts one from a node that is lost. The probe tells when the application listens; the registry dials it by itself.
fn template(run: &Run) -> PodTemplate {
    let second = Duration::from_secs(1);
    let listens = Probe {
        initial_delay: Duration::ZERO,
        period: second,
        timeout: second,
        success_threshold: 1,
        failure_threshold: 1,
    };
    let container = Container {
        name: "container".to_owned(),
        image: run.image.clone(),
        requests: run.requests.clone(),
        runs_on: true,
        readiness_probe: Some(listens),
        ..Container::default()
    };
    PodTemplate {
        containers: vec![container],
        restart_policy: RestartPolicy::Never,
        tolerations: vec![Toleration { key: None, value: None, effect: None, seconds: None }],
        node_name: Some(run.node.clone()),
        serves: Some(run.serves),
        docker: true,
        ..PodTemplate::default()
    }
}
