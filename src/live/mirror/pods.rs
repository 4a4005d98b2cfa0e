//! Pods as watches show them, and what is written of them: the same words as in simulation, as far as the API shows them.
//! Whether an application answers before its probe says so, and how an image is pulled, it does not show.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};

use super::super::clock::Timer;
use super::super::cluster::LiveCluster;
use super::super::conduct::AFTER_WAITING;
use super::super::message::SeenKind;
use super::NO_ENTRY;
use crate::kernel::{Duration, Time};
use crate::timeline::{Arg, Cause, EntryId, Kind, Subject, Why};
use crate::workload::resources::is_gpu;
use crate::workload::{Object, PodPhase, PodStatus};

/// What is known of a pod.
#[derive(Clone, Debug)]
pub struct PodSeen {
    /// Who it is.
    pub subject: Subject,
    /// Its name on the cluster.
    pub name: String,
    /// Its namespace on the cluster.
    pub namespace: String,
    /// The ReplicaSet, StatefulSet, DaemonSet or Job that made it.
    pub owner: Option<Subject>,
    /// The workload that it belongs to in the end.
    pub workload: Subject,
    /// The system's deployment that it serves.
    pub serves: Option<Subject>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it shows.
    pub status: PodStatus,
    /// True while a container runs.
    pub running: bool,
    /// The first port of each container that runs, which is where its stand-in listens.
    pub serving: Vec<u16>,
    /// Since when it has been ready.
    pub ready_since: Time,
    /// How long it must be ready to count as available.
    pub min_ready: Duration,
    /// GPUs that it asks for.
    pub gpus: u64,
    /// What the scheduler said last.
    message: String,
    nominated: Option<String>,
    initializing: bool,
    was_running: bool,
    /// How long its init containers take once they have waited for other pods, if they do and have not yet.
    pub after_waiting: Option<String>,
    /// The last entry about it.
    pub last: EntryId,
}

/// True of what pods serve and the API has no workload for: deployments, components and instances of systems.
pub const fn is_served(kind: Kind) -> bool {
    matches!(kind, Kind::Member | Kind::Component | Kind::PodClique | Kind::Instance)
}

impl PodSeen {
    /// True once all of its containers have ended.
    pub fn is_finished(&self) -> bool {
        matches!(self.status.phase, PodPhase::Succeeded | PodPhase::Failed)
    }

    /// True if it is the pod of this name, or of this workload or ReplicaSet, or serves this deployment of a system.
    pub fn belongs_to(&self, subject: Subject) -> bool {
        match subject.kind {
            Kind::Pod => self.subject == subject,
            kind if is_served(kind) => self.serves == Some(subject),
            _ => self.workload == subject || self.owner == Some(subject),
        }
    }

    /// True once it has been ready for long enough.
    pub fn is_available(&self, now: Time) -> bool {
        self.status.ready && self.ready_since + self.min_ready <= now
    }
}

/// The reasons of waiting containers that are states of their own.
const WAITING: [(&str, &str); 7] = [
    ("ImagePullBackOff", "ImagePullBackOff"),
    ("ErrImagePull", "ImagePullBackOff"),
    ("InvalidImageName", "ImagePullBackOff"),
    ("ErrImageNeverPull", "ErrImageNeverPull"),
    ("CrashLoopBackOff", "CrashLoopBackOff"),
    ("CreateContainerConfigError", "CreateContainerConfigError"),
    ("CreateContainerError", "CreateContainerConfigError"),
];

impl LiveCluster {
    pub(super) fn saw_pod(&mut self, pod: &Pod) {
        let meta = &pod.metadata;
        let subject = match self.known(meta) {
            Some(subject) => subject,
            None => match self.meet_pod(pod) {
                Some(subject) => subject,
                None => return,
            },
        };
        let Some(before) = self.mirror.pods.get(&subject).cloned() else { return };
        let mut after = before.clone();
        read(pod, &mut after);
        after.status.node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).map(|node| {
            let node = self.rendering.naming.document_name(Kind::Node, node);
            self.names.name(&node)
        });
        if after.status.ready && !before.status.ready {
            after.ready_since = self.present();
        }
        self.mirror.pods.insert(subject, after.clone());
        let cause = self.tell_changes(pod, &before, &after);
        if before.status != after.status || before.running != after.running {
            self.touch_pod_watchers(&after, cause);
        }
        self.look_at_waiting(cause);
        if after.status.ready != before.status.ready && after.min_ready > Duration::ZERO && after.status.ready {
            // Nothing changes on the cluster when a pod becomes available, but observers count it from then on.
            let at = self.present() + after.min_ready;
            self.clock.set(at, true, Timer::Look);
        }
    }

    /// A pod is seen for the first time.
    fn meet_pod(&mut self, pod: &Pod) -> Option<Subject> {
        let meta = &pod.metadata;
        let own = self.named(Kind::Pod, meta)?;
        let owner = self.owner_of(meta);
        let by_name = owner.is_none_or(|owner| owner.kind == Kind::StatefulSet);
        let subject = match owner {
            Some(owner) if !by_name => {
                let number = self.mirror.next_number(owner);
                let name = format!("{}-{number}", self.names.show(owner.name));
                Subject { name: self.names.name(&name), ..own }
            }
            _ => own,
        };
        let workload = match owner {
            Some(owner) if owner.kind == Kind::ReplicaSet => {
                self.mirror.sets.get(&owner).and_then(|set| set.workload).unwrap_or(owner)
            }
            Some(owner) => owner,
            None => subject,
        };
        let applied = self.applied.get(&workload).or_else(|| self.applied.get(&owner?));
        let object = applied.map(|applied| &applied.object);
        let serves = object.and_then(Object::template).and_then(|template| template.serves);
        let min_ready = object.map_or(Duration::ZERO, |object| match object {
            Object::Deployment(spec) => spec.min_ready,
            Object::StatefulSet(spec) => spec.min_ready,
            Object::DaemonSet(spec) => spec.min_ready,
            Object::ReplicaSet(spec) => spec.min_ready,
            _ => Duration::ZERO,
        });
        self.introduce(SeenKind::Pod, meta, subject);
        let status = PodStatus {
            phase: PodPhase::Pending,
            ready: false,
            registered: false,
            terminating: false,
            gated: false,
            started: false,
            node: None,
            restarts: 0,
            reason: "",
            startup_failures: 0,
            created_at: self.present(),
            serial: 0,
        };
        let spec = pod.spec.as_ref();
        let containers = spec.map(|spec| spec.containers.as_slice()).unwrap_or_default();
        self.mirror.pods.insert(
            subject,
            PodSeen {
                subject,
                name: meta.name.clone().unwrap_or_default(),
                namespace: meta.namespace.clone().unwrap_or_default(),
                owner,
                workload,
                serves,
                labels: meta.labels.clone().unwrap_or_default(),
                status,
                running: false,
                serving: Vec::new(),
                ready_since: Time::ZERO,
                min_ready,
                gpus: containers.iter().map(gpus).sum(),
                message: String::new(),
                nominated: None,
                initializing: false,
                was_running: false,
                after_waiting: meta.annotations.as_ref().and_then(|own| own.get(AFTER_WAITING)).cloned(),
                last: NO_ENTRY,
            },
        );
        let (cause, why) = match owner {
            Some(owner) => (self.last_of(owner), Why::with("created by {}", Arg::Subject(owner))),
            None => (self.cause_of(subject), Why::NONE),
        };
        self.note_next(subject, "Pending", why, cause);
        self.pod_met(subject);
        Some(subject)
    }

    /// Writes down what has changed of a pod; gives the last of it.
    fn tell_changes(&mut self, pod: &Pod, before: &PodSeen, after: &PodSeen) -> Cause {
        let subject = after.subject;
        let mut cause = self.last_of(subject);
        let mut tell = |run: &mut LiveCluster, became, why| cause = run.note_next(subject, became, why, cause);
        if after.message != before.message && !after.message.is_empty() && after.status.node.is_none() {
            let gated = pod
                .spec
                .as_ref()
                .is_some_and(|spec| spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()));
            let became = if gated { "SchedulingGated" } else { "Unschedulable" };
            let why = Why::symbol(self.names.intern(&after.message));
            tell(self, became, why);
        }
        if let (Some(nominated), true) = (&after.nominated, after.nominated != before.nominated) {
            let node = self.rendering.naming.document_name(Kind::Node, nominated);
            let node = self.names.name(&node);
            tell(self, "Nominated", Why::with("to {}", Arg::Name(node)));
        }
        if after.nominated != before.nominated && after.status.node.is_none() {
            let node = after.nominated.as_ref().map(|node| self.rendering.naming.document_name(Kind::Node, node));
            let node = node.map(|node| self.names.name(&node));
            self.sight_nominated(pod, after, node);
        }
        if let (Some(node), None) = (after.status.node, before.status.node) {
            tell(self, "Scheduled", Why::with("on {}", Arg::Name(node)));
            let entry = self.mirror.pods.get(&subject).map_or(NO_ENTRY, |pod| pod.last);
            self.sight_bound(pod, after, node, entry);
        }
        if after.initializing && !before.initializing {
            tell(self, "Initializing", Why::NONE);
        }
        if after.status.restarts > before.status.restarts && after.running {
            let restarts = Arg::Count(after.status.restarts.into());
            tell(self, "Restarted", Why::with("restart {}", restarts));
        } else if after.was_running && !before.was_running {
            tell(self, "Running", Why::NONE);
        }
        if after.status.ready && !before.status.ready {
            tell(self, "Ready", Why::NONE);
        }
        let leaving = after.status.terminating || after.is_finished();
        if !after.status.ready && before.status.ready && !leaving {
            tell(self, "NotReady", Why::NONE);
        }
        if after.status.reason != before.status.reason && !after.status.terminating && !after.is_finished() {
            let became = WAITING.iter().find(|(reason, _)| *reason == after.status.reason);
            let was = WAITING.iter().find(|(reason, _)| *reason == before.status.reason);
            match became {
                Some((_, became)) if was.is_none_or(|(_, was)| was != became) => tell(self, became, Why::NONE),
                None if after.status.reason == "Error" => tell(self, "Error", Why::NONE),
                _ => {}
            }
        }
        if after.status.terminating && !before.status.terminating {
            // Who deletes a pod is not said by the API: its owner, unless a fault did it.
            let by = after.owner.map_or(cause, |owner| self.last_of(owner));
            let by = self.deletions_take(subject).unwrap_or(by);
            cause = self.note_next(subject, "Terminating", Why::NONE, by);
            self.sight_leaving(subject);
        }
        // What ends because it was told to go is on its way already: a kubelet gives such a pod a last phase before it is gone
        // (k8s.io/kubernetes v1.36.3, pkg/kubelet/kubelet_pods.go, getPhase with podIsTerminal).
        if after.is_finished() && !before.is_finished() && !before.status.terminating {
            let became = if after.status.phase == PodPhase::Succeeded { "Succeeded" } else { "Failed" };
            cause = self.note_next(subject, became, Why::NONE, cause);
            self.sight_gone(subject);
        }
        cause
    }

    pub(super) fn pod_gone(&mut self, subject: Subject) {
        let Some(pod) = self.mirror.pods.get(&subject).cloned() else { return };
        self.sight_gone(subject);
        let mut cause = Cause::Entry(pod.last);
        if !pod.status.terminating && !pod.is_finished() {
            // It went faster than the watch could show it.
            let by = self.deletions_take(subject).unwrap_or(cause);
            cause = self.note_next(subject, "Terminating", Why::NONE, by);
        }
        let entry = self.note(subject, "Deleted", Why::NONE, cause);
        self.mirror.pods.remove(&subject);
        self.drain_goes_on(subject);
        self.touch_pod_watchers(&pod, Cause::Entry(entry));
    }

    /// Tells those that watch a pod, or what it belongs to.
    fn touch_pod_watchers(&mut self, pod: &PodSeen, cause: Cause) {
        self.touch(pod.subject, cause);
        if pod.workload != pod.subject {
            self.touch(pod.workload, cause);
        }
        if let Some(owner) = pod.owner.filter(|owner| *owner != pod.workload) {
            self.touch(owner, cause);
        }
    }
}

/// GPUs that a container asks for, whoever makes them.
fn gpus(container: &k8s_openapi::api::core::v1::Container) -> u64 {
    let resources = container.resources.as_ref();
    let limits = resources.and_then(|resources| resources.limits.as_ref().or(resources.requests.as_ref()));
    let counted = limits.into_iter().flatten().filter(|(name, _)| is_gpu(name));
    counted.filter_map(|(_, quantity)| quantity.0.parse::<u64>().ok()).sum()
}

/// Reads what a pod shows.
fn read(pod: &Pod, into: &mut PodSeen) {
    let status = pod.status.as_ref();
    into.labels = pod.metadata.labels.clone().unwrap_or_default();
    into.status.terminating = pod.metadata.deletion_timestamp.is_some();
    let gates = pod.spec.as_ref().and_then(|spec| spec.scheduling_gates.as_ref());
    into.status.gated = gates.is_some_and(|gates| !gates.is_empty());
    into.status.phase = match status.and_then(|status| status.phase.as_deref()) {
        Some("Running") => PodPhase::Running,
        Some("Succeeded") => PodPhase::Succeeded,
        Some("Failed") => PodPhase::Failed,
        Some("Unknown") => PodPhase::Unknown,
        _ => PodPhase::Pending,
    };
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let condition = |name: &str| conditions.iter().find(|condition| condition.type_ == name);
    into.status.ready = condition("Ready").is_some_and(|ready| ready.status == "True");
    into.status.registered = into.status.ready;
    let scheduled = condition("PodScheduled").filter(|scheduled| scheduled.status == "False");
    into.message = scheduled.and_then(|scheduled| scheduled.message.clone()).unwrap_or_default();
    into.nominated = status.and_then(|status| status.nominated_node_name.clone()).filter(|node| !node.is_empty());
    let of = |list: Option<&Vec<ContainerStatus>>| list.cloned().unwrap_or_default();
    let init = of(status.and_then(|status| status.init_container_statuses.as_ref()));
    let main = of(status.and_then(|status| status.container_statuses.as_ref()));
    let runs = |one: &ContainerStatus| one.state.as_ref().is_some_and(|state| state.running.is_some());
    into.initializing = init.iter().any(runs) && !main.iter().any(runs);
    into.running = main.iter().any(runs);
    let serves = |one: &&ContainerStatus| runs(one);
    into.serving = main.iter().filter(serves).filter_map(|one| port(pod, &one.name)).collect();
    into.was_running |= into.running || into.status.phase == PodPhase::Running;
    into.status.started |= main.iter().any(has_run);
    into.status.restarts = main.iter().chain(&init).map(|one| super::count(Some(one.restart_count))).sum();
    into.status.reason = main.iter().chain(&init).map(reason).find(|reason| !reason.is_empty()).unwrap_or("");
}

/// True once a container has run. Of one that never did, a kubelet that ends its pod makes up an end that has neither a beginning nor a
/// container (k8s.io/kubernetes v1.36.3, pkg/kubelet/status/status_manager.go, `TerminatePod`).
fn has_run(container: &ContainerStatus) -> bool {
    let ended = |state: &ContainerState| {
        state.terminated.as_ref().is_some_and(|end| end.started_at.is_some() || end.container_id.is_some())
    };
    let runs = container.state.as_ref().is_some_and(|state| state.running.is_some() || ended(state));
    runs || container.restart_count > 0 || container.last_state.as_ref().is_some_and(ended)
}

/// The first port of a container.
fn port(pod: &Pod, container: &str) -> Option<u16> {
    let container = pod.spec.as_ref()?.containers.iter().find(|one| one.name == container)?;
    u16::try_from(container.ports.as_ref()?.first()?.container_port).ok()
}

/// Why a container waits or ended, if that is a state of its own.
fn reason(container: &ContainerStatus) -> &'static str {
    let Some(state) = &container.state else { return "" };
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        return WAITING.iter().find(|(known, _)| *known == reason).map_or("", |(known, _)| *known);
    }
    match &state.terminated {
        Some(ended) if ended.exit_code != 0 => "Error",
        _ => "",
    }
}
